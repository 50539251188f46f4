package sajjad2020

import (
	"math"
	"slices"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/layerdrop"
)

// marks are n answers of which the first right ones are right.
func marks(right, n int) stats.Answers {
	return append(slices.Repeat(stats.Answers{true}, right), make(stats.Answers, n-right)...)
}

// judge is the verdict on a statement.
func judge(r *Result, s func(edition) experiment.Statement) experiment.Claim {
	return experiment.Judge(words.English, s(english(r)))[0]
}

// measured is a result of six layers in which each strategy, two layers dropped, has as many of 400 examples right.
func measured(t *testing.T, seeds int, right map[layerdrop.Strategy]int) *Result {
	t.Helper()
	r := &Result{Layers: 6, Tasks: []*TaskResult{{Task: "sst2", TestSet: experiment.TestSet{Metric: "accuracy", Examples: 400, Majority: 0.5}}}}
	for seed := range seeds {
		r.Config.Seeds = append(r.Config.Seeds, uint64(seed))
		runs := []Trial{{Seed: uint64(seed), Answers: experiment.Answers{Right: marks(380, 400)}}}
		for _, strategy := range []layerdrop.Strategy{layerdrop.Top, layerdrop.Bottom, layerdrop.Symmetric} {
			n, ok := right[strategy]
			if !ok {
				continue
			}
			dropped, err := layerdrop.Select(strategy, 6, 2)
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, Trial{Choice: Choice{Strategy: strategy, When: Before, Dropped: dropped}, Seed: uint64(seed), Answers: experiment.Answers{Right: marks(n, 400)}})
		}
		r.Tasks[0].Runs = append(r.Tasks[0].Runs, runs...)
	}
	return r
}

func TestTheVerdictsOnStrategies(t *testing.T) {
	const top, bottom, symmetric = layerdrop.Top, layerdrop.Bottom, layerdrop.Symmetric
	type right = map[layerdrop.Strategy]int
	for name, test := range map[string]struct {
		seeds               int
		right               right
		wantTop, wantBottom report.Verdict
	}{
		"as in the paper":              {3, right{top: 360, bottom: 300, symmetric: 340}, report.Holds, report.Holds},
		"two seeds":                    {2, right{top: 360, bottom: 300, symmetric: 340}, report.CannotTell, report.CannotTell},
		"top level with another":       {3, right{top: 340, bottom: 300, symmetric: 340}, report.Holds, report.Holds},
		"symmetric better":             {3, right{top: 320, bottom: 300, symmetric: 360}, report.DoesNotHold, report.Holds},
		"bottom best":                  {3, right{top: 300, bottom: 360, symmetric: 300}, report.DoesNotHold, report.DoesNotHold},
		"top a little behind":          {3, right{top: 338, bottom: 300, symmetric: 341}, report.CannotTell, report.Holds},
		"bottom level with another":    {3, right{top: 360, bottom: 340, symmetric: 340}, report.Holds, report.CannotTell},
		"all at the largest class":     {3, right{top: 200, bottom: 200, symmetric: 200}, report.CannotTell, report.CannotTell},
		"nothing to compare with":      {3, right{top: 360}, report.CannotTell, report.CannotTell},
		"all but top at largest class": {3, right{top: 300, bottom: 200, symmetric: 200}, report.Holds, report.CannotTell},
	} {
		r := measured(t, test.seeds, test.right)
		if c := judge(r, edition.top); c.Verdict != test.wantTop {
			t.Errorf("%s, top: %v, want %v (%s)", name, c.Verdict, test.wantTop, c.Measured)
		}
		if c := judge(r, edition.bottom); c.Verdict != test.wantBottom {
			t.Errorf("%s, bottom: %v, want %v (%s)", name, c.Verdict, test.wantBottom, c.Measured)
		}
	}
}

func TestOneSeedStillSaysItsNumbers(t *testing.T) {
	c := judge(measured(t, 1, map[layerdrop.Strategy]int{layerdrop.Top: 360, layerdrop.Bottom: 300}), edition.top)
	if !strings.Contains(c.Measured, "+15.00") || !strings.Contains(c.Explanation, "needs 3 seeds, here: 1") {
		t.Errorf("%q, %q", c.Measured, c.Explanation)
	}
}

