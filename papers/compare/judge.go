package compare

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// answers are what a model says to the test examples.
type answers struct {
	Logits [][]float32 `json:"logits"` // of the model's own encodings, where the task asks about tokens
	Losses []float64   `json:"losses"`
	Score  float64     `json:"score"`
	Cut    int         `json:"cut,omitempty"` // examples that are longer than what the model reads of them
	// Predictions are there where they do not follow from the logits alone, with the model's class numbers.
	Predictions []task.Prediction `json:"predictions,omitempty"`
}

// ask runs a model over the test set.
func (w *work) ask(c *contender) (*answers, error) {
	identity := map[string]any{"data": w.result.Provenance.Data}
	if !slices.IsSorted(c.order) {
		identity["classes"] = c.order
	}
	if w.data.Task.Kind == task.Spans {
		identity["windows"] = []any{w.testLength(), w.data.Task.Answers.Filled()}
	}
	store, err := w.store("answers", identity, c)
	if err != nil {
		return nil, err
	}
	return experiment.Step(store, "answers", func() (*answers, error) {
		session, err := gbert.NewSession(w.env.Backend, c.model)
		if err != nil {
			return nil, err
		}
		defer session.Close()
		prepared, err := w.prepared(c)
		if err != nil {
			return nil, err
		}
		logits, err := prepared.Logits(w.ctx, session, nil, w.env.Stage("judging "+c.entry.Name))
		if err != nil {
			return nil, err
		}
		evaluation, err := prepared.Judge(logits)
		if err != nil {
			return nil, err
		}
		if math.IsNaN(evaluation.Metrics[w.result.Metric]) {
			return nil, fmt.Errorf("its %s on %s is not a number: the model says the same of all %d examples, or they all have the same target; leave it out, or take other data",
				w.result.Metric, w.data.Source, w.data.Len())
		}
		a := &answers{Logits: logits, Losses: evaluation.Losses, Score: evaluation.Metrics[w.result.Metric], Cut: prepared.Cut()}
		if ofTokens(w.data.Task) {
			a.Predictions = evaluation.Predictions
		}
		return a, nil
	})
}

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

// judge fills in the scores with their intervals, and compares pairs.
func (w *work) judge(all []*answers) error {
	predictions := make([][]task.Prediction, len(all))
	for i, a := range all {
		var err error
		if predictions[i], err = w.predictions(w.list[i], a); err != nil {
			return err
		}
		m := &w.result.Models[i]
		m.Score, m.Loss, m.Truncated = a.Score, stat.Mean(a.Losses, nil), a.Cut
		own, _, err := w.resample(predictions[i], nil)
		if err != nil {
			return err
		}
		m.Low, m.High = own.Low, own.High
		if i == 0 {
			continue
		}
		m.Logits = largest(all[0].Logits, a.Logits)
		pair, drops, err := w.pair(0, i, all, predictions)
		if err != nil {
			return err
		}
		m.Against, m.Drops = pair, drops
		w.env.Report(experiment.Progress{Stage: "comparing pairs", Done: i, Total: len(all) - 1})
	}
	for _, names := range w.o.Pairs {
		i, j := w.index(names[0]), w.index(names[1])
		if i < 0 || j < 0 {
			return fmt.Errorf("the pair %q: there is no such model", names)
		}
		pair, _, err := w.pair(i, j, all, predictions)
		if err != nil {
			return err
		}
		w.result.Pairs = append(w.result.Pairs, *pair)
	}
	return nil
}

func (w *work) index(name string) int {
	return slices.IndexFunc(w.list, func(c *contender) bool { return c.entry.Name == name })
}

// ofTokens says whether a task's logits are those of tokens.
func ofTokens(t *task.Task) bool { return t.Kind == task.Tagging || t.Kind == task.Spans }

// predictions are a model's, with the task's class numbers, as the logits then are.
func (w *work) predictions(c *contender, a *answers) ([]task.Prediction, error) {
	if !ofTokens(w.data.Task) {
		a.Logits = c.inTaskOrder(a.Logits)
		return task.Predictions(w.data, a.Logits)
	}
	for i := range a.Predictions {
		for k, tag := range a.Predictions[i].Tags {
			a.Predictions[i].Tags[k] = c.order[tag]
		}
	}
	if n := len(c.order); n > 0 && !slices.IsSorted(c.order) {
		for i, row := range a.Logits {
			a.Logits[i] = nil
			for token := range slices.Chunk(row, n) {
				a.Logits[i] = append(a.Logits[i], c.inTaskOrder([][]float32{token})[0]...)
			}
		}
	}
	return a.Predictions, nil
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

// pair compares models i and j: i − j. resampled are the differences of the metric in the resamples, ascending.
func (w *work) pair(i, j int, all []*answers, predictions [][]task.Prediction) (_ *Pair, resampled []float64, err error) {
	pair := &Pair{A: w.list[i].entry.Name, B: w.list[j].entry.Name}
	if pair.Metric, resampled, err = w.resample(predictions[i], predictions[j]); err != nil {
		return nil, nil, err
	}
	loss, err := stats.PairedBootstrap(all[i].Losses, all[j].Losses, w.resampling())
	if err != nil {
		return nil, nil, err
	}
	pair.Loss = loss.Estimate
	if !w.data.Task.Kind.Discrete() {
		return pair, resampled, nil
	}
	var right [2]stats.Answers
	for k, p := range [2][]task.Prediction{predictions[i], predictions[j]} {
		if right[k], err = task.Right(w.data.Task, p, w.data.Examples); err != nil {
			return nil, nil, err
		}
	}
	test, err := stats.McNemar(right[0], right[1])
	pair.McNemar = &test
	return pair, resampled, err
}

func (w *work) resampling() stats.Resampling {
	return stats.Resampling{Resamples: w.o.Resamples, Seed: 1}
}

// resample is the bootstrap of the metric of a, or of that of a minus that of b, with what it drew, ascending.
func (w *work) resample(a, b []task.Prediction) (stats.Estimate, []float64, error) {
	metric, err := w.metric(a)
	if err != nil {
		return stats.Estimate{}, nil, err
	}
	minus := func([]int) float64 { return 0 }
	if b != nil {
		if minus, err = w.metric(b); err != nil {
			return stats.Estimate{}, nil, err
		}
	}
	var drawn []float64
	result, err := stats.Bootstrap(w.data.Len(), func(rows []int) float64 {
		v := metric(rows) - minus(rows)
		if !math.IsNaN(v) {
			drawn = append(drawn, math.Round(1e6*v)/1e6)
		}
		return v
	}, w.resampling())
	if len(drawn) > 0 {
		drawn = drawn[1:] // the estimate itself
	}
	slices.Sort(drawn)
	return result, drawn, err
}

// metric is the metric of predictions on some of the examples.
func (w *work) metric(p []task.Prediction) (func(rows []int) float64, error) {
	scorer, err := task.NewScorer(w.data.Task, p, w.data.Examples)
	if err != nil {
		return nil, err
	}
	return func(rows []int) float64 {
		value, ok := scorer.Score(rows)[w.result.Metric]
		if !ok {
			return math.NaN()
		}
		return value
	}, nil
}
