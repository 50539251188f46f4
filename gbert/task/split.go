package task

import (
	"fmt"
	"strings"
	"unicode"

	"bertlab/stats"
)

// HoldOut holds out some of the examples: dev gets holdout of them at random, train the rest, both in the data set's order.
//
// Examples that belong together stay on one side: equal texts (letters and digits compared, case and all else not), equal
// ids, and for products and editorials the sentences of one review or article. Such groups are shuffled whole and go to dev
// as long as they fit, so that dev has exactly holdout examples unless the groups do not add up to it; never more.
func (d *Dataset) HoldOut(holdout int, seed uint64) (train, dev *Dataset, err error) {
	if holdout <= 0 || holdout >= d.Len() {
		return nil, nil, fmt.Errorf("task: cannot hold out %d of %d examples: at least one must be on either side", holdout, d.Len())
	}
	groups := d.groups()
	order := generator(seed).Perm(len(groups))
	held := make([]bool, d.Len())
	left := holdout
	for _, g := range order {
		if len(groups[g]) > left {
			continue
		}
		left -= len(groups[g])
		for _, i := range groups[g] {
			held[i] = true
		}
	}
	if left == holdout {
		return nil, nil, fmt.Errorf("task: no group of examples that belong together is small enough to hold out %d of %d", holdout, d.Len())
	}
	n := holdout - left
	train = d.with(make([]Example, 0, d.Len()-n), d.describe("all but the %d of %d rows held out with seed %d", n, d.Len(), seed))
	dev = d.with(make([]Example, 0, n), d.describe("%d of %d rows held out with seed %d", n, d.Len(), seed))
	train.Split, dev.Split = "train", "dev"
	for i, e := range d.Examples {
		if held[i] {
			dev.Examples = append(dev.Examples, e)
		} else {
			train.Examples = append(train.Examples, e)
		}
	}
	return train, dev, nil
}

// Halves deals the examples at random into two halves, each in the order of the data set; of an odd number the second half has one
// more. The same seed gives the same halves. It is an error to halve fewer than two examples.
func (d *Dataset) Halves(seed uint64) (first, second *Dataset, err error) {
	if d.Len() < 2 {
		return nil, nil, fmt.Errorf("task: %s has %d examples: two halves need at least two", d.Source, d.Len())
	}
	one, two := stats.Halves(d.Len(), seed)
	for i, half := range []**Dataset{&first, &second} {
		if *half, err = d.Subset([][]int{one, two}[i]); err != nil {
			return nil, nil, err
		}
		(*half).Selection = d.describe("half %d of %d rows, dealt at random, seed %d", i+1, d.Len(), seed)
	}
	return first, second, nil
}

// groups gives the indices of the examples that belong together, in the order of each group's first example.
func (d *Dataset) groups() [][]int {
	parent := make([]int, d.Len())
	find := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	first := map[string]int{}
	join := func(key string, i int) {
		if j, ok := first[key]; ok {
			a, b := find(j), find(i)
			parent[max(a, b)] = min(a, b)
		} else {
			first[key] = i
		}
	}
	for i, e := range d.Examples {
		parent[i] = i
		join("text\x00"+e.textKey(), i)
		join("id\x00"+e.ID, i)
		if d.Task.groupID != nil {
			join("document\x00"+d.Task.groupID(e.ID), i)
		}
	}
	var groups [][]int
	number := map[int]int{}
	for i := range d.Examples {
		root := find(i)
		g, ok := number[root]
		if !ok {
			g = len(groups)
			number[root] = g
			groups = append(groups, nil)
		}
		groups[g] = append(groups[g], i)
	}
	return groups
}

// textKey is what two examples with the same text have in common: letters and digits in lower case, words parted by one
// space. A text without any is itself.
func (e *Example) textKey() string {
	key := plainWords(e.TextA)
	if e.TextB != "" {
		key += "\x00" + plainWords(e.TextB)
	}
	return key
}

func plainWords(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return s
	}
	return strings.Join(words, " ")
}

// Overlap gives the indices of the examples of d whose text stands in other too (compared as HoldOut does). Two sentences of
// SST-2's official dev set stand in its training set.
func (d *Dataset) Overlap(other *Dataset) []int {
	there := make(map[string]bool, other.Len())
	for i := range other.Examples {
		there[other.Examples[i].textKey()] = true
	}
	var indices []int
	for i := range d.Examples {
		if there[d.Examples[i].textKey()] {
			indices = append(indices, i)
		}
	}
	return indices
}
