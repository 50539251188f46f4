package hao2019

import (
	"math"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/landscape"
)

func interval(value, low, high float64) stats.Interval {
	return stats.Interval{Value: value, Low: low, High: high}
}

// found is a result with which every claim holds.
func found() *Result {
	curve := func(end float64) Curve {
		return Curve{Surface: &landscape.Surface{Geometry: landscape.Geometry{First: 2}, Sets: []landscape.SetSurface{{End: landscape.Measure{Loss: end}}}}}
	}
	r := &Result{
		Measured: experiment.Measured[Config]{Config: Config{OnTask: experiment.OnTask{Task: "movies"}, Other: "tweets"}}, Layers: 6, Classes: 2, Prior: math.Ln2, Fine: curve(0.2), Scratch: curve(0.4),
		Surface:    &Surface{Surface: &landscape.Surface{Grid: landscape.Plane(-1, 2, 4)}, Consistency: interval(0.9, 0.8, 0.95)},
		Rollback:   []Rollback{{Name: "none"}, {Name: "low"}, {Name: "middle"}, {Name: "high"}},
		LowAgainst: []stats.Interval{interval(0.03, 0.01, 0.05), interval(0.2, 0.15, 0.25)},
		Cosine:     interval(0.05, 0.01, 0.09),
	}
	r.widen(0.8, 0.3)
	r.Fine.Rise, r.Fine.Drop = interval(0.01, 0, 0.03), interval(0.5, 0.4, 0.6)
	r.Geometry = append(r.Geometry, landscape.Geometry{Name: "embeddings", Norm: 1, First: 9, Second: 9})
	for l := range 6 {
		r.Geometry = append(r.Geometry, landscape.Geometry{Name: (&landscape.Part{First: l, End: l + 1}).Layers(), Norm: 1, First: float64(l), Second: float64(l * l)})
	}
	return r
}

// widen gives three seeds about the same difference of widths.
func (r *Result) widen(difference, half float64) {
	r.WidthDifference, r.More = interval(difference, difference-half, difference+half), nil
	for seed := range uint64(2) {
		r.More = append(r.More, Width{Seed: seed + 2, Difference: difference + 0.02*(float64(seed)-0.5), Learned: true})
	}
}

func TestEachClaimFollowsItsRule(t *testing.T) { judged(t) }

