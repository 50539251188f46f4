package workbench

import (
	"context"
	"strings"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
)

// DefaultTask is the task of a model that says nothing about its own.
const DefaultTask = "movies"

// Reading says which examples are read, and how a model reads them. Its fields are those of the flags.
type Reading struct {
	Task, Data string // empty: the task that the model was fine-tuned on, and the task's own data
	Split      string
	Columns    task.Columns
	Examples   int // drawn at random; 0: all
	// MaxLength is the number of tokens after which a text is cut. Unless Exact, it is only the usual one: a smaller limit of the model or
	// its tokenizer counts, and questions have windows of their own usual length.
	MaxLength int
	Exact     bool
	Batch     int // 0: as many examples as memory bears
	// BatchGiven says that --batch named the number, which 0 is not.
	BatchGiven bool

	Kind    string // of a task custom; empty: that of the model's head
	Answers task.Answers

	Runtime string // what computes the logits: one of Runtimes; empty: XLA

	Devices int // how many devices of the backend compute; 0: every GPU, or one of a CPU
	// DevicesGiven says that --devices named the number, which 0 is not.
	DevicesGiven bool

	Passes   int  // how often the examples will be computed, 0: once
	Headless bool // the model needs no classification head, and the data no labels
	singles  bool // pairs are read as single texts, without the model's head
	Unjudged bool // examples without a label are kept beside others
}

// Check reports what is wrong with the values of flags.
func (r *Reading) Check() error {
	switch {
	case r.MaxLength < 3:
		return call.Wrongf("--max-length %d: [CLS], a token and [SEP] need 3", r.MaxLength)
	case r.Batch < 1 && r.BatchGiven:
		return call.Wrongf("--batch %d: at least 1 is needed", r.Batch)
	case r.Examples < 0:
		return call.Wrongf("--examples %d: give a number above 0, or 0 for all", r.Examples)
	case r.Devices < 1 && r.DevicesGiven:
		return call.Wrongf("--devices %d: at least 1 is needed", r.Devices)
	case r.Devices > 0 && r.Runtime != "" && r.Runtime != XLA:
		return call.Wrongf("--devices %d are devices of --runtime %s; --runtime %s has threads of its own", r.Devices, XLA, r.Runtime)
	case r.Answers.Stride < 0 || r.Answers.Longest < 0:
		return call.Wrongf("--doc-stride %d and --max-answer-length %d must not be negative", r.Answers.Stride, r.Answers.Longest)
	}
	if r.Runtime != "" {
		if err := call.Choose("runtime", r.Runtime, Runtimes...); err != nil {
			return err
		}
	}
	if r.Kind != "" {
		if err := call.Choose("kind", r.Kind, task.Kinds()...); err != nil {
			return err
		}
	}
	if r.Split != "" && r.Split != "validation" { // another name of dev
		return call.Choose("split", r.Split, "train", "dev", "test")
	}
	return nil
}

// LookupTask gives the task of a name, which may be empty: then it is the one that the model was fine-tuned on, or the default one for
// its own data.
func LookupTask(name string, model *gbert.Model, ownFiles bool) (*task.Task, error) {
	if name == "" && model != nil {
		name = trainedOn(model)
	}
	if name == "" {
		if ownFiles {
			return nil, call.Wrongf("say with --task what the data are: one of %s", strings.Join(task.Names(), ", "))
		}
		name = DefaultTask
	}
	t, err := task.Lookup(name)
	if err != nil {
		return nil, call.Wrongf("%w%s", err, call.Meant(name, task.Names()))
	}
	return t, nil
}

// trainedOn is the task that a model was fine-tuned on; empty where it was on none.
func trainedOn(model *gbert.Model) (name string) {
	for _, operation := range model.Config.History {
		if trained, ok := operation.Arguments["task"].(string); ok && operation.Name == "finetune" {
			name = trained
		}
	}
	return name
}

