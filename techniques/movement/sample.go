package movement

import (
	"math"

	"gonum.org/v1/gonum/stat"

	"bertlab/gbert/finetune"
)

// sampleSize is about the number of weights of a sample.
const sampleSize = 20000

// Sampled are weights of the encoder at regular distances, before their mask, and their scores; Kept has a 1 for each that remains, else
// a 0. Scores are nil for magnitude.
type Sampled struct {
	Weights []float32 `json:"weights"`
	Scores  []float32 `json:"scores,omitempty"`
	Kept    string    `json:"kept"`
}

// Sample are the same weights as numbers, with what they say.
type Sample struct {
	Weights []float64 `json:"weights,omitempty"`
	Kept    []bool    `json:"kept"`
	Scores  []float64 `json:"scores,omitempty"`
	// Deviation is the standard deviation of Weights; SmallShare the share of the kept ones that are smaller than it.
	Deviation  float64 `json:"deviation"`
	SmallShare float64 `json:"small_share"`
}

// SampleWeights looks at every n-th weight of the encoder of a model that was trained with options.
func SampleWeights(result *finetune.Result, o Options) (s Sampled, err error) {
	scores := map[string][]float32{}
	if o.Kind != Magnitude {
		if scores, err = Scores(result.Raw, o, result.Parameters); err != nil {
			return s, err
		}
	}
	count, err := Count(result.Model)
	if err != nil {
		return s, err
	}
	stride := max(count.Total/sampleSize, 1) | 1 // odd: it falls on all columns of matrices of even width
	var marks []byte
	at := 0 // place of the next weight to take within the present matrix
	for _, w := range count.ByWeight {
		raw, _, err := result.Raw.Weight(w.Name)
		if err != nil {
			return s, err
		}
		masked, _, err := result.Model.Weight(w.Name)
		if err != nil {
			return s, err
		}
		for ; at < len(raw); at += stride {
			s.Weights = append(s.Weights, raw[at])
			mark := byte('0')
			if masked[at] != 0 {
				mark = '1'
			}
			marks = append(marks, mark)
			if of, ok := scores[w.Name]; ok {
				s.Scores = append(s.Scores, of[at])
			}
		}
		at -= len(raw)
	}
	s.Kept = string(marks)
	return s, nil
}

// Sample is the sample with what its weights say.
func (s Sampled) Sample() *Sample {
	whole := &Sample{Kept: make([]bool, len(s.Kept))}
	for i := range whole.Kept {
		whole.Kept[i] = s.Kept[i] == '1'
	}
	for _, v := range s.Weights {
		whole.Weights = append(whole.Weights, float64(v))
	}
	for _, v := range s.Scores {
		whole.Scores = append(whole.Scores, float64(v))
	}
	whole.Deviation = stat.PopStdDev(whole.Weights, nil)
	remaining, small := 0, 0
	for i, isKept := range whole.Kept {
		if isKept {
			remaining++
			if math.Abs(whole.Weights[i]) < whole.Deviation {
				small++
			}
		}
	}
	if remaining > 0 {
		whole.SmallShare = float64(small) / float64(remaining)
	}
	return whole
}

// Overlap is how many of the weights that one mask keeps another one keeps too, as a share of the mean number that they keep; false where
// neither keeps any.
func Overlap(first, second []bool) (share float64, ok bool) {
	both, one, other := 0, 0, 0
	for i, kept := range first {
		if kept {
			one++
		}
		if second[i] {
			other++
			if kept {
				both++
			}
		}
	}
	if one+other == 0 {
		return 0, false
	}
	return 2 * float64(both) / float64(one+other), true
}

// ChanceOverlap is the overlap of two masks that are drawn at random within each matrix. sizes are the numbers of weights, first and second
// the shares of them that the masks keep: [layers][matrices]. It is 0 where neither keeps any.
func ChanceOverlap(sizes [][]int, first, second [][]float64) float64 {
	both, one, other := 0.0, 0.0, 0.0
	for layer, matrices := range sizes {
		for i, size := range matrices {
			p, q := first[layer][i], second[layer][i]
			both, one, other = both+p*q*float64(size), one+p*float64(size), other+q*float64(size)
		}
	}
	if one+other == 0 {
		return 0
	}
	return 2 * both / (one + other)
}

// LayerShares are the shares of weights that remain in each layer, by the shares of its matrices and their numbers of weights.
func LayerShares(sizes [][]int, byMatrix [][]float64) []float64 {
	shares := make([]float64, len(byMatrix))
	for layer, matrices := range byMatrix {
		kept, total := 0.0, 0.0
		for i, share := range matrices {
			size := float64(sizes[layer][i])
			kept += share * size
			total += size
		}
		shares[layer] = kept / total
	}
	return shares
}