// judged are the claims of changed results, each checked.
func judged(t *testing.T) (list [][]experiment.Claim) {
	t.Helper()
	const width, smooth, consistent, rollback, invariant, orthogonal = 0, 1, 2, 3, 4, 5
	all := []report.Verdict{report.Holds, report.Holds, report.Holds, report.Holds, report.Holds, report.Holds}
	for name, test := range map[string]struct {
		change  func(*Result)
		claim   int
		verdict report.Verdict
	}{
		"as it is":                {func(*Result) {}, width, report.Holds},
		"narrower":                {func(r *Result) { r.widen(-0.5, 0.3) }, width, report.DoesNotHold},
		"perhaps wider":           {func(r *Result) { r.widen(0.1, 0.3) }, width, report.CannotTell},
		"two seeds":               {func(r *Result) { r.More = r.More[:1] }, width, report.CannotTell},
		"seeds disagree":          {func(r *Result) { r.More[0].Difference = -0.5 }, width, report.CannotTell},
		"another did not learn":   {func(r *Result) { r.More[0].Learned = false }, width, report.CannotTell},
		"another reaches the end": {func(r *Result) { r.More[1].Open = true }, width, report.CannotTell},
		"scratch has not learned": {func(r *Result) { r.Scratch.Sets[0].End.Loss = 0.65 }, width, report.CannotTell},
		"scratch reaches the end": {func(r *Result) { r.Scratch.Open = true }, width, report.CannotTell},
		"fine reaches the end":    {func(r *Result) { r.Fine.Open = true }, width, report.Holds},
		"a bump":                  {func(r *Result) { r.Fine.Rise = interval(0.2, 0.1, 0.3) }, smooth, report.DoesNotHold},
		"perhaps a bump":          {func(r *Result) { r.Fine.Rise = interval(0.04, 0.01, 0.1) }, smooth, report.CannotTell},
		"no descent":              {func(r *Result) { r.Fine.Drop = interval(0.01, -0.1, 0.1) }, smooth, report.CannotTell},
		"another surface":         {func(r *Result) { r.Surface.Consistency = interval(0.1, -0.1, 0.3) }, consistent, report.DoesNotHold},
		"perhaps another surface": {func(r *Result) { r.Surface.Consistency = interval(0.5, 0.4, 0.6) }, consistent, report.CannotTell},
		"low layers cost most":    {func(r *Result) { r.LowAgainst[1] = interval(-0.1, -0.2, -0.01) }, rollback, report.DoesNotHold},
		"low as middle":           {func(r *Result) { r.LowAgainst[0] = interval(0.01, -0.01, 0.03) }, rollback, report.CannotTell},
		"low layers move most": {func(r *Result) {
			for i := range r.Geometry {
				r.Geometry[i].First, r.Geometry[i].Second = -r.Geometry[i].First, -r.Geometry[i].Second
			}
		}, invariant, report.DoesNotHold},
		"two tasks disagree": {func(r *Result) {
			for i := range r.Geometry {
				r.Geometry[i].Second = -r.Geometry[i].Second
			}
		}, invariant, report.DoesNotHold},
		"all layers move alike": {func(r *Result) {
			for i := range r.Geometry {
				r.Geometry[i].First, r.Geometry[i].Second = 1, 1
			}
		}, invariant, report.CannotTell},
		"the same direction":   {func(r *Result) { r.Cosine = interval(0.6, 0.5, 0.7) }, orthogonal, report.DoesNotHold},
		"opposite directions":  {func(r *Result) { r.Cosine = interval(-0.6, -0.7, -0.5) }, orthogonal, report.DoesNotHold},
		"perhaps an angle":     {func(r *Result) { r.Cosine = interval(0.15, 0.1, 0.2) }, orthogonal, report.CannotTell},
		"orthogonal after all": {func(r *Result) { r.Cosine = interval(0, -0.1, 0.1) }, orthogonal, report.Holds},
	} {
		r := found()
		test.change(r)
		claims, err := english(r).Claims()
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range claims {
			want := all[i]
			if i == test.claim {
				want = test.verdict
			}
			if c.Verdict != want {
				t.Errorf("%s: claim %d (%s) is %v, want %v: %s", name, i, c.Text, c.Verdict, want, c.Measured)
			}
		}
		checkClaims(t, claims)
		list = append(list, claims)
	}
	return list
}

// The widths that stand beside the mean over seeds are those of one seed, and say so.
func TestTheWidthsAreToldSeedBySeed(t *testing.T) {
	r := found()
	r.Config.Seed, r.Config.MoreSeeds = 1, []uint64{2, 3}
	c := experiment.Judge(words.English, english(r).width())[0]
	for _, want := range []string{"the differences by seed: +0.800, +0.790, +0.810", "with seed 1, width"} {
		if !strings.Contains(c.Measured, want) {
			t.Errorf("%q does not say %q", c.Measured, want)
		}
	}
	if !strings.HasSuffix(c.Estimand, "mean over the trainings with seeds 1, 2, 3") {
		t.Error(c.Estimand)
	}
}

