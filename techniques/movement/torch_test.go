package movement

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/safetensors"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
)

// golden is what testdata/make_golden.py computed with PyTorch.
type golden struct {
	Steps, Warmup int
	CoolDown      int     `json:"cool_down"`
	Rate          float64 `json:"rate"`
	ScoreRate     float64 `json:"score_rate"`
	Decay, Clip   float64
	Sentences     [][]int
	Labels        []int
	Runs          []struct {
		Name, Kind, Scope string
		Remaining         float64
		Threshold, Lambda float64
		Losses, Kept      []float64
	}
}

// goldenModel is the model of the golden file, with words for its ids and without dropout.
func goldenModel(t *testing.T) *gbert.Model {
	t.Helper()
	loaded := check[*gbert.Model](t)(gbert.Load("../../gbert/testdata/tiny"))
	t.Cleanup(func() { loaded.Close() })
	model := loaded.Clone()
	model.Config.HiddenDropoutProb, model.Config.AttentionProbsDropoutProb = 0, 0
	tokens := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
	for id := len(tokens); id < model.Config.VocabSize; id++ {
		tokens = append(tokens, fmt.Sprint("w", id))
	}
	model.Tokenizer = check[*tokenizer.Tokenizer](t)(tokenizer.FromVocab(tokens, true))
	return model
}

// A whole training with masks goes where the authors' code goes: losses, scores and masked weights are PyTorch's.
func TestTrainingEqualsTorch(t *testing.T) {
	var g golden
	if err := json.Unmarshal(check[[]byte](t)(os.ReadFile("testdata/golden.json")), &g); err != nil {
		t.Fatal(err)
	}
	file := check[*safetensors.File](t)(safetensors.Open("testdata/golden.safetensors"))
	defer file.Close()
	d := &task.Dataset{Task: &task.Task{Name: "golden", Kind: task.Classification, Labels: []string{"a", "b", "c"}, Metrics: []string{task.Accuracy}}, Source: "golden", SHA256: "golden"}
	for i, ids := range g.Sentences {
		var words []string
		for _, id := range ids {
			words = append(words, fmt.Sprint("w", id))
		}
		d.Examples = append(d.Examples, task.Example{ID: fmt.Sprint(i), TextA: strings.Join(words, " "), Label: g.Labels[i]})
	}
	for _, run := range g.Runs {
		t.Run(run.Name, func(t *testing.T) {
			model := goldenModel(t)
			o := Options{
				Kind: Kind(run.Kind), Scope: Scope(run.Scope), Remaining: run.Remaining, Threshold: run.Threshold, Lambda: run.Lambda,
				WarmupSteps: g.Warmup, CoolDownSteps: g.CoolDown, ScoreLearningRate: g.ScoreRate,
			}
			method := check[*finetune.Method](t)(New(model, o))
			result := check[*finetune.Result](t)(finetune.Train(t.Context(), goBackend(t), model, d, nil, finetune.Options{
				Epochs: g.Steps, BatchSize: d.Len(), MaxLength: 16, LearningRate: g.Rate, Warmup: float64(g.Warmup) / float64(g.Steps),
				WeightDecay: g.Decay, MaxGradNorm: g.Clip, FreezeEmbeddings: true, Keep: finetune.KeepLast, Method: method,
			}))
			for step, epoch := range result.Epochs {
				if math.Abs(epoch.TrainLoss-run.Losses[step]) > 1e-5 {
					t.Fatalf("step %d: the loss is %.6f, torch %.6f", step, epoch.TrainLoss, run.Losses[step])
				}
			}
			worst := 0.0
			compare := func(key string, got []float32) {
				t.Helper()
				tensor, ok := file.Tensor(key)
				if !ok {
					t.Fatalf("no golden %s", key)
				}
				want := slices.Clone(check[[]float32](t)(tensor.Float32s()))
				for i := range want {
					d := math.Abs(float64(got[i]) - float64(want[i]))
					worst = max(worst, d)
					if !(d <= 1e-5) || (got[i] == 0) != (want[i] == 0) {
						t.Fatalf("%s[%d] is %g, torch %g", key, i, got[i], want[i])
					}
				}
			}
			for layer := range model.Config.NumHiddenLayers {
				for _, role := range gbert.LayerRoles {
					name := gbert.WeightName(layer, role)
					compare(run.Name+"/weight/"+name, weight(t, result.Model, name))
					if o.Kind != Magnitude {
						compare(run.Name+"/score/"+name, result.Parameters["scores/"+name])
					}
				}
			}
			remaining := check[*Remaining](t)(Count(result.Model))
			if want := run.Kept[len(run.Kept)-1]; math.Abs(remaining.Share()-want) > 1e-12 {
				t.Errorf("%g of the weights remain, torch %g", remaining.Share(), want)
			}
			t.Logf("largest difference of a score or weight %.2g", worst)
		})
	}
}
