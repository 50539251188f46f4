package tucker

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"bertlab/gbert"
	"bertlab/tensor"
)

// rule names what decides the ranks, and reports options that contradict each other.
func (o FactoriseOptions) rule() (string, error) {
	var rules []string
	if o.Rank != 0 {
		rules = append(rules, fmt.Sprintf("rank:%d", o.Rank))
	}
	if o.Ratio != 0 {
		rules = append(rules, fmt.Sprintf("ratio:%g", o.Ratio))
	}
	if o.Energy != 0 {
		rules = append(rules, fmt.Sprintf("energy:%g", o.Energy))
	}
	if o.Noise {
		rules = append(rules, "evbmf")
	}
	if len(rules) != 1 {
		return "", fmt.Errorf("tucker: the ranks are decided by %d rules %v, want exactly one: a rank of at least 1, a ratio, an energy or noise", len(rules), rules)
	}
	if o.Energy != 0 && !(o.Energy > 0 && o.Energy <= 1) {
		return "", fmt.Errorf("tucker: energy %g, want above 0 and at most 1", o.Energy)
	}
	if o.MinRank < 0 || o.MinRank > 0 && (o.Rank != 0 || o.Ratio != 0) {
		return "", fmt.Errorf("tucker: least rank %d, want at least 0, and above 0 only for ranks by energy or noise", o.MinRank)
	}
	if !(o.Ridge >= 0) || math.IsInf(o.Ridge, 0) || o.Ridge > 0 && o.Moments == nil {
		return "", fmt.Errorf("tucker: ridge %g, want a finite number of at least 0, and above 0 only with moments", o.Ridge)
	}
	return rules[0], o.SVD.Check()
}

// chosen are the roles and layers in order.
func (o FactoriseOptions) chosen(c *gbert.Config) ([]gbert.Role, []int, error) {
	roles, layers := o.Roles, slices.Sorted(slices.Values(o.Layers))
	if roles == nil {
		roles = gbert.LayerRoles
	}
	for i, role := range roles {
		if !slices.Contains(gbert.LayerRoles, role) || slices.Contains(roles[:i], role) {
			return nil, nil, fmt.Errorf("tucker: role %q, want each of %v at most once", role, gbert.LayerRoles)
		}
	}
	if o.Layers == nil {
		for layer := range c.NumHiddenLayers {
			layers = append(layers, layer)
		}
	}
	for i, layer := range layers {
		if layer < 0 || layer >= c.NumHiddenLayers || i > 0 && layer == layers[i-1] {
			return nil, nil, fmt.Errorf("tucker: layer %d, want each of 0…%d at most once", layer, c.NumHiddenLayers-1)
		}
	}
	if len(roles) == 0 || len(layers) == 0 {
		return nil, nil, fmt.Errorf("tucker: %d roles in %d layers are chosen, want at least one of each, or nil for all", len(roles), len(layers))
	}
	return roles, layers, nil
}

// checkShapes reports a rank, a ratio or moments that some chosen map cannot have.
func (o FactoriseOptions) checkShapes(c *gbert.Config, targets []FactorisedMap) error {
	for _, t := range targets {
		if t.Kept == "" && o.Moments != nil {
			if width := o.Moments.width(t.Layer, t.Role); width != t.In || o.Moments.layers() != c.NumHiddenLayers {
				return fmt.Errorf("tucker: the moments are those of another model: layer %d, %s reads %d features, they have %d", t.Layer, t.Role, t.In, width)
			}
		}
	}
	side, least := limits(targets)
	rank := o.Rank
	if rank == 0 {
		rank = o.MinRank
	}
	if rank < 0 || rank > side {
		return fmt.Errorf("tucker: rank %d, want 1…%d, the shortest side of the chosen maps", rank, side)
	}
	if o.Ratio != 0 && !(o.Ratio*(1+rounding) >= least && o.Ratio <= 1) {
		if least > 1 {
			return fmt.Errorf("tucker: ratio %g: the factors of a chosen map have more entries than it at every rank", o.Ratio)
		}
		return fmt.Errorf("tucker: ratio %g, want %.4g…1: rank 1 needs as much in each of the chosen maps", o.Ratio, least)
	}
	return nil
}

// limits are the shortest side of the dense maps, and the largest part of its entries that rank 1 takes in one of them.
func limits(targets []FactorisedMap) (side int, ratio float64) {
	side = math.MaxInt
	for _, t := range targets {
		if t.Kept == "" {
			side = min(side, t.Out, t.In)
			ratio = max(ratio, float64(t.Out+t.In)/(float64(t.Out)*float64(t.In)))
		}
	}
	return side, ratio
}

// factors are U and V of a map, and their relative error.
type factors struct {
	u, v *mat.Dense
	err  float64
}

// decompose decides the rank of a map and, where no moments are to weigh it, factors it. It marks a map that is better kept.
func (o FactoriseOptions) decompose(w *mat.Dense, t *FactorisedMap) (*factors, error) {
	limit := min(t.Out, t.In)
	var svd *tensor.SVD
	switch {
	case o.Rank != 0:
		t.Rank = o.Rank
	case o.Ratio != 0:
		rank, err := tensor.BudgetRank(t.Out, t.In, o.Ratio)
		if err != nil {
			return nil, err
		}
		t.Rank = rank
	default:
		full, err := o.spectral(w, limit)
		if err != nil {
			return nil, err
		}
		if t.Rank, err = o.rankOf(full.Values, t.Out, t.In); err != nil {
			return nil, err
		}
		if t.Rank > tensor.BreakEvenRank(t.Out, t.In) {
			t.Kept = KeptNoSaving
			return nil, nil
		}
		if svd, err = full.Truncated(t.Rank); err != nil {
			return nil, err
		}
	}
	if o.Moments != nil {
		return nil, nil
	}
	if svd == nil {
		var err error
		if svd, err = tensor.TruncatedSVD(w, t.Rank, o.SVD); err != nil {
			return nil, err
		}
	}
	t.Method = svd.Method
	u, v := svd.Factors()
	return &factors{u, v, svd.RelativeError()}, nil
}

// spectral is the whole decomposition, for rules that need all the singular values.
func (o FactoriseOptions) spectral(w *mat.Dense, limit int) (*tensor.SVD, error) {
	if o.SVD.Method == tensor.Randomised {
		return nil, fmt.Errorf("tucker: the randomised method has leading singular values only: for ranks by energy or noise, want %q, %q or %q", tensor.Auto, tensor.Exact, tensor.Gram)
	}
	return tensor.TruncatedSVD(w, limit, o.SVD)
}

// rankOf is the rank by energy or noise, for all singular values of a map.
func (o FactoriseOptions) rankOf(values []float64, out, in int) (int, error) {
	least := max(1, o.MinRank)
	if values[0] == 0 {
		return least, nil
	}
	if o.Noise {
		noise, err := tensor.EVBMF(values, out, in, 0)
		if err != nil {
			return 0, err
		}
		return max(least, noise.Rank), nil
	}
	rank, err := tensor.EnergyRank(values, o.Energy)
	return max(least, rank), err
}
