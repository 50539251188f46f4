package shard

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Shard is a part of the work: Index of Of, counted from 0.
type Shard struct {
	Index int `json:"index"`
	Of    int `json:"of"`
}

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Of) }

// maxShards bounds the number of shards, each of which has a file that the others read.
const maxShards = 1000

// Parse reads a shard: "1/4" is the second of four. In the place of the count may stand the list of a Slurm array, such as "7/1,3,7" or
// "4/0-12:4%2": the shard is then the place of the number before it in the list.
func Parse(text string) (Shard, error) {
	index, of, found := strings.Cut(text, "/")
	i, err := strconv.Atoi(index)
	if !found || err != nil {
		return Shard{}, fmt.Errorf("the shard %q: i/n was expected, such as 0/4, the first of four", text)
	}
	if n, err := strconv.Atoi(of); err == nil {
		return newShard(i, n)
	}
	list, err := parseArray(of)
	if err != nil {
		return Shard{}, fmt.Errorf("the shard %q: %w", text, err)
	}
	place := slices.Index(list, i)
	if place < 0 {
		return Shard{}, fmt.Errorf("the shard %q: %d is not in the list", text, i)
	}
	return newShard(place, len(list))
}

func newShard(index, of int) (Shard, error) {
	switch {
	case of < 1 || of > maxShards:
		return Shard{}, fmt.Errorf("the shard %d/%d: there are from 1 to %d shards", index, of, maxShards)
	case index < 0 || index >= of:
		return Shard{}, fmt.Errorf("the shard %d/%d is none: shards count from 0, so the last of %d is %d/%d", index, of, of, of-1, of)
	}
	return Shard{index, of}, nil
}

// parseArray lists the numbers of a Slurm array, such as 0-3, 1,3,7 or 0-15:4; what follows % bounds how many run at once.
func parseArray(text string) ([]int, error) {
	wrong := fmt.Errorf("the list %q is neither a count nor a Slurm array, such as 4, 0-3, 1,3,7 or 0-15:4", text)
	text, _, _ = strings.Cut(text, "%")
	var list []int
	for part := range strings.SplitSeq(text, ",") {
		span, by, stepped := strings.Cut(part, ":")
		from, to, several := strings.Cut(span, "-")
		if !several {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		step, err3 := strconv.Atoi(cmp.Or(by, "1"))
		if err1 != nil || err2 != nil || err3 != nil || stepped && (by == "" || !several) || step < 1 || first < 0 || first > last || (last-first)/step >= maxShards {
			return nil, wrong
		}
		for i := first; i <= last; i += step {
			list = append(list, i)
		}
	}
	slices.Sort(list)
	if len(slices.Compact(slices.Clone(list))) != len(list) {
		return nil, wrong
	}
	return list, nil
}

// Step is a step as it is dealt: its id, which is a hash, and its level, which is higher than those of the steps that it stands on.
type Step struct {
	ID    string
	Level int
}

// Deal says of each step which of n shards does it: level by level, and within a level in the order of the hashes, the steps go round
// the shards. All processes deal alike, and no shard has more than one step more than another.
func Deal(steps []Step, n int) map[string]int {
	order := slices.Clone(steps)
	slices.SortFunc(order, func(a, b Step) int { return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.ID, b.ID)) })
	owner := make(map[string]int, len(order))
	for i, s := range order {
		owner[s.ID] = i % n
	}
	return owner
}
