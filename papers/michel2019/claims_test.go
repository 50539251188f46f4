package michel2019

import (
	"math"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/techniques/heads"
)

// effectsOf are n effects of which the first are as given.
func effectsOf(n int, given ...heads.HeadEffect) []heads.HeadEffect {
	list := make([]heads.HeadEffect, n)
	for i := range list {
		list[i] = heads.HeadEffect{PValue: 1, LossLow: -1, LossHigh: 1}
		if i < len(given) {
			list[i] = given[i]
		}
		list[i].Head = heads.Head{Layer: i / 4, Head: i % 4}
	}
	return list
}

func repeat(n int, e heads.HeadEffect) []heads.HeadEffect {
	list := make([]heads.HeadEffect, n)
	for i := range list {
		list[i] = e
	}
	return list
}

func TestMostHeadsAreNotSignificantMeansFewerThanHalf(t *testing.T) {
	worse := heads.HeadEffect{PValue: 0.0099, MetricDelta: -0.1}
	better := heads.HeadEffect{PValue: 0.001, MetricDelta: 0.1}
	boundary := heads.HeadEffect{PValue: 0.01, MetricDelta: -0.1}
	for _, test := range []struct {
		given []heads.HeadEffect
		want  report.Verdict
	}{
		{nil, report.Holds}, {repeat(3, worse), report.Holds}, {repeat(4, worse), report.DoesNotHold}, {append(repeat(2, worse), repeat(2, better)...), report.DoesNotHold},
		{repeat(8, boundary), report.Holds},
	} {
		r := &Result{Metric: "accuracy", Ablation: &Effects{Heads: effectsOf(8, test.given...)}}
		if c := english(r).claimSingleHeads(); c.Verdict != test.want {
			t.Errorf("%d significant: %v, want %v (%s)", len(test.given), c.Verdict, test.want, c.Measured)
		}
	}
}

func TestSomeHeadsDoHarmOnlyBeyondChance(t *testing.T) {
	harmful := heads.HeadEffect{PValue: 1, LossDelta: -0.1, LossLow: -0.2, LossHigh: -0.01}
	touching := heads.HeadEffect{PValue: 1, LossDelta: -0.1, LossLow: -0.2, LossHigh: 0}
	lucky := heads.HeadEffect{PValue: 1, MetricDelta: 0.01, LossLow: -1, LossHigh: 1}
	chance := upperBinomial(72, 0.025)
	for name, test := range map[string]struct {
		given []heads.HeadEffect
		want  report.Verdict
	}{
		"as many as chance gives": {repeat(chance, harmful), report.CannotTell}, "one more": {repeat(chance+1, harmful), report.Holds},
		"none": {nil, report.DoesNotHold}, "intervals that touch 0": {repeat(72, touching), report.DoesNotHold}, "the metric alone rises": {repeat(1, lucky), report.CannotTell},
	} {
		r := &Result{Metric: "accuracy", Ablation: &Effects{Heads: effectsOf(72, test.given...)}}
		if c := english(r).claimSomeHelp(); c.Verdict != test.want {
			t.Errorf("%s: %v, want %v (%s)", name, c.Verdict, test.want, c.Measured)
		}
	}
}

func TestUpperBinomialIsTheOnePercentTailOfTheDirectSum(t *testing.T) {
	for _, n := range []int{1, 2, 6, 16, 72, 144} {
		for _, p := range []float64{0.025, 0.5} {
			above := func(k int) float64 { // P(X > k)
				sum := 0.0
				for i := k + 1; i <= n; i++ {
					a, _ := math.Lgamma(float64(n + 1))
					b, _ := math.Lgamma(float64(i + 1))
					c, _ := math.Lgamma(float64(n - i + 1))
					sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log(1-p))
				}
				return sum
			}
			k := upperBinomial(n, p)
			if above(k) > 0.01 || k > 0 && above(k-1) <= 0.01 {
				t.Errorf("n = %d, p = %g: %d, with P(X > k) = %g", n, p, k, above(k))
			}
		}
	}
}

func TestOneHeadIsEnoughInMostLayersMeansMoreThanHalf(t *testing.T) {
	worse := heads.HeadEffect{PValue: 0.001, MetricDelta: -0.1}
	for count, want := range map[int]report.Verdict{0: report.Holds, 2: report.Holds, 3: report.DoesNotHold, 6: report.DoesNotHold} {
		r := &Result{Metric: "accuracy", OneHead: effectsOf(6, repeat(count, worse)...)}
		if c := english(r).claimOneHead(); c.Verdict != want {
			t.Errorf("%d of 6 layers worse: %v, want %v", count, c.Verdict, want)
		}
	}
}

