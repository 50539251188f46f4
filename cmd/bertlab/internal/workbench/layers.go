package workbench

import (
	"context"
	"slices"
	"strings"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/techniques/layerdrop"
)

// Similarity says how alike the states of a model's layers are.
type Similarity struct {
	*layerdrop.Similarity
	Figure string `json:"figure,omitempty"`
	Provenance
}

// CompareLayers compares the layers of a model, by its name or folder, on data.
func (t *Tools) CompareLayers(ctx context.Context, name string, r *Reading, pooling layerdrop.Pooling) (*Similarity, error) {
	similarity, b, err := t.measureSimilarity(ctx, name, r, pooling)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return &Similarity{Similarity: similarity, Provenance: b.Stamp()}, nil
}

// measureSimilarity opens model and data and compares the layers. The caller closes the bench.
func (t *Tools) measureSimilarity(ctx context.Context, name string, r *Reading, pooling layerdrop.Pooling) (*layerdrop.Similarity, *Bench, error) {
	if err := call.Choose("pooling", pooling, layerdrop.CLS, layerdrop.MeanToken); err != nil {
		return nil, nil, err
	}
	r.Headless = true
	b, err := t.Open(ctx, name, r, nil)
	if err != nil {
		return nil, nil, err
	}
	similarity, err := layerdrop.Measure(ctx, b.Session, b.Prepared, pooling, t.Meter.Count("comparing layers", "examples"))
	if err != nil {
		b.Close()
		return nil, nil, err
	}
	return similarity, b, nil
}

// Dropped says which layers went. Layers have the numbers that they had in the pretrained model.
type Dropped struct {
	*Written
	Strategy layerdrop.Strategy `json:"strategy"`
	Dropped  []int              `json:"dropped"`
	Kept     []int              `json:"kept"`
	// MACs count the model's operations for one example of Length tokens, before and after.
	Length     int                   `json:"length"`
	MACsBefore int                   `json:"macs_before"`
	MACs       int                   `json:"macs"`
	Threshold  *float64              `json:"threshold,omitempty"`
	Similarity *layerdrop.Similarity `json:"chosen_by,omitempty"`
	Chosen     *Provenance           `json:"chosen_on,omitempty"`
}

// DropStrategies are the ways to choose the layers that go.
var DropStrategies = append(slices.Clone(layerdrop.ByPosition), layerdrop.Contribution, layerdrop.List)

// Dropping says which layers of a model go. Its fields are those of the flags.
type Dropping struct {
	Strategy  layerdrop.Strategy
	K         int     // of strategies by position
	Layers    string  // of a list
	Threshold float64 // of contribution
	Pooling   layerdrop.Pooling
}

// Check reports flags that cannot be, or do not go together.
func (d *Dropping) Check(changed func(flag string) bool) error {
	if err := call.Choose("strategy", d.Strategy, DropStrategies...); err != nil {
		return err
	}
	for flag, strategies := range map[string][]layerdrop.Strategy{
		"k": layerdrop.ByPosition, "layers": {layerdrop.List}, "threshold": {layerdrop.Contribution}, "pooling": {layerdrop.Contribution},
	} {
		if changed(flag) && !slices.Contains(strategies, d.Strategy) {
			return call.Wrongf("--%s goes with --strategy %s, not with %s", flag, ListStrategies(strategies), d.Strategy)
		}
	}
	if d.Strategy != layerdrop.Contribution {
		return call.Unread(changed, "--strategy contribution", readingFlags...)
	}
	return nil
}

// ListStrategies is a list of strategies in a message.
func ListStrategies(strategies []layerdrop.Strategy) string {
	names := make([]string, len(strategies))
	for i, s := range strategies {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

// Drop drops layers of a model, by its name or folder. The reading says on which data a contribution is measured, and for how many tokens
// operations are counted.
func (t *Tools) Drop(ctx context.Context, name string, d *Dropping, r *Reading, to Destination) (*Dropped, error) {
	if name == "" {
		return nil, ErrNoModel
	}
	if d.Strategy == layerdrop.Contribution {
		return t.dropByContribution(ctx, name, d, r, to)
	}
	named, err := d.named()
	if err != nil {
		return nil, err
	}
	model, info, err := t.OpenSource(ctx, name)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	if d.Strategy != layerdrop.List {
		if named, err = layerdrop.Select(d.Strategy, model.Config.NumHiddenLayers, d.K); err != nil {
			return nil, call.Wrongf("--k %d: %w", d.K, err)
		}
	}
	return d.drop(model, info, named, r.MaxLength, to)
}

// named are the layers of a list; none where the position decides.
func (d *Dropping) named() ([]int, error) {
	if d.Strategy != layerdrop.List {
		if d.K < 1 {
			return nil, call.Wrongf("--k %d: say how many layers go, at least 1", d.K)
		}
		return nil, nil
	}
	layers, err := layerdrop.ParseLayers(d.Layers)
	if err != nil {
		return nil, call.Wrongf("--layers %s: %w", d.Layers, err)
	}
	if len(layers) == 0 {
		return nil, call.Wrongf("name the layers that go with --layers, such as --layers 9,10,11")
	}
	return layers, nil
}

// dropByContribution drops the layers that change least on data.
func (t *Tools) dropByContribution(ctx context.Context, name string, d *Dropping, r *Reading, to Destination) (*Dropped, error) {
	if !(d.Threshold >= -1 && d.Threshold <= 1) {
		return nil, call.Wrongf("--threshold %g: a cosine is between -1 and 1", d.Threshold)
	}
	similarity, b, err := t.measureSimilarity(ctx, name, r, d.Pooling)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	layers, err := layerdrop.ByContribution(similarity, d.Threshold)
	if err != nil {
		return nil, call.Wrongf("--threshold %g: %w", d.Threshold, err)
	}
	if len(layers) == 0 {
		return nil, call.Wrongf("--threshold %g: no layer is that alike; the highest cosine is %.4f", d.Threshold, slices.Max(similarity.Layers))
	}
	done, err := d.drop(b.Loaded, b.Model, layers, r.MaxLength, to)
	if err != nil {
		return nil, err
	}
	stamp := b.Stamp()
	done.Threshold, done.Similarity, done.Chosen = &d.Threshold, similarity, &stamp
	return done, nil
}

// drop drops layers and writes what is left.
func (d *Dropping) drop(model *gbert.Model, info *ModelInfo, layers []int, length int, to Destination) (*Dropped, error) {
	smaller, err := surgery.DropLayers(model, layers)
	if err != nil && d.Strategy == layerdrop.List {
		return nil, call.Wrongf("--layers %s: %w", d.Layers, err)
	} else if err != nil {
		return nil, call.Wrap(err)
	}
	written, err := to.Save(smaller, info)
	if err != nil {
		return nil, err
	}
	length = min(length, model.Config.MaxPositionEmbeddings)
	dropped := surgery.Origins(model.Config, layers)
	slices.Sort(dropped)
	return &Dropped{
		Written: written, Strategy: d.Strategy, Dropped: dropped,
		Kept: surgery.Origins(smaller.Config, layerdrop.All(smaller.Config)), Length: length,
		MACsBefore: model.MACs(length).Total(), MACs: smaller.MACs(length).Total(),
	}, nil
}
