package experiment

import (
	"context"
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// TrainSample is the seed with which papers that compress the same fine-tuned model draw their training examples.
const TrainSample = 201

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
	done.Steps, done.TrainLoss = result.Steps, result.Best().TrainLoss
	for _, epoch := range result.Epochs {
		done.Seconds += epoch.Seconds
	}
	return result, done, nil
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
		detail := fmt.Sprintf("loss %.3f", p.Loss)
		if p.Phase != "training" {
			detail = p.Phase
		}
		e.Report(Progress{Stage: stage, Done: p.Step, Total: p.Steps, Detail: detail})
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
	store, err := Open(e.Dir, map[string]any{
		"fine-tuned": o.Options, "model": o.SHA256, "train": DescribeData("train", o.Train), "backend": e.Choice.Name,
		"versions": ComputeVersions(backend.Versions()),
	})
	if err != nil {
		return nil, Training{}, err
	}
	const name = "model"
	return ModelStep(store, name, func() (*gbert.Model, Training, error) {
		options, kind := o.Options, o.Train.Task
		options.CheckpointDir = store.Checkpoint(name)
		start, err := o.Pretrained.WithClassifier(kind.Outputs(), kind.Labels, options.Seed)
		if err != nil {
			return nil, Training{}, err
		}
		result, done, err := e.Train(ctx, fmt.Sprintf("fine-tuning on %s, seed %d", kind.Name, options.Seed), start, o.Train, nil, options)
		if err != nil {
			return nil, done, err
		}
		return result.Model, done, nil
	})
}

// Embeddings says in the table of a protocol what training does to the embeddings.
func Embeddings(frozen bool) string {
	if frozen {
		return "as pretrained"
	}
	return "trained"
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
	return task.Quantile(seconds, 0.5)
}