// pruning is a curve with steps of 10 %, and the given scores and p-values.
func pruning(score, p func(percent int) float64) Curve {
	c := Curve{Order: ByImportance}
	for percent := 0; percent <= 100; percent += 10 {
		c.Points = append(c.Points, Point{Fraction: float64(percent) / 100, Score: score(percent), PValue: p(percent)})
	}
	return c
}

func TestAPlateauAndACliffAreBothNeeded(t *testing.T) {
	line := func(whole, at40, end float64) func(int) float64 { // two straight lines
		return func(percent int) float64 {
			if percent <= 40 {
				return whole + (at40-whole)*float64(percent)/40
			}
			return at40 + (end-at40)*float64(percent-40)/60
		}
	}
	from := func(first int) func(int) float64 { // significant from a percentage on
		return func(percent int) float64 {
			if percent >= first {
				return 0.009
			}
			return 0.01
		}
	}
	for name, test := range map[string]struct {
		curves []Curve
		want   report.Verdict
	}{
		"plateau and cliff":               {[]Curve{pruning(line(0.9, 0.89, 0.5), from(50))}, report.Holds},
		"significant at 40 %":             {[]Curve{pruning(line(0.9, 0.89, 0.5), from(40))}, report.DoesNotHold},
		"one seed of two significant":     {[]Curve{pruning(line(0.9, 0.89, 0.5), from(50)), pruning(line(0.9, 0.89, 0.5), from(30))}, report.DoesNotHold},
		"four times the cost is no cliff": {[]Curve{pruning(line(1, 0.875, 0.375), from(50))}, report.DoesNotHold},
		"a little more than that is":      {[]Curve{pruning(line(1, 0.875, 0.374), from(50))}, report.Holds},
		"a slope":                         {[]Curve{pruning(line(1, 0.8, 0.5), from(50))}, report.DoesNotHold},
		"nothing changes":                 {[]Curve{pruning(line(0.5, 0.5, 0.5), from(200))}, report.DoesNotHold},
		"better at 40 %, then a cliff":    {[]Curve{pruning(line(0.9, 0.92, 0.5), from(50))}, report.Holds},
		"ever better":                     {[]Curve{pruning(line(0.5, 0.6, 0.61), from(200))}, report.DoesNotHold},
	} {
		r := &Result{Metric: "accuracy", Curves: test.curves}
		c := english(r).claimPlateau()
		if c.Verdict != test.want {
			t.Errorf("%s: %v, want %v (%s)", name, c.Verdict, test.want, c.Measured)
		}
	}
}

func TestAPlateauEndsWhereTheScoreIsSignificantlyWorseNotBetter(t *testing.T) {
	significant := func(int) float64 { return 0.001 }
	better := func(percent int) float64 {
		if percent > 50 {
			return 0.4
		}
		return 0.5 + float64(percent)/1000
	}
	share, at40 := (&Result{Curves: []Curve{pruning(better, significant)}}).plateau(ByImportance)
	if share != 0.5 || at40 != 0.54 {
		t.Errorf("up to %g, %g at 40 %%", share, at40)
	}
}

func TestTheIntervalOfTheAreasDecides(t *testing.T) {
	curve := func(order Order, areas ...float64) Curve { return Curve{Order: order, Areas: areas} }
	for name, test := range map[string]struct {
		curves   []Curve
		want     report.Verdict
		measured string
	}{
		"above":      {[]Curve{curve(ByImportance, 1, 1, 0.9, 0.8), curve(AtRandom, 0.5, 0.5, 0.5, 0.5)}, report.Holds, "0.9250 against 0.5000"},
		"below":      {[]Curve{curve(ByImportance, 0.1, 0.2, 0.3, 0.2), curve(AtRandom, 0.5, 0.5, 0.5, 0.5)}, report.DoesNotHold, "0.2000 against 0.5000"},
		"equal":      {[]Curve{curve(ByImportance, 0.5, 0.5), curve(AtRandom, 0.5, 0.5)}, report.DoesNotHold, ""},
		"both ways":  {[]Curve{curve(ByImportance, 1, 0, 1, 0.1), curve(AtRandom, 0.5, 0.5, 0.5, 0.5)}, report.CannotTell, ""},
		"not run":    {[]Curve{curve(ByImportance, 1, 0)}, report.CannotTell, "not run"},
		"many draws": {[]Curve{curve(ByImportance, 1, 1), curve(AtRandom, 0, 0.2), curve(AtRandom, 1, 0.4)}, report.Holds, "1.0000 against 0.4000"},
	} {
		c, err := english(&Result{Curves: test.curves}).claimArea(AtRandom, "text", "paper")
		if err != nil {
			t.Fatal(err)
		}
		if c.Verdict != test.want || !strings.Contains(c.Measured, test.measured) {
			t.Errorf("%s: %v, want %v (%s)", name, c.Verdict, test.want, c.Measured)
		}
	}
}

