package lan2020

import (
	"cmp"
	"context"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/distill"
	"bertlab/techniques/sharing"
)

// conversion is what a variant does to a model, written in one way only.
func (v Scheme) conversion() Scheme {
	v.Distilled = false
	if v.What != "" {
		v.Groups, v.Init = cmp.Or(v.Groups, 1), cmp.Or(v.Init, sharing.First)
	}
	return v
}

// modelInputs are a model alone.
type modelInputs struct{ Model experiment.ModelSource }

// measureDistances measures how far a model's layers are from their mean.
var measureDistances = &experiment.Definition[modelInputs, []sharing.Distance]{
	Name: "distance of layers from their mean", Version: 1,
	Title: experiment.Titled[modelInputs](words.Key("distance of the layers from their mean")),
	Run: func(ctx context.Context, w *experiment.Worker, in modelInputs) ([]sharing.Distance, error) {
		model := w.Model(in.Model)
		_, report, err := sharing.Tie(model, sharing.Options{Init: sharing.Mean})
		if err != nil {
			return nil, err
		}
		return report.Layers, nil
	},
}

// measureWords gives the relative errors of the word table at sizes E = 1, 2, …
var measureWords = &experiment.Definition[modelInputs, []float64]{
	Name: "errors of the word table", Version: 1,
	Title: experiment.Titled[modelInputs](words.Key("errors of smaller word tables")),
	Cost: func(_ modelInputs, c *gbert.Config) experiment.Cost {
		return experiment.Cost{Host: experiment.WordDecomposition(c)}
	},
	Run: func(ctx context.Context, w *experiment.Worker, in modelInputs) ([]float64, error) {
		model := w.Model(in.Model)
		return sharing.EmbeddingErrors(model)
	},
}

// measureTransitions measures how far a model's layers move their input.
var measureTransitions = &experiment.Definition[experiment.Judging, *sharing.Transitions]{
	Name: "transitions", Version: 1,
	Title: experiment.Titled[experiment.Judging](words.Key("how far the layers move their input")),
	Run: experiment.Opened(func(ctx context.Context, w *experiment.Worker, _ experiment.Judging, session *gbert.Session, examples *finetune.Prepared) (*sharing.Transitions, error) {
		return sharing.MeasureTransitions(ctx, session, examples, w.Progress())
	}),
}

// convertInputs are a fine-tuned model and how it is converted, without further training.
type convertInputs struct {
	experiment.Judging
	Variant Scheme // see [Scheme.conversion]
}

// converted is how a converted model does, and of a factorised word table its relative error and its parameters.
type converted struct {
	experiment.Evaluated
	RelativeError float64 `json:"relative_error,omitempty"`
	Parameters    int     `json:"parameters,omitempty"`
}

// convertTuned converts a fine-tuned model and judges it.
var convertTuned = &experiment.Definition[convertInputs, converted]{
	Name: "conversion of a fine-tuned model", Version: 1,
	Title: func(say *words.Printer, in convertInputs) string {
		return say.F("converting the fine-tuned model, shared: %s", in.Variant)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in convertInputs) (c converted, err error) {
		model := w.Model(in.Model)
		var smaller *gbert.Model
		if in.Variant.What == "" {
			var report *sharing.EmbeddingReport
			if smaller, report, err = sharing.FactorEmbedding(model, in.Variant.Embedding); err != nil {
				return c, err
			}
			c.RelativeError, c.Parameters = report.RelativeError, report.After
		} else if smaller, err = in.Variant.convert(model); err != nil {
			return c, err
		}
		c.Evaluated, err = in.EvaluateModel(ctx, w, smaller)
		return c, err
	},
}

// tuneInputs are what a variant is trained from.
type tuneInputs struct {
	From    experiment.ModelSource // the pretrained model
	Variant Scheme                 // see [Scheme.conversion]
	Train   experiment.Sample
	Options finetune.Options  // their seed is that of the classifier too
	Test    experiment.Sample // on which the variant is judged
	// Teacher are the whole model's logits for the training examples; nil without distillation.
	Teacher *experiment.Node[[][]float32]
	// Moved are the examples on which transitions are measured; none: they are not.
	Moved experiment.Sample
}

// tuned is what is known of a variant that was trained.
type tuned struct {
	experiment.Evaluated
	Training    experiment.Training  `json:"training"`
	Shape       shape                `json:"shape"`
	Transitions *sharing.Transitions `json:"transitions,omitempty"`
}

// shape is what a model holds and costs.
type shape struct {
	Parts sharing.Parts `json:"parts"`
	MACs  int           `json:"macs"` // of macLength tokens
}

func shapeOf(m *gbert.Model) shape {
	return shape{sharing.Count(m), m.Config.MACs(min(macLength, m.Config.MaxPositionEmbeddings), true).Total()}
}

