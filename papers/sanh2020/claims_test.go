package sanh2020

import (
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/movement"
)

// outcomes are right or wrong for each of 40 test examples; the pattern is repeated.
func outcomes(pattern string) []bool {
	list := make([]bool, 40)
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
	return &Result{Metric: "accuracy", Layers: 2, Drift: &Drift{}, Speed: &Speed{Repeats: 5}, Measured: experiment.Measured[Config]{Config: Config{
		Seeds: []uint64{1, 2}, Kinds: allKinds(), Remaining: []float64{0.5, 0.1, 0.03}, Focus: 0.1, ScoreRate: 1e-2, L0Rate: 1e-1,
		Global: []movement.Kind{movement.Magnitude, movement.Movement}, Distilled: allKinds(), SpeedBatches: []int{1, 16},
	}}}
}

// variant is a run of the curves, with the first seed.
func (r *Result) variant(kind movement.Kind, remaining float64) Pruning {
	return Pruning{Kind: kind, Scope: movement.Local, Remaining: remaining, Rate: r.Config.rate(kind), Seed: 1}
}

func (r *Result) add(v Pruning, pattern string) {
	r.Runs = append(r.Runs, Trained{Variant: v, Kept: v.Remaining, Right: outcomes(pattern)})
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
	second := func(v Pruning) Pruning { v.Seed = 2; return v }
	r := synthetic()
	few := func(kind movement.Kind) func(edition) (experiment.Claim, error) {
		return func(r edition) (experiment.Claim, error) { return r.claimFewRemain(kind) }
	}
	for name, test := range map[string]struct {
		claim      func(edition) (experiment.Claim, error)
		equal      bool
		a, b       Pruning
		irrelevant []Pruning // runs that are none of the claim's business
	}{
		"many remain": {
			edition.claimManyRemain, false, r.variant(movement.Magnitude, 0.5), r.variant(movement.Movement, 0.5),
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
			few(movement.L0), false, r.variant(movement.L0, 0.1), r.variant(movement.Magnitude, 0.03), []Pruning{r.variant(movement.L0, 0.5)},
		},
		"movement is like L0": {
			edition.claimLikeL0, true, r.variant(movement.Movement, 0.1), r.variant(movement.L0, 0.1), []Pruning{r.variant(movement.L0, 0.5), r.variant(movement.Magnitude, 0.1)},
		},
		"global and local": {
			edition.claimGlobalLevel, true, global(r.variant(movement.Movement, 0.1)), r.variant(movement.Movement, 0.1),
			[]Pruning{global(r.variant(movement.Movement, 0.03)), r.variant(movement.Movement, 0.03), global(r.variant(movement.Magnitude, 0.1))},
		},
		"global, very few": {
			edition.claimGlobalFew, false, global(r.variant(movement.Movement, 0.03)), r.variant(movement.Movement, 0.03),
			[]Pruning{global(r.variant(movement.Movement, 0.1)), r.variant(movement.Movement, 0.1), global(r.variant(movement.Magnitude, 0.03))},
		},
		"teacher": {
			edition.claimTeacher, false, distilled(r.variant(movement.Soft, 0.1)), r.variant(movement.Soft, 0.1),
			[]Pruning{second(r.variant(movement.Soft, 0.1)), r.variant(movement.L0, 0.1), distilled(r.variant(movement.Movement, 0.1))},
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
				c, err := test.claim(english(r))
				if err != nil {
					t.Fatal(err)
				}
				if c.Verdict != want {
					t.Errorf("%s: %v, want %v (%s)", which, c.Verdict, want, c.Measured)
				}
			}
			for _, only := range []Pruning{test.a, test.b} {
				r := synthetic()
				r.add(only, "1")
				if c, err := test.claim(english(r)); err != nil || c.Verdict != report.CannotTell || c.Measured != "not run" {
					t.Errorf("with %s alone: %v, %q, %v", only.title(words.English), c.Verdict, c.Measured, err)
				}
			}
		})
	}
}

func TestSeveralSeedsAreOneMean(t *testing.T) {
	r := synthetic()
	other := r.variant(movement.Movement, 0.1)
	other.Seed = 2
	r.add(r.variant(movement.Movement, 0.1), "10")
	r.add(other, "01")
	r.add(r.variant(movement.L0, 0.1), "10")
	r.add(r.variant(movement.L0, 0.03), "01")
	c, err := english(r).claimLikeL0() // each example is right in every second run, on both sides
	if err != nil || c.Verdict != report.Holds || !strings.Contains(c.Measured, "0.5000 against 0.5000") {
		t.Errorf("%v, %s, %v", c.Verdict, c.Measured, err)
	}
}

func TestWithoutAModerateShareNothingIsSaidAboutMostWeights(t *testing.T) {
	r := synthetic()
	r.Config.Remaining = []float64{0.1, 0.49}
	r.add(r.variant(movement.Magnitude, 0.49), "1")
	r.add(r.variant(movement.Movement, 0.49), "0")
	if c, err := english(r).claimManyRemain(); err != nil || c.Verdict != report.CannotTell || c.Measured != "not run" {
		t.Errorf("%v, %s, %v", c.Verdict, c.Measured, err)
	}
}

func TestEqualMeansThatTheWholeIntervalIsWithinTwoPoints(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		want      report.Verdict
	}{
		{-0.019, 0.019, report.Holds}, {0.001, 0.019, report.Holds}, {-0.02, 0.01, report.CannotTell}, {-0.01, 0.02, report.CannotTell}, {-0.5, 0.5, report.CannotTell},
		{0.02, 0.1, report.CannotTell}, {0.021, 0.1, report.DoesNotHold}, {-0.1, -0.021, report.DoesNotHold},
	} {
		d := &stats.Difference{}
		d.Low, d.High = test.low, test.high
		if got := equal(d); got != test.want {
			t.Errorf("[%g, %g]: %v, want %v", test.low, test.high, got, test.want)
		}
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
		r.Steps, r.MatrixSizes, r.Drift = leastSteps, [][]int{{64, 64, 64, 64, 192, 192}, {64, 64, 64, 64, 192, 192}}, &Drift{Distance: c.drift}
		r.Config.LearningRate, r.Speed.Unstructured = c.rate, c.zeros
		if c.removed != nil {
			r.Speed.Structured = []StructuredSpeed{{Remaining: 0.5, MACs: 2, PrunedMACs: 1, Batches: c.removed}}
		}
		for share, right := range map[float64]answers{0.5: c.many, 0.1: c.moderate, 0.03: c.fewest} {
			for kind, pattern := range right {
				r.add(r.variant(kind, share), pattern)
				if share == r.Config.Focus {
					r.Runs[len(r.Runs)-1].Sample = &Sample{SmallShare: c.small[kind]}
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
			r.Runs[len(r.Runs)-1].Right = outcomes(c.global)
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
