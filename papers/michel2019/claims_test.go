package michel2019

import (
	"math"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/heads"
)

// tested is the number of test examples of synthetic results.
const tested = 800

// judge is the verdict on a statement.
func judge(r *Result, s func(edition) experiment.Statement) experiment.Claim {
	if r.Config.Seeds == nil {
		r.Config.Seeds = []uint64{1}
	}
	return experiment.Judge(words.English, s(english(r)))[0]
}

// effectsOf are n effects of which the first are as given; of the others examples change both ways.
func effectsOf(n int, given ...heads.HeadEffect) []heads.HeadEffect {
	list := make([]heads.HeadEffect, n)
	for i := range list {
		list[i] = heads.HeadEffect{PValue: 1, OnlyBase: 4, OnlyChanged: 4, LossLow: -0.1, LossHigh: 0.1}
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

var (
	worse    = heads.HeadEffect{PValue: 1e-9, OnlyBase: 80, MetricDelta: -0.1, LossDelta: 0.15, LossLow: 0.1, LossHigh: 0.2}
	doubtful = heads.HeadEffect{PValue: 0.01, OnlyBase: 24, OnlyChanged: 8, MetricDelta: -0.02, LossLow: -0.1, LossHigh: 0.1}
	harmful  = heads.HeadEffect{PValue: 1, LossDelta: -0.1, LossLow: -0.12, LossHigh: -0.08}
	neutral  = heads.HeadEffect{PValue: 1, LossDelta: 0, LossLow: -0.001, LossHigh: 0.001}
)

func TestMostHeadsCostNothingMeansMoreThanHalf(t *testing.T) {
	for name, test := range map[string]struct {
		given []heads.HeadEffect
		want  report.Verdict
	}{
		"no effects": {nil, report.Holds}, "three of eight cost": {repeat(3, worse), report.Holds}, "half of them": {repeat(4, worse), report.DoesNotHold},
		"all": {repeat(8, worse), report.DoesNotHold}, "half of them perhaps": {repeat(4, doubtful), report.CannotTell}, "all perhaps": {repeat(8, doubtful), report.CannotTell},
	} {
		r := &Result{Metric: "accuracy", Ablation: &Effects{Examples: tested, Heads: effectsOf(8, test.given...)}}
		if c := judge(r, edition.singleHeads); c.Verdict != test.want {
			t.Errorf("%s: %v, want %v (%s)", name, c.Verdict, test.want, c.Measured)
		}
		layers := &Result{Metric: "accuracy", Ablation: &Effects{Examples: tested}, OneHead: effectsOf(8, test.given...)}
		if c := judge(layers, edition.oneHead); c.Verdict != test.want {
			t.Errorf("%s, one head a layer: %v, want %v (%s)", name, c.Verdict, test.want, c.Measured)
		}
	}
}

// With 160 examples a loss of 4.4 points at every head is far from significant, and is no evidence for the claim.
func TestFewExamplesAreNoEvidenceThatHeadsCostNothing(t *testing.T) {
	for name, effect := range map[string]heads.HeadEffect{"a loss of 4.4 points": {OnlyBase: 11, OnlyChanged: 4, PValue: 0.12}, "no loss": {OnlyBase: 3, OnlyChanged: 3, PValue: 1}} {
		r := &Result{Metric: "accuracy", Ablation: &Effects{Examples: 160, Heads: repeat(72, effect)}, OneHead: repeat(6, effect)}
		for _, s := range []func(edition) experiment.Statement{edition.singleHeads, edition.oneHead} {
			if c := judge(r, s); c.Verdict != report.CannotTell || c.Detectable == "" {
				t.Errorf("%s: %v (%s)", name, c.Verdict, c.Measured)
			}
		}
	}
}

func TestSomeHeadsDoHarmOnlyBeyondChance(t *testing.T) {
	lucky := heads.HeadEffect{PValue: 1, LossDelta: -0.02, LossLow: -0.038, LossHigh: -0.002}
	for name, test := range map[string]struct {
		given []heads.HeadEffect
		want  report.Verdict
	}{
		"one surely": {repeat(1, harmful), report.Holds}, "one of 72 by chance": {repeat(1, lucky), report.CannotTell},
		"none, surely": {repeat(72, neutral), report.DoesNotHold}, "none is known": {nil, report.CannotTell},
	} {
		r := &Result{Metric: "accuracy", Ablation: &Effects{Examples: tested, Heads: effectsOf(72, test.given...)}}
		if c := judge(r, edition.someHelp); c.Verdict != test.want {
			t.Errorf("%s: %v, want %v (%s)", name, c.Verdict, test.want, c.Measured)
		}
	}
}

// pruning is a curve by importance with steps of 10 %, and the given accuracies. Which examples are right grows with the accuracy.
func pruning(score func(percent int) float64) Curve {
	c := Curve{Order: ByImportance, Seed: 1}
	for percent := 0; percent <= 100; percent += 10 {
		s := score(percent)
		right := make(stats.Answers, tested)
		for i := range right {
			right[i] = float64(i) < s*tested
		}
		c.Points = append(c.Points, Point{Fraction: float64(percent) / 100, Score: s, Right: right})
	}
	return c
}

// line are two straight lines that meet at 40 %.
func line(whole, at40, end float64) func(int) float64 {
	return func(percent int) float64 {
		if percent <= 40 {
			return whole + (at40-whole)*float64(percent)/40
		}
		return at40 + (end-at40)*float64(percent-40)/60
	}
}

func TestThePlateauAndTheCliff(t *testing.T) {
	const holds, not, open = report.Holds, report.DoesNotHold, report.CannotTell
	for name, test := range map[string]struct {
		curves         []Curve
		plateau, cliff report.Verdict
	}{
		"both":                         {[]Curve{pruning(line(0.9, 0.9, 0.5))}, holds, holds},
		"a loss at 40 %":               {[]Curve{pruning(line(0.9, 0.8, 0.5))}, not, not},
		"a slope":                      {[]Curve{pruning(line(1, 0.8, 0.5))}, not, not},
		"about two points":             {[]Curve{pruning(line(0.9, 0.88, 0.5))}, open, holds},
		"nothing changes":              {[]Curve{pruning(line(0.5, 0.5, 0.5))}, holds, not},
		"better at 40 %, then a cliff": {[]Curve{pruning(line(0.9, 0.92, 0.5))}, holds, holds},
		"two seeds alike":              {[]Curve{pruning(line(0.9, 0.9, 0.5)), pruning(line(0.9, 0.9, 0.5))}, holds, holds},
		"not run":                      {nil, open, open},
	} {
		for i := range test.curves {
			test.curves[i].Seed = uint64(i)
		}
		r := &Result{Metric: "accuracy", Curves: test.curves}
		if c := judge(r, edition.noLoss); c.Verdict != test.plateau {
			t.Errorf("%s, plateau: %v, want %v (%s)", name, c.Verdict, test.plateau, c.Measured)
		}
		if c := judge(r, edition.fallsOff); c.Verdict != test.cliff {
			t.Errorf("%s, cliff: %v, want %v (%s)", name, c.Verdict, test.cliff, c.Measured)
		}
	}
}

func TestTheTitlesFollowTheVerdicts(t *testing.T) {
	r := &Result{Metric: "accuracy", Curves: []Curve{pruning(line(0.9, 0.8, 0.5))}}
	if got := english(r).curvesTitle(); !strings.HasPrefix(got, "By importance, 40 % of the heads change the accuracy by -10.00 [-1") {
		t.Errorf("%q", got)
	}
	for low, want := range map[float64]string{0.2: "By accuracy, heads that matter in one domain matter in the other", -0.9: "matter no more", -0.2: "No clear relation"} {
		r.Ablation, r.Transfer = &Effects{}, transferred(low, low+0.7)
		r.Config.Seeds = []uint64{1}
		if got := english(r).transferTitle(); !strings.Contains(got, want) || strings.Contains(got, "by the loss") {
			t.Errorf("from %g: %q, want %q", low, got, want)
		}
	}
	r.Transfer = transferred(0.2, 0.6)
	r.Transfer.RLossLow = -0.2
	if got := english(r).transferTitle(); got != "By accuracy, heads that matter in one domain matter in the other; by the loss no relation is seen" {
		t.Errorf("%q", got)
	}
}

// transferred are effects in another domain that are related between two bounds, by the accuracy and by the loss.
func transferred(low, high float64) *Transfer {
	return &Transfer{Task: "reviews", Effects: &Effects{}, R: (low + high) / 2, RLow: low, RHigh: high, RLoss: (low + high) / 2, RLossLow: low, RLossHi: high}
}

func TestTheNoteOnTheOtherDomainSaysWhatTheCorrelationRestsOn(t *testing.T) {
	r := &Result{Metric: "accuracy", Ablation: &Effects{Heads: effectsOf(8, repeat(3, worse)...)}, Transfer: transferred(0.2, 0.6)}
	r.Transfer.Effects.Heads = effectsOf(8)
	want := "of which 3 of 8 on  and 0 of 8 on reviews are significant by themselves"
	if c := judge(r, edition.transfer); !strings.Contains(c.Explanation, want) || strings.Contains(c.Explanation, "By the loss") {
		t.Error(c.Explanation)
	}
	r.Transfer.RLossLow = -0.2
	if c := judge(r, edition.transfer); c.Verdict != report.Holds || !strings.Contains(c.Explanation, "By the loss, the finer measure, no relation is seen.") {
		t.Errorf("%v, %s", c.Verdict, c.Explanation)
	}
}

func TestTheShareAtWhichTheMeanFalls(t *testing.T) {
	for name, test := range map[string]struct {
		curves []Curve
		says   string
		free   float64
	}{
		"beyond 40 %":       {[]Curve{pruning(line(0.9, 0.9, 0.6))}, "the mean first falls by more than 2 points at 50 % of the heads", 0.4},
		"at once":           {[]Curve{pruning(line(0.9, 0.5, 0.5))}, "at 10 % of the heads", 0},
		"one seed of two":   {[]Curve{pruning(line(0.9, 0.9, 0.9)), pruning(line(0.9, 0.9, 0.6))}, "at 50 % of the heads", 0.4},
		"little, then much": {[]Curve{pruning(line(0.9, 0.89, 0.5))}, "at 50 % of the heads", 0.4},
		"never":             {[]Curve{pruning(line(0.9, 0.9, 0.9))}, "", 1},
	} {
		for i := range test.curves {
			test.curves[i].Seed = uint64(i)
		}
		r := &Result{Metric: "accuracy", Curves: test.curves}
		c := judge(r, edition.fallsOff)
		if says := strings.Contains(c.Measured, "the mean first falls"); says != (test.says != "") || !strings.Contains(c.Measured, test.says) {
			t.Errorf("%s: %s", name, c.Measured)
		}
		if free := english(r).free(); len(free) != 1 || free[0].Value != test.free {
			t.Errorf("%s: %v can go, want %g", name, free, test.free)
		}
	}
}

func TestThePapersColumnOfOneHeadIsThereWhereTheModelHasAsManyLayers(t *testing.T) {
	for layers, columns := range map[int]int{6: 7, 12: 8} {
		r := &Result{Layers: layers, Metric: "accuracy", OneHead: effectsOf(layers)}
		table := english(r).OneHeadTable()
		if len(table.Columns) != columns || len(table.Rows) != layers || len(table.Rows[0]) != columns || strings.Contains(table.Caption, "Table 3") != (columns == 8) {
			t.Errorf("%d layers: %d columns, %d rows of %d, %s", layers, len(table.Columns), len(table.Rows), len(table.Rows[0]), table.Caption)
		}
	}
}

// areas are curves with their examples' areas.
func areas(order Order, values ...float64) Curve {
	c := Curve{Order: order, Seed: 1}
	for i := range tested {
		c.Areas = append(c.Areas, values[i%len(values)])
	}
	return c
}

func TestTheIntervalOfTheAreasDecides(t *testing.T) {
	for name, test := range map[string]struct {
		curves   []Curve
		want     report.Verdict
		measured string
	}{
		"above":      {[]Curve{areas(ByImportance, 1, 1, 0.9, 0.8), areas(AtRandom, 0.5)}, report.Holds, "(92.50 − 50.00)"},
		"below":      {[]Curve{areas(ByImportance, 0.1, 0.2, 0.3, 0.2), areas(AtRandom, 0.5)}, report.DoesNotHold, "(20.00 − 50.00)"},
		"equal":      {[]Curve{areas(ByImportance, 0.5), areas(AtRandom, 0.5)}, report.DoesNotHold, ""},
		"both ways":  {[]Curve{areas(ByImportance, 1, 0, 1, 0.1), areas(AtRandom, 0.5)}, report.CannotTell, ""},
		"not run":    {[]Curve{areas(ByImportance, 1, 0)}, report.CannotTell, "not run"},
		"many draws": {[]Curve{areas(ByImportance, 1), areas(AtRandom, 0, 0.2), areas(AtRandom, 1, 0.4)}, report.Holds, "(100.00 − 40.00)"},
	} {
		c := judge(&Result{Curves: test.curves}, func(r edition) experiment.Statement { return r.area(AtRandom) })
		if c.Verdict != test.want || !strings.Contains(c.Measured, test.measured) {
			t.Errorf("%s: %v, want %v (%s)", name, c.Verdict, test.want, c.Measured)
		}
	}
}

// timed is a speed with 15 ratios of which most lie between two.
func timed(low, high float64) *Speed {
	b := experiment.SpeedBatch{Size: 64, Ratio: (low + high) / 2, Seconds: (low + high) / 2, PrunedSeconds: 1}
	for i := range 15 {
		b.Ratios = append(b.Ratios, low+(high-low)*float64(i-3)/8)
	}
	return &Speed{Repeats: 15, SpeedUp: experiment.SpeedUp{MACs: 2, PrunedMACs: 1, Batches: []experiment.SpeedBatch{{Size: 1, Ratio: 5}, b}}}
}

func TestTransferAndSpeedAreDecidedByTheirIntervals(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		want      report.Verdict
	}{{0.1, 0.9, report.Holds}, {-0.1, 0.9, report.CannotTell}, {-0.9, 0, report.DoesNotHold}, {0.01, 0.04, report.DoesNotHold}} {
		r := &Result{Metric: "accuracy", Ablation: &Effects{}, Transfer: transferred(test.low, test.high), Speed: timed(1+test.low, 1+test.high)}
		for _, s := range []func(edition) experiment.Statement{edition.transfer, edition.speed} {
			if c := judge(r, s); c.Verdict != test.want {
				t.Errorf("[%g, %g]: %v, want %v (%s, %s)", test.low, test.high, c.Verdict, test.want, c.Measured, c.Explanation)
			}
		}
	}
	if c := judge(&Result{}, edition.transfer); c.Verdict != report.CannotTell || c.Measured != "not run" {
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
	curves := func(own, other []float64, way func(int) float64) []Curve {
		c := pruning(way)
		c.Areas = areas(ByImportance, own...).Areas
		return []Curve{c, areas(AtRandom, other...), areas(ByReverse, other...), areas(ByScore, other...)}
	}
	result := func(effects, oneHead []heads.HeadEffect, c []Curve, low, high float64) *Result {
		r := &Result{
			Metric: "accuracy", Ablation: &Effects{Examples: tested, Heads: effects}, OneHead: oneHead, Curves: c,
			Transfer: transferred(low, high), Speed: timed(1+low, 1+high),
		}
		r.Config.Seeds = []uint64{1}
		return r
	}
	var list [][]experiment.Claim
	for _, r := range []*Result{
		result(effectsOf(8, repeat(8, harmful)...), effectsOf(6), curves([]float64{0.9}, []float64{0.5}, line(0.9, 0.9, 0.5)), 0.1, 0.9),
		result(effectsOf(8, repeat(8, worse)...), effectsOf(6, repeat(6, worse)...), curves([]float64{0.2}, []float64{0.5}, line(0.9, 0.6, 0.5)), -0.9, -0.1),
		result(effectsOf(8, repeat(8, doubtful)...), effectsOf(6, repeat(6, doubtful)...), curves([]float64{0, 1}, []float64{0.5}, line(0.5, 0.48, 0.38)), -0.1, 0.2),
	} {
		claims, err := english(r).Claims()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, claims)
	}
	return list
}
