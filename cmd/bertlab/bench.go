package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/spf13/pflag"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/hub"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
)

// defaultTask is the task of a model that says nothing about its own.
const defaultTask = "movies"

// dataFlags say which examples are read, and how the model reads them.
type dataFlags struct {
	split     string
	columns   task.Columns
	examples  int
	maxLength int
	batch     int
	passes    int  // how often the examples will be computed, 0: once
	headless  bool // the model needs no classification head, and the data no labels
	unjudged  bool // examples without a label are kept beside others
	kindFlags

	flags *pflag.FlagSet
}

func (d *dataFlags) add(flags *pflag.FlagSet) {
	d.flags = flags
	flags.IntVar(&d.maxLength, "max-length", 128, "tokens after which a text is cut, special tokens included; texts with tags and those with answers are read in windows of so many (questions: 384)")
	flags.IntVar(&d.batch, "batch", 0, "examples in a batch (default: up to 32, fewer where long texts in a wide model would take much memory)")
	flags.IntVar(&d.examples, "examples", 0, "use only so many examples, drawn at random with --seed (0: all)")
	flags.StringVar(&d.columns.Text, "text-column", "", "column of the text, for files of your own")
	flags.StringVar(&d.columns.Pair, "pair-column", "", "column of the second text")
	flags.StringVar(&d.columns.Label, "label-column", "", "column of the label or target, of the lists of labels or tags, or of the answers")
	flags.StringVar(&d.columns.ID, "id-column", "", "column of the id")
	flags.StringSliceVar(&d.columns.Labels, "labels", nil, "the class names in order, for tasks that have none of their own; of 0/1 columns their names")
	flags.BoolVar(&d.columns.LabelsByNumber, "labels-by-number", false, "match the classes of model and data by their numbers, whatever their names")
	flags.BoolVar(&d.columns.SkipMalformed, "skip-malformed", false, "leave malformed rows out, and count them, instead of stopping")
	d.kindFlags.add(flags)
}

// addSplit adds the flag of commands that read one split.
func (d *dataFlags) addSplit(flags *pflag.FlagSet) {
	flags.StringVar(&d.split, "split", "dev", "train, dev or test; a file is always read as a whole")
}

func (d *dataFlags) check() error {
	switch {
	case d.maxLength < 3:
		return wrongCallf("--max-length %d: [CLS], a token and [SEP] need 3", d.maxLength)
	case d.batch < 1 && d.flags.Changed("batch"):
		return wrongCallf("--batch %d: at least 1 is needed", d.batch)
	case d.examples < 0:
		return wrongCallf("--examples %d: give a number above 0, or 0 for all", d.examples)
	}
	return d.kindFlags.check()
}

func (a *app) hub() *hub.Client {
	return hub.New(hub.Options{Progress: a.meter.Bytes, Log: func(line string) { a.meter.Say("%s", line) }})
}

// modelInfo says which model a result is about.
type modelInfo struct {
	hub.Resolved
	SHA256     string            `json:"sha256"` // of configuration and weights, see gbert's Fingerprint
	Parameters int               `json:"parameters"`
	Labels     int               `json:"labels"`
	History    []gbert.Operation `json:"history,omitempty"`
}

// openModel finds and loads the model that --model names. The caller closes it.
func (a *app) openModel(ctx context.Context) (*gbert.Model, *modelInfo, error) {
	found, err := a.hub().Model(ctx, a.model)
	if err != nil {
		return nil, nil, err
	}
	model, err := gbert.Load(found.Dir)
	if err != nil {
		return nil, nil, err
	}
	for _, note := range model.Notes() {
		a.meter.Warn("%s: %s", found.Dir, note)
	}
	if err := model.CheckFinite(); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", found.Dir, err), model.Close())
	}
	sum, err := model.Fingerprint()
	if err != nil {
		return nil, nil, errors.Join(err, model.Close())
	}
	return model, &modelInfo{
		Resolved: *found, SHA256: sum, Parameters: model.NumParameters(), Labels: model.NumLabels(), History: model.Config.History,
	}, nil
}

