package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// finetuneDocument is what finetune prints, and keeps beside the model.
type finetuneDocument struct {
	Out string `json:"out"`
	*finetune.Result
	Dev     *finetune.Evaluation `json:"dev,omitempty"` // of the weights that were kept
	DevData *task.Dataset        `json:"dev_data,omitempty"`
	// DevTruncated counts the dev examples that are longer than MaxLength, and were cut.
	DevTruncated int `json:"dev_truncated,omitempty"`
	provenance
}

// trainingRecord is the document's file in the model's folder.
const trainingRecord = "training.json"

type finetuneFlags struct {
	dataFlags
	targetFlags
	train, dev string
	keep       string
	keepHead   bool
	options    finetune.Options
	compact    bool

	// What a compression method adds, if any: itself, for the model that is to be trained, and what becomes of the trained one.
	method func(model *gbert.Model) (*finetune.Method, error)
	advice func(steps int) string // a line to warn with; nil: none
	finish func(trained *gbert.Model) (*gbert.Model, error)
}

func (a *app) finetuneCommand() *cobra.Command {
	var f finetuneFlags
	command := &cobra.Command{
		Use:   "finetune",
		Short: "Train a model on a task",
		Long: `Train a model with a fresh classification head on a task, and write it to the folder --out.

A run that was stopped, by Ctrl-C or a kill, goes on where it was when the same command is repeated, to the same result; until
it is done it keeps its state in OUT/` + checkpointFolder + `. Training data come from --train, dev data from --dev; without them, from the
folder --data or from the task's own place.`,
		Example: `  bertlab finetune --task movies --epochs 1 --lr 5e-5 --out movies
  bertlab finetune --model bert-base-uncased --task sst2 --train train.tsv --dev dev.tsv --epochs 3 --out sst2`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			document, t, err := a.finetune(command.Context(), &f)
			if errors.Is(err, context.Canceled) {
				return fmt.Errorf("%w; repeat the command to go on", err)
			}
			if err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				fmt.Fprintf(w, "model\t%s\n", document.Out)
				if document.Dev != nil {
					printMetrics(w, document.Dev, t)
				}
				fmt.Fprintf(w, "epoch\t%d of %d, training loss %.4f\n", document.Kept, document.Options.Epochs, document.Best().TrainLoss)
				fmt.Fprintf(w, "data\t%s\n", document.Data)
				if document.DevData != nil {
					fmt.Fprintf(w, "\t%s\n", document.DevData)
				}
				fmt.Fprintf(w, "backend\t%s\n", document.Backend.Name)
				fmt.Fprintf(w, "time\t%.1f s\n", document.Seconds)
			})
		}),
	}
	flags := command.Flags()
	f.add(flags)
	flags.StringVar(&f.keep, "keep", string(finetune.KeepBest), "which epoch's weights to keep: best (on dev) or last")
	flags.BoolVar(&f.options.FreezeEmbeddings, "freeze-embeddings", false, "leave the embeddings as they are")
	return command
}

// add adds the flags of every command that trains.
func (f *finetuneFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.train, "train", "", "file with the training data")
	flags.StringVar(&f.dev, "dev", "", "file with the data that the epochs are judged on")
	flags.IntVar(&f.options.Epochs, "epochs", 3, "passes over the training data")
	flags.Float64Var(&f.options.LearningRate, "lr", 2e-5, "peak learning rate")
	flags.Float64Var(&f.options.Warmup, "warmup", 0.1, "share of the steps over which the learning rate rises")
	flags.Float64Var(&f.options.WeightDecay, "weight-decay", 0.01, "AdamW's weight decay")
	flags.Float64Var(&f.options.MaxGradNorm, "max-grad-norm", 1, "norm to which gradients are clipped (0: no clipping)")
	flags.BoolVar(&f.keepHead, "keep-head", false, "go on with the classification head that the model has")
	flags.DurationVar(&f.options.CheckpointEvery, "checkpoint-every", 2*time.Minute, "time between checkpoints")
	f.targetFlags.add(flags)
	f.dataFlags.add(flags)
	batch := flags.Lookup("batch") // the optimizer's steps depend on it: it has one default
	batch.DefValue, batch.Usage, f.batch = "32", "examples in a batch", 32
}

