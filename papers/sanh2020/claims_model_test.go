package sanh2020

import (
	"math"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/techniques/movement"
)

// layered is a run with one selection for the whole model that leaves a share in each layer.
func (r *Result) layered(kind movement.Kind, shares ...float64) {
	v := r.variant(kind, r.Config.Focus)
	v.Scope = movement.Global
	t := Trained{Kept: v.Remaining}
	for _, share := range shares {
		t.ByMatrix = append(t.ByMatrix, []float64{share, share, share, share, share, share})
	}
	for _, v.Seed = range r.Config.Seeds {
		t.Variant = v
		r.Runs = append(r.Runs, t)
	}
}

func TestTheLowerHalfMustKeepMoreAndMoreThanWithMagnitude(t *testing.T) {
	for name, test := range map[string]struct {
		movement, magnitude []float64
		want                report.Verdict
	}{
		"twice as much, magnitude even":  {[]float64{0.2, 0.2, 0.1, 0.1}, []float64{0.1, 0.1, 0.1, 0.1}, report.Holds},
		"the middle layer does not vote": {[]float64{0.2, 0, 0.1}, []float64{0.1, 0.9, 0.1}, report.Holds},
		"1.125 times":                    {[]float64{0.5625, 0.5}, []float64{0.5, 0.5}, report.DoesNotHold},
		"magnitude still more so":        {[]float64{0.2, 0.1}, []float64{0.3, 0.1}, report.DoesNotHold},
		"like magnitude":                 {[]float64{0.2, 0.1}, []float64{0.2, 0.1}, report.DoesNotHold},
		"the upper half":                 {[]float64{0.1, 0.2}, []float64{0.1, 0.3}, report.DoesNotHold},
		"nothing above":                  {[]float64{0.2, 0}, []float64{0.1, 0.1}, report.Holds},
		"one layer":                      {[]float64{0.2}, []float64{0.1}, report.CannotTell},
		"magnitude not run":              {[]float64{0.2, 0.1}, nil, report.CannotTell},
		"movement not run":               {nil, []float64{0.2, 0.1}, report.CannotTell},
	} {
		r := synthetic()
		for range max(len(test.movement), len(test.magnitude)) {
			r.MatrixSizes = append(r.MatrixSizes, []int{64, 64, 64, 64, 192, 192})
		}
		if test.movement != nil {
			r.layered(movement.Movement, test.movement...)
		}
		if test.magnitude != nil {
			r.layered(movement.Magnitude, test.magnitude...)
		}
		c := judge(r, edition.layers)
		if c.Verdict != test.want || (c.Measured == "not run") != (test.want == report.CannotTell) {
			t.Errorf("%s: %v, want %v (%s)", name, c.Verdict, test.want, c.Measured)
		}
	}
}

func TestALayersShareWeighsItsMatricesBySize(t *testing.T) {
	r := &Result{MatrixSizes: [][]int{{10, 10, 10, 10, 20, 40}, {1, 1, 1, 1, 1, 1}}}
	run := func(last float64) Trained {
		return Trained{ByMatrix: [][]float64{{0, 0, 0, 0, 1, last}, {1, 1, 1, 0, 0, last}}}
	}
	shares := r.layerShares([]Trained{run(1), run(0)}) // 60 and 20 of 100, 4 and 3 of 6
	if len(shares) != 2 || math.Abs(shares[0]-0.4) > 1e-12 || math.Abs(shares[1]-3.5/6) > 1e-12 {
		t.Errorf("%v", shares)
	}
	if r.layerShares(nil) != nil {
		t.Error("without runs there are shares")
	}
}

func TestMovementKeepsSmallWeightsMeansTenPointsMore(t *testing.T) {
	for name, test := range map[string]struct {
		magnitude, movement float64 // negative: not run
		want                report.Verdict
	}{
		"many more": {0, 0.5, report.Holds}, "9 points more": {0.25, 0.34, report.DoesNotHold}, "fewer": {0.5, 0.25, report.DoesNotHold},
		"no magnitude": {-1, 0.5, report.CannotTell}, "no movement": {0, -1, report.CannotTell},
	} {
		r := synthetic()
		for kind, share := range map[movement.Kind]float64{movement.Magnitude: test.magnitude, movement.Movement: test.movement} {
			if share >= 0 {
				r.add(r.variant(kind, 0.1), "1")
				for i := range r.Config.Seeds {
					r.Runs[len(r.Runs)-1-i].Sample = &movement.Sample{SmallShare: share}
				}
			}
		}
		if c := judge(r, edition.smallWeights); c.Verdict != test.want || (c.Measured == "not run") != (test.want == report.CannotTell) {
			t.Errorf("%s: %v, want %v (%s)", name, c.Verdict, test.want, c.Measured)
		}
	}
}

