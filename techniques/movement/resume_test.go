package movement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"bertlab/gbert/finetune"
)

// A training that is stopped in the middle of the schedule goes on to the same scores, masks and weights, bit for bit.
func TestAStoppedPruningGoesOnToTheSameBits(t *testing.T) {
	for _, o := range []Options{
		{Kind: Movement, Remaining: 0.3}, {Kind: Movement, Remaining: 0.3, ScoreOptimizer: finetune.SGD}, {Kind: Magnitude, Remaining: 0.3, Scope: Global},
		{Kind: Soft, Remaining: 0.5}, {Kind: L0, Remaining: 0.5}, {Kind: Soft, Lambda: 40},
		{Kind: Movement, Remaining: 0.5, Attention: Granularity{Unit: Head}, FFN: Granularity{Unit: Neuron}},
	} {
		t.Run(fmt.Sprint(o.Kind, o.Scope, o.ScoreOptimizer, o.Lambda, o.FFN.Unit), func(t *testing.T) {
			m := classifier(t, 1, "gelu")
			m.Config.HiddenDropoutProb = 0.1
			train := func(ctx context.Context, dir string, progress func(finetune.Progress)) (*finetune.Result, error) {
				return finetune.Train(ctx, goBackend(t), m, sentences(40), nil, finetune.Options{
					Epochs: 3, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Keep: finetune.KeepLast, Method: check[*finetune.Method](t)(New(m, o)),
					CheckpointDir: dir, CheckpointEvery: 1, Progress: progress,
				})
			}
			whole := check[*finetune.Result](t)(train(t.Context(), t.TempDir(), nil))
			dir := t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if _, err := train(ctx, dir, func(p finetune.Progress) {
				if p.Phase == "training" && p.Step == 7 {
					cancel()
				}
			}); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			resumed := check[*finetune.Result](t)(train(t.Context(), dir, nil))
			if !resumed.Resumed {
				t.Error("it began anew")
			}
			for _, spec := range m.Weights() {
				if !slices.Equal(weight(t, whole.Model, spec.Name), weight(t, resumed.Model, spec.Name)) {
					t.Errorf("%s differs", spec.Name)
				}
			}
			for name, values := range whole.Parameters {
				if !slices.Equal(values, resumed.Parameters[name]) {
					t.Errorf("%s differs", name)
				}
			}
		})
	}
}
