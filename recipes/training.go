package recipes

import (
	"errors"
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/papers/experiment"
	"bertlab/techniques/distill"
)

// Training are the arguments of every step that trains.
type Training struct {
	// Epochs is the number of passes over the examples; 1.
	Epochs int `json:"epochs"`
	// Batch is the number of examples of an optimizer step; 32.
	Batch int `json:"batch"`
	// MaxLength is the number of tokens after which an example is cut; 128.
	MaxLength int `json:"max_length"`
	// LearningRate is the peak learning rate; 5e-5.
	LearningRate float64 `json:"learning_rate"`
	// Examples is how many training examples are used; 0: all.
	Examples int `json:"examples"`
	// FreezeEmbeddings keeps the embeddings as they were pretrained, which saves the time of their gradients and updates. A word
	// table that was factored is new, and always learns.
	FreezeEmbeddings bool `json:"freeze_embeddings,omitempty"`
}

// readTraining reads a training that freezes the embeddings, or does not, if nothing is said.
func readTraining(f *fields, freeze bool) Training {
	return Training{
		Epochs: f.whole("epochs", 1, 1, 1000), Batch: f.whole("batch", 32, 1, 4096), MaxLength: f.whole("max-length", 128, 3, 4096),
		LearningRate: f.above("learning-rate", 5e-5, 0, 1), Examples: f.whole("examples", 0, 0, 1<<30),
		FreezeEmbeddings: f.yes("freeze-embeddings", freeze),
	}
}

// train trains a model, with a method or without one.
func (t Training) train(c *cook, model *gbert.Model, method *finetune.Method) (*gbert.Model, string, error) {
	t = c.training(t)
	examples, err := c.examples(t.Examples)
	if err != nil {
		return nil, "", err
	}
	o := t.options(c, model)
	o.Method, o.CheckpointDir = method, c.store.Checkpoint("model")
	result, done, err := c.env.Train(c.ctx, c.stage, model, examples, nil, o)
	if err != nil {
		return nil, "", err
	}
	return result.Model, t.note(done), nil
}

// options are those of the training of a model.
func (t Training) options(c *cook, model *gbert.Model) finetune.Options {
	return finetune.Options{
		Epochs: t.Epochs, BatchSize: t.Batch, MaxLength: t.MaxLength, LearningRate: t.LearningRate, Seed: c.seed(),
		FreezeEmbeddings: t.FreezeEmbeddings && model.Config.Embedding.IsPlain(), Keep: finetune.KeepLast,
	}
}

func (t Training) note(done experiment.Training) string {
	return fmt.Sprintf("%d steps of %d examples, training loss %.3f", done.Steps, t.Batch, done.TrainLoss)
}

// FineTune trains the model on the task. The first one gives the model the task's head.
type FineTune struct{ Training }

func readFineTune(f *fields) Operation { return &FineTune{readTraining(f, false)} }

func (s *FineTune) plan(now *state) error { now.tuned = true; return nil }
func (s *FineTune) remembered() bool      { return true }

func (s *FineTune) do(c *cook, model *gbert.Model) (*gbert.Model, string, error) {
	if c.index == 0 {
		return s.original(c, model)
	}
	if c.original == nil {
		var err error
		if line := model.Replaced(); line != "" && c.env.Note != nil {
			c.env.Note(c.stage + ": " + line)
		}
		if model, err = finetune.FreshHead(model, c.train.Task, c.recipe.Seed); err != nil {
			return nil, "", err
		}
	}
	return s.train(c, model, nil)
}

// original fine-tunes the pretrained model. What papers and other recipes compress may be the same one, which is trained once.
func (s *FineTune) original(c *cook, model *gbert.Model) (*gbert.Model, string, error) {
	t := c.training(s.Training)
	examples, err := c.examples(t.Examples)
	if err != nil {
		return nil, "", err
	}
	tuned, done, err := c.env.FineTune(c.ctx, experiment.Original{Pretrained: model, SHA256: c.sha256, Train: examples, Options: t.options(c, model)})
	return tuned, t.note(done), err
}

// Distil trains the model on the labels and on the soft targets of its teacher, the model as the first fine-tune left it.
type Distil struct {
	Training
	// Temperature divides the logits of both; 2.
	Temperature float64 `json:"temperature"`
	// Alpha is the weight of the soft targets against the labels; 0.9.
	Alpha float64 `json:"alpha"`
}

func readDistil(f *fields) Operation {
	return &Distil{readTraining(f, false), f.above("temperature", 2, 0, 100), f.above("alpha", 0.9, 0, 1)}
}

func (s *Distil) plan(now *state) error {
	if !now.tuned {
		return errors.New("there is no teacher yet: a fine-tune comes before it")
	}
	return nil
}
func (s *Distil) remembered() bool { return true }

func (s *Distil) do(c *cook, model *gbert.Model) (*gbert.Model, string, error) {
	method, err := softTargets(c, s.Training, distill.Options{Temperature: s.Temperature, Alpha: s.Alpha})
	if err != nil {
		return nil, "", err
	}
	return s.train(c, model, method)
}

// softTargets are the teacher's logits on the examples of a training. They are remembered: recipes with the same teacher share them.
func softTargets(c *cook, t Training, o distill.Options) (*finetune.Method, error) {
	t = c.training(t)
	store, err := experiment.Open(c.ctx, c.env.Dir, map[string]any{"teacher": c.teacher, "examples": t.Examples, "max_length": t.MaxLength})
	if err != nil {
		return nil, err
	}
	logits, err := experiment.Step(store, "targets", func() ([][]float32, error) { return teach(c, t) })
	if err != nil {
		return nil, err
	}
	if c.original.Head().PerToken() {
		o.TokenOutputs = c.original.Outputs()
	}
	return distill.SoftTargets(logits, o)
}

// teach runs the teacher over the examples of a training.
func teach(c *cook, t Training) ([][]float32, error) {
	examples, err := c.examples(t.Examples)
	if err != nil {
		return nil, err
	}
	teacher, err := gbert.NewSession(c.env.Backend, c.original)
	if err != nil {
		return nil, err
	}
	defer teacher.Close()
	prepared, err := finetune.Prepare(c.env.Backend, c.original, examples, t.MaxLength, 32, 1)
	if err != nil {
		return nil, err
	}
	return prepared.Logits(c.ctx, teacher, nil, c.env.Stage(c.stage+", the teacher's targets"))
}
