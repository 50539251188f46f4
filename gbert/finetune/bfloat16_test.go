package finetune

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"bertlab/gbert/safetensors"
	"bertlab/gbert/task"
)

// The gradients of one batch in bfloat16 point where those in float32 do.
func TestGradientsInBFloat16AreCloseToThoseInFloat32(t *testing.T) {
	onBackends(t, func(t *testing.T, b compute.Backend) {
		model := learner(t, 2, 0.1)
		prepared, err := Prepare(b, model, sentiment(10, 1, task.Classification), 16, 10, 1)
		if err != nil {
			t.Fatal(err)
		}
		gradients := func(precision Precision) (all []float64) {
			for _, values := range gradientsOf(t, b, model, prepared, Options{Epochs: 1, Precision: precision}) {
				for _, v := range values {
					all = append(all, float64(v))
				}
			}
			return all
		}
		want, got := gradients(""), gradients(BFloat16)
		var ab, aa, bb float64
		for i := range want {
			ab, aa, bb = ab+want[i]*got[i], aa+want[i]*want[i], bb+got[i]*got[i]
		}
		cosine, size := ab/math.Sqrt(aa*bb), math.Sqrt(bb/aa)
		if cosine < 0.999 || math.Abs(size-1) > 0.02 {
			t.Errorf("the cosine is %.6f and the size %.4f of that in float32", cosine, size)
		}
		if cosine == 1 {
			t.Error("nothing was rounded")
		}
	})
}

func TestTrainingInBFloat16LearnsWhatItLearnsInFloat32(t *testing.T) {
	run := func(precision Precision) *Result {
		o := Options{Epochs: 6, BatchSize: 16, LearningRate: 1e-2, Seed: 1, Precision: precision}
		return mustTrain(t, learner(t, 2, 0.1), 200, sentiment(60, 2, task.Classification), o)
	}
	want, got := run(Float32), run(BFloat16)
	for i, e := range want.Epochs {
		if g := got.Epochs[i]; math.Abs(g.TrainLoss-e.TrainLoss) > 0.05 || g.TrainLoss == e.TrainLoss {
			t.Errorf("epoch %d: the loss is %.4f, in float32 %.4f", i+1, g.TrainLoss, e.TrainLoss)
		}
	}
	if a := got.Best().Dev.Metrics[task.Accuracy]; a < 0.95 {
		t.Errorf("accuracy %.3f", a)
	}
	if want.Options.Precision != "" || got.Options.Precision != BFloat16 {
		t.Errorf("the options say %q and %q", want.Options.Precision, got.Options.Precision)
	}
}

// Precision is part of a run: it goes on to the same bits, and a checkpoint of another precision is none of its own. All of it is float32.
func TestARunInBFloat16GoesOnToTheSameBits(t *testing.T) {
	options := func(dir string, precision Precision) Options {
		o := resumeOptions(dir)
		o.Precision = precision
		return o
	}
	want := mustTrain(t, learner(t, 2, 0.1), resumeExamples, resumeDev(), options("", BFloat16))
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := options(dir, BFloat16)
	o.Progress = func(p Progress) {
		if p.Phase == "training" && p.Step == 6 {
			cancel()
		}
	}
	if _, err := train(t, ctx, learner(t, 2, 0.1), resumeExamples, resumeDev(), o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	file, err := safetensors.Open(filepath.Join(dir, checkpointName))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range file.Names() {
		if tensor, _ := file.Tensor(name); strings.Contains(name, "/") && tensor.DType != safetensors.F32 {
			t.Errorf("%s is kept as %s", name, tensor.DType)
		}
	}
	file.Close()
	for _, other := range []Precision{"", Float32} {
		if _, err := train(t, t.Context(), learner(t, 2, 0.1), resumeExamples, resumeDev(), options(dir, other)); err == nil || !strings.Contains(err.Error(), "another model, data or options") {
			t.Errorf("precision %q goes on with a checkpoint in bfloat16: %v", other, err)
		}
	}
	got := mustTrain(t, learner(t, 2, 0.1), resumeExamples, resumeDev(), options(dir, BFloat16))
	if !got.Resumed {
		t.Error("it began anew")
	}
	sameRun(t, got, want)
}

// What was remembered of options before there were precisions is what it is without one.
func TestFloat32LeavesNoTraceInOptions(t *testing.T) {
	for _, precision := range []Precision{"", Float32} {
		o, err := Options{Precision: precision}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		if text, err := json.Marshal(o); err != nil || strings.Contains(string(text), "precision") {
			t.Errorf("%s (%v)", text, err)
		}
	}
	if _, err := (Options{Precision: "float16"}).withDefaults(); err == nil || !strings.Contains(err.Error(), `"float16" is not one of "float32", "bf16"`) {
		t.Errorf("the error is %v", err)
	}
}