// What δ₂ says depends on how much was learned for it.
func TestTheClaimsAboutTheSecondTaskSayHowMuchWasLearned(t *testing.T) {
	r := found()
	r.Config.Epochs, r.Runs = 1, []Training{{Task: "movies"}, {Task: "tweets", Steps: 115, TrainLoss: 0.608}}
	const loss = "epochs 1, steps 115, mean training loss of the last epoch 0.608"
	for _, test := range []struct{ other, want string }{{"tweets", loss + ". The less"}, {"mrpc", loss + ", where the shares of the classes alone give 0.631. The less"}} {
		r.Config.Other = test.other
		for _, s := range []experiment.Statement{english(r).invariant(), english(r).orthogonal()} {
			if !strings.Contains(s.Note, test.want) {
				t.Errorf("%s: %q", test.other, s.Note)
			}
		}
	}
	r.Config.OtherExamples = 100 // whose shares are not known
	if note := english(r).second(); strings.Contains(note, "shares") {
		t.Error(note)
	}
	for i := range r.Geometry {
		r.Geometry[i].First, r.Geometry[i].Second = 1+0.026*float64(i), 2
	}
	if note := english(r).invariant().Note; !strings.HasPrefix(note, "Adam ") || !strings.Contains(note, "moves 1.13 times as far as the one that moves least on movies, and 1.00 times on") {
		t.Error(note)
	}
}

func TestFlatnessIsHeldAgainstTheErrorsOnDev(t *testing.T) {
	for _, test := range []struct {
		scratch, own, other float64 // the width from scratch, where that of the fine-tuned is 0.5; the errors of the fine-tuned and from scratch
		wider, as, reverse  bool
	}{
		{1, 0.11, 0.19, true, false, true}, {1, 0.19, 0.11, true, true, false}, {0.3, 0.11, 0.19, false, true, false}, {0.3, 0.19, 0.11, false, false, true},
		{1, 0.11, 0.11, true, false, false},
	} {
		r := found()
		if numbers := english(r).flatness(); numbers["compared"] != false {
			t.Errorf("without a surface from scratch: %v", numbers)
		}
		ended := func(share float64) *Surface {
			return &Surface{Surface: &landscape.Surface{Sets: []landscape.SetSurface{{}, {Examples: 256, End: landscape.Measure{Error: share}}}}}
		}
		r.Surface, r.ScratchSurface = ended(test.own), ended(test.other)
		r.Fine.Width, r.Scratch.Width = interval(0.5, 0.4, 0.6), interval(test.scratch, test.scratch, test.scratch)
		numbers := english(r).flatness()
		if numbers["scratchIsWider"] != test.wider || numbers["asThePaper"] != test.as || numbers["reverse"] != test.reverse || numbers["inBothUnits"] != true {
			t.Errorf("%+v: %v", test, numbers)
		}
		r.Scratch.Sets[0].End.Loss = 0.65
		if numbers := english(r).flatness(); numbers["compared"] != false {
			t.Errorf("nothing learned: %v", numbers)
		}
	}
}

func TestThePaperIsQuotedOnTheSameTask(t *testing.T) {
	for task, want := range map[string]string{"mrpc": "MRPC", "movies": "SST-2", "sst2": "SST-2"} {
		r := found()
		r.Config.Task = task
		rows := english(r).QuotedTable().Rows
		if len(rows) != 4 || !strings.HasSuffix(rows[0][0].(string), "(the paper: "+want+")") {
			t.Errorf("%s: %v", task, rows)
		}
	}
}

func TestASmallPIsNotZero(t *testing.T) {
	for p, want := range map[float64]string{3.8e-63: "< 0.001", 0.00099: "< 0.001", 0.001: "0.001", 0.0356: "0.036", 1: "1.000"} {
		if got := pText(p); got != want {
			t.Errorf("%g: %s", p, got)
		}
	}
}

func checkClaims(t *testing.T, claims []experiment.Claim) {
	t.Helper()
	for _, c := range claims {
		if c.Text == "" || c.Paper == "" || c.Measured == "" || c.Rule == "" || c.Estimand == "" || c.Explanation == "" && c.Verdict == report.CannotTell {
			t.Errorf("a claim is not told in full: %+v", c)
		}
	}
}
