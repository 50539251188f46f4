package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

//go:embed alone.py
var aloneScript string

// aloneSteps is the number of steps after which a training whose memory is measured ends.
const aloneSteps = 60

// alone is what a process of its own answers, of which each task fills its part.
type alone struct {
	Loss     float64   `json:"loss"`
	Accuracy float64   `json:"accuracy"`
	Losses   []float64 `json:"losses"`
	Steps    int       `json:"steps"`
	Metrics  struct {
		Accuracy float64 `json:"accuracy"`
	} `json:"metrics"` // of bertlab eval
	Heads []struct {
		Layer int     `json:"layer"`
		Head  int     `json:"head"`
		Loss  float64 `json:"loss"`
	} `json:"heads"` // of bertlab heads ablate
}

// runAlone runs a command, which prints one JSON object, and tells its time and its peak memory.
func runAlone(command *exec.Cmd) (answer *alone, seconds float64, peak int64, err error) {
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, os.Stderr
	began := time.Now()
	peak, err = runForPeak(command)
	seconds = time.Since(began).Seconds()
	if err != nil {
		return nil, 0, 0, fmt.Errorf("bench: %s: %w", filepath.Base(command.Path), err)
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		return nil, 0, 0, fmt.Errorf("bench: %s: not JSON: %.100q: %w", filepath.Base(command.Path), out.String(), err)
	}
	return answer, seconds, peak, nil
}

// pythonAlone is the peer's script for a task on a file of examples.
func (s *suite) pythonAlone(ctx context.Context, task, path string, examples int) *exec.Cmd {
	return exec.CommandContext(ctx, s.python, "-c", aloneScript, task, s.dir, path, fmt.Sprint(examples), fmt.Sprint(s.threads))
}

// bertlabAlone is a command of bertlab on a file of examples.
func (s *suite) bertlabAlone(ctx context.Context, path string, command ...string) *exec.Cmd {
	return exec.CommandContext(ctx, s.bertlab, append(command, "--quiet", "--json", "--model", s.dir, "--task", "sst2", "--data", path,
		"--batch", fmt.Sprint(batchSize), "--max-length", fmt.Sprint(maxLength))...)
}

// writeExamples writes the first n examples of a data set, all for 0, to a file that both sides read.
func (s *suite) writeExamples(d *task.Dataset, n int) (path string, written int, err error) {
	if n == 0 || n > d.Len() {
		n = d.Len()
	}
	var text strings.Builder
	text.WriteString("sentence\tlabel\n")
	for _, e := range d.Examples[:n] {
		fmt.Fprintf(&text, "%s\t%d\n", e.TextA, e.Label)
	}
	path = filepath.Join(s.scratch, fmt.Sprintf("examples-%d.tsv", n))
	return path, n, os.WriteFile(path, []byte(text.String()), 0o644)
}

// trainWord is the first argument of the process that trains alone.
const trainWord = "train-alone"

// errEnough ends a training after its steps.
var errEnough = errors.New("enough steps")

// trainAlone trains a model as bertlab finetune does, with checkpoints, on a task's file, and ends after a number of steps.
func trainAlone(ctx context.Context, arguments []string) error {
	if len(arguments) != 3 {
		return fmt.Errorf("bench: %s MODEL FILE SCRATCH", trainWord)
	}
	b, _, err := backend.Open(ctx, backend.Options{})
	if err != nil {
		return err
	}
	defer b.Finalize()
	model, err := gbert.Load(arguments[0])
	if err != nil {
		return err
	}
	defer model.Close()
	sst2, err := task.Lookup("sst2")
	if err != nil {
		return err
	}
	train, err := task.Load(ctx, nil, sst2, "train", arguments[1], task.Columns{})
	if err != nil {
		return err
	}
	answer := alone{}
	_, err = finetune.Train(ctx, b, model, train, nil, finetune.Options{
		Epochs: trainingEpochs, BatchSize: batchSize, MaxLength: maxLength, Seed: 1, CheckpointDir: arguments[2], CheckpointEvery: time.Second,
		Progress: func(p finetune.Progress) { answer.Loss = p.Loss },
		AfterStep: func(step, steps int, _ func() (*gbert.Model, error)) error {
			if answer.Steps = step; step == aloneSteps {
				return errEnough
			}
			return nil
		},
	})
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(answer)
}
