package experiment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

const (
	// draws is how many samples each rule is tested on.
	draws = 1000
	// nearly is in how many of them a clear effect decides.
	nearly = 950
)

// wrong is in how many draws a rule may err: 5 %, and three standard errors of that.
var wrong = int(0.05*draws + 3*math.Sqrt(0.05*0.95*draws))

// trained are the differences of right answers of two models, three seeds on the same examples, whose true mean is given. Seeds shift it,
// examples differ in how they take it, and answers change by chance.
func trained(random *rand.Rand, mean float64) stats.Effect {
	const seeds, examples = 3, 250
	p := Paired{}
	hard := make([]float64, examples)
	for i := range hard {
		hard[i] = 0.05 * random.NormFloat64()
	}
	for seed := range uint64(seeds) {
		shift := mean + 0.004*random.NormFloat64()
		first, second := make([]float64, examples), make([]float64, examples)
		for i := range examples {
			u, loss := random.Float64(), shift+hard[i]
			first[i], second[i] = 1, 1
			switch better, worse := 0.1+loss/2, 0.1-loss/2; {
			case u < better:
				second[i] = 0
			case u < better+worse:
				first[i] = 0
			}
		}
		p.Add(seed, "", first, second)
	}
	return p.Evidence("")[0].Effect
}

// masked are the differences of one model and itself with something masked, which differ on few examples.
func masked(random *rand.Rand, mean float64) stats.Effect {
	list := make([]float64, 400)
	for i := range list {
		switch u := random.Float64(); {
		case u < 0.02-min(mean, 0):
			list[i] = -1
		case u < 0.04+math.Abs(mean):
			list[i] = 1
		}
	}
	e, err := stats.Crossed([][]float64{list}, 1)
	if err != nil {
		panic(err)
	}
	return e
}

// timedAs are ratios of times that jitter, seldom by much.
func timedAs(random *rand.Rand, ratio float64) stats.Effect {
	list := make([]float64, 15)
	for i := range list {
		list[i] = ratio * math.Exp(0.03*random.NormFloat64())
		if random.IntN(20) == 0 {
			list[i] *= 1 + random.Float64()
		} else if random.IntN(20) == 0 {
			list[i] /= 1 + random.Float64()
		}
	}
	return stats.MedianOf(list)
}

// family are effects with their true means.
func family(of func(*rand.Rand, float64) stats.Effect, means ...float64) func(*rand.Rand) []stats.Effect {
	return func(random *rand.Rand) []stats.Effect {
		list := make([]stats.Effect, len(means))
		for i, mean := range means {
			list[i] = of(random, mean)
		}
		return list
	}
}

// times repeats a mean.
func times(n int, mean float64, more ...float64) []float64 {
	list := make([]float64, n, n+len(more))
	for i := range list {
		list[i] = mean
	}
	return append(list, more...)
}

