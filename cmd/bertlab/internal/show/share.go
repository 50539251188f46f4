package show

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert/surgery"
	"bertlab/techniques/sharing"
)

// Shared writes what became of a model whose layers share weights.
func Shared(w io.Writer, d *workbench.Shared) {
	Written(w, d.Written)
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
	wordTable(w, d.Embedding)
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