func TestTransferAndSpeedAreDecidedByTheirIntervals(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		want      report.Verdict
	}{{0.1, 0.9, report.Holds}, {-0.1, 0.9, report.CannotTell}, {-0.9, 0, report.DoesNotHold}} {
		transfer := english(&Result{Transfer: &Transfer{RLow: test.low, RHigh: test.high}}).claimTransfer()
		speed := english(&Result{Speed: &Speed{MACs: 2, PrunedMACs: 1, Batches: []experiment.SpeedBatch{{Size: 1, Low: 5, High: 6}, {Size: 64, Low: 1 + test.low, High: 1 + test.high}}}}).claimSpeed()
		for _, c := range []experiment.Claim{transfer, speed} {
			if c.Verdict != test.want {
				t.Errorf("[%g, %g]: %v, want %v (%s)", test.low, test.high, c.Verdict, test.want, c.Measured)
			}
		}
	}
	if c := english(&Result{}).claimTransfer(); c.Verdict != report.CannotTell || c.Measured != "not run" {
		t.Errorf("without an out-of-domain set: %+v", c)
	}
}

func TestAnUndefinedCorrelationSaysNothing(t *testing.T) {
	constant, varying := []float64{1, 1, 1, 1, 1}, []float64{1, 2, 3, 4, 6}
	if r, err := pearson(constant, varying); r.Value != 0 || r.Low != -1 || r.High != 1 || err != nil {
		t.Errorf("%v, %v", r, err)
	}
	if r, err := pearson(varying, varying); r.Value < 0.99 || r.Low < 0.9 || r.High > 1 || err != nil {
		t.Errorf("%v, %v", r, err)
	}
	if spearman(constant, varying) != 0 || math.Abs(spearman(varying, varying)-1) > 1e-12 {
		t.Error("spearman")
	}
}

// judged are the claims of synthetic results: one in which heads hardly matter, one in which they do, one that says nothing.
func judged(t *testing.T) [][]experiment.Claim {
	curves := func(importance, other float64, at40 float64) []Curve {
		var list []Curve
		for _, order := range []Order{ByImportance, AtRandom, ByReverse, ByScore} {
			c := pruning(func(percent int) float64 {
				if percent <= 40 {
					return 0.9 + (at40-0.9)*float64(percent)/40
				}
				return at40 + (0.4-at40)*float64(percent-40)/60
			}, func(percent int) float64 {
				if percent > 40 || at40 < 0.85 {
					return 0.001
				}
				return 1
			})
			c.Order, c.Areas = order, []float64{other, other, other, other}
			if order == ByImportance {
				c.Areas = []float64{importance, importance, importance, importance}
				if importance == other {
					c.Areas = []float64{0, 1, 0, 1}
				}
			}
			list = append(list, c)
		}
		return list
	}
	worse, harmful := heads.HeadEffect{PValue: 0.001, MetricDelta: -0.1, LossLow: 0.1, LossHigh: 0.2}, heads.HeadEffect{PValue: 1, LossDelta: -0.1, LossLow: -0.2, LossHigh: -0.01}
	result := func(effects, oneHead []heads.HeadEffect, c []Curve, low, high float64) *Result {
		return &Result{
			Metric: "accuracy", Ablation: &Effects{Heads: effects}, OneHead: oneHead, Curves: c, Transfer: &Transfer{RLow: low, RHigh: high},
			Speed: &Speed{MACs: 2, PrunedMACs: 1, Batches: []experiment.SpeedBatch{{Size: 1, Low: 1 + low, High: 1 + high}}},
		}
	}
	var list [][]experiment.Claim
	for _, r := range []*Result{
		result(effectsOf(8, repeat(8, harmful)...), effectsOf(6), curves(0.9, 0.5, 0.89), 0.1, 0.9),
		result(effectsOf(8, repeat(8, worse)...), effectsOf(6, repeat(6, worse)...), curves(0.2, 0.5, 0.6), -0.9, -0.1),
		result(effectsOf(8, repeat(1, harmful)...), effectsOf(6), curves(0.5, 0.5, 0.89), -0.1, 0.1),
	} {
		claims, err := english(r).Claims()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, claims)
	}
	return list
}
