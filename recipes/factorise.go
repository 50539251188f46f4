package recipes

import (
	"context"
	"errors"
	"fmt"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/sharing"
	"bertlab/techniques/tucker"
)

// Factorise replaces the maps of the encoder by products of smaller ones: matrix by matrix (svd), or all together by a Tucker
// decomposition of their stack, with a core for each slice (shared) or cores mixed from a bank (bank; Wang, Ren et al. 2022).
type Factorise struct {
	// Form is svd, shared or bank; svd.
	Form string `json:"form"`
	// Ratio is the part of the entries that may be left, with svd of each matrix; or Rank is that of every map, for svd and shared.
	Ratio float64 `json:"ratio,omitempty"`
	Rank  int     `json:"rank,omitempty"`
	// Maps are all, attention or ffn.
	Maps string `json:"maps"`
	// Weighted weighs the error of svd by what the maps meet in training examples, of which Examples are used; 200. It is slow for
	// wide maps.
	Weighted bool `json:"weighted"`
	Examples int  `json:"examples,omitempty"`
}

func readFactorise(f *fields) Operation {
	s := &Factorise{
		Form:  f.choice("form", "svd", "svd", "shared", "bank"),
		Ratio: f.above("ratio", 0, 0, 1), Rank: f.whole("rank", 0, 1, 1<<20), Maps: f.choice("maps", "all", "all", "attention", "ffn"),
		Weighted: f.yes("weighted", false), Examples: f.whole("examples", 200, 1, 1<<30),
	}
	if f.has("ratio") == f.has("rank") {
		f.fail(f.line, "either ratio, the part of each matrix's entries that is kept, or rank")
	}
	if s.Form != "svd" && s.Weighted {
		f.fail(f.line, "weighted: only svd weighs its error")
	}
	if s.Form == "bank" && f.has("rank") {
		f.fail(f.line, "rank: a bank has two; give its ratio")
	}
	return s
}

func (s *Factorise) plan(now *state) error { now.factored = true; return nil }

// mapsOf are the maps of a layer by their names in a recipe.
var mapsOf = map[string][]gbert.Role{
	"attention": {gbert.Query, gbert.Key, gbert.Value, gbert.AttentionOutput}, "ffn": {gbert.FFNIn, gbert.FFNOut},
}

// factoriseInputs are a model, the arguments, and where the error is weighted the examples that say by what.
type factoriseInputs struct {
	experiment.Judging
	Arguments Factorise
	Title     title `json:"-"`
}

var factorising = &experiment.ModelDefinition[factoriseInputs, came]{
	Name: "maps factored", Version: 1,
	Title: func(say *words.Printer, in factoriseInputs) string { return in.Title(say) },
	Cost: func(_ factoriseInputs, c *gbert.Config) experiment.Cost {
		return experiment.Cost{Host: experiment.Decomposition(c)}
	},
	Run: func(ctx context.Context, w *experiment.Worker, in factoriseInputs) (*gbert.Model, came, error) {
		factor := in.matrices
		if in.Arguments.Form != "svd" {
			factor = in.bank
		}
		smaller, note, err := factor(ctx, w)
		if err != nil {
			return nil, came{}, err
		}
		return smaller, came{note, smaller.NumParameters()}, nil
	},
}

func (s *Factorise) add(c *course) (added, error) {
	if width := c.head.Config.HiddenSize; s.Rank > width {
		return added{}, fmt.Errorf("rank %d of maps of a model of width %d: it must be 1…%d", s.Rank, width, width)
	}
	in := factoriseInputs{Judging: experiment.Judging{Model: c.model}, Arguments: *s, Title: c.title()}
	if s.Weighted {
		sample, err := c.start.sample(s.Examples)
		if err != nil {
			return added{}, err
		}
		in.Judging = c.measuring(sample, 1)
	}
	return put(factorising, c.plan, in), nil
}

