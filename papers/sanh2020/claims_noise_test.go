package sanh2020

import (
	"math"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/techniques/movement"
)

// sampled adds a run at Focus whose mask is a pattern, repeated over the sample.
func (r *Result) sampled(kind movement.Kind, seed uint64, pattern string) {
	v := r.variant(kind, r.Config.Focus)
	v.Seed = seed
	kept := outcomes(pattern)
	count := 0.0
	for _, is := range kept {
		if is {
			count++
		}
	}
	share := count / float64(len(kept))
	r.MatrixSizes = [][]int{{10, 30}}
	r.Runs = append(r.Runs, Trained{Variant: v, Kept: share, ByMatrix: [][]float64{{share, share}}, Sample: &movement.Sample{Kept: kept}})
}

func TestMasksOfTwoSeedsAgreeAsFarAsTheyOverlap(t *testing.T) {
	r := synthetic()
	r.sampled(movement.Movement, 1, "1100")
	r.sampled(movement.Movement, 2, "1010")
	r.sampled(movement.Magnitude, 1, "1000")
	r.sampled(movement.Magnitude, 2, "1000")
	r.sampled(movement.Soft, 1, "1000")                                                                                        // alone
	r.Runs = append(r.Runs, Trained{Variant: r.variant(movement.Movement, r.Config.Focus), Sample: nil})                       // not sampled
	r.Runs = append(r.Runs, Trained{Variant: r.variant(movement.Movement, 0.5), Sample: &movement.Sample{Kept: []bool{true}}}) // another share
	got := r.agreements()
	want := []Agreement{{movement.Magnitude, 1, 0.25, 1}, {movement.Movement, 0.5, 0.5, 1}}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i].Kind != want[i].Kind || math.Abs(got[i].Overlap-want[i].Overlap) > 1e-12 || math.Abs(got[i].Chance-want[i].Chance) > 1e-12 || got[i].Pairs != want[i].Pairs {
			t.Errorf("%+v, not %+v", got[i], want[i])
		}
	}
}

func TestScoresAreNoiseAfterFewStepsOrWithoutAgreement(t *testing.T) {
	for name, test := range map[string]struct {
		steps     int
		agreement []Agreement
		says      string // "": they are no noise
	}{
		"few steps":                 {leastSteps - 1, nil, "1,999 steps"},
		"few steps, and agreement":  {leastSteps - 1, []Agreement{{movement.Movement, 0.9, 0.1, 1}}, "1,999 steps"},
		"enough steps":              {leastSteps, nil, ""},
		"enough, and agreement":     {leastSteps, []Agreement{{movement.Movement, 0.151, 0.1, 1}}, ""},
		"enough, and no agreement":  {leastSteps, []Agreement{{movement.Movement, 0.149, 0.1, 1}}, "14.9 %"},
		"magnitude does not matter": {leastSteps, []Agreement{{movement.Magnitude, 0.1, 0.1, 1}}, ""},
	} {
		r := synthetic()
		r.Steps, r.Agreement = test.steps, test.agreement
		reason := english(r).noisy()
		if (reason == "") != (test.says == "") || !strings.Contains(reason, test.says) {
			t.Errorf("%s: %q", name, reason)
		}
		for _, better := range []bool{true, false} { // movement, by many and by few weights
			a, b := "0", "1"
			if better {
				a, b = b, a
			}
			for _, share := range []float64{0.5, 0.1} {
				r.add(r.variant(movement.Movement, share), a)
				r.add(r.variant(movement.Magnitude, share), b)
			}
			many, few := judge(r, edition.manyRemain), judge(r, func(r edition) experiment.Statement { return r.fewRemain(movement.Movement) })
			wantMany, wantFew := report.Holds, report.DoesNotHold
			if better {
				wantMany, wantFew = report.DoesNotHold, report.Holds
			}
			if test.says != "" {
				wantMany = report.CannotTell
				if !better { // noise does not win
					wantFew = report.CannotTell
				}
			}
			if many.Verdict != wantMany || few.Verdict != wantFew {
				t.Errorf("%s, better %t: %v and %v, want %v and %v", name, better, many.Verdict, few.Verdict, wantMany, wantFew)
			}
			r.Runs = nil
		}
	}
}

func TestFewStepsDecideNoClaimAboutLearnedScoresButAWin(t *testing.T) {
	r := synthetic()
	r.Steps = 100
	for _, v := range []float64{0.5, 0.1, 0.03} {
		r.add(r.variant(movement.Magnitude, v), "0")
		r.add(r.variant(movement.Movement, v), "1")
		r.add(r.variant(movement.L0, v), "0")
	}
	claims, err := english(r).Claims()
	if err != nil {
		t.Fatal(err)
	}
	decided := map[string]report.Verdict{}
	for _, c := range claims {
		if c.Verdict != report.CannotTell {
			decided[c.Text] = c.Verdict
		}
	}
	const win = "With 15 % of the weights or fewer, movement pruning is better than magnitude pruning."
	if decided[win] != report.Holds || len(decided) != 2 { // and the drift
		t.Errorf("%v", decided)
	}
}
