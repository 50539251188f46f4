package sanh2020

import (
	"slices"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/movement"
)

// outcomes are right or wrong for each of 800 test examples; the pattern is repeated.
func outcomes(pattern string) []bool {
	list := make([]bool, 800)
	for i := range list {
		list[i] = pattern[i%len(pattern)] == '1'
	}
	return list
}

// opposite exchanges right and wrong.
func opposite(pattern string) string {
	return strings.NewReplacer("0", "1", "1", "0").Replace(pattern)
}

// synthetic is a result of a protocol with every method, before any run.
func synthetic() *Result {
	return &Result{TestSet: experiment.TestSet{Metric: "accuracy"}, Layers: 2, Steps: leastSteps, Drift: &movement.Drift{}, Drifts: []float64{0.01, 0.02, 0.01}, Speed: &Speed{Repeats: 15}, Measured: experiment.Measured[Config]{Config: Config{
		Setup: experiment.Setup{Seeds: []uint64{1, 2, 3}}, Kinds: allKinds(), Remaining: []float64{0.5, 0.1, 0.03}, Focus: 0.1, ScoreRate: 1e-2, L0Rate: 1e-1,
		Global: []movement.Kind{movement.Magnitude, movement.Movement}, Distilled: allKinds(), Inference: experiment.Inference{SpeedBatches: []int{1, 16}},
	}}}
}

// variant is a run of the curves, with the first seed.
func (r *Result) variant(kind movement.Kind, remaining float64) Pruning {
	return Pruning{Kind: kind, Scope: movement.Local, Remaining: remaining, Rate: r.Config.rate(kind), Seed: 1}
}

// add adds a run with each seed, all alike.
func (r *Result) add(v Pruning, pattern string) {
	for _, v.Seed = range r.Config.Seeds {
		r.Runs = append(r.Runs, Trained{Variant: v, Kept: v.Remaining, Right: outcomes(pattern)})
	}
}

// judge is the verdict on a statement.
func judge(r *Result, s func(edition) experiment.Statement) experiment.Claim {
	return experiment.Judge(words.English, s(english(r)))[0]
}

// pairings are outcomes of two groups, with the verdicts on "the first is better" and "both are equal".
var pairings = map[string]struct {
	a, b         string
	above, equal report.Verdict
}{
	"always right against always wrong": {"1", "0", report.Holds, report.DoesNotHold},
	"always wrong against always right": {"0", "1", report.DoesNotHold, report.DoesNotHold},
	"better on every other example":     {"11", "01", report.Holds, report.DoesNotHold},
	"the same examples":                 {"10", "10", report.DoesNotHold, report.Holds},
	"as many, but other examples":       {"10", "01", report.CannotTell, report.CannotTell},
}

