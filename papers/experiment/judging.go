package experiment

import (
	"context"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// Judging is a model and a sample that it is judged on, among the inputs of a step.
type Judging struct {
	Model ModelSource
	// Sample are the examples, cut to MaxLength tokens, in batches of BatchSize.
	Sample               Sample
	MaxLength, BatchSize int
	// Like are all the samples that the model is judged on, Passes about how often (0: once): the padded lengths are chosen for them
	// together, so that steps share what is compiled.
	Like   []Sample `json:"-"`
	Passes int      `json:"-"`
}

// On is the same with another sample.
func (j Judging) On(s Sample) Judging {
	j.Sample = s
	return j
}

// Open opens a session of the model and prepares the sample for it. The plan closes the session.
func (j Judging) Open(w *Worker) (*gbert.Session, *finetune.Prepared, error) {
	session, err := w.Session(j.Model)
	if err != nil {
		return nil, nil, err
	}
	prepared, err := j.Prepare(w, session.Model())
	return session, prepared, err
}

// Look is what a step does with a model on a sample.
type Look[In, Out any] func(ctx context.Context, w *Worker, in In, session *gbert.Session, prepared *finetune.Prepared) (Out, error)

// Opened is the function of a step which embeds [Judging] in its inputs, whose model and sample are opened before it looks at them.
func Opened[In interface {
	Open(w *Worker) (*gbert.Session, *finetune.Prepared, error)
}, Out any](look Look[In, Out]) func(ctx context.Context, w *Worker, in In) (Out, error) {
	return func(ctx context.Context, w *Worker, in In) (out Out, err error) {
		session, prepared, err := in.Open(w)
		if err != nil {
			return out, err
		}
		return look(ctx, w, in, session, prepared)
	}
}

// Prepare prepares the sample for a model, which may be another than the judging's own, and says which examples are cut.
func (j *Judging) Prepare(w *Worker, model *gbert.Model) (*finetune.Prepared, error) {
	prepared, err := j.prepare(w, model)
	if err == nil {
		w.plan.env.NoteCut(j.Sample.Dataset, prepared.Cut(), min(j.MaxLength, model.Config.MaxPositionEmbeddings))
	}
	return prepared, err
}

func (j *Judging) prepare(w *Worker, model *gbert.Model) (*finetune.Prepared, error) {
	var all *task.Dataset
	for _, s := range j.Like {
		if s.Dataset == nil {
			continue
		}
		if all == nil {
			first := *s.Dataset
			first.Examples = nil
			all = &first
		}
		all.Examples = append(all.Examples, s.Examples...)
	}
	if all == nil {
		return finetune.Prepare(w.Backend(), model, j.Sample.Dataset, j.MaxLength, j.BatchSize, max(j.Passes, 1))
	}
	like, err := finetune.Prepare(w.Backend(), model, all, j.MaxLength, j.BatchSize, max(j.Passes, 1))
	if err != nil {
		return nil, err
	}
	return finetune.PrepareLike(model, j.Sample.Dataset, j.MaxLength, like)
}

// Evaluated is how a model does on a sample.
type Evaluated struct {
	Examples int         `json:"examples"`
	Loss     float64     `json:"loss"` // mean, see [finetune.Evaluation]
	Metrics  task.Scores `json:"metrics"`
	// Right says which examples were predicted as they are, see [task.Right]; empty for a regression.
	Right stats.Answers `json:"right,omitempty"`
}

// Answers are a model's on a test set.
type Answers struct {
	Score float64 `json:"score"` // of the task's primary metric
	Loss  float64 `json:"loss"`
	// Right says of which test examples the class was predicted.
	Right stats.Answers `json:"right"`
}

// Answers are those that were evaluated, with the score by a metric.
func (e Evaluated) Answers(metric string) Answers {
	return Answers{Score: e.Metrics[metric], Loss: e.Loss, Right: e.Right}
}

// Change is what a model's accuracy is above or below that of the whole model with the same seed.
type Change struct {
	// Difference is that of the shares of right answers, Low and High its 95 % interval (paired bootstrap), P McNemar's test.
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	P          float64 `json:"p"`
}

// Against compares the answers with the whole model's.
func (a Answers) Against(whole Answers) (Change, error) {
	test, d, err := a.Right.Against(whole.Right)
	return Change{Difference: d.Value, Low: d.Low, High: d.High, P: test.P}, err
}

// TestSet are the examples that models are judged on.
type TestSet struct {
	Metric   string  `json:"metric"` // the task's primary one
	Examples int     `json:"examples"`
	Majority float64 `json:"majority"` // the share of the largest class
}

// TestSetOf describes a sample.
func TestSetOf(s Sample) TestSet {
	return TestSet{Metric: s.Task.Metrics[0], Examples: s.Len(), Majority: s.Majority()}
}

var evaluation = &Definition[Judging, Evaluated]{
	Name: "evaluation", Version: 2,
	Title: func(say *words.Printer, in Judging) string {
		return say.F("evaluation on %s", say.Name(in.Sample.Task.Title))
	},
	Run: Opened(func(ctx context.Context, w *Worker, _ Judging, session *gbert.Session, prepared *finetune.Prepared) (Evaluated, error) {
		return evaluate(ctx, session, prepared, w.Progress())
	}),
}

// EvaluateModel judges a model that the step itself has made: the judging's own may be nil.
func (j *Judging) EvaluateModel(ctx context.Context, w *Worker, model *gbert.Model) (Evaluated, error) {
	prepared, err := j.Prepare(w, model)
	if err != nil {
		return Evaluated{}, err
	}
	session, err := gbert.NewSession(w.Backend(), model)
	if err != nil {
		return Evaluated{}, err
	}
	defer session.Close()
	return evaluate(ctx, session, prepared, w.Part("evaluating"))
}

func evaluate(ctx context.Context, session *gbert.Session, prepared *finetune.Prepared, progress func(done, total int)) (Evaluated, error) {
	e, err := prepared.Evaluate(ctx, session, nil, progress)
	if err != nil {
		return Evaluated{}, err
	}
	done := Evaluated{Examples: e.Examples, Loss: e.Loss, Metrics: e.Metrics}
	d := prepared.Dataset
	if !d.Task.Kind.Discrete() {
		return done, nil
	}
	done.Right, err = task.Right(d.Task, e.Predictions, d.Examples)
	return done, err
}

// Evaluate is the step that judges a model on a sample.
func Evaluate(p *Plan, j Judging) *Node[Evaluated] { return evaluation.Of(p, j) }

var prediction = &Definition[Judging, [][]float32]{
	Name: "predictions", Version: 1,
	Title: func(say *words.Printer, in Judging) string {
		return say.F("predictions on %d examples of %s", in.Sample.Len(), say.Name(in.Sample.Task.Title))
	},
	Run: Opened(func(ctx context.Context, w *Worker, _ Judging, session *gbert.Session, prepared *finetune.Prepared) ([][]float32, error) {
		return prepared.Logits(ctx, session, nil, w.Progress())
	}),
}

// Predict is the step that gives a model's logits for a sample, such as a teacher's for its students: [examples][outputs].
func Predict(p *Plan, j Judging) *Node[[][]float32] { return prediction.Of(p, j) }

// FineTuneInputs are what a model is fine-tuned from.
type FineTuneInputs struct {
	// From is a model without a head.
	From ModelSource
	// Train are the examples.
	Train Sample
	// Options are those of the training; their seed is that of the head too. Method, CheckpointDir, Progress and AfterStep must be
	// empty.
	Options finetune.Options
}

var fineTuning = &ModelDefinition[FineTuneInputs, Training]{
	Name: "fine-tuning", Version: 1,
	Title: func(say *words.Printer, in FineTuneInputs) string {
		return say.F("fine-tuning on %s, seed %d", say.Name(in.Train.Task.Title), in.Options.Seed)
	},
	Run: func(ctx context.Context, w *Worker, in FineTuneInputs) (*gbert.Model, Training, error) {
		result, done, err := in.Tune(ctx, w, nil)
		if err != nil {
			return nil, done, err
		}
		return result.Model, done, nil
	},
}

// Tune fine-tunes the model in a step. It is given a fresh head, and then to a function, unless that is nil, which may make another model of
// it and say by which method that is trained.
func (in FineTuneInputs) Tune(ctx context.Context, w *Worker, change func(start *gbert.Model) (*gbert.Model, *finetune.Method, error)) (*finetune.Result, Training, error) {
	start, err := finetune.FreshHead(w.Model(in.From), in.Train.Task, in.Options.Seed)
	options := in.Options
	if err == nil && change != nil {
		start, options.Method, err = change(start)
	}
	if err != nil {
		return nil, Training{}, err
	}
	return w.Train(ctx, start, in.Train.Dataset, nil, options)
}

// FineTune is the step that fine-tunes a model before anything is taken out of it. All experiments in a folder that ask for the same one
// share it.
func FineTune(p *Plan, in FineTuneInputs) *ModelNode[Training] { return fineTuning.Of(p, in) }
