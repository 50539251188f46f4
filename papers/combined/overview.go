package combined

import (
	"encoding/json"
	"fmt"

	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/sharing"
)

// architectures are the shapes that [ArchitectureTable] counts.
var architectures = []struct {
	name string
	sharing.Architecture
	heads int
	of    int // layers of the model that it was made of; 0: of none
}{
	{"BERT-large", sharing.Architecture{Hidden: 1024, Embedding: 1024, Intermediate: 4096, Layers: 24}, 16, 0},
	{"BERT-base", sharing.Architecture{Hidden: 768, Embedding: 768, Intermediate: 3072, Layers: 12}, 12, 0},
	{"DistilBERT", sharing.Architecture{Hidden: 768, Embedding: 768, Intermediate: 3072, Layers: 6}, 12, 12},
	{"MiniLM-L6", sharing.Architecture{Hidden: 384, Embedding: 384, Intermediate: 1536, Layers: 6}, 12, 0},
}

// ArchitectureTable counts the parameters and operations of BERTs of several shapes, without heads, for a sequence of 128 tokens.
func ArchitectureTable(say *words.Printer) (*figures.Table, error) {
	const length = 128
	t := experiment.NewTable(say, say.T("The same architecture, smaller"),
		say.F("Counted by formula, which the tests check against real models; uncased English vocabulary, %d tokens, all positions of the last layer.", length), []figures.Column{
			{Name: say.T("model")}, {Name: say.T("layers × width")}, {Name: say.T("parameters"), Unit: say.T("millions"), Format: "%.1f"},
			{Name: say.T("in embeddings"), Unit: "%", Format: "%.0f"}, {Name: say.T("operations"), Unit: say.T("billions"), Format: "%.2f"},
		})
	for _, a := range architectures {
		a.Vocab, a.Positions, a.TokenTypes = 30522, 512, 2
		text, err := json.Marshal(map[string]any{
			"model_type": "bert", "vocab_size": a.Vocab, "hidden_size": a.Hidden, "num_hidden_layers": a.Layers, "num_attention_heads": a.heads,
			"intermediate_size": a.Intermediate, "hidden_act": "gelu", "max_position_embeddings": a.Positions, "type_vocab_size": a.TokenTypes,
		})
		if err != nil {
			return nil, fmt.Errorf("combined: %w", err)
		}
		config, err := gbert.ParseConfig(text)
		if err != nil {
			return nil, fmt.Errorf("combined: %w", err)
		}
		name, parts := a.name, a.Parameters()
		if a.of > 0 {
			name = say.F("%s (%d of %d layers)", name, a.Layers, a.of)
		}
		t.Rows = append(t.Rows, []any{
			name, fmt.Sprintf("%d × %d", a.Layers, a.Hidden), float64(parts.Total()) / 1e6, 100 * float64(parts.Embeddings) / float64(parts.Total()), float64(config.MACs(length, false).Total()) / 1e9,
		})
	}
	return t, nil
}

// PartsFigure shows where a model's parameters are and where its operations, for a sequence of length tokens.
func PartsFigure(model *gbert.Model, length int, say *words.Printer) (experiment.NamedFigure, error) {
	parts, macs := sharing.Count(model), model.Config.MACs(length, false)
	share := func(part, whole int) float64 { return 100 * float64(part) / float64(whole) }
	attention := macs.QueryKeyValue + macs.Scores + macs.Context + macs.AttentionOutput
	figure, err := figures.Bars(figures.BarsOptions{
		Frame: figures.Frame{
			Language: say.Tag(), Title: say.F("The word table is %.0f %% of the parameters and none of the work", share(parts.Embeddings+parts.Projection, parts.Total())),
			XLabel: say.T("part of the model"), YLabel: say.T("share, %"),
			Caption: say.F("%d layers, width %d; operations for %d tokens, all positions", model.Config.NumHiddenLayers, model.Config.HiddenSize, length),
		},
		Groups: []string{say.T("embeddings"), say.T("attention"), say.T("feed-forward"), say.T("pooler and head")},
		Series: []figures.BarSeries{
			{Name: say.T("parameters"), Values: []float64{share(parts.Embeddings+parts.Projection, parts.Total()), share(parts.Attention, parts.Total()), share(parts.FFN, parts.Total()), share(parts.Pooler+parts.Head, parts.Total())}},
			{Name: say.T("operations"), Values: []float64{0, share(attention, macs.Total()), share(macs.FeedForward, macs.Total()), share(macs.Pooler, macs.Total())}},
		},
		Format: "%.0f",
	})
	return experiment.NamedFigure{Name: "overview-parts", Figure: figure, Caption: say.T("Where the parameters are, and where the work is: what saves bytes need not save time.")}, err
}
