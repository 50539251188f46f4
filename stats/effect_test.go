package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// draws is how many samples a rule is tested on, and most how many of them may err: 5 % and three standard errors of that.
const draws = 1000

var most = int(0.05*draws + 3*math.Sqrt(0.05*0.95*draws))

// design are the standard deviations of a table of differences: of seeds, of examples, and of the rest.
type design struct {
	seeds, examples         int
	seed, example, residual float64
}

func (d design) draw(random *rand.Rand, mean float64) [][]float64 {
	table, byExample := make([][]float64, d.seeds), make([]float64, d.examples)
	for i := range byExample {
		byExample[i] = d.example * random.NormFloat64()
	}
	for s := range table {
		shift := mean + d.seed*random.NormFloat64()
		for _, e := range byExample {
			table[s] = append(table[s], shift+e+d.residual*random.NormFloat64())
		}
	}
	return table
}

func TestTheIntervalHoldsTheTruthWhateverVaries(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, d := range map[string]design{
		"seeds alone": {3, 50, 1, 0, 0}, "examples alone": {3, 50, 0, 1, 0}, "the rest alone": {3, 50, 0, 0, 1}, "both": {3, 50, 0.1, 1, 0.5},
		"seeds and the rest": {3, 50, 0.1, 0, 1}, "five seeds": {5, 50, 0.2, 0.5, 1}, "one seed": {1, 50, 0, 1, 0}, "mostly seeds": {3, 50, 0.5, 1, 1},
	} {
		missed := 0
		for range draws {
			e, err := Crossed(d.draw(random, 0.3), 0)
			if err != nil {
				t.Fatal(err)
			}
			if e.Low > 0.3 || e.High < 0.3 {
				missed++
			}
		}
		if missed > most {
			t.Errorf("%s: %d of %d intervals miss the truth, more than %d", name, missed, draws, most)
		}
	}
}

// answerDifferences are those of two models that differ on a share of the examples, more often to the worse by the loss.
func answerDifferences(random *rand.Rand, n int, differ, loss float64) []float64 {
	list := make([]float64, n)
	for i := range list {
		switch u := random.Float64(); {
		case u < (differ+loss)/2:
			list[i] = -1
		case u < differ:
			list[i] = 1
		}
	}
	return list
}

func TestAnswersThatSeldomDifferErrAsSeldom(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{160, 400, 872} {
		for _, differ := range []float64{0.02, 0.04, 0.1} {
			better, worse := 0, 0
			for range draws {
				e, err := Crossed([][]float64{answerDifferences(random, n, differ, 0.02)}, 1)
				if err != nil {
					t.Fatal(err)
				}
				if e.Above(-0.02) <= Tail {
					better++
				}
				if e.Below(-0.02) <= Tail {
					worse++
				}
			}
			if better > most || worse > most {
				t.Errorf("%d examples, %g differ: of %d draws %d lie above the truth, %d below", n, differ, draws, better, worse)
			}
		}
	}
}

func TestAnswersThatNeverDifferAreNoProof(t *testing.T) {
	for n, want := range map[int]float64{20: 0.13, 160: 0.0173, 872: 0.0032} {
		e, err := Crossed([][]float64{make([]float64, n), make([]float64, n), make([]float64, n)}, 1)
		if err != nil || math.Abs(e.High-want) > 0.1*want || e.Low != -e.High || e.Exact() {
			t.Errorf("%d examples: %+v, %v", n, e, err)
		}
	}
}

