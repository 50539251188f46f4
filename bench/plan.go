package main

import (
	"math/rand/v2"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/tokenizer"
)

// plan is an epoch of batches.
type plan struct {
	// batches are the examples of each, in order.
	batches [][]int
	// lengths are the batches' padded lengths.
	lengths []int
	// real and computed are the epoch's tokens, without and with padding.
	real, computed int
}

// fullBatches says whether the last batch is filled with padded rows.
type fullBatches bool

func newPlan(encodings []tokenizer.Encoding, batches [][]int, size int, padded []int, full fullBatches) *plan {
	p := &plan{batches: batches}
	for _, batch := range batches {
		b := gbert.PadBatch(encodings, batch, len(batch), padded, 0)
		rows := b.Rows
		if full {
			rows = size
		}
		p.lengths = append(p.lengths, b.Length)
		p.computed += rows * b.Length
		for _, i := range batch {
			p.real += len(encodings[i].IDs)
		}
	}
	return p
}

// chunk is the number of batches that are sorted by length together, in gbert/finetune and in transformers.
const chunk = 50

// gbertPlan is the first epoch of gbert/finetune: shuffled, sorted by length within chunks, the batches shuffled again, and
// padded to a few lengths. A test holds it against a training run's own count of tokens.
func gbertPlan(encodings []tokenizer.Encoding, size, epochs int, seed uint64, compilation int) *plan {
	var first [][]int
	var longest []int
	for epoch := range epochs {
		rng := rand.New(rand.NewPCG(seed, uint64(epoch)))
		order := rng.Perm(len(encodings))
		for part := range slices.Chunk(order, chunk*size) {
			slices.SortStableFunc(part, func(a, b int) int { return len(encodings[a].IDs) - len(encodings[b].IDs) })
		}
		batches := slices.Collect(slices.Chunk(order, size))
		rng.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
		for _, batch := range batches {
			longest = append(longest, gbert.PadBatch(encodings, batch, len(batch), nil, 0).Length)
		}
		if epoch == 0 {
			first = batches
		}
	}
	return newPlan(encodings, first, size, gbert.PaddedLengths(longest, size, compilation, finetune.MaxLengths), true)
}

// randomPlan is an epoch of transformers' default trainer: random batches, padded to their longest example.
func randomPlan(encodings []tokenizer.Encoding, size int, seed uint64) *plan {
	order := rand.New(rand.NewPCG(seed, 1)).Perm(len(encodings))
	return newPlan(encodings, slices.Collect(slices.Chunk(order, size)), size, nil, false)
}

// groupedPlan is an epoch of transformers' trainer with group_by_length: shuffled, sorted by length, longest first, within
// megabatches (get_length_grouped_indices).
func groupedPlan(encodings []tokenizer.Encoding, size int, seed uint64) *plan {
	order := rand.New(rand.NewPCG(seed, 2)).Perm(len(encodings))
	mega := max(min(len(encodings)/(size*4), chunk), 1) * size
	longestAt := 0
	for from := 0; from < len(order); from += mega {
		part := order[from:min(from+mega, len(order))]
		slices.SortStableFunc(part, func(a, b int) int { return len(encodings[b].IDs) - len(encodings[a].IDs) })
		if len(encodings[part[0]].IDs) > len(encodings[order[longestAt]].IDs) {
			longestAt = from
		}
	}
	if len(order) > 0 {
		order[0], order[longestAt] = order[longestAt], order[0]
	}
	return newPlan(encodings, slices.Collect(slices.Chunk(order, size)), size, nil, false)
}

// sample draws n batches that stand for the epoch: one from the middle of each n-th of the batches sorted by length, in random
// order.
func (p *plan) sample(n int, seed uint64) []int {
	order := make([]int, len(p.batches))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return p.lengths[a] - p.lengths[b] })
	n = min(n, len(order))
	drawn := make([]int, n)
	for i := range drawn {
		drawn[i] = order[(2*i+1)*len(order)/(2*n)]
	}
	rand.New(rand.NewPCG(seed, 3)).Shuffle(n, func(i, j int) { drawn[i], drawn[j] = drawn[j], drawn[i] })
	return drawn
}
