package gbert

import "fmt"

// Bank is what the [Banked] maps of a model share. Every banked map consists of slices, square matrices of the hidden size D, and
// each slice is U·C·Vᵀ with one U [D, LeftRank] and one V [D, RightRank] for the whole model (Wang, Ren et al. 2022,
// arXiv:2205.10036, forms III and IV). Query, key, value and attention output are one slice each, a feed-forward network's maps as
// many as hold its neurons (4 and 4 in BERT).
//
// A slice is [in, out]; those of FFNIn stay [out, in], as published. So U is multiplied to the input and V to the output, but in
// FFNIn V to the input and U to the output: U stands for neurons in both maps of a feed-forward network, V for hidden features.
//
// Slices are those of the whole matrix: kept heads by their original numbers and kept neurons ([LayerShape].Neurons) choose rows
// and columns of them. What the kept ones leave out is stored in no slice of its own, and not computed.
type Bank struct {
	// LeftRank and RightRank are the widths of U and V, from 1 to the hidden size.
	LeftRank  int `json:"left_rank"`
	RightRank int `json:"right_rank"`
	// Core says what C is.
	Core CoreKind `json:"core"`
	// Cores is the number R of cores that [MixedCore] mixes; 0 for the others.
	Cores int `json:"cores,omitempty"`
}

// CoreKind says how the core C of a slice is stored.
type CoreKind string

// The cores of the slices of banked maps.
const (
	DiagonalCore CoreKind = "diagonal" // C = diag(σ), a row σ [rank] for each slice
	FullCore     CoreKind = "full"     // a matrix [left rank, right rank] for each slice: form III
	MixedCore    CoreKind = "mixed"    // C = Σ_k P_jk C_k, a row of P [R] for each slice, R cores for the model: form IV
)

// The names of what banked maps share.
const (
	BankLeft  = "bert.encoder.bank.left"  // U [D, left rank]
	BankRight = "bert.encoder.bank.right" // V [D, right rank]
	BankCores = "bert.encoder.bank.cores" // C_k [R, left rank, right rank], of [MixedCore] only
)

// maxCores bounds the cores of a bank; a BERT-large has 288 slices.
const maxCores = 1 << 14

// shape is that of what the slices of one map have of their own.
func (b Bank) shape(slices int) []int {
	switch b.Core {
	case DiagonalCore:
		return []int{slices, b.LeftRank}
	case FullCore:
		return []int{slices, b.LeftRank, b.RightRank}
	}
	return []int{slices, b.Cores}
}

func (b Bank) validate(hidden int) error {
	for _, field := range []struct {
		name  string
		value int
	}{{"left_rank", b.LeftRank}, {"right_rank", b.RightRank}} {
		if field.value < 1 || field.value > hidden {
			return fmt.Errorf("bertlab.bank.%s is %d; it must be between 1 and hidden_size, %d", field.name, field.value, hidden)
		}
	}
	switch b.Core {
	case DiagonalCore:
		if b.LeftRank != b.RightRank {
			return fmt.Errorf("bertlab.bank has diagonal cores and the ranks %d and %d; they must be equal", b.LeftRank, b.RightRank)
		}
	case FullCore:
	case MixedCore:
		if b.Cores < 1 || b.Cores > maxCores {
			return fmt.Errorf("bertlab.bank.cores is %d; it must be between 1 and %d", b.Cores, maxCores)
		}
		return nil
	default:
		return fmt.Errorf("bertlab.bank.core is %q; it must be %q, %q or %q", b.Core, DiagonalCore, FullCore, MixedCore)
	}
	if b.Cores != 0 {
		return fmt.Errorf("bertlab.bank.cores is %d; only %q cores are counted, these are %q", b.Cores, MixedCore, b.Core)
	}
	return nil
}

// validateNeurons reports places of neurons that do not fit the layer.
func (s LayerShape) validateNeurons(layer int) error {
	if s.Neurons == nil {
		return nil
	}
	if len(s.Neurons) != s.IntermediateSize || len(s.Neurons) == 0 {
		return fmt.Errorf("bertlab.layers[%d].neurons names %d neurons; intermediate_size is %d, and without neurons the key is left out", layer, len(s.Neurons), s.IntermediateSize)
	}
	for i, neuron := range s.Neurons {
		if neuron < 0 || neuron >= maxDimension || i > 0 && neuron <= s.Neurons[i-1] {
			return fmt.Errorf("bertlab.layers[%d].neurons must be ascending without repetition between 0 and %d; place %d is %d", layer, maxDimension-1, i, neuron)
		}
	}
	return nil
}
