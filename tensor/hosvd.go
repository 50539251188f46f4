package tensor

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Options are those of every Tucker decomposition. The zero value decomposes all modes.
type Options struct {
	// Modes are those to decompose, in the order of the ranks; nil means all. The others keep their length.
	Modes []int
	// SVD is how singular vectors are computed.
	SVD SVDOptions
}

// Decomposition is a Tucker decomposition, X ≈ G ×_a U_a ×_b U_b … over its modes.
type Decomposition struct {
	// Core is G: as long as the rank along a decomposed mode, as long as X along the others.
	Core *Tensor
	// Modes are the decomposed modes, Factors their U_n [I_n, rank] with orthonormal columns.
	Modes   []int
	Factors []*mat.Dense
	// Methods are how the factors were computed.
	Methods []Method
	// Errors are the relative errors ‖X − G ×_a U_a …‖ / ‖X‖, from ‖X‖² − ‖G‖²: one, or for [HOOI] that of its start and that
	// after each sweep, never rising.
	Errors []float64
	// Converged says that HOOI stopped since its error no longer fell by the tolerance; true for what does not iterate.
	Converged bool
}

// Error is the last of Errors.
func (d *Decomposition) Error() float64 { return d.Errors[len(d.Errors)-1] }

// Parameters counts the entries of the core and the factors.
func (d *Decomposition) Parameters() int {
	count := len(d.Core.data)
	for _, factor := range d.Factors {
		rows, cols := factor.Dims()
		count += rows * cols
	}
	return count
}

// Reconstruct is G ×_a U_a ×_b U_b …, of the shape of X.
func (d *Decomposition) Reconstruct() (*Tensor, error) {
	matrices := make([]mat.Matrix, len(d.Factors))
	for i, factor := range d.Factors {
		matrices[i] = factor
	}
	return d.Core.MultiModeProduct(matrices, d.Modes)
}

// RelativeError is ‖x − reconstruction‖ / ‖x‖, entry by entry.
func (d *Decomposition) RelativeError(x *Tensor) (float64, error) {
	reconstruction, err := d.Reconstruct()
	if err != nil {
		return 0, err
	}
	return RelativeError(x, reconstruction)
}

// HOSVD is the truncated higher-order singular value decomposition: each factor is the leading left singular vectors of an
// unfolding of X. Its error is at most √N times the best one of these ranks, for N decomposed modes. A rank is from 1 to the
// mode's length.
func HOSVD(ctx context.Context, x *Tensor, ranks []int, o Options) (*Decomposition, error) {
	d, norm, err := begin(x, ranks, &o)
	if err != nil {
		return nil, err
	}
	for i, mode := range d.Modes {
		if err := d.update(ctx, x, i, ranks[i], o.SVD); err != nil {
			return nil, fmt.Errorf("%w (mode %d)", err, mode)
		}
	}
	if d.Core, err = project(ctx, x, d, -1); err != nil {
		return nil, err
	}
	d.measure(norm)
	return d, nil
}

// STHOSVD is the sequentially truncated HOSVD: each mode's factor comes from the tensor as the modes before it have shrunk it,
// in the order of the modes in the options. Faster than [HOSVD], with the same bound on its error, which is in practice often the smaller one.
func STHOSVD(ctx context.Context, x *Tensor, ranks []int, o Options) (*Decomposition, error) {
	d, norm, err := begin(x, ranks, &o)
	if err != nil {
		return nil, err
	}
	d.Core = x
	for i, mode := range d.Modes {
		if err := d.update(ctx, d.Core, i, ranks[i], o.SVD); err != nil {
			return nil, fmt.Errorf("%w (mode %d)", err, mode)
		}
		d.Core = d.Core.multiply([]modeProduct{{d.Factors[i].T(), mode}})
	}
	d.measure(norm)
	return d, nil
}

// begin checks a call and makes an empty decomposition; it also gives ‖x‖.
func begin(x *Tensor, ranks []int, o *Options) (*Decomposition, float64, error) {
	norm, err := x.finiteNorm()
	if err != nil {
		return nil, 0, err
	}
	if o.SVD, err = o.SVD.filled(); err != nil {
		return nil, 0, err
	}
	modes := slices.Clone(o.Modes)
	if modes == nil {
		for mode := range x.shape {
			modes = append(modes, mode)
		}
	}
	if len(modes) == 0 {
		return nil, 0, fmt.Errorf("tensor: no modes to decompose, want some of 0…%d, or nil for all", len(x.shape)-1)
	}
	if err := x.checkModes(modes); err != nil {
		return nil, 0, err
	}
	if len(ranks) != len(modes) {
		return nil, 0, fmt.Errorf("tensor: %d ranks %v for the %d modes %v", len(ranks), ranks, len(modes), modes)
	}
	for i, mode := range modes {
		if ranks[i] < 1 || ranks[i] > x.shape[mode] {
			return nil, 0, fmt.Errorf("tensor: rank %d for mode %d of the shape %v, want 1…%d", ranks[i], mode, x.shape, x.shape[mode])
		}
	}
	n := len(modes)
	return &Decomposition{Modes: modes, Factors: make([]*mat.Dense, n), Methods: make([]Method, n), Converged: true}, norm, nil
}

// update computes the i-th factor from the unfolding of y along its mode.
func (d *Decomposition) update(ctx context.Context, y *Tensor, i, rank int, o SVDOptions) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	svd, err := y.along(d.Modes[i]).svd(rank, o, false)
	if err != nil {
		return err
	}
	d.Factors[i], d.Methods[i] = svd.U, svd.Method
	return nil
}

// project is X ×_n U_nᵀ over all decomposed modes but the one of the skipped factor; -1 skips none.
func project(ctx context.Context, x *Tensor, d *Decomposition, skip int) (*Tensor, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var products []modeProduct
	for i, mode := range d.Modes {
		if i != skip {
			products = append(products, modeProduct{d.Factors[i].T(), mode})
		}
	}
	return x.multiply(products), nil
}

// measure appends the relative error: with orthonormal factors the best core has ‖X − …‖² = ‖X‖² − ‖G‖².
func (d *Decomposition) measure(norm float64) {
	relative := 0.0
	if norm > 0 {
		kept := d.Core.Norm() / norm
		relative = math.Sqrt(max(0, (1-kept)*(1+kept)))
	}
	d.Errors = append(d.Errors, relative)
}