// matrices factors each matrix by itself.
func (in *factoriseInputs) matrices(ctx context.Context, w *experiment.Worker) (*gbert.Model, string, error) {
	s := in.Arguments
	model := w.Model(in.Model)
	o := tucker.FactoriseOptions{Ratio: s.Ratio, Rank: s.Rank, Roles: mapsOf[s.Maps], Progress: w.Progress()}
	if s.Weighted {
		session, prepared, err := in.Open(w)
		if err != nil {
			return nil, "", err
		}
		if o.Moments, err = tucker.Moments(ctx, session, prepared, w.Part("what the maps meet")); err != nil {
			return nil, "", err
		}
		o.Ridge = 0.01
	}
	smaller, report, err := tucker.Factorise(ctx, model, o)
	if err != nil {
		return nil, "", err
	}
	return smaller, fmt.Sprintf("%d of %d maps factored, %d of %d entries", report.Factored(), len(report.Maps), report.ParametersAfter, report.ParametersBefore), nil
}

// bankSweeps is how often each factor of a stack is improved: later sweeps gain little and take as long.
const bankSweeps = 2

// bank factors all matrices together.
func (in *factoriseInputs) bank(ctx context.Context, w *experiment.Worker) (*gbert.Model, string, error) {
	s := in.Arguments
	model := w.Model(in.Model)
	o := tucker.BankOptions{Core: gbert.MixedCore, Ratio: s.Ratio, Rank: s.Rank, Roles: mapsOf[s.Maps], Sweeps: bankSweeps}
	if s.Form == "shared" {
		o.Core = gbert.FullCore
	}
	o.Progress = func(sweep int, _ float64) { w.Progress()(sweep, bankSweeps) }
	smaller, report, err := tucker.Bank(ctx, model, o)
	if err != nil {
		return nil, "", err
	}
	return smaller, fmt.Sprintf("%s, %d of %d entries", report.Bank.Name, report.ParametersAfter, report.ParametersBefore), nil
}

// FactoriseEmbedding stores the word table [V, H] as a product [V, E]·[E, H] (ALBERT).
type FactoriseEmbedding struct {
	// Size is E.
	Size int `json:"size"`
}

func readFactoriseEmbedding(f *fields) Operation {
	s := &FactoriseEmbedding{f.whole("size", 0, 1, 1<<20)}
	if !f.has("size") {
		f.fail(f.line, "size, the width of the smaller word table, is missing")
	}
	return s
}

func (s *FactoriseEmbedding) plan(*state) error { return nil }

// embeddingInputs are a model, and the width of its smaller word table.
type embeddingInputs struct {
	Model experiment.ModelSource
	Size  int
	Title title `json:"-"`
}

var factorisingEmbedding = &experiment.ModelDefinition[embeddingInputs, came]{
	Name: "word table factored", Version: 1,
	Title: func(say *words.Printer, in embeddingInputs) string { return in.Title(say) },
	Cost: func(_ embeddingInputs, c *gbert.Config) experiment.Cost {
		return experiment.Cost{Host: experiment.WordDecomposition(c)}
	},
	Run: func(ctx context.Context, w *experiment.Worker, in embeddingInputs) (*gbert.Model, came, error) {
		model := w.Model(in.Model)
		smaller, report, err := sharing.FactorEmbedding(model, in.Size)
		if err != nil {
			return nil, came{}, err
		}
		return smaller, came{fmt.Sprintf("word table of width %d, relative error %.3f", report.Size, report.RelativeError), smaller.NumParameters()}, nil
	},
}

func (s *FactoriseEmbedding) add(c *course) (added, error) {
	if c.narrow {
		return added{}, errors.New("the word table is factored already")
	}
	if err := sharing.CheckEmbedding(c.head.Config, s.Size); err != nil {
		return added{}, err
	}
	c.narrow = true
	return put(factorisingEmbedding, c.plan, embeddingInputs{c.model, s.Size, c.title()}), nil
}