func TestRulesErrInFewOfAThousandDrawsAndDecideWhatIsClear(t *testing.T) {
	const holds, not = report.Holds, report.DoesNotHold
	superior, level, cheap := Superior(0.01, Points), Equivalent(0.02, Points), NoLess(-0.01, Points)
	faster, same := Superior(0.05, Ratio), Equivalent(0.05, Ratio)
	for name, test := range map[string]struct {
		rule  Rule
		draw  func(*rand.Rand) []stats.Effect
		never []report.Verdict // what would be wrong
		clear report.Verdict   // what must come out; the zero value: nothing must
	}{
		"superior, no effect":              {superior, family(trained, 0), []report.Verdict{holds}, 0},
		"superior, the least that counts":  {superior, family(trained, 0.01), []report.Verdict{not}, 0},
		"superior, clear":                  {superior, family(trained, 0.12), []report.Verdict{not}, holds},
		"superior, clearly not":            {superior, family(trained, -0.12), []report.Verdict{holds}, not},
		"any difference, none":             {Superior(0, Points), family(trained, 0), []report.Verdict{holds, not}, 0},
		"inferior, no effect":              {Inferior(0.01, Points), family(trained, 0), []report.Verdict{holds}, 0},
		"inferior, the least that counts":  {Inferior(0.01, Points), family(trained, -0.01), []report.Verdict{not}, 0},
		"inferior, clear":                  {Inferior(0.01, Points), family(trained, -0.12), []report.Verdict{not}, holds},
		"equivalent, no effect":            {level, family(trained, 0), []report.Verdict{not}, 0},
		"equivalent, at the margin":        {level, family(trained, 0.02), []report.Verdict{holds, not}, 0},
		"equivalent, clearly":              {Equivalent(0.15, Points), family(trained, 0), []report.Verdict{not}, holds},
		"equivalent, clearly not":          {level, family(trained, -0.15), []report.Verdict{holds}, not},
		"costs little, at the bound":       {cheap, family(trained, -0.01), []report.Verdict{holds, not}, 0},
		"costs little, no cost":            {cheap, family(trained, 0), []report.Verdict{not}, 0},
		"costs little, clearly not":        {cheap, family(trained, -0.15), []report.Verdict{holds}, not},
		"at most, at the bound":            {NoMore(0.01, Points), family(trained, 0.01), []report.Verdict{holds, not}, 0},
		"one model, at the bound":          {NoLess(-0.02, Points), family(masked, -0.02), []report.Verdict{holds, not}, 0},
		"each, all at the bound":           {NoLess(-0.02, Points).Each(), family(masked, times(6, -0.02)...), []report.Verdict{holds, not}, 0},
		"each, one at the bound":           {NoLess(-0.02, Points).Each(), family(masked, times(5, 0.1, -0.02)...), []report.Verdict{holds, not}, 0},
		"each, clear":                      {NoLess(-0.05, Points).Each(), family(masked, times(6, 0)...), []report.Verdict{not}, holds},
		"each, one clearly not":            {NoLess(-0.02, Points).Each(), family(masked, times(5, 0.1, -0.12)...), []report.Verdict{holds}, not},
		"most, half at the bound":          {NoLess(-0.02, Points).Most(), family(masked, append(times(6, 0.1), times(6, -0.02)...)...), []report.Verdict{holds}, 0},
		"most, a little more at the bound": {NoLess(-0.02, Points).Most(), family(masked, append(times(5, -0.1), times(7, -0.02)...)...), []report.Verdict{not}, 0},
		"most, clear":                      {NoLess(-0.06, Points).Most(), family(masked, times(12, 0)...), []report.Verdict{not}, holds},
		"most, clearly not":                {NoLess(-0.02, Points).Most(), family(masked, times(12, -0.12)...), []report.Verdict{holds}, not},
		"some, none has an effect":         {Superior(0.02, Points).Some(), family(masked, times(12, 0)...), []report.Verdict{holds}, 0},
		"some, one at what counts":         {Superior(0.02, Points).Some(), family(masked, times(11, -0.1, 0.02)...), []report.Verdict{not}, 0},
		"some, one clear":                  {Superior(0.02, Points).Some(), family(masked, times(11, 0, 0.15)...), []report.Verdict{not}, holds},
		"faster, as fast":                  {faster, family(timedAs, 1), []report.Verdict{holds}, 0},
		"faster, the least that counts":    {faster, family(timedAs, 1.05), []report.Verdict{not}, 0},
		"faster, clear":                    {faster, family(timedAs, 1.3), []report.Verdict{not}, holds},
		"faster, clearly not":              {faster, family(timedAs, 0.9), []report.Verdict{holds}, not},
		"as fast, at the margin":           {same, family(timedAs, 1.05), []report.Verdict{holds, not}, 0},
		"as fast":                          {Equivalent(0.1, Ratio), family(timedAs, 1), []report.Verdict{not}, holds},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(7, uint64(len(name))))
			came := map[report.Verdict]int{}
			for range draws {
				came[test.rule.decide(test.draw(random))]++
			}
			for _, verdict := range test.never {
				if came[verdict] > wrong {
					t.Errorf("%v comes out in %d of %d draws, more than %d", verdict, came[verdict], draws, wrong)
				}
			}
			if test.clear != 0 && came[test.clear] < nearly {
				t.Errorf("%v comes out in %d of %d draws only", test.clear, came[test.clear], draws)
			}
		})
	}
}

func TestNoIntervalIsOnBothSidesOfARule(t *testing.T) {
	for _, rule := range []Rule{Superior(0, Points), Superior(0.01, Points), Inferior(0.02, Points), Equivalent(0.01, Points), NoLess(-0.01, Points), NoMore(0.05, Ratio)} {
		for low := -0.1; low <= 0.1; low += 0.005 {
			for high := low; high <= 0.1; high += 0.005 {
				e := stats.Effect{Interval: stats.Interval{Value: (low + high) / 2, Low: low, High: high}}
				if so, not := rule.p(e); so <= stats.Tail && not <= stats.Tail {
					t.Errorf("%+v: [%g, %g] both holds and does not hold", rule, low, high)
				}
			}
		}
	}
}

