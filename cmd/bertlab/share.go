package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/techniques/sharing"
)

// shareDocument is what share prints. Layers have the numbers that they have in the model.
type shareDocument struct {
	*modelDocument
	*sharing.Report
	// Embedding says what became of the word table; left out where it stays as it is.
	Embedding *sharing.EmbeddingReport `json:"embedding,omitempty"`
	// MACs count the model's operations for one example, by the number of its tokens: sharing leaves them as they were, a factorised word table adds to them.
	MACs []gbert.LengthMACs `json:"macs"`
}

type shareFlags struct {
	targetFlags
	sharing.Options
	embedding int
}

// shareNothing is the value of --what for a word table alone.
const shareNothing sharing.What = "none"

func (a *app) shareCommand() *cobra.Command {
	var f shareFlags
	command := &cobra.Command{
		Use:   "share",
		Short: "Let layers share their weights and write the smaller model",
		Long: `Let layers share their weights and write the smaller model (Lan et al. 2020, ALBERT, arXiv:1909.11942). The layers are divided
into groups of neighbours; a group has one attention, one feed-forward network, or both. The shared weights start out as those of the
group's first layer, as the mean of the group, or as those of the best layer, the one nearest to the others. The LayerNorms that
follow what is shared are shared too, unless --keep-norms is given. --embedding E stores the word table [V, H] as a product [V, E]·[E, H].

Sharing makes the file smaller, not the model faster. A shared model is fine-tuned like any other, and needs to be.`,
		Example: `  bertlab share --what attention --model all-MiniLM-L6-v2 --out shared
  bertlab share --what all --groups 2 --init mean --embedding 128 --model all-MiniLM-L6-v2 --out shared
  bertlab share --what none --embedding 128 --model all-MiniLM-L6-v2 --out factorised`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			document, err := a.share(command.Context(), &f, command.Flags().Changed("embedding"))
			if err != nil {
				return err
			}
			return a.print(document, document.human)
		}),
	}
	flags := command.Flags()
	flags.StringVar((*string)(&f.What), "what", string(sharing.All), "what is shared: all, attention, ffn or none")
	flags.IntVar(&f.Groups, "groups", 1, "number of groups of neighbouring layers; each shares within itself")
	flags.StringVar((*string)(&f.Init), "init", string(sharing.First), "what the shared weights start out as: first, mean or best")
	flags.BoolVar(&f.KeepNorms, "keep-norms", false, "leave every layer its own LayerNorms")
	flags.IntVar(&f.embedding, "embedding", 0, "embedding size E of the word table; left out, the table stays as it is")
	f.targetFlags.add(a, flags, nil)
	f.addPrecision(flags)
	return command
}

// share does what the flags say; factor says that --embedding was named.
func (a *app) share(ctx context.Context, f *shareFlags, factor bool) (*shareDocument, error) {
	if f.What == shareNothing && !factor {
		return nil, call.Wrongf("--what %s leaves the model as it is: name an --embedding size, or share one of %v", f.What, sharing.Whats)
	}
	if err := cmp.Or(call.Choose("what", f.What, append(slices.Clone(sharing.Whats), shareNothing)...), call.Choose("init", f.Init, sharing.Inits...)); err != nil {
		return nil, err
	}
	model, info, err := a.openSource(ctx)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	if layers := model.Config.NumHiddenLayers; f.Groups < 1 || f.Groups > layers {
		return nil, call.Wrongf("--groups %d: the model has %d layers, so the number of groups is 1…%d", f.Groups, layers, layers)
	}
	if factor {
		if err := sharing.CheckEmbedding(model.Config, f.embedding); err != nil {
			return nil, call.Wrongf("--embedding %d: %w", f.embedding, err)
		}
	}
	shared, report := model, &sharing.Report{Options: f.Options, Groups: []sharing.Group{}, Layers: []sharing.Distance{}, Before: sharing.Count(model)}
	if f.What != shareNothing {
		if shared, report, err = sharing.Tie(model, f.Options); err != nil {
			return nil, err
		}
	}
	var words *sharing.EmbeddingReport
	if factor {
		if shared, words, err = sharing.FactorEmbedding(shared, f.embedding); err != nil {
			return nil, err
		}
	}
	saved, err := a.saveModel(shared, info, &f.targetFlags)
	if err != nil {
		return nil, err
	}
	document := &shareDocument{modelDocument: saved, Report: report, Embedding: words, MACs: gbert.CompareMACs(model, shared)}
	written, err := gbert.Load(a.out) // the parameters are those that the file holds
	if err != nil {
		return nil, err
	}
	defer written.Close()
	report.After = sharing.Count(written)
	return document, nil
}

func (d *shareDocument) human(w io.Writer) {
	d.modelDocument.human(w)
	for _, part := range []struct {
		name          string
		before, after int
	}{
		{"embeddings", d.Before.Embeddings + d.Before.Projection, d.After.Embeddings + d.After.Projection}, {"attention", d.Before.Attention, d.After.Attention},
		{"feed-forward network", d.Before.FFN, d.After.FFN}, {"LayerNorms", d.Before.LayerNorms, d.After.LayerNorms},
		{"pooler and head", d.Before.Pooler + d.Before.Head, d.After.Pooler + d.After.Head},
	} {
		fmt.Fprintf(w, "  %s\t%s of %s\n", part.name, figures.Count(part.after), figures.Count(part.before))
	}
	if e := d.Embedding; e != nil {
		fmt.Fprintf(w, "word table\tembedding size %d, relative error %.4f; up to %d saves parameters\n", e.Size, e.RelativeError, e.BreakEven)
	}
	for _, macs := range d.MACs {
		fmt.Fprintf(w, "operations\t%s at %d tokens, before %s\n", figures.Count(macs.After), macs.Length, figures.Count(macs.Before))
	}
	for _, group := range d.Groups {
		from := "the mean"
		if group.Source != sharing.NoLayer {
			from = "layer " + strconv.Itoa(group.Source)
		}
		distances := make([]string, len(group.Layers))
		for i, layer := range group.Layers {
			distances[i] = strconv.FormatFloat(d.Layers[layer].Relative, 'f', 3, 64)
		}
		fmt.Fprintf(w, "layers %s\tshare %s from %s; relative distances %s\n", surgery.FormatLayers(group.Layers), d.Options.What, from, strings.Join(distances, ", "))
	}
}
