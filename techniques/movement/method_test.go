package movement

import (
	"fmt"
	"slices"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

func granularity(t testing.TB, text string) Granularity {
	return check[Granularity](t)(ParseGranularity(text))
}

// The masks in the trained model's weights are those that the host computes from its parameters, bit for bit.
func TestTrainedMasksEqualThoseOfTheHost(t *testing.T) {
	for _, test := range []struct{ attention, ffn string }{
		{"weight", "weight"}, {"block:4x2", "block:2"}, {"row", "column"}, {"head", "neuron"}, {"none", "neuron"}, {"block:4", "neuron"},
	} {
		for _, kind := range []Kind{Magnitude, Movement, Soft, L0} {
			for _, scope := range []Scope{Local, Global} {
				if scope == Global && (kind == Soft || kind == L0) {
					continue
				}
				t.Run(fmt.Sprintf("%s %s %s %s", kind, scope, test.attention, test.ffn), func(t *testing.T) {
					m := classifier(t, 2, "gelu")
					o := Options{Kind: kind, Scope: scope, Attention: granularity(t, test.attention), FFN: granularity(t, test.ffn), Remaining: 0.4, ScoreLearningRate: 0.3}
					result := train(t, m, o, finetune.Options{Epochs: 2, LearningRate: 1e-2})
					masks := check[map[string][]float32](t)(Masks(result.Raw, o, result.Parameters))
					want := check[*gbert.Model](t)(Apply(result.Raw, masks))
					for name := range masks {
						a, b := weight(t, result.Model, name), weight(t, want, name)
						for i := range a {
							if d := a[i] - b[i]; kind == L0 && d < 1e-6 && d > -1e-6 {
								continue
							}
							if a[i] != b[i] {
								t.Fatalf("%s[%d]: %g in the trained model, %g by the host", name, i, a[i], b[i])
							}
						}
					}
					if attention := gbert.WeightName(0, gbert.Query); test.attention == "none" && masks[attention] != nil {
						t.Error("attention is masked")
					}
					if kind == Magnitude || kind == Movement {
						for _, set := range selections(check[*plan](t)(newPlan(m, o)).groups, scope) {
							sum := 0
							for _, g := range set.groups {
								for u := range g.units {
									at := slices.IndexFunc(seq(g.parts[0].size()), func(i int) bool { return g.parts[0].unitOf(i) == u })
									sum += int(masks[g.parts[0].name][at])
								}
							}
							if sum != int(0.4*float64(set.units)) {
								t.Errorf("%d of %d units kept", sum, set.units)
							}
						}
					}
				})
			}
		}
	}
}

func seq(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}