// macLength is the number of tokens at which operations are counted.
const macLength = 128

// tuneVariant converts a pretrained model, trains and judges it.
var tuneVariant = &experiment.Definition[tuneInputs, tuned]{
	Name: "fine-tuning of a converted model", Version: 1,
	Title: func(say *words.Printer, in tuneInputs) string {
		if in.Teacher != nil {
			return say.F("fine-tuning, shared: %s, distilled, seed %d", in.Variant.In(say), in.Options.Seed)
		}
		return say.F("fine-tuning, shared: %s, seed %d", in.Variant.In(say), in.Options.Seed)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in tuneInputs) (t tuned, err error) {
		o, tuning := in.Options, experiment.FineTuneInputs{From: in.From, Train: in.Train, Options: in.Options}
		result, done, err := tuning.Tune(ctx, w, func(start *gbert.Model) (smaller *gbert.Model, method *finetune.Method, err error) {
			if in.Teacher != nil {
				if method, err = distill.SoftTargets(in.Teacher.Result(), distill.Options{}); err != nil {
					return nil, nil, err
				}
			}
			smaller, err = in.Variant.convert(start)
			return smaller, method, err
		})
		if err != nil {
			return t, err
		}
		t.Training, t.Shape = done, shapeOf(result.Model)
		judge := experiment.Judging{Sample: in.Test, MaxLength: o.MaxLength, BatchSize: o.BatchSize}
		if t.Evaluated, err = judge.EvaluateModel(ctx, w, result.Model); err != nil || in.Moved.Dataset == nil {
			return t, err
		}
		t.Transitions, err = moved(ctx, w, result.Model, in.Moved, o)
		return t, err
	},
}

// moved measures the transitions of a model that a step has made.
func moved(ctx context.Context, w *experiment.Worker, model *gbert.Model, sample experiment.Sample, o finetune.Options) (*sharing.Transitions, error) {
	prepared, err := finetune.Prepare(w.Backend(), model, sample.Dataset, o.MaxLength, o.BatchSize, 1)
	if err != nil {
		return nil, err
	}
	session, err := gbert.NewSession(w.Backend(), model)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return sharing.MeasureTransitions(ctx, session, prepared, w.Part("transitions"))
}

// speedInputs are a converted model that is timed beside the whole one.
type speedInputs struct {
	From      experiment.ModelSource
	Variant   Scheme // see [Scheme.conversion]
	Words     experiment.Sample
	MaxLength int
	experiment.Timing
}

// timeVariant times a converted model beside the whole one, in turn.
var timeVariant = &experiment.Definition[speedInputs, SpeedModel]{
	Name: "time of a converted model", Version: 2, Timed: true,
	Title: func(say *words.Printer, in speedInputs) string {
		return say.F("time, shared: %s", in.Variant)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in speedInputs) (timed SpeedModel, err error) {
		start, err := w.Model(in.From).WithClassifier(2, nil, 1)
		if err != nil {
			return timed, err
		}
		model, err := in.Variant.convert(start)
		if err != nil {
			return timed, err
		}
		prepared, err := finetune.Prepare(w.Backend(), start, in.Words.Dataset, in.MaxLength, 0, 1)
		if err != nil {
			return timed, err
		}
		whole, err := gbert.NewSession(w.Backend(), start)
		if err != nil {
			return timed, err
		}
		defer whole.Close()
		timed.Parameters = model.NumParameters()
		timed.Batches, err = in.Pairs(ctx, w, whole, model, prepared.Encodings, nil)
		return timed, err
	},
}

// stepInputs are a converted model of which a step of training is timed beside one of the whole model.
type stepInputs struct {
	From    experiment.ModelSource
	Variant Scheme // see [Scheme.conversion]
	Train   experiment.Sample
	Options finetune.Options
	Repeats int
}

// timeStep times steps of training in turn.
var timeStep = &experiment.Definition[stepInputs, TrainingSpeed]{
	Name: "time of training a converted model", Version: 1, Timed: true,
	Title: func(say *words.Printer, in stepInputs) string {
		return say.F("time of training, shared: %s", in.Variant)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in stepInputs) (timed TrainingSpeed, err error) {
		kind := in.Train.Task
		whole, err := w.Model(in.From).WithClassifier(kind.Outputs(), kind.Labels, 1)
		if err != nil {
			return timed, err
		}
		model, err := in.Variant.convert(whole)
		if err != nil {
			return timed, err
		}
		times, err := experiment.TimeTraining(ctx, w, []*gbert.Model{whole, model}, in.Train.Dataset, in.Options, in.Repeats)
		if err != nil {
			return timed, err
		}
		timed = TrainingSpeed{Length: times.Length, Time: experiment.Pairs(times.Steps[0], times.Steps[1])}
		timed.Time.Size = times.Rows
		return timed, nil
	},
}
