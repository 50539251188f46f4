package experiment_test

import (
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
)

func TestAModelThatSeveralExperimentsBeginWithIsTrainedOnce(t *testing.T) {
	env := tiny.Environment(t, t.TempDir())
	pretrained, resolved, err := env.Model(t.Context(), tiny.Pretrained(t, tiny.Shape{Layers: 1}))
	if err != nil {
		t.Fatal(err)
	}
	defer pretrained.Close()
	provenance, err := env.Describe(pretrained, resolved)
	if err != nil {
		t.Fatal(err)
	}
	data := tiny.Reviews(t, 40, 20, false)
	steps := 0
	env.Progress = func(p experiment.Progress) {
		if strings.HasPrefix(p.Stage, "fine-tuning on SST-2") && strings.HasPrefix(p.Detail, "loss") {
			steps = max(steps, p.Done)
		}
	}
	tune := func(seed uint64, examples int, o finetune.Options) (string, experiment.Training, int) {
		t.Helper()
		train, err := env.Examples(t.Context(), "sst2", "train", data, examples, seed)
		if err != nil {
			t.Fatal(err)
		}
		drawn, err := experiment.NewSample(train)
		if err != nil {
			t.Fatal(err)
		}
		steps = 0
		plan := experiment.NewPlan(env)
		n := experiment.FineTune(plan, experiment.FineTuneInputs{From: &experiment.Pretrained{Model: pretrained, SHA256: provenance.ModelSHA256}, Train: drawn, Options: o})
		sum := ""
		if err := plan.With(t.Context(), n, func(model *gbert.Model) error { sum = tiny.Fingerprint(t, model); return nil }); err != nil {
			t.Fatal(err)
		}
		return sum, n.Result(), steps
	}
	base := finetune.Options{Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Seed: 1, Keep: finetune.KeepLast}
	first, done, ran := tune(experiment.TrainSample, 24, base)
	if ran != 6 || done.Steps != 6 || !(done.TrainLoss > 0 && done.Seconds > 0) || first == provenance.ModelSHA256 {
		t.Errorf("%d steps, %+v", ran, done)
	}
	again, replayed, ran := tune(experiment.TrainSample, 24, base)
	if ran != 0 || again != first || replayed.Seconds != done.Seconds || replayed.Clock.Median() != done.Clock.Median() {
		t.Errorf("the second time: %d steps, %+v", ran, replayed)
	}
	for name, change := range map[string]func(sample *uint64, examples *int, o *finetune.Options){
		"a seed":          func(_ *uint64, _ *int, o *finetune.Options) { o.Seed = 2 },
		"a rate":          func(_ *uint64, _ *int, o *finetune.Options) { o.LearningRate = 1e-3 },
		"embeddings":      func(_ *uint64, _ *int, o *finetune.Options) { o.FreezeEmbeddings = true },
		"other examples":  func(sample *uint64, _ *int, _ *finetune.Options) { *sample++ },
		"fewer examples":  func(_ *uint64, examples *int, _ *finetune.Options) { *examples = 16 },
		"all of the data": func(_ *uint64, examples *int, _ *finetune.Options) { *examples = 0 },
	} {
		sample, examples, o := uint64(experiment.TrainSample), 24, base
		change(&sample, &examples, &o)
		if other, _, ran := tune(sample, examples, o); ran == 0 || other == first {
			t.Errorf("%s: %d steps", name, ran)
		}
	}
}
