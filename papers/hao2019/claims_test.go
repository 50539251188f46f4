package hao2019

import (
	"math"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
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

func checkClaims(t *testing.T, claims []experiment.Claim) {
	t.Helper()
	for _, c := range claims {
		if c.Text == "" || c.Paper == "" || c.Measured == "" || c.Rule == "" || c.Estimand == "" || c.Explanation == "" && c.Verdict == report.CannotTell {
			t.Errorf("a claim is not told in full: %+v", c)
		}
	}
}
