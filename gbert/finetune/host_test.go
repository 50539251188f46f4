package finetune

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert/task"
)

// hosted is scaled with its result computed on the host as well.
func hosted(name string, factor float64) *Method {
	m := scaled(name, factor)
	m.PrepareHost = func(s *HostStep) (map[string]*tensors.Tensor, error) {
		return map[string]*tensors.Tensor{name: tensors.FromScalar(float32(s.Number(name) * 2))}, nil
	}
	return m
}

func TestWhatTheHostPreparesTrainsAsWhatTheGraphPrepares(t *testing.T) {
	if !goBackend(t).HasSharedBuffers() {
		t.Skip("this backend's memory is not the host's")
	}
	model, d := learner(t, 2, 0), sentiment(8, 1, task.Classification)
	train := func(methods ...*Method) (*Result, error) {
		m := methods[0]
		if len(methods) > 1 {
			var err error
			if m, err = Combine(methods...); err != nil {
				t.Fatal(err)
			}
		}
		return Train(context.Background(), goBackend(t), model, d, nil, Options{Epochs: 2, BatchSize: 4, LearningRate: 0.1, Method: m, Keep: KeepLast})
	}
	for name, methods := range map[string][2][]*Method{
		"one":                  {{hosted("a", 3)}, {scaled("a", 3)}},
		"two":                  {{hosted("a", 3), hosted("b", 0.25)}, {scaled("a", 3), scaled("b", 0.25)}},
		"one of two, in graph": {{hosted("a", 3), scaled("b", 0.25)}, {scaled("a", 3), scaled("b", 0.25)}},
	} {
		host, err := train(methods[0]...)
		if err != nil {
			t.Fatal(err)
		}
		graph, err := train(methods[1]...)
		if err != nil {
			t.Fatal(err)
		}
		want := weightsOf(t, graph.Model)
		for weight, values := range weightsOf(t, host.Model) {
			if !slices.Equal(values, want[weight]) {
				t.Errorf("%s: %s differs", name, weight)
			}
		}
	}
	failing := hosted("a", 3)
	failing.PrepareHost = func(*HostStep) (map[string]*tensors.Tensor, error) { return nil, errors.New("no luck") }
	if _, err := train(failing); err == nil || !strings.Contains(err.Error(), "a: no luck") {
		t.Errorf("a failure on the host: %v", err)
	}
	if _, err := train(hosted("a", 3), func() *Method {
		m := hosted("b", 1)
		m.PrepareHost = hosted("a", 3).PrepareHost
		return m
	}()); err == nil || !strings.Contains(err.Error(), `prepares "a"`) {
		t.Errorf("two results of one name: %v", err)
	}
}

func TestTheHostSeesWeightsAndParametersAsTheyAre(t *testing.T) {
	model, d := learner(t, 2, 0), sentiment(4, 1, task.Classification)
	m, seen := hosted("a", 3), 0
	inner := m.PrepareHost
	m.PrepareHost = func(s *HostStep) (map[string]*tensors.Tensor, error) {
		err := s.Parameters([]string{"a"}, func(values [][]float32) error {
			if seen++; seen == 1 && !slices.Equal(values[0], []float32{1, 2}) {
				t.Errorf("the parameter is %v at first", values[0])
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		err = s.Weights([]string{"classifier.bias", "classifier.weight"}, func(values [][]float32) error {
			if len(values) != 2 || len(values[0]) != 2 || len(values[1]) != 2*model.Config.HiddenSize {
				t.Errorf("weights of %d and %d values", len(values[0]), len(values[1]))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if err := s.Weights([]string{"classifier.bias", "nothing"}, nil); err == nil || !strings.Contains(err.Error(), `"nothing"`) {
			t.Errorf("a weight that is not there: %v", err)
		}
		return inner(s)
	}
	if _, err := Train(context.Background(), goBackend(t), model, d, nil, Options{Epochs: 1, BatchSize: 4, Method: m}); err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Error("the host was not asked")
	}
}

// A parameter that takes plain steps beside weights that take Adam's moves by −η·g; a method
// whose optimizer does not fit is refused.
func TestAParameterMayTakePlainSteps(t *testing.T) {
	model, d := learner(t, 2, 0), sentiment(8, 1, task.Classification)
	m := scaled("a", 3)
	m.Parameters[0].Optimizer = SGD
	result, err := Train(context.Background(), goBackend(t), model, d, nil, Options{Epochs: 1, BatchSize: 8, LearningRate: 1e-3, Warmup: -1, MaxGradNorm: -1, Method: m, Keep: KeepLast})
	if err != nil {
		t.Fatal(err)
	}
	for i, start := range []float64{1, 2} { // the penalty is 6·a², its gradient 12·a
		if got, want := float64(result.Parameters["a"][i]), start-0.1*12*start; math.Abs(got-want) > 1e-5 {
			t.Errorf("the parameter is %g, want %g", got, want)
		}
	}
	m.Parameters[0].Optimizer = AdamW
	if _, err := Train(context.Background(), goBackend(t), model, d, nil, Options{Optimizer: SGD, Method: m, Keep: KeepLast}); err == nil || !strings.Contains(err.Error(), "optimizer of a") {
		t.Errorf("Adam beside plain steps: %v", err)
	}
}
