package workbench

import (
	"cmp"
	"context"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/gbert/task"
	"bertlab/techniques/heads"
)

// HeadImportance says how much each head of a model matters.
type HeadImportance struct {
	*heads.Importance
	Figure string `json:"figure,omitempty"`
	Provenance
}

// MeasureHeads estimates how much each head of a model, by its name or folder, matters on data.
func (t *Tools) MeasureHeads(ctx context.Context, name string, r *Reading, variant heads.Estimator) (*HeadImportance, error) {
	if err := checkVariant(variant); err != nil {
		return nil, err
	}
	b, err := t.Open(ctx, name, r, nil)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	importance, err := t.importance(ctx, b, variant)
	if err != nil {
		return nil, err
	}
	return &HeadImportance{Importance: importance, Provenance: b.Stamp()}, nil
}

func (t *Tools) importance(ctx context.Context, b *Bench, variant heads.Estimator) (*heads.Importance, error) {
	return heads.Measure(ctx, b.Session, b.Prepared, variant, nil, t.Meter.Count("measuring importance", "examples"))
}

// checkVariant reports a --variant that there is not.
func checkVariant(v heads.Estimator) error {
	if v == heads.PerExample || v == heads.PerToken {
		return nil
	}
	return call.Wrongf("--variant %s: choose %s (equation 2 of the paper) or %s (the authors' code)%s", v, heads.PerExample, heads.PerToken,
		call.Meant(string(v), []string{string(heads.PerExample), string(heads.PerToken)}))
}

// HeadAblation says what each head of a model costs when it is masked, or alone stays in its layer.
type HeadAblation struct {
	*heads.Ablation
	KeepOne bool   `json:"keep_one"`
	Figure  string `json:"figure,omitempty"`
	Provenance

	Config *gbert.Config `json:"-"`
	Task   *task.Task    `json:"-"` // with the classes of the data
}

// AblateHeads masks one head of a model, by its name or folder, at a time, or with keepOne all heads of a layer except one.
func (t *Tools) AblateHeads(ctx context.Context, name string, r *Reading, keepOne bool) (*HeadAblation, error) {
	b, err := t.Open(ctx, name, r, func(m *gbert.Model) error {
		r.Passes = heads.SweepPasses(m.Config)
		return nil
	})
	if err != nil {
		return nil, err
	}
	defer b.Close()
	ablate, what := heads.Ablate, "ablating heads"
	if keepOne {
		ablate, what = heads.KeepOne, "keeping one head a layer"
	}
	ablation, err := ablate(ctx, b.Session, b.Prepared, t.Meter.Count(what, "predictions"))
	if err != nil {
		return nil, err
	}
	return &HeadAblation{Ablation: ablation, KeepOne: keepOne, Provenance: b.Stamp(), Config: b.Loaded.Config, Task: b.Prepared.Dataset.Task}, nil
}

// PrunedHeads says which heads of a model went.
type PrunedHeads struct {
	*Written
	Removed    string            `json:"removed"`
	Order      string            `json:"order,omitempty"`
	Importance *heads.Importance `json:"chosen_by,omitempty"`
	Chosen     *Provenance       `json:"chosen_on,omitempty"`
}

// The orders in which a share of the heads goes.
const (
	byImportance = "importance" // the least important first
	byReverse    = "reverse"
	atRandom     = "random"
)

// PruneOrders are all of them.
var PruneOrders = []string{byImportance, byReverse, atRandom}

// Pruning says which heads of a model go. Its fields are those of the flags.
type Pruning struct {
	Remove   string  // by name; empty: a share of them
	Fraction float64 // the share
	Order    string  // one of PruneOrders
	Variant  heads.Estimator
}

// Check reports flags that nothing would read.
func (p *Pruning) Check(changed func(flag string) bool) error {
	switch {
	case p.Remove != "":
		return call.Unread(changed, "--fraction", append([]string{"order", "variant", "devices"}, readingFlags...)...)
	case p.Order == atRandom:
		return call.Unread(changed, "an --order by importance", append([]string{"variant", "devices"}, readingFlags...)...)
	}
	return nil
}

// PruneHeads removes heads from a model, by its name or folder. The reading says on which data their importance is measured.
func (t *Tools) PruneHeads(ctx context.Context, name string, p *Pruning, r *Reading, to Destination) (*PrunedHeads, error) {
	if name == "" {
		return nil, ErrNoModel
	}
	if p.Remove == "" {
		return t.pruneShare(ctx, name, p, r, to)
	}
	set, err := heads.ParseSet(p.Remove)
	if err != nil {
		return nil, call.Wrongf("--remove %s: %w", p.Remove, err)
	}
	model, info, err := t.OpenSource(ctx, name)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	return p.prune(model, info, set, to)
}

// pruneShare removes a share of the heads.
func (t *Tools) pruneShare(ctx context.Context, name string, p *Pruning, r *Reading, to Destination) (*PrunedHeads, error) {
	if !(p.Fraction > 0 && p.Fraction <= 1) {
		return nil, call.Wrongf("--fraction %g: it must be above 0 and at most 1", p.Fraction)
	}
	if err := cmp.Or(call.Choose("order", p.Order, PruneOrders...), checkVariant(p.Variant)); err != nil {
		return nil, err
	}
	if p.Order == atRandom {
		model, info, err := t.OpenSource(ctx, name)
		if err != nil {
			return nil, err
		}
		defer model.Close()
		return p.pruneRanked(model, info, heads.RankAtRandom(model.Config, t.Seed), to)
	}
	b, err := t.Open(ctx, name, r, nil)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	importance, err := t.importance(ctx, b, p.Variant)
	if err != nil {
		return nil, err
	}
	ranking := heads.RankByImportance(b.Loaded.Config, importance)
	if p.Order == byReverse {
		ranking = heads.Reversed(ranking)
	}
	done, err := p.pruneRanked(b.Loaded, b.Model, ranking, to)
	if err != nil {
		return nil, err
	}
	stamp := b.Stamp()
	done.Importance, done.Chosen = importance, &stamp
	return done, nil
}

// pruneRanked removes the first heads of a ranking.
func (p *Pruning) pruneRanked(model *gbert.Model, info *ModelInfo, ranking []heads.Head, to Destination) (*PrunedHeads, error) {
	set, err := heads.FirstShare(model.Config, ranking, p.Fraction)
	if err != nil {
		return nil, call.Wrongf("--fraction %g: %w", p.Fraction, err)
	}
	done, err := p.prune(model, info, set, to)
	if err != nil {
		return nil, err
	}
	done.Order = p.Order
	return done, nil
}

// prune removes heads and writes what is left.
func (p *Pruning) prune(model *gbert.Model, info *ModelInfo, set heads.Set, to Destination) (*PrunedHeads, error) {
	if err := cmp.Or(set.Check(model.Config), surgery.CheckShared(model.Config, set)); err != nil && p.Remove != "" {
		return nil, call.Wrongf("--remove %s: %w", p.Remove, err)
	} else if err != nil {
		return nil, call.Wrap(err)
	}
	smaller, err := surgery.RemoveHeads(model, set)
	if err != nil {
		return nil, err
	}
	written, err := to.Save(smaller, info)
	if err != nil {
		return nil, err
	}
	return &PrunedHeads{Written: written, Removed: set.String()}, nil
}
