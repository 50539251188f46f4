package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/papers/experiment/words"
)

// The fields that protocols share. A paper's protocol embeds them, so that they stand among its own in JSON, and adds what is its own.

// OnTask are a model and a task.
type OnTask struct {
	// Model is the pretrained model, by name or folder.
	Model string `json:"model"`
	// Task is the task by name; Data a file or folder with its train and dev split, empty: found by name.
	Task string `json:"task"`
	Data string `json:"data"`
}

// Ask puts model, task and data that the user asked for into the protocol; without a name its own stay.
func (t *OnTask) Ask(r Request) {
	t.Model, t.Task, t.Data = cmp.Or(r.Model, t.Model), cmp.Or(r.Task, t.Task), cmp.Or(r.Data, t.Data)
}

// Check says what is lacking.
func (t *OnTask) Check() error {
	if t.Model == "" || t.Task == "" {
		return errors.New("the protocol needs a model and a task (model, task)")
	}
	return nil
}

// TaskData is one of several tasks of a protocol.
type TaskData struct {
	// Name is the task's; Data the file or folder with its train and dev split, empty: found by name.
	Name string `json:"name"`
	Data string `json:"data,omitempty"`
	// Epochs, if not 0, stand in place of the protocol's: a small task needs more passes than a large one.
	Epochs int `json:"epochs,omitempty"`
	// Optional leaves the task out, and says so, where its data cannot be found.
	Optional bool `json:"optional,omitempty"`
}

// CheckTasks says what is wrong with the tasks of a protocol: each once, none with a negative number of epochs.
func CheckTasks(tasks []TaskData) error {
	if len(tasks) == 0 {
		return errors.New("the protocol needs at least one task (tasks)")
	}
	for _, t := range tasks {
		if t.Epochs < 0 {
			return fmt.Errorf("the protocol has %d epochs for %s (tasks)", t.Epochs, t.Name)
		}
	}
	return CheckOnce("tasks", namesOf(tasks))
}

func namesOf(tasks []TaskData) []string {
	names := make([]string, len(tasks))
	for i, t := range tasks {
		names[i] = t.Name
	}
	return names
}

// Tuning says how models are fine-tuned.
type Tuning struct {
	Epochs       int     `json:"epochs"`
	BatchSize    int     `json:"batch_size"`
	MaxLength    int     `json:"max_length"` // tokens
	LearningRate float64 `json:"learning_rate"`
	// FreezeEmbeddings keeps the embeddings as they were pretrained, which saves the time of their gradients and updates.
	FreezeEmbeddings bool `json:"freeze_embeddings"`
}

// FullTrainExamples is a third of SST-2's training phrases, from which full protocols fine-tune unless they say otherwise.
const FullTrainExamples = 22_400

// FullTuning is how they do it: one pass in batches of 32. Papers that fine-tune alike on the same draw share the models.
func FullTuning() Tuning {
	return Tuning{Epochs: 1, BatchSize: 32, MaxLength: 128, LearningRate: 1e-4}
}

// Check says what is wrong.
func (t *Tuning) Check() error {
	if t.Epochs < 1 || t.BatchSize < 1 || t.MaxLength < 3 || !(t.LearningRate > 0) {
		return errors.New("the protocol needs epochs and a batch size of at least 1, a length of at least 3 ([CLS], a token and [SEP]), and a learning rate above 0 (epochs, batch_size, max_length, learning_rate)")
	}
	return nil
}

// Options are those of a training run with a seed, of which the weights of the last epoch are kept.
func (t *Tuning) Options(seed uint64) finetune.Options {
	return finetune.Options{
		Epochs: t.Epochs, BatchSize: t.BatchSize, MaxLength: t.MaxLength, LearningRate: t.LearningRate, Seed: seed,
		FreezeEmbeddings: t.FreezeEmbeddings, Keep: finetune.KeepLast,
	}
}

// For is how models are fine-tuned on a task.
func (t Tuning) For(on TaskData) Tuning {
	t.Epochs = cmp.Or(on.Epochs, t.Epochs)
	return t
}

// Judge judges a model on a sample as it was trained: on as many tokens, in batches of the same size.
func (t *Tuning) Judge(model ModelSource, on Sample) Judging {
	return Judging{Model: model, Sample: on, MaxLength: t.MaxLength, BatchSize: t.BatchSize}
}

// Row tells it in the table of a protocol. Tasks with epochs of their own are named.
func (t *Tuning) Row(say *words.Printer, paper string, tasks ...TaskData) []any {
	return []any{say.T("epochs, batch, learning rate"), fmt.Sprintf("%s, %d, %g", t.Passes(tasks), t.BatchSize, t.LearningRate), paper}
}

