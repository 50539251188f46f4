package experiment

import (
	"fmt"
	"math"
	"strings"

	"bertlab/figures/report"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// Scale is how a quantity is told: times Factor, by a verb of fmt with its sign, before Unit. Neutral is the quantity where there is no
// effect.
type Scale struct {
	Factor  float64
	Verb    string
	Unit    words.Key
	Neutral float64
}

// The scales.
var (
	// Points are differences of shares, such as accuracies, in percentage points.
	Points = Scale{100, "%+.2f", words.Key("points"), 0}
	// Ratio is how many times as large or as fast something is as another: 1 is no effect.
	Ratio = Scale{1, "%.3f", "×", 1}
	// Share is a part of a whole.
	Share = Scale{100, "%.1f", "%", 0}
	// Plain is a number without a unit, such as a correlation.
	Plain = Scale{1, "%+.3f", "", 0}
	// Nats are differences of losses.
	Nats = Scale{1, "%+.4f", words.Key("nats"), 0}
)

// number is a quantity without its unit.
func (s Scale) number(v float64) string { return fmt.Sprintf(s.Verb, s.Factor*v+0) }

// unit is what stands behind a number.
func (s Scale) unit(say *words.Printer) string {
	switch s.Unit {
	case "":
		return ""
	case "×":
		return "×"
	}
	return " " + s.Unit.In(say)
}

// text is a quantity with its unit.
func (s Scale) text(say *words.Printer, v float64) string { return s.number(v) + s.unit(say) }

// size is a quantity without its sign.
func (s Scale) size(say *words.Printer, v float64) string {
	return strings.TrimPrefix(s.number(math.Abs(v)), "+") + s.unit(say)
}

// interval is an effect with its interval.
func (s Scale) interval(say *words.Printer, e stats.Effect) string {
	switch {
	case math.IsNaN(e.Value):
		return say.T("undefined")
	case e.Exact():
		return s.text(say, e.Value)
	case math.IsInf(e.Low, 0) || math.IsInf(e.High, 0) || math.IsNaN(e.Low) || math.IsNaN(e.High):
		return s.text(say, e.Value)
	}
	return e.Interval.Times(s.Factor).Text(s.Verb) + s.unit(say)
}

// Rule says which effects decide a claim, before they are seen: those beyond Bound on one side, or within Margin of it. Holds and does
// not hold both need the 95 % interval of the effect on their side, and no interval is on both. Make rules with [Superior] and those
// below.
type Rule struct {
	relation relation
	// bound is the threshold, margin the least difference from it that counts.
	bound, margin float64
	inclusive     bool // of the bound, where the effect is counted
	in            Scale
	need          func(n int) int // how many effects of a family must be so; nil: it is about one
}

type relation int

const (
	above relation = iota
	below
	within
)

// Superior: the effect is above the scale's neutral value, and not surely by less than a margin that counts. With a margin of 0 every
// difference counts, so that evidence against is evidence of the contrary.
func Superior(margin float64, in Scale) Rule {
	return Rule{relation: above, bound: in.Neutral, margin: margin, in: in}
}

// Inferior: the effect is below the neutral value, as [Superior].
func Inferior(margin float64, in Scale) Rule {
	return Rule{relation: below, bound: in.Neutral, margin: margin, in: in}
}

// NoLess: the effect is above a bound, such as −1 point for "costs little"; a counted number may be the bound itself.
func NoLess(bound float64, in Scale) Rule {
	return Rule{relation: above, bound: bound, in: in, inclusive: true}
}

// NoMore: the effect is below a bound, as [NoLess].
func NoMore(bound float64, in Scale) Rule {
	return Rule{relation: below, bound: bound, in: in, inclusive: true}
}

// Equivalent: the effect differs from the neutral value by less than a margin on either side.
func Equivalent(margin float64, in Scale) Rule {
	return Rule{relation: within, bound: in.Neutral, margin: margin, in: in}
}

// Each asks it of every effect of a family, [Rule.Most] of more than half, [Rule.Some] of one at least, each corrected for their number.
func (r Rule) Each() Rule { return r.count(func(n int) int { return n }) }

// Most is described at [Rule.Each].
func (r Rule) Most() Rule { return r.count(func(n int) int { return n/2 + 1 }) }

// Some is described at [Rule.Each].
func (r Rule) Some() Rule { return r.count(func(int) int { return 1 }) }

func (r Rule) count(need func(int) int) Rule {
	r.need = need
	return r
}

// p are the p values of the effect being as the rule says, and of it not being so: at most [stats.Tail] if and only if the 95 % interval is
// on that side. Never are both.
func (r Rule) p(e stats.Effect) (holds, fails float64) {
	switch {
	case r.relation == below:
		mirrored := r
		mirrored.relation, mirrored.bound = above, -r.bound
		return mirrored.p(e.Times(-1))
	case e.Exact():
		return r.counted(e.Value)
	case r.relation == within:
		low, high := r.bound-r.margin, r.bound+r.margin
		return max(e.Above(low), e.Below(high)), min(e.Below(low), e.Above(high))
	}
	holds, fails = e.Above(r.bound), e.Below(r.bound+r.margin)
	if fails <= stats.Tail { // surely less than what counts, if anything
		holds = 1
	}
	return holds, fails
}

// rounding is what arithmetic may have changed a counted number by, such as a rank correlation of 0.9.
const rounding = 1e-9

// counted are the p values of a number that no sample stands behind.
func (r Rule) counted(v float64) (holds, fails float64) {
	beyond := v - r.bound
	so := beyond > rounding && beyond >= r.margin-rounding || r.inclusive && math.Abs(beyond) <= rounding
	if r.relation == within {
		so = math.Abs(beyond) <= r.margin+rounding
	}
	if so {
		return 0, 1
	}
	return 1, 0
}

// decide is the verdict on a family of effects, of which the k that are asked for must be as the rule says, or so many not that k cannot
// be: see [stats.Step].
func (r Rule) decide(effects []stats.Effect) report.Verdict {
	holds, fails := make([]float64, len(effects)), make([]float64, len(effects))
	for i, e := range effects {
		holds[i], fails[i] = r.p(e)
	}
	k := r.of(len(effects))
	switch {
	case stats.Step(holds, k) <= stats.Tail:
		return report.Holds
	case stats.Step(fails, len(effects)-k+1) <= stats.Tail:
		return report.DoesNotHold
	}
	return report.CannotTell
}

// of is how many of n effects must be as the rule says.
func (r Rule) of(n int) int {
	if r.need == nil {
		return n
	}
	return r.need(n)
}

// sure counts the effects that are surely as the rule says, and those that surely are not, by Holm's correction.
func (r Rule) sure(effects []stats.Effect) (so, not int) {
	holds, fails := make([]float64, len(effects)), make([]float64, len(effects))
	for i, e := range effects {
		holds[i], fails[i] = r.p(e)
	}
	holds, fails = stats.Holm(holds), stats.Holm(fails)
	for i := range effects {
		if holds[i] <= stats.Tail {
			so++
		}
		if fails[i] <= stats.Tail {
			not++
		}
	}
	return so, not
}

// detectable is the least difference that the effects could have shown: the largest of the family, each at the level that the correction
// leaves it. It is NaN of effects without an interval, and 0 of counted ones.
func (r Rule) detectable(effects []stats.Effect) float64 {
	level := stats.Tail / float64(max(len(effects)-r.of(len(effects))+1, 1))
	most := 0.0
	for _, e := range effects {
		if d := e.Detectable(level); !(d <= most) && !e.Exact() {
			most = d
		}
	}
	return most
}

// marginText says what difference counts.
func (r Rule) marginText(say *words.Printer) string {
	switch {
	case r.relation == within:
		return "±" + r.in.size(say, r.margin)
	case r.margin == 0:
		return r.in.text(say, r.bound)
	}
	return r.in.size(say, r.margin)
}

// sentence says the rule for n effects.
func (r Rule) sentence(say *words.Printer, n int) string {
	return r.one(say) + r.several(say, n)
}

func (r Rule) one(say *words.Printer) string {
	from, to := r.in.text(say, r.bound), r.in.text(say, r.bound+r.margin)
	switch {
	case r.relation == within:
		return say.F("Holds if the whole 95 %% interval lies between %s and %s; does not hold if all of it lies outside, on one side.", r.in.text(say, r.bound-r.margin), to)
	case r.relation == above && r.margin == 0:
		return say.F("Holds if the whole 95 %% interval lies above %s; does not hold if the whole interval lies below.", from)
	case r.relation == below && r.margin == 0:
		return say.F("Holds if the whole 95 %% interval lies below %s; does not hold if the whole interval lies above.", from)
	case r.relation == below:
		to = r.in.text(say, r.bound-r.margin)
		return say.F("Holds if the whole 95 %% interval lies below %s and its lower end is at most %s, the smallest difference that counts; does not hold if the whole interval lies above the latter.", from, to)
	}
	return say.F("Holds if the whole 95 %% interval lies above %s and its upper end is at least %s, the smallest difference that counts; does not hold if the whole interval lies below the latter.", from, to)
}

func (r Rule) several(say *words.Printer, n int) string {
	switch k := r.of(n); {
	case r.need == nil || n < 2:
		return ""
	case k == n:
		return " " + say.F("All %d must hold; one that clearly fails, corrected for their number (Holm), is enough against the claim.", n)
	case k == 1:
		return " " + say.F("One of %d is enough, corrected for their number (Holm); the claim does not hold if all clearly fail.", n)
	default:
		return " " + say.F("At least %d of %d must hold; the claim does not hold if so many clearly fail that this is out of reach. Both counts are corrected for the number of tests (Holm).", k, n)
	}
}
