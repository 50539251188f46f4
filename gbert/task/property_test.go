package task

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bertlab/stats"
)

var classes = rapid.SliceOfN(rapid.IntRange(0, 3), 1, 60)

func drawConfusion(t *rapid.T) (gold, predicted []int, c Confusion) {
	gold = classes.Draw(t, "gold")
	predicted = rapid.SliceOfN(rapid.IntRange(0, 3), len(gold), len(gold)).Draw(t, "predicted")
	c, err := NewConfusion(4, gold, predicted)
	if err != nil {
		t.Fatal(err)
	}
	return gold, predicted, c
}

func TestClassMetricsDoNotDependOnTheOrderOfExamplesOrClasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gold, predicted, c := drawConfusion(t)
		order := rapid.Permutation([]int{0, 1, 2, 3}).Draw(t, "classes")
		rows := rapid.Permutation(seq(len(gold))).Draw(t, "rows")
		g, p := make([]int, len(gold)), make([]int, len(gold))
		for i, r := range rows {
			g[i], p[i] = order[gold[r]], order[predicted[r]]
		}
		d, err := NewConfusion(4, g, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, pair := range [][2]float64{{c.Accuracy(), d.Accuracy()}, {c.F1(), d.F1()}, {c.Matthews(), d.Matthews()}} {
			if math.Abs(pair[0]-pair[1]) > 1e-12 {
				t.Fatalf("%v became %v", pair[0], pair[1])
			}
			if pair[0] < -1-1e-12 || pair[0] > 1+1e-12 {
				t.Fatalf("%v is out of range", pair[0])
			}
		}
	})
}

func TestMatthewsIsSymmetricAndForTwoClassesPearsonsR(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gold, predicted, c := drawConfusion(t)
		swapped, err := NewConfusion(4, predicted, gold)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(c.Matthews()-swapped.Matthews()) > 1e-12 {
			t.Fatalf("%v against %v", c.Matthews(), swapped.Matthews())
		}
		x, y := make([]float64, len(gold)), make([]float64, len(gold))
		for i := range gold {
			gold[i], predicted[i] = gold[i]%2, predicted[i]%2
			x[i], y[i] = float64(gold[i]), float64(predicted[i])
		}
		two, err := NewConfusion(2, gold, predicted)
		if err != nil {
			t.Fatal(err)
		}
		if r := stats.Pearson(x, y); !math.IsNaN(r) && math.Abs(two.Matthews()-r) > 1e-9 {
			t.Fatalf("φ %v, r %v", two.Matthews(), r)
		}
	})
}

func seq(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func same(a, b float64) bool { return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-9 }

func TestHoldOutKeepsAllExamplesAndTwinsTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 80).Draw(t, "n")
		d := &Dataset{Task: &Task{Name: "x", groupID: beforeUnderscore}}
		for i := range n {
			d.Examples = append(d.Examples, Example{
				ID:    fmt.Sprintf("%d_%d", rapid.IntRange(0, 2*n).Draw(t, "document"), i),
				TextA: fmt.Sprintf("Text, %d!", rapid.IntRange(0, 3*n).Draw(t, "text")),
			})
		}
		holdout, seed := rapid.IntRange(1, n-1).Draw(t, "holdout"), rapid.Uint64().Draw(t, "seed")
		train, dev, err := d.HoldOut(holdout, seed)
		if err != nil {
			return // all belong together
		}
		if dev.Len() > holdout || train.Len()+dev.Len() != n {
			t.Fatalf("train %d and dev %d of %d, asked for %d", train.Len(), dev.Len(), n, holdout)
		}
		if len(dev.Overlap(train)) > 0 {
			t.Fatal("a text stands in both")
		}
		documents := map[string]bool{}
		for _, e := range train.Examples {
			documents[beforeUnderscore(e.ID)] = true
		}
		for _, e := range dev.Examples {
			if documents[beforeUnderscore(e.ID)] {
				t.Fatalf("document of %s stands in both", e.ID)
			}
		}
		again, _, _ := d.HoldOut(holdout, seed)
		if !reflect.DeepEqual(train, again) {
			t.Fatal("another split with the same seed")
		}
	})
}

func TestHoldOutIsExactWithoutTwins(t *testing.T) {
	d := numbered(100)
	train, dev, err := d.HoldOut(37, 1)
	if err != nil || train.Len() != 63 || dev.Len() != 37 {
		t.Fatalf("%v %v %v", train, dev, err)
	}
	_, other, err := d.HoldOut(37, 2)
	if err != nil || reflect.DeepEqual(other.Examples, dev.Examples) {
		t.Error("another seed gives the same split")
	}
	for _, n := range []int{0, -1, 100, 101} {
		if _, _, err := d.HoldOut(n, 1); err == nil {
			t.Errorf("holding out %d of 100: no error", n)
		}
	}
}

