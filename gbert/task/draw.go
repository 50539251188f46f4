package task

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Draw says which of the examples of a source are wanted.
type Draw struct {
	N    int    // so many, at random; 0: all
	Seed uint64 // of the draw
	// Unlabelled says that examples without a label are wanted too, beside others that have one.
	Unlabelled bool
}

// LoadDraw gives what [Load], [Dataset.Judged] (unless d.Unlabelled) and [Dataset.Take] give one after another, without holding more
// than the examples that are drawn: files are read twice, once to count.
func LoadDraw(ctx context.Context, finder Finder, t *Task, split, source string, c Columns, d Draw) (*Dataset, error) {
	if d.N < 0 {
		return nil, fmt.Errorf("task: cannot take %d examples", d.N)
	}
	o, err := t.open(ctx, finder, split, source, c)
	if err != nil {
		return nil, err
	}
	if d.N == 0 || o.rated || t.Kind.collects() && len(t.Labels) == 0 && len(c.Labels) == 0 {
		return o.whole(ctx, d)
	}
	var total, unlabelled int
	counted, err := o.read(ctx, func(e *Example) bool {
		if total++; e.Label < 0 {
			unlabelled++
		}
		return false
	})
	if err != nil {
		return nil, err
	}
	population := total
	if judged := !d.Unlabelled && unlabelled < total; judged && unlabelled > 0 {
		population -= unlabelled
		counted.LeftOut = append(counted.LeftOut, LeftOut{Reason: noLabel, Rows: unlabelled})
	}
	if d.N >= population {
		return o.whole(ctx, d)
	}
	chosen, next, place := draw(population, d.N, d.Seed), 0, -1
	drawn, err := o.read(ctx, func(e *Example) bool {
		if population == total || e.Label >= 0 {
			place++
		}
		if next == len(chosen) || chosen[next] != place || population < total && e.Label < 0 {
			return false
		}
		next++
		return true
	})
	if err != nil {
		return nil, err
	}
	if drawn.SHA256 != counted.SHA256 || drawn.Len() != d.N {
		return nil, fmt.Errorf("task: %s: changed while it was read", counted.Source)
	}
	counted.Examples, counted.Selection = drawn.Examples, describeDraw(d.N, population, d.Seed)
	return counted, nil
}

// origin is a split of a task in its files.
type origin struct {
	task    *Task
	split   string
	columns Columns
	files   []string
	rated   bool // one file of a sentiment set, which is still to be split
}

// whole is the data set with all examples in memory, some of which are then taken.
func (o *origin) whole(ctx context.Context, d Draw) (*Dataset, error) {
	data, err := o.load(ctx)
	if err != nil {
		return nil, err
	}
	if !d.Unlabelled {
		data = data.Judged()
	}
	if d.N == 0 {
		return data, nil
	}
	return data.Take(d.N, d.Seed)
}

// read reads the files, and keeps the examples that keep wants.
func (o *origin) read(ctx context.Context, keep func(e *Example) bool) (*Dataset, error) {
	d, err := readFiles(ctx, o.task, o.files, o.columns, keep)
	if err != nil {
		return nil, err
	}
	d.Split = o.split
	return d, nil
}

// draw gives k of the numbers below n, ascending: the first k of generator(seed).Perm(n), without a permutation in memory.
//
// Perm swaps place i with a random j ≤ i for i = n−1 … 1. Followed backwards, for i = 1 … n−1, the swaps lead from the first k places
// of the result to where their numbers were at the beginning. The generator's states, kept at the borders of blocks of swaps, give
// the blocks in that order.
func draw(n, k int, seed uint64) []int {
	const block = 1 << 16
	state := rand.NewPCG(seed, 0)
	random := rand.New(state)
	var states []rand.PCG // before the swaps i = n−1 − b·block … of block b
	for i := n - 1; i > 0; i-- {
		if (n-1-i)%block == 0 {
			states = append(states, *state)
		}
		random.Uint64N(uint64(i + 1))
	}
	slots := make(map[int]bool, k)
	for place := range k {
		slots[place] = true
	}
	partners := make([]int, 0, block)
	for b := len(states) - 1; b >= 0; b-- {
		*state = states[b]
		partners = partners[:0]
		first := n - 1 - b*block
		for i := first; i > max(first-block, 0); i-- {
			partners = append(partners, int(random.Uint64N(uint64(i+1))))
		}
		for s := len(partners) - 1; s >= 0; s-- {
			i, j := first-s, partners[s]
			if here, there := slots[i], slots[j]; here != there {
				move(slots, i, j, here)
			}
		}
	}
	chosen := make([]int, 0, k)
	for place := range slots {
		chosen = append(chosen, place)
	}
	slices.Sort(chosen)
	return chosen
}

// move exchanges two places of which one is in the set: the first, if first says so.
func move(set map[int]bool, i, j int, first bool) {
	if !first {
		i, j = j, i
	}
	delete(set, i)
	set[j] = true
}

func describeDraw(n, of int, seed uint64) string {
	return fmt.Sprintf("%d of %d rows at random, seed %d", n, of, seed)
}
