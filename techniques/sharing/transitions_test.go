package sharing

import (
	"context"
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
)

func TestTransitionsAreThoseOfTheHiddenStates(t *testing.T) {
	model := classifier(t, 3, 9)
	s := session(t, model)
	p := prepare(t, model, sentences(7, 8), 3)
	got, err := MeasureTransitions(context.Background(), s, p, nil)
	if err != nil {
		t.Fatal(err)
	}
	program, err := gbert.NewProgram[gbert.BatchOf[*tensors.Tensor]](s, "states", func(begin func(gbert.Taps) *gbert.Forward, in gbert.Input) []*graph.Node {
		return begin(gbert.Taps{HiddenStates: true}).Encode(in, false).HiddenStates
	})
	if err != nil {
		t.Fatal(err)
	}
	l2, angle, tokens := make([]float64, 3), make([]float64, 3), 0
	for _, batch := range p.Batches {
		states, err := program.Consume(batch.Tensors().BatchOf)
		if err != nil {
			t.Fatal(err)
		}
		for row := range batch.Index {
			for at := row * batch.Length; at < (row+1)*batch.Length && batch.Mask[at] != 0; at++ {
				tokens++
				for l := range 3 {
					in := tensors.MustCopyFlatData[float32](states.At(l))[8*at : 8*at+8]
					out := tensors.MustCopyFlatData[float32](states.At(l + 1))[8*at : 8*at+8]
					far, dot, a, b := 0.0, 0.0, 0.0, 0.0
					for i := range 8 {
						x, y := float64(in[i]), float64(out[i])
						far, dot, a, b = far+(x-y)*(x-y), dot+x*y, a+x*x, b+y*y
					}
					l2[l] += math.Sqrt(far)
					angle[l] += math.Acos(dot/math.Sqrt(a*b)) * 180 / math.Pi
				}
			}
		}
	}
	if got.Tokens != tokens {
		t.Fatalf("%d tokens, want %d", got.Tokens, tokens)
	}
	for l := range 3 {
		if math.Abs(got.L2[l]-l2[l]/float64(tokens)) > 1e-5 || math.Abs(got.Angle[l]-angle[l]/float64(tokens)) > 1e-2 {
			t.Errorf("layer %d: %g and %g degrees, want %g and %g", l, got.L2[l], got.Angle[l], l2[l]/float64(tokens), angle[l]/float64(tokens))
		}
	}
}
