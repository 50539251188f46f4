package recipes

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/hub"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
)

// Options say what a recipe is made of. Empty fields are filled from the recipe, then with the defaults.
type Options struct {
	// Model is the pretrained model, by name or folder; all-MiniLM-L6-v2. Task is the task; movies. Data is a folder with its train
	// and dev split; empty: found by name.
	Model, Task, Data string
	// Labels are the names of the classes where the data have them as 0/1 columns or as numbers; see [task.Columns].
	Labels []string
	// TestExamples is how many of the dev split judge the result; 0: all. Negative: it is not judged.
	TestExamples int
	// Seed, if not nil, stands in place of the recipe's.
	Seed *uint64
	// Quick trains for minutes on two cores, see [Training.Quick]: on 1440 examples at first, on 640 in every later step.
	Quick bool
	// Out is the folder of the finished model.
	Out string
	// Save lets write put the model into Out, or refuses to; nil: it is written.
	Save func(write func(dir string) error) error
	// Say is told of each step that is done; may be nil.
	Say func(line string)
}

// The defaults of [Options].
const (
	DefaultModel = "all-MiniLM-L6-v2"
	DefaultTask  = "movies"
)

// Quick is a training of a minute on two cores: at most so many examples of at most 32 tokens, in batches of 16, one epoch,
// with the embeddings as they were pretrained, and a learning rate of at least 2e-4, since there are few steps.
func (t Training) Quick(examples int) Training {
	if t.Examples == 0 || t.Examples > examples {
		t.Examples = examples
	}
	t.Epochs, t.Batch, t.MaxLength, t.LearningRate = 1, min(t.Batch, 16), min(t.MaxLength, 32), max(t.LearningRate, 2e-4)
	t.FreezeEmbeddings = true
	return t
}

// How many examples a quick recipe trains on at first, and then.
const (
	QuickFirst = 1440
	QuickLater = 640
)

// Result is what came of a recipe, as plain data.
type Result struct {
	Recipe     string                `json:"recipe"`
	Title      experiment.Text       `json:"title"`
	Out        string                `json:"out"`
	Retrained  bool                  `json:"retrained"` // see [Recipe.Retrained]
	Quick      bool                  `json:"quick,omitempty"`
	Seed       uint64                `json:"seed"`
	Steps      []Done                `json:"steps"`
	Examples   int                   `json:"examples"` // that judged
	Metric     string                `json:"metric"`
	Score      float64               `json:"score,omitempty"` // of the metric, of the model as stored
	Loss       float64               `json:"loss,omitempty"`
	Parameters int                   `json:"parameters"`
	Before     int                   `json:"parameters_before"`
	Bytes      int64                 `json:"bytes"` // the weights' file
	Provenance experiment.Provenance `json:"provenance"`
}

// Done is a step that was done.
type Done struct {
	Kind      string    `json:"step"`
	Arguments Operation `json:"arguments"`
	// Note says what came of it, Parameters counts those of the model after it.
	Note       string  `json:"note"`
	Parameters int     `json:"parameters"`
	Seconds    float64 `json:"seconds"`
}

// outcome is what is remembered of a step beside its model.
type outcome struct {
	Note    string  `json:"note"`
	Seconds float64 `json:"seconds"`
}

// cook is a recipe under way.
type cook struct {
	ctx     context.Context
	env     *experiment.Environment
	recipe  *Recipe
	options Options

	train, test *task.Dataset
	sha256      string       // of the pretrained model
	original    *gbert.Model // as the first fine-tune left it
	teacher     []any        // what that depends on
	open        []*gbert.Model

	index int // of the step
	store *experiment.Store
	stage string
	past  []any // what the models depend on
}

// Run does a recipe and saves the model in the folder Out. Steps that take long are remembered below the environment's folder.
func Run(ctx context.Context, env *experiment.Environment, recipe *Recipe, o Options) (*Result, error) {
	o = o.filled(recipe)
	c := &cook{ctx: ctx, env: env, recipe: recipe, options: o}
	if o.Seed != nil {
		seeded := *recipe
		seeded.Seed = *o.Seed
		c.recipe = &seeded
	}
	defer c.close()
	began := time.Now()
	result, err := c.run(began)
	var place *Error
	if err != nil && !errors.As(err, &place) {
		err = fmt.Errorf("recipe %s: %w", recipe.Name, err)
	}
	return result, err
}

