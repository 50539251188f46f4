package finetune

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/internal/testbed"
)

func TestWorkIsDealtOnceAndUsedInOrder(t *testing.T) {
	for _, workers := range [][]int{{0}, {0, 1}, {0, 1, 2, 3, 4, 5, 6}} {
		var used []int
		turn := newOrdered(func(i, value int) { used = append(used, i, value) })
		err := Deal(t.Context(), workers, 5, func(_, i int) error { turn.done(i, i*i); return nil })
		if err != nil || !slices.Equal(used, []int{0, 0, 1, 1, 2, 4, 3, 9, 4, 16}) {
			t.Errorf("%d workers: %v, %v", len(workers), used, err)
		}
	}
}

func TestWorkStopsAtTheFirstErrorAndAtACancelledContext(t *testing.T) {
	broken := errors.New("broken")
	for _, workers := range [][]int{{0}, {0, 1, 2}} {
		var begun atomic.Int32
		err := Deal(t.Context(), workers, 1000, func(_, i int) error {
			begun.Add(1)
			if i >= 3 {
				return broken
			}
			return nil
		})
		if !errors.Is(err, broken) || begun.Load() > int32(3+len(workers)) {
			t.Errorf("%d workers: %v after %d pieces", len(workers), err, begun.Load())
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := Deal(ctx, workers, 3, func(int, int) error { t.Error("work was begun"); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("%d workers: %v", len(workers), err)
		}
	}
}

// across is a session of a model on so many devices.
func across(t *testing.T, devices int, model *gbert.Model) *gbert.Session {
	t.Helper()
	session, err := gbert.NewSessionAcross(gbert.Devices{Backend: testbed.XLA(t), Count: devices}, model)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	return session
}

// Devices share batches that they compute whole, so nothing differs, and progress counts up.
func TestDevicesJudgeAsOneDoes(t *testing.T) {
	model := learner(t, 2, 0)
	prepared, err := Prepare(testbed.XLA(t), model, sentiment(83, 1, task.Classification), 16, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	judge := func(devices int) (*Evaluation, [][]float64) {
		session, last := across(t, devices, model), 0
		e, err := prepared.Evaluate(t.Context(), session, nil, func(done, total int) {
			if done <= last || total != 83 {
				t.Errorf("progress %d of %d after %d", done, total, last)
			}
			last = done
		})
		if err != nil || last != 83 {
			t.Fatalf("%d devices: %d examples, %v", devices, last, err)
		}
		vectors, err := prepared.Embed(t.Context(), session, model.Config, gbert.MeanPooling, nil)
		if err != nil {
			t.Fatal(err)
		}
		return e, vectors
	}
	want, vectors := judge(1)
	for _, devices := range []int{2, 4} {
		got, embedded := judge(devices)
		if math.Abs(got.Loss-want.Loss) > 1e-6 || !slices.EqualFunc(got.Losses, want.Losses, func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }) {
			t.Errorf("%d devices: the loss is %.9f, of one %.9f", devices, got.Loss, want.Loss)
		}
		for i := range vectors {
			if !slices.EqualFunc(embedded[i], vectors[i], func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }) {
				t.Errorf("%d devices: the vector of text %d differs", devices, i)
			}
		}
	}
}

// What is bound on the first device counts on all, however often another is bound.
func TestWhatIsBoundCountsOnEveryDevice(t *testing.T) {
	b, model := testbed.XLA(t), learner(t, 2, 0)
	prepared, err := Prepare(b, model, sentiment(8, 1, task.Classification), 16, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	session := across(t, 4, model)
	for round, bias := range []float32{0, 3, -3} {
		if round > 0 {
			bound := tensors.FromValue([]float32{bias, 0})
			if err := bound.ToDevice(b, 0); err != nil {
				t.Fatal(err)
			}
			session.Bind("classifier.bias", bound)
			defer bound.MustFinalizeAll()
		}
		first, err := session.BatchLogits(prepared.Batches[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		for device, on := range session.Devices() {
			logits, err := on.BatchLogits(prepared.Batches[0], nil)
			if err != nil {
				t.Fatal(err)
			}
			if logits[0][0] != first[0][0] || int(on.Device()) != device {
				t.Errorf("round %d: device %d has %v, the first %v", round, on.Device(), logits[0], first[0])
			}
		}
		if round > 0 && (first[0][0] > 0) != (bias > 0) {
			t.Errorf("a bias of %g gives %v", bias, first[0])
		}
	}
}

// The evaluation after each epoch is on all devices, with the weights of that epoch.
func TestDevicesTogetherJudgeEachEpochAsOneDoes(t *testing.T) {
	run := func(devices int) *Result {
		o := Options{Epochs: 3, BatchSize: 6, LearningRate: 1e-3, Seed: 1, Devices: devices}
		result, err := Train(t.Context(), testbed.XLA(t), learner(t, 2, 0.1), sentiment(40, 1, task.Classification), sentiment(31, 2, task.Classification), o)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	want, got := run(1), run(4)
	for i := range want.Epochs {
		if a, b := got.Epochs[i].Dev.Loss, want.Epochs[i].Dev.Loss; math.Abs(a-b) > 1e-5 {
			t.Errorf("the loss on dev after epoch %d is %.7f, of one device %.7f", i+1, a, b)
		}
	}
	if got.Kept != want.Kept {
		t.Errorf("four devices keep epoch %d, one %d", got.Kept, want.Kept)
	}
	if want.Epochs[0].Dev.Loss == want.Epochs[2].Dev.Loss {
		t.Error("nothing was learnt")
	}
}
