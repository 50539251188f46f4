package heads

import (
	"math"
	"testing"

	"bertlab/gbert"
	"bertlab/internal/testbed"
)

// A sweep and the importance of heads are the same on any number of devices, which share the batches.
func TestDevicesSweepAndMeasureAsOneDoes(t *testing.T) {
	model := classifier(t, 3, 1)
	p := prepare(t, model, sentences(45, 2), 4)
	on := func(devices int) (ablations []*Ablation, importance *Importance) {
		s, err := gbert.NewSessionAcross(gbert.Devices{Backend: testbed.XLA(t), Count: devices}, model)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, sweep := range []func() (*Ablation, error){
			func() (*Ablation, error) { return Ablate(t.Context(), s, p, nil) },
			func() (*Ablation, error) { return KeepOne(t.Context(), s, p, nil) },
		} {
			ablation, err := sweep()
			if err != nil {
				t.Fatal(err)
			}
			ablations = append(ablations, ablation)
		}
		if importance, err = Measure(t.Context(), s, p, PerExample, nil, nil); err != nil {
			t.Fatal(err)
		}
		return ablations, importance
	}
	want, important := on(1)
	for _, devices := range []int{2, 4} {
		got, weighed := on(devices)
		for k := range want {
			for i, h := range want[k].Heads {
				if g := got[k].Heads[i]; math.Abs(g.Loss-h.Loss) > 1e-6 || g.Metric != h.Metric || g.Head != h.Head {
					t.Errorf("%d devices, sweep %d: head %s has the loss %.8f, on one %.8f", devices, k, h.Head, g.Loss, h.Loss)
				}
			}
		}
		for l, row := range important.Raw {
			for h, value := range row {
				if math.Abs(weighed.Raw[l][h]-value) > 1e-6*value {
					t.Errorf("%d devices: head %d:%d weighs %g, on one %g", devices, l, h, weighed.Raw[l][h], value)
				}
			}
		}
	}
	if _, err := gbert.NewSessionAcross(gbert.Devices{Backend: testbed.XLA(t), Count: 99}, model); err == nil {
		t.Error("there are 99 devices")
	}
}
