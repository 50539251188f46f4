package wang2022

import (
	"slices"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/tucker"
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

// judge is the verdict on a statement; what the paper does not say has none, but an outcome.
func judge(r *Result, s func(edition) experiment.Statement) experiment.Claim {
	return experiment.Judge(words.English, s(english(r)))[0]
}

// measured is a result of these models, each seed alike; the whole model has 360 of 400 right, the largest class 200.
func measured(t *testing.T, seeds int, models ...model) *Result {
	t.Helper()
	r := &Result{TestSet: experiment.TestSet{Majority: 0.5}, Measured: experiment.Measured[Config]{Config: Config{Ratios: []float64{0.25}, Recovered: []float64{0.25}}}}
	r.Counts = tucker.Counts()
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
	const holds, not, open = report.Holds, report.DoesNotHold, report.CannotTell
	for name, test := range map[string]struct {
		seeds                      int
		models                     []model
		order, predicts, distilled report.Verdict
	}{
		"as the paper hopes":            {3, []model{{II, 0.8, 200, 300, 340}, {III, 0.7, 200, 290, 330}, {IV, 0.6, 200, 280, 320}}, holds, holds, holds},
		"two seeds":                     {2, []model{{II, 0.8, 200, 300, 340}, {III, 0.7, 200, 290, 330}, {IV, 0.6, 200, 280, 320}}, holds, open, open},
		"the error predicts":            {3, []model{{II, 0.8, 220, 280, 320}, {III, 0.7, 240, 290, 330}, {IV, 0.6, 260, 300, 340}}, holds, not, holds},
		"the other way round":           {3, []model{{II, 0.6, 260, 340, 300}, {III, 0.7, 240, 330, 290}, {IV, 0.8, 220, 320, 280}}, not, not, not},
		"all alike":                     {3, []model{{II, 0.8, 300, 340, 340}, {III, 0.8, 300, 340, 340}, {IV, 0.8, 300, 340, 340}}, holds, open, open},
		"none is above the class":       {3, []model{{II, 0.8, 200, 200, 200}, {III, 0.7, 180, 180, 180}, {IV, 0.6, 160, 160, 160}}, holds, open, open},
		"two forms":                     {3, []model{{II, 0.8, 200, 280, 320}, {IV, 0.6, 200, 281, 321}}, open, open, holds},
		"one pair against the error":    {3, []model{{II, 0.8, 220, 280, 340}, {III, 0.7, 240, 290, 341}, {IV, 0.6, 260, 300, 320}}, holds, holds, holds},
		"the order of errors is broken": {3, []model{{II, 0.7, 200, 300, 340}, {III, 0.8, 200, 290, 330}, {IV, 0.6, 200, 280, 320}}, not, holds, holds},
	} {
		r := measured(t, test.seeds, test.models...)
		claims, err := english(r).Claims()
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range map[int]report.Verdict{0: test.order, 1: report.Holds, 3: test.predicts, 4: test.distilled} {
			if claims[i].Outcome != want {
				t.Errorf("%s: %s: %v, want %v\n%s", name, claims[i].Text, claims[i].Outcome, want, claims[i].Measured)
			}
		}
	}
}

// Of many pairs some go against the error by chance.
func TestOnePairOfManyThatGoesAgainstTheErrorByChanceIsNotEnough(t *testing.T) {
	r := measured(t, 3, model{II, 0.8, 300, 300, 300}, model{IV, 0.6, 300, 300, 300})
	r.Config.Ratios = nil
	for i := range 20 {
		ratio := float64(i)
		r.Config.Ratios = append(r.Config.Ratios, ratio)
		for seed := range uint64(3) {
			for _, form := range []Form{II, IV} {
				right := marks(300, 400)
				if form == IV && i == 0 { // 14 against 4: p = 0.02 for this pair alone
					copy(right, make(stats.Answers, 14))
					copy(right[300:], marks(4, 4))
				}
				r.Variants = append(r.Variants, Decomposition{Form: form, Ratio: ratio, Error: map[Form]float64{II: 0.8, IV: 0.6}[form]})
				r.Trials = append(r.Trials, Trial{Form: form, Ratio: ratio, Seed: seed, Recovery: Tuned, Answers: experiment.Answers{Right: right}})
			}
		}
	}
	if c := judge(r, edition.predicts); c.Verdict != report.CannotTell {
		t.Errorf("one of 20: %v (%s)", c.Verdict, c.Measured)
	}
	r.Config.Ratios = r.Config.Ratios[:1]
	if c := judge(r, edition.predicts); c.Verdict != report.Holds {
		t.Errorf("one alone: %v (%s)", c.Verdict, c.Measured)
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
		if c := judge(r, edition.sweeps); c.Outcome != test.want || c.Verdict != report.Informative {
			t.Errorf("%s: %v, want %v", name, c.Outcome, test.want)
		}
	}
}

// timed are a whole model and maps whose 15 ratios lie mostly between two.
func timed(low, high float64) (Speed, MapSpeed) {
	b := experiment.SpeedBatch{Ratio: (low + high) / 2, Seconds: (low + high) / 2, PrunedSeconds: 1}
	for i := range 15 {
		b.Ratios = append(b.Ratios, low+(high-low)*float64(i-3)/8)
	}
	return Speed{Time: b, MACRatio: 4}, MapSpeed{Part: 0.25, Ratio: b.Ratio, Ratios: b.Ratios, MACRatio: 4, Dense: 1, Factored: 1, MACs: 1e9}
}

func TestTheVerdictsOnTime(t *testing.T) {
	for name, test := range map[string]struct {
		times       [][2]float64 // by operations 4
		speed, maps report.Verdict
	}{
		"as counted":            {[][2]float64{{3.9, 4.1}, {3.45, 3.6}}, report.Holds, report.Holds},
		"faster, but by less":   {[][2]float64{{3.9, 4.1}, {1.9, 2.1}}, report.Holds, report.DoesNotHold},
		"one slower":            {[][2]float64{{3.9, 4.1}, {0.8, 0.95}}, report.DoesNotHold, report.DoesNotHold},
		"one unclear":           {[][2]float64{{3.9, 4.1}, {0.9, 1.1}}, report.CannotTell, report.DoesNotHold},
		"near the tolerance":    {[][2]float64{{3.3, 3.5}}, report.Holds, report.CannotTell},
		"far above the counted": {[][2]float64{{5.9, 6.1}}, report.Holds, report.DoesNotHold},
		"nothing":               {nil, report.CannotTell, report.CannotTell},
	} {
		r := &Result{}
		for _, x := range test.times {
			speed, linear := timed(x[0], x[1])
			r.Speed, r.Maps = append(r.Speed, speed), append(r.Maps, linear, MapSpeed{Part: 1})
		}
		if c := judge(r, edition.speeds); c.Outcome != test.speed {
			t.Errorf("%s: models: %v, want %v (%s)", name, c.Outcome, test.speed, c.Measured)
		}
		if c := judge(r, edition.maps); c.Outcome != test.maps || c.Verdict != report.Informative {
			t.Errorf("%s: maps: %v, want %v (%s)", name, c.Outcome, test.maps, c.Measured)
		}
	}
}

// A larger model that is slower than the whole one is told, and does not decide.
func TestTheSmallestModelsDecideWhetherDecomposedOnesAreFaster(t *testing.T) {
	at := func(form Form, target, low, high float64) Speed {
		s, _ := timed(low, high)
		s.Form, s.Target, s.Name = form, target, string(form)
		return s
	}
	for name, test := range map[string]struct {
		speed []Speed
		want  report.Verdict
		says  string
	}{
		"larger ones are slower":       {[]Speed{at(II, 0.1, 2.6, 2.8), at(II, 0.5, 0.7, 0.8), at(III, 0.1, 1.5, 1.6), at(III, 0.5, 0.8, 0.9)}, report.Holds, "2 of 2 surely hold, 0 surely fail; by operations: 4.00×, 4.00×; larger ones: II 0.75× (by operations 4.00×), III 0.85× (by operations 4.00×)"},
		"a small one is slower":        {[]Speed{at(II, 0.1, 2.6, 2.8), at(II, 0.5, 1.7, 1.8), at(III, 0.1, 0.8, 0.9)}, report.DoesNotHold, "larger ones: II 1.75×"},
		"one form is timed larger":     {[]Speed{at(II, 0.1, 2.6, 2.8), at(III, 0.5, 0.8, 0.9)}, report.Holds, "larger ones: III 0.85×"},
		"all are of the smallest size": {[]Speed{at(II, 0.5, 1.7, 1.8), at(III, 0.5, 1.2, 1.3)}, report.Holds, "by operations: 4.00×, 4.00×"},
	} {
		c := judge(&Result{Speed: test.speed}, edition.speeds)
		if c.Verdict != test.want || !strings.Contains(c.Measured, test.says) {
			t.Errorf("%s: %v, want %v (%s)", name, c.Verdict, test.want, c.Measured)
		}
	}
}

// The two rows on the paper's tiny model are about one model here, where there is one that was both retrained and timed.
func TestTheRowsOnTheTinyModelAreAboutOneModel(t *testing.T) {
	trial := func(form Form, ratio float64, recovery Recovery, right int) Trial {
		return Trial{Form: form, Ratio: ratio, Recovery: recovery, Answers: experiment.Answers{Right: marks(right, 400)}}
	}
	speed := func(form Form, target, ratio float64) Speed {
		s, _ := timed(ratio-0.1, ratio+0.1)
		s.Form, s.Target = form, target
		return s
	}
	trials := []Trial{
		trial(II, 0.1, None, 200), trial(II, 0.5, None, 300), trial(II, 0.5, Tuned, 320), trial(II, 0.5, Distilled, 342), trial(III, 0.5, Tuned, 330), trial(III, 0.25, Tuned, 318),
	}
	const score, timedAs = "part of the whole model's score that is left with 1/48 of the parameters", "speed of that model"
	for name, test := range map[string]struct {
		trials      []Trial
		speed       []Speed
		kept, fast  string
		left, times string // what stands here
	}{
		"the smaller one is not timed":  {trials, []Speed{speed(II, 0.1, 2.7), speed(III, 0.5, 0.9), speed(II, 0.5, 1.4)}, " (here: II with 50 %)", " (here: II with 50 %)", "95.0 %", "1.400"},
		"the more accurate one is not":  {trials, []Speed{speed(II, 0.1, 2.7), speed(III, 0.5, 0.9)}, " (here: III with 50 %)", " (here: III with 50 %)", "91.7 %", "0.900"},
		"the timed one learned nothing": {trials, []Speed{speed(II, 0.1, 2.7)}, " (here: III with 25 %)", " (here: another one, II with 10 %, not retrained and with an accuracy of 50.0 %)", "88.3 %", "2.700"},
		"nor was it judged":             {trials[2:], []Speed{speed(II, 0.1, 2.7)}, " (here: III with 25 %)", " (here: another one, II with 10 %, not retrained)", "88.3 %", "2.700"},
		"none learned again":            {trials[:2], []Speed{speed(II, 0.1, 2.7)}, "", " (here: another one, II with 10 %, not retrained and with an accuracy of 50.0 %)", "not measured", "2.700"},
		"none was timed":                {trials, nil, " (here: III with 25 %)", "", "88.3 %", "not measured"},
	} {
		r := &Result{Whole: []Trial{{Answers: experiment.Answers{Right: marks(360, 400)}}}, Trials: test.trials, Speed: test.speed}
		rows := english(r).QuotedTable().Rows
		kept, fast := rows[len(rows)-2], rows[len(rows)-1]
		if kept[0] != score+test.kept || fast[0] != timedAs+test.fast || kept[3] != test.left || !strings.HasPrefix(fast[3].(string), test.times) {
			t.Errorf("%s: %q and %q", name, kept, fast)
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
		time    [2]float64
		counted float64 // relative to the true count
	}{
		{3, []model{{II, 0.8, 200, 300, 340}, {III, 0.7, 200, 290, 330}, {IV, 0.6, 200, 280, 320}}, []float64{0.5, 0.4}, [2]float64{3.9, 4.1}, 1},
		{3, []model{{II, 0.6, 260, 340, 300}, {III, 0.7, 240, 330, 290}, {IV, 0.8, 220, 320, 280}}, []float64{0.3, 0.4}, [2]float64{0.8, 0.95}, 2},
		{1, []model{{II, 0.8, 200, 280, 320}, {IV, 0.6, 200, 281, 321}}, nil, [2]float64{0.9, 4.1}, 1},
	} {
		r := measured(t, c.seeds, c.models...)
		for i := range r.Variants {
			r.Variants[i].Sweeps = c.sweeps
		}
		for i := range r.Counts {
			r.Counts[i].Counted = int(c.counted * float64(r.Counts[i].Counted))
		}
		speed, linear := timed(c.time[0], c.time[1])
		r.Speed, r.Maps = []Speed{speed}, []MapSpeed{linear}
		claims, err := english(r).Claims()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, claims)
	}
	return list
}
