package recipes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
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

// Run does a recipe and saves the model in the folder Out. Its steps are remembered below the environment's folder.
func Run(ctx context.Context, env *experiment.Environment, recipe *Recipe, o Options) (*Result, error) {
	result, err := o.filled(recipe).run(ctx, env, recipe)
	var place *Error
	if err != nil && !errors.As(err, &place) {
		err = fmt.Errorf("recipe %s: %w", recipe.Name, err)
	}
	return result, err
}

func (o Options) filled(recipe *Recipe) Options {
	o.Model, o.Task = cmp.Or(o.Model, recipe.Model, DefaultModel), cmp.Or(o.Task, recipe.Task, DefaultTask)
	if o.Say == nil {
		o.Say = func(string) {}
	}
	if o.Save == nil {
		o.Save = func(write func(dir string) error) error { return write(o.Out) }
	}
	return o
}

// Seeded is the recipe with another seed; nil: with its own.
func (r *Recipe) Seeded(seed *uint64) *Recipe {
	if seed == nil {
		return r
	}
	seeded := *r
	seeded.Seed = *seed
	return &seeded
}

func (o Options) run(ctx context.Context, env *experiment.Environment, recipe *Recipe) (*Result, error) {
	began := time.Now()
	if o.Out == "" {
		return nil, errors.New("no folder was named for the model")
	}
	start, err := Begin(ctx, env, o.Model, o.Task, o.Data, o.Labels)
	if err != nil {
		return nil, err
	}
	defer start.Model.Model.Close()
	start.Quick = o.Quick
	if o.TestExamples > 0 {
		if start.Test, err = experiment.AtMost(start.Test, o.TestExamples, experiment.DevSample); err != nil {
			return nil, err
		}
	}
	plan := experiment.NewPlan(env)
	planned, err := recipe.Seeded(o.Seed).In(plan, start)
	if err != nil {
		return nil, err
	}
	planned.Warn(env, start)
	plan.Watch = planned.watch(o.Say)
	if err := plan.With(ctx, planned.Model, func(model *gbert.Model) error {
		return o.Save(func(dir string) error { return planned.storage.save(model, dir) })
	}); err != nil {
		return nil, planned.blame(ctx, err)
	}
	result := planned.result(start, o.Out)
	if err := result.judge(ctx, env, start, o); err != nil {
		return nil, err
	}
	result.Provenance.Seconds = time.Since(began).Seconds()
	return result, writeRecord(filepath.Join(o.Out, RecordName), result)
}

// Warn tells the environment of a head that the first fine-tune replaces.
func (p *Planned) Warn(env *experiment.Environment, s *Start) {
	line := s.Model.Model.Replaced()
	if line == "" || env.Note == nil {
		return
	}
	first := slices.IndexFunc(p.Recipe.Steps, func(step Instruction) bool { _, ok := step.Do.(*FineTune); return ok })
	where := "fine-tuning on " + s.Train.Task.Name
	if first > 0 {
		where = p.Recipe.place(first)
	}
	env.Note(where + ": " + line)
}

// place names a step by its place in the recipe.
func (r *Recipe) place(step int) string {
	return fmt.Sprintf("%s, step %d of %d: %s", r.Name, step+1, len(r.Steps), r.Steps[step].Kind)
}

// watch says of each step that is done, in order, what came of it.
func (p *Planned) watch(say func(line string)) func(id string) {
	next := 0
	return func(id string) {
		for next < len(p.steps) && (p.steps[next].id == id || p.steps[next].id == "") {
			done := p.done(next)
			say(fmt.Sprintf("%s: %s, %d parameters", p.Recipe.place(next), done.Note, done.Parameters))
			next, id = next+1, ""
		}
	}
}

// blame names the step of the recipe that failed, with its line; what was stopped did not fail.
func (p *Planned) blame(ctx context.Context, err error) error {
	var failed *experiment.StepError
	if !errors.As(err, &failed) {
		return err
	}
	if ctx.Err() != nil {
		return failed.Err
	}
	if i := slices.IndexFunc(p.steps, func(s added) bool { return s.id == failed.ID }); i >= 0 {
		return p.Recipe.fault(p.Recipe.Steps[i], failed.Err)
	}
	return err
}

// result is what came of the recipe, before the model is judged.
func (p *Planned) result(s *Start, out string) *Result {
	result := &Result{
		Recipe: p.Recipe.Name, Title: p.Recipe.Title, Out: out, Retrained: p.Recipe.Retrained(), Quick: s.Quick, Seed: p.Recipe.Seed,
		Steps: p.Done(), Examples: s.Test.Len(), Metric: s.Test.Task.Metrics[0], Before: s.Model.Model.NumParameters(), Provenance: s.Provenance,
	}
	result.Provenance.Data = []experiment.DataProvenance{experiment.DescribeData("train", s.Train), experiment.DescribeData("test", s.Test)}
	return result
}

// judge evaluates the model as it was stored.
func (r *Result) judge(ctx context.Context, env *experiment.Environment, s *Start, o Options) error {
	model, err := gbert.Load(o.Out)
	if err != nil {
		return err
	}
	defer model.Close()
	r.Parameters = model.NumParameters()
	if r.Bytes, err = weightBytes(o.Out); err != nil || o.TestExamples < 0 {
		return err
	}
	session, err := gbert.NewSession(env.Backend, model)
	if err != nil {
		return err
	}
	defer session.Close()
	length := testLength
	if s.Test.Task.Kind == task.Spans {
		length = finetune.SpanLength
	}
	prepared, err := finetune.Prepare(env.Backend, model, s.Test, length, testBatch, 1)
	if err != nil {
		return err
	}
	env.NoteCut(s.Test, prepared.Cut(), min(length, model.Config.MaxPositionEmbeddings))
	evaluation, err := prepared.Evaluate(ctx, session, nil, env.Stage(r.Recipe+", judging"))
	if err != nil {
		return err
	}
	r.Score, r.Loss = evaluation.Metrics[r.Metric], evaluation.Loss
	return nil
}

// testLength is the number of tokens after which examples are cut when a model is judged or looked at, testBatch how many it reads at
// once; questions are read in longer windows.
const (
	testLength = 128
	testBatch  = 32
)