// trainingOptions are the options that the flags ask for. In the library a zero means the default, so "none" is negative.
func (a *app) trainingOptions(f *finetuneFlags) (finetune.Options, error) {
	o := f.options
	o.BatchSize, o.MaxLength, o.Seed, o.Keep = f.batch, f.maxLength, a.seed, finetune.Keep(f.keep)
	o.CheckpointDir, o.Progress = filepath.Join(a.out, checkpointFolder), a.meter.Train
	switch {
	case o.Epochs < 1:
		return o, wrongCallf("--epochs %d: at least 1 is needed", o.Epochs)
	case !(o.LearningRate > 0 && o.LearningRate < 10):
		return o, wrongCallf("--lr %g: it must be above 0 and below 10", o.LearningRate)
	case !(o.Warmup >= 0 && o.Warmup < 1):
		return o, wrongCallf("--warmup %g: it must be at least 0 and below 1", o.Warmup)
	case !(o.WeightDecay >= 0):
		return o, wrongCallf("--weight-decay %g: it must not be negative", o.WeightDecay)
	case !(o.MaxGradNorm >= 0):
		return o, wrongCallf("--max-grad-norm %g: it must not be negative", o.MaxGradNorm)
	case o.Keep != finetune.KeepBest && o.Keep != finetune.KeepLast:
		return o, wrongCallf("--keep %s: choose %s or %s", f.keep, finetune.KeepBest, finetune.KeepLast)
	case o.CheckpointEvery <= 0:
		return o, wrongCallf("--checkpoint-every %v: it must be above 0", o.CheckpointEvery)
	}
	for _, value := range []*float64{&o.Warmup, &o.WeightDecay, &o.MaxGradNorm} {
		if *value == 0 {
			*value = -1
		}
	}
	return o, nil
}

