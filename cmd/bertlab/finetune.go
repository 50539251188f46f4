package main

import (
	"io"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert/finetune"
)

// finetuneFlags are those of every command that trains. Those of its data are in the training too.
type finetuneFlags struct {
	data     dataFlags
	target   targetFlags
	training workbench.Training
}

func (a *app) finetuneCommand() *cobra.Command {
	var f finetuneFlags
	command := &cobra.Command{
		Use:   "finetune",
		Short: "Train a model on a task",
		Long: `Train a model with a fresh classification head on a task, and write it to the folder --out.

If a run is stopped, by Ctrl-C or a kill, the same command picks up where it left off and gives the same result; until it is done
it keeps its state in OUT/` + output.CheckpointFolder + `. Training data come from --train, dev data from --dev; otherwise they come
from the folder --data or from the task's usual place.`,
		Example: `  bertlab finetune --task movies --epochs 1 --lr 5e-5 --out movies
  bertlab finetune --task movies --epochs 1 --lr 5e-5 --precision bf16 --devices 2 --out movies
  bertlab finetune --model bert-base-uncased --task sst2 --train train.tsv --dev dev.tsv --epochs 3 --out sst2`,
		Args: cobra.NoArgs,
		RunE: a.resume(func(command *cobra.Command, _ []string) error {
			r := f.take(a)
			if err := r.Check(a.Seed); err != nil {
				return err
			}
			trained, err := a.Train(command.Context(), r)
			return a.finish(trained, err, func(w io.Writer) { show.FineTuned(w, trained) })
		}),
	}
	flags := command.Flags()
	f.add(a, flags)
	o := &f.training.Options
	flags.StringVar((*string)(&o.Keep), "keep", string(finetune.KeepBest), "which epoch's weights to keep: best (on dev) or last")
	flags.BoolVar(&o.FreezeEmbeddings, "freeze-embeddings", false, "leave the embeddings as they are")
	f.addNumbers(flags)
	return command
}

// add adds the flags of every command that trains.
func (f *finetuneFlags) add(a *app, flags *pflag.FlagSet) {
	r, o := &f.training, &f.training.Options
	flags.StringVar(&r.Train, "train", "", "file with the training data")
	flags.StringVar(&r.Dev, "dev", "", "file with the data that the epochs are judged on")
	flags.IntVar(&o.Epochs, "epochs", 3, "passes over the training data")
	flags.Float64Var(&o.LearningRate, "lr", 2e-5, "peak learning rate")
	flags.Float64Var(&o.Warmup, "warmup", 0.1, "share of the steps over which the learning rate rises")
	flags.Float64Var(&o.WeightDecay, "weight-decay", 0.01, "AdamW's weight decay")
	flags.Float64Var(&o.MaxGradNorm, "max-grad-norm", 1, "norm to which gradients are clipped (0: no clipping)")
	flags.BoolVar(&r.KeepHead, "keep-head", false, "go on with the classification head that the model has")
	flags.DurationVar(&o.CheckpointEvery, "checkpoint-every", 2*time.Minute, "time between checkpoints")
	flags.Var((*call.Size)(&o.MemoryLimit), "memory-limit", "about how much memory training may take, such as 1.5GB: fewer padded lengths are compiled (default: no limit)")
	f.data.addDevices(flags)
	f.target.add(a, flags, finetune.Finished)
	f.target.addPrecision(flags)
	f.data.add(flags)
	batch := flags.Lookup("batch") // the optimizer's steps depend on it: it has one default
	batch.DefValue, batch.Usage, f.data.Batch = "32", "examples in a batch", 32
}

// addNumbers adds the flag that says in which numbers matrices are multiplied.
func (f *finetuneFlags) addNumbers(flags *pflag.FlagSet) {
	flags.StringVar((*string)(&f.training.Options.Precision), "precision", string(finetune.Float32),
		"in which numbers training multiplies matrices: float32, or bf16, which GPUs do faster; weights, moments and evaluation stay in float32")
}

// take completes a training with the global flags.
func (f *finetuneFlags) take(a *app) *workbench.Training {
	r, to := &f.training, f.target.destination(a)
	r.Reading, r.Model, r.Keep, r.Out, r.Precision = *f.data.take(a), a.model, f.target.keep, to.Out, to.Precision
	return r
}
