package experiment

import (
	"math"
	"slices"

	"bertlab/stats"
)

var (
	nan      = math.NaN()
	infinite = math.Inf(1)
)

// Paired collects what two models, or two groups of them, get right of the same examples, seed by seed, for the difference of their
// accuracies. The zero value is empty.
type Paired struct {
	seeds  []uint64
	blocks []string
	cells  map[pairedCell]*pairedSum
}

// pairedCell is a seed on the examples of a task, or of whatever else is judged on its own examples.
type pairedCell struct {
	seed  uint64
	block string
}

type pairedSum struct {
	first, second []float64
	n             float64
}

// Add adds a pair of models with the same seed by what they get right, or another number between 0 and 1 by example. Block names the
// examples, such as the task's. Several pairs of a seed count as their mean.
func (p *Paired) Add(seed uint64, block string, first, second []float64) {
	if p.cells == nil {
		p.cells = map[pairedCell]*pairedSum{}
	}
	cell := pairedCell{seed, block}
	sum := p.cells[cell]
	if sum == nil {
		sum = &pairedSum{make([]float64, len(first)), make([]float64, len(first)), 0}
		p.cells[cell] = sum
	}
	for i := range first {
		sum.first[i] += first[i]
		sum.second[i] += second[i]
	}
	sum.n++
	if !slices.Contains(p.seeds, seed) {
		p.seeds = append(p.seeds, seed)
	}
	if !slices.Contains(p.blocks, block) {
		p.blocks = append(p.blocks, block)
	}
}

// Evidence is the mean difference, first minus second, over the seeds that have all blocks; none without a pair. Each block counts alike,
// however many examples it has, as in the averages over tasks that papers print. See [stats.Crossed].
func (p *Paired) Evidence(name string) []Evidence {
	var table [][]float64
	var first, second, n float64
	weights, reach := p.weights()
	slices.Sort(p.seeds)
	for _, seed := range p.seeds {
		var row []float64
		for _, block := range p.blocks {
			sum := p.cells[pairedCell{seed, block}]
			if sum == nil {
				row = nil
				break
			}
			scale := weights[block] / sum.n
			for i := range sum.first {
				a, b := sum.first[i]*scale, sum.second[i]*scale
				row, first, second, n = append(row, a-b), first+a, second+b, n+1
			}
		}
		if row != nil {
			table = append(table, row)
		}
	}
	if len(table) == 0 {
		return nil
	}
	effect, err := stats.Crossed(table, reach)
	if err != nil {
		return nil
	}
	return []Evidence{{Name: name, Effect: effect, First: first / n, Second: second / n}}
}

// weights are those of each block's examples, whose mean over all examples is 1, and the largest of them: what one example can show at most.
func (p *Paired) weights() (of map[string]float64, largest float64) {
	examples, total := map[string]float64{}, 0.0
	for cell, sum := range p.cells {
		examples[cell.block] = float64(len(sum.first))
	}
	for _, n := range examples {
		total += n
	}
	of = map[string]float64{}
	for block, n := range examples {
		of[block] = total / n / float64(len(examples))
		largest = max(largest, of[block])
	}
	return of, largest
}