// More seeds with the same answers say nothing new: the interval must not shrink.
func TestSeedsAreNotCountedAsExamples(t *testing.T) {
	right := map[layerdrop.Strategy]int{layerdrop.Top: 360, layerdrop.Bottom: 300}
	one, _ := measured(t, 1, right).between(sameK(layerdrop.Top, layerdrop.Bottom))
	five, _ := measured(t, 5, right).between(sameK(layerdrop.Top, layerdrop.Bottom))
	if math.Abs(one.Low-five.Low) > 1e-9 || math.Abs(one.High-five.High) > 1e-9 {
		t.Errorf("one seed %v, five %v", one, five)
	}
	if math.Abs(one.Value-60.0/400) > 1e-12 {
		t.Errorf("estimate %g", one.Value)
	}
}

// A strategy that the protocol runs once, for the figures, must not leave open what three seeds of the others decide.
func TestClaimsCompareStrategiesOfAllSeeds(t *testing.T) {
	r := measured(t, 3, map[layerdrop.Strategy]int{layerdrop.Top: 360, layerdrop.Bottom: 300})
	r.Config.Replicated = []layerdrop.Strategy{layerdrop.Top, layerdrop.Bottom}
	r.Tasks[0].Runs = append(r.Tasks[0].Runs, Trial{
		Choice: Choice{Strategy: layerdrop.AlternateOdd, When: Before, Dropped: []int{3, 5}}, Answers: experiment.Answers{Right: marks(390, 400)},
	})
	if c := judge(r, edition.top); c.Verdict != report.Holds {
		t.Errorf("%v: %s (%s)", c.Verdict, c.Measured, c.Explanation)
	}
	r.Config.Replicated = nil
	if c := judge(r, edition.top); c.Verdict != report.CannotTell {
		t.Errorf("compared with one seed: %v: %s", c.Verdict, c.Measured)
	}
}

// What was run once decides nothing, but it is told, and the claim speaks of no more than was compared.
func TestStrategiesOfOneSeedAreToldBesideTheClaim(t *testing.T) {
	r := measured(t, 3, map[layerdrop.Strategy]int{layerdrop.Top: 360, layerdrop.Bottom: 300, layerdrop.Symmetric: 340})
	r.Config.Replicated = []layerdrop.Strategy{layerdrop.Top, layerdrop.Bottom, layerdrop.Symmetric}
	r.Tasks[0].Runs = append(r.Tasks[0].Runs, Trial{
		Choice: Choice{Strategy: layerdrop.AlternateEven, When: Before, Dropped: []int{1, 5}}, Answers: experiment.Answers{Right: marks(366, 400)},
	})
	top, bottom := judge(r, edition.top), judge(r, edition.bottom)
	for _, c := range []struct{ text, want string }{
		{top.Measured, "with seed 0 alone, in points: top − alternate-even −1.5"}, {bottom.Measured, "with seed 0 alone, in points: alternate-even − bottom +16.5"},
		{top.Text, "better than dropping the bottom or the middle ones, or level"}, {bottom.Text, "worse than dropping the top or the middle ones"},
	} {
		if !strings.Contains(c.text, c.want) {
			t.Errorf("%q does not say %q", c.text, c.want)
		}
	}
	for _, other := range []struct {
		replicated []layerdrop.Strategy
		want       string
	}{{nil, "the best strategy"}, {r.Config.Replicated[:2], "every other strategy that was run with all seeds"}} {
		r.Config.Replicated = other.replicated
		if c := judge(r, edition.top); !strings.Contains(c.Text, other.want) {
			t.Errorf("%v: %q", other.replicated, c.Text)
		}
	}
}

func TestEqualSetsAreNotCompared(t *testing.T) {
	r := measured(t, 3, map[layerdrop.Strategy]int{layerdrop.Top: 360})
	for _, run := range slices.Clone(r.Tasks[0].Runs) {
		if run.Strategy == layerdrop.Top {
			run.Strategy = layerdrop.Contribution // which chose the same layers
			r.Tasks[0].Runs = append(r.Tasks[0].Runs, run)
		}
	}
	if c := judge(r, edition.top); c.Verdict != report.CannotTell || c.Measured != "not run" {
		t.Errorf("%v %q", c.Verdict, c.Measured)
	}
}

