package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// trainer is a training run of gbert that takes one step at a time: the run itself, held at the end of each step by its report
// of progress.
type trainer struct {
	cancel  context.CancelFunc
	release chan struct{}
	steps   chan trainedStep
	err     error // why the run ended, once ended is closed
	ended   chan struct{}
}

// trainedStep is one step of the run: everything from choosing its examples to the new weights and the loss on the host.
type trainedStep struct {
	seconds  float64
	compiled bool    // the time holds a compilation
	loss     float64 // mean of the epoch so far
}

func startTrainer(ctx context.Context, b compute.Backend, model *gbert.Model, d *task.Dataset, o finetune.Options) *trainer {
	ctx, cancel := context.WithCancel(ctx)
	t := &trainer{cancel: cancel, release: make(chan struct{}), steps: make(chan trainedStep), ended: make(chan struct{})}
	began, compiling, first := time.Now(), false, true
	o.Progress = func(p finetune.Progress) {
		switch p.Phase {
		case "compiling":
			compiling = true
			if first {
				first, began = false, time.Now() // the data have been read and encoded
			}
		case "training":
			step := trainedStep{seconds: time.Since(began).Seconds(), compiled: compiling, loss: p.Loss}
			select {
			case t.steps <- step:
			case <-ctx.Done():
				return
			}
			select {
			case <-t.release:
			case <-ctx.Done():
			}
			compiling, began = false, time.Now()
		}
	}
	go func() {
		_, t.err = finetune.Train(ctx, b, model, d, nil, o)
		close(t.ended)
		close(t.steps)
	}()
	return t
}

// next lets the run do its next step. The first one is under way when it is called.
func (t *trainer) next(first bool) (trainedStep, error) {
	if !first {
		select {
		case t.release <- struct{}{}:
		case <-t.ended:
		}
	}
	step, ok := <-t.steps
	if !ok {
		return step, fmt.Errorf("bench: the training run ended early: %w", t.err)
	}
	return step, nil
}

// stop ends the run and waits until its memory is free.
func (t *trainer) stop() {
	t.cancel()
	for range t.steps {
	}
}
