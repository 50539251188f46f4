package heads

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
)

func TestPruneMasksTheRankingStepByStep(t *testing.T) {
	model, d := remove(t, classifier(t, 2, 1), "0:1"), sentences(7, 1) // 5 heads
	s, p := session(t, model), prepare(t, model, d, 4)
	ranking := []Head{{1, 1}, {0, 2}, {1, 0}, {0, 0}, {1, 2}}
	for _, test := range []struct {
		step   float64
		counts []int
	}{
		{0, []int{0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5}}, {0.3, []int{0, 2, 3, 5, 5}}, {0.5, []int{0, 3, 5}}, {1, []int{0, 5}}, {0.2, []int{0, 1, 2, 3, 4, 5}},
	} {
		reports := 0
		steps, err := Prune(context.Background(), s, p, PruneOptions{Rank: Fixed(ranking), Share: test.step, Progress: func(done, total int) {
			if reports++; done != reports || total != len(test.counts) {
				t.Errorf("step %g: %d of %d done", test.step, done, total)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if reports != len(test.counts) || len(steps) != len(test.counts) {
			t.Fatalf("step %g: %d steps, %d reports, want %d", test.step, len(steps), reports, len(test.counts))
		}
		for i, step := range steps {
			n := test.counts[i]
			want := NewSet(ranking[:n]...)
			if !reflect.DeepEqual(step.Removed, want) || step.Fraction != float64(n)/5 {
				t.Errorf("step %g, %d: %v (%g), want %v", test.step, i, step.Removed, step.Fraction, want)
			}
			mask, err := want.Mask(model.Config)
			if err != nil {
				t.Fatal(err)
			}
			if alone := evaluate(t, s, p, mask); math.Abs(alone.Loss-step.Evaluation.Loss) > 1e-6 {
				t.Errorf("step %g, %d: loss %g, with this mask %g", test.step, i, step.Evaluation.Loss, alone.Loss)
			}
		}
	}
}

func TestPruneAsksForTheRankingAnewWithThePresentMask(t *testing.T) {
	model := classifier(t, 2, 1)
	s, p := session(t, model), prepare(t, model, sentences(5, 1), 4)
	var asked []int // heads that were masked when the ranking was asked for
	rank := func(_ context.Context, mask gbert.HeadMask) ([]Head, error) {
		masked := 0
		for _, h := range All(model.Config) {
			if mask[h.Layer][h.Head] == 0 {
				masked++
			}
		}
		asked = append(asked, masked)
		list := All(model.Config) // masked heads stay in the list
		if masked > 0 {
			slices.Reverse(list)
		}
		return list, nil
	}
	steps, err := Prune(context.Background(), s, p, PruneOptions{Rank: rank, Recompute: true, Share: 1. / 3})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(asked, []int{0, 2, 4}) {
		t.Errorf("asked with %v heads masked", asked)
	}
	for i, want := range []string{"", "0:0,1", "0:0,1;1:1,2", "0:0,1,2;1:0,1,2"} {
		if got := steps[i].Removed.String(); got != want {
			t.Errorf("step %d: %s, want %s", i, got, want)
		}
	}
	asked = nil
	if _, err := Prune(context.Background(), s, p, PruneOptions{Rank: rank}); err != nil || len(asked) != 1 {
		t.Errorf("asked %d times, %v", len(asked), err)
	}
}

func TestPruneSaysWhatIsWrong(t *testing.T) {
	model := remove(t, classifier(t, 2, 1), "0:1")
	s, p := session(t, model), prepare(t, model, sentences(3, 1), 4)
	all := All(model.Config)
	failing := func(context.Context, gbert.HeadMask) ([]Head, error) { return nil, errors.New("no order today") }
	for mentions, o := range map[string]PruneOptions{
		"too few heads: 3 of the model's 5": {Rank: Fixed(all[:3])},
		"too few heads: 6":                  {Rank: Fixed(append(slices.Clone(all[:3]), all[:3]...))},
		"removed already":                   {Rank: Fixed(append([]Head{{0, 1}}, all...))},
		"no layer 7":                        {Rank: Fixed(append([]Head{{7, 0}}, all...))},
		"pruning step of -0.1":              {Rank: Fixed(all), Share: -0.1},
		"pruning step of 1.5":               {Rank: Fixed(all), Share: 1.5},
		"pruning step of NaN":               {Rank: Fixed(all), Share: math.NaN()},
		"no ranking":                        {},
		"no order today":                    {Rank: failing},
	} {
		if _, err := Prune(context.Background(), s, p, o); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
	}
}

func TestStepsThatAreKnownAreNotEvaluatedAgain(t *testing.T) {
	m := classifier(t, 2, 1)
	s, p := session(t, m), prepare(t, m, sentences(6, 1), 4)
	ranking := All(m.Config)
	first, err := Prune(context.Background(), s, p, PruneOptions{Rank: Fixed(ranking), Share: 1. / 3})
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Prune(context.Background(), s, p, PruneOptions{Rank: Fixed(Reversed(ranking)), Share: 1. / 3})
	if err != nil {
		t.Fatal(err)
	}
	steps, err := Prune(context.Background(), s, p, PruneOptions{Rank: Fixed(Reversed(ranking)), Share: 1. / 3, Known: first})
	if err != nil {
		t.Fatal(err)
	}
	last := len(steps) - 1
	for i, step := range steps {
		if got, want := step.Evaluation == first[i].Evaluation, i == 0 || i == last; got != want {
			t.Errorf("step %d of %d, without %s: taken from the other order is %v", i, last, step.Removed, got)
		}
		if step.Evaluation.Loss != plain[i].Evaluation.Loss {
			t.Errorf("step %d: loss %g, want %g", i, step.Evaluation.Loss, plain[i].Evaluation.Loss)
		}
	}
}