// taskFor is a task with the kind that was asked for, and with how answers are found. Where no kind was named, a task custom is of the
// kind that the outputs of the model's head are for; where nobody asked for custom, because the model was fine-tuned on it, tokens'
// heads included.
func (r *Reading) taskFor(t *task.Task, model *gbert.Model, asked bool) (*task.Task, error) {
	kind := t.Kind
	switch {
	case r.Kind != "" && t.Name != "custom":
		if r.Kind != kind.String() {
			return nil, call.Wrongf("--kind %s: the task %s is one of %s; --task custom takes any kind", r.Kind, t.Name, kind)
		}
	case r.Kind != "":
		if err := kind.UnmarshalText([]byte(r.Kind)); err != nil {
			return nil, call.Wrap(err)
		}
	case t.Name == "custom" && model != nil && (!asked || !model.Head().PerToken()):
		kind = finetune.KindOf(model)
	}
	if kind != t.Kind {
		own, err := task.Own(kind)
		if err != nil {
			return nil, err
		}
		t = own
	}
	if t.Kind == task.Spans {
		none := t.Answers.None
		t.Answers = r.Answers
		t.Answers.None = none
	}
	return t, nil
}

// length is the number of tokens that a model reads of a text: what --max-length says, or else its default where no smaller limit of the
// model or its tokenizer counts, of which a line tells.
func (t *Tools) length(r *Reading, kind task.Kind, model *gbert.Model) int {
	if r.Exact {
		return r.MaxLength
	}
	usual := r.MaxLength
	if kind == task.Spans {
		usual = finetune.SpanLength
	}
	length, why := finetune.ReadLength(model, usual)
	if why != "" {
		t.Meter.Warn("note: texts are read up to %d tokens, not %d: %s", length, usual, why)
	}
	return length
}

// load reads a split from a file, a folder or, for an empty source, the task's own place: all of it, or so many examples.
func (t *Tools) load(ctx context.Context, r *Reading, of *task.Task, split, source string, examples int) (*task.Dataset, error) {
	return task.LoadDraw(ctx, experiment.Finder{Client: t.Hub()}, of, split, source, r.Columns,
		task.Draw{N: examples, Seed: t.Seed, Unlabelled: r.Headless || r.Unjudged})
}

// Load reads all of a split of a task.
func (t *Tools) Load(ctx context.Context, of *task.Task, split, source string) (*task.Dataset, error) {
	return t.load(ctx, &Reading{}, of, split, source, 0)
}

// notePairs says what matters of a model's tokenizer for pairs of texts, where the data have them.
func (t *Tools) notePairs(model *gbert.Model, data *task.Dataset) {
	if model.Tokenizer == nil || !data.Task.Pair && data.Task.Kind != task.Spans {
		return
	}
	if note := model.Tokenizer.PairNote(); note != "" {
		t.Meter.Warn("note: %s", note)
	}
}

// match brings the classes of data and model together, see [finetune.MatchLabels], and says what there is to say of it.
func (t *Tools) match(model *gbert.Model, data *task.Dataset, byNumber bool) (*task.Dataset, error) {
	matched, note, err := finetune.MatchLabels(model, data, byNumber)
	if note != "" {
		t.Meter.Warn("%s", note)
	}
	return matched, err
}

// sayCut says how many examples were longer than what a model reads of them. which may name their set.
func (t *Tools) sayCut(which string, cut int, data *task.Dataset, model *gbert.Model, length int) {
	if cut > 0 {
		t.Meter.Warn("%d of the %d %sexamples are longer than %d tokens and were cut", cut, data.Len(), which, min(length, model.Config.MaxPositionEmbeddings))
	}
}

// named says whether a task has the names of its classes, or needs none.
func (r *Reading) named(t *task.Task) bool {
	return len(t.Labels) > 0 || len(r.Columns.Labels) > 0 || !t.Kind.Named()
}

// readingFlags are those of a reading that say which examples are read and how, but for --task and --data, which people
// give to all commands of a session.
var readingFlags = []string{
	"split", "examples", "max-length", "batch", "text-column", "pair-column", "label-column", "id-column", "labels", "labels-by-number", "skip-malformed", "kind",
	"doc-stride", "max-answer-length", "null-threshold",
}
