package wang2022

import (
	"slices"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// marks are n answers of which the first right ones are right.
func marks(right, n int) stats.Answers {
	return append(slices.Repeat(stats.Answers{true}, right), make(stats.Answers, n-right)...)
}

// model is a form at a ratio of a quarter: its error, and how many of 400 examples it has right after each recovery.
type model struct {
	form                   Form
	error                  float64
	none, tuned, distilled int
}

// measured is a result of these models, each seed alike; the whole model has 360 of 400 right, the largest class 200.
func measured(t *testing.T, seeds int, models ...model) *Result {
	t.Helper()
	r := &Result{TestSet: experiment.TestSet{Majority: 0.5}, Measured: experiment.Measured[Config]{Config: Config{Ratios: []float64{0.25}, Recovered: []float64{0.25}}}}
	var err error
	if r.Counts, err = counts(); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(seeds) {
		r.Config.Seeds = append(r.Config.Seeds, seed)
		r.Whole = append(r.Whole, Trial{Seed: seed, Answers: experiment.Answers{Right: marks(360, 400)}})
	}
	for _, m := range models {
		r.Config.Forms = append(r.Config.Forms, m.form)
		for seed := range uint64(seeds) {
			r.Variants = append(r.Variants, Decomposition{Form: m.form, Ratio: 0.25, Seed: seed, Error: m.error})
			for recovery, right := range map[Recovery]int{None: m.none, Tuned: m.tuned, Distilled: m.distilled} {
				r.Trials = append(r.Trials, Trial{Form: m.form, Ratio: 0.25, Seed: seed, Recovery: recovery, Answers: experiment.Answers{Right: marks(right, 400)}})
			}
		}
	}
	return r
}

func TestTheVerdictsOnErrorAndAccuracy(t *testing.T) {
	for name, test := range map[string]struct {
		seeds                      int
		models                     []model
		order, predicts, distilled report.Verdict
	}{
		"as the paper hopes":            {2, []model{{II, 0.8, 200, 300, 340}, {III, 0.7, 200, 290, 330}, {IV, 0.6, 200, 280, 320}}, report.Holds, report.Holds, report.Holds},
		"one seed":                      {1, []model{{II, 0.8, 200, 300, 340}, {III, 0.7, 200, 290, 330}, {IV, 0.6, 200, 280, 320}}, report.Holds, report.CannotTell, report.CannotTell},
		"the error predicts":            {2, []model{{II, 0.8, 220, 280, 320}, {III, 0.7, 240, 290, 330}, {IV, 0.6, 260, 300, 340}}, report.Holds, report.DoesNotHold, report.Holds},
		"the other way round":           {2, []model{{II, 0.6, 260, 340, 300}, {III, 0.7, 240, 330, 290}, {IV, 0.8, 220, 320, 280}}, report.DoesNotHold, report.DoesNotHold, report.DoesNotHold},
		"all alike":                     {2, []model{{II, 0.8, 300, 340, 340}, {III, 0.8, 300, 340, 340}, {IV, 0.8, 300, 340, 340}}, report.Holds, report.CannotTell, report.DoesNotHold},
		"none is above the class":       {2, []model{{II, 0.8, 200, 200, 200}, {III, 0.7, 180, 180, 180}, {IV, 0.6, 160, 160, 160}}, report.Holds, report.CannotTell, report.DoesNotHold},
		"two forms decide too little":   {2, []model{{II, 0.8, 200, 280, 320}, {IV, 0.6, 200, 281, 321}}, report.CannotTell, report.CannotTell, report.Holds},
		"one pair against the error":    {2, []model{{II, 0.8, 220, 280, 340}, {III, 0.7, 240, 290, 341}, {IV, 0.6, 260, 300, 320}}, report.Holds, report.Holds, report.Holds},
		"the order of errors is broken": {2, []model{{II, 0.7, 200, 300, 340}, {III, 0.8, 200, 290, 330}, {IV, 0.6, 200, 280, 320}}, report.DoesNotHold, report.Holds, report.Holds},
	} {
		r := measured(t, test.seeds, test.models...)
		claims, err := english(r).Claims()
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range map[int]report.Verdict{0: test.order, 1: report.Holds, 3: test.predicts, 4: test.distilled} {
			if claims[i].Verdict != want {
				t.Errorf("%s: %s: %v, want %v\n%s", name, claims[i].Text, claims[i].Verdict, want, claims[i].Measured)
			}
		}
	}
}

func TestOfManyPairsTheLargestAreNamed(t *testing.T) {
	list := []decided{{"small", 0.1}, {"large", 0.3}, {"middle", 0.2}}
	for n, want := range []string{"", " (small)", " (large; small)", " (the largest: large; middle)"} {
		if got := largest(words.English, slices.Clone(list[:n])); got != want {
			t.Errorf("%d pairs: %q, want %q", n, got, want)
		}
	}
}

func TestErrorsThatAreInOrderAtSomeRatiosOnlyDecideNothing(t *testing.T) {
	r := measured(t, 2, model{II, 0.8, 0, 0, 0}, model{III, 0.7, 0, 0, 0}, model{IV, 0.6, 0, 0, 0})
	r.Config.Ratios = []float64{0.25, 0.5}
	for form, e := range map[Form]float64{II: 0.2, III: 0.3, IV: 0.4} {
		r.Variants = append(r.Variants, Decomposition{Form: form, Ratio: 0.5, Error: e})
	}
	if c := english(r).claimError(); c.Verdict != report.CannotTell {
		t.Errorf("%v: %s", c.Verdict, c.Measured)
	}
}

func TestTheVerdictsOnSweeps(t *testing.T) {
	for name, test := range map[string]struct {
		sweeps [][]float64
		want   report.Verdict
	}{
		"falling": {[][]float64{{0.5, 0.4, 0.4}, {0.3, 0.2}}, report.Holds}, "rising": {[][]float64{{0.5, 0.4}, {0.3, 0.31}}, report.DoesNotHold},
		"none": {[][]float64{nil, {0.3}}, report.CannotTell},
	} {
		r := &Result{}
		for _, sweeps := range test.sweeps {
			r.Variants = append(r.Variants, Decomposition{Sweeps: sweeps})
		}
		if c := english(r).claimHOOI(); c.Verdict != test.want {
			t.Errorf("%s: %v, want %v", name, c.Verdict, test.want)
		}
	}
}

func TestTheVerdictsOnTime(t *testing.T) {
	type times [3]float64 // low, median, high; by operations 4
	for name, test := range map[string]struct {
		times       []times
		speed, maps report.Verdict
	}{
		"as counted":            {[]times{{3.9, 4, 4.1}, {3.4, 3.5, 3.6}}, report.Holds, report.Holds},
		"faster, but by less":   {[]times{{3.9, 4, 4.1}, {1.9, 2, 2.1}}, report.Holds, report.CannotTell},
		"one slower":            {[]times{{3.9, 4, 4.1}, {0.8, 0.9, 0.95}}, report.DoesNotHold, report.DoesNotHold},
		"one unclear":           {[]times{{3.9, 4, 4.1}, {0.9, 1, 1.1}}, report.CannotTell, report.CannotTell},
		"far above the counted": {[]times{{5.9, 6, 6.1}}, report.Holds, report.CannotTell},
		"nothing":               {nil, report.CannotTell, report.CannotTell},
	} {
		r := &Result{}
		for _, x := range test.times {
			r.Speed = append(r.Speed, Speed{Time: experiment.SpeedBatch{Low: x[0], Ratio: x[1], High: x[2]}, MACRatio: 4})
			r.Maps = append(r.Maps, MapSpeed{Part: 0.25, Low: x[0], Ratio: x[1], High: x[2], MACRatio: 4, Dense: 1, Factored: 1, MACs: 1e9}, MapSpeed{Part: 1, Low: 0.1, Ratio: 0.1, High: 0.1})
		}
		if c := english(r).claimSpeed(); c.Verdict != test.speed {
			t.Errorf("%s: models: %v, want %v", name, c.Verdict, test.speed)
		}
		if c := english(r).claimMaps(); c.Verdict != test.maps {
			t.Errorf("%s: maps: %v, want %v", name, c.Verdict, test.maps)
		}
	}
}

// judged are the claims of synthetic results for and against the paper, and of one that decides nothing.
func judged(t *testing.T) [][]experiment.Claim {
	var list [][]experiment.Claim
	for _, c := range []struct {
		seeds   int
		models  []model
		sweeps  []float64
		time    [3]float64
		counted float64 // relative to the true count
	}{
		{2, []model{{II, 0.8, 200, 300, 340}, {III, 0.7, 200, 290, 330}, {IV, 0.6, 200, 280, 320}}, []float64{0.5, 0.4}, [3]float64{3.9, 4, 4.1}, 1},
		{2, []model{{II, 0.6, 260, 340, 300}, {III, 0.7, 240, 330, 290}, {IV, 0.8, 220, 320, 280}}, []float64{0.3, 0.4}, [3]float64{0.8, 0.9, 0.95}, 2},
		{1, []model{{II, 0.8, 200, 280, 320}, {IV, 0.6, 200, 281, 321}}, nil, [3]float64{0.9, 1, 1.1}, 1},
	} {
		r := measured(t, c.seeds, c.models...)
		for i := range r.Variants {
			r.Variants[i].Sweeps = c.sweeps
		}
		for i := range r.Counts {
			r.Counts[i].Counted = int(c.counted * float64(r.Counts[i].Counted))
		}
		x := c.time
		r.Speed = []Speed{{Time: experiment.SpeedBatch{Low: x[0], Ratio: x[1], High: x[2]}, MACRatio: 4}}
		r.Maps = []MapSpeed{{Part: 0.25, Low: x[0], Ratio: x[1], High: x[2], MACRatio: 4, Dense: 1, Factored: 1, MACs: 1e9}}
		claims, err := english(r).Claims()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, claims)
	}
	return list
}
