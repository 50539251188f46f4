package task

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// kindsGolden is what testdata/make_kinds_golden.py writes.
type kindsGolden struct {
	Questions []struct {
		Prediction, Normalized string
		Answers                []string
		Exact, F1              float64
		OpenExact              float64 `json:"open_exact"`
		OpenF1                 float64 `json:"open_f1"`
	}
	Taggings []struct {
		Gold, Predicted                 [][]string
		Precision, Recall, F1, Accuracy float64
	}
	Sets []struct {
		Gold           [][]int
		Logits         [][]float32
		Micro          float64 `json:"f1_micro"`
		Macro          float64 `json:"f1_macro"`
		SubsetAccuracy float64 `json:"subset_accuracy"`
		Losses         []float64
	}
}

func readKindsGolden(t *testing.T) (g kindsGolden) {
	t.Helper()
	data, err := os.ReadFile("testdata/kinds.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func score(t *testing.T, task *Task, predictions []Prediction, gold []Example) Scores {
	t.Helper()
	scores, err := Score(task, predictions, gold)
	if err != nil {
		t.Fatal(err)
	}
	return scores
}

// scoresAre reports metrics that are not those wanted to 1e-9.
func scoresAre(t *testing.T, what any, got Scores, want map[string]float64) {
	t.Helper()
	for name, w := range want {
		if v, ok := got[name]; !ok || math.Abs(v-w) > 1e-9 {
			t.Errorf("%v: %s is %g, want %g", what, name, v, w)
		}
	}
}

func TestAnswersAreScoredAsSQuADsScriptsDo(t *testing.T) {
	closed, open := mustLookup(t, "squad"), mustLookup(t, "squad2")
	var predictions []Prediction
	var gold []Example
	var exact, f1, openExact, openF1 float64
	for _, q := range readKindsGolden(t).Questions {
		if got := NormalizeAnswer(q.Prediction); got != q.Normalized {
			t.Errorf("%q is normalised to %q, want %q", q.Prediction, got, q.Normalized)
		}
		e := Example{Detail: &Detail{}}
		for _, a := range q.Answers {
			e.Detail.Answers = append(e.Detail.Answers, Answer{Text: a})
		}
		p := Prediction{Answer: q.Prediction}
		predictions, gold = append(predictions, p), append(gold, e)
		exact, f1, openExact, openF1 = exact+q.Exact, f1+q.F1, openExact+q.OpenExact, openF1+q.OpenF1
		scoresAre(t, q, score(t, closed, []Prediction{p}, []Example{e}), map[string]float64{ExactMatch: q.Exact, F1: q.F1})
		scoresAre(t, q, score(t, open, []Prediction{p}, []Example{e}), map[string]float64{ExactMatch: q.OpenExact, F1: q.OpenF1})
	}
	n := float64(len(gold))
	if n < 100 {
		t.Fatalf("only %g questions", n)
	}
	scoresAre(t, "all", score(t, closed, predictions, gold), map[string]float64{ExactMatch: exact / n, F1: f1 / n})
	scoresAre(t, "all", score(t, open, predictions, gold), map[string]float64{ExactMatch: openExact / n, F1: openF1 / n})
}

func TestQuestionsWithAndWithoutAnswersHaveTheirOwnMetrics(t *testing.T) {
	open := mustLookup(t, "squad2")
	some := Example{Detail: &Detail{Answers: []Answer{{Text: "red cat"}}}}
	none := Example{Detail: &Detail{}}
	got := score(t, open, []Prediction{{Answer: "cat"}, {Answer: ""}, {Answer: "dog"}}, []Example{some, none, none})
	scoresAre(t, "all", got, map[string]float64{ExactMatch: 1. / 3, F1: (2./3 + 1) / 3, HasAnswerExact: 0, HasAnswerF1: 2. / 3, NoAnswerExact: 0.5})
	got = score(t, open, []Prediction{{Answer: "cat"}}, []Example{some})
	if _, there := got[NoAnswerExact]; there {
		t.Errorf("there is a metric of no questions: %v", got)
	}
	right, err := Right(open, []Prediction{{Answer: "the RED cat!"}, {Answer: ""}, {Answer: "dog"}}, []Example{some, none, none})
	if err != nil || !slices.Equal(right, []bool{true, true, false}) {
		t.Errorf("%v, %v", right, err)
	}
}

func TestEntitiesAreScoredAsSeqevalDoes(t *testing.T) {
	golden := readKindsGolden(t).Taggings
	if len(golden) < 50 {
		t.Fatalf("only %d taggings", len(golden))
	}
	for i, g := range golden {
		ner := mustLookup(t, "ner")
		number := func(tag string) int {
			if !slices.Contains(ner.Labels, tag) {
				ner.Labels = append(ner.Labels, tag)
			}
			return slices.Index(ner.Labels, tag)
		}
		numbers := func(tags []string) (n []int) {
			for _, tag := range tags {
				n = append(n, number(tag))
			}
			return n
		}
		var predictions []Prediction
		var gold []Example
		for s := range g.Gold {
			predictions = append(predictions, Prediction{Tags: numbers(g.Predicted[s])})
			gold = append(gold, Example{Detail: &Detail{Words: g.Gold[s], Tags: numbers(g.Gold[s])}})
		}
		scoresAre(t, i, score(t, ner, predictions, gold), map[string]float64{F1: g.F1, Precision: g.Precision, Recall: g.Recall, Accuracy: g.Accuracy})
	}
}

func TestMultiLabelMetricsAndLossesEqualScikitLearnAndTorch(t *testing.T) {
	for i, g := range readKindsGolden(t).Sets {
		task := mustLookup(t, "multilabel")
		for k := range g.Gold[0] {
			task.Labels = append(task.Labels, string(rune('a'+k)))
		}
		d := &Dataset{Task: task}
		for _, row := range g.Gold {
			e := Example{Detail: &Detail{}}
			for k, v := range row {
				if v == 1 {
					e.Detail.Classes = append(e.Detail.Classes, k)
				}
			}
			d.Examples = append(d.Examples, e)
		}
		predictions, err := Predictions(d, g.Logits)
		if err != nil {
			t.Fatal(err)
		}
		scoresAre(t, i, score(t, task, predictions, d.Examples), map[string]float64{MicroF1: g.Micro, MacroF1: g.Macro, SubsetAccuracy: g.SubsetAccuracy})
		losses, err := Losses(task, predictions, d.Examples)
		if err != nil {
			t.Fatal(err)
		}
		for j := range losses {
			if math.Abs(losses[j]-g.Losses[j]) > 1e-9 {
				t.Errorf("set %d, example %d: loss %g, want %g", i, j, losses[j], g.Losses[j])
			}
		}
	}
}
