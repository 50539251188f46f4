package finetune

import (
	"encoding/json"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// lossCase is one of testdata/losses.json; the shapes depend on its kind.
type lossCase struct {
	Kind                     string
	Logits, Labels, Gradient json.RawMessage
	Loss                     float64
	Rows                     []float64
}

func decode[T any](t *testing.T, raw json.RawMessage) (value T) {
	t.Helper()
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestLossesOfTokensAndSetsEqualTorch(t *testing.T) {
	var golden struct{ Cases []lossCase }
	readJSON(t, "testdata/losses.json", &golden)
	for _, c := range golden.Cases {
		t.Run(c.Kind, func(t *testing.T) {
			var logits, labels any
			var gradient []float64
			switch c.Kind {
			case "tagging":
				logits, labels = decode[[][][]float64](t, c.Logits), decode[[][]int32](t, c.Labels)
			case "spans":
				logits, labels = decode[[][][]float64](t, c.Logits), decode[[][][]int32](t, c.Labels)
			default:
				logits, labels = decode[[][]float64](t, c.Logits), decode[[][]float64](t, c.Labels)
			}
			flatten(decode[any](t, c.Gradient), &gradient)
			got := MustExecOnceN(goBackend(t), func(z, y, w *Node) []*Node {
				loss := Loss(z, y, w)
				return []*Node{loss, ExampleLosses(z, y), Gradient(loss, z)[0]}
			}, logits, labels, []float64{1, 1, 1})
			if v := got[0].Value().(float64); math.Abs(v-c.Loss) > 1e-12 {
				t.Errorf("loss %g, want %g", v, c.Loss)
			}
			for i, v := range got[1].Value().([]float64) {
				if math.Abs(v-c.Rows[i]) > 1e-12 {
					t.Errorf("row %d: loss %g, want %g", i, v, c.Rows[i])
				}
			}
			var slope []float64
			text, err := json.Marshal(got[2].Value())
			if err != nil {
				t.Fatal(err)
			}
			flatten(decode[any](t, text), &slope)
			for i := range gradient {
				if len(slope) != len(gradient) || math.Abs(slope[i]-gradient[i]) > 1e-12 {
					t.Fatalf("gradient %v, want %v", slope, gradient)
				}
			}
		})
	}
}

// flatten appends the numbers of nested lists.
func flatten(value any, to *[]float64) {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			flatten(element, to)
		}
	case float64:
		*to = append(*to, v)
	}
}
