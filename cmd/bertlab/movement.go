package main

import (
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/techniques/movement"
)

type movementFlags struct {
	finetuneFlags
	workbench.Moving
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
			r := f.take(a)
			pruning, err := f.Prepare(r)
			if err != nil {
				return err
			}
			if err := r.Check(a.Seed); err != nil {
				return err
			}
			document, err := a.TrainPruned(command.Context(), r, pruning)
			return a.finish(document, err, func(w io.Writer) { show.Moved(w, document) })
		}),
	}
	flags := command.Flags()
	flags.StringVar((*string)(&f.Pruning.Kind), "method", string(movement.Movement), "magnitude, movement, soft or l0")
	flags.StringVar((*string)(&f.Pruning.Scope), "scope", string(movement.Local), "where magnitude and movement select: local (in each matrix) or global")
	flags.StringVar(&f.Unit, "granularity", string(movement.Weight), "what is pruned as a whole: weight, block:32, block:32x16, row, column, head or neuron")
	flags.StringVar(&f.FFN, "granularity-ffn", "", "the same for the feed-forward networks, or none")
	flags.Float64Var(&f.Pruning.Remaining, "remaining", 0, "share of units that is kept, above 0 and at most 1")
	flags.Float64Var(&f.Pruning.Lambda, "lambda", 0, "fixed weight of the penalty, for soft (the paper: 400) and l0 (125)")
	flags.Float64Var(&f.Pruning.Threshold, "threshold", 0, "final threshold of soft, between 0 and 1 (default 0.1)")
	flags.Float64Var(&f.Pruning.ScoreLearningRate, "score-lr", 0, "peak learning rate of the scores (default 0.01, l0 0.1)")
	flags.StringVar((*string)(&f.Pruning.ScoreOptimizer), "score-optimizer", "", "what moves the scores of movement: adamw (the authors' code) or sgd (the paper's equation 4) (default adamw)")
	flags.Float64Var(&f.Pruning.WarmupShare, "prune-warmup", 0.1, "share of the steps before pruning begins")
	flags.Float64Var(&f.Pruning.CoolDownShare, "cool-down", 0.3, "share of the steps after it has ended")
	flags.BoolVar(&f.KeepShape, "keep-shape", false, "leave pruned heads and neurons as zeros")
	flags.BoolVar(&f.training.Compact, "compact", false, "write the weights without their zeros, for bertlab alone")
	flags.BoolVar(&f.training.Options.FreezeEmbeddings, "freeze-embeddings", true, "leave the embeddings as they are")
	f.addNumbers(flags)
	f.finetuneFlags.add(a, flags)
	return command
}
