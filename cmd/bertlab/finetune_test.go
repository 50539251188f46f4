package main

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert"
	"bertlab/recipes"
)

func finetuneArgs(model, data, out string) []string {
	return []string{
		"finetune", "--model", model, "--task", "sst2", "--train", data, "--dev", data, "--epochs", "10", "--batch", "8", "--lr", "5e-3",
		"--max-length", "16", "--seed", "3", "--out", out, "--json",
	}
}

func TestFinetunedModelIsWhatEvalSees(t *testing.T) {
	data, out := reviews(t, 60), filepath.Join(t.TempDir(), "out")
	document := bertlab(t, finetuneArgs(tinyModel(t, 0), data, out)...).document()
	if accuracy := number(t, document, "dev", "metrics", "accuracy"); accuracy < 0.9 {
		t.Errorf("accuracy %g after training on the same sentences", accuracy)
	}
	if output.Exists(filepath.Join(out, output.CheckpointFolder)) {
		t.Error("the checkpoint is still there")
	}
	// The task is known from the model's history.
	eval := bertlab(t, "eval", "--model", out, "--data", data, "--max-length", "16", "--json").document()
	if a, b := number(t, document, "dev", "loss"), number(t, eval, "loss"); a-b > 1e-6 || b-a > 1e-6 {
		t.Errorf("dev loss %g after training, %g by eval", a, b)
	}
}

func TestTrainingKeepsToAMemoryLimit(t *testing.T) {
	args := finetuneArgs(tinyModel(t, 0), reviews(t, 20), filepath.Join(t.TempDir(), "out"))
	bertlab(t, append(args, "--memory-limit", "much")...).fails(exitWrongCall, "--memory-limit", "such as 40MB")
	bertlab(t, append(args, "--memory-limit", "100MB")...).fails(exitFailure, "the limit is 100 MB", "smaller batches")
	if n := number(t, bertlab(t, append(args, "--memory-limit", "2GB")...).document(), "steps"); n != 30 {
		t.Errorf("%g steps, want 30", n)
	}
}

func TestOwnFilesAreReadByTheirColumns(t *testing.T) {
	data := write(t, "own.csv", "verdict,opinion\nthumbs up,the film is good .\nthumbs down,the film is bad .\nthumbs up,a lovely plot .\n")
	out := filepath.Join(t.TempDir(), "own")
	columns := []string{"--text-column", "opinion", "--label-column", "verdict"}
	args := append([]string{"finetune", "--model", tinyModel(t, 0), "--task", "custom", "--labels", "thumbs down,thumbs up", "--train", data, "--out", out, "--json"}, columns...)
	if document := bertlab(t, args...).document(); document["dev"] != nil {
		t.Errorf("dev without dev data: %v", document["dev"])
	}
	// The model knows the labels.
	if n := number(t, bertlab(t, append([]string{"eval", "--model", out, "--data", data, "--json"}, columns...)...).document(), "examples"); n != 3 {
		t.Errorf("%g examples, want 3", n)
	}
}

func TestStoppedRunGoesOnToTheSameModel(t *testing.T) {
	model, data, dir := tinyModel(t, 0), reviews(t, 60), t.TempDir()
	whole, stopped := filepath.Join(dir, "whole"), filepath.Join(dir, "stopped")
	bertlab(t, finetuneArgs(model, data, whole)...).document()

	// Stop once the first checkpoint is written.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			if output.Exists(filepath.Join(stopped, output.CheckpointFolder, "checkpoint.safetensors")) {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	args := append(finetuneArgs(model, data, stopped), "--checkpoint-every", "1ns")
	bertlabContext(t, ctx, args...).fails(exitFailure, "interrupted", "repeat the command")
	document := bertlab(t, args...).document()
	if document["resumed"] != true {
		t.Error("the second call did not go on")
	}
	a, errA := os.ReadFile(filepath.Join(whole, "model.safetensors"))
	b, errB := os.ReadFile(filepath.Join(stopped, "model.safetensors"))
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("the model of the stopped run differs (%v, %v)", errA, errB)
	}
}

func TestNoCommandDestroysAModel(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 9)
	other := tinyModel(t, 2)
	before, err := os.ReadFile(filepath.Join(other, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"finetune", "--task", "sst2", "--train", data},
		{"heads", "prune", "--remove", "0:1"},
		{"export", "--dense"},
	} {
		bertlab(t, append(args, "--model", model, "--out", other)...).fails(exitWrongCall, other, "--overwrite")
		bertlab(t, append(args, "--model", model, "--out", model, "--overwrite")...).fails(exitWrongCall, "the model that is read")
		bertlab(t, append(args, "--model", model)...).fails(exitWrongCall, "--out")
	}
	if after, err := os.ReadFile(filepath.Join(other, "model.safetensors")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the model changed (%v)", err)
	}
	said := []string{workbench.TrainingRecord, recipes.RecordName, gbert.PortableName} // of the model that goes
	for _, name := range said {
		if err := output.WriteFile(filepath.Join(other, name), []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	bertlab(t, "heads", "prune", "--remove", "0:1", "--model", model, "--out", other, "--overwrite", "--json").document()
	for _, name := range said {
		if output.Exists(filepath.Join(other, name)) {
			t.Errorf("%s of the model before is still there", name)
		}
	}
}

// Training in bfloat16 says so, and is close to training in float32.
func TestPrecisionOfTrainingIsKeptBesideTheModel(t *testing.T) {
	model, data := tinyModel(t, 0), reviews(t, 24)
	for _, command := range [][]string{{"finetune"}, {"movement", "--remaining", "0.5"}} {
		losses := map[string]float64{}
		for _, precision := range []string{"float32", "bf16"} {
			out := filepath.Join(t.TempDir(), precision)
			document := bertlab(t, append(command, "--model", model, "--task", "sst2", "--train", data, "--dev", data, "--epochs", "2", "--lr", "1e-3", "--max-length", "16",
				"--precision", precision, "--out", out, "--json")...).document()
			losses[precision] = number(t, document, "dev", "loss")
			said, _ := document["options"].(map[string]any)["precision"].(string)
			if want := map[string]string{"float32": "", "bf16": "bf16"}[precision]; said != want {
				t.Errorf("%v: the options say %q of %s", command, said, precision)
			}
		}
		if off := math.Abs(losses["bf16"] - losses["float32"]); off == 0 || off > 0.02 {
			t.Errorf("%v: the losses are %v", command, losses)
		}
	}
}