func TestClaimsThatCompareRunsAreDecidedByTheInterval(t *testing.T) {
	global := func(v Pruning) Pruning { v.Scope = movement.Global; return v }
	distilled := func(v Pruning) Pruning { v.Distilled = true; return v }
	structured := func(v Pruning) Pruning { v.Structured = true; return v }
	r := synthetic()
	few := func(kind movement.Kind) func(edition) experiment.Statement {
		return func(r edition) experiment.Statement { return r.fewRemain(kind) }
	}
	for name, test := range map[string]struct {
		claim      func(edition) experiment.Statement
		equal      bool
		a, b       Pruning
		irrelevant []Pruning // runs that are none of the claim's business
	}{
		"many remain": {
			edition.manyRemain, false, r.variant(movement.Magnitude, 0.5), r.variant(movement.Movement, 0.5),
			[]Pruning{r.variant(movement.Magnitude, 0.1), distilled(r.variant(movement.Magnitude, 0.5)), r.variant(movement.Soft, 0.5)},
		},
		"few remain, movement": {
			few(movement.Movement), false, r.variant(movement.Movement, 0.1), r.variant(movement.Magnitude, 0.1),
			[]Pruning{r.variant(movement.Movement, 0.5), structured(r.variant(movement.Movement, 0.1)), global(r.variant(movement.Movement, 0.1))},
		},
		"few remain, soft": {
			few(movement.Soft), false, r.variant(movement.Soft, 0.03), r.variant(movement.Magnitude, 0.03),
			[]Pruning{r.variant(movement.Movement, 0.03), {Kind: movement.Soft, Scope: movement.Local, Remaining: 0.1, Rate: 0.5, Seed: 1}},
		},
		"few remain, L0": {
			few(movement.L0), false, r.variant(movement.L0, 0.1), r.variant(movement.Magnitude, 0.1), []Pruning{r.variant(movement.L0, 0.5), r.variant(movement.Magnitude, 0.03)},
		},
		"movement is like L0": {
			edition.likeL0, true, r.variant(movement.Movement, 0.1), r.variant(movement.L0, 0.1), []Pruning{r.variant(movement.L0, 0.5), r.variant(movement.Magnitude, 0.1)},
		},
		"global and local": {
			edition.globalLevel, true, global(r.variant(movement.Movement, 0.1)), r.variant(movement.Movement, 0.1),
			[]Pruning{global(r.variant(movement.Movement, 0.03)), r.variant(movement.Movement, 0.03), global(r.variant(movement.Magnitude, 0.1))},
		},
		"global, very few": {
			edition.globalFew, false, global(r.variant(movement.Movement, 0.03)), r.variant(movement.Movement, 0.03),
			[]Pruning{global(r.variant(movement.Movement, 0.1)), r.variant(movement.Movement, 0.1), global(r.variant(movement.Magnitude, 0.03))},
		},
		"teacher": {
			edition.teacher, false, distilled(r.variant(movement.Soft, 0.1)), r.variant(movement.Soft, 0.1),
			[]Pruning{r.variant(movement.L0, 0.1), distilled(r.variant(movement.Movement, 0.1))},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for which, p := range pairings {
				r, want := synthetic(), p.above
				if test.equal {
					want = p.equal
				}
				r.add(test.a, p.a)
				r.add(test.b, p.b)
				for _, v := range test.irrelevant {
					pattern := opposite(p.a)
					if v.Kind == test.b.Kind && v.Scope == test.b.Scope && v.Distilled == test.b.Distilled { // of the second group's sort
						pattern = opposite(p.b)
					}
					r.add(v, pattern)
				}
				if c := judge(r, test.claim); c.Verdict != want {
					t.Errorf("%s: %v, want %v (%s)", which, c.Verdict, want, c.Measured)
				}
				r.Config.Seeds = r.Config.Seeds[:2]
				r.Runs = slices.DeleteFunc(r.Runs, func(run Trained) bool { return run.Variant.Seed == 3 })
				if c := judge(r, test.claim); c.Verdict != report.CannotTell || !strings.Contains(c.Explanation, "needs 3 seeds, here: 2") {
					t.Errorf("%s, with two seeds: %v, %s", which, c.Verdict, c.Explanation)
				}
			}
			for _, only := range []Pruning{test.a, test.b} {
				r := synthetic()
				r.add(only, "1")
				if c := judge(r, test.claim); c.Verdict != report.CannotTell || c.Measured != "not run" {
					t.Errorf("with %s alone: %v, %q", only.title(words.English), c.Verdict, c.Measured)
				}
			}
		})
	}
}

func TestATeacherMustHelpEachMethod(t *testing.T) {
	const holds, not, open = report.Holds, report.DoesNotHold, report.CannotTell
	for name, test := range map[string]struct {
		taught map[movement.Kind]string // beside "10" without
		want   report.Verdict
	}{
		"all":                 {map[movement.Kind]string{movement.Magnitude: "1", movement.Movement: "1", movement.L0: "1"}, holds},
		"all but one, surely": {map[movement.Kind]string{movement.Magnitude: "1", movement.Movement: "1", movement.L0: "0"}, not},
		"one perhaps not":     {map[movement.Kind]string{movement.Magnitude: "1", movement.Movement: "1", movement.L0: "01"}, open},
	} {
		r := synthetic()
		for kind, pattern := range test.taught {
			v := r.variant(kind, 0.1)
			r.add(v, "10")
			v.Distilled = true
			r.add(v, pattern)
		}
		if c := judge(r, edition.teacher); c.Verdict != test.want || !strings.Contains(c.Measured, " of 3 surely hold") {
			t.Errorf("%s: %v, want %v (%s)", name, c.Verdict, test.want, c.Measured)
		}
	}
}