func (o Options) filled(recipe *Recipe) Options {
	first := func(texts ...string) string {
		for _, text := range texts {
			if text != "" {
				return text
			}
		}
		return ""
	}
	o.Model, o.Task = first(o.Model, recipe.Model, DefaultModel), first(o.Task, recipe.Task, DefaultTask)
	if o.Say == nil {
		o.Say = func(string) {}
	}
	return o
}

func (c *cook) close() {
	for _, model := range c.open {
		_ = model.Close() // only read
	}
}

func (c *cook) run(began time.Time) (*Result, error) {
	if c.options.Out == "" {
		return nil, errors.New("no folder was named for the model")
	}
	model, resolved, err := c.env.Model(c.ctx, c.options.Model)
	if err != nil {
		return nil, err
	}
	c.open = append(c.open, model)
	if err := c.recipe.Check(model.Config.NumHiddenLayers); err != nil {
		return nil, err
	}
	result := &Result{
		Recipe: c.recipe.Name, Title: c.recipe.Title, Out: c.options.Out, Retrained: c.recipe.Retrained(), Quick: c.options.Quick, Seed: c.recipe.Seed,
	}
	if err := c.prepare(model, resolved, result); err != nil {
		return nil, err
	}
	storage := &Store{As: "float32"}
	for i, step := range c.recipe.Steps {
		if model, err = c.step(i, step, model, result); err != nil {
			return nil, err
		}
		if last, ok := step.Do.(*Store); ok {
			storage = last
		}
	}
	write := func(dir string) error { return storage.save(model, dir) }
	if c.options.Save == nil {
		err = write(c.options.Out)
	} else {
		err = c.options.Save(write)
	}
	if err != nil {
		return nil, err
	}
	if err := c.judge(result); err != nil {
		return nil, err
	}
	result.Provenance.Seconds = time.Since(began).Seconds()
	return result, writeRecord(filepath.Join(c.options.Out, RecordName), result)
}

// prepare loads the data and begins the provenance.
func (c *cook) prepare(model *gbert.Model, resolved *hub.Resolved, result *Result) error {
	provenance, err := c.env.Describe(model, resolved)
	if err != nil {
		return err
	}
	for _, split := range []struct {
		name, use string
		to        **task.Dataset
	}{{"train", "train", &c.train}, {"dev", "test", &c.test}} {
		data, err := c.load(split.name, c.options.Labels)
		if err != nil {
			return err
		}
		*split.to = data
	}
	if err := c.nameClasses(); err != nil {
		return err
	}
	if n := c.options.TestExamples; n > 0 && n < c.test.Len() {
		if c.test, err = c.test.Take(n, testSeed); err != nil {
			return err
		}
	}
	provenance.Data = append(provenance.Data, experiment.DescribeData("train", c.train), experiment.DescribeData("test", c.test))
	result.Provenance, c.sha256 = provenance, provenance.ModelSHA256
	result.Metric, result.Examples, result.Before = c.test.Task.Metrics[0], c.test.Len(), model.NumParameters()
	past := map[string]any{
		"recipe": "model", "model": provenance.ModelSHA256, "train": provenance.Data[0], "seed": c.recipe.Seed,
		"backend": c.env.Choice.Name, "versions": experiment.ComputeVersions(provenance.Versions),
	}
	if kind := c.train.Task.Kind; kind == task.MultiLabel || kind == task.Tagging {
		past["labels"] = c.train.Task.Labels // which do not follow from the task's name
	}
	c.past = []any{past}
	return nil
}

// load reads a split of the task.
func (c *cook) load(split string, labels []string) (*task.Dataset, error) {
	t, err := task.Lookup(c.options.Task)
	if err != nil {
		return nil, err
	}
	if t.Kind == task.Regression && c.recipe.distils() {
		return nil, fmt.Errorf("soft targets need classes, and %s asks for a number: take a recipe without distillation", t.Name)
	}
	return task.LoadDraw(c.ctx, experiment.Finder{Client: c.env.Hub}, t, split, c.options.Data, task.Columns{Labels: labels}, task.Draw{})
}

