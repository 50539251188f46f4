package sajjad2020

import (
	"math"
	"slices"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/layerdrop"
)

// marks are n answers of which the first right ones are right.
func marks(right, n int) stats.Answers {
	return append(slices.Repeat(stats.Answers{true}, right), make(stats.Answers, n-right)...)
}

// measured is a result of six layers in which each strategy, two layers dropped, has as many of 400 examples right.
func measured(t *testing.T, seeds int, right map[layerdrop.Strategy]int) *Result {
	t.Helper()
	r := &Result{Layers: 6, Tasks: []*TaskResult{{Task: "sst2", Metric: "accuracy", Examples: 400, Majority: 0.5}}}
	for seed := range seeds {
		r.Config.Seeds = append(r.Config.Seeds, uint64(seed))
		runs := []Trial{{Seed: uint64(seed), Right: marks(380, 400), StepClock: 6}}
		for _, strategy := range []layerdrop.Strategy{layerdrop.Top, layerdrop.Bottom, layerdrop.Symmetric} {
			n, ok := right[strategy]
			if !ok {
				continue
			}
			dropped, err := layerdrop.Select(strategy, 6, 2)
			if err != nil {
				t.Fatal(err)
			}
			runs = append(runs, Trial{Choice: Choice{Strategy: strategy, When: Before, Dropped: dropped}, Seed: uint64(seed), Right: marks(n, 400), StepClock: 4})
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
		"as in the paper":              {2, right{top: 360, bottom: 300, symmetric: 340}, report.Holds, report.Holds},
		"one seed":                     {1, right{top: 360, bottom: 300, symmetric: 340}, report.CannotTell, report.CannotTell},
		"top level with another":       {2, right{top: 340, bottom: 300, symmetric: 340}, report.Holds, report.Holds},
		"symmetric better":             {2, right{top: 320, bottom: 300, symmetric: 360}, report.DoesNotHold, report.Holds},
		"bottom best":                  {2, right{top: 300, bottom: 360, symmetric: 300}, report.DoesNotHold, report.DoesNotHold},
		"top a little behind":          {2, right{top: 338, bottom: 300, symmetric: 341}, report.CannotTell, report.Holds},
		"bottom level with another":    {2, right{top: 360, bottom: 340, symmetric: 340}, report.Holds, report.CannotTell},
		"all at the largest class":     {2, right{top: 200, bottom: 200, symmetric: 200}, report.CannotTell, report.CannotTell},
		"nothing to compare with":      {2, right{top: 360}, report.CannotTell, report.CannotTell},
		"all but top at largest class": {2, right{top: 300, bottom: 200, symmetric: 200}, report.Holds, report.CannotTell},
	} {
		r := measured(t, test.seeds, test.right)
		if c := english(r).claimTop(); c.Verdict != test.wantTop {
			t.Errorf("%s, top: %v, want %v (%s)", name, c.Verdict, test.wantTop, c.Measured)
		}
		if c := english(r).claimBottom(); c.Verdict != test.wantBottom {
			t.Errorf("%s, bottom: %v, want %v (%s)", name, c.Verdict, test.wantBottom, c.Measured)
		}
	}
}

func TestOneSeedStillSaysItsNumbers(t *testing.T) {
	c := english(measured(t, 1, map[layerdrop.Strategy]int{layerdrop.Top: 360, layerdrop.Bottom: 300})).claimTop()
	if !strings.Contains(c.Measured, "+15.00") || !strings.Contains(c.Explanation, "2 are needed") {
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

func TestEqualSetsAreNotCompared(t *testing.T) {
	r := measured(t, 2, map[layerdrop.Strategy]int{layerdrop.Top: 360})
	for _, run := range slices.Clone(r.Tasks[0].Runs) {
		if run.Strategy == layerdrop.Top {
			run.Strategy = layerdrop.Contribution // which chose the same layers
			r.Tasks[0].Runs = append(r.Tasks[0].Runs, run)
		}
	}
	if c := english(r).claimTop(); c.Verdict != report.CannotTell || !strings.Contains(c.Measured, "nothing to compare") {
		t.Errorf("%v %q", c.Verdict, c.Measured)
	}
}

func TestTimeIsInProportionWithinTheTolerance(t *testing.T) {
	for name, test := range map[string]struct {
		median, low, high float64
		want              report.Verdict
	}{
		"exact": {0.5, 0.49, 0.51, report.Holds}, "at the edge": {0.524, 0.5, 0.6, report.Holds}, "beyond, quartiles reach it": {0.53, 0.52, 0.54, report.CannotTell},
		"too slow": {0.6, 0.55, 0.65, report.DoesNotHold}, "too fast": {0.4, 0.39, 0.47, report.DoesNotHold},
	} {
		if got := verdict([]share{{k: 3, Interval: stats.Interval{Value: test.median, Low: test.low, High: test.high}, proportional: 0.5}}, 0.05); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	r := measured(t, 2, map[layerdrop.Strategy]int{layerdrop.Top: 360, layerdrop.Bottom: 300})
	if c := english(r).claimTuning(); c.Verdict != report.Holds || !strings.Contains(c.Measured, "2: 0.667 [0.667, 0.667] (0.667)") {
		t.Errorf("%v %s", c.Verdict, c.Measured)
	}
	r.Tasks[0].Runs[1].StepClock *= 2 // half of the runs with two layers less are slower: the machine was busy
	r.Tasks[0].Runs[4].StepClock *= 2
	if c := english(r).claimTuning(); c.Verdict != report.CannotTell {
		t.Errorf("on a busy machine: %v (%s)", c.Verdict, c.Measured)
	}
	for i := range r.Tasks[0].Runs {
		r.Tasks[0].Runs[i].StepClock = 0
	}
	if c := english(r).claimTuning(); c.Verdict != report.CannotTell {
		t.Errorf("without times: %v", c.Verdict)
	}
}

func TestLowerLayersMoveLeastNeedsThreeRuns(t *testing.T) {
	up, down := []float64{1, 2, 3, 4, 5, 6}, []float64{6, 5, 4, 3, 2, 1}
	for _, test := range []struct {
		travel [][]float64
		want   report.Verdict
	}{
		{[][]float64{up, up}, report.CannotTell}, {[][]float64{up, up, up}, report.Holds}, {[][]float64{down, down, down}, report.DoesNotHold},
		{[][]float64{up, down, up}, report.CannotTell},
	} {
		r := &Result{Layers: 6, Tasks: []*TaskResult{{Travel: test.travel}}}
		if c := english(r).claimTravel(); c.Verdict != test.want {
			t.Errorf("%v: %v, want %v (%s)", test.travel, c.Verdict, test.want, c.Measured)
		}
	}
}

func TestPairTasksAreComparedWithOthersOnly(t *testing.T) {
	single := measured(t, 2, map[layerdrop.Strategy]int{layerdrop.Top: 370})
	if c := english(single).claimPair(); c.Verdict != report.CannotTell || !strings.Contains(c.Measured, "not run") {
		t.Errorf("without a pair task: %v %s ", c.Verdict, c.Measured)
	}
	pair := measured(t, 2, map[layerdrop.Strategy]int{layerdrop.Top: 250})
	pair.Tasks[0].Pair = true
	single.Tasks = append(single.Tasks, pair.Tasks...)
	if c := english(single).claimPair(); c.Verdict != report.Holds || !strings.Contains(c.Measured, "pair tasks 32.50, others 2.50") {
		t.Errorf("with a pair task: %v %s ", c.Verdict, c.Measured)
	}
}

func TestBeforeAgainstAfter(t *testing.T) {
	r := measured(t, 1, map[layerdrop.Strategy]int{layerdrop.Top: 360})
	if c := english(r).claimBefore(); c.Verdict != report.CannotTell || c.Measured != "not run" {
		t.Errorf("%v %q", c.Verdict, c.Measured)
	}
	after := r.Tasks[0].Runs[1]
	after.When, after.Right = After, marks(250, 400)
	r.Tasks[0].Runs = append(r.Tasks[0].Runs, after)
	if c := english(r).claimBefore(); c.Verdict != report.Holds {
		t.Errorf("%v %q", c.Verdict, c.Measured)
	}
}

func TestATaskThatCouldNotLoseMoreDecidesNothingAboutPairs(t *testing.T) {
	r := measured(t, 2, map[layerdrop.Strategy]int{layerdrop.Top: 350})
	pair := measured(t, 2, map[layerdrop.Strategy]int{layerdrop.Top: 200}) // at the largest class
	pair.Tasks[0].Pair, pair.Tasks[0].Task = true, "mrpc"
	r.Tasks = append(r.Tasks, pair.Tasks[0])
	if c := english(r).claimPair(); c.Verdict != report.CannotTell || !strings.Contains(c.Measured, "largest class: mrpc") {
		t.Errorf("%v %q", c.Verdict, c.Measured)
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
		share, clock float64
		travel       [][]float64
	}{
		{2, right{top: 360, bottom: 300, symmetric: 340}, right{top: 330, bottom: 300, symmetric: 310}, marks(210, 400), 0.667, 4, [][]float64{up, up, up}},
		{2, right{top: 300, bottom: 360, symmetric: 300}, right{top: 370, bottom: 375, symmetric: 370}, marks(390, 400), 0.9, 5.5, [][]float64{down, down, down}},
		{1, right{top: 360, bottom: 300}, right{top: 330}, append(make(stats.Answers, 40), marks(360, 360)...), 0.71, 0, [][]float64{up}},
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
		for _, task := range r.Tasks {
			for i := range task.Runs {
				if task.Runs[i].When == Before {
					task.Runs[i].StepClock = test.clock
				}
			}
		}
		r.Speed = &Speed{Batches: []SpeedBatch{{Size: 1, Models: []SpeedModel{{K: 0, Share: 1}, {K: 2, Share: test.share, Low: test.share - 0.02, High: test.share + 0.02}}}}}
		claims, err := english(r).Claims()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, claims)
	}
	return list
}