// Soft movement that was asked for 10 % and kept 26 % says nothing about 10 %.
func TestAShareThatWasNotReachedIsNotCompared(t *testing.T) {
	r := synthetic()
	for _, share := range []float64{0.1, 0.03} {
		r.add(r.variant(movement.Soft, share), "1")
		r.add(r.variant(movement.Magnitude, share), "0")
	}
	keep := func(share, kept float64) {
		for i := range r.Runs {
			if v := r.Runs[i].Variant; v.Kind == movement.Soft && v.Remaining == share && v.Seed == 2 {
				r.Runs[i].Kept = kept
			}
		}
	}
	soft := func(r edition) experiment.Statement { return r.fewRemain(movement.Soft) }
	keep(0.1, 0.26)
	if c := judge(r, soft); c.Verdict != report.Holds || !strings.Contains(c.Measured, "not compared: 10 % was asked and 26.0 % were kept") {
		t.Errorf("one share: %v, %s", c.Verdict, c.Measured)
	}
	keep(0.03, 0.02)
	if c := judge(r, soft); c.Verdict != report.CannotTell || !strings.Contains(c.Explanation, "3 % was asked and 2.0 % were kept") || strings.Contains(c.Measured, "NaN") {
		t.Errorf("all shares: %v, %s, %s", c.Verdict, c.Measured, c.Explanation)
	}
	keep(0.1, 0.119)
	if c := judge(r, soft); c.Verdict != report.Holds {
		t.Errorf("within a fifth: %v, %s", c.Verdict, c.Measured)
	}
}

func TestSeveralSharesAreOneMean(t *testing.T) {
	r := synthetic()
	r.add(r.variant(movement.Movement, 0.1), "10")
	r.add(r.variant(movement.Movement, 0.03), "01")
	r.add(r.variant(movement.L0, 0.1), "01")
	r.add(r.variant(movement.L0, 0.03), "10")
	if c := judge(r, edition.likeL0); c.Verdict != report.Holds || !strings.Contains(c.Measured, "(50.00 − 50.00)") {
		t.Errorf("%v, %s", c.Verdict, c.Measured)
	}
}

func TestWithoutAModerateShareNothingIsSaidAboutMostWeights(t *testing.T) {
	r := synthetic()
	r.Config.Remaining = []float64{0.1, 0.49}
	r.add(r.variant(movement.Magnitude, 0.49), "1")
	r.add(r.variant(movement.Movement, 0.49), "0")
	if c := judge(r, edition.manyRemain); c.Verdict != report.CannotTell || c.Measured != "not run" {
		t.Errorf("%v, %s", c.Verdict, c.Measured)
	}
}

func TestWhatWasNotRunCannotBeTold(t *testing.T) {
	claims, err := english(synthetic()).Claims()
	if err != nil {
		t.Fatal(err)
	}
	measured := 0
	for _, c := range claims {
		if c.Measured != "not run" {
			measured++ // the drift, which every protocol measures
		} else if c.Verdict != report.CannotTell || c.Explanation == "" {
			t.Errorf("%s: %v, %q", c.Text, c.Verdict, c.Explanation)
		}
	}
	if measured != 1 || len(claims) != 13 {
		t.Errorf("%d of %d claims were measured", measured, len(claims))
	}
}

