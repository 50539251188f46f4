package tucker

import (
	"context"
	"fmt"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/tensor"
)

// BankOptions say how the matrices of a model are decomposed together: exactly one rule for the ranks, which is Rank (with
// LayerRank for mixed cores), Ratio, Energy or Noise.
type BankOptions struct {
	// Core is what a slice has of its own: [gbert.FullCore] is form III of Wang, Ren et al. 2022, [gbert.MixedCore] their form IV,
	// the matrix bank; [gbert.DiagonalCore] leaves a slice a diagonal. Empty means MixedCore.
	Core gbert.CoreKind
	// Rank is that of U and V, from 1 to the hidden size.
	Rank int
	// LayerRank is the number of cores that slices mix, from 1 to the number of slices; only for mixed cores, and with Rank.
	LayerRank int
	// Ratio is the part of the chosen matrices' parameters that the bank may have, at most 1: all ranks the same part of the
	// dimensions that they stand for; see [tensor.BudgetRanks].
	Ratio float64
	// Energy is the part of the squared singular values to keep in each unfolding of the stack, above 0 and at most 1.
	Energy float64
	// Noise takes each unfolding for low rank plus noise; see [tensor.EVBMF].
	Noise bool
	// Roles are the maps of a layer that go into the bank; nil means all of [gbert.LayerRoles].
	Roles []gbert.Role
	// Layers are the layers, by their present numbers from 0; nil means all.
	Layers []int
	// Sweeps is how often HOOI (for diagonal cores: alternating least squares) updates each factor at most; 0 means 10, negative none.
	Sweeps int
	// SVD is how singular vectors are computed.
	SVD tensor.SVDOptions
	// Progress is told the relative error of the stack after the start (sweep 0) and each sweep; it may be nil.
	Progress func(sweep int, relativeError float64)
}

// Banking is what maps of a model have in common after [Bank].
type Banking struct {
	// Name is the form with its ranks, as in the paper: III-64, IV-72-384.
	Name string         `json:"name"`
	Core gbert.CoreKind `json:"core"`
	// Slices is the number of matrices [hidden, hidden] in the stack; LayerRank the number of cores that they mix, 0 where each has
	// its own.
	Slices    int `json:"slices"`
	LayerRank int `json:"layer_rank,omitempty"`
	LeftRank  int `json:"left_rank"`
	RightRank int `json:"right_rank"`
	// Errors are the relative errors of the stack: the start, and after each sweep. It never rises.
	Errors []float64 `json:"errors"`
	// Converged says that a further sweep would have gained less than 1e-4.
	Converged bool `json:"converged"`
	// Shared counts the parameters that no map has of its own.
	Shared int `json:"shared_parameters"`
}

const (
	defaultBankSweeps = 10
	bankTolerance     = 1e-4 // TensorLy's
)

// Bank decomposes all chosen matrices of a model together. They are cut into slices [hidden, hidden] as gbert's Bank describes,
// the slices are stacked to a tensor X [slices, hidden, hidden], and X is decomposed: for mixed cores by [tensor.HOOI] from a truncated
// HOSVD, for full ones likewise without the first mode ([tensor.Tucker2]), for diagonal ones by [tensor.CP]. Heads and neurons that were removed
// are zeros in the stack. Maps that are factored, tied or empty stay as they are; a model that has a bank already is refused, but
// its dense copy is not. Biases do not change. The given model is not changed.
func Bank(ctx context.Context, m *gbert.Model, o BankOptions) (*gbert.Model, *Factorisation, error) {
	p, err := o.plan(m)
	if err != nil {
		return nil, nil, err
	}
	x, err := p.stack(m)
	if err != nil {
		return nil, nil, err
	}
	if err := p.rankBySpectrum(ctx, x); err != nil {
		return nil, nil, err
	}
	report, shared, maps, err := p.decompose(ctx, x)
	if err != nil {
		return nil, nil, err
	}
	bank := gbert.Bank{LeftRank: p.left, RightRank: p.right, Core: p.Core, Cores: p.cores}
	banked, err := surgery.Bank(m, bank, shared, maps, gbert.Operation{Name: "tucker." + report.form(), Arguments: p.arguments(report)})
	if err != nil {
		return nil, nil, fmt.Errorf("tucker: %w", err)
	}
	result := &Factorisation{RankBy: p.rule, Maps: p.maps, Bank: report, ParametersAfter: report.Shared}
	for i := range p.maps {
		t := &p.maps[i]
		if t.Kept == "" {
			if err := measureMap(m, banked, t); err != nil {
				return nil, nil, err
			}
		}
		result.ParametersBefore += t.ParametersBefore
		result.ParametersAfter += t.ParametersAfter
	}
	return banked, result, nil
}