// notePairs says what matters of a model's tokenizer for pairs of texts, where the data have them.
func (a *app) notePairs(model *gbert.Model, data *task.Dataset) {
	if model.Tokenizer == nil || !data.Task.Pair && data.Task.Kind != task.Spans {
		return
	}
	if note := model.Tokenizer.PairNote(); note != "" {
		a.meter.Warn("note: %s", note)
	}
}

// lookupTask gives the task that --task names, else the one that the model was fine-tuned on, else the default one for the
// default data.
func (a *app) lookupTask(model *gbert.Model, ownFiles bool) (*task.Task, error) {
	name := a.task
	if name == "" && model != nil {
		for _, operation := range model.Config.History {
			if trained, ok := operation.Arguments["task"].(string); ok && operation.Name == "finetune" {
				name = trained
			}
		}
	}
	if name == "" {
		if ownFiles {
			return nil, wrongCallf("say with --task what the data are: one of %s", strings.Join(task.Names(), ", "))
		}
		name = defaultTask
	}
	t, err := task.Lookup(name)
	if err != nil {
		return nil, wrongCall{err}
	}
	return t, nil
}

// loadData reads a split from a file, a folder or, for an empty source, the task's own place: all of it, or so many examples.
func (a *app) loadData(ctx context.Context, t *task.Task, split, source string, d *dataFlags, examples int) (*task.Dataset, error) {
	return task.LoadDraw(ctx, experiment.Finder{Client: a.hub()}, t, split, source, d.columns,
		task.Draw{N: examples, Seed: a.seed, Unlabelled: d.headless || d.unjudged})
}

func (a *app) openBackend(ctx context.Context) (compute.Backend, *backend.Choice, error) {
	b, choice, err := backend.Open(ctx, backend.Options{Name: a.backend, Progress: a.meter.Bytes, Log: func(line string) { a.meter.Say("%s", line) }})
	if err != nil {
		return nil, nil, err
	}
	if choice.Warning != "" {
		a.meter.Warn("warning: %s", choice.Warning)
	}
	return b, choice, nil
}

// provenance says what a result was computed from and with.
type provenance struct {
	Model     *modelInfo        `json:"model"`
	Task      string            `json:"task"`
	Data      *task.Dataset     `json:"data"`
	MaxLength int               `json:"max_length"`
	Truncated int               `json:"truncated,omitempty"` // examples that are longer, and were cut
	BatchSize int               `json:"batch_size"`
	Seed      uint64            `json:"seed"`
	Backend   *backend.Choice   `json:"backend"`
	Versions  map[string]string `json:"versions"`
	Seconds   float64           `json:"seconds"` // of the whole command
}

// bench is a model with its data on a backend.
type bench struct {
	provenance
	model    *gbert.Model
	backend  compute.Backend
	session  *gbert.Session
	prepared *finetune.Prepared
	began    time.Time
}

