package workbench

import (
	"context"
	"slices"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert"
	"bertlab/techniques/layerdrop"
	"bertlab/techniques/sharing"
	"bertlab/techniques/tucker"
)

// Factored says what became of a model whose matrices are products.
type Factored struct {
	*Written
	Form string `json:"form"`
	*tucker.Factorisation
	// PartsBefore and Parts count the parameters of the model that was read and of the written file, read again.
	PartsBefore sharing.Parts `json:"parts_before"`
	Parts       sharing.Parts `json:"parts"`
	// MACs are the model's operations for one example.
	MACs   []gbert.LengthMACs `json:"macs"`
	Chosen *Provenance        `json:"weighted_on,omitempty"`
	// Embedding says what became of the word table; left out where it stays as it is.
	Embedding *sharing.EmbeddingReport `json:"embedding,omitempty"`
}

// The forms in which factored matrices are stored.
const (
	SVDForm    = "svd"
	SharedForm = "shared"
	BankForm   = "bank"
)

// FactorForms are all of them.
var FactorForms = []string{SVDForm, SharedForm, BankForm}

// Factoring says how a model's matrices are factored. Its fields are those of the flags.
type Factoring struct {
	Form          string
	Rank          string
	Core          string // of SharedForm
	Sweeps        int    // of SharedForm and BankForm
	Ratio         float64
	RankBy        string
	MinRank       int
	Roles         []string
	Layers        string
	Weighted      bool
	Ridge         float64
	EmbeddingSize int // of a factorised word table; 0 leaves it as it is

	embed bool // --embedding was given
}

// Check reports flags that do not go together.
func (f *Factoring) Check(changed func(flag string) bool) error {
	f.embed = changed("embedding")
	switch {
	case !f.Weighted && changed("ridge"):
		return call.Wrongf("--ridge goes with --weighted")
	case changed("min-rank") && !changed("rank-by"):
		return call.Wrongf("--min-rank goes with --rank-by")
	}
	for _, only := range []struct{ flag, form string }{{"weighted", SVDForm}, {"min-rank", SVDForm}, {"core", SharedForm}} {
		if changed(only.flag) && f.Form != only.form && slices.Contains(FactorForms, f.Form) {
			return call.Wrongf("--%s goes with --form %s", only.flag, only.form)
		}
	}
	if changed("sweeps") && f.Form == SVDForm {
		return call.Wrongf("--sweeps goes with --form %s and %s", SharedForm, BankForm)
	}
	if err := call.Choose("form", f.Form, FactorForms...); err != nil || f.Weighted {
		return err
	}
	return call.Unread(changed, "--weighted", readingFlags...)
}

// Factor factors the matrices of a model, by its name or folder. The reading says on which data errors are weighted, if they are.
func (t *Tools) Factor(ctx context.Context, name string, f *Factoring, r *Reading, to Destination) (*Factored, error) {
	if name == "" {
		return nil, ErrNoModel
	}
	method, err := t.decomposition(f)
	if err != nil {
		return nil, err
	}
	check := func(m *gbert.Model) error {
		if f.embed {
			if err := checkEmbedding(m, f.EmbeddingSize); err != nil {
				return err
			}
		}
		return method.check(m)
	}
	if f.Weighted {
		return t.factorWeighted(ctx, name, f, r, method, check, to)
	}
	model, info, err := t.OpenSource(ctx, name)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	if err := check(model); err != nil {
		return nil, err
	}
	return factor(ctx, model, info, f, method, nil, to)
}

// factorWeighted factors a model by errors that are weighted by what the matrices read on data.
func (t *Tools) factorWeighted(ctx context.Context, name string, f *Factoring, r *Reading, d *decomposition, check func(*gbert.Model) error, to Destination) (*Factored, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	r.Headless = true
	b, err := t.Open(ctx, name, r, check)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	moments, err := tucker.Moments(ctx, b.Session, b.Prepared, t.Meter.Count("measuring moments", "examples"))
	if err != nil {
		return nil, err
	}
	done, err := factor(ctx, b.Loaded, b.Model, f, d, moments, to)
	if err != nil {
		return nil, err
	}
	stamp := b.Stamp()
	done.Chosen = &stamp
	return done, nil
}

func factor(ctx context.Context, model *gbert.Model, info *ModelInfo, f *Factoring, d *decomposition, moments *tucker.SecondMoments, to Destination) (*Factored, error) {
	smaller, result, err := d.run(ctx, model, moments)
	if err != nil {
		return nil, err
	}
	done := &Factored{Form: f.Form, Factorisation: result, PartsBefore: sharing.Count(model)}
	if f.EmbeddingSize != 0 {
		if smaller, done.Embedding, err = sharing.FactorEmbedding(smaller, f.EmbeddingSize); err != nil {
			return nil, err
		}
	}
	if done.Written, err = to.Save(smaller, info); err != nil {
		return nil, err
	}
	return done, to.reread(func(written *gbert.Model) error {
		done.Parts = sharing.Count(written)
		done.MACs = gbert.CompareMACs(model, written)
		return nil
	})
}

// A decomposition is what the flags ask for.
type decomposition struct {
	// check reports, as a wrong call, what is not possible for a model.
	check func(m *gbert.Model) error
	run   func(ctx context.Context, m *gbert.Model, moments *tucker.SecondMoments) (*gbert.Model, *tucker.Factorisation, error)
}