func (a *app) finetune(ctx context.Context, f *finetuneFlags) (*finetuneDocument, *task.Task, error) {
	began := time.Now()
	if err := f.check(); err != nil {
		return nil, nil, err
	}
	options, err := a.trainingOptions(f)
	if err != nil {
		return nil, nil, err
	}
	t, err := a.lookupTask(nil, a.data != "" || f.train != "")
	if err != nil {
		return nil, nil, err
	}
	if err := a.checkTarget(a.model, &f.targetFlags, finetune.Finished); err != nil {
		return nil, nil, err
	}
	pretrained, info, err := a.openModel(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer pretrained.Close()
	if !f.keepHead {
		t, err = f.apply(t, nil, true)
	} else if t, err = f.apply(t, pretrained, true); err == nil && t.Kind.Named() && len(t.Labels) == 0 && len(f.columns.Labels) == 0 {
		f.columns.Labels = finetune.LabelsOf(pretrained)
	}
	if err != nil {
		return nil, nil, err
	}
	options.MaxLength = f.length(t)
	train, dev, err := a.trainingData(ctx, t, f)
	if err != nil {
		return nil, nil, err
	}
	a.notePairs(pretrained, train)
	model := pretrained
	if f.keepHead {
		if train, err = a.matchLabels(model, train, f.columns.LabelsByNumber); err != nil {
			return nil, nil, err
		}
		if dev != nil && f.columns.LabelsByNumber {
			if dev, err = dev.ByNumber(model.Config.Labels); err != nil {
				return nil, nil, err
			}
		}
	} else {
		if line := pretrained.Replaced(); line != "" {
			a.meter.Warn("%s: %s", info.Dir, line)
		}
		if head := finetune.HeadFor(train.Task.Kind); head.PerToken() && pretrained.HasPooler() {
			a.meter.Warn("%s: the pooler goes: a model for %s has none", info.Dir, head)
		}
		if model, err = finetune.FreshHead(pretrained, train.Task, a.seed); err != nil {
			return nil, nil, err
		}
	}
	if f.method != nil {
		if options.Method, err = f.method(model); err != nil {
			return nil, nil, wrongCall{err}
		}
	}
	if f.advice != nil {
		if text := f.advice(options.Steps(train.Len())); text != "" {
			a.meter.Warn("%s", text)
		}
	}
	b, choice, err := a.openBackend(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer b.Finalize()
	result, err := finetune.Train(ctx, b, model, train, dev, options)
	if err != nil {
		return nil, nil, err
	}
	a.sayCut("training ", result.Cut, train, model, options.MaxLength)
	if dev != nil {
		a.sayCut("dev ", result.DevCut, dev, model, options.MaxLength)
	}
	written := result.Model
	if f.finish != nil {
		if written, err = f.finish(written); err != nil {
			return nil, nil, err
		}
	}
	save := written.Save
	if f.compact {
		save = written.SaveCompact
	}
	if err := a.save(&f.targetFlags, func(dir string) error { return save(dir, f.precision()) }); err != nil {
		return nil, nil, err
	}
	document := &finetuneDocument{
		Out: a.out, Result: result, Dev: result.Best().Dev, DevData: dev, DevTruncated: result.DevCut,
		provenance: provenance{
			Model: info, Task: t.Name, Data: train, MaxLength: options.MaxLength, Truncated: result.Cut, BatchSize: f.batch, Seed: a.seed,
			Backend: choice, Versions: backend.Versions(), Seconds: time.Since(began).Seconds(),
		},
	}
	if err := writeJSON(filepath.Join(a.out, trainingRecord), document); err != nil {
		return nil, nil, err
	}
	return document, train.Task, finetune.RemoveCheckpoint(options.CheckpointDir)
}

// trainingData reads the training and the dev data; there need be no dev data where --train names a file.
func (a *app) trainingData(ctx context.Context, t *task.Task, f *finetuneFlags) (train, dev *task.Dataset, err error) {
	if f.train == "" && a.data != "" && isFile(a.data) {
		return nil, nil, wrongCallf("--data %s is a file: give training data with --train and dev data with --dev, or a folder with both", a.data)
	}
	source := func(file string) string {
		if file != "" {
			return file
		}
		return a.data
	}
	if f.columns.Labels, err = a.trainingLabels(ctx, t, source, f); err != nil {
		return nil, nil, err
	}
	if train, err = a.loadData(ctx, t, "train", source(f.train), &f.dataFlags, f.examples); err != nil {
		return nil, nil, err
	}
	if !f.hasDev(a) {
		return train, nil, nil
	}
	dev, err = a.loadData(ctx, t, "dev", source(f.dev), &f.dataFlags, 0)
	return train, dev, err
}

// hasDev says whether there are dev data: there need be none where --train names a file.
func (f *finetuneFlags) hasDev(a *app) bool { return f.dev != "" || f.train == "" || a.data != "" }

// trainingLabels are the class names that the training and the dev data give together, where nothing else does.
func (a *app) trainingLabels(ctx context.Context, t *task.Task, source func(string) string, f *finetuneFlags) ([]string, error) {
	if len(f.columns.Labels) > 0 || len(t.Labels) > 0 || t.Kind != task.MultiLabel && t.Kind != task.Tagging {
		return f.columns.Labels, nil
	}
	train, err := a.loadData(ctx, t, "train", source(f.train), &f.dataFlags, 0)
	if err != nil || !f.hasDev(a) {
		return nil, err // the training data alone say it again
	}
	dev, err := a.loadData(ctx, t, "dev", source(f.dev), &f.dataFlags, 0)
	if err != nil {
		return nil, err
	}
	return task.UnionOfLabels(train.Task.Labels, dev.Task.Labels), nil
}
