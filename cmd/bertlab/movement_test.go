package main

import (
	"bertlab/cmd/bertlab/internal/output"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func movementArgs(model, data, out string, more ...string) []string {
	return append([]string{
		"movement", "--model", model, "--task", "sst2", "--train", data, "--dev", data, "--epochs", "4", "--batch", "8", "--lr", "5e-3",
		"--max-length", "16", "--score-lr", "0.1", "--out", out, "--json",
	}, more...)
}

func TestPrunedModelIsWhatTheDocumentAndEvalSee(t *testing.T) {
	model, data := tinyModel(t, 0), reviews(t, 60)
	const total = 3 * (4*16*16 + 2*16*24)
	for name, test := range map[string]struct {
		args []string
		kept float64 // weights; 0: not known beforehand
	}{
		"magnitude":  {[]string{"--method", "magnitude", "--remaining", "0.25"}, total / 4},
		"movement":   {[]string{"--remaining", "0.25", "--compact"}, total / 4},
		"global":     {[]string{"--remaining", "0.25", "--scope", "global", "--granularity", "block:4x2"}, total / 4},
		"structured": {[]string{"--granularity", "head", "--granularity-ffn", "neuron", "--remaining", "0.5"}, total / 2},
		"masked":     {[]string{"--granularity", "neuron", "--remaining", "0.5", "--keep-shape"}, 3 * (4*16*16 + 16*24)},
		"soft":       {[]string{"--method", "soft", "--lambda", "50"}, 0},
		"l0":         {[]string{"--method", "l0", "--remaining", "0.5"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			document := bertlab(t, movementArgs(model, data, out, test.args...)...).document()
			if kept := number(t, document, "remaining", "kept"); number(t, document, "remaining", "total") != total || test.kept != 0 && kept != test.kept {
				t.Errorf("%g of %g weights remain; %g of %d were expected", kept, number(t, document, "remaining", "total"), test.kept, total)
			}
			full := number(t, bertlab(t, "export", "--dense", "--model", out, "--out", filepath.Join(t.TempDir(), "dense"), "--json").document(), "parameters")
			if smaller := number(t, document, "parameters") < full; smaller != (name == "structured") {
				t.Errorf("%g parameters, %g when dense", number(t, document, "parameters"), full)
			}
			eval := bertlab(t, "eval", "--model", out, "--data", data, "--max-length", "16", "--json").document()
			if a, b := number(t, document, "dev", "loss"), number(t, eval, "loss"); a-b > 1e-5 || b-a > 1e-5 {
				t.Errorf("dev loss %g after training, %g by eval", a, b)
			}
		})
	}
}

func TestStoppedPruningGoesOnToTheSameModel(t *testing.T) {
	model, data, dir := tinyModel(t, 0), reviews(t, 60), t.TempDir()
	whole, stopped := filepath.Join(dir, "whole"), filepath.Join(dir, "stopped")
	bertlab(t, movementArgs(model, data, whole, "--remaining", "0.3")...).document()
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
	args := movementArgs(model, data, stopped, "--remaining", "0.3", "--checkpoint-every", "1ns")
	bertlabContext(t, ctx, args...).fails(exitFailure, "interrupted", "repeat the command")
	if document := bertlab(t, args...).document(); document["resumed"] != true {
		t.Error("the second call did not go on")
	}
	a, errA := os.ReadFile(filepath.Join(whole, "model.safetensors"))
	b, errB := os.ReadFile(filepath.Join(stopped, "model.safetensors"))
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("the model of the stopped run differs (%v, %v)", errA, errB)
	}
}

func TestWrongPruningIsAWrongCall(t *testing.T) {
	model, data := tinyModel(t, 0), reviews(t, 20)
	for name, test := range map[string]struct{ args, mentions []string }{
		"no share":                  {nil, []string{"remaining", "above 0"}},
		"nothing kept":              {[]string{"--remaining", "0"}, []string{"remaining", "above 0"}},
		"a negative share":          {[]string{"--remaining", "-0.5"}, []string{"-0.5", "above 0"}},
		"no number":                 {[]string{"--remaining", "NaN"}, []string{"NaN", "above 0"}},
		"plain steps for soft":      {[]string{"--method", "soft", "--lambda", "1", "--score-optimizer", "sgd"}, []string{"movement"}},
		"unknown optimizer":         {[]string{"--remaining", "0.5", "--score-optimizer", "lion"}, []string{"adamw", "sgd"}},
		"too large a share":         {[]string{"--remaining", "1.5"}, []string{"1.5", "at most 1"}},
		"unknown method":            {[]string{"--method", "random", "--remaining", "0.5"}, []string{"magnitude", "l0"}},
		"unknown unit":              {[]string{"--granularity", "square", "--remaining", "0.5"}, []string{"square", "block:32"}},
		"heads of the FFN":          {[]string{"--granularity-ffn", "head", "--remaining", "0.5"}, []string{"neuron"}},
		"blocks that do not divide": {[]string{"--granularity", "block:5", "--remaining", "0.5"}, []string{"16 x 16", "[1 2 4 8 16]"}},
		"λ without a penalty":       {[]string{"--lambda", "1", "--remaining", "0.5"}, []string{"λ"}},
		"none kept":                 {[]string{"--granularity", "head", "--remaining", "0.2"}, []string{"at least 0.25"}},
		"no cool-down":              {[]string{"--cool-down", "1", "--remaining", "0.2"}, []string{"--cool-down 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			bertlab(t, movementArgs(model, data, filepath.Join(t.TempDir(), "x"), test.args...)...).fails(exitWrongCall, test.mentions...)
		})
	}
	bertlab(t, movementArgs(model, data, filepath.Join(t.TempDir(), "x"), "--remaining", "0.5", "--prune-warmup", "0.6", "--cool-down", "0.5")...).fails(exitFailure, "--prune-warmup + --cool-down at most")
}
