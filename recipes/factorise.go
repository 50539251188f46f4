package recipes

import (
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
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
func (s *Factorise) remembered() bool      { return true }

// mapsOf are the maps of a layer by their names in a recipe.
var mapsOf = map[string][]gbert.Role{
	"attention": {gbert.Query, gbert.Key, gbert.Value, gbert.AttentionOutput}, "ffn": {gbert.FFNIn, gbert.FFNOut},
}

func (s *Factorise) do(c *cook, model *gbert.Model) (*gbert.Model, string, error) {
	if s.Form != "svd" {
		return s.bank(c, model)
	}
	o := tucker.FactoriseOptions{Ratio: s.Ratio, Rank: s.Rank, Roles: mapsOf[s.Maps], Progress: c.env.Stage(c.stage)}
	if s.Weighted {
		examples, err := c.examples(s.Examples)
		if err != nil {
			return nil, "", err
		}
		session, err := gbert.NewSession(c.env.Backend, model)
		if err != nil {
			return nil, "", err
		}
		defer session.Close()
		prepared, err := finetune.Prepare(c.env.Backend, model, examples, 128, 32, 1)
		if err != nil {
			return nil, "", err
		}
		if o.Moments, err = tucker.Moments(c.ctx, session, prepared, c.env.Stage(c.stage+", what the maps meet")); err != nil {
			return nil, "", err
		}
		o.Ridge = 0.01
	}
	smaller, report, err := tucker.Factorise(c.ctx, model, o)
	if err != nil {
		return nil, "", err
	}
	return smaller, fmt.Sprintf("%d of %d maps factored, %d of %d entries", report.Factored(), len(report.Maps), report.ParametersAfter, report.ParametersBefore), nil
}

// bankSweeps is how often each factor of a stack is improved: later sweeps gain little and take as long.
const bankSweeps = 2

func (s *Factorise) bank(c *cook, model *gbert.Model) (*gbert.Model, string, error) {
	o := tucker.BankOptions{Core: gbert.MixedCore, Ratio: s.Ratio, Rank: s.Rank, Roles: mapsOf[s.Maps], Sweeps: bankSweeps}
	if s.Form == "shared" {
		o.Core = gbert.FullCore
	}
	o.Progress = func(sweep int, _ float64) { c.env.Stage(c.stage)(sweep, bankSweeps) }
	smaller, report, err := tucker.Bank(c.ctx, model, o)
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
func (s *FactoriseEmbedding) remembered() bool  { return true }

func (s *FactoriseEmbedding) do(_ *cook, model *gbert.Model) (*gbert.Model, string, error) {
	if err := sharing.CheckEmbedding(model.Config, s.Size); err != nil {
		return nil, "", err
	}
	smaller, report, err := sharing.FactorEmbedding(model, s.Size)
	if err != nil {
		return nil, "", err
	}
	return smaller, fmt.Sprintf("word table of width %d, relative error %.3f", report.Size, report.RelativeError), nil
}
