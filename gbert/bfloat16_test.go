package gbert

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// In bfloat16 every form computes what it computes in float32 but for rounding, and hands it back in float32.
func TestBFloat16IsCloseToFloat32InEveryForm(t *testing.T) {
	onBackends(t, func(t *testing.T, b compute.Backend) {
		for name, model := range variants(t) {
			if b != goBackend(t) && !strings.HasPrefix(name, "all at once") && name != "plain" { // XLA takes a while to compile all
				continue
			}
			batch := PadBatch(randomExamples(model.Config, []int{3, 9, 6}, 5), []int{0, 1, 2}, 3, nil, 0)
			whole := func(half bool) []float32 {
				return observe(t, b, model, batch, func(begin func(Taps) *Forward, in Input) []*Node {
					f := begin(Taps{BFloat16: half, HiddenStates: true})
					out := f.Encode(in, false)
					if dtype := out.Hidden.DType(); dtype != dtypes.Float32 {
						t.Errorf("%s: hidden states are %s", name, dtype)
					}
					return []*Node{f.Classify(out.Hidden)}
				})[0]
			}
			want, got := whole(false), whole(true)
			var off, size float64
			for i := range want {
				off, size = off+math.Pow(float64(got[i]-want[i]), 2), size+math.Pow(float64(want[i]), 2)
			}
			if off = math.Sqrt(off / size); off > 0.05 {
				t.Errorf("%s: the logits are off by %.4f of their size", name, off)
			}
			if rounds := model.Config.NumHiddenLayers > 0; (off > 0) != rounds {
				t.Errorf("%s: off by %g, with %d layers", name, off, model.Config.NumHiddenLayers)
			}
		}
	})
}
