package recipes

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// Start is what recipes begin with.
type Start struct {
	// Model is the pretrained model, Train the examples for training, Test those of dev.
	Model       *experiment.Pretrained
	Train, Test *task.Dataset
	// Provenance says where the model comes from.
	Provenance experiment.Provenance
	// Quick trains for minutes on two cores, see [Training.Quick].
	Quick bool

	samples map[int]experiment.Sample // of Train, by size
}

// Begin finds a pretrained model and a task's data in a folder, or by name where data is empty. labels are the names of the classes where
// the data have them as 0/1 columns or as numbers; see [task.Columns]. The caller closes the model.
func Begin(ctx context.Context, env *experiment.Environment, model, taskName, data string, labels []string) (*Start, error) {
	loaded, resolved, err := env.Model(ctx, model)
	if err != nil {
		return nil, err
	}
	s := &Start{samples: map[int]experiment.Sample{}}
	if s.Provenance, err = env.Describe(loaded, resolved); err == nil {
		s.Model = &experiment.Pretrained{Model: loaded, SHA256: s.Provenance.ModelSHA256}
		err = s.load(ctx, env, taskName, data, labels)
	}
	if err != nil {
		return nil, errors.Join(err, loaded.Close())
	}
	return s, nil
}

// load reads both splits of the task. Where the class names of both come from their examples, and are not the same ones, they are read
// again with all of them.
func (s *Start) load(ctx context.Context, env *experiment.Environment, taskName, data string, labels []string) error {
	t, err := task.Lookup(taskName)
	if err != nil {
		return err
	}
	read := func(labels []string) (err error) {
		for split, to := range map[string]**task.Dataset{"train": &s.Train, "dev": &s.Test} {
			if *to, err = task.LoadDraw(ctx, experiment.Finder{Client: env.Hub}, t, split, data, task.Columns{Labels: labels}, task.Draw{}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := read(labels); err != nil {
		return err
	}
	if kind := s.Train.Task.Kind; kind != task.MultiLabel && kind != task.Tagging || slices.Equal(s.Train.Task.Labels, s.Test.Task.Labels) {
		return nil
	}
	return read(task.UnionOfLabels(s.Train.Task.Labels, s.Test.Task.Labels))
}

// sample are n training examples, the same ones for every step that asks for as many; 0: all.
func (s *Start) sample(n int) (experiment.Sample, error) {
	if sample, ok := s.samples[n]; ok {
		return sample, nil
	}
	drawn, err := experiment.AtMost(s.Train, n, experiment.TrainSample)
	if err != nil {
		return experiment.Sample{}, err
	}
	s.samples[n], err = experiment.NewSample(drawn)
	return s.samples[n], err
}

// course is a recipe on its way into a plan.
type course struct {
	plan   *experiment.Plan
	start  *Start
	recipe *Recipe

	index  int                    // of the step
	model  experiment.ModelSource // as the steps before it leave it
	layers int                    // that it then has
	narrow bool                   // its word table is factored
	fewer  bool                   // its vocabulary has become smaller
	// teacher is the model as the first fine-tune leaves it; nil before that.
	teacher experiment.ModelSource
	head    *gbert.Model // the pretrained model with the task's head, whose shape the teacher's is
}

// Planned is a recipe whose steps stand in a plan.
type Planned struct {
	Recipe *Recipe
	// Model is the finished model, before it is written.
	Model experiment.ModelSource

	steps     []added
	arguments []Operation
	storage   *Store
}

// added is a step of a recipe in a plan. What it came to and how long it took are there when its result is.
type added struct {
	id      string // in the plan; empty: nothing is computed
	model   experiment.ModelSource
	came    func() came
	seconds func() float64
}

// came is what is known of a step that was done.
type came struct {
	Note       string `json:"note"`
	Parameters int    `json:"parameters"` // of the model after it
}

// put adds a step to a plan.
func put[In any](d *experiment.ModelDefinition[In, came], p *experiment.Plan, in In) added {
	n := d.Of(p, in)
	return added{n.ID(), n, n.Result, n.Seconds}
}

// In adds the recipe's steps to a plan, and reports what cannot be done before anything is. Recipes that begin alike share their
// beginning.
func (r *Recipe) In(p *experiment.Plan, s *Start) (*Planned, error) {
	config := s.Model.Model.Config
	if err := r.Check(config.NumHiddenLayers); err != nil {
		return nil, err
	}
	if s.Train.Task.Kind == task.Regression && r.distils() {
		return nil, fmt.Errorf("soft targets need classes, and %s asks for a number: take a recipe without distillation", s.Train.Task.Name)
	}
	head, err := finetune.FreshHead(s.Model.Model, s.Train.Task, r.Seed)
	if err != nil {
		return nil, err
	}
	c := &course{plan: p, start: s, recipe: r, model: s.Model, layers: config.NumHiddenLayers, narrow: !config.Embedding.IsPlain(), head: head}
	planned := &Planned{Recipe: r, storage: &Store{As: "float32"}}
	for i, step := range r.Steps {
		c.index = i
		arguments := c.effective(step.Do)
		next, err := arguments.add(c)
		if err != nil {
			return nil, r.fault(step, err)
		}
		if _, ok := step.Do.(*FineTune); ok && c.teacher == nil {
			c.teacher = next.model
		}
		if last, ok := step.Do.(*Store); ok {
			planned.storage = last
			next.came = stored(planned.steps[i-1], last)
		}
		c.model = next.model
		planned.steps, planned.arguments = append(planned.steps, next), append(planned.arguments, arguments)
	}
	planned.Model = c.model
	return planned, nil
}

// stored says of the last step how the model of the step before it is written.
func stored(before added, s *Store) func() came {
	return func() came { return came{"stored as " + s.As, before.came().Parameters} }
}

// effective is an operation with the training that is really done.
func (c *course) effective(op Operation) Operation {
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

// training is a step's training as it is done.
func (c *course) training(t Training) Training {
	switch {
	case !c.start.Quick:
		return t
	case c.teacher == nil:
		return t.Quick(QuickFirst)
	}
	return t.Quick(QuickLater)
}

// seed is that of the present step: a second training draws another order and other dropout than the first.
func (c *course) seed() uint64 { return c.recipe.Seed + uint64(c.index) }

// title names a step for people.
type title func(say *words.Printer) string

// title names the present step.
func (c *course) title() title {
	recipe, step := c.recipe, c.index
	return func(say *words.Printer) string {
		return say.F("%s: %s (%d of %d)", recipe.Name, say.Name(recipe.Steps[step].Kind), step+1, len(recipe.Steps))
	}
}

// Done are the steps that were done.
func (p *Planned) Done() []Done {
	list := make([]Done, len(p.steps))
	for i := range p.steps {
		list[i] = p.done(i)
	}
	return list
}

// done is a step that was done.
func (p *Planned) done(i int) Done {
	step := p.steps[i]
	known := step.came()
	return Done{Kind: p.Recipe.Steps[i].Kind, Arguments: p.arguments[i], Note: known.Note, Parameters: known.Parameters, Seconds: step.seconds()}
}

// storeInputs are a model, and how and where it is written.
type storeInputs struct {
	Model experiment.ModelSource
	As    string
	// Folder is where the model is kept, seen from the environment's folder.
	Folder string
	Title  title `json:"-"`

	record func(dir string) error // says beside the model how it was made
}

// storing writes the model of a recipe. Steps that stand on it read what was written.
var storing = &experiment.ModelDefinition[storeInputs, struct{}]{
	Name: "model of a recipe", Version: 1,
	Title:  func(say *words.Printer, in storeInputs) string { return in.Title(say) },
	Folder: func(in storeInputs) string { return in.Folder },
	Save: func(in storeInputs, model *gbert.Model, dir string) error {
		if err := (&Store{As: in.As}).save(model, dir); err != nil {
			return err
		}
		return in.record(dir)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in storeInputs) (*gbert.Model, struct{}, error) {
		return w.Model(in.Model), struct{}{}, nil
	},
}

// Stored adds the step to a plan that leaves the finished model in a folder below the environment's, as the recipe stores it, with what
// [ReadRecord] reads beside it.
func (p *Planned) Stored(plan *experiment.Plan, s *Start, folder string) *experiment.ModelNode[struct{}] {
	return storing.Of(plan, storeInputs{
		Model: p.Model, As: p.storage.As, Folder: filepath.Join(folder, p.Recipe.Name),
		Title:  func(say *words.Printer) string { return say.F("%s: the model is written", p.Recipe.Name) },
		record: func(dir string) error { return p.record(s, dir) },
	})
}

// record writes how the model in a folder was made. It was not judged.
func (p *Planned) record(s *Start, dir string) error {
	result := p.result(s, dir)
	for _, step := range result.Steps {
		result.Parameters = step.Parameters
		result.Provenance.Seconds += step.Seconds
	}
	var err error
	if result.Bytes, err = weightBytes(dir); err != nil {
		return err
	}
	return writeRecord(filepath.Join(dir, RecordName), result)
}
