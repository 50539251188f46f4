package techniques

import (
	"context"
	"math"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/internal/testbed"
	"bertlab/techniques/distill"
	"bertlab/techniques/tucker"
)

// A banked model learns layers and predictions from another banked one.
func TestABankTeachesABank(t *testing.T) {
	teacher, _ := bank(t, classifier(t, 2, 1), tucker.BankOptions{LayerRank: 12, Rank: 7, Sweeps: 1})
	student, _ := bank(t, classifier(t, 2, 1), tucker.BankOptions{Core: gbert.FullCore, Rank: 5, Sweeps: 1})
	student.Config.HiddenDropoutProb, student.Config.AttentionProbsDropoutProb = 0, 0
	b := testbed.Go(t)
	for name, o := range map[string]distill.Options{
		"layers": {HiddenStates: 1, Attention: 1, LayersOnly: true}, "predictions": {Alpha: 1},
	} {
		method, err := distill.FromTeacher(teacher, student, o)
		if err != nil {
			t.Fatal(err)
		}
		trained, err := finetune.Train(context.Background(), b, student, prepared(t, student, 30).Dataset, nil, finetune.Options{
			Epochs: 15, BatchSize: 10, LearningRate: 1e-2, MaxLength: 16, Seed: 1, Method: method,
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		goal := logits(t, teacher)
		if before, after := distance(logits(t, student), goal), distance(logits(t, trained.Model), goal); after > 0.7*before {
			t.Errorf("%s: margins were %g off the teacher's, and are %g", name, before, after)
		}
	}
}

// distance is the mean absolute difference of two models' margins between the two classes, which is all that probabilities know.
func distance(a, b [][]float32) float64 {
	sum := 0.0
	for i := range a {
		sum += math.Abs(float64(a[i][1]-a[i][0]) - float64(b[i][1]-b[i][0]))
	}
	return sum / float64(len(a))
}
