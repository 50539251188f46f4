package lan2020

import (
	"slices"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/sharing"
)

// marks are n answers, of which the first are right.
func marks(right, n int) stats.Answers {
	return append(slices.Repeat(stats.Answers{true}, right), make(stats.Answers, n-right)...)
}

// made is a result whose variants answer rightly so many of 1,000 questions, with three seeds. A variant errs where the others do, and
// then on.
func made(right map[Scheme]int, seeds ...uint64) *Result {
	r := &Result{Measured: experiment.Measured[Config]{Config: Config{Setup: experiment.Setup{Seeds: seeds}}}, Counts: sharing.Counts(), Layers: 3, TestSet: experiment.TestSet{Examples: 1000, Majority: 0.5}}
	for _, seed := range seeds {
		for v, n := range right {
			r.Runs = append(r.Runs, Trial{Variant: v, Seed: seed, Answers: experiment.Answers{Right: marks(n, 1000)}})
		}
	}
	return r
}

// judge is the verdict on a statement; what the paper does not say has none, but an outcome.
func judge(r *Result, s func(edition) experiment.Statement) experiment.Claim {
	return experiment.Judge(words.English, s(english(r)))[0]
}

func TestVerdictsFollowTheIntervals(t *testing.T) {
	three := []uint64{1, 2, 3}
	factorised := Scheme{Embedding: 128}
	for name, test := range map[string]struct {
		claim func(edition) experiment.Statement
		right map[Scheme]int
		seeds []uint64
		want  report.Verdict
	}{
		"attention is better":             {edition.mostlyFFN, map[Scheme]int{shareAttention: 900, shareFFN: 800}, three, report.Holds},
		"attention is worse":              {edition.mostlyFFN, map[Scheme]int{shareAttention: 800, shareFFN: 900}, three, report.DoesNotHold},
		"attention is level":              {edition.mostlyFFN, map[Scheme]int{shareAttention: 804, shareFFN: 800}, three, report.CannotTell},
		"two seeds":                       {edition.mostlyFFN, map[Scheme]int{shareAttention: 900, shareFFN: 800}, three[:2], report.CannotTell},
		"two at the largest class":        {edition.mostlyFFN, map[Scheme]int{shareAttention: 500, shareFFN: 300}, three, report.CannotTell},
		"no FFN":                          {edition.mostlyFFN, map[Scheme]int{shareAttention: 900}, three, report.CannotTell},
		"attention costs nothing":         {edition.attentionAlone, map[Scheme]int{shareAttention: 900, {}: 900}, three, report.Holds},
		"attention costs much":            {edition.attentionAlone, map[Scheme]int{shareAttention: 800, {}: 900}, three, report.DoesNotHold},
		"attention costs about a point":   {edition.attentionAlone, map[Scheme]int{shareAttention: 890, {}: 900}, three, report.CannotTell},
		"all is as good as FFN":           {edition.allLikeFFN, map[Scheme]int{shareAll: 801, shareFFN: 800}, three, report.Holds},
		"all is worse than FFN":           {edition.allLikeFFN, map[Scheme]int{shareAll: 700, shareFFN: 800}, three, report.DoesNotHold},
		"a small word table costs little": {edition.smallTable, map[Scheme]int{factorised: 899, {}: 900}, three, report.Holds},
		"a small word table costs much":   {edition.smallTable, map[Scheme]int{factorised: 700, {}: 900}, three, report.DoesNotHold},
	} {
		claim := judge(made(test.right, test.seeds...), test.claim)
		if claim.Verdict != test.want || claim.Measured == "" {
			t.Errorf("%s: %v, want %v: %s", name, claim.Verdict, test.want, claim.Measured)
		}
	}
}

