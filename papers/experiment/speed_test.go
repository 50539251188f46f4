package experiment

import (
	"context"
	"errors"
	"testing"
	"time"

	"bertlab/gbert/backend"
	"bertlab/gbert/tokenizer"
)

func TestFunctionsAreTimedInTurn(t *testing.T) {
	order, calls := "", map[string]int{}
	function := func(name string, took time.Duration) func() error {
		return func() error {
			if n := len(order); n == 0 || order[n-1:] != name {
				order += name
			}
			calls[name]++
			time.Sleep(took)
			return nil
		}
	}
	times, err := InTurn(context.Background(), 3, function("a", 2*time.Millisecond), function("b", 80*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	if order != "ababababab" {
		t.Errorf("in the order %s, want two rounds that warm up and three that are timed", order)
	}
	for i, least := range []time.Duration{2 * time.Millisecond, 80 * time.Millisecond} {
		if len(times[i]) != 3 {
			t.Fatalf("%d times", len(times[i]))
		}
		for _, took := range times[i] {
			if took.Wall < least {
				t.Errorf("function %d took %v, which is less than it sleeps", i, took.Wall)
			}
		}
	}
	if calls["b"] != 5 || calls["a"] <= 5 {
		t.Errorf("a short function ran %d times, a long one %d; want more than 5, and 5", calls["a"], calls["b"])
	}
}

func TestTimingStopsAtAnErrorAndWhenItIsCancelled(t *testing.T) {
	broken := errors.New("broken")
	if _, err := InTurn(context.Background(), 1, func() error { return broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := InTurn(ctx, 1000, func() error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestProcessorTimeCountsWorkAndNotSleep(t *testing.T) {
	watch := Start()
	if watch.Elapsed().Processor < 0 || processorTime() == 0 {
		t.Skip("this system does not tell processor time")
	}
	time.Sleep(200 * time.Millisecond)
	if slept := watch.Elapsed(); slept.Wall < 200*time.Millisecond || slept.Processor > slept.Wall/2 {
		t.Errorf("asleep: %+v", slept)
	}
	watch = Start()
	for began := processorTime(); processorTime()-began < 50*time.Millisecond; { // works until the system says so
	}
	if worked := watch.Elapsed(); worked.Processor < 50*time.Millisecond {
		t.Errorf("at work: %+v", worked)
	}
}

func TestTheClockIsThatOfWhatComputes(t *testing.T) {
	e := Elapsed{Wall: 2 * time.Second, Processor: time.Second}
	for name, want := range map[string]float64{"xla:cpu": 1, "go": 1, "xla:cuda": 2} {
		env := Environment{Choice: &backend.Choice{Name: name}}
		if got := env.Clock().Seconds(e); got != want {
			t.Errorf("%s: %g s, want %g", name, got, want)
		}
	}
	if got := Processor.Seconds(Elapsed{Wall: time.Second}); got != 1 {
		t.Errorf("without processor time %g s", got)
	}
}

func TestAFilledBatchHasNoPadding(t *testing.T) {
	batch := FilledBatch([]tokenizer.Encoding{{IDs: []int32{1, 2, 3}}, {IDs: []int32{4, 5}}}, 2, 4, 0)
	want := []int32{1, 2, 3, 4, 5, 1, 2, 3}
	for i, id := range batch.IDs {
		if id != want[i] || batch.Mask[i] != 1 {
			t.Fatalf("%v, mask %v", batch.IDs, batch.Mask)
		}
	}
	if batch.Rows != 2 || batch.Length != 4 {
		t.Errorf("%d × %d", batch.Rows, batch.Length)
	}
}
