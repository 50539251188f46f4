package compare

import (
	"context"
	"fmt"
	"math"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// shapeInputs are a model, and the number of tokens of an example.
type shapeInputs struct {
	Model  experiment.ModelSource
	Length int
	Name   string `json:"-"`
}

// shape is what is counted of a model.
type shape struct {
	Layers     int `json:"layers"`
	Parameters int `json:"parameters"`
	MACs       int `json:"macs"`
}

var count = &experiment.Definition[shapeInputs, shape]{
	Name: "shape of a model", Version: 1,
	Title: func(say *words.Printer, in shapeInputs) string {
		return say.F("counting parameters and operations of %s", in.Name)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in shapeInputs) (shape, error) {
		model := w.Model(in.Model)
		return shape{model.Config.NumHiddenLayers, model.NumParameters(), model.MACs(in.Length).Total()}, nil
	},
}

// fileInputs are a model and its folder. Stored are the bytes of its files of weights, by which forms of storage are told apart that hold
// the same values; 0 for a model that a step writes.
type fileInputs struct {
	Model  experiment.ModelSource
	Stored int64 `json:",omitempty"`
	// Runtime is what reads the file; empty: XLA.
	Runtime Runtime `json:",omitempty"`
	Dir     string  `json:"-"`
	Name    string  `json:"-"`
}

var measureFile = &experiment.Definition[fileInputs, Sizes]{
	Name: "sizes of a file of weights", Version: 1,
	Title: func(say *words.Printer, in fileInputs) string { return say.F("measuring the file of %s", in.Name) },
	Run: func(ctx context.Context, w *experiment.Worker, in fileInputs) (s Sizes, err error) {
		model := w.Model(in.Model)
		if s.Float32, err = model.DenseBytes(ctx, gbert.Float32); err != nil {
			return s, err
		}
		if in.Runtime != "" {
			s.Stored, err = model.PortableBytes(in.Runtime == ONNXInt8)
			return s, err
		}
		if s.Stored, err = gbert.WeightBytes(in.Dir); err != nil {
			return s, err
		}
		s.Gzip, err = gbert.GzippedWeightBytes(ctx, in.Dir)
		return s, err
	},
}

// memoryInputs are a model and the batch that is passed through it.
type memoryInputs struct {
	File          fileInputs
	Batch, Length int
	Machine       string
}

var measureMemory = &experiment.Definition[memoryInputs, *experiment.Memory]{
	Name: "peak memory", Version: 1, Timed: true,
	Title: func(say *words.Printer, in memoryInputs) string {
		return say.F("measuring the memory of %s", in.File.Name)
	},
	Cost: func(memoryInputs, *gbert.Config) experiment.Cost { return experiment.Cost{Host: 1.2} }, // a process that begins and compiles
	Run: func(ctx context.Context, w *experiment.Worker, in memoryInputs) (*experiment.Memory, error) {
		env := w.Environment()
		return env.Memory(ctx, experiment.MemoryJob{Dir: in.File.Dir, Backend: env.Choice.Name, Batch: in.Batch, Length: in.Length})
	},
}

// testLength is the number of tokens after which the test set's examples are cut, and testBatch how many are computed at once.
const (
	testLength = 128
	testBatch  = 32
)

// askInputs are a model and the test set with the names that the model has for the classes.
type askInputs struct {
	experiment.Judging
	// Order is of each output the task's class; empty where they are in order.
	Order []int `json:",omitempty"`
	// Windows are how the answers to questions are found.
	Windows *task.Answers `json:",omitempty"`
	// Runtime computes the logits; empty: XLA.
	Runtime Runtime `json:",omitempty"`
	Name    string  `json:"-"`
}

// ask are the inputs for an entry. Its classes are matched with the task's by their names or, by number, take the model's own.
func (o Options) ask(entry Entry, data *task.Dataset) (in askInputs, err error) {
	in = askInputs{Judging: experiment.Judging{Model: entry.Model, MaxLength: min(testLength, entry.Positions), BatchSize: testBatch}, Runtime: entry.Runtime, Name: entry.Name}
	if data.Task.Kind == task.Spans {
		windows := data.Task.Answers.Filled()
		in.Windows, in.MaxLength = &windows, min(finetune.SpanLength, entry.Positions)
	}
	named := data
	if known, ok := entry.Model.(*experiment.Pretrained); ok {
		labels := known.Model.Config.Labels
		if o.LabelsByNumber {
			if named, err = data.ByNumber(labels); err != nil {
				return in, err
			}
		}
		if named.Task.Kind.Named() {
			order, err := task.MatchLabels(labels, named.Task.Labels)
			if err != nil {
				return in, err
			}
			if !slices.IsSorted(order) {
				in.Order = order
			}
		}
	}
	in.Sample, err = experiment.NewSample(named)
	return in, err
}

// answers are what a model says to the test examples, with the task's class numbers.
type answers struct {
	Logits [][]float32 `json:"logits"` // of the model's own encodings, where the task asks about tokens
	Losses []float64   `json:"losses"`
	Score  float64     `json:"score"`
	Cut    int         `json:"cut,omitempty"` // examples that are longer than what the model reads of them
	// Predictions are there where they do not follow from the logits alone.
	Predictions []task.Prediction `json:"predictions,omitempty"`
}

// ask runs a model over the test set.
var ask = &experiment.Definition[askInputs, answers]{
	Name: "answers to a test set", Version: 1,
	Title: func(say *words.Printer, in askInputs) string { return say.F("judging %s", in.Name) },
	Run: func(ctx context.Context, w *experiment.Worker, in askInputs) (a answers, err error) {
		session, prepared, err := in.Open(w)
		if err != nil {
			return a, err
		}
		if err := prepared.CheckLabels(session.Model()); err != nil {
			return a, err
		}
		runner, done, err := in.Runtime.open(ctx, session)
		if err != nil {
			return a, err
		}
		defer done()
		if a.Logits, err = prepared.Logits(ctx, runner, nil, w.Progress()); err != nil {
			return a, err
		}
		evaluation, err := prepared.Judge(a.Logits)
		if err != nil {
			return a, err
		}
		metric := in.Sample.Task.Metrics[0]
		if math.IsNaN(evaluation.Metrics[metric]) {
			return a, fmt.Errorf("its %s on %s is not a number: the model says the same of all %d examples, or they all have the same target; leave it out, or take other data",
				metric, in.Sample.Source, in.Sample.Len())
		}
		a.Losses, a.Score, a.Cut = evaluation.Losses, evaluation.Metrics[metric], prepared.Cut()
		if ofTokens(in.Sample.Task) {
			a.Predictions = evaluation.Predictions
		}
		a.renumber(in.Order)
		return a, nil
	},
}

// ofTokens says whether a task's logits are those of tokens.
func ofTokens(t *task.Task) bool { return t.Kind == task.Tagging || t.Kind == task.Spans }

// renumber gives the answers the task's class numbers in place of the model's; order is of each output the task's class, empty where they
// are in order.
func (a *answers) renumber(order []int) {
	if len(order) == 0 {
		return
	}
	for i, row := range a.Logits { // of an example, or of several tokens one after another
		ordered := make([]float32, len(row))
		for j, v := range row {
			ordered[j-j%len(order)+order[j%len(order)]] = v
		}
		a.Logits[i] = ordered
	}
	for i := range a.Predictions {
		for k, tag := range a.Predictions[i].Tags {
			a.Predictions[i].Tags[k] = order[tag]
		}
	}
}

// timeInputs are models, and the rows that they read in turn: of Length tokens without padding, cut from the test set as each model reads
// it, since its words may be numbered by a vocabulary of its own.
type timeInputs struct {
	Models                 []experiment.ModelSource
	Text                   experiment.Judging
	Batch, Length, Repeats int
	Machine                string
	// Runtimes are those of the models; none: XLA.
	Runtimes []Runtime `json:",omitempty"`
	Names    []string  `json:"-"`
}

// timeModels gives each model's samples, one a round. Only the models of one batch size are on the device at a time.
var timeModels = &experiment.Definition[timeInputs, timings]{
	Name: "models timed in turn", Version: 2, Timed: true,
	Title: func(say *words.Printer, in timeInputs) string { return say.F("timing batches of %d", in.Batch) },
	Run: func(ctx context.Context, w *experiment.Worker, in timeInputs) (timed timings, err error) {
		passes := make([]func() error, len(in.Models))
		for i, source := range in.Models {
			model := w.Model(source)
			session, err := gbert.NewSession(w.Backend(), model)
			if err != nil {
				return timed, err
			}
			defer session.Close()
			runtime := XLA
			if in.Runtimes != nil {
				runtime = in.Runtimes[i]
			}
			runner, done, err := runtime.open(ctx, session)
			if err != nil {
				return timed, err
			}
			defer done()
			prepared, err := in.Text.Prepare(w, model)
			if err != nil {
				return timed, err
			}
			batch := experiment.FilledBatch(prepared.Encodings, in.Batch, in.Length, model.Config.PadTokenID)
			passes[i] = func() error {
				if _, err := runner.BatchLogits(batch, nil); err != nil {
					return fmt.Errorf("%s: %w", in.Names[i], err)
				}
				return nil
			}
		}
		times, err := experiment.Rounds{Repeats: in.Repeats, Rotate: true, Progress: w.Progress()}.Time(ctx, passes...)
		if err != nil {
			return timed, err
		}
		for i, rounds := range times {
			timed.Processors = append(timed.Processors, experiment.Processors(rounds))
			timed.Samples = append(timed.Samples, make([]float64, len(rounds)))
			for k, took := range rounds {
				timed.Samples[i][k] = took.Wall.Seconds()
			}
		}
		return timed, nil
	},
}
