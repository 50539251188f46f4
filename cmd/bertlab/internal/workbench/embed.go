package workbench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/stats"
)

// OwnPooling is the pooling that an embedder's files name.
const OwnPooling gbert.Pooling = "own"

// Poolings are the values of --pooling.
var Poolings = []gbert.Pooling{gbert.CLSPooling, gbert.MeanPooling, OwnPooling}

// Embedded says how well the cosines of a model's sentence embeddings follow what people say of the pairs.
type Embedded struct {
	Pooling  gbert.Pooling `json:"pooling"`
	Examples int           `json:"examples"`
	Metrics  task.Scores   `json:"metrics"`
	// Spearman is the rank correlation with its 95 % interval.
	Spearman stats.Estimate `json:"spearman"`
	Provenance
}

// JudgeEmbedder embeds both texts of each pair, and correlates the cosines with the targets.
func (t *Tools) JudgeEmbedder(ctx context.Context, name string, r *Reading, pooling gbert.Pooling) (*Embedded, error) {
	if err := call.Choose("pooling", pooling, Poolings...); err != nil {
		return nil, err
	}
	reading := *r
	reading.Headless, reading.singles, reading.Task = true, true, cmp.Or(r.Task, "stsb")
	b, err := t.Open(ctx, name, &reading, func(m *gbert.Model) (err error) {
		if pooling == OwnPooling {
			pooling, err = t.ownPooling(m)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	defer b.Close()
	encoder := b.Runner.(finetune.Encoder)
	vectors, err := b.Prepared.Embed(ctx, encoder, b.Loaded.Config, pooling, t.Meter.Count("embedding", "texts"))
	if err != nil {
		return nil, err
	}
	pairs := len(vectors) / 2
	cosines, targets := make([]float64, pairs), make([]float64, pairs)
	for i := range pairs {
		cosines[i], targets[i] = finetune.Cosine(vectors[i], vectors[pairs+i]), b.Prepared.Dataset.Examples[i].Value
	}
	e := &Embedded{Pooling: pooling, Examples: pairs, Metrics: task.Scores{task.Spearman: stats.Spearman(cosines, targets), task.Pearson: stats.Pearson(cosines, targets)}}
	e.Spearman, err = stats.Bootstrap(pairs, func(rows []int) float64 {
		a, b := make([]float64, len(rows)), make([]float64, len(rows))
		for i, row := range rows {
			a[i], b[i] = cosines[row], targets[row]
		}
		return stats.Spearman(a, b)
	}, stats.Usual)
	e.Provenance = b.Stamp()
	return e, err
}

// ownPooling is the pooling that an embedder's files name.
func (t *Tools) ownPooling(m *gbert.Model) (gbert.Pooling, error) {
	pooling, further, err := m.Pooling()
	if err != nil {
		return "", call.Wrongf("--pooling %s: %w; give cls or mean", OwnPooling, err)
	}
	if len(further) > 0 {
		t.Meter.Warn("note: what follows the pooling is not computed: %s", strings.Join(further, ", "))
	}
	return pooling, nil
}

// single are data of pairs as single texts with targets.
func single(data *task.Dataset) (*task.Dataset, error) {
	labelled := data.Labelled()
	texts, err := finetune.SingleTexts(labelled)
	if err != nil {
		return nil, err
	}
	if labelled.Len() < 2 {
		return nil, fmt.Errorf("%d of the %d pairs of %s have a target: at least two are needed", labelled.Len(), data.Len(), data.Source)
	}
	if values := labelled.Examples; !slices.ContainsFunc(values, func(e task.Example) bool { return e.Value != values[0].Value }) {
		return nil, fmt.Errorf("all pairs of %s have the target %g: nothing correlates with it", data.Source, values[0].Value)
	}
	return texts, nil
}
