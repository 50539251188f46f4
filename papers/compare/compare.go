package compare

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/safetensors"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
)

// Entry is a model to compare.
type Entry struct {
	// Name is the model's on tables and figures, Title what it is, in a line.
	Name  string
	Title experiment.Text
	// Dir is its folder, or its name for the hub.
	Dir string
	// Retrained says whether it was trained after it was made smaller; nil: not known.
	Retrained *bool
	// Combined says that several techniques made it.
	Combined bool
}

// Options say on what the models are compared. Zero values mean the defaults named with each field.
type Options struct {
	// Task is the task, Data the file or folder of its dev split; empty: found by name.
	Task, Data string
	// LabelsByNumber matches the models' classes with the task's by their numbers; by name otherwise.
	LabelsByNumber bool
	// Examples is how many of the dev split are used; 0: all.
	Examples int
	// Batches are the batch sizes at which models are timed; 1, 8 and 32.
	Batches []int
	// Length is the number of tokens of the timed rows; 64. Operations are counted for it too.
	Length int
	// Repeats is how often each model is timed; 15.
	Repeats int
	// Resamples are those of the bootstraps; 2000.
	Resamples int
	// Pairs are further models, by name, that are compared with each other.
	Pairs [][2]string
	// Memory measures a model's peak memory in a process of its own, [ChildMemory] for one; nil: not measured.
	Memory func(ctx context.Context, job MemoryJob) (*Memory, error)
}

func (o Options) filled() Options {
	if o.Batches == nil {
		o.Batches = []int{1, 8, 32}
	}
	for _, d := range []struct {
		value     *int
		otherwise int
	}{{&o.Length, 64}, {&o.Repeats, 15}, {&o.Resamples, 2000}} {
		if *d.value == 0 {
			*d.value = d.otherwise
		}
	}
	return o
}

// Check reports options with which nothing can be compared.
func (o Options) Check() error {
	o = o.filled()
	switch {
	case o.Length < 3 || o.Repeats < 1 || o.Resamples < 1 || o.Examples < 0:
		return fmt.Errorf("length %d, repeats %d, resamples %d, examples %d: at least 3, 1, 1 and 0 are needed", o.Length, o.Repeats, o.Resamples, o.Examples)
	case len(o.Batches) == 0:
		return errors.New("at least one batch size is needed")
	}
	for _, size := range o.Batches {
		if size < 1 || size > 4096 {
			return fmt.Errorf("batch size %d: it must be 1…4096", size)
		}
	}
	return nil
}

// Comparison is what was measured, as plain data.
type Comparison struct {
	Task     string        `json:"task"`
	Metric   string        `json:"metric"`
	Examples int           `json:"examples"`
	Length   int           `json:"length"`
	Batches  []int         `json:"batches"`
	Repeats  int           `json:"repeats"`
	Majority float64       `json:"majority,omitempty"` // the share of the largest class
	Models   []Measurement `json:"models"`             // the original first
	Pairs    []Pair        `json:"pairs,omitempty"`
	// Provenance is that of the original, the data and the machine.
	Provenance experiment.Provenance `json:"provenance"`
}

