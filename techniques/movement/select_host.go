package movement

import (
	"math"
	"runtime"
	"sync"

	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert/finetune"
)

// prepareHost finds the thresholds of all selections where the scores lie in the host's memory: what [plan.prepare] finds, in two
// passes over the scores in place of sixteen.
func (p *plan) prepareHost(s *finetune.HostStep) (map[string]*tensors.Tensor, error) {
	results := map[string]*tensors.Tensor{}
	for i, stack := range p.stacks {
		high, low := keptNames(stack.units)
		count := int(s.Number(high))<<keptBits + int(s.Number(low))
		thresholds, cutoffs := make([]float32, len(stack.sets)), make([]int32, len(stack.sets))
		errs := make([]error, len(stack.sets))
		parallel(len(stack.sets), func(row int) {
			names := make([]string, len(stack.sets[row].groups))
			read := s.Parameters
			for j, g := range stack.sets[row].groups {
				names[j] = g.name
				if !p.learned() {
					names[j], read = g.parts[0].name, s.Weights
				}
			}
			errs[row] = read(names, func(values [][]float32) error {
				thresholds[row], cutoffs[row] = selectTop(values, !p.learned(), count)
				return nil
			})
		})
		for _, err := range errs {
			if err != nil {
				return nil, err
			}
		}
		results[thresholdName(i)] = tensors.FromFlatDataAndDimensions(thresholds, len(thresholds))
		results[cutoffName(i)] = tensors.FromFlatDataAndDimensions(cutoffs, len(cutoffs))
	}
	return results, nil
}

// onHost reports whether the scores of all selections are plain parameters or magnitudes of single weights.
func (p *plan) onHost() bool {
	for _, g := range p.groups {
		if p.summed(g) {
			return false
		}
	}
	return true
}

// parallel does n pieces of work on all processors.
func parallel(n int, work func(i int)) {
	var group sync.WaitGroup
	next := make(chan int)
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := range next {
				work(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
}

// selectTop finds the k largest of the values (of their magnitudes), 1…n: those above the threshold, and of those equal to it the
// ones with an index up to the cutoff, counted through all parts. It counts the upper halves of the keys, see [toKey], then the
// lower halves of those keys whose upper half is the threshold's.
func selectTop(parts [][]float32, magnitudes bool, k int) (threshold float32, cutoff int32) {
	total := 0
	for _, values := range parts {
		total += len(values)
	}
	if k >= total {
		return float32(math.Inf(-1)), int32(total - 1)
	}
	used := uint32(math.MaxUint32)
	if magnitudes {
		used = math.MaxInt32 // without the sign
	}
	key := func(x float32) uint32 {
		bits := math.Float32bits(x) & used
		if bits == 1<<31 {
			bits = 0 // −0 is 0
		}
		return bits ^ (uint32(int32(bits)>>31) | 1<<31)
	}
	var counts [1 << 16]int32
	for _, values := range parts {
		for _, x := range values {
			counts[key(x)>>16]++
		}
	}
	reach := func(wanted int) (digit uint32, left int) {
		for digit = 1<<16 - 1; wanted > int(counts[digit]); digit-- {
			wanted -= int(counts[digit])
		}
		return digit, wanted
	}
	upper, left := reach(k)
	clear(counts[:])
	for _, values := range parts {
		for _, x := range values {
			if key := key(x); key>>16 == upper {
				counts[key&(1<<16-1)]++
			}
		}
	}
	lower, left := reach(left)
	wanted := upper<<16 | lower
	threshold = math.Float32frombits(^wanted)
	if wanted>>31 == 1 {
		threshold = math.Float32frombits(wanted ^ 1<<31)
	}
	if left == int(counts[lower]) {
		return threshold, int32(total - 1)
	}
	index := int32(0)
	for _, values := range parts {
		for _, x := range values {
			if key(x) == wanted {
				if left--; left == 0 {
					return threshold, index
				}
			}
			index++
		}
	}
	return threshold, int32(total - 1)
}