// verdicts are the claims of results in which all of the paper's statements hold, none does, and nothing was run.
func verdicts(t *testing.T) [][]experiment.Claim {
	type answers map[movement.Kind]string
	var list [][]experiment.Claim
	for _, c := range []struct {
		many, moderate, fewest answers // at 50, 10 and 3 % of the weights
		global, globalFewest   string  // movement with one selection, at 10 and 3 %
		distilled              string
		shares                 map[movement.Kind][]float64 // by layer, one selection for the whole model
		small                  map[movement.Kind]float64
		drift, rate            float64
		zeros, removed         []experiment.SpeedBatch
	}{
		{
			answers{movement.Magnitude: "1", movement.Movement: "0"},
			answers{movement.Magnitude: "0", movement.Movement: "1", movement.Soft: "1", movement.L0: "1"}, answers{movement.Magnitude: "0", movement.Movement: "0", movement.Soft: "0", movement.L0: "0"},
			"1", "1", "1", map[movement.Kind][]float64{movement.Movement: {0.2, 0.1}, movement.Magnitude: {0.1, 0.1}},
			map[movement.Kind]float64{movement.Movement: 0.5}, 0.01, 3e-5, timed(0.9, 1.04), timed(1.06, 1.5),
		},
		{
			answers{movement.Magnitude: "0", movement.Movement: "1"},
			answers{movement.Magnitude: "1", movement.Movement: "0", movement.Soft: "0", movement.L0: "01"}, answers{movement.Magnitude: "1", movement.Movement: "0", movement.Soft: "0", movement.L0: "01"},
			"1", "0", "0", map[movement.Kind][]float64{movement.Movement: {0.1, 0.1}, movement.Magnitude: {0.3, 0.1}},
			nil, 0.2, 3e-5, timed(1.06, 1.5), timed(0.9, 1.04),
		},
		{nil, nil, nil, "", "", "", nil, nil, 0.2, 1, nil, nil},
	} {
		r := synthetic()
		r.MatrixSizes, r.Drifts = [][]int{{64, 64, 64, 64, 192, 192}, {64, 64, 64, 64, 192, 192}}, []float64{c.drift, c.drift, c.drift}
		r.Config.LearningRate, r.Speed.Unstructured = c.rate, c.zeros
		if c.removed != nil {
			r.Speed.Structured = []StructuredSpeed{{Remaining: 0.5, SpeedUp: experiment.SpeedUp{MACs: 2, PrunedMACs: 1, Batches: c.removed}}}
		}
		for share, right := range map[float64]answers{0.5: c.many, 0.1: c.moderate, 0.03: c.fewest} {
			for kind, pattern := range right {
				r.add(r.variant(kind, share), pattern)
				if share == r.Config.Focus {
					for i := range r.Config.Seeds {
						r.Runs[len(r.Runs)-1-i].Sample = &movement.Sample{SmallShare: c.small[kind]}
					}
				}
				if share <= few {
					v := r.variant(kind, share)
					v.Distilled = true
					r.add(v, c.distilled)
				}
			}
		}
		for kind, shares := range c.shares {
			r.layered(kind, shares...)
			for i := range r.Config.Seeds {
				r.Runs[len(r.Runs)-1-i].Right = outcomes(c.global)
			}
		}
		if c.globalFewest != "" {
			v := r.variant(movement.Movement, 0.03)
			v.Scope = movement.Global
			r.add(v, c.globalFewest)
		}
		claims, err := english(r).Claims()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, claims)
	}
	return list
}

// What a claim says of the full protocol where another one lacks something.
func TestTheFullProtocolHasWhatTheClaimsAskFor(t *testing.T) {
	c := Full()
	between := func(low, high float64) bool {
		return slices.ContainsFunc(c.Remaining, func(share float64) bool { return share >= low && share <= high })
	}
	for _, kind := range []movement.Kind{movement.Magnitude, movement.Movement, movement.L0} {
		if !slices.Contains(c.Kinds, kind) || kind != movement.L0 && !slices.Contains(c.Global, kind) {
			t.Errorf("%s is not run, or not with one selection for the whole model", kind)
		}
	}
	if !between(0.05, 0.15) || !between(0, 0.04) {
		t.Errorf("it leaves %v", c.Remaining)
	}
}
