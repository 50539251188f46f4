package layerdrop

import (
	"fmt"
	"slices"
	"strings"
)

// Strategy names a way to choose the layers to drop. In what follows, layers are counted from 1, as in the paper, L is their
// number and K the number to drop.
type Strategy string

// The strategies of the paper's section 3.
const (
	// Top drops the last layers, L−K+1 … L.
	Top Strategy = "top"
	// Bottom drops the first layers, 1 … K.
	Bottom Strategy = "bottom"
	// Symmetric drops the K layers in the middle: of 12 layers 6, 7 (K = 2), 5 … 8 (4), 4 … 9 (6). If an odd number of layers
	// stays, one more of them is below the gap than above.
	Symmetric Strategy = "symmetric"
	// AlternateOdd drops every other layer, from the top odd one down: of 12 layers 5, 7, 9, 11 (K = 4).
	AlternateOdd Strategy = "alternate"
	// AlternateEven drops every other layer, from the top even one down: of 12 layers 6, 8, 10, 12 (K = 4).
	AlternateEven Strategy = "alternate-even"
	// Contribution drops the layers that change the representation least, see [ByContribution]: their number is a result.
	Contribution Strategy = "contribution"
	// List drops the layers that someone names.
	List Strategy = "list"
)

// ByPosition are the strategies that [Select] knows: position and number alone decide.
var ByPosition = []Strategy{Top, Bottom, Symmetric, AlternateOdd, AlternateEven}

// Select gives the layers that a strategy by position drops: k of layers, numbered from 0, ascending. At least one layer must
// stay, and an alternate strategy has only half of the layers to give.
func Select(strategy Strategy, layers, k int) ([]int, error) {
	if !slices.Contains(ByPosition, strategy) {
		return nil, fmt.Errorf("layerdrop: strategy %q does not choose by position; those that do are %s", strategy, names(ByPosition))
	}
	if layers < 1 {
		return nil, fmt.Errorf("layerdrop: the model has no layers to drop")
	}
	if k < 0 || k >= layers {
		return nil, fmt.Errorf("layerdrop: %d of %d layers cannot be dropped: at least one layer stays, so the number is 0…%d", k, layers, layers-1)
	}
	first, step := 0, 1
	switch strategy {
	case Top:
		first = layers - k
	case Symmetric:
		first = (layers - k + 1) / 2
	case AlternateOdd, AlternateEven:
		last := layers - 1 // from 0: the top layer if its number from 1 is of the right kind, else the one below
		even := strategy == AlternateEven
		if (layers%2 == 0) != even {
			last--
		}
		if most := min(last/2+1, layers-1); last < 0 || k > most {
			if last < 0 {
				most = 0
			}
			return nil, fmt.Errorf("layerdrop: the strategy %s can drop 0…%d of %d layers, not %d", strategy, most, layers, k)
		}
		first, step = last-2*(k-1), 2
	}
	drop := make([]int, k)
	for i := range drop {
		drop[i] = first + i*step
	}
	return drop, nil
}

func names(strategies []Strategy) string {
	list := make([]string, len(strategies))
	for i, s := range strategies {
		list[i] = string(s)
	}
	return strings.Join(list, ", ")
}