// Measurement is one model.
type Measurement struct {
	Name       string          `json:"name"`
	Title      experiment.Text `json:"title"`
	Dir        string          `json:"dir"`
	SHA256     string          `json:"sha256"` // of configuration and weights
	Retrained  *bool           `json:"retrained,omitempty"`
	Combined   bool            `json:"combined,omitempty"`
	Layers     int             `json:"layers"`
	Parameters int             `json:"parameters"`
	MACs       int             `json:"macs"` // of one example of Length tokens
	Sizes      Sizes           `json:"sizes"`
	// Score is the metric with its 95 % interval, Loss the mean loss.
	Score float64 `json:"score"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Loss  float64 `json:"loss"`
	// Truncated counts the examples that are longer than what the model reads of them, and were cut.
	Truncated int `json:"truncated,omitempty"`
	// Against compares it with the original; nil for the original itself. Drops are the resampled drops of the metric, ascending.
	Against *Pair     `json:"against_original,omitempty"`
	Drops   []float64 `json:"drops,omitempty"`
	// Logits is the largest difference of a logit from the original's; −1 where the logits are those of other tokens.
	Logits  float64   `json:"largest_logit_difference"`
	Latency []Latency `json:"latency"` // by batch size
	Memory  *Memory   `json:"memory,omitempty"`
}

// Sizes are the bytes of the file of weights.
type Sizes struct {
	Float32 int64 `json:"float32"`
	Stored  int64 `json:"stored"`
	Gzip    int64 `json:"gzip"` // Stored, after gzip
}

// contender is a model under way.
type contender struct {
	entry       Entry
	dir         string
	model       *gbert.Model
	fingerprint string
	stored      int64
	order       []int // of each output the task's class; nil for a regression
}

// Run compares models. What was measured is remembered below the environment's folder, model by model; times, which belong
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
	if len(entries) < 2 {
		return nil, errors.New("at least two models are needed: the original and another")
	}
	list, provenance, err := load(ctx, env, entries)
	for _, c := range list {
		defer c.model.Close()
	}
	if err != nil {
		return nil, err
	}
	data, err := testData(ctx, env, o, list[0].model)
	if err != nil {
		return nil, err
	}
	data = data.Labelled()
	provenance.Data = append(provenance.Data, experiment.DescribeData("test", data))
	r := &Comparison{
		Task: data.Task.Name, Metric: data.Task.Metrics[0], Examples: data.Len(), Length: o.Length, Batches: o.Batches, Repeats: o.Repeats,
		Majority: data.Majority(), Provenance: provenance,
	}
	w := &work{ctx, env, o, data, list, r}
	if err := w.match(); err != nil {
		return nil, err
	}
	if err := w.all(); err != nil {
		return nil, err
	}
	r.Provenance.Seconds = time.Since(began).Seconds()
	return r, nil
}

// testData loads the dev split, or as many of its examples as are wanted. A task custom is of the kind that the original's head is for; class names that the task does not have
// are the original's.
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
	return task.LoadDraw(ctx, experiment.Finder{Client: env.Hub}, t, "dev", o.Data, columns, task.Draw{N: o.Examples, Seed: sampleSeed})
}

// sampleSeed draws the examples where not all are used: those that recipes are judged on.
const sampleSeed = 202

// load opens the models. Names must differ.
func load(ctx context.Context, env *experiment.Environment, entries []Entry) ([]*contender, experiment.Provenance, error) {
	var list []*contender
	var provenance experiment.Provenance
	names := map[string]bool{}
	for i, entry := range entries {
		if names[entry.Name] || entry.Name == "" {
			return list, provenance, fmt.Errorf("the name %q: every model needs a name of its own", entry.Name)
		}
		names[entry.Name] = true
		model, resolved, err := env.Model(ctx, entry.Dir)
		if err != nil {
			return list, provenance, err
		}
		c := &contender{entry: entry, dir: resolved.Dir, model: model}
		list = append(list, c)
		if model.Outputs() == 0 {
			return list, provenance, fmt.Errorf("%s has no classification head: fine-tune it first", entry.Name)
		}
		if i == 0 {
			if provenance, err = env.Describe(model, resolved); err != nil {
				return list, provenance, err
			}
			c.fingerprint = provenance.ModelSHA256
		} else if c.fingerprint, err = model.Fingerprint(); err != nil {
			return list, provenance, err
		}
		if c.stored, err = storedBytes(c.dir); err != nil {
			return list, provenance, err
		}
	}
	return list, provenance, nil
}

// storedBytes is the size of a model's files of weights.
func storedBytes(dir string) (int64, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.safetensors"))
	if err != nil {
		return 0, err
	}
	if whole := filepath.Join(dir, safetensors.WeightsName); len(files) > 1 {
		if _, err := os.Stat(whole); err == nil {
			files = []string{whole}
		}
	}
	total := int64(0)
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return 0, err
		}
		total += info.Size()
	}
	return total, nil
}

// work is a comparison under way.
type work struct {
	ctx    context.Context
	env    *experiment.Environment
	o      Options
	data   *task.Dataset
	list   []*contender
	result *Comparison
}

func (w *work) all() error {
	answers := make([]*answers, len(w.list))
	for i, c := range w.list {
		m := Measurement{
			Name: c.entry.Name, Title: c.entry.Title, Dir: c.dir, SHA256: c.fingerprint, Retrained: c.entry.Retrained, Combined: c.entry.Combined,
			Layers: c.model.Config.NumHiddenLayers, Parameters: c.model.NumParameters(), MACs: c.model.MACs(w.length()).Total(),
		}
		var err error
		if answers[i], err = w.ask(c); err != nil {
			return fmt.Errorf("%s: %w", c.entry.Name, err)
		}
		if m.Sizes, err = w.sizes(c); err != nil {
			return fmt.Errorf("%s: %w", c.entry.Name, err)
		}
		if m.Memory, err = w.memory(c); err != nil {
			return fmt.Errorf("%s: %w", c.entry.Name, err)
		}
		w.result.Models = append(w.result.Models, m)
	}
	if err := w.judge(answers); err != nil {
		return err
	}
	return w.times()
}

// length is the number of tokens of the timed rows, which every model must be able to read.
func (w *work) length() int {
	length := w.o.Length
	for _, c := range w.list {
		length = min(length, c.model.Config.MaxPositionEmbeddings)
	}
	w.result.Length = length
	return length
}

// store opens the store of what was measured on models; what belongs to the measurement is in identity.
func (w *work) store(what string, identity map[string]any, models ...*contender) (*experiment.Store, error) {
	fingerprints := make([]string, len(models)) // in order: results of several models are lists
	for i, c := range models {
		fingerprints[i] = c.fingerprint
	}
	identity["models"] = fingerprints
	identity["compare"], identity["backend"] = what, w.env.Choice.Name
	identity["versions"] = experiment.ComputeVersions(w.result.Provenance.Versions)
	return experiment.Open(w.ctx, w.env.Dir, identity)
}

// testLength is the number of tokens after which examples are cut, testBatch how many are computed at once.
const (
	testLength = 128
	testBatch  = 32
)

// testLength is the number of tokens after which the test set's examples are cut, or of their windows.
func (w *work) testLength() int {
	if w.data.Task.Kind == task.Spans {
		return finetune.SpanLength
	}
	return testLength
}

// prepared is the test set as a model reads it.
func (w *work) prepared(c *contender) (*finetune.Prepared, error) {
	data, err := w.dataFor(c)
	if err != nil {
		return nil, err
	}
	p, err := finetune.Prepare(w.env.Backend, c.model, data, min(w.testLength(), c.model.Config.MaxPositionEmbeddings), testBatch, 1)
	if err != nil {
		return nil, err
	}
	return p, p.CheckLabels(c.model)
}
