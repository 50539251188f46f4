package finetune

import (
	"context"
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/task"
)

// scaled multiplies the loss by a further input of the batch and adds the square of a parameter.
func scaled(name string, factor float64) *Method {
	return &Method{
		Name: name, Parameters: []MethodParameter{{Name: name, Shape: []int{2}, Initial: []float32{1, 2}, LearningRate: 0.1}},
		Numbers: func(int, int) map[string]float64 { return map[string]float64{name: factor} },
		Prepare: func(s *StepGraph) map[string]*Node { return map[string]*Node{name: MulScalar(s.Number(name), 2)} },
		BatchInputs: func(*gbert.Batch) map[string]*tensors.Tensor {
			return map[string]*tensors.Tensor{"factor": tensors.FromScalar(float32(factor)), "added": tensors.FromScalar(float32(0))}
		},
		Loss: func(s *StepGraph, loss *Node) *Node {
			penalty := Mul(s.Prepared(name), ReduceAllSum(Square(s.Parameter(name))))
			return Add(Add(Mul(loss, s.BatchInput("factor")), s.BatchInput("added")), penalty)
		},
	}
}

func TestCombinedMethodsMoveWeightsByTheSumOfWhatEachAdds(t *testing.T) {
	model, d := learner(t, 2, 0), sentiment(8, 1, task.Classification)
	step := func(m *Method) *Result {
		t.Helper()
		result, err := Train(context.Background(), goBackend(t), model, d, nil, Options{Epochs: 1, BatchSize: 8, LearningRate: 0.1, Warmup: -1, Optimizer: SGD, MaxGradNorm: -1, Method: m, Keep: KeepLast})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	a, b := scaled("a", 3), scaled("b", 0.25)
	both, err := Combine(a, b)
	if err != nil {
		t.Fatal(err)
	}
	reversed, err := Combine(b, a)
	if err != nil {
		t.Fatal(err)
	}
	plain, onlyA, onlyB, ab, ba := step(nil), step(a), step(b), step(both), step(reversed)
	p, x, y := weightsOf(t, plain.Model), weightsOf(t, onlyA.Model), weightsOf(t, onlyB.Model)
	for _, combined := range []*Result{ab, ba} {
		for name, values := range weightsOf(t, combined.Model) {
			for i, got := range values {
				if want := x[name][i] + y[name][i] - p[name][i]; math.Abs(float64(got-want)) > 1e-5 {
					t.Fatalf("%s[%d] is %g, want %g", name, i, got, want)
				}
			}
		}
		for name, single := range map[string]*Result{"a": onlyA, "b": onlyB} {
			if got, want := combined.Parameters[name], single.Parameters[name]; math.Abs(float64(got[0]-want[0])) > 1e-6 || math.Abs(float64(got[1]-want[1])) > 1e-6 {
				t.Errorf("parameter %s is %v, alone %v", name, got, want)
			}
		}
	}
}

func TestCombinedTransformsApplyInTurn(t *testing.T) {
	model, d := learner(t, 2, 0), sentiment(8, 1, task.Classification)
	const name = "classifier.bias"
	transform := func(label string, change func(*Node) *Node) *Method {
		return &Method{Name: label, Weight: func(_ *StepGraph, n string, w *Node) *Node {
			if n == name {
				return change(w)
			}
			return w
		}}
	}
	both, err := Combine(transform("plus", func(w *Node) *Node { return AddScalar(w, 1) }), transform("times", func(w *Node) *Node { return MulScalar(w, 2) }))
	if err != nil {
		t.Fatal(err)
	}
	result, err := Train(context.Background(), goBackend(t), model, d, nil, Options{Epochs: 1, BatchSize: 8, Method: both})
	if err != nil {
		t.Fatal(err)
	}
	raw, effective := weightsOf(t, result.Raw)[name], weightsOf(t, result.Model)[name]
	for i := range raw {
		if want := 2 * (raw[i] + 1); math.Abs(float64(effective[i]-want)) > 1e-6 {
			t.Errorf("%g became %g, want %g", raw[i], effective[i], want)
		}
	}
}

func TestMethodsThatCannotBeCombinedAreRefused(t *testing.T) {
	shared := scaled("b", 1)
	shared.Name = "c"
	number := &Method{Name: "d", Numbers: func(int, int) map[string]float64 { return map[string]float64{"a": 1} }}
	constant := func(name string) *Method { return &Method{Name: name, Constants: []MethodConstant{{Name: "k"}}} }
	for mentions, methods := range map[string][]*Method{
		"no method":           nil,
		"method 2":            {scaled("a", 1), nil},
		"with itself":         {scaled("a", 1), scaled("a", 1)},
		`the parameter "b"`:   {scaled("b", 1), shared},
		`d has the number "a`: {scaled("a", 1), number},
		`the constant "k"`:    {constant("e"), constant("f")},
	} {
		if _, err := Combine(methods...); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
	}
}
