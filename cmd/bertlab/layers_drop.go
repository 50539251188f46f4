package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/techniques/layerdrop"
)

// dropDocument is what layers drop prints. Layers have the numbers that they had in the pretrained model.
type dropDocument struct {
	*modelDocument
	Strategy layerdrop.Strategy `json:"strategy"`
	Dropped  []int              `json:"dropped"`
	Kept     []int              `json:"kept"`
	// MACs count the model's operations for one example of Length tokens, before and after.
	Length     int                   `json:"length"`
	MACsBefore int                   `json:"macs_before"`
	MACs       int                   `json:"macs"`
	Threshold  *float64              `json:"threshold,omitempty"`
	Similarity *layerdrop.Similarity `json:"chosen_by,omitempty"`
	Chosen     *workbench.Provenance `json:"chosen_on,omitempty"`
}

var dropStrategies = append(slices.Clone(layerdrop.ByPosition), layerdrop.Contribution, layerdrop.List)

type dropFlags struct {
	dataFlags
	targetFlags
	strategy  layerdrop.Strategy
	k         int
	layers    string
	threshold float64
	pooling   layerdrop.Pooling
}

func (a *app) layersDropCommand() *cobra.Command {
	var f dropFlags
	command := &cobra.Command{
		Use:   "drop",
		Short: "Drop whole layers and write the shallower model",
		Long: `Drop whole layers and write the shallower model, which is then fine-tuned like any other. Strategies, for K of 6 layers from 0:
top (K = 2: 4,5), bottom (0,1), symmetric (the middle: 2,3), alternate (2,4) and alternate-even (3,5), both from the top down;
contribution (all layers whose input and output have a cosine above --threshold on the data, however many they are); list (--layers).`,
		Example: `  bertlab layers drop --strategy top --k 2 --model all-MiniLM-L6-v2 --out shallow
  bertlab layers drop --strategy list --layers 1,4 --model DIR --out shallow
  bertlab layers drop --strategy contribution --threshold 0.95 --examples 500 --model DIR --out shallow`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if err := call.Choose("strategy", f.strategy, dropStrategies...); err != nil {
				return err
			}
			for flag, strategies := range map[string][]layerdrop.Strategy{
				"k": layerdrop.ByPosition, "layers": {layerdrop.List}, "threshold": {layerdrop.Contribution}, "pooling": {layerdrop.Contribution},
			} {
				if command.Flags().Changed(flag) && !slices.Contains(strategies, f.strategy) {
					return call.Wrongf("--%s goes with --strategy %s, not with %s", flag, join(strategies), f.strategy)
				}
			}
			document, err := a.drop(command.Context(), &f)
			if err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				document.human(w)
				fmt.Fprintf(w, "operations\t%.1f %% of %s at %d tokens\n", 100*float64(document.MACs)/float64(max(document.MACsBefore, 1)), figures.Count(document.MACsBefore), document.Length)
				fmt.Fprintf(w, "dropped\t%s\n", surgery.FormatLayers(document.Dropped))
				fmt.Fprintf(w, "kept\t%s\n", surgery.FormatLayers(document.Kept))
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar((*string)(&f.strategy), "strategy", string(layerdrop.Top), "which layers go: "+join(dropStrategies))
	flags.IntVar(&f.k, "k", 0, "how many layers go, for strategies by position")
	flags.StringVar(&f.layers, "layers", "", "the layers that go, such as 9,10,11, for --strategy list")
	flags.Float64Var(&f.threshold, "threshold", 0.95, "cosine above which a layer goes, for --strategy contribution")
	flags.StringVar((*string)(&f.pooling), "pooling", string(layerdrop.CLS), "the vector that is compared: cls, or mean of the tokens")
	flags.StringVar(&f.Split, "split", "train", "the split that contribution is measured on")
	f.targetFlags.add(a, flags, nil)
	f.addPrecision(flags)
	f.dataFlags.add(flags)
	return command
}

func join(strategies []layerdrop.Strategy) string {
	names := make([]string, len(strategies))
	for i, s := range strategies {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

func (a *app) drop(ctx context.Context, f *dropFlags) (*dropDocument, error) {
	strategy := f.strategy
	if a.model == "" {
		return nil, errNoModel
	}
	if strategy == layerdrop.Contribution {
		return a.dropByContribution(ctx, f)
	}
	var named []int
	switch {
	case strategy != layerdrop.List && f.k < 1:
		return nil, call.Wrongf("--k %d: say how many layers go, at least 1", f.k)
	case strategy == layerdrop.List:
		var err error
		if named, err = layerdrop.ParseLayers(f.layers); err != nil {
			return nil, call.Wrongf("--layers %s: %w", f.layers, err)
		}
		if len(named) == 0 {
			return nil, call.Wrongf("name the layers that go with --layers, such as --layers 9,10,11")
		}
	}
	model, info, err := a.openSource(ctx)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	if strategy != layerdrop.List {
		if named, err = layerdrop.Select(strategy, model.Config.NumHiddenLayers, f.k); err != nil {
			return nil, call.Wrongf("--k %d: %w", f.k, err)
		}
	}
	return a.dropLayers(model, info, named, f)
}

func (a *app) dropByContribution(ctx context.Context, f *dropFlags) (*dropDocument, error) {
	if !(f.threshold >= -1 && f.threshold <= 1) {
		return nil, call.Wrongf("--threshold %g: a cosine is between -1 and 1", f.threshold)
	}
	similarity, b, err := a.measureSimilarity(ctx, &f.dataFlags, f.pooling)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	layers, err := layerdrop.ByContribution(similarity, f.threshold)
	if err != nil {
		return nil, call.Wrongf("--threshold %g: %w", f.threshold, err)
	}
	if len(layers) == 0 {
		return nil, call.Wrongf("--threshold %g: no layer is that alike; the highest cosine is %.4f", f.threshold, slices.Max(similarity.Layers))
	}
	document, err := a.dropLayers(b.Loaded, b.Model, layers, f)
	if err != nil {
		return nil, err
	}
	stamp := b.Stamp()
	document.Threshold, document.Similarity, document.Chosen = &f.threshold, similarity, &stamp
	return document, nil
}

func (a *app) dropLayers(model *gbert.Model, info *workbench.ModelInfo, layers []int, f *dropFlags) (*dropDocument, error) {
	smaller, err := surgery.DropLayers(model, layers)
	if err != nil && f.strategy == layerdrop.List {
		return nil, call.Wrongf("--layers %s: %w", f.layers, err)
	} else if err != nil {
		return nil, call.Wrap(err)
	}
	document, err := a.saveModel(smaller, info, &f.targetFlags)
	if err != nil {
		return nil, err
	}
	length := min(f.MaxLength, model.Config.MaxPositionEmbeddings)
	dropped := surgery.Origins(model.Config, layers)
	slices.Sort(dropped)
	return &dropDocument{
		modelDocument: document, Strategy: f.strategy, Dropped: dropped,
		Kept: surgery.Origins(smaller.Config, layerdrop.All(smaller.Config)), Length: length,
		MACsBefore: model.MACs(length).Total(), MACs: smaller.MACs(length).Total(),
	}, nil
}