// Values of the crossed table by hand: two seeds, two examples.
func TestCrossedIsTheAnalysisOfVariance(t *testing.T) {
	e, err := Crossed([][]float64{{1, 2}, {3, 6}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	// seeds 1.5 and 4.5: MS 2·4.5 = 9; examples 2 and 4: MS 2·2 = 4; rest ±0.5: 1. One degree of freedom each: t = 12.706.
	half, df := 12.7062047*math.Sqrt((9.0-1+4)/4), 12.0*12/(8*8+4*4)
	if e.Value != 3 || math.Abs(e.Low-(3-half)) > 1e-6 || math.Abs(e.High-(3+half)) > 1e-6 || math.Abs(e.DF-df) > 1e-9 || e.Seeds != 2 || e.Examples != 2 {
		t.Errorf("%+v, want ±%g and %g degrees of freedom", e, half, df)
	}
}

func TestAPValueIsWhereTheIntervalEnds(t *testing.T) {
	for _, e := range []Effect{
		{Interval: Interval{1, 0.5, 2}}, {Interval: Interval{1, 0.5, 2}, DF: 2}, {Interval: Interval{-3, -4, -1}, DF: 100},
	} {
		for _, bound := range []struct {
			at   float64
			p, q float64
		}{{e.Low, Tail, 1 - Tail}, {e.High, 1 - Tail, Tail}, {e.Value, 0.5, 0.5}} {
			if p, q := e.Above(bound.at), e.Below(bound.at); math.Abs(p-bound.p) > 1e-9 || math.Abs(q-bound.q) > 1e-9 {
				t.Errorf("%+v at %g: %g and %g", e, bound.at, p, q)
			}
		}
	}
	if e := Counted(2); !e.Exact() || e.Above(1) != 0 || e.Above(2) != 1 || e.Below(3) != 0 || e.Below(2) != 1 {
		t.Error("a counted number")
	}
	if e := MedianOf([]float64{1, 2, 3, 4, 5}); e.Above(-100) != 1 || e.Below(100) != 1 {
		t.Errorf("without an interval: %g, %g", e.Above(-100), e.Below(100))
	}
}

func TestWhatCanBeDetectedShowsInFourOfFive(t *testing.T) {
	const many = 4 * draws
	random := rand.New(rand.NewPCG(5, 6))
	d := design{1, 200, 0, 1, 0}
	shown, least := 0, 2.82/math.Sqrt(200) // (t₀.₉₇₅ + t₀.₈)/√200 = 2.815/√200
	for range many {
		e, err := Crossed(d.draw(random, least), 0)
		if err != nil {
			t.Fatal(err)
		}
		if e.Above(0) <= Tail {
			shown++
		}
		if got := e.Detectable(Tail); math.Abs(got-least) > 0.25*least {
			t.Fatalf("detectable %g, want about %g", got, least)
		}
	}
	if share := float64(shown) / many; math.Abs(share-Power) > 0.025 {
		t.Errorf("it shows in %g of the draws", share)
	}
}

func TestTheMedianOfRepeatsHasAnIntervalOfRanks(t *testing.T) {
	fifteen := make([]float64, 15)
	for i := range fifteen {
		fifteen[i] = float64(15 - i)
	}
	for n, want := range map[int][2]float64{6: {10, 15}, 9: {8, 14}, 15: {4, 12}} {
		if e := MedianOf(fifteen[:n]); e.Low != want[0] || e.High != want[1] {
			t.Errorf("%d repeats: %+v, want %v", n, e, want)
		}
	}
	if e := MedianOf(fifteen[:5]); !math.IsInf(e.Low, -1) || !math.IsInf(e.High, 1) || e.Value != 13 {
		t.Errorf("five repeats: %+v", e)
	}
}

func TestTheMedianByItsQuartilesHoldsTheTruth(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	for _, n := range []int{7, 15, 25} {
		missed := 0
		for range draws {
			list := make([]float64, n)
			for i := range list {
				list[i] = 1 + 0.1*random.NormFloat64()
			}
			if e := MedianOfQuartiles(Quartiles(list), n); e.Low > 1 || e.High < 1 {
				missed++
			}
		}
		if missed > most {
			t.Errorf("%d repeats: %d of %d intervals miss the truth", n, missed, draws)
		}
	}
	if e := MedianOfQuartiles(Interval{1, 0.9, 1.1}, 5); !math.IsInf(e.Low, -1) || e.Value != 1 {
		t.Errorf("%+v", e)
	}
}

func TestHolmAndItsSteps(t *testing.T) {
	p := []float64{0.01, 0.04, 0.03, 0.005}
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} { // R: p.adjust(p, "holm")
		if got := Holm(p)[i]; math.Abs(got-want) > 1e-12 {
			t.Errorf("%d: %g, want %g", i, got, want)
		}
	}
	for k, want := range map[int]float64{0: 1, 1: 0.02, 2: 0.03, 3: 0.06, 4: 0.04, 5: 1} {
		if got := Step(p, k); math.Abs(got-want) > 1e-12 {
			t.Errorf("at least %d: %g, want %g", k, got, want)
		}
	}
}

func TestTheDifferenceOfTwoEffectsHasBothErrors(t *testing.T) {
	a := Effect{Interval: Interval{5, 2, 8}, DF: 10, Seeds: 3, Examples: 100}
	b := Effect{Interval: Interval{1, -3, 5}, DF: 20, Seeds: 4, Examples: 50}
	want := Effect{Interval: Interval{4, -1, 9}, DF: 100. * 100 / (36*36/10. + 64*64/20.), Seeds: 3, Examples: 150}
	if got := a.Minus(b); math.Abs(got.DF-want.DF) > 1e-9 || got.Interval != want.Interval || got.Seeds != 3 || got.Examples != 150 {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestDifferencesThatDoNotFitAreRefused(t *testing.T) {
	for _, d := range [][][]float64{nil, {{}}, {{1, 2}, {1}}} {
		if _, err := Crossed(d, 0); err == nil {
			t.Errorf("%v", d)
		}
	}
}

func BenchmarkCrossed(b *testing.B) {
	table := design{3, 10_000, 0.1, 1, 1}.draw(rand.New(rand.NewPCG(1, 1)), 0)
	for b.Loop() {
		if _, err := Crossed(table, 1); err != nil {
			b.Fatal(err)
		}
	}
}

func TestRanksWithinIntervalsReachAsFarAsTheyCan(t *testing.T) {
	x := []float64{1, 2, 3}
	y := []Effect{{Interval: Interval{1, 0, 1.5}}, {Interval: Interval{2, 1, 3.5}}, {Interval: Interval{3, 3, 3}}}
	if e := SpearmanWithin(x, y); math.Abs(e.Value-1) > 1e-9 || math.Abs(e.Low-0.5) > 1e-9 || math.Abs(e.High-1) > 1e-9 {
		t.Errorf("%+v", e) // the second may be above the third
	}
	if e := SpearmanWithin(x, []Effect{Counted(3), Counted(2), Counted(1)}); !e.Exact() || math.Abs(e.Value+1) > 1e-9 {
		t.Errorf("%+v", e)
	}
}