// A deficit of half a point that is surely real is level by the margin of a point, and not failed as well.
func TestLevelAndFailedDoNotOverlap(t *testing.T) {
	r := measured(t, 3, map[layerdrop.Strategy]int{layerdrop.Top: 360})
	top := r.Tasks[0].Runs[1]
	r.Tasks[0].Examples, r.Tasks[0].Runs = 4000, nil
	for _, seed := range r.Config.Seeds {
		top.Seed, top.Right = seed, marks(3580, 4000)
		other := top
		other.Strategy, other.Dropped, other.Right = layerdrop.Symmetric, []int{2, 3}, marks(3600, 4000)
		r.Tasks[0].Runs = append(r.Tasks[0].Runs, top, other)
	}
	if c := judge(r, edition.top); c.Verdict != report.Holds || !strings.Contains(c.Measured, "-0.50 [-0.7") {
		t.Errorf("%v: %s", c.Verdict, c.Measured)
	}
}

// around are 15 shares of the time, most of them between two.
func around(low, high float64) []float64 {
	var list []float64
	for i := range 15 {
		list = append(list, low+(high-low)*float64(i-3)/8)
	}
	return list
}

// timed is a result whose encoder takes shares of the time without three of six layers.
func timed(shares []float64, processors float64) *Result {
	return &Result{Layers: 6, Measured: experiment.Measured[Config]{Provenance: experiment.Provenance{Backend: "xla:cpu"}}, Speed: &Speed{Batches: []SpeedBatch{
		{Size: 1, Models: []SpeedModel{{K: 3, TimeShare: TimeShare{Shares: around(0.9, 0.95)}}}},
		{Size: 16, Processors: processors, Models: []SpeedModel{{K: 0, TimeShare: TimeShare{Share: 1}}, {K: 3, TimeShare: timeShare(shares)}}},
	}}}
}

func TestTimeIsInProportionWithinTheTolerance(t *testing.T) {
	for name, test := range map[string]struct {
		shares     []float64
		processors float64
		want       report.Verdict
	}{
		"exact": {around(0.49, 0.51), 1.9, report.Holds}, "at the edge": {around(0.51, 0.53), 1.9, report.CannotTell}, "busy": {around(0.49, 0.51), 0.5, report.CannotTell},
		"too slow": {around(0.6, 0.65), 1.9, report.DoesNotHold}, "too fast": {around(0.4, 0.47), 1.9, report.DoesNotHold}, "few repeats": {around(0.49, 0.51)[:5], 1.9, report.CannotTell},
	} {
		if c := judge(timed(test.shares, test.processors), edition.inference); c.Verdict != test.want {
			t.Errorf("%s: %v, want %v (%s, %s)", name, c.Verdict, test.want, c.Measured, c.Explanation)
		}
	}
}

// trained is a step of fine-tuning without two of six layers that takes these shares of the whole model's time.
func trained(shares []float64, processors float64) *TrainingSpeed {
	return &TrainingSpeed{Task: "sst2", Processors: processors, Models: []TrainingTime{{K: 0, TimeShare: TimeShare{Share: 1}}, {K: 2, TimeShare: timeShare(shares)}}}
}

func TestTheTimeOfFineTuningMayFallByMoreThanTheProportion(t *testing.T) {
	for name, test := range map[string]struct {
		speed *TrainingSpeed
		want  report.Verdict
	}{
		"in proportion": {trained(around(0.66, 0.67), 1.9), report.Holds}, "more": {trained(around(0.4, 0.45), 1.9), report.Holds},
		"less": {trained(around(0.9, 0.95), 1.9), report.DoesNotHold}, "few repeats": {trained(around(0.66, 0.67)[:5], 1.9), report.CannotTell},
		"a busy machine": {trained(around(0.66, 0.67), 0.5), report.CannotTell}, "an unsteady one": {trained(around(0.5, 1), 1.9), report.CannotTell},
		"none was timed": {nil, report.CannotTell},
	} {
		r := &Result{Layers: 6, Clock: experiment.Processor, Training: test.speed}
		r.Provenance.Backend = "xla:cpu"
		if c := judge(r, edition.tuning); c.Verdict != test.want {
			t.Errorf("%s: %v, want %v (%s, %s)", name, c.Verdict, test.want, c.Measured, c.Explanation)
		}
	}
}

