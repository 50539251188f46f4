package experiment

import (
	"context"
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// Training is what is known of a training run.
type Training struct {
	Steps int `json:"steps"`
	// TrainLoss is that of the epoch whose weights were kept.
	TrainLoss float64 `json:"train_loss"`
	// Seconds is the time of all epochs on the wall, with compilation.
	Seconds float64 `json:"seconds"`
	// Clock has the times of single steps.
	Clock StepClock `json:"clock"`
}

// Train fine-tunes a model as [finetune.Train] does, and reports it as a stage; o.Progress is not called.
func (e *Environment) Train(ctx context.Context, stage string, model *gbert.Model, train, dev *task.Dataset, o finetune.Options) (*finetune.Result, Training, error) {
	var done Training
	o.Progress = e.Training(stage, &done.Clock)
	result, err := finetune.Train(ctx, e.Backend, model, train, dev, o)
	if err != nil {
		return nil, done, err
	}
	done.describe(result)
	e.noteTraining(result, model, train, dev)
	return result, done, nil
}

// describe fills in what the result of a training says of it.
func (t *Training) describe(result *finetune.Result) {
	t.Steps, t.TrainLoss = result.Steps, result.Best().TrainLoss
	for _, epoch := range result.Epochs {
		t.Seconds += epoch.Seconds
	}
}

// trainingDetail says how far a training is.
func trainingDetail(p finetune.Progress) string {
	if p.Phase != "training" {
		return p.Phase
	}
	return fmt.Sprintf("loss %.3f", p.Loss)
}

// Training is a progress function for a training run that is reported as a stage; the clock, which may be nil, gets its steps' times.
func (e *Environment) Training(stage string, clock *StepClock) func(finetune.Progress) {
	if clock != nil {
		clock.begin()
	}
	return func(p finetune.Progress) {
		if clock != nil {
			clock.tick(p.Phase)
		}
		e.Report(Progress{Stage: stage, Done: p.Step, Total: p.Steps, Detail: trainingDetail(p)})
	}
}

// Original is a model that is fine-tuned before anything is taken out of it. All experiments in a folder that ask for the same one
// share it.
type Original struct {
	// Pretrained is the model, without a head; SHA256 its fingerprint.
	Pretrained *gbert.Model
	SHA256     string
	// Train are the examples.
	Train *task.Dataset
	// Options are those of the training. Their seed is that of the classifier too. Method, CheckpointDir, Progress and AfterStep must
	// be empty.
	Options finetune.Options
}

// FineTune returns the fine-tuned model and what is known of its training; it is trained unless the folder has it already. The
// caller closes the model.
func (e *Environment) FineTune(ctx context.Context, o Original) (*gbert.Model, Training, error) {
	train, err := NewSample(o.Train)
	if err != nil {
		return nil, Training{}, err
	}
	e.note("fine-tuning on "+o.Train.Task.Name, o.Pretrained.Replaced())
	plan := NewPlan(e)
	n := FineTune(plan, FineTuneInputs{From: &Pretrained{o.Pretrained, o.SHA256}, Train: train, Options: o.Options})
	if err := plan.Run(ctx); err != nil {
		return nil, Training{}, err
	}
	model, err := plan.Open(ctx, n)
	return model, n.Result(), err
}

// Embeddings says in the table of a protocol what training does to the embeddings.
func Embeddings(say *words.Printer, frozen bool) string {
	if frozen {
		return say.T("as pretrained")
	}
	return say.T("trained")
}

// StepClock has the times of those training steps beside which nothing was compiled.
type StepClock struct {
	Steps []Elapsed `json:"steps"`

	watch     Stopwatch // since the last report
	compiling bool
}

func (c *StepClock) begin() { c.watch = Start() }

func (c *StepClock) tick(phase string) {
	if took := c.watch.Elapsed(); phase == "training" && !c.compiling {
		c.Steps = append(c.Steps, took)
	}
	c.watch, c.compiling = Start(), phase == "compiling"
}

// Median is the median of the steps in seconds by a clock; 0 if there is none.
func (c *StepClock) Median(clock Clock) float64 {
	if len(c.Steps) == 0 {
		return 0
	}
	seconds := make([]float64, len(c.Steps))
	for i, took := range c.Steps {
		seconds[i] = clock.Seconds(took)
	}
	return stats.Median(seconds)
}
