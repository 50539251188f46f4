package finetune

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/internal/testbed"
)

// lossesOf are the losses of the steps of a run on so many devices, and the weights after it.
func lossesOf(t *testing.T, devices, steps int, o Options) (losses []float64, trained *gbert.Model) {
	t.Helper()
	o.Devices = devices
	last := 0
	o.Progress = func(p Progress) {
		if p.Phase == "training" && p.Step > last {
			last = p.Step
			losses = append(losses, p.Loss)
		}
	}
	result, err := Train(t.Context(), testbed.XLA(t), learner(t, 2, 0.1), sentiment(steps*o.BatchSize/o.Epochs, 1, task.Classification), nil, o)
	if err != nil {
		t.Fatal(err)
	}
	return losses, result.Model
}

// Fifty steps with dropout, whose batches of ten rows do not divide by four.
func TestDevicesTogetherTrainAsOneDoes(t *testing.T) {
	o := Options{Epochs: 2, BatchSize: 10, LearningRate: 1e-3, Seed: 1}
	want, one := lossesOf(t, 1, 50, o)
	if len(want) != 50 {
		t.Fatalf("%d losses", len(want))
	}
	for _, devices := range []int{2, 4} {
		got, several := lossesOf(t, devices, 50, o)
		if len(got) != len(want) {
			t.Fatalf("%d devices: %d losses", devices, len(got))
		}
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-5 {
				t.Errorf("%d devices: the loss of step %d is %.7f, of one %.7f", devices, i+1, got[i], want[i])
			}
		}
		for _, spec := range one.Weights() {
			a, _, err := one.Weight(spec.Name)
			if err != nil {
				t.Fatal(err)
			}
			b, _, err := several.Weight(spec.Name)
			if err != nil {
				t.Fatal(err)
			}
			for i := range a {
				if math.Abs(float64(a[i]-b[i])) > 1e-4 {
					t.Errorf("%d devices: %s differs: %g and %g", devices, spec.Name, a[i], b[i])
					break
				}
			}
		}
	}
}

// The gradients of a batch whose rows are divided are those of one device.
func TestTheGradientsOfDividedRowsAreThoseOfOneDevice(t *testing.T) {
	b := testbed.XLA(t)
	model := learner(t, 2, 0.1)
	prepared, err := Prepare(b, model, sentiment(10, 1, task.Classification), 16, 10, 1)
	if err != nil {
		t.Fatal(err)
	}
	gradients := func(devices int) [][]float32 {
		return gradientsOf(t, b, model, prepared, Options{Epochs: 1, Devices: devices})
	}
	want := gradients(1)
	for _, devices := range []int{2, 4} {
		for k, got := range gradients(devices) {
			var off, size float64
			for i := range got {
				off += math.Pow(float64(got[i]-want[k][i]), 2)
				size += math.Pow(float64(want[k][i]), 2)
			}
			if math.Sqrt(off) > 1e-6*math.Sqrt(size)+1e-9 {
				t.Errorf("%d devices: gradient %d is off by %g of %g", devices, k, math.Sqrt(off), math.Sqrt(size))
			}
		}
	}
}

// A run that was stopped on two devices goes on with four.
func TestARunGoesOnWithAnotherNumberOfDevices(t *testing.T) {
	o := Options{Epochs: 2, BatchSize: 8, LearningRate: 1e-3, Seed: 1}
	want, _ := lossesOf(t, 1, 10, o)
	o.CheckpointDir, o.Devices = t.TempDir(), 2
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(p Progress) {
		if p.Phase == "training" && p.Step == 3 {
			cancel()
		}
	}
	if _, err := Train(ctx, testbed.XLA(t), learner(t, 2, 0.1), sentiment(40, 1, task.Classification), nil, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("the run ended with %v", err)
	}
	dir := o.CheckpointDir
	o = Options{Epochs: 2, BatchSize: 8, LearningRate: 1e-3, Seed: 1, CheckpointDir: dir}
	got, _ := lossesOf(t, 4, 10, o)
	if len(got) == 0 || len(got) >= len(want) {
		t.Fatalf("%d of %d steps were left", len(got), len(want))
	}
	for i, loss := range got {
		if w := want[len(want)-len(got)+i]; math.Abs(loss-w) > 1e-5 {
			t.Errorf("the loss of step %d is %.7f, of one device %.7f", len(want)-len(got)+i+1, loss, w)
		}
	}
}

func TestMoreDevicesThanThereAreAreRefused(t *testing.T) {
	_, err := train(t, t.Context(), learner(t, 2, 0), 20, nil, Options{Epochs: 1, Devices: 9})
	if err == nil || !strings.Contains(err.Error(), "9 devices were asked for") {
		t.Errorf("the error is %v", err)
	}
}

// gradientsOf are the gradients of a model's first batch in float32, of each array that is trained.
func gradientsOf(t *testing.T, b compute.Backend, model *gbert.Model, prepared *Prepared, o Options) (list [][]float32) {
	t.Helper()
	s := newTestStepper(t, b, model, o)
	all, _ := s.gradients(t, prepared.Dataset, prepared.Batches[0])
	for _, p := range s.trained {
		list = append(list, all[p.spec.Name])
	}
	return list
}
