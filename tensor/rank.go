package tensor

import (
	"fmt"
	"slices"
)

// EnergyRank is the smallest rank whose leading singular values have at least a part of the energy, Σ_{i≤rank} s_i² ≥ energy·Σ s_i²:
// the truncated SVD of that rank has a relative error of at most √(1 − energy). The energy is above 0 and at most 1.
func EnergyRank(values []float64, energy float64) (int, error) {
	s, total, err := checkSpectrum(values)
	if err != nil {
		return 0, err
	}
	if !(energy > 0 && energy <= 1) {
		return 0, fmt.Errorf("tensor: energy %g, want above 0 and at most 1", energy)
	}
	if total == 0 {
		return 0, fmt.Errorf("tensor: all %d singular values are 0: no rank has a part of their energy", len(s))
	}
	// Sums from the small end, so that small values count also beside large ones.
	rest, rank := 0.0, len(s)
	for rank > 1 && rest+s[rank-1]*s[rank-1] <= (1-energy)*total {
		rest += s[rank-1] * s[rank-1]
		rank--
	}
	return rank, nil
}

// BreakEvenRank is the largest rank at which the factors [m, rank] and [rank, n] have no more entries than the matrix
// [m, n]: ⌊m·n/(m+n)⌋, for m = n = 768 384, and 0 where no rank saves anything, as for a single row.
func BreakEvenRank(m, n int) int {
	if m < 1 || n < 1 {
		return 0
	}
	return m * n / (m + n)
}

// rounding is how far a ratio computed as parameters / dense may be off and still pay for these parameters.
const rounding = 1e-12

// BudgetRank is the largest rank at which the factors [m, rank] and [rank, n] have at most ratio·m·n entries. The ratio is from
// (m+n)/(m·n), which rank 1 needs, to 1.
func BudgetRank(m, n int, ratio float64) (int, error) {
	if m < 1 || n < 1 {
		return 0, fmt.Errorf("tensor: a matrix [%d, %d] has no rank", m, n)
	}
	dense, one := float64(m)*float64(n), float64(m)+float64(n)
	if one > dense {
		return 0, fmt.Errorf("tensor: the factors of a matrix [%d, %d] have more entries than it at every rank", m, n)
	}
	rank := int(ratio * dense / one * (1 + rounding))
	if !(rank >= 1 && ratio <= 1) {
		return 0, fmt.Errorf("tensor: no rank of a matrix [%d, %d] has factors of %g of its entries, want a ratio of %.4g…1", m, n, ratio, one/dense)
	}
	return rank, nil
}

// Parameters counts the entries of a Tucker decomposition of a shape: ∏ ranks for the core, Σ I_n·rank_n for the factors. A mode with
// rank 0 is not decomposed: it has no factor, and the core is as long as the shape there.
func Parameters(shape, ranks []int) (int, error) {
	if _, err := sizeOf(shape); err != nil {
		return 0, err
	}
	if len(ranks) != len(shape) {
		return 0, fmt.Errorf("tensor: %d ranks for a shape of %d modes", len(ranks), len(shape))
	}
	for mode, rank := range ranks {
		if rank < 0 || rank > shape[mode] {
			return 0, fmt.Errorf("tensor: rank %d for mode %d of the shape %v, want 1…%d, or 0 for a mode that is not decomposed", rank, mode, shape, shape[mode])
		}
	}
	return parameters(shape, ranks), nil
}

func parameters(shape, ranks []int) int {
	core, factors := 1, 0
	for mode, rank := range ranks {
		if rank == 0 {
			core *= shape[mode]
			continue
		}
		core *= rank
		factors += shape[mode] * rank
	}
	return core + factors
}

// BudgetRanks are ranks for the named modes of a shape (nil: all), each the same part of its mode's length rounded down but at
// least 1, and that part as large as [Parameters] ≤ ratio·∏ shape allows. Modes that are not named are not decomposed; their
// ranks are 0 in the result, which is as long as the shape.
func BudgetRanks(shape, modes []int, ratio float64) ([]int, error) {
	size, err := sizeOf(shape)
	if err != nil {
		return nil, err
	}
	if err := (&Tensor{shape: shape}).checkModes(modes); err != nil {
		return nil, err
	}
	if modes == nil {
		for mode := range shape {
			modes = append(modes, mode)
		}
	}
	if len(modes) == 0 {
		return nil, fmt.Errorf("tensor: no modes to decompose, want some of 0…%d, or nil for all", len(shape)-1)
	}
	part := func(length int, fraction float64) int { return max(1, int(fraction*float64(length)+1e-9)) }
	at := func(fraction float64) []int {
		ranks := make([]int, len(shape))
		for mode, length := range shape {
			if slices.Contains(modes, mode) {
				ranks[mode] = part(length, fraction)
			}
		}
		return ranks
	}
	least := float64(parameters(shape, at(0))) / float64(size)
	if least > 1 {
		return nil, fmt.Errorf("tensor: a decomposition of the shape %v along the modes %v has more entries than it at every rank", shape, modes)
	}
	if !(ratio*(1+rounding) >= least && ratio <= 1) {
		return nil, fmt.Errorf("tensor: no ranks for the modes %v of the shape %v have %g of its entries, want a ratio of %.4g…1", modes, shape, ratio, least)
	}
	// The parameters rise with the fraction in steps: halve until no step is left between the bounds.
	budget := int(ratio * float64(size) * (1 + rounding))
	low, high := 0.0, 1.0
	if parameters(shape, at(high)) <= budget {
		return at(high), nil
	}
	for range 60 {
		middle := (low + high) / 2
		if parameters(shape, at(middle)) <= budget {
			low = middle
		} else {
			high = middle
		}
	}
	return at(low), nil
}