// form is the name of the form in a model's history and on the command line.
func (b *Banking) form() string {
	if b.Core == gbert.MixedCore {
		return "bank"
	}
	return "shared"
}

// Check reports options that [Bank] refuses for this model, with what is possible.
func (o BankOptions) Check(m *gbert.Model) error {
	_, err := o.plan(m)
	return err
}

// decompose decomposes the stack into what all slices share and what the maps have of their own.
func (p *bankPlan) decompose(ctx context.Context, x *tensor.Tensor) (*Banking, surgery.Shared, []surgery.Map, error) {
	report := &Banking{
		Name: p.name(), Core: p.Core, Slices: p.slices, LeftRank: p.left, RightRank: p.right,
		LayerRank: p.cores, Shared: p.hidden * (p.left + p.right),
	}
	var shared surgery.Shared
	var own []float32
	width := p.left * p.right // of a slice's own parameters
	switch p.Core {
	case gbert.DiagonalCore:
		d, err := tensor.CP(ctx, x, p.left, tensor.CPOptions{MaxSweeps: p.sweeps(), Tolerance: bankTolerance, SVD: p.SVD, Progress: p.Progress})
		if err != nil {
			return nil, shared, nil, err
		}
		shared.Left, shared.Right, own, width = float32s(d.Left), float32s(d.Right), float32s(d.Diagonals), p.left
		report.Errors, report.Converged = d.Errors, d.Converged
	default:
		ranks, modes := []int{p.left, p.right}, []int{1, 2}
		if p.Core == gbert.MixedCore {
			ranks, modes = []int{p.cores, p.left, p.right}, []int{0, 1, 2}
		}
		d, err := p.tucker(ctx, x, ranks, modes)
		if err != nil {
			return nil, shared, nil, err
		}
		report.Errors, report.Converged = d.Errors, d.Converged
		factors := d.Factors
		own = make([]float32, len(d.Core.Data()))
		for i, value := range d.Core.Data() {
			own[i] = float32(value)
		}
		if p.Core == gbert.MixedCore {
			shared.Cores, own, factors, width = own, float32s(factors[0]), factors[1:], p.cores
			report.Shared += len(shared.Cores)
		}
		shared.Left, shared.Right = float32s(factors[0]), float32s(factors[1])
	}
	var maps []surgery.Map
	at := 0
	for i := range p.maps {
		t := &p.maps[i]
		if t.Kept != "" {
			continue
		}
		maps = append(maps, surgery.Slices(t.Layer, t.Role, t.Slices, slices.Clone(own[at*width:(at+t.Slices)*width])))
		at += t.Slices
		t.Rank, t.ParametersAfter = p.left, t.Slices*width
	}
	return report, shared, maps, nil
}

// tucker is the decomposition with as many sweeps as are asked for.
func (p *bankPlan) tucker(ctx context.Context, x *tensor.Tensor, ranks, modes []int) (*tensor.Decomposition, error) {
	o := tensor.Options{Modes: modes, SVD: p.SVD}
	if p.Sweeps < 0 {
		d, err := tensor.HOSVD(ctx, x, ranks, o)
		if err == nil && p.Progress != nil {
			p.Progress(0, d.Error())
		}
		return d, err
	}
	return tensor.HOOI(ctx, x, ranks, tensor.HOOIOptions{Options: o, MaxSweeps: p.sweeps(), Tolerance: bankTolerance, Progress: p.Progress})
}

func (o BankOptions) sweeps() int {
	if o.Sweeps == 0 {
		return defaultBankSweeps
	}
	return o.Sweeps
}

// measureMap is the relative error of a map as it is stored.
func measureMap(before, after *gbert.Model, t *FactorisedMap) error {
	w, _, err := before.DenseMap(t.Layer, t.Role)
	if err != nil {
		return err
	}
	approximation, _, err := after.DenseMap(t.Layer, t.Role)
	if err != nil {
		return err
	}
	whole, err := tensor.Stack([][]float32{w}, 1, len(w))
	if err != nil {
		return err
	}
	stored, err := tensor.Stack([][]float32{approximation}, 1, len(approximation))
	if err != nil {
		return err
	}
	t.RelativeError, err = tensor.RelativeError(whole, stored)
	return err
}
