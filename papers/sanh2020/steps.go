package sanh2020

import (
	"context"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/distill"
	"bertlab/techniques/movement"
)

// pruneInputs are what a model is fine-tuned from while it is pruned.
type pruneInputs struct {
	experiment.FineTuneInputs
	Pruning movement.Options
	// Teacher are the dense model's logits for the training examples; nil without distillation.
	Teacher *experiment.Node[[][]float32]
	// Test judges the result; its model is nil.
	Test experiment.Judging
	// Begun says that another run has the same warm-up, from which this one goes on.
	Begun bool                            `json:"-"`
	Name  func(say *words.Printer) string `json:"-"` // of the run, for the step's title
}

// pruned is what is known of a pruned model.
type pruned struct {
	experiment.Evaluated
	Training experiment.Training `json:"training"`
	Weights  weights             `json:"weights"`
	Sample   movement.Sampled    `json:"sample"`
}

// pruneTuning prunes a model while it is fine-tuned and judges it. Nobody else reads the model, so that of so many none is kept.
var pruneTuning = &experiment.Definition[pruneInputs, pruned]{
	Name: "fine-tuning with pruning", Version: 1,
	Title: func(say *words.Printer, in pruneInputs) string { return in.Name(say) },
	Cost:  maskedCost,
	Run: func(ctx context.Context, w *experiment.Worker, in pruneInputs) (pruned, error) {
		_, done, err := in.prune(ctx, w)
		return done, err
	},
}

// maskedCost is that of a training whose steps select the weights that stay, and move scores beside them: in processor time 1.1 to 1.5 of a
// plain one's, by method.
func maskedCost(in pruneInputs, _ *gbert.Config) experiment.Cost {
	const slowness = 1.2
	if in.Begun {
		return experiment.Cost{Slowness: slowness * (1 - in.Pruning.WarmupShare)}
	}
	return experiment.Cost{Slowness: slowness}
}

// keepPruned is the same where the model is kept, since storage and speed are measured of it.
var keepPruned = &experiment.ModelDefinition[pruneInputs, pruned]{
	Name: "model fine-tuned with pruning", Version: 1,
	Title: func(say *words.Printer, in pruneInputs) string { return in.Name(say) },
	Cost:  maskedCost,
	Run: func(ctx context.Context, w *experiment.Worker, in pruneInputs) (*gbert.Model, pruned, error) {
		return in.prune(ctx, w)
	},
}

// prune trains, prunes and judges.
func (in *pruneInputs) prune(ctx context.Context, w *experiment.Worker) (*gbert.Model, pruned, error) {
	var known pruned
	result, done, err := in.Tune(ctx, w, func(start *gbert.Model) (*gbert.Model, *finetune.Method, error) {
		method, err := in.method(start)
		return start, method, err
	})
	if err != nil {
		return nil, known, err
	}
	known.Training = done
	if known.Evaluated, err = in.Test.EvaluateModel(ctx, w, result.Model); err != nil {
		return nil, known, err
	}
	if known.Weights, err = weightsOf(result.Model); err != nil {
		return nil, known, err
	}
	known.Sample, err = movement.SampleWeights(result, in.Pruning)
	return result.Model, known, err
}

// method is the pruning, with the dense model as its teacher where there is one.
func (in *pruneInputs) method(model *gbert.Model) (*finetune.Method, error) {
	pruning, err := movement.New(model, in.Pruning)
	if err != nil || in.Teacher == nil {
		return pruning, err
	}
	teaching, err := distill.SoftTargets(in.Teacher.Result(), distill.Options{})
	if err != nil {
		return nil, err
	}
	return finetune.Combine(pruning, teaching)
}

// weights are what is left of a model: the share of the encoder's weights that are not zero, and that of each matrix.
type weights struct {
	Kept     float64     `json:"kept"`
	ByMatrix [][]float64 `json:"by_matrix"`
}

func weightsOf(model *gbert.Model) (weights, error) {
	count, err := movement.Count(model)
	if err != nil {
		return weights{}, err
	}
	return weights{count.Share(), count.Shares()}, nil
}

// modelInputs are a model that is looked at.
type modelInputs struct {
	Model experiment.ModelSource
	Name  func(say *words.Printer) string `json:"-"` // of the model, for the step's title
}

// countWeights counts the weights of a model that are not zero.
var countWeights = &experiment.Definition[modelInputs, weights]{
	Name: "remaining weights", Version: 1,
	Title: func(say *words.Printer, in modelInputs) string {
		return say.F("remaining weights of: %s", in.Name(say))
	},
	Run: func(ctx context.Context, w *experiment.Worker, in modelInputs) (weights, error) {
		return weightsOf(w.Model(in.Model))
	},
}

// driftInputs are a model before and after fine-tuning, and the share of largest weights that is compared.
type driftInputs struct {
	Before, After experiment.ModelSource
	Share         float64
	Seed          uint64 `json:"-"` // of the fine-tuning, for the step's title
}

// compareWeights says how far fine-tuning moved the weights.
var compareWeights = &experiment.Definition[driftInputs, *movement.Drift]{
	Name: "drift of weights", Version: 1,
	Title: func(say *words.Printer, in driftInputs) string {
		return say.F("how far fine-tuning moved the weights, seed %d", in.Seed)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in driftInputs) (*movement.Drift, error) {
		return movement.MeasureDrift(w.Model(in.Before), w.Model(in.After), in.Share)
	},
}
