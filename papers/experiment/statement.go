package experiment

import (
	"fmt"
	"slices"
	"strings"

	"bertlab/figures/report"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

const (
	// LeastSeeds is how many seeds a claim about training needs.
	LeastSeeds = 3
	// Idle is how much of a processor a pass on a CPU has at least where the machine does nothing else.
	Idle = 0.8
)

// Statement is a claim before its verdict: what is estimated, by which rule it is judged, and the evidence.
type Statement struct {
	// Text is the claim in a sentence, Paper the paper's own value with its place, Estimand what is estimated.
	Text, Paper, Estimand string
	Rule                  Rule
	// Training says that the claim is about training: it takes [LeastSeeds] seeds.
	Training bool
	// Over says what the interval of a claim about training is taken over; empty: seeds and test examples, or seeds alone where the evidence
	// has no examples.
	Over string
	// Own says that the paper does not make the statement. It is told for information, with what the rule gives, and gets no mark.
	Own bool
	// Evidence are the effects that decide, one or a family; those that cannot be compared say why.
	Evidence []Evidence
	// Missing says what the protocol lacks where there is no evidence; Also what stands beside the effects; Note what limits the verdict.
	Missing, Also, Note string
	// Open says why nothing can be decided, whatever the numbers are; Doubt why evidence against the claim decides nothing.
	Open, Doubt string
}

// Evidence is an effect that was measured.
type Evidence struct {
	// Name tells the effects of a family apart.
	Name string
	stats.Effect
	// First and Second are the two means whose difference the effect is; both 0: it is not such a difference.
	First, Second float64
	// Open says why the effect decides nothing, such as a share of weights that was not reached.
	Open string
	// Timed says that the effect is one of times, Processors how many processors the process had while they were taken; 0: not known.
	Timed      bool
	Processors float64
}

// That is a name with the effect.
func That(name string, e stats.Effect) Evidence { return Evidence{Name: name, Effect: e} }

// One is evidence of a single effect.
func One(e stats.Effect) []Evidence { return []Evidence{{Effect: e}} }

// usable is the effect, or one that decides nothing where the evidence is open.
func (e Evidence) usable(reason string) stats.Effect {
	if reason != "" {
		return stats.Effect{Interval: stats.Interval{Value: nan, Low: nan, High: nan}}
	}
	return e.Effect
}

// reason says why the evidence decides nothing; empty: it does.
func (s *Statement) reason(say *words.Printer, e Evidence) string {
	switch {
	case s.Open != "":
		return s.Open
	case e.Open != "":
		return e.Open
	case s.Training && e.Seeds < LeastSeeds && !e.Exact():
		return say.F("needs %d seeds, here: %d", LeastSeeds, e.Seeds)
	case e.Timed && e.Processors > 0 && e.Processors < Idle:
		return say.F("the machine was busy, the process had as little as %.2f of a processor", e.Processors)
	case e.Timed && e.unlimited():
		return say.F("%d repeats have no 95 %% interval: 6 are needed", e.Examples)
	}
	return ""
}

// unlimited reports an effect whose interval has no end.
func (e Evidence) unlimited() bool { return !(e.High-e.Low < infinite) }

// Judge gives the statements their verdicts.
func Judge(say *words.Printer, statements ...Statement) []Claim {
	claims := make([]Claim, len(statements))
	for i := range statements {
		claims[i] = statements[i].judge(say)
	}
	return claims
}

func (s *Statement) judge(say *words.Printer) Claim {
	claim := Claim{Text: s.Text, Paper: s.Paper, Estimand: s.Estimand, Margin: s.Rule.marginText(say), Rule: s.rule(say), Measured: say.T("not run")}
	effects := make([]stats.Effect, len(s.Evidence))
	var reasons []string
	for i, e := range s.Evidence {
		reason := s.reason(say, e)
		effects[i] = e.usable(reason)
		if reason != "" && e.Name != "" && s.Open == "" {
			reason = e.Name + ": " + reason
		}
		if reason != "" && !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	if len(effects) > 0 {
		claim.Outcome = s.Rule.decide(effects)
		if s.Doubt != "" && claim.Outcome == report.DoesNotHold {
			claim.Outcome, reasons = report.CannotTell, append(reasons, s.Doubt)
		}
		claim.Measured = s.measured(say, effects)
		claim.Detectable = s.detectable(say)
	} else {
		reasons = append(reasons, s.Missing)
	}
	if claim.Outcome == report.CannotTell && len(reasons) == 0 {
		reasons = append(reasons, s.undecided(say))
	}
	claim.Verdict, claim.Explanation = claim.Outcome, sentences(append(reasons, s.Note)...)
	if s.Own {
		claim.Verdict = report.Informative
		claim.Explanation = sentences(say.F("The paper does not say this, so it gets no mark; by the rule: %s", claim.Outcome.Words(say.Tag())), claim.Explanation)
	}
	return claim
}

// undecided says that the intervals leave the claim open, and what would make them narrower.
func (s *Statement) undecided(say *words.Printer) string {
	switch {
	case slices.ContainsFunc(s.Evidence, func(e Evidence) bool { return e.Timed }):
		return say.T("The interval is too wide to decide; more repeats on a quiet machine would narrow it")
	case s.Training:
		return say.T("The interval is too wide to decide; more seeds or examples would narrow it")
	}
	return say.T("The interval is too wide to decide; a larger sample would narrow it")
}

// sentences are texts one after the other, each with its full stop.
func sentences(texts ...string) string {
	var said []string
	for _, text := range texts {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if !strings.HasSuffix(text, ".") {
			text += "."
		}
		said = append(said, text)
	}
	return strings.Join(said, " ")
}

// over is what the interval is taken over; empty: seeds and test examples.
func (s *Statement) over(say *words.Printer) string {
	if s.Over == "" && len(s.Evidence) > 0 && !slices.ContainsFunc(s.Evidence, func(e Evidence) bool { return e.Examples > 0 || e.Seeds == 0 }) {
		return say.T("seeds")
	}
	return s.Over
}

// rule is the rule with what else it asks for.
func (s *Statement) rule(say *words.Printer) string {
	text := s.Rule.sentence(say, len(s.Evidence))
	switch over := s.over(say); {
	case !s.Training:
	case over != "":
		text += " " + say.F("The interval is over %s; at least %d seeds are needed.", over, LeastSeeds)
	default:
		text += " " + say.F("The interval is over seeds and test examples, paired; at least %d seeds are needed.", LeastSeeds)
	}
	if slices.ContainsFunc(s.Evidence, func(e Evidence) bool { return e.Timed }) {
		text += " " + say.F("Left open where the machine was so busy that the process had less than %g of a processor.", Idle)
	}
	return text
}

// oneByOne is up to how many effects are told one by one.
const oneByOne = 8

// measured says the effects.
func (s *Statement) measured(say *words.Printer, effects []stats.Effect) string {
	in := s.Rule.in
	var parts []string
	for _, e := range s.Evidence[:min(len(s.Evidence), oneByOne)] {
		text := in.interval(say, e.Effect)
		if e.First != 0 || e.Second != 0 {
			text += fmt.Sprintf(" (%.2f − %.2f)", in.Factor*e.First, in.Factor*e.Second)
		}
		if e.Name != "" {
			text = e.Name + " " + text
		}
		parts = append(parts, text)
	}
	text := strings.Join(parts, "; ")
	if n := len(effects); n > oneByOne {
		low := slices.MinFunc(s.Evidence, byValue)
		high := slices.MaxFunc(s.Evidence, byValue)
		text = say.F("%d effects, from %s (%s) to %s (%s)", n, in.text(say, low.Value), low.Name, in.text(say, high.Value), high.Name)
	}
	if n := len(effects); n > 1 && s.Rule.need != nil {
		so, not := s.Rule.sure(effects)
		text += "; " + say.F("%d of %d surely hold, %d surely fail", so, n, not)
	}
	if s.Also != "" {
		text += "; " + s.Also
	}
	return text
}

func byValue(a, b Evidence) int {
	switch {
	case a.Value < b.Value:
		return -1
	case a.Value > b.Value:
		return 1
	}
	return 0
}

// detectable says the least difference that the sample could have shown.
func (s *Statement) detectable(say *words.Printer) string {
	effects := make([]stats.Effect, len(s.Evidence))
	for i, e := range s.Evidence {
		effects[i] = e.Effect
	}
	least := s.Rule.detectable(effects)
	counted := func(e stats.Effect) bool { return e.Exact() && e.Seeds == 0 && e.Examples == 0 }
	switch {
	case least == 0 && !slices.ContainsFunc(effects, counted):
		return say.T("not known") // a sample that does not vary
	case least == 0:
		return say.T("any: counted exactly")
	case !(least < infinite):
		return say.T("not known")
	}
	return s.Rule.in.size(say, least)
}
