package compare

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
)

// Run compares models in folders. What was measured is remembered below the environment's folder, model by model; times, which belong
// together, as one.
func Run(ctx context.Context, env *experiment.Environment, entries []Entry, o Options) (*Comparison, error) {
	comparison, err := run(ctx, env, entries, o.filled())
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	return comparison, nil
}

func run(ctx context.Context, env *experiment.Environment, entries []Entry, o Options) (*Comparison, error) {
	began := time.Now()
	if err := o.Check(); err != nil {
		return nil, err
	}
	if err := checkNames(entries); err != nil {
		return nil, err
	}
	models, provenance, err := load(ctx, env, entries)
	for _, model := range models {
		defer model.Close()
	}
	if err != nil {
		return nil, err
	}
	entries = within(entries, o.Runtimes)
	data, err := testData(ctx, env, o, models[0])
	if err != nil {
		return nil, err
	}
	plan := experiment.NewPlan(env)
	collect, err := Plan(plan, data.Labelled(), entries, o, provenance)
	if err != nil {
		return nil, err
	}
	if err := plan.Run(ctx); err != nil {
		return nil, err
	}
	comparison, err := collect()
	if err != nil {
		return nil, err
	}
	comparison.Provenance.Seconds = time.Since(began).Seconds()
	return comparison, nil
}

// testData loads the dev split, or as many of its examples as are wanted. A task custom is of the kind that the original's head is for;
// class names that the task does not have are the original's.
func testData(ctx context.Context, env *experiment.Environment, o Options, original *gbert.Model) (*task.Dataset, error) {
	t, err := task.Lookup(o.Task)
	if err != nil {
		return nil, err
	}
	if t.Name == "custom" {
		if t, err = task.Own(finetune.KindOf(original)); err != nil {
			return nil, err
		}
	}
	var columns task.Columns
	if t.Kind.Named() && len(t.Labels) == 0 {
		columns.Labels = finetune.LabelsOf(original)
	}
	return task.LoadDraw(ctx, experiment.Finder{Client: env.Hub}, t, "dev", o.Data, columns, task.Draw{N: o.Examples, Seed: experiment.DevSample})
}

// checkNames reports entries that are too few, or not told apart by their names.
func checkNames(entries []Entry) error {
	if len(entries) < 2 {
		return errors.New("at least two models are needed: the original and another")
	}
	names := map[string]bool{}
	for _, entry := range entries {
		if names[entry.Name] || entry.Name == "" {
			return fmt.Errorf("the name %q: every model needs a name of its own", entry.Name)
		}
		names[entry.Name] = true
	}
	return nil
}

// load opens the models of entries and puts them there.
func load(ctx context.Context, env *experiment.Environment, entries []Entry) (models []*gbert.Model, provenance experiment.Provenance, err error) {
	for i := range entries {
		entry := &entries[i]
		model, resolved, err := env.Model(ctx, entry.Dir)
		if err != nil {
			return models, provenance, err
		}
		models = append(models, model)
		if model.Outputs() == 0 {
			return models, provenance, fmt.Errorf("%s has no classification head: fine-tune it first", entry.Name)
		}
		described, err := env.Describe(model, resolved)
		if err != nil {
			return models, provenance, err
		}
		if i == 0 {
			provenance = described
		}
		entry.Dir, entry.Positions = resolved.Dir, model.Config.MaxPositionEmbeddings
		entry.Model = &experiment.Pretrained{Model: model, SHA256: described.ModelSHA256}
	}
	return models, provenance, nil
}

// planned is a comparison whose steps stand in a plan.
type planned struct {
	entries []Entry
	models  []modelSteps
	named   [][2]string                 // the further pairs
	pairs   []*experiment.Node[judged]  // of these
	times   []*experiment.Node[timings] // by batch size
	result  *Comparison
}

// modelSteps are the steps on one model.
type modelSteps struct {
	shape   *experiment.Node[shape]
	sizes   *experiment.Node[Sizes]
	memory  *experiment.Node[*experiment.Memory] // nil: it is not measured
	answers *experiment.Node[answers]
	alone   *experiment.Node[judged]
	against *experiment.Node[judged] // the original; nil for itself
}