func numbered(n int) *Dataset {
	d := &Dataset{Task: &Task{Name: "x"}}
	for i := range n {
		d.Examples = append(d.Examples, Example{ID: fmt.Sprint(i), TextA: fmt.Sprintf("text %d", i), Label: i % 2})
	}
	return d
}

// The draws are part of every stored result: this test fails if they ever change.
func TestSeededDrawsAreTheSameForEver(t *testing.T) {
	d, err := numbered(20).Take(5, 42)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range d.Examples {
		ids = append(ids, e.ID)
	}
	if got, want := strings.Join(ids, " "), "3 6 8 11 19"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTakeRowsAndSubsetSayWhatTheyAre(t *testing.T) {
	d := numbered(10)
	rows, err := d.Rows(2, 5)
	if err != nil || rows.Len() != 3 || rows.Selection != "rows 2 to 4" {
		t.Fatalf("%+v, %v", rows, err)
	}
	sub, err := rows.Subset([]int{2, 0})
	if err != nil || sub.Examples[0].ID != "4" || sub.Selection != "rows 2 to 4; 2 chosen rows" {
		t.Fatalf("%+v, %v", sub, err)
	}
	if all, err := d.Take(99, 1); err != nil || all.Len() != 10 {
		t.Errorf("taking more than there is: %v, %v", all, err)
	}
	for _, err := range []error{second(d.Rows(3, 2)), second(d.Rows(0, 11)), second(d.Subset([]int{10})), second(d.Take(-1, 0))} {
		if err == nil {
			t.Error("no error")
		}
	}
	if d.Len() != 10 || d.Selection != "" {
		t.Error("the data set itself changed")
	}
}

func second[T any](_ T, err error) error { return err }

func TestScoresWriteNaNAsNull(t *testing.T) {
	out, err := json.Marshal(Scores{Pearson: math.NaN(), Spearman: 0.5})
	if err != nil || string(out) != `{"pearson":null,"spearman":0.5}` {
		t.Errorf("%s, %v", out, err)
	}
}

func TestScoreOfARegressionAndItsLoss(t *testing.T) {
	stsb := mustLookup(t, "stsb")
	d := &Dataset{Task: stsb, Examples: []Example{{Value: 1}, {Value: 2}, {Value: 4}}}
	p, err := Predictions(d, [][]float32{{1}, {2.5}, {3}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Score(stsb, p, d.Examples)
	if err != nil || !same(s[Spearman], 1) || !same(s[Pearson], 0.8910421112136306) {
		t.Errorf("%v, %v", s, err)
	}
	if l, err := Loss(stsb, p, d.Examples); err != nil || !same(l, 1.25/3) {
		t.Errorf("loss %v, %v", l, err)
	}
}

func TestWrongCallsAreErrors(t *testing.T) {
	sst2 := mustLookup(t, "sst2")
	d := &Dataset{Task: sst2, Examples: []Example{{Label: -1}}}
	p, err := Predictions(d, [][]float32{{0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	nan := float32(math.NaN())
	for name, err := range map[string]error{
		"unlabelled":      second(Score(sst2, p, d.Examples)),
		"unlabelled loss": second(Loss(sst2, p, d.Examples)),
		"unlabelled pair": second(Right(d.Task, p, d.Examples)),
		"none":            second(Score(sst2, nil, nil)),
		"lengths":         second(Score(sst2, p, nil)),
		"logits":          second(Predictions(d, [][]float32{{1}})),
		"NaN":             second(Predictions(d, [][]float32{{nan, 1}})),
		"metric":          (&Task{Name: "x", Labels: []string{"a", "b"}, Metrics: []string{Pearson}}).Check(),
		"labels":          (&Task{Name: "x", Labels: []string{"a", "a"}}).Check(),
		"lookup":          second(Lookup("race")),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "task: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLookupForgivesSpellingAndGivesCopies(t *testing.T) {
	for _, name := range []string{"SST-2", "sst2", "MNLI_MM", "mnli-mm", "STS-B"} {
		if _, err := Lookup(name); err != nil {
			t.Error(err)
		}
	}
	for _, name := range Names() {
		task := mustLookup(t, name)
		if name != "custom" && !task.Kind.collects() {
			if err := task.Check(); err != nil {
				t.Error(err)
			}
		}
	}
	a := mustLookup(t, "sst2")
	a.Labels[0] = "changed"
	if !slices.Equal(mustLookup(t, "sst2").Labels, []string{"negative", "positive"}) {
		t.Error("a caller changed the known task")
	}
}