func TestLowerLayersMoveLeastNeedsThreeSeeds(t *testing.T) {
	up, down := []float64{1, 2, 3, 4, 5, 6}, []float64{6, 5, 4, 3, 2, 1}
	for _, test := range []struct {
		travel [][]float64
		want   report.Verdict
	}{
		{[][]float64{up, {2, 1, 3, 4, 5, 6}}, report.CannotTell}, {[][]float64{up, up, up}, report.Holds}, {[][]float64{down, down, down}, report.DoesNotHold},
		{[][]float64{up, down, up}, report.CannotTell}, {nil, report.CannotTell},
	} {
		r := &Result{Layers: 6, Tasks: []*TaskResult{{Travel: test.travel}}}
		r.Config.Seeds = make([]uint64, len(test.travel))
		if c := judge(r, edition.travel); c.Verdict != test.want {
			t.Errorf("%v: %v, want %v (%s)", test.travel, c.Verdict, test.want, c.Measured)
		}
	}
}

func TestNoCorrelationIsBeyondOne(t *testing.T) {
	r := &Result{Layers: 6, Tasks: []*TaskResult{{Travel: [][]float64{{6, 5, 4, 3, 2, 1}, {6, 5, 4, 3, 1, 2}, {6, 5, 4, 3, 2, 1}}}}}
	r.Config.Seeds = make([]uint64, 3)
	if c := judge(r, edition.travel); c.Verdict != report.DoesNotHold || !strings.HasPrefix(c.Measured, "-0.981 [-1.000, -0.899]") {
		t.Errorf("%v %s", c.Verdict, c.Measured)
	}
}

func TestPairTasksAreComparedWithOthersOnly(t *testing.T) {
	single := measured(t, 3, map[layerdrop.Strategy]int{layerdrop.Top: 370})
	if c := judge(single, edition.pairTasks); c.Outcome != report.CannotTell || c.Measured != "not run" {
		t.Errorf("without a pair task: %v %s ", c.Verdict, c.Measured)
	}
	pair := measured(t, 3, map[layerdrop.Strategy]int{layerdrop.Top: 250})
	pair.Tasks[0].Pair, pair.Tasks[0].Task = true, "mrpc"
	single.Tasks = append(single.Tasks, pair.Tasks...)
	c := judge(single, edition.pairTasks)
	if c.Verdict != report.Informative || c.Outcome != report.Holds || !strings.Contains(c.Measured, "pair tasks 32.50, others 2.50") {
		t.Errorf("with a pair task: %v %v %s ", c.Verdict, c.Outcome, c.Measured)
	}
	if want := "Without the top layers mrpc, a task on pairs of sentences, loses more than sst2."; c.Text != want || strings.Contains(c.Explanation, "training examples") {
		t.Errorf("%q, %q", c.Text, c.Explanation)
	}
	more := *pair.Tasks[0]
	more.Task, more.Title = "rte", "RTE"
	single.Tasks = append(single.Tasks, &more)
	for task, n := range map[string]int{"sst2": 22400, "mrpc": 3668, "rte": 2490} {
		single.Provenance.Data = append(single.Provenance.Data, experiment.DataProvenance{Use: "train", Task: task, Examples: n})
	}
	c = judge(single, edition.pairTasks)
	if want := "Without the top layers mrpc, RTE, tasks on pairs of sentences, lose more than sst2."; c.Text != want || !strings.Contains(c.Explanation, "(sst2 22,400; mrpc 3,668; RTE 2,490)") {
		t.Errorf("%q, %q", c.Text, c.Explanation)
	}
}

// What the paper's table says of pairs, so that nobody takes one of its tasks for all.
func TestThePaperLosesMostOnTheParaphrasesOfOneTask(t *testing.T) {
	if got := strings.Join(paperLosses(), ", "); got != "MRPC −7.84, QNLI −3.49, MNLI −2.91, RTE −2.89, SST-2 −2.18, QQP −0.72, STS-B −0.34" {
		t.Error(got)
	}
}

