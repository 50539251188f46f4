package finetune

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/task"
)

// patience is how long a step of a tiny model may take on a loaded machine: some thousand times what it takes on a quiet one.
const patience = 30 * time.Second

// Two trainings at once on one pure Go backend, whatever its number of slots, beside goroutines that leave them little of the
// processors: each step must end. One that does not is an error with what every goroutine waits for, not a test that hangs.
func TestTrainingOnPureGoNeverStandsStill(t *testing.T) {
	for _, name := range []string{"go", "go:parallelism=2", "go:parallelism=1"} {
		t.Run(name, func(t *testing.T) {
			b, _, err := backend.Open(t.Context(), backend.Options{Name: name})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for range runtime.GOMAXPROCS(0) {
				go func() {
					for ctx.Err() == nil {
						runtime.Gosched()
					}
				}()
			}
			stepped, ended := make(chan int), make(chan error)
			for seed := range uint64(2) {
				model, data := spread(t), sentiment(24, seed, task.Classification)
				go func() {
					_, err := Train(ctx, b, model, data, nil, Options{
						Epochs: 1, BatchSize: 8, LearningRate: 1e-4, Seed: seed,
						AfterStep: func(step, _ int, _ func() (*gbert.Model, error)) error { stepped <- step; return nil },
					})
					ended <- err
				}()
			}
			for running := 2; running > 0; {
				select {
				case <-stepped:
				case err := <-ended:
					if err != nil {
						t.Fatal(err)
					}
					running--
				case <-time.After(patience):
					t.Fatalf("no step for %v; what waits:\n%s", patience, waiting())
				}
			}
			b.Finalize()
		})
	}
}

// spread is a model large enough for the backend to spread its operations over its slots.
func spread(t *testing.T) *gbert.Model {
	t.Helper()
	config := learner(t, 2, 0).Config.Clone()
	config.Layers, config.NumHiddenLayers, config.NumAttentionHeads = nil, 2, 4
	config.HiddenSize, config.IntermediateSize = 32, 256
	model, err := gbert.New(config, 1)
	if err != nil {
		t.Fatal(err)
	}
	if model, err = model.WithClassifier(2, nil, 1); err != nil {
		t.Fatal(err)
	}
	model.Tokenizer = vocabulary(t)
	return model
}

// waiting are the stacks of the goroutines that the backend has begun or that stand in it.
func waiting() string {
	all := make([]byte, 4<<20)
	all = all[:runtime.Stack(all, true)]
	var inside []string
	for _, stack := range strings.Split(string(all), "\n\n") {
		if strings.Contains(stack, "gomlx/compute") {
			inside = append(inside, stack)
		}
	}
	return fmt.Sprintf("%d goroutines\n%s", len(inside), strings.Join(inside, "\n\n"))
}
