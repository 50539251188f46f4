//go:build unix

package landscape

import (
	"context"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/testbed"
)

// BenchmarkPoint is a point of a landscape on MiniLM with 256 examples of length 32, and how much of its time goes into forward
// passes: points and passes with unmoved weights take turns.
func BenchmarkPoint(b *testing.B) {
	backend := testbed.XLA(b)
	from, err := gbert.Load(testbed.RealModel(b, "all-MiniLM-L6-v2"))
	if err != nil {
		b.Skip(err)
	}
	defer from.Close()
	ends := make([]*gbert.Model, 2)
	for i := range ends { // of the same shape; what they compute does not matter here
		if ends[i], err = gbert.New(from.Config, uint64(i)); err != nil {
			b.Fatal(err)
		}
		if ends[i], err = ends[i].WithClassifier(2, nil, 1); err != nil {
			b.Fatal(err)
		}
	}
	e, err := Open(backend, Space{From: from, To: ends[0], Other: ends[1]}, full(from.Config, 256, 32))
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	ctx := context.Background()
	timed := func(do func() error) (took, processor time.Duration) {
		began, used := time.Now(), processorTime(b)
		if err := do(); err != nil {
			b.Fatal(err)
		}
		return time.Since(began), processorTime(b) - used
	}
	point := func() error { _, err := e.At(ctx, Point{Alpha: 0.5, Beta: 0.25}); return err }
	pass := func() error { _, err := e.evaluate(ctx, false); return err }
	timed(point) // compiles
	var points, passes, pointsCPU, passesCPU time.Duration
	for b.Loop() {
		took, processor := timed(point)
		points, pointsCPU = points+took, pointsCPU+processor
		took, processor = timed(pass)
		passes, passesCPU = passes+took, passesCPU+processor
	}
	b.ReportMetric(100*passes.Seconds()/points.Seconds(), "%forward")
	b.ReportMetric(100*passesCPU.Seconds()/pointsCPU.Seconds(), "%forward-cpu")
	b.ReportMetric(points.Seconds()/float64(b.N), "s/point")
}

// processorTime is what the process has used of all processors: beside other work it is steadier than the clock.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// full is a data set of n examples of the same length, of random tokens.
func full(c *gbert.Config, n, length int) *finetune.Prepared {
	rng := rand.New(rand.NewPCG(1, 2))
	d := &task.Dataset{Task: &task.Task{Name: "full", Kind: task.Classification, Labels: []string{"0", "1"}, Metrics: []string{task.Accuracy}}}
	p := &finetune.Prepared{Dataset: d}
	for i := range n {
		ids := make([]int32, length)
		for j := range ids {
			ids[j] = int32(rng.IntN(c.VocabSize))
		}
		p.Encodings = append(p.Encodings, tokenizer.Encoding{IDs: ids, Types: make([]int32, length)})
		d.Examples = append(d.Examples, task.Example{ID: fmt.Sprint(i), Label: i % 2})
	}
	p.Batches = gbert.MakeBatches(p.Encodings, gbert.BatchOptions{Lengths: []int{length}})
	return p
}

// A point must not be computed with the weights of the one before it, whatever the backend keeps of them.
func TestARealModelMeetsItsEndsAfterEveryOtherPoint(t *testing.T) {
	backend := testbed.XLA(t)
	from, err := gbert.Load(testbed.RealModel(t, "all-MiniLM-L6-v2"))
	if err != nil {
		t.Skip(err)
	}
	defer from.Close()
	to, err := gbert.New(from.Config, 1)
	if err != nil {
		t.Fatal(err)
	}
	if to, err = to.WithClassifier(2, nil, 1); err != nil {
		t.Fatal(err)
	}
	data := full(from.Config, 8, 16)
	s := Space{From: from, To: to}
	start := blend(t, s, Whole(to.Config), func(zero, _, _ float64) float64 { return zero })
	e := explore(t, backend, s, data)
	for i, p := range []Point{{Alpha: 0.3}, {Alpha: 1}, {Alpha: -0.2}, {}, {Alpha: 1}, {}} {
		got, err := e.At(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		model := map[float64]*gbert.Model{0: start, 1: to}[p.Alpha]
		if model == nil {
			continue
		}
		want := reference(t, backend, model, data)
		if d := got[0].Loss - want.Loss; d > 1e-5 || d < -1e-5 {
			t.Errorf("point %d, α = %g: loss %.7f, the model has %.7f", i, p.Alpha, got[0].Loss, want.Loss)
		}
	}
}
