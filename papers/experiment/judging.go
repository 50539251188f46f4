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
func (j *Judging) Open(ctx context.Context, w *Worker) (*gbert.Session, *finetune.Prepared, error) {
	session, err := w.Session(ctx, j.Model)
	if err != nil {
		return nil, nil, err
	}
	prepared, err := j.Prepare(w, session.Model())
	return session, prepared, err
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

var evaluation = &Definition[Judging, Evaluated]{
	Name: "evaluation", Version: 2,
	Title: func(say *words.Printer, in Judging) string {
		return say.F("evaluation on %s", say.Name(in.Sample.Task.Title))
	},
	Run: func(ctx context.Context, w *Worker, in Judging) (Evaluated, error) {
		session, prepared, err := in.Open(ctx, w)
		if err != nil {
			return Evaluated{}, err
		}
		return evaluate(ctx, session, prepared, w.Progress())
	},
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
	Run: func(ctx context.Context, w *Worker, in Judging) ([][]float32, error) {
		session, prepared, err := in.Open(ctx, w)
		if err != nil {
			return nil, err
		}
		return prepared.Logits(ctx, session, nil, w.Progress())
	},
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
		model, err := w.Model(ctx, in.From)
		if err != nil {
			return nil, Training{}, err
		}
		start, err := finetune.FreshHead(model, in.Train.Task, in.Options.Seed)
		if err != nil {
			return nil, Training{}, err
		}
		result, done, err := w.Train(ctx, start, in.Train.Dataset, nil, in.Options)
		if err != nil {
			return nil, done, err
		}
		return result.Model, done, nil
	},
}

// FineTune is the step that fine-tunes a model before anything is taken out of it. All experiments in a folder that ask for the same one
// share it.
func FineTune(p *Plan, in FineTuneInputs) *ModelNode[Training] { return fineTuning.Of(p, in) }
