package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// checkpointFile is what a run leaves in its folder when it is stopped.
const checkpointFile = "checkpoint.safetensors"

var pureGo = sync.OnceValues(func() (compute.Backend, error) {
	b, _, err := backend.Open(context.Background(), backend.Options{Name: "go"})
	return b, err
})

// goOn begins a run with its checkpoint in a folder, or goes on with it, and is stopped before its next step.
func goOn(dir string) error {
	b, err := pureGo()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "mutate-model-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := model(nil, save)(folder); err != nil {
		return err
	}
	m, err := gbert.Load(folder)
	if err != nil {
		return err
	}
	defer m.Close()
	data := &task.Dataset{Task: &task.Task{Name: "toy", Labels: []string{"neg", "pos"}, Metrics: []string{task.Accuracy}}, Source: "toy", SHA256: "toy"}
	for i := range 4 {
		data.Examples = append(data.Examples, task.Example{TextA: "the cat", Label: i % 2})
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	_, err = finetune.Train(ctx, b, m, data, nil, finetune.Options{Epochs: 2, BatchSize: 2, LearningRate: 1e-3, Seed: 1, CheckpointDir: dir, CheckpointEvery: 1})
	if errors.Is(err, context.Canceled) {
		return nil // after it read the checkpoint
	}
	return err
}

func readCheckpoint(dir string) error {
	finetune.Finished(dir)
	if _, err := os.Stat(filepath.Join(dir, checkpointFile)); err != nil {
		return err
	}
	return goOn(dir)
}