func TestAtARateThatNobodyUsesALargeDriftDecidesNothing(t *testing.T) {
	for _, test := range []struct {
		rate      float64
		distances []float64
		want      report.Verdict
	}{
		{1e-4, []float64{0.2, 0.21, 0.2}, report.DoesNotHold}, {1.1e-4, []float64{0.2, 0.21, 0.2}, report.CannotTell}, {1, []float64{0.01, 0.02, 0.01}, report.Holds},
		{1e-4, []float64{0.05, 0.2, 0.05}, report.CannotTell}, {1e-4, []float64{0.01, 0.01}, report.Holds}, {1e-4, []float64{0.01, 0.02}, report.CannotTell},
	} {
		r := synthetic()
		r.Config.LearningRate, r.Drifts = test.rate, test.distances
		if c := judge(r, edition.drift); c.Verdict != test.want {
			t.Errorf("rate %g, %v: %v, want %v (%s)", test.rate, test.distances, c.Verdict, test.want, c.Measured)
		}
	}
}

// timed are the times at the largest batch, after a smaller one at which everything is fast: 15 ratios between two.
func timed(low, high float64) []experiment.SpeedBatch {
	large := experiment.SpeedBatch{Size: 16, Ratio: (low + high) / 2, Seconds: (low + high) / 2, PrunedSeconds: 1, Low: low, High: high}
	for i := range 15 {
		large.Ratios = append(large.Ratios, low+(high-low)*float64(i)/14)
	}
	return []experiment.SpeedBatch{{Size: 1, Ratio: 9, Low: 8, High: 10}, large}
}

func TestTheTimesAtTheLargestBatchSayWhatIsFaster(t *testing.T) {
	for _, test := range []struct {
		low, high    float64
		slow, faster report.Verdict // that zeros save no time, that removal saves time
	}{
		{0.9, 1.04, report.Holds, report.DoesNotHold},
		{0.95, 1.1, report.CannotTell, report.CannotTell},
		{1.06, 1.5, report.DoesNotHold, report.Holds},
		{1.01, 1.04, report.Holds, report.DoesNotHold}, // faster, but by less than counts
	} {
		r := synthetic()
		r.Speed.Unstructured = timed(test.low, test.high)
		r.Speed.Structured = []StructuredSpeed{{Remaining: 0.5, SpeedUp: experiment.SpeedUp{MACs: 2, PrunedMACs: 1, Batches: timed(test.low, test.high)}}}
		if c := judge(r, edition.zerosAreSlow); c.Verdict != test.slow {
			t.Errorf("zeros, %g to %g: %v, want %v (%s)", test.low, test.high, c.Verdict, test.slow, c.Measured)
		}
		if c := judge(r, edition.removalIsFast); c.Verdict != test.faster {
			t.Errorf("removal, %g to %g: %v, want %v (%s)", test.low, test.high, c.Verdict, test.faster, c.Measured)
		}
	}
}

func TestEveryModelWithoutItsHeadsMustBeFaster(t *testing.T) {
	fast, slow, open := timed(1.2, 1.3), timed(0.9, 1), timed(0.9, 1.3)
	for name, test := range map[string]struct {
		models [][]experiment.SpeedBatch
		want   report.Verdict
	}{
		"all are": {[][]experiment.SpeedBatch{fast, fast}, report.Holds}, "one is not": {[][]experiment.SpeedBatch{fast, slow}, report.DoesNotHold},
		"one is open": {[][]experiment.SpeedBatch{open, fast}, report.CannotTell}, "none was timed": {nil, report.CannotTell},
	} {
		r := synthetic()
		for _, batches := range test.models {
			r.Speed.Structured = append(r.Speed.Structured, StructuredSpeed{Remaining: 0.5, SpeedUp: experiment.SpeedUp{MACs: 2, PrunedMACs: 1, Batches: batches}})
		}
		if c := judge(r, edition.removalIsFast); c.Verdict != test.want || (c.Measured == "not run") != (test.models == nil) {
			t.Errorf("%s: %v, want %v (%s)", name, c.Verdict, test.want, c.Measured)
		}
	}
}

func TestTheTitleOfTheSpeedsFollowsTheNumbers(t *testing.T) {
	half := StructuredSpeed{Remaining: 0.5, SpeedUp: experiment.SpeedUp{Batches: timed(1.5, 1.5)}}
	third := StructuredSpeed{Remaining: 0.3, SpeedUp: experiment.SpeedUp{Batches: timed(0.75, 0.75)}}
	for want, speed := range map[string]*Speed{
		"Speed at batch 16: 1.25× with zeros, 0.75× with 30 % of heads and neurons": {Unstructured: timed(1, 1.5), Structured: []StructuredSpeed{half, third}},
		"Speed at batch 16: 1.00× with zeros":                                       {Unstructured: timed(1, 1)},
		"Speed at batch 16: 1.50× with 50 % of heads and neurons":                   {Structured: []StructuredSpeed{half}},
	} {
		r := synthetic()
		r.Speed = speed
		if got := english(r).speedTitle(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if _, err := english(r).SpeedBars(); err != nil {
			t.Errorf("%s: %v", want, err)
		}
	}
}
