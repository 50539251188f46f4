package main

import (
	"strings"

	"github.com/spf13/pflag"

	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert"
	"bertlab/gbert/task"
)

// dataFlags say which examples are read, and how the model reads them.
type dataFlags struct {
	workbench.Reading
	flags *pflag.FlagSet
}

func (d *dataFlags) add(flags *pflag.FlagSet) {
	d.addLength(flags)
	flags.IntVar(&d.Examples, "examples", 0, "use only this many examples, drawn at random with --seed (0: all)")
	flags.StringVar(&d.Columns.Text, "text-column", "", "column of the text, for files of your own")
	flags.StringVar(&d.Columns.Pair, "pair-column", "", "column of the second text")
	flags.StringVar(&d.Columns.Label, "label-column", "", "column of the label or target, of the lists of labels or tags, or of the answers")
	flags.StringVar(&d.Columns.ID, "id-column", "", "column of the id")
	flags.StringSliceVar(&d.Columns.Labels, "labels", nil, "the class names in order, for tasks that have none of their own, or the names of 0/1 columns")
	flags.BoolVar(&d.Columns.LabelsByNumber, "labels-by-number", false, "match the classes of model and data by their numbers, whatever their names")
	flags.BoolVar(&d.Columns.SkipMalformed, "skip-malformed", false, "skip and count malformed rows instead of stopping")
	flags.StringVar(&d.Kind, "kind", "", "what --task custom asks for: "+strings.Join(task.Kinds(), ", "))
	d.addAnswers(flags)
}

// addLength adds the flags that say how much a model reads at once.
func (d *dataFlags) addLength(flags *pflag.FlagSet) {
	d.flags = flags
	flags.IntVar(&d.MaxLength, "max-length", 128, "tokens after which a text is cut, special tokens included; for tagging and questions, the length of a window (questions: 384)")
	flags.IntVar(&d.Batch, "batch", 0, "examples in a batch (default: up to 32, fewer where long texts in a wide model would take much memory)")
}

// addRuntime adds the flag that says what computes.
func (d *dataFlags) addRuntime(flags *pflag.FlagSet) {
	flags.StringVar(&d.Runtime, "runtime", workbench.XLA, "what computes: "+strings.Join(workbench.Runtimes, ", "))
}

// addDevices adds the flag that says on how many devices is computed.
func (d *dataFlags) addDevices(flags *pflag.FlagSet) {
	flags.IntVar(&d.Devices, "devices", 0, "how many devices of the backend compute together (default: all GPUs, of a CPU one)")
}

// addAnswers adds the flags that say how answers to questions are found.
func (d *dataFlags) addAnswers(flags *pflag.FlagSet) {
	flags.IntVar(&d.Answers.Stride, "doc-stride", 0, "for questions: tokens that two windows over a long text share (default 128)")
	flags.IntVar(&d.Answers.Longest, "max-answer-length", 0, "for questions: tokens of an answer at most (default 30)")
	flags.Float64Var(&d.Answers.Threshold, "null-threshold", 0, "for questions that may have no answer: by how much no answer must score above the best one")
}

// addSplit adds the flag of commands that read one split.
func (d *dataFlags) addSplit(flags *pflag.FlagSet, usual string) {
	flags.StringVar(&d.Split, "split", usual, "train, dev or test; a file is always read as a whole")
}

// take completes what is read with the global flags.
func (d *dataFlags) take(a *app) *workbench.Reading {
	d.Task, d.Data, d.Exact, d.BatchGiven = a.task, a.data, d.flags.Changed("max-length"), d.flags.Changed("batch")
	d.DevicesGiven = d.flags.Changed("devices")
	return &d.Reading
}

// targetFlags say how a model is written.
type targetFlags struct {
	overwrite, float16 bool
	keep               bool // see [output.Target]
}

// add adds --out and the flags beside it. goesOn may be nil, see [output.Target].
func (t *targetFlags) add(a *app, flags *pflag.FlagSet, goesOn func(state string) bool) {
	flags.String("out", "", "folder for the model")
	flags.BoolVar(&t.overwrite, "overwrite", false, "replace the model that --out holds")
	a.writes(flags, output.Target{Flag: "out", Kind: output.Model, Overwrite: &t.overwrite, GoesOn: goesOn, Keep: &t.keep})
}

// addPrecision adds the flag for half precision.
func (t *targetFlags) addPrecision(flags *pflag.FlagSet) {
	flags.BoolVar(&t.float16, "float16", false, "write the weights in half precision")
}

// destination is where and how the model is written.
func (t *targetFlags) destination(a *app) workbench.Destination {
	d := workbench.Destination{Out: a.out, Precision: gbert.Float32}
	if t.float16 {
		d.Precision = gbert.Float16
	}
	return d
}