func TestVerdictsOnTheCounts(t *testing.T) {
	r := made(map[Scheme]int{{}: 900}, 1)
	if claim := judge(r, edition.table4Counts); claim.Verdict != report.Holds {
		t.Errorf("table 4: %v: %s", claim.Verdict, claim.Measured)
	}
	if claim := judge(r, edition.table1Counts); claim.Verdict != report.DoesNotHold || !strings.Contains(claim.Measured, "xlarge 58.72, xxlarge 222.60") {
		t.Errorf("table 1: %v: %s", claim.Verdict, claim.Measured)
	}
	for i := range r.Counts {
		r.Counts[i].Total += 5_000_000
	}
	if claim := judge(r, edition.table4Counts); claim.Verdict != report.DoesNotHold {
		t.Errorf("another table 4: %v", claim.Verdict)
	}
}

func TestVerdictsOnTransitions(t *testing.T) {
	even := &sharing.Transitions{L2: []float64{4, 4.1, 4}, Angle: []float64{20, 21, 20}}
	uneven := &sharing.Transitions{L2: []float64{2, 4, 9}, Angle: []float64{10, 20, 40}}
	for name, test := range map[string]struct {
		whole, shared []*sharing.Transitions
		want          report.Verdict
	}{
		"smoother":        {[]*sharing.Transitions{uneven, uneven, uneven}, []*sharing.Transitions{even, even, even}, report.Holds},
		"rougher":         {[]*sharing.Transitions{even, even, even}, []*sharing.Transitions{uneven, uneven, uneven}, report.DoesNotHold},
		"once rougher":    {[]*sharing.Transitions{uneven, even, uneven}, []*sharing.Transitions{even, uneven, even}, report.CannotTell},
		"too few seeds":   {[]*sharing.Transitions{uneven}, []*sharing.Transitions{even}, report.CannotTell},
		"nothing to show": {nil, nil, report.CannotTell},
	} {
		r := &Result{}
		for i := range test.whole {
			r.Runs = append(r.Runs, Trial{Seed: uint64(i), Transitions: test.whole[i]}, Trial{Seed: uint64(i), Variant: shareAll, Transitions: test.shared[i]})
		}
		if claim := judge(r, edition.smooth); claim.Verdict != test.want {
			t.Errorf("%s: %v, want %v: %s", name, claim.Verdict, test.want, claim.Measured)
		}
	}
}

// The lowest layer reads embeddings in either model, and may hide that those above it are even: the verdict is that of all layers, and the note
// says what is left without it.
func TestTheNoteSaysHowEvenTheLayersAboveTheLowestAre(t *testing.T) {
	whole := &sharing.Transitions{L2: []float64{6, 2, 6}, Angle: []float64{30, 10, 30}}
	shared := &sharing.Transitions{L2: []float64{9, 3, 3}, Angle: []float64{45, 15, 15}}
	r := &Result{}
	for seed := range uint64(3) {
		r.Runs = append(r.Runs, Trial{Seed: seed, Transitions: whole}, Trial{Seed: seed, Variant: shareAll, Transitions: shared})
	}
	claim := judge(r, edition.smooth)
	if claim.Verdict != report.DoesNotHold || !strings.Contains(claim.Explanation, "the variation of the distance is 0.00 with shared weights and 0.71 without, that of the angle 0.00 and 0.71.") {
		t.Errorf("%v, %s", claim.Verdict, claim.Explanation)
	}
	for i := range r.Runs { // one layer above the lowest cannot vary
		r.Runs[i].Transitions = &sharing.Transitions{L2: []float64{6, 2}, Angle: []float64{30, 10}}
	}
	if claim := judge(r, edition.smooth); strings.Contains(claim.Explanation, "Layer 0") {
		t.Error(claim.Explanation)
	}
}

// timed are the times of a batch whose 15 ratios lie mostly between two.
func timed(low, high float64) experiment.SpeedBatch {
	b := experiment.SpeedBatch{Ratio: (low + high) / 2, Seconds: (low + high) / 2, PrunedSeconds: 1}
	for i := range 15 {
		b.Ratios = append(b.Ratios, low+(high-low)*float64(i-3)/8)
	}
	return b
}

