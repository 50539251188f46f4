package tensor

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// HOOIOptions are those of [HOOI]. The zero value iterates over all modes.
type HOOIOptions struct {
	Options
	// Tolerance is the fall of the relative error between two sweeps below which HOOI has converged; 0 means 1e-6.
	Tolerance float64
	// MaxSweeps is how often each factor is updated at most; 0 means 50.
	MaxSweeps int
	// Sequential starts from [STHOSVD] instead of [HOSVD].
	Sequential bool
	// Progress is told the relative error after the start (sweep 0) and each sweep; it may be nil.
	Progress func(sweep int, relativeError float64)
}

const (
	defaultTolerance = 1e-6
	defaultMaxSweeps = 50
)

// HOOI is the higher-order orthogonal iteration. In each sweep every factor in turn becomes the leading left singular vectors of
// X projected on the other factors, which is the best one given the others. So the error never rises; a sweep that rounding,
// or the randomised method, makes worse is not kept and ends the iteration. One decomposed mode needs no sweep: HOSVD is its optimum.
func HOOI(ctx context.Context, x *Tensor, ranks []int, o HOOIOptions) (*Decomposition, error) {
	if math.IsNaN(o.Tolerance) || o.Tolerance < 0 || o.MaxSweeps < 0 {
		return nil, fmt.Errorf("tensor: tolerance %g and %d sweeps, want at least 0", o.Tolerance, o.MaxSweeps)
	}
	if o.Tolerance == 0 {
		o.Tolerance = defaultTolerance
	}
	if o.MaxSweeps == 0 {
		o.MaxSweeps = defaultMaxSweeps
	}
	start := HOSVD
	if o.Sequential {
		start = STHOSVD
	}
	d, err := start(ctx, x, ranks, o.Options)
	if err != nil {
		return nil, err
	}
	o.report(d)
	if len(d.Modes) == 1 {
		return d, nil
	}
	if o.SVD, err = o.SVD.filled(); err != nil {
		return nil, err
	}
	norm := x.Norm()
	d.Converged = false
	for range o.MaxSweeps {
		next, err := d.sweep(ctx, x, ranks, o.SVD)
		if err != nil {
			return nil, err
		}
		next.measure(norm)
		fall := d.Error() - next.Error()
		if fall >= 0 {
			d = next
			o.report(d)
		}
		if fall < o.Tolerance {
			d.Converged = true
			break
		}
	}
	return d, nil
}

func (o HOOIOptions) report(d *Decomposition) {
	if o.Progress != nil {
		o.Progress(len(d.Errors)-1, d.Error())
	}
}

// sweep is the decomposition with every factor updated once; d is left as it is.
func (d *Decomposition) sweep(ctx context.Context, x *Tensor, ranks []int, o SVDOptions) (*Decomposition, error) {
	next := &Decomposition{Modes: d.Modes, Factors: slices.Clone(d.Factors), Methods: slices.Clone(d.Methods), Errors: slices.Clone(d.Errors)}
	for i, mode := range next.Modes {
		projected, err := project(ctx, x, next, i)
		if err != nil {
			return nil, err
		}
		if err := next.update(ctx, projected, i, ranks[i], o); err != nil {
			return nil, fmt.Errorf("%w (mode %d)", err, mode)
		}
		if i == len(next.Modes)-1 {
			next.Core = projected.multiply([]modeProduct{{next.Factors[i].T(), mode}})
		}
	}
	return next, nil
}

// Tucker2 is HOOI on two modes only, the other ones untouched: Kim et al. 2015 decompose the two channel modes of a
// convolution so. For a stack [n, rows, cols] and the modes 1 and 2 it is one U and one V for all matrices with a core each.
func Tucker2(ctx context.Context, x *Tensor, modes, ranks [2]int, o HOOIOptions) (*Decomposition, error) {
	o.Modes = modes[:]
	return HOOI(ctx, x, ranks[:], o)
}