// What a rule says in words is what it does.
func TestTheSentenceIsTheRule(t *testing.T) {
	e := func(low, high float64) stats.Effect {
		return stats.Effect{Interval: stats.Interval{Value: (low + high) / 2, Low: low, High: high}}
	}
	const holds, not, open = report.Holds, report.DoesNotHold, report.CannotTell
	for name, test := range map[string]struct {
		rule   Rule
		says   string
		margin string
		cases  map[report.Verdict][]stats.Effect
	}{
		"superior": {
			Superior(0.005, Points), "Holds if the whole 95 % interval lies above +0.00 points and its upper end is at least +0.50 points, the smallest difference that counts; does not hold if the whole interval lies below the latter.", "0.50 points",
			map[report.Verdict][]stats.Effect{holds: {e(0.001, 0.02), e(0.1, 0.2)}, not: {e(-0.1, 0.004), e(0.001, 0.004)}, open: {e(-0.01, 0.02), e(-0.001, 0.006)}},
		},
		"inferior": {
			Inferior(0.005, Points), "Holds if the whole 95 % interval lies below +0.00 points and its lower end is at most -0.50 points, the smallest difference that counts; does not hold if the whole interval lies above the latter.", "0.50 points",
			map[report.Verdict][]stats.Effect{holds: {e(-0.02, -0.001)}, not: {e(-0.004, 0.1), e(-0.004, -0.001)}, open: {e(-0.02, 0.01)}},
		},
		"equivalent": {
			Equivalent(0.05, Ratio), "Holds if the whole 95 % interval lies between 0.950× and 1.050×; does not hold if all of it lies outside, on one side.", "±0.050×",
			map[report.Verdict][]stats.Effect{holds: {e(0.96, 1.04), e(1.01, 1.04)}, not: {e(1.06, 1.1), e(0.8, 0.94)}, open: {e(0.9, 1), e(1.04, 1.06), e(0.5, 2)}},
		},
		"no less": {
			NoLess(-0.01, Points), "Holds if the whole 95 % interval lies above -1.00 points; does not hold if the whole interval lies below.", "-1.00 points",
			map[report.Verdict][]stats.Effect{holds: {e(-0.009, 0.1), e(0.1, 0.1), e(-0.01, -0.01)}, not: {e(-0.1, -0.011)}, open: {e(-0.02, 0)}},
		},
		"no more": {
			NoMore(1.1, Ratio), "Holds if the whole 95 % interval lies below 1.100×; does not hold if the whole interval lies above.", "1.100×",
			map[report.Verdict][]stats.Effect{holds: {e(0.5, 1.05)}, not: {e(1.2, 1.3)}, open: {e(1, 1.2)}},
		},
	} {
		if got := test.rule.sentence(words.English, 1); got != test.says {
			t.Errorf("%s: %q", name, got)
		}
		if got := test.rule.marginText(words.English); got != test.margin {
			t.Errorf("%s: margin %q", name, got)
		}
		for want, effects := range test.cases {
			for _, effect := range effects {
				if got := test.rule.decide([]stats.Effect{effect}); got != want {
					t.Errorf("%s: %v: %v, want %v", name, effect.Interval, got, want)
				}
			}
		}
	}
}

func TestCountedNumbersAreDecidedAlways(t *testing.T) {
	for _, test := range []struct {
		rule  Rule
		value float64
		want  report.Verdict
	}{
		{NoLess(0, Plain), 0, report.Holds}, {Superior(0, Plain), 0, report.DoesNotHold}, {Superior(0.1, Plain), 0.1, report.Holds},
		{Superior(0.1, Plain), 0.05, report.DoesNotHold}, {NoMore(2, Plain), 2, report.Holds}, {NoMore(2, Plain), 2.1, report.DoesNotHold},
		{NoLess(0.9, Plain), 0.1 * 3 * 3, report.Holds}, {NoLess(0.9, Plain), 1 - 6*2./120, report.Holds}, {NoLess(0.9, Plain), 0.8999999999999998, report.Holds},
		{NoLess(0.9, Plain), 0.899, report.DoesNotHold}, {Superior(0, Plain), 1e-12, report.DoesNotHold},
		{Inferior(0.1, Plain), -0.1, report.Holds}, {Equivalent(0.1, Plain), -0.1, report.Holds}, {Equivalent(0.1, Plain), 0.2, report.DoesNotHold},
	} {
		if got := test.rule.decide([]stats.Effect{stats.Counted(test.value)}); got != test.want {
			t.Errorf("%+v: %g: %v", test.rule, test.value, got)
		}
	}
}

func TestAnEffectThatDecidesNothingLeavesRoomForBoth(t *testing.T) {
	good, bad, open := stats.Counted(1), stats.Counted(-1), Evidence{}.usable("not reached")
	for _, test := range []struct {
		rule    Rule
		effects []stats.Effect
		want    report.Verdict
	}{
		{Superior(0, Plain), []stats.Effect{open}, report.CannotTell},
		{Superior(0, Plain).Each(), []stats.Effect{good, open}, report.CannotTell},
		{Superior(0, Plain).Each(), []stats.Effect{bad, open}, report.DoesNotHold},
		{Superior(0, Plain).Most(), []stats.Effect{good, good, open}, report.Holds},
		{Superior(0, Plain).Most(), []stats.Effect{good, bad, open}, report.CannotTell},
		{Superior(0, Plain).Some(), []stats.Effect{good, open}, report.Holds},
		{Superior(0, Plain).Some(), []stats.Effect{bad, open}, report.CannotTell},
	} {
		if got := test.rule.decide(test.effects); got != test.want {
			t.Errorf("%v of %d: %v, want %v", test.rule.of(len(test.effects)), len(test.effects), got, test.want)
		}
	}
}

func ExampleRule() {
	effect := stats.Effect{Interval: stats.Interval{Value: 0.012, Low: 0.003, High: 0.021}, Seeds: 3, Examples: 872}
	for _, claim := range Judge(words.English, Statement{
		Text: "A teacher helps.", Estimand: "accuracy with a teacher minus without", Rule: Superior(0.005, Points), Training: true,
		Evidence: []Evidence{That("movement", effect)},
	}) {
		fmt.Println(claim.Verdict, claim.Measured, claim.Detectable)
	}
	// Output: holds movement +1.20 [+0.30, +2.10] points 1.29 points
}