// Passes are the epochs of the tasks: those of most, and in brackets those of the tasks that have others, as in "1 (mrpc: 3)".
func (t *Tuning) Passes(tasks []TaskData) string {
	var own []string
	for _, on := range tasks {
		if n := t.For(on).Epochs; n != t.Epochs {
			own = append(own, fmt.Sprintf("%s: %d", on.Name, n))
		}
	}
	if len(own) == 0 {
		return fmt.Sprint(t.Epochs)
	}
	return fmt.Sprintf("%d (%s)", t.Epochs, strings.Join(own, ", "))
}

// TaskNames are the names of tasks, as in a table.
func TaskNames(tasks []TaskData) string { return strings.Join(namesOf(tasks), ", ") }

// Setup are the fields of a protocol that fine-tunes a model on one task with several seeds.
type Setup struct {
	OnTask
	// Seeds are those of the training runs.
	Seeds []uint64 `json:"seeds"`
	Tuning
	// TrainExamples and TestExamples limit the data sets; 0: all.
	TrainExamples int `json:"train_examples"`
	TestExamples  int `json:"test_examples"`
}

// Ask puts what the user asked for into the protocol.
func (s *Setup) Ask(r Request) {
	s.OnTask.Ask(r)
	s.Seeds = r.Seeds(s.Seeds)
}

// Check says what is wrong, as far as that shows without model and data.
func (s *Setup) Check() error {
	return errors.Join(
		s.OnTask.Check(), CheckSeeds(s.Seeds), s.Tuning.Check(), CheckExamples("train_examples", s.TrainExamples), CheckExamples("test_examples", s.TestExamples),
	)
}

// Begin finds the model and draws the data, and says in the provenance where they come from. fits tells why the experiment cannot be done
// with a model; sizes has the draws beside those to train and to test on.
func (s *Setup) Begin(ctx context.Context, p *Plan, provenance *Provenance, fits func(*gbert.Model) error, sizes SampleSizes) (*Pretrained, Samples, error) {
	pretrained, err := p.env.Subject(ctx, s.Model, provenance, fits)
	if err != nil {
		return nil, Samples{}, err
	}
	sizes.Train, sizes.Dev = s.TrainExamples, s.TestExamples
	samples, err := p.env.Samples(ctx, s.Task, s.Data, sizes)
	if err != nil {
		return nil, samples, err
	}
	provenance.Data = []DataProvenance{DescribeData("train", samples.Train.Dataset), DescribeData("test", samples.Dev.Dataset)}
	return pretrained, samples, nil
}

// FineTune is the step that fine-tunes a model on the training examples with a seed.
func (s *Setup) FineTune(p *Plan, from ModelSource, train Sample, seed uint64) *ModelNode[Training] {
	return FineTune(p, FineTuneInputs{From: from, Train: train, Options: s.Options(seed)})
}

// Inference are the fields of a protocol that say how the time of inference is measured.
type Inference struct {
	// SpeedBatches are the batch sizes, SpeedLength the tokens and SpeedRepeats the timed passes.
	SpeedBatches []int `json:"speed_batches"`
	SpeedLength  int   `json:"speed_length"`
	SpeedRepeats int   `json:"speed_repeats"`
}

// Check says what is wrong.
func (i *Inference) Check() error {
	if len(i.SpeedBatches) == 0 || slices.Min(i.SpeedBatches) < 1 || i.SpeedRepeats < 1 || i.SpeedLength < 1 {
		return errors.New("the protocol needs batch sizes, repeats and a length of at least 1 for the speed (speed_batches, speed_repeats, speed_length)")
	}
	return nil
}

// Timing is that of a step.
func (i *Inference) Timing() Timing {
	return Timing{Batches: i.SpeedBatches, Length: i.SpeedLength, Repeats: i.SpeedRepeats}
}

// CheckSeeds says what is wrong with a protocol's seeds.
func CheckSeeds(seeds []uint64) error {
	if len(seeds) == 0 {
		return errors.New("the protocol has no seed (seeds)")
	}
	return CheckOnce("seeds", seeds)
}

// CheckExamples says what is wrong with a number of examples, by the name of its field.
func CheckExamples(field string, n int) error {
	if n < 0 {
		return fmt.Errorf("the protocol has a negative number of examples (%s); 0 means all", field)
	}
	return nil
}

// CheckOnce says that a list of the protocol has something twice, which would count twice in means.
func CheckOnce[T comparable](field string, list []T) error {
	for i, value := range list {
		if slices.Contains(list[:i], value) {
			return fmt.Errorf("the protocol's %s have %v twice", field, value)
		}
	}
	return nil
}