// nameClasses reads the data again where the class names of both splits come from their examples and are not the same ones.
func (c *cook) nameClasses() (err error) {
	labels := task.UnionOfLabels(c.train.Task.Labels, c.test.Task.Labels)
	if kind := c.train.Task.Kind; kind != task.MultiLabel && kind != task.Tagging || slices.Equal(c.train.Task.Labels, c.test.Task.Labels) {
		return nil
	}
	if c.train, err = c.load("train", labels); err != nil {
		return err
	}
	c.test, err = c.load("dev", labels)
	return err
}

// The seeds of samples of the data; the recipe's own drives training.
const (
	trainSeed = experiment.TrainSample
	testSeed  = 202
)

// step does a step, or finds what it left.
func (c *cook) step(i int, step Step, model *gbert.Model, result *Result) (*gbert.Model, error) {
	c.index, c.stage = i, fmt.Sprintf("%s, step %d of %d: %s", c.recipe.Name, i+1, len(c.recipe.Steps), step.Kind)
	arguments := c.effective(step.Do)
	c.past = append(c.past, map[string]any{"kind": step.Kind, "arguments": arguments})
	var err error
	if c.store, err = experiment.Open(c.ctx, c.env.Dir, c.past); err != nil {
		return nil, err
	}
	work := func() (*gbert.Model, outcome, error) {
		began := time.Now()
		next, note, err := step.Do.do(c, model)
		if err != nil && c.ctx.Err() == nil {
			err = c.recipe.fault(step, err)
		}
		return next, outcome{note, time.Since(began).Seconds()}, err
	}
	var next *gbert.Model
	var came outcome
	if step.Do.remembered() {
		if next, came, err = experiment.ModelStep(c.store, "model", work); err == nil {
			c.open = append(c.open, next)
		}
	} else {
		next, came, err = work()
	}
	if err != nil {
		return nil, err
	}
	if _, ok := step.Do.(*FineTune); ok && c.original == nil {
		c.original, c.teacher = next, slices.Clone(c.past)
	}
	done := Done{Kind: step.Kind, Arguments: arguments, Note: came.Note, Parameters: next.NumParameters(), Seconds: came.Seconds}
	result.Steps = append(result.Steps, done)
	c.options.Say(fmt.Sprintf("%s: %s, %d parameters", c.stage, done.Note, done.Parameters))
	return next, nil
}

// judge evaluates the model as it was stored.
func (c *cook) judge(result *Result) error {
	model, err := gbert.Load(c.options.Out)
	if err != nil {
		return err
	}
	c.open = append(c.open, model)
	result.Parameters = model.NumParameters()
	if result.Bytes, err = weightBytes(c.options.Out); err != nil {
		return err
	}
	if c.options.TestExamples < 0 {
		return nil
	}
	session, err := gbert.NewSession(c.env.Backend, model)
	if err != nil {
		return err
	}
	defer session.Close()
	length := testLength
	if c.test.Task.Kind == task.Spans {
		length = finetune.SpanLength
	}
	prepared, err := finetune.Prepare(c.env.Backend, model, c.test, length, 32, 1)
	if err != nil {
		return err
	}
	evaluation, err := prepared.Evaluate(c.ctx, session, nil, c.env.Stage(c.recipe.Name+", judging"))
	if err != nil {
		return err
	}
	result.Score, result.Loss = evaluation.Metrics[result.Metric], evaluation.Loss
	return nil
}

// testLength is the number of tokens after which examples are cut when a model is judged; questions are read in longer windows.
const testLength = 128

// training is a step's training as it is done.
func (c *cook) training(t Training) Training {
	switch {
	case !c.options.Quick:
		return t
	case c.original == nil:
		return t.Quick(QuickFirst)
	}
	return t.Quick(QuickLater)
}

// effective is an operation with the training that is really done.
func (c *cook) effective(op Operation) Operation {
	switch s := op.(type) {
	case *FineTune:
		return &FineTune{c.training(s.Training)}
	case *Distil:
		effective := *s
		effective.Training = c.training(s.Training)
		return &effective
	case *Movement:
		effective := *s
		effective.Training = c.training(s.Training)
		return &effective
	}
	return op
}

// examples are n training examples, the same ones for every step that asks for as many; 0: all.
func (c *cook) examples(n int) (*task.Dataset, error) {
	if n == 0 || n >= c.train.Len() {
		return c.train, nil
	}
	return c.train.Take(n, trainSeed)
}

// seed is that of the present step: a second training draws another order and other dropout than the first.
func (c *cook) seed() uint64 { return c.recipe.Seed + uint64(c.index) }
