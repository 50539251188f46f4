package zafrir2019

import (
	"context"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/ort"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/quantise"
)

// percentile is the part of all inputs within a stored range, in percent.
const percentile = 99.99

// judged is how a quantised model does, and its file.
type judged struct {
	experiment.Evaluated
	Bytes int64 `json:"bytes"`
}

// judgeQuantised quantises a model and judges it.
func judgeQuantised(ctx context.Context, w *experiment.Worker, in experiment.Judging, model *gbert.Model, o quantise.Options) (j judged, err error) {
	small, _, err := quantise.Quantise(model, o)
	if err != nil {
		return j, err
	}
	if j.Bytes, err = small.DenseBytes(ctx, gbert.Float32); err != nil {
		return j, err
	}
	j.Evaluated, err = in.EvaluateModel(ctx, w, small)
	return j, err
}

// afterInputs are a fine-tuned model, how it is quantised, and for stored ranges the examples that they are measured on.
type afterInputs struct {
	experiment.Judging
	Inputs      gbert.InputNumbers
	Calibration experiment.Judging
}

// quantiseAfter quantises a fine-tuned model and judges it.
var quantiseAfter = &experiment.Definition[afterInputs, judged]{
	Name: "quantisation after training", Version: 1,
	Title: func(say *words.Printer, in afterInputs) string {
		return say.F("quantising after training: %s", say.Name(string(in.Inputs)))
	},
	Run: func(ctx context.Context, w *experiment.Worker, in afterInputs) (j judged, err error) {
		o := quantise.Options{Inputs: in.Inputs}
		if in.Inputs != gbert.StaticInputs {
			return judgeQuantised(ctx, w, in.Judging, w.Model(in.Model), o)
		}
		session, prepared, err := in.Calibration.Open(w)
		if err != nil {
			return j, err
		}
		observed, err := quantise.Observe(ctx, session, prepared, w.Progress())
		if err != nil {
			return j, err
		}
		if o.Ranges, err = observed.Ranges(quantise.Percentile(percentile)); err != nil {
			return j, err
		}
		return judgeQuantised(ctx, w, in.Judging, session.Model(), o)
	},
}

// awareInputs are a pretrained model, what it is trained on, and what it is judged on.
type awareInputs struct {
	From    experiment.ModelSource
	Train   experiment.Sample
	Options finetune.Options
	Test    experiment.Sample
}

// trainAware is quantisation-aware training: fine-tuning that rounds as the quantised model will.
var trainAware = &experiment.Definition[awareInputs, judged]{
	Name: "quantisation-aware training", Version: 1,
	Title: func(say *words.Printer, in awareInputs) string {
		return say.F("quantisation-aware training on %s, seed %d", say.Name(in.Train.Task.Title), in.Options.Seed)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in awareInputs) (j judged, err error) {
		how, o := quantise.Options{Inputs: gbert.DynamicInputs}, in.Options
		tuning := experiment.FineTuneInputs{From: in.From, Train: in.Train, Options: o}
		result, _, err := tuning.Tune(ctx, w, func(start *gbert.Model) (*gbert.Model, *finetune.Method, error) {
			method, err := quantise.Training(start, how)
			return start, method, err
		})
		if err != nil {
			return j, err
		}
		return judgeQuantised(ctx, w, experiment.Judging{Sample: in.Test, MaxLength: o.MaxLength, BatchSize: o.BatchSize}, result.Model, how)
	},
}

// sweepMaps measures what each matrix costs alone.
var sweepMaps = &experiment.Definition[experiment.Judging, *quantise.Sensitivities]{
	Name: "each matrix quantised alone", Version: 1,
	Title: experiment.Titled[experiment.Judging](words.Key("each matrix quantised alone")),
	Run: experiment.Opened(func(ctx context.Context, w *experiment.Worker, _ experiment.Judging, session *gbert.Session, examples *finetune.Prepared) (*quantise.Sensitivities, error) {
		return quantise.Sweep(ctx, session, examples, quantise.Options{Inputs: gbert.DynamicInputs}, w.Progress())
	}),
}

// speedInputs are a model that is timed in two runtimes.
type speedInputs struct {
	experiment.Judging
	experiment.Timing
}

// measureSpeed times float32 and integers in ONNX Runtime, and float32 in XLA, in turn.
var measureSpeed = &experiment.Definition[speedInputs, *Speed]{
	Name: "speed of integers", Version: 1, Timed: true,
	Title: experiment.Titled[speedInputs](words.Key("speed of integers")),
	Run: experiment.Opened(func(ctx context.Context, w *experiment.Worker, in speedInputs, session *gbert.Session, examples *finetune.Prepared) (*Speed, error) {
		model := session.Model()
		speed := &Speed{Length: in.Tokens(model.Config), Repeats: in.Repeats}
		if _, err := backend.FindONNXRuntime(ctx); err != nil { // the rest does without
			return speed, nil
		}
		small, _, err := quantise.Quantise(model, quantise.Options{Inputs: gbert.DynamicInputs})
		if err != nil {
			return nil, err
		}
		portable, err := ort.Open(ctx, model, ort.Options{})
		if err != nil {
			return nil, err
		}
		defer portable.Close()
		integers, err := ort.Open(ctx, small, ort.Options{})
		if err != nil {
			return nil, err
		}
		defer integers.Close()
		speed.Runtime = integers.Library.Version
		for i, size := range in.Batches {
			batch := experiment.FilledBatch(examples.Encodings, size, speed.Length, model.Config.PadTokenID)
			if err := speed.time(ctx, batch, portable, session, integers); err != nil {
				return nil, err
			}
			w.Progress()(i+1, len(in.Batches))
		}
		return speed, nil
	}),
}

// time times runners on a batch in turn: float32 in ONNX Runtime, float32 in XLA, and integers in ONNX Runtime.
func (s *Speed) time(ctx context.Context, batch *gbert.Batch, runners ...finetune.Runner) error {
	var passes []func() error
	for _, runner := range runners {
		passes = append(passes, func() error {
			_, err := runner.BatchLogits(batch, nil)
			return err
		})
	}
	times, err := experiment.InTurn(ctx, s.Repeats, passes...)
	if err != nil {
		return err
	}
	first, second := experiment.Pairs(times[0], times[2]), experiment.Pairs(times[1], times[2])
	first.Size, second.Size = batch.Rows, batch.Rows
	s.OverPortable, s.OverXLA = append(s.OverPortable, first), append(s.OverXLA, second)
	return nil
}