// openBench opens what evaluating commands need. check, if not nil, sees the model before the data are read.
func (a *app) openBench(ctx context.Context, d *dataFlags, check func(*gbert.Model) error) (_ *bench, err error) {
	b := &bench{began: time.Now()}
	if err := d.check(); err != nil {
		return nil, err
	}
	if a.task != "" {
		if _, err := a.lookupTask(nil, false); err != nil {
			return nil, err
		}
	}
	var info *modelInfo
	if b.model, info, err = a.openModel(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	if check != nil {
		if err := check(b.model); err != nil {
			return nil, err
		}
	}
	t, err := a.lookupTask(b.model, a.data != "")
	if err != nil {
		return nil, err
	}
	if t, err = d.apply(t, b.model, a.task != ""); err != nil {
		return nil, err
	}
	if head, want := b.model.Head(), finetune.HeadFor(t.Kind); head != want && !d.headless {
		has := "has no classification head"
		if b.model.Outputs() > 0 || want != gbert.SequenceHead {
			has = fmt.Sprintf("has a head for %s, and the task %s needs one for %s", head, t.Name, want)
		}
		return nil, fmt.Errorf("%s %s; train one: bertlab finetune --model %s --task %s --out DIR", info.Dir, has, info.Name, t.Name)
	}
	if len(t.Labels) == 0 && t.Kind.Named() && len(d.columns.Labels) == 0 {
		d.columns.Labels = finetune.LabelsOf(b.model)
	}
	data, err := a.loadData(ctx, t, d.split, a.data, d, d.examples)
	if err != nil {
		return nil, err
	}
	a.notePairs(b.model, data)
	if !d.headless {
		if err := finetune.CheckHead(b.model, data.Task); err != nil {
			return nil, err
		}
		if data, err = a.matchLabels(b.model, data, d.columns.LabelsByNumber); err != nil {
			return nil, err
		}
	}
	var choice *backend.Choice
	if b.backend, choice, err = a.openBackend(ctx); err != nil {
		return nil, err
	}
	if b.prepared, err = finetune.Prepare(b.backend, b.model, data, d.length(t), d.batch, max(d.passes, 1)); err != nil {
		return nil, err
	}
	if b.session, err = gbert.NewSession(b.backend, b.model); err != nil {
		return nil, err
	}
	cut := b.prepared.Cut()
	a.sayCut("", cut, data, b.model, d.length(t))
	b.provenance = provenance{
		Model: info, Task: t.Name, Data: data, MaxLength: d.length(t), Truncated: cut, BatchSize: b.prepared.BatchSize(), Seed: a.seed,
		Backend: choice, Versions: backend.Versions(),
	}
	return b, nil
}

// matchLabels refuses data whose classes have other names than the model's, and says so where the same names stand in another order;
// [finetune.Prepare] matches them. byNumber takes the model's names for the data's classes, number by number.
func (a *app) matchLabels(m *gbert.Model, data *task.Dataset, byNumber bool) (*task.Dataset, error) {
	model := m.Config.Labels
	if m.NumLabels() == 0 {
		return data, nil
	}
	if byNumber {
		return data.ByNumber(model)
	}
	matched, err := data.InOrder(model)
	if err != nil {
		return nil, err
	}
	if data.Numbered(model) && matched != data {
		a.meter.Warn("the model's classes are %q, the task's %q, and the data give numbers: they are matched by number", model, data.Task.Labels)
		return matched, nil
	}
	if matched != data {
		a.meter.Warn("the model's classes are %q, the task's %q: they are matched by name", model, data.Task.Labels)
	}
	return data, nil
}

// sayCut says how many examples were longer than what a model reads of them. which may name their set.
func (a *app) sayCut(which string, cut int, data *task.Dataset, m *gbert.Model, maxLength int) {
	if cut > 0 {
		a.meter.Warn("%d of the %d %sexamples are longer than %d tokens and were cut", cut, data.Len(), which, min(maxLength, m.Config.MaxPositionEmbeddings))
	}
}

// stamp is the provenance with the time that the command took so far.
func (b *bench) stamp() provenance {
	p := b.provenance
	p.Seconds = time.Since(b.began).Seconds()
	return p
}

func (b *bench) Close() {
	if b.session != nil {
		b.session.Close()
	}
	if b.backend != nil {
		b.backend.Finalize()
	}
	_ = b.model.Close() // it was only read
}

// printProvenance writes the lines under a result.
func printProvenance(w io.Writer, p provenance) {
	fmt.Fprintf(w, "model\t%s\n", p.Model.Dir)
	fmt.Fprintf(w, "data\t%s\n", p.Data)
	fmt.Fprintf(w, "backend\t%s\n", p.Backend.Name)
	fmt.Fprintf(w, "time\t%.1f s\n", p.Seconds)
}

func printMetrics(w io.Writer, e *finetune.Evaluation, t *task.Task) {
	for _, metric := range t.Metrics {
		if value, ok := e.Metrics[metric]; ok {
			fmt.Fprintf(w, "%s\t%.4f\n", metric, value)
		}
	}
	fmt.Fprintf(w, "loss\t%.4f\n", e.Loss)
	fmt.Fprintf(w, "examples\t%d\n", e.Examples)
}
