package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/safetensors"
	"bertlab/gbert/task"
	"bertlab/techniques/movement"
)

// movementDocument is what movement prints. Remaining, Parameters and Bytes are those of the file that was written.
type movementDocument struct {
	*finetuneDocument
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
	pruning                movement.Options
	kind, scope, unit, ffn string
	scoreOptimizer         string
	keepShape              bool
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
unless --keep-shape is given; of all else zeros are left, which take no less time, and no less space without --compact.

A run that was stopped goes on where it was when the same command is repeated.`,
		Example: `  bertlab movement --method movement --remaining 0.15 --task movies --epochs 6 --lr 3e-5 --out sparse
  bertlab movement --granularity head --granularity-ffn neuron --remaining 0.5 --model DIR --task sst2 --train train.tsv --dev dev.tsv --out small
  bertlab movement --method soft --lambda 400 --task movies --compact --out sparse`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			document, t, err := a.movement(command.Context(), &f)
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
				fmt.Fprintf(w, "remaining\t%.2f %% of the encoder's %d weights\n", 100*document.Share, document.Remaining.Total)
				for _, role := range gbert.LayerRoles {
					fmt.Fprintf(w, "\t%s %.2f %%\n", role, 100*document.Remaining.ByRole()[role].Share())
				}
				fmt.Fprintf(w, "parameters\t%d\n", document.Parameters)
				fmt.Fprintf(w, "weights\t%.2f MB\n", float64(document.Bytes)/1e6)
				fmt.Fprintf(w, "data\t%s\n", document.Data)
				fmt.Fprintf(w, "backend\t%s\n", document.Backend.Name)
				fmt.Fprintf(w, "time\t%.1f s\n", document.Seconds)
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.kind, "method", string(movement.Movement), "magnitude, movement, soft or l0")
	flags.StringVar(&f.scope, "scope", string(movement.Local), "where magnitude and movement select: local (in each matrix) or global")
	flags.StringVar(&f.unit, "granularity", string(movement.Weight), "what is pruned as a whole: weight, block:32, block:32x16, row, column, head or neuron")
	flags.StringVar(&f.ffn, "granularity-ffn", "", "the same for the feed-forward networks, or none")
	flags.Float64Var(&f.pruning.Remaining, "remaining", 0, "share of units that is kept, above 0 and at most 1")
	flags.Float64Var(&f.pruning.Lambda, "lambda", 0, "fixed weight of the penalty, for soft (the paper: 400) and l0 (125)")
	flags.Float64Var(&f.pruning.Threshold, "threshold", 0, "final threshold of soft, between 0 and 1 (default 0.1)")
	flags.Float64Var(&f.pruning.ScoreLearningRate, "score-lr", 0, "peak learning rate of the scores (default 0.01, l0 0.1)")
	flags.StringVar(&f.scoreOptimizer, "score-optimizer", "", "what moves the scores of movement: adamw (the authors' code) or sgd (the paper's equation 4) (default adamw)")
	flags.Float64Var(&f.pruning.WarmupShare, "prune-warmup", 0.1, "share of the steps before the pruning begins")
	flags.Float64Var(&f.pruning.CoolDownShare, "cool-down", 0.3, "share of the steps after it has ended")
	flags.BoolVar(&f.keepShape, "keep-shape", false, "leave pruned heads and neurons as zeros")
	flags.BoolVar(&f.compact, "compact", false, "write the weights without their zeros, for bertlab alone")
	flags.BoolVar(&f.options.FreezeEmbeddings, "freeze-embeddings", true, "leave the embeddings as they are")
	f.finetuneFlags.add(flags)
	return command
}

// pruningOptions are the options that the flags ask for. In the library a zero means the default, so "none" is negative.
func (f *movementFlags) pruningOptions() (movement.Options, error) {
	o := f.pruning
	o.Kind, o.Scope = movement.Kind(f.kind), movement.Scope(f.scope)
	o.ScoreOptimizer = finetune.Optimizer(f.scoreOptimizer)
	unit, err := movement.ParseGranularity(f.unit)
	if err != nil {
		return o, wrongCall{err}
	}
	none := movement.Granularity{Unit: movement.None}
	switch unit.Unit {
	case movement.Head:
		o.Attention, o.FFN = unit, none
	case movement.Neuron:
		o.Attention, o.FFN = none, unit
	default:
		o.Attention, o.FFN = unit, unit
	}
	if f.ffn != "" {
		if o.FFN, err = movement.ParseGranularity(f.ffn); err != nil {
			return o, wrongCall{err}
		}
	}
	for _, share := range []*float64{&o.WarmupShare, &o.CoolDownShare} {
		if !(*share >= 0 && *share < 1) {
			return o, wrongCallf("--prune-warmup %g and --cool-down %g: each must be at least 0 and below 1", f.pruning.WarmupShare, f.pruning.CoolDownShare)
		}
		if *share == 0 {
			*share = -1
		}
	}
	if err := o.Check(); err != nil {
		return o, wrongCall{err}
	}
	return o, nil
}

func (a *app) movement(ctx context.Context, f *movementFlags) (*movementDocument, *task.Task, error) {
	o, err := f.pruningOptions()
	if err != nil {
		return nil, nil, err
	}
	f.keep = string(finetune.KeepLast)
	shrinks := !f.keepShape && (o.Attention.Unit == movement.Head || o.FFN.Unit == movement.Neuron)
	f.method = func(model *gbert.Model) (*finetune.Method, error) {
		if shrinks {
			if err := movement.CheckCarried(model); err != nil {
				return nil, err
			}
		}
		return movement.New(model, o)
	}
	f.advice = o.Advice
	f.finish = func(trained *gbert.Model) (*gbert.Model, error) {
		recorded, err := movement.Record(trained, o)
		if err != nil || !shrinks {
			return recorded, err
		}
		return movement.RemoveEmpty(recorded)
	}
	trained, t, err := a.finetune(ctx, &f.finetuneFlags)
	if err != nil {
		return nil, nil, err
	}
	written, err := gbert.Load(a.out)
	if err != nil {
		return nil, nil, err
	}
	defer written.Close()
	remaining, err := movement.Count(written)
	if err != nil {
		return nil, nil, err
	}
	file, err := os.Stat(filepath.Join(a.out, safetensors.WeightsName))
	if err != nil {
		return nil, nil, err
	}
	document := &movementDocument{
		finetuneDocument: trained, Pruning: o, Remaining: remaining, Share: remaining.Share(), Parameters: written.NumParameters(),
		Bytes: file.Size(), Compact: f.compact, History: written.Config.History,
	}
	return document, t, writeJSON(filepath.Join(a.out, trainingRecord), document)
}