func TestAfterAgainstBefore(t *testing.T) {
	r := measured(t, 3, map[layerdrop.Strategy]int{layerdrop.Top: 360})
	if c := judge(r, edition.notAfter); c.Verdict != report.CannotTell || c.Measured != "not run" {
		t.Errorf("%v %q", c.Verdict, c.Measured)
	}
	for right, want := range map[int]report.Verdict{250: report.Holds, 390: report.DoesNotHold, 360: report.CannotTell} { // no difference is not enough: ±0.7 points
		again := *r.Tasks[0]
		for _, run := range again.Runs {
			if run.Strategy != "" {
				run.When, run.Right = After, marks(right, 400)
				again.Runs = append(again.Runs, run)
			}
		}
		if c := judge(&Result{Tasks: []*TaskResult{&again}}, edition.notAfter); c.Verdict != want {
			t.Errorf("%d right: %v, want %v %q", right, c.Verdict, want, c.Measured)
		}
	}
}

func TestATaskThatCouldNotLoseMoreDecidesNothingAboutPairs(t *testing.T) {
	r := measured(t, 3, map[layerdrop.Strategy]int{layerdrop.Top: 350})
	pair := measured(t, 3, map[layerdrop.Strategy]int{layerdrop.Top: 200}) // at the largest class
	pair.Tasks[0].Pair, pair.Tasks[0].Task = true, "mrpc"
	r.Tasks = append(r.Tasks, pair.Tasks[0])
	if c := judge(r, edition.pairTasks); c.Outcome != report.CannotTell || !strings.Contains(c.Explanation, "could be lost: mrpc") {
		t.Errorf("%v %q", c.Verdict, c.Explanation)
	}
}

// verdicts are the claims of synthetic results: one as in the paper, one against it, one that says nothing.
func verdicts(t *testing.T) [][]experiment.Claim {
	const top, bottom, symmetric = layerdrop.Top, layerdrop.Bottom, layerdrop.Symmetric
	type right = map[layerdrop.Strategy]int
	up, down := []float64{1, 2, 3, 4, 5, 6}, []float64{6, 5, 4, 3, 2, 1}
	var list [][]experiment.Claim
	for _, test := range []struct {
		seeds        int
		single, pair right
		after        stats.Answers // the answers without the top layers after fine-tuning
		share, step  float64
		travel       [][]float64
	}{
		{3, right{top: 360, bottom: 300, symmetric: 340}, right{top: 330, bottom: 300, symmetric: 310}, marks(210, 400), 0.667, 0.667, [][]float64{up, up, up}},
		{3, right{top: 300, bottom: 360, symmetric: 300}, right{top: 370, bottom: 375, symmetric: 370}, marks(390, 400), 0.9, 0.9, [][]float64{down, down, down}},
		{1, right{top: 360, bottom: 300, symmetric: 340}, right{top: 330}, append(make(stats.Answers, 40), marks(360, 360)...), 0.71, 0, [][]float64{up}},
	} {
		r := measured(t, test.seeds, test.single)
		pair := measured(t, test.seeds, test.pair).Tasks[0]
		pair.Task, pair.Pair = "mrpc", true
		r.Tasks[0].Travel, r.Tasks = test.travel, append(r.Tasks, pair)
		for _, run := range slices.Clone(r.Tasks[0].Runs) {
			if run.Strategy == top {
				run.When, run.Right = After, test.after
				r.Tasks[0].Runs = append(r.Tasks[0].Runs, run)
			}
		}
		if test.step > 0 {
			r.Training = trained(around(test.step-0.01, test.step+0.01), 1.9)
		}
		r.Speed = &Speed{Batches: []SpeedBatch{{Size: 1, Models: []SpeedModel{{K: 0, TimeShare: TimeShare{Share: 1}}, {K: 2, TimeShare: TimeShare{Share: test.share, Shares: around(test.share-0.02, test.share+0.02)}}}}}}
		claims, err := english(r).Claims()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, claims)
	}
	return list
}
