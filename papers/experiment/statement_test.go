package experiment

import (
	"math"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// found is an effect of so many seeds.
func found(seeds int, low, high float64) stats.Effect {
	return stats.Effect{Interval: stats.Interval{Value: (low + high) / 2, Low: low, High: high}, Seeds: seeds, Examples: 100}
}

func TestWhatKeepsAStatementOpenIsSaid(t *testing.T) {
	clear := found(3, 0.1, 0.2)
	timed := Evidence{Effect: stats.Effect{Interval: stats.Interval{Value: 1.3, Low: 1.2, High: 1.4}, Examples: 15}, Timed: true}
	with := func(e Evidence, change func(*Evidence)) []Evidence { change(&e); return []Evidence{e} }
	for name, test := range map[string]struct {
		statement Statement
		want      report.Verdict
		says      string
	}{
		"nothing":                {Statement{Rule: Superior(0, Points), Evidence: One(clear)}, report.Holds, ""},
		"three seeds":            {Statement{Rule: Superior(0, Points), Training: true, Evidence: One(clear)}, report.Holds, ""},
		"two seeds":              {Statement{Rule: Superior(0, Points), Training: true, Evidence: One(found(2, 0.1, 0.2))}, report.CannotTell, "needs 3 seeds, here: 2."},
		"one seed, no training":  {Statement{Rule: Superior(0, Points), Evidence: One(found(1, 0.1, 0.2))}, report.Holds, ""},
		"nothing was run":        {Statement{Rule: Superior(0, Points), Missing: "The protocol has no teacher."}, report.CannotTell, "The protocol has no teacher."},
		"another model":          {Statement{Rule: Superior(0, Points), Evidence: One(clear), Open: "the claim is about BERT-base"}, report.CannotTell, "the claim is about BERT-base."},
		"a share not reached":    {Statement{Rule: Superior(0, Points), Evidence: with(That("soft", clear), func(e *Evidence) { e.Open = "kept 26 %" })}, report.CannotTell, "soft: kept 26 %."},
		"an idle machine":        {Statement{Rule: Superior(0.05, Ratio), Evidence: with(timed, func(e *Evidence) { e.Processors = 1.9 })}, report.Holds, ""},
		"a busy machine":         {Statement{Rule: Superior(0.05, Ratio), Evidence: with(timed, func(e *Evidence) { e.Processors = 0.5 })}, report.CannotTell, "as little as 0.50"},
		"processors not known":   {Statement{Rule: Superior(0.05, Ratio), Evidence: []Evidence{timed}}, report.Holds, ""},
		"too few repeats":        {Statement{Rule: Superior(0.05, Ratio), Evidence: with(timed, func(e *Evidence) { e.Effect = stats.MedianOf([]float64{2, 2.1, 2.2}) })}, report.CannotTell, "3 repeats have no 95 % interval"},
		"too few examples":       {Statement{Rule: Superior(0, Points), Evidence: One(found(1, -0.1, 0.2))}, report.CannotTell, "a larger sample would narrow it."},
		"too few of both":        {Statement{Rule: Superior(0, Points), Training: true, Evidence: One(found(3, -0.1, 0.2))}, report.CannotTell, "more seeds or examples would narrow"},
		"timings that vary":      {Statement{Rule: Superior(0.05, Ratio), Evidence: with(timed, func(e *Evidence) { e.Low = 0.9 })}, report.CannotTell, "more repeats on a quiet machine"},
		"not the paper's":        {Statement{Rule: Superior(0, Points), Evidence: One(clear), Own: true}, report.Informative, "by the rule: holds."},
		"not the paper's either": {Statement{Rule: Superior(0, Points), Evidence: One(found(3, -0.2, -0.1)), Own: true}, report.Informative, "by the rule: does not hold."},
	} {
		claim := Judge(words.English, test.statement)[0]
		if claim.Verdict != test.want || !strings.Contains(claim.Explanation, test.says) || test.says == "" && claim.Explanation != "" {
			t.Errorf("%s: %v (%q), want %v (%q)", name, claim.Verdict, claim.Explanation, test.want, test.says)
		}
		if claim.Measured == "" || claim.Rule == "" || claim.Margin == "" {
			t.Errorf("%s: something is not said: %+v", name, claim)
		}
	}
}

func TestAFamilySaysHowManyAreSure(t *testing.T) {
	var many []Evidence
	for i := range 12 {
		many = append(many, That("h"+string(rune('a'+i)), found(1, -0.01*float64(i)-0.001, -0.01*float64(i)+0.001)))
	}
	claim := Judge(words.English, Statement{Rule: NoLess(-0.055, Points).Most(), Evidence: many})[0]
	const want = "12 effects, from -11.00 points (hl) to +0.00 points (ha); 6 of 12 surely hold, 6 surely fail"
	if claim.Measured != want || claim.Verdict != report.DoesNotHold || !strings.Contains(claim.Rule, "At least 7 of 12") {
		t.Errorf("%q: %v, %s", claim.Measured, claim.Verdict, claim.Rule)
	}
	claim = Judge(words.English, Statement{Rule: NoLess(-0.055, Points).Each(), Evidence: many[:2], Also: "whole 0.9"})[0]
	if want := "ha +0.00 [-0.10, +0.10] points; hb -1.00 [-1.10, -0.90] points; 2 of 2 surely hold, 0 surely fail; whole 0.9"; claim.Measured != want {
		t.Errorf("%q", claim.Measured)
	}
}

// A verdict stands on seeds that have what is compared, all of it.
func TestPairedAnswersArePairedBySeedAndExample(t *testing.T) {
	var p Paired
	if p.Evidence("") != nil {
		t.Error("evidence of nothing")
	}
	half, all, none := stats.Answers{true, false, true, false}, stats.Answers{true, true, true, true}, make(stats.Answers, 4)
	for seed := range uint64(3) {
		p.Add(seed, "a", all.Numbers(), half.Numbers())
		p.Add(seed, "a", half.Numbers(), half.Numbers()) // another share: the mean of both
	}
	e := p.Evidence("x")[0]
	if e.Value != 0.25 || e.First != 0.75 || e.Second != 0.5 || e.Seeds != 3 || e.Examples != 4 || e.Name != "x" {
		t.Errorf("%+v", e)
	}
	p.Add(0, "b", none.Numbers(), all.Numbers())
	if e := p.Evidence("")[0]; e.Seeds != 1 || e.Examples != 8 || e.Value != (0.25-1)/2 {
		t.Errorf("%+v", e)
	}
}

// Tasks count alike, however many examples they have.
func TestPairedBlocksCountAlike(t *testing.T) {
	var p Paired
	for seed := range uint64(3) {
		p.Add(seed, "small", []float64{1, 1}, []float64{0, 1})                                     // +0.5
		p.Add(seed, "large", []float64{0, 1, 0, 1, 0, 1, 0, 1}, []float64{0, 1, 1, 1, 1, 1, 0, 1}) // -0.25
	}
	e := p.Evidence("")[0]
	if math.Abs(e.Value-0.125) > 1e-12 || math.Abs(e.First-0.75) > 1e-12 || math.Abs(e.Second-0.625) > 1e-12 || e.Examples != 10 {
		t.Errorf("%+v", e)
	}
	if !(e.Low < -0.25 && e.High > 0.5) { // two examples stand for half of it
		t.Errorf("from %g to %g", e.Low, e.High)
	}
}

// A claim about training says what its interval is taken over.
func TestARuleSaysWhatItsIntervalIsTakenOver(t *testing.T) {
	alone := stats.OverSeeds([]float64{0.1, 0.2, 0.3})
	for want, s := range map[string]Statement{
		"over seeds and test examples, paired; at least 3": {Evidence: One(found(3, 0.1, 0.2))},
		"over seeds; at least 3":                           {Evidence: One(alone)},
		"over seeds and training examples; at least 3":     {Evidence: One(alone), Over: "seeds and training examples"},
	} {
		s.Training, s.Rule = true, Superior(0, Points)
		if claim := Judge(words.English, s)[0]; !strings.Contains(claim.Rule, want) {
			t.Errorf("%q, want %q", claim.Rule, want)
		}
	}
}

// What was drawn and did not vary is not what was counted.
func TestTheLeastDetectableDifferenceOfWhatDidNotVary(t *testing.T) {
	for want, e := range map[string]stats.Effect{"any: counted exactly": stats.Counted(0), "not known": {Examples: 100}} {
		if claim := Judge(words.English, Statement{Rule: NoMore(0.1, Points), Evidence: One(e)})[0]; claim.Detectable != want {
			t.Errorf("%q, want %q", claim.Detectable, want)
		}
	}
}

func TestTheSpeedOfAnUnsteadyMachineDecidesNothing(t *testing.T) {
	ratios := []float64{1.08, 1.09, 1.07, 1.1, 1.08, 1.09, 1.08}
	b := SpeedBatch{Size: 1, Seconds: 1.086, PrunedSeconds: 1, Ratios: ratios, Processors: 0.5}
	cpu, gpu := Provenance{Backend: "xla:cpu"}, Provenance{Backend: "xla:cuda"}
	if e := b.Evidence(words.English, "", cpu); e.Open != "" || e.Value != 1.08 || e.Low != 1.07 || e.High != 1.1 || e.Processors != 0.5 || !e.Timed {
		t.Errorf("%+v", e)
	}
	if e := b.Evidence(words.English, "", gpu); e.Processors != 0 {
		t.Errorf("the processors of a GPU: %+v", e)
	}
	b.Seconds = 38.0 / 37
	if e := b.Evidence(words.English, "", cpu); !strings.Contains(e.Open, "1.027") {
		t.Errorf("%+v", e)
	}
	if e := (SpeedBatch{Seconds: 1, PrunedSeconds: 1}).Evidence(words.English, "", cpu); !math.IsNaN(e.Value) || e.Above(0) != 1 {
		t.Errorf("without repeats: %+v", e)
	}
}
