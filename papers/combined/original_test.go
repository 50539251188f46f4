package combined

import (
	"path/filepath"
	"strings"
	"testing"

	"bertlab/gbert/finetune"
	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/papers/michel2019"
	"bertlab/papers/sajjad2020"
	"bertlab/papers/wang2022"
	"bertlab/recipes"
)

// The quick protocols begin with the same fine-tuned model, so that `reproduce --quick` trains it once.
func TestQuickProtocolsBeginWithOneModel(t *testing.T) {
	type original struct {
		Model, Task                 string
		Seed                        uint64
		Epochs, Batch, Length, Size int
		Rate                        float64
		Freeze                      bool
	}
	h, l, w := michel2019.Quick(), sajjad2020.Quick(), wang2022.Quick()
	heads := original{h.Model, h.Task, h.Seeds[0], h.Epochs, h.BatchSize, h.MaxLength, h.TrainExamples, h.LearningRate, h.FreezeEmbeddings}
	layers := original{l.Model, l.Tasks[0].Name, l.Seeds[0], l.Epochs, l.BatchSize, l.MaxLength, l.TrainExamples, l.LearningRate, l.FreezeEmbeddings}
	tucker := original{w.Model, w.Task, w.Seeds[0], w.Epochs, w.BatchSize, w.MaxLength, w.TrainExamples, w.LearningRate, w.FreezeEmbeddings}
	if heads != layers || layers != tucker {
		t.Errorf("heads %+v, layers %+v, Tucker %+v", heads, layers, tucker)
	}
	c := Quick()
	first, err := recipes.Named(c.Recipes[0])
	if err != nil {
		t.Fatal(err)
	}
	s := first.Steps[0].Do.(*recipes.FineTune).Training.Quick(recipes.QuickFirst)
	if made := (original{c.Model, c.Task, first.Seed, s.Epochs, s.Batch, s.MaxLength, s.Examples, s.LearningRate, s.FreezeEmbeddings}); made != layers {
		t.Errorf("recipes %+v, layers %+v", made, layers)
	}
}

func TestExperimentsInAFolderShareTheModelThatTheyBeginWith(t *testing.T) {
	env := environment(t, t.TempDir())
	trained := map[string]bool{}
	env.Progress = func(p experiment.Progress) {
		if strings.HasPrefix(p.Stage, "fine-tuning on SST-2") {
			trained[p.Stage] = true
		}
	}
	model, data := tiny.Pretrained(t, tiny.Shape{Layers: 3}), tiny.Reviews(t, 40, 20, false)
	tuned, resolved, err := env.Model(t.Context(), model)
	if err != nil {
		t.Fatal(err)
	}
	defer tuned.Close()
	provenance, err := env.Describe(tuned, resolved)
	if err != nil {
		t.Fatal(err)
	}
	train, err := env.Examples(t.Context(), "sst2", "train", data, 32, experiment.TrainSample)
	if err != nil {
		t.Fatal(err)
	}
	o := finetune.Options{Epochs: 1, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Seed: 1, Keep: finetune.KeepLast}
	sample, err := experiment.NewSample(train)
	if err != nil {
		t.Fatal(err)
	}
	plan := experiment.NewPlan(env)
	experiment.FineTune(plan, experiment.FineTuneInputs{From: &experiment.Pretrained{Model: tuned, SHA256: provenance.ModelSHA256}, Train: sample, Options: o})
	if err := plan.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(trained) != 1 {
		t.Fatalf("trained: %v", trained)
	}
	clear(trained)

	l := sajjad2020.Quick()
	l.Model, l.Tasks, l.Drops, l.TrainExamples, l.TestExamples, l.FreezeEmbeddings = model, []experiment.TaskData{{Name: "sst2", Data: data}}, []int{1}, 32, 0, false
	l.BatchSize, l.MaxLength, l.LearningRate, l.SpeedRepeats, l.SimilarityExamples = 8, 16, 1e-2, 1, 8
	if _, err := sajjad2020.Experiment.Run(t.Context(), env, l); err != nil {
		t.Fatal(err)
	}
	w := wang2022.Quick()
	w.Model, w.Task, w.Data, w.Ratios, w.Recovered, w.SpeedRatios, w.LayerRanks = model, "sst2", data, []float64{0.5}, nil, nil, nil
	w.BatchSize, w.MaxLength, w.LearningRate, w.TrainExamples, w.RecoveryExamples, w.TestExamples, w.FreezeEmbeddings = 8, 16, 1e-2, 32, 8, 0, false
	if _, err := wang2022.Experiment.Run(t.Context(), env, w); err != nil {
		t.Fatal(err)
	}
	recipe, err := recipes.Parse("first.yaml", []byte("steps:\n - fine-tune: {epochs: 1, batch: 8, max-length: 16, learning-rate: 0.01, examples: 32}"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := recipes.Run(t.Context(), env, recipe, recipes.Options{Model: model, Task: "sst2", Data: data, Out: filepath.Join(t.TempDir(), "out")}); err != nil {
		t.Fatal(err)
	}
	if len(trained) > 0 {
		t.Errorf("trained again: %v", trained)
	}
}
