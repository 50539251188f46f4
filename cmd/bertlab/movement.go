package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/safetensors"
	"bertlab/techniques/movement"
)

// movementDocument is what movement prints. Remaining, Parameters and Bytes are those of the file that was written.
type movementDocument struct {
	*workbench.Trained
	Pruning    movement.Options    `json:"pruning"`
	Remaining  *movement.Remaining `json:"remaining"`
	Share      float64             `json:"remaining_share"`
	Parameters int                 `json:"parameters"`
	Bytes      int64               `json:"bytes"`
	Compact    bool                `json:"compact,omitempty"`
	History    []gbert.Operation   `json:"history,omitempty"`
}

type movementFlags struct {
	finetuneFlags
	pruning   movement.Options
	unit, ffn string
	keepShape bool
}

func (a *app) movementCommand() *cobra.Command {
	var f movementFlags
	command := &cobra.Command{
		Use:   "movement",
		Short: "Prune a model while it is fine-tuned",
		Long: `Prune a model while it is fine-tuned (Sanh, Wolf and Rush 2020, arXiv:2005.07683): by magnitude, by movement, by soft movement or
by L0 regularisation. The share of units that is kept falls from 1 to --remaining by the paper's cubic schedule; soft and l0 take a
fixed --lambda instead, or learn one that leads to --remaining.

--granularity weight, block:32, block:32x16, row and column hold for all maps of the encoder, head for the attention alone, neuron
for the feed-forward networks alone; --granularity-ffn names another one for the latter. Pruned heads and neurons are then removed,
unless --keep-shape is given; everything else that is pruned stays as zeros, which save no time, and no space without --compact.

If a run is stopped, the same command picks up where it left off.`,
		Example: `  bertlab movement --method movement --remaining 0.15 --task movies --epochs 6 --lr 3e-5 --out sparse
  bertlab movement --granularity head --granularity-ffn neuron --remaining 0.5 --model DIR --task sst2 --train train.tsv --dev dev.tsv --out small
  bertlab movement --method soft --lambda 400 --task movies --compact --out sparse`,
		Args: cobra.NoArgs,
		RunE: a.resume(func(command *cobra.Command, _ []string) error {
			document, err := a.movement(command.Context(), &f)
			if err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				printTrained(w, document.Trained)
				fmt.Fprintf(w, "remaining\t%.2f %% of the encoder's %s weights\n", 100*document.Share, figures.Count(document.Remaining.Total))
				for _, role := range gbert.LayerRoles {
					fmt.Fprintf(w, "\t%s %.2f %%\n", role, 100*document.Remaining.ByRole()[role].Share())
				}
				fmt.Fprintf(w, "parameters\t%s\n", figures.Count(document.Parameters))
				fmt.Fprintf(w, "weights\t%.2f MB\n", float64(document.Bytes)/1e6)
				fmt.Fprintf(w, "data\t%s\n", document.Data)
				fmt.Fprintf(w, "backend\t%s\n", document.Backend.Name)
				fmt.Fprintf(w, "time\t%.1f s\n", document.Seconds)
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar((*string)(&f.pruning.Kind), "method", string(movement.Movement), "magnitude, movement, soft or l0")
	flags.StringVar((*string)(&f.pruning.Scope), "scope", string(movement.Local), "where magnitude and movement select: local (in each matrix) or global")
	flags.StringVar(&f.unit, "granularity", string(movement.Weight), "what is pruned as a whole: weight, block:32, block:32x16, row, column, head or neuron")
	flags.StringVar(&f.ffn, "granularity-ffn", "", "the same for the feed-forward networks, or none")
	flags.Float64Var(&f.pruning.Remaining, "remaining", 0, "share of units that is kept, above 0 and at most 1")
	flags.Float64Var(&f.pruning.Lambda, "lambda", 0, "fixed weight of the penalty, for soft (the paper: 400) and l0 (125)")
	flags.Float64Var(&f.pruning.Threshold, "threshold", 0, "final threshold of soft, between 0 and 1 (default 0.1)")
	flags.Float64Var(&f.pruning.ScoreLearningRate, "score-lr", 0, "peak learning rate of the scores (default 0.01, l0 0.1)")
	flags.StringVar((*string)(&f.pruning.ScoreOptimizer), "score-optimizer", "", "what moves the scores of movement: adamw (the authors' code) or sgd (the paper's equation 4) (default adamw)")
	flags.Float64Var(&f.pruning.WarmupShare, "prune-warmup", 0.1, "share of the steps before pruning begins")
	flags.Float64Var(&f.pruning.CoolDownShare, "cool-down", 0.3, "share of the steps after it has ended")
	flags.BoolVar(&f.keepShape, "keep-shape", false, "leave pruned heads and neurons as zeros")
	flags.BoolVar(&f.training.Compact, "compact", false, "write the weights without their zeros, for bertlab alone")
	flags.BoolVar(&f.training.Options.FreezeEmbeddings, "freeze-embeddings", true, "leave the embeddings as they are")
	f.finetuneFlags.add(a, flags)
	return command
}

// pruningOptions are the options that the flags ask for. In the library a zero means the default, so "none" is negative.
func (f *movementFlags) pruningOptions() (movement.Options, error) {
	o := f.pruning
	if err := cmp.Or(call.Choose("method", o.Kind, movement.Magnitude, movement.Movement, movement.Soft, movement.L0), call.Choose("scope", o.Scope, movement.Local, movement.Global),
		call.Choose("score-optimizer", o.ScoreOptimizer, "", finetune.AdamW, finetune.SGD)); err != nil {
		return o, err
	}
	var err error
	if o.Attention, o.FFN, err = movement.ParseGranularities(f.unit, f.ffn); err != nil {
		return o, call.Wrongf("--granularity %s%s: %w", f.unit, map[bool]string{true: " --granularity-ffn " + f.ffn}[f.ffn != ""], err)
	}
	for _, share := range []*float64{&o.WarmupShare, &o.CoolDownShare} {
		if !(*share >= 0 && *share < 1) {
			return o, call.Wrongf("--prune-warmup %g and --cool-down %g: each must be at least 0 and below 1", f.pruning.WarmupShare, f.pruning.CoolDownShare)
		}
		if *share == 0 {
			*share = -1
		}
	}
	return o, call.Wrap(o.Check())
}

func (a *app) movement(ctx context.Context, f *movementFlags) (*movementDocument, error) {
	o, err := f.pruningOptions()
	if err != nil {
		return nil, err
	}
	r := &f.training
	r.Options.Keep = finetune.KeepLast
	shrinks := !f.keepShape && o.Shrinks()
	r.Method = func(model *gbert.Model) (*finetune.Method, error) {
		if shrinks {
			if err := movement.CheckCarried(model); err != nil {
				return nil, err
			}
		}
		return movement.New(model, o)
	}
	r.Advice = o.Advice
	r.Finish = func(trained *gbert.Model) (*gbert.Model, error) {
		recorded, err := movement.Record(trained, o)
		if err != nil || !shrinks {
			return recorded, err
		}
		return movement.RemoveEmpty(recorded)
	}
	trained, err := a.train(ctx, &f.finetuneFlags)
	if err != nil {
		return nil, err
	}
	written, err := gbert.Load(a.out)
	if err != nil {
		return nil, err
	}
	defer written.Close()
	remaining, err := movement.Count(written)
	if err != nil {
		return nil, err
	}
	file, err := os.Stat(filepath.Join(a.out, safetensors.WeightsName))
	if err != nil {
		return nil, err
	}
	document := &movementDocument{
		Trained: trained, Pruning: o, Remaining: remaining, Share: remaining.Share(), Parameters: written.NumParameters(),
		Bytes: file.Size(), Compact: r.Compact, History: written.Config.History,
	}
	return document, output.WriteJSON(filepath.Join(a.out, workbench.TrainingRecord), document)
}
