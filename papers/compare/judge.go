package compare

import (
	"context"
	"math"
	"slices"

	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// Pair compares two models on the same examples.
type Pair struct {
	A string `json:"a"`
	B string `json:"b"`
	// Metric is the metric of A minus that of B, Loss the loss of A minus that of B, each with its 95 % interval.
	Metric stats.Estimate `json:"metric"`
	Loss   stats.Estimate `json:"loss"`
	// McNemar counts the examples that one of them alone has right, for a classification.
	McNemar *stats.McNemarResult `json:"mcnemar,omitempty"`
}

// pairInputs are the answers of two models to the same examples, or of one alone.
type pairInputs struct {
	Sample    experiment.Sample
	A         *experiment.Node[answers]
	B         *experiment.Node[answers] // nil: A alone
	Resamples int
	Name      string `json:"-"`
}

// judged is a model's metric with its interval, or what two models differ by: A − B.
type judged struct {
	Pair
	// Drawn are the metrics, or their differences, in the resamples, ascending; of a pair alone.
	Drawn []float64 `json:"drawn,omitempty"`
	// Logits is the largest difference of a logit; −1 where they read other tokens.
	Logits float64 `json:"logits,omitempty"`
}

// between is the comparison of two models by their names.
func (j judged) between(a, b string) *Pair {
	pair := j.Pair
	pair.A, pair.B = a, b
	return &pair
}

var compareAnswers = &experiment.Definition[pairInputs, judged]{
	Name: "answers compared", Version: 1,
	Title: func(say *words.Printer, in pairInputs) string { return say.F("comparing %s", in.Name) },
	Run: func(_ context.Context, _ *experiment.Worker, in pairInputs) (result judged, err error) {
		sides := []answers{in.A.Result()}
		if in.B != nil {
			sides = append(sides, in.B.Result())
		}
		predictions := make([][]task.Prediction, len(sides))
		for i, a := range sides {
			if predictions[i] = a.Predictions; !ofTokens(in.Sample.Task) {
				if predictions[i], err = task.Predictions(in.Sample.Dataset, a.Logits); err != nil {
					return result, err
				}
			}
		}
		if result.Metric, result.Drawn, err = in.resample(predictions); err != nil || in.B == nil {
			result.Drawn = nil
			return result, err
		}
		result.Logits = largest(sides[0].Logits, sides[1].Logits)
		loss, err := stats.PairedBootstrap(sides[0].Losses, sides[1].Losses, in.resampling())
		if err != nil {
			return result, err
		}
		result.Loss = loss.Estimate
		return result, result.test(in.Sample, predictions)
	},
}

// test fills in McNemar's test, where predictions are right or wrong.
func (j *judged) test(sample experiment.Sample, predictions [][]task.Prediction) (err error) {
	if !sample.Task.Kind.Discrete() {
		return nil
	}
	var right [2]stats.Answers
	for k, p := range predictions {
		if right[k], err = task.Right(sample.Task, p, sample.Examples); err != nil {
			return err
		}
	}
	test, err := stats.McNemar(right[0], right[1])
	j.McNemar = &test
	return err
}

// largest is the largest difference of two models' logits; −1 where they read other tokens.
func largest(a, b [][]float32) float64 {
	most := 0.0
	if len(a) != len(b) {
		return -1
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return -1
		}
		for j := range a[i] {
			most = max(most, math.Abs(float64(a[i][j])-float64(b[i][j])))
		}
	}
	return most
}

func (in *pairInputs) resampling() stats.Resampling {
	return stats.Resampling{Resamples: in.Resamples, Seed: 1}
}

// resample is the bootstrap of the metric of one model's predictions, or of that of the first minus that of the second, with what it
// drew, ascending.
func (in *pairInputs) resample(predictions [][]task.Prediction) (stats.Estimate, []float64, error) {
	sides := make([]func(rows []int) float64, len(predictions))
	for i, p := range predictions {
		scorer, err := task.NewScorer(in.Sample.Task, p, in.Sample.Examples)
		if err != nil {
			return stats.Estimate{}, nil, err
		}
		sides[i] = func(rows []int) float64 {
			value, ok := scorer.Score(rows)[in.Sample.Task.Metrics[0]]
			if !ok {
				return math.NaN()
			}
			return value
		}
	}
	var drawn []float64
	result, err := stats.Bootstrap(in.Sample.Len(), func(rows []int) float64 {
		v := sides[0](rows)
		if len(sides) > 1 {
			v -= sides[1](rows)
		}
		if !math.IsNaN(v) {
			drawn = append(drawn, math.Round(1e6*v)/1e6)
		}
		return v
	}, in.resampling())
	if len(drawn) > 0 {
		drawn = drawn[1:] // the estimate itself
	}
	slices.Sort(drawn)
	return result, drawn, err
}
