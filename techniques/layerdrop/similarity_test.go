package layerdrop

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/internal/tiny"
)

func TestSimilarityIsTheMeanCosineOfTheStates(t *testing.T) {
	model, d := classifier(t, 3, 5), sentences(7, 4)
	states := model.Config.NumHiddenLayers + 1
	for _, pooling := range []Pooling{CLS, MeanToken} {
		got, err := Measure(context.Background(), session(t, model), prepare(t, model, d, 4), pooling, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float64, states*states)
		one := prepare(t, model, d, 1)
		for i, encoding := range one.Encodings { // each example alone, without padding
			one.Batches = []*gbert.Batch{gbert.PadBatch(one.Encodings, []int{i}, 1, nil, 0)}
			all := tiny.HiddenStates(t, model, one)
			vectors := make([][]float64, states)
			for l, flat := range all {
				vectors[l] = make([]float64, 8)
				tokens := len(encoding.IDs)
				if pooling == CLS {
					tokens = 1
				}
				for at := range tokens {
					for j := range vectors[l] {
						vectors[l][j] += float64(flat[at*8+j])
					}
				}
			}
			for a := range states {
				for b := range states {
					want[a*states+b] += cosine(vectors[a], vectors[b]) / float64(d.Len())
				}
			}
		}
		for a := range states {
			for b := range states {
				if far := math.Abs(got.Matrix[a][b] - want[a*states+b]); far > 1e-5 {
					t.Errorf("%s: cosine of states %d and %d is off by %g", pooling, a, b, far)
				}
			}
			if a > 0 && got.Layers[a-1] != got.Matrix[a-1][a] {
				t.Errorf("%s: layer %d is not beside the diagonal", pooling, a-1)
			}
		}
		if got.Examples != 7 || !slices.Equal(got.Origins, []int{0, 1, 2}) {
			t.Errorf("%d examples, layers %v", got.Examples, got.Origins)
		}
	}
	if _, err := Measure(context.Background(), session(t, model), prepare(t, model, d, 4), "max", nil); err == nil || !strings.Contains(err.Error(), `"cls", "mean"`) {
		t.Errorf("pooling max: %v", err)
	}
}

func cosine(x, y []float64) float64 {
	var xy, xx, yy float64
	for i := range x {
		xy, xx, yy = xy+x[i]*y[i], xx+x[i]*x[i], yy+y[i]*y[i]
	}
	return xy / math.Sqrt(xx*yy)
}

func TestContributionDropsWhatIsAboveTheThreshold(t *testing.T) {
	s := &Similarity{Layers: []float64{0.5, 0.95, 0.9, 0.97}}
	for threshold, want := range map[float64][]int{1: {}, 0.97: {}, 0.95: {3}, 0.9: {1, 3}, 0.6: {1, 2, 3}} {
		if got, err := ByContribution(s, threshold); err != nil || !slices.Equal(got, want) {
			t.Errorf("%g: %v, %v", threshold, got, err)
		}
	}
	for threshold, mentions := range map[float64]string{0.4: "0.5000…1", 1.5: "between -1 and 1", math.NaN(): "between -1 and 1"} {
		if _, err := ByContribution(s, threshold); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%g: %v", threshold, err)
		}
	}
}