func TestVerdictsOnTime(t *testing.T) {
	speed := func(batches ...experiment.SpeedBatch) *Speed {
		return &Speed{Models: []SpeedModel{{Variant: shareAll, Batches: batches}}}
	}
	for name, test := range map[string]struct {
		speed *Speed
		want  report.Verdict
	}{
		"the same":        {speed(timed(0.99, 1.03), timed(0.96, 1)), report.Holds},
		"one is faster":   {speed(timed(1, 1.04), timed(1.1, 1.3)), report.DoesNotHold},
		"unsteady":        {speed(timed(0.9, 1.3)), report.CannotTell},
		"nothing to show": {nil, report.CannotTell},
	} {
		if claim := judge(&Result{Speed: test.speed}, edition.inference); claim.Outcome != test.want || claim.Verdict != report.Informative {
			t.Errorf("inference, %s: %v, want %v", name, claim.Outcome, test.want)
		}
	}
	for name, test := range map[string]struct {
		step *TrainingSpeed
		busy bool
		want report.Verdict
	}{
		"faster": {&TrainingSpeed{Time: timed(1.3, 1.5)}, false, report.Holds}, "as fast": {&TrainingSpeed{Time: timed(0.99, 1.02)}, false, report.DoesNotHold},
		"busy": {&TrainingSpeed{Time: timed(1.3, 1.5)}, true, report.CannotTell}, "now and then": {&TrainingSpeed{Time: timed(0.9, 1.3)}, false, report.CannotTell},
		"nothing to show": {nil, false, report.CannotTell},
	} {
		r := &Result{Speed: &Speed{Training: test.step}}
		if r.Provenance.Backend = "xla:cpu"; test.busy {
			r.Speed.Training.Time.Processors = 0.5
		}
		if claim := judge(r, edition.training); claim.Verdict != test.want {
			t.Errorf("training, %s: %v, want %v: %s", name, claim.Verdict, test.want, claim.Measured)
		}
	}
}

// judged are the claims of synthetic results for and against the paper, and of one that decides nothing.
func judged(t *testing.T) [][]experiment.Claim {
	even := &sharing.Transitions{L2: []float64{4, 4.1, 4}, Angle: []float64{20, 21, 20}}
	uneven := &sharing.Transitions{L2: []float64{2, 4, 9}, Angle: []float64{10, 20, 40}}
	factorised := Scheme{Embedding: 128}
	var list [][]experiment.Claim
	for _, c := range []struct {
		right         map[Scheme]int
		seeds         []uint64
		whole, shared *sharing.Transitions
		step          experiment.SpeedBatch // of training the model that shares all
		time          float64               // of its inference
		total         func(sharing.CountRow) int
	}{
		{map[Scheme]int{{}: 900, shareAttention: 900, shareFFN: 800, shareAll: 801, factorised: 899}, []uint64{1, 2, 3}, uneven, even, timed(1.3, 1.5), 1, func(r sharing.CountRow) int {
			if want, ok := map[string]int{"ALBERT base": 12e6, "ALBERT large": 18e6, "ALBERT xlarge": 60e6, "ALBERT xxlarge": 235e6}[r.Name]; ok && r.Table == 1 {
				return want
			}
			return r.Total
		}},
		{map[Scheme]int{{}: 900, shareAttention: 700, shareFFN: 800, shareAll: 600, factorised: 700}, []uint64{1, 2, 3}, even, uneven, timed(0.98, 1.02), 1.2, func(r sharing.CountRow) int { return r.Total + 5e6 }},
		{map[Scheme]int{{}: 900, shareAttention: 900, shareFFN: 899, shareAll: 900, factorised: 900}, []uint64{1}, even, uneven, timed(0.9, 1.3), 1.06, func(r sharing.CountRow) int { return r.Total }},
	} {
		r := made(c.right, c.seeds...)
		for i := range r.Counts {
			r.Counts[i].Total = c.total(r.Counts[i])
		}
		for i := range r.Runs {
			run := &r.Runs[i]
			switch run.Variant {
			case Scheme{}:
				run.Transitions = c.whole
			case shareAll:
				run.Transitions = c.shared
			}
		}
		r.Speed = &Speed{Models: []SpeedModel{{Variant: shareAll, Batches: []experiment.SpeedBatch{timed(c.time-0.02, c.time+0.02)}}}, Training: &TrainingSpeed{Time: c.step}}
		claims, err := english(r).Claims()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, claims)
	}
	return list
}
