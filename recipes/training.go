package recipes

import (
	"context"
	"errors"
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/distill"
	"bertlab/techniques/movement"
	"bertlab/techniques/quantise"
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
	// Int8 computes with weights and inputs that are rounded to eight bits, as quantise with dynamic inputs will (Zafrir et al. 2019).
	Int8 bool `json:"int8,omitempty"`
}

// readTraining reads a training that freezes the embeddings, or does not, if nothing is said.
func readTraining(f *fields, freeze bool) Training {
	return Training{
		Epochs: f.whole("epochs", 1, 1, 1000), Batch: f.whole("batch", 32, 1, 4096), MaxLength: f.whole("max-length", 128, 3, 4096),
		LearningRate: f.above("learning-rate", 5e-5, 0, 1), Examples: f.whole("examples", 0, 0, 1<<30),
		FreezeEmbeddings: f.yes("freeze-embeddings", freeze), Int8: f.yes("int8", false),
	}
}

// trainInputs are what a model is trained on.
type trainInputs struct {
	Model   experiment.ModelSource
	Train   experiment.Sample
	Options finetune.Options
	// Head is the seed of a new head; nil: the model keeps its own.
	Head *uint64
	// Targets are a teacher's logits for the examples, from which the model learns by Soft; nil: it has no teacher.
	Targets *experiment.Node[[][]float32]
	Soft    distill.Options
	// Pruning is what is pruned while the model is trained; nil: nothing is.
	Pruning *movement.Options
	// Rounded computes with numbers of eight bits.
	Rounded bool  `json:",omitempty"`
	Title   title `json:"-"`
}

// retraining trains a model that was made before.
var retraining = &experiment.ModelDefinition[trainInputs, came]{
	Name: "training of a recipe", Version: 1,
	Title: func(say *words.Printer, in trainInputs) string { return in.Title(say) },
	Run: func(ctx context.Context, w *experiment.Worker, in trainInputs) (_ *gbert.Model, _ came, err error) {
		model := w.Model(in.Model)
		if in.Head != nil {
			if model, err = finetune.FreshHead(model, in.Train.Task, *in.Head); err != nil {
				return nil, came{}, err
			}
		}
		o := in.Options
		if o.Method, err = in.method(model); err != nil {
			return nil, came{}, err
		}
		result, done, err := w.Train(ctx, model, in.Train.Dataset, nil, o)
		if err != nil {
			return nil, came{}, err
		}
		trained, note := result.Model, note(done, o.BatchSize)
		if in.Pruning != nil {
			if trained, note, err = in.pruned(trained, note); err != nil {
				return nil, came{}, err
			}
		}
		return trained, came{note, trained.NumParameters()}, nil
	},
}

// method is what takes part in the training: pruning, a teacher, rounding, or several of them; nil: nothing does.
func (in *trainInputs) method(model *gbert.Model) (*finetune.Method, error) {
	var methods []*finetune.Method
	for _, part := range []struct {
		wanted bool
		make   func() (*finetune.Method, error)
	}{
		{in.Pruning != nil, func() (*finetune.Method, error) { return in.pruning(model) }},
		{in.Targets != nil, func() (*finetune.Method, error) { return distill.SoftTargets(in.Targets.Result(), in.Soft) }},
		{in.Rounded, func() (*finetune.Method, error) {
			return quantise.Training(model, quantise.Options{Inputs: gbert.DynamicInputs})
		}},
	} {
		if !part.wanted {
			continue
		}
		method, err := part.make()
		if err != nil {
			return nil, err
		}
		methods = append(methods, method)
	}
	if len(methods) < 2 {
		return append(methods, nil)[0], nil
	}
	return finetune.Combine(methods...)
}

// trainInputs are the present step's, without a method.
func (c *course) trainInputs(t Training) (trainInputs, error) {
	train, err := c.start.sample(t.Examples)
	return trainInputs{Model: c.model, Train: train, Options: c.options(t), Rounded: t.Int8, Title: c.title()}, err
}

// options are those of a training in the present step.
func (c *course) options(t Training) finetune.Options {
	return finetune.Options{
		Epochs: t.Epochs, BatchSize: t.Batch, MaxLength: t.MaxLength, LearningRate: t.LearningRate, Seed: c.seed(),
		FreezeEmbeddings: t.FreezeEmbeddings && !c.narrow, Keep: finetune.KeepLast,
	}
}

func note(done experiment.Training, batch int) string {
	return fmt.Sprintf("%d steps of %d examples, training loss %.3f", done.Steps, batch, done.TrainLoss)
}

// FineTune trains the model on the task. The first one gives the model the task's head.
type FineTune struct{ Training }

func readFineTune(f *fields) Operation { return &FineTune{readTraining(f, false)} }

func (s *FineTune) plan(now *state) error {
	now.tuned = true
	return now.trains()
}

// errRounded is what is wrong with a training of numbers of eight bits.
var errRounded = errors.New("numbers of eight bits are not trained: quantise comes after all training, which may have int8: true")

// trains reports a model that cannot be trained any more.
func (s *state) trains() error {
	if s.rounded {
		return errRounded
	}
	return nil
}

func (s *FineTune) add(c *course) (added, error) {
	in, err := c.trainInputs(s.Training)
	if err != nil {
		return added{}, err
	}
	if c.index == 0 && !s.Int8 { // what papers and other recipes compress may be the same model
		n := experiment.FineTune(c.plan, experiment.FineTuneInputs{From: c.model, Train: in.Train, Options: in.Options})
		known := func() came { return came{note(n.Result(), s.Batch), c.head.NumParameters()} }
		return added{n.ID(), n, known, n.Seconds}, nil
	}
	if c.teacher == nil {
		in.Head = &c.recipe.Seed
	}
	return put(retraining, c.plan, in), nil
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
	return now.trains()
}

func (s *Distil) add(c *course) (added, error) {
	in, err := c.trainInputs(s.Training)
	if err != nil {
		return added{}, err
	}
	if err := c.teach(&in, distill.Options{Temperature: s.Temperature, Alpha: s.Alpha}); err != nil {
		return added{}, err
	}
	return put(retraining, c.plan, in), nil
}

// teachBatch is how many examples a teacher reads at once.
const teachBatch = 32

// teach gives a training the teacher's logits on its examples. Recipes with the same teacher share them.
func (c *course) teach(in *trainInputs, o distill.Options) error {
	if c.fewer && c.head.Head().PerToken() {
		return errors.New("the teacher's answers are those of its own tokens, and the vocabulary has become smaller: put vocabulary after all distillation")
	}
	in.Targets = experiment.Predict(c.plan, experiment.Judging{Model: c.teacher, Sample: in.Train, MaxLength: in.Options.MaxLength, BatchSize: teachBatch})
	if in.Soft = o; c.head.Head().PerToken() {
		in.Soft.TokenOutputs = c.head.Outputs()
	}
	return nil
}
