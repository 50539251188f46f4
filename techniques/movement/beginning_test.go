package movement

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"bertlab/gbert/finetune"
)

// Prunings that differ in what remains, or in what it is selected from, share their warm-up: the second goes on from where the first left it,
// to the bits that it has without. Others begin for themselves.
func TestPruningsShareTheirWarmUp(t *testing.T) {
	const steps, warmup = 15, 6 // the beginning ends within the second epoch
	for _, test := range []struct {
		name        string
		first, then Options
		shared      bool
	}{
		{"what remains", Options{Remaining: 0.5}, Options{Remaining: 0.1}, true},
		{"what is selected from", Options{Remaining: 0.5}, Options{Remaining: 0.1, Scope: Global}, true},
		{"magnitude", Options{Kind: Magnitude, Remaining: 0.5, Scope: Global}, Options{Kind: Magnitude, Remaining: 0.1}, true},
		{"heads and neurons", Options{Remaining: 0.5, Attention: Granularity{Unit: Head}, FFN: Granularity{Unit: Neuron}}, Options{Remaining: 0.6, Attention: Granularity{Unit: Head}, FFN: Granularity{Unit: Neuron}}, true},
		{"a part from the first", Options{Remaining: 0.5, Initial: 0.9}, Options{Remaining: 0.1, Initial: 0.9}, true},
		{"a part of something else from the first", Options{Remaining: 0.5, Initial: 0.9}, Options{Remaining: 0.1, Initial: 0.9, Scope: Global}, false},
		{"another method", Options{Remaining: 0.5}, Options{Kind: Magnitude, Remaining: 0.5}, false},
		{"another learning rate of scores", Options{Remaining: 0.5}, Options{Remaining: 0.5, ScoreLearningRate: 2e-2}, false},
		{"another unit", Options{Remaining: 0.5}, Options{Remaining: 0.5, FFN: Granularity{Unit: Neuron}}, false},
		{"penalties", Options{Kind: Soft, Remaining: 0.5}, Options{Kind: Soft, Remaining: 0.6}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := classifier(t, 1, "gelu")
			m.Config.HiddenDropoutProb = 0.1
			dir := filepath.Join(t.TempDir(), "beginnings")
			train := func(o Options, dir, checkpoint string) (*finetune.Result, []int) {
				var taken []int
				o.WarmupSteps, o.CoolDownSteps = warmup, 3
				return check[*finetune.Result](t)(finetune.Train(t.Context(), goBackend(t), m, sentences(40), nil, finetune.Options{
					Epochs: 3, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Keep: finetune.KeepLast, Method: check[*finetune.Method](t)(New(m, o)),
					Beginnings: dir, CheckpointDir: checkpoint,
					Progress: func(p finetune.Progress) {
						if p.Phase == "training" {
							taken = append(taken, p.Step)
						}
					},
				})), taken
			}
			same := func(what string, got, want *finetune.Result) {
				for _, spec := range m.Weights() {
					if !slices.Equal(weight(t, got.Model, spec.Name), weight(t, want.Model, spec.Name)) {
						t.Errorf("%s: %s differs", what, spec.Name)
					}
				}
				for name, values := range want.Parameters {
					if !slices.Equal(values, got.Parameters[name]) {
						t.Errorf("%s: %s differs", what, name)
					}
				}
				if fmt.Sprint(losses(got)) != fmt.Sprint(losses(want)) || got.RealTokens != want.RealTokens {
					t.Errorf("%s: losses %v and %d tokens, want %v and %d", what, losses(got), got.RealTokens, losses(want), want.RealTokens)
				}
			}
			alone, taken := train(test.then, "", "")
			if len(taken) != steps {
				t.Fatalf("%d steps", len(taken))
			}
			train(test.first, dir, "")
			together, taken := train(test.then, dir, t.TempDir())
			from := 1
			if test.shared {
				from = warmup + 1
			}
			if taken[0] != from || together.Resumed != test.shared {
				t.Errorf("it began with step %d, want %d; resumed: %v", taken[0], from, together.Resumed)
			}
			same("after another", together, alone)
			if !test.shared {
				return
			}
			// What lies there is damaged: the run begins for itself, and leaves a good one.
			files, err := os.ReadDir(dir)
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			path := filepath.Join(dir, files[0].Name())
			whole := check[[]byte](t)(os.ReadFile(path))
			damaged := slices.Clone(whole)
			damaged[len(damaged)-1] ^= 1
			if err := os.WriteFile(path, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			if again, taken := train(test.then, dir, ""); taken[0] != 1 {
				t.Error("it went on from what was damaged")
			} else {
				same("beside what was damaged", again, alone)
			}
			if _, taken := train(test.first, dir, ""); taken[0] != warmup+1 {
				t.Errorf("what was damaged is still there: it began with step %d", taken[0])
			}
			// Nowhere to leave it.
			again, _ := train(test.then, filepath.Join(path, "below"), "")
			same("without a folder", again, alone)
		})
	}
}

func losses(r *finetune.Result) []float64 {
	var list []float64
	for _, epoch := range r.Epochs {
		list = append(list, epoch.TrainLoss)
	}
	return list
}