// decomposition reads the flags.
func (t *Tools) decomposition(f *Factoring) (*decomposition, error) {
	if !(f.Ridge >= 0) {
		return nil, call.Wrongf("--ridge %g: it must be at least 0", f.Ridge)
	}
	if f.Sweeps < 0 {
		return nil, call.Wrongf("--sweeps %d: it must be at least 0", f.Sweeps)
	}
	var roles []gbert.Role
	for _, role := range f.Roles {
		if err := call.Choose("roles", gbert.Role(role), gbert.LayerRoles...); err != nil {
			return nil, err
		}
		roles = append(roles, gbert.Role(role))
	}
	var layers []int
	if f.Layers != "" {
		var err error
		if layers, err = layerdrop.ParseLayers(f.Layers); err != nil {
			return nil, call.Wrongf("--layers %s: %w", f.Layers, err)
		}
	}
	noise, energy, err := tucker.ParseRule(f.RankBy)
	switch {
	case err != nil:
		return nil, call.Wrongf("--rank-by %s: %w", f.RankBy, err)
	case f.RankBy != "" && f.MinRank < 1:
		return nil, call.Wrongf("--min-rank %d: it must be at least 1", f.MinRank)
	}
	layerRank, rank, err := tucker.ParseRank(f.Rank, f.Form == BankForm)
	if err != nil {
		return nil, call.Wrongf("--rank %s with --form %s: %w", f.Rank, f.Form, err)
	}
	if f.Form == SVDForm {
		o := tucker.FactoriseOptions{Rank: rank, Ratio: f.Ratio, Noise: noise, Energy: energy, Roles: roles, Layers: layers, Progress: t.Meter.Count("factoring", "matrices")}
		if f.RankBy != "" {
			o.MinRank = f.MinRank
		}
		return f.svd(o), nil
	}
	o := tucker.BankOptions{Core: gbert.MixedCore, LayerRank: layerRank, Rank: rank, Ratio: f.Ratio, Noise: noise, Energy: energy, Roles: roles, Layers: layers, Sweeps: f.Sweeps}
	if f.Sweeps == 0 {
		o.Sweeps = -1
	}
	count := t.Meter.Count("decomposing", "sweeps")
	o.Progress = func(sweep int, _ float64) { count(sweep, max(f.Sweeps, 1)) }
	if f.Form == SharedForm {
		o.Core = gbert.CoreKind(f.Core)
		if err := call.Choose("core", o.Core, gbert.FullCore, gbert.DiagonalCore); err != nil {
			return nil, err
		}
	}
	return f.bank(o), nil
}

// svd is the factorisation of each matrix by itself.
func (f *Factoring) svd(o tucker.FactoriseOptions) *decomposition {
	return &decomposition{
		check: func(m *gbert.Model) error {
			if o.Check(m) == nil {
				return nil
			}
			rank, ratio, err := o.Limits(m)
			switch {
			case err != nil:
			case f.Rank != "" && (o.Rank < 1 || o.Rank > rank):
				return call.Wrongf("--rank %s: want 1…%d, the shortest side of the chosen maps", f.Rank, rank)
			case f.Rank == "" && f.RankBy == "" && !(o.Ratio >= ratio && o.Ratio <= 1):
				return call.Wrongf("--ratio %g: want %.4g…1: rank 1 needs as much in each of the chosen maps", o.Ratio, ratio)
			}
			return f.named(o.Check(m))
		},
		run: func(ctx context.Context, m *gbert.Model, moments *tucker.SecondMoments) (*gbert.Model, *tucker.Factorisation, error) {
			if o.Moments = moments; moments != nil {
				o.Ridge = f.Ridge
			}
			return tucker.Factorise(ctx, m, o)
		},
	}
}

// bank is the decomposition of all matrices together.
func (f *Factoring) bank(o tucker.BankOptions) *decomposition {
	return &decomposition{
		check: func(m *gbert.Model) error {
			if o.Check(m) == nil {
				return nil
			}
			layerRank, rank, ratio, err := o.Limits(m)
			switch {
			case err != nil:
			case f.Form == BankForm && f.Rank != "" && (o.Rank < 1 || o.Rank > rank || o.LayerRank < 1 || o.LayerRank > layerRank):
				return call.Wrongf("--rank %s: want a layer rank of 1…%d, the number of slices, and a width rank of 1…%d, the hidden size", f.Rank, layerRank, rank)
			case f.Rank != "" && (o.Rank < 1 || o.Rank > rank):
				return call.Wrongf("--rank %s: want 1…%d, the hidden size", f.Rank, rank)
			case f.Rank == "" && f.RankBy == "" && !(o.Ratio >= ratio && o.Ratio <= 1):
				return call.Wrongf("--ratio %g: want %.4g…1: ranks of 1 need as much", o.Ratio, ratio)
			}
			return f.named(o.Check(m))
		},
		run: func(ctx context.Context, m *gbert.Model, _ *tucker.SecondMoments) (*gbert.Model, *tucker.Factorisation, error) {
			return tucker.Bank(ctx, m, o)
		},
	}
}

// named is an error of the other flags, with the one that it is most probably about.
func (f *Factoring) named(err error) error {
	switch {
	case f.Layers != "":
		return call.Wrongf("--layers %s: %w", f.Layers, err)
	case f.Roles != nil:
		return call.Wrongf("--roles %s: %w", call.List(f.Roles), err)
	case f.RankBy != "":
		return call.Wrongf("--rank-by %s: %w", f.RankBy, err)
	}
	return call.Wrap(err)
}