// Plan adds the steps of a comparison to a plan; each entry has its model. The function that it returns puts their results together, and
// provenance is that of the original.
func Plan(p *experiment.Plan, data *task.Dataset, entries []Entry, o Options, provenance experiment.Provenance) (func() (*Comparison, error), error) {
	o = o.filled()
	if err := errors.Join(o.Check(), checkNames(entries)); err != nil {
		return nil, err
	}
	for _, entry := range entries { // every model must be able to read the rows that are timed
		o.Length = min(o.Length, entry.Positions)
	}
	provenance.Data = append(provenance.Data[:len(provenance.Data):len(provenance.Data)], experiment.DescribeData("test", data))
	c := &planned{entries: entries, result: &Comparison{
		Task: data.Task.Name, Metric: data.Task.Metrics[0], Examples: data.Len(), Length: o.Length, Batches: o.Batches, Repeats: o.Repeats,
		Majority: data.Majority(), Provenance: provenance,
	}}
	sample, err := experiment.NewSample(data)
	if err != nil {
		return nil, err
	}
	var text experiment.Judging // as the original reads it
	for i, entry := range entries {
		asked, err := o.ask(entry, data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name, err)
		}
		if i == 0 {
			text = asked.Judging
		}
		if err := c.add(p, entry, asked, sample, o); err != nil {
			return nil, err
		}
	}
	for _, names := range o.Pairs {
		i, j := c.index(names[0]), c.index(names[1])
		if i < 0 || j < 0 {
			return nil, fmt.Errorf("the pair %q: there is no such model", names)
		}
		c.named, c.pairs = append(c.named, names), append(c.pairs, c.pair(p, i, j, sample, o))
	}
	c.addTimes(p, text, o)
	return c.collect, nil
}

// add adds the steps on one model.
func (c *planned) add(p *experiment.Plan, entry Entry, asked askInputs, sample experiment.Sample, o Options) error {
	machine, name := c.result.Provenance.Machine, entry.Name
	on := fileInputs{Model: entry.Model, Dir: entry.Dir, Name: name, Runtime: entry.Runtime}
	if _, ok := entry.Model.(*experiment.Pretrained); ok {
		var err error
		if on.Stored, err = gbert.WeightBytes(entry.Dir); err != nil {
			return err
		}
	}
	i := len(c.models)
	c.models = append(c.models, modelSteps{
		answers: ask.Of(p, asked), sizes: measureFile.Of(p, on),
		shape: count.Of(p, shapeInputs{Model: entry.Model, Length: o.Length, Name: name}),
	})
	m := &c.models[i]
	if p.Environment().Memory != nil && entry.Runtime == "" {
		m.memory = measureMemory.Of(p, memoryInputs{on, o.Batches[len(o.Batches)-1], o.Length, machine})
	}
	m.alone = compareAnswers.Of(p, pairInputs{Sample: sample, A: m.answers, Resamples: o.Resamples, Name: name})
	if i > 0 {
		m.against = c.pair(p, 0, i, sample, o)
	}
	return nil
}

// pair compares models i and j: i − j.
func (c *planned) pair(p *experiment.Plan, i, j int, sample experiment.Sample, o Options) *experiment.Node[judged] {
	return compareAnswers.Of(p, pairInputs{
		Sample: sample, A: c.models[i].answers, B: c.models[j].answers, Resamples: o.Resamples, Name: c.entries[i].Name + " − " + c.entries[j].Name,
	})
}

func (c *planned) index(name string) int {
	return slices.IndexFunc(c.entries, func(entry Entry) bool { return entry.Name == name })
}

// addTimes times all models in turn.
func (c *planned) addTimes(p *experiment.Plan, text experiment.Judging, o Options) {
	in := timeInputs{Text: text, Length: o.Length, Repeats: o.Repeats, Machine: c.result.Provenance.Machine}
	in.Text.Model = nil
	for _, entry := range c.entries {
		in.Models, in.Names = append(in.Models, entry.Model), append(in.Names, entry.Name)
		in.Runtimes = append(in.Runtimes, entry.Runtime)
	}
	if !slices.ContainsFunc(in.Runtimes, func(r Runtime) bool { return r != "" }) {
		in.Runtimes = nil
	}
	for _, size := range o.Batches {
		in.Batch = size
		c.times = append(c.times, timeModels.Of(p, in))
	}
}

// collect puts the steps' results together.
func (c *planned) collect() (*Comparison, error) {
	r := c.result
	for i, entry := range c.entries {
		steps := &c.models[i]
		s, a, alone := steps.shape.Result(), steps.answers.Result(), steps.alone.Result()
		m := Measurement{
			Name: entry.Name, Title: entry.Title, Dir: entry.Dir, SHA256: experiment.Fingerprint(entry.Model), Retrained: entry.Retrained, Combined: entry.Combined, Runtime: entry.Runtime,
			Layers: s.Layers, Parameters: s.Parameters, MACs: s.MACs, Sizes: steps.sizes.Result(),
			Score: a.Score, Low: alone.Metric.Low, High: alone.Metric.High, Loss: stat.Mean(a.Losses, nil), Truncated: a.Cut,
		}
		if steps.memory != nil {
			m.Memory = steps.memory.Result()
		}
		if steps.against != nil {
			against := steps.against.Result()
			m.Against, m.Drops, m.Logits = against.between(c.entries[0].Name, entry.Name), against.Drawn, against.Logits
		}
		for k, size := range r.Batches {
			m.Latency = append(m.Latency, latency(size, c.times[k].Result(), i))
		}
		r.Models = append(r.Models, m)
	}
	r.Provenance.ModelSHA256 = r.Models[0].SHA256
	for k, names := range c.named {
		r.Pairs = append(r.Pairs, *c.pairs[k].Result().between(names[0], names[1]))
	}
	return r, nil
}
