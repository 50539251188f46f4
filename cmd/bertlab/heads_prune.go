package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/techniques/heads"
)

// pruneDocument is what heads prune prints.
type pruneDocument struct {
	*modelDocument
	Removed    string                `json:"removed"`
	Order      string                `json:"order,omitempty"`
	Importance *heads.Importance     `json:"chosen_by,omitempty"`
	Chosen     *workbench.Provenance `json:"chosen_on,omitempty"`
}

// The orders in which --fraction removes heads.
var pruneOrders = []string{"importance", "reverse", "random"}

type pruneFlags struct {
	dataFlags
	targetFlags
	remove, order string
	variant       heads.Estimator
	fraction      float64
}

func (a *app) headsPruneCommand() *cobra.Command {
	var f pruneFlags
	command := &cobra.Command{
		Use:   "prune",
		Short: "Remove heads and write the smaller model",
		Long: `Remove heads from the matrices themselves: they become smaller, and the model computes what it computed with these heads masked.
Either --remove names the heads, or --fraction says how many go, the least important on the data first. Heads of layers that share
their attention, as in an ALBERT, go together; their importance is summed.`,
		Example: `  bertlab heads prune --model movies --remove "0:3,5;2:1" --out pruned
  bertlab heads prune --model movies --fraction 0.4 --examples 1000 --out pruned`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			document, err := a.prune(command.Context(), &f)
			if err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				document.human(w)
				fmt.Fprintf(w, "removed\t%s\n", document.Removed)
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.remove, "remove", "", `heads to remove, such as "0:3,5;2:1"`)
	flags.Float64Var(&f.fraction, "fraction", 0, "share of the model's heads to remove, above 0 and at most 1")
	flags.StringVar(&f.order, "order", pruneOrders[0], "which heads go first: importance (the least important), reverse, or random")
	flags.StringVar((*string)(&f.variant), "variant", string(heads.PerExample), "how importance is measured: example or token")
	flags.StringVar(&f.Split, "split", "train", "the split that importance is measured on")
	f.targetFlags.add(a, flags, nil)
	f.addPrecision(flags)
	f.dataFlags.add(flags)
	command.MarkFlagsOneRequired("remove", "fraction")
	command.MarkFlagsMutuallyExclusive("remove", "fraction")
	return command
}

func (a *app) prune(ctx context.Context, f *pruneFlags) (*pruneDocument, error) {
	if a.model == "" {
		return nil, errNoModel
	}
	if f.remove == "" {
		return a.pruneFraction(ctx, f)
	}
	set, err := heads.ParseSet(f.remove)
	if err != nil {
		return nil, call.Wrongf("--remove %s: %w", f.remove, err)
	}
	model, info, err := a.openSource(ctx)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	return a.removeHeads(model, info, set, f)
}

func (a *app) removeHeads(model *gbert.Model, info *workbench.ModelInfo, set heads.Set, f *pruneFlags) (*pruneDocument, error) {
	if err := cmp.Or(set.Check(model.Config), surgery.CheckShared(model.Config, set)); err != nil && f.remove != "" {
		return nil, call.Wrongf("--remove %s: %w", f.remove, err)
	} else if err != nil {
		return nil, call.Wrap(err)
	}
	smaller, err := surgery.RemoveHeads(model, set)
	if err != nil {
		return nil, err
	}
	document, err := a.saveModel(smaller, info, &f.targetFlags)
	if err != nil {
		return nil, err
	}
	return &pruneDocument{modelDocument: document, Removed: set.String()}, nil
}

func (a *app) pruneFraction(ctx context.Context, f *pruneFlags) (*pruneDocument, error) {
	if !(f.fraction > 0 && f.fraction <= 1) {
		return nil, call.Wrongf("--fraction %g: it must be above 0 and at most 1", f.fraction)
	}
	if err := cmp.Or(call.Choose("order", f.order, pruneOrders...), checkVariant(f.variant)); err != nil {
		return nil, err
	}
	if f.order == "random" {
		model, info, err := a.openSource(ctx)
		if err != nil {
			return nil, err
		}
		defer model.Close()
		return a.pruneRanked(model, info, heads.RankAtRandom(model.Config, a.Seed), f)
	}
	b, err := a.openBench(ctx, &f.dataFlags, nil)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	importance, err := heads.Measure(ctx, b.Session, b.Prepared, f.variant, nil, a.Meter.Count("measuring importance", "examples"))
	if err != nil {
		return nil, err
	}
	ranking := heads.RankByImportance(b.Loaded.Config, importance)
	if f.order == "reverse" {
		ranking = heads.Reversed(ranking)
	}
	document, err := a.pruneRanked(b.Loaded, b.Model, ranking, f)
	if err != nil {
		return nil, err
	}
	stamp := b.Stamp()
	document.Importance, document.Chosen = importance, &stamp
	return document, nil
}

func (a *app) pruneRanked(model *gbert.Model, info *workbench.ModelInfo, ranking []heads.Head, f *pruneFlags) (*pruneDocument, error) {
	set := heads.First(model.Config, ranking, heads.Share(model.Config, f.fraction))
	document, err := a.removeHeads(model, info, set, f)
	if err != nil {
		return nil, err
	}
	document.Order = f.order
	return document, nil
}
