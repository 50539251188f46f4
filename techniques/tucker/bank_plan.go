package tucker

import (
	"context"
	"fmt"
	"math"

	"bertlab/gbert"
	"bertlab/tensor"
)

// rounding is how far a ratio that was computed as parameters / dense may be off and still pay for these parameters.
const rounding = 1e-12

// bankPlan is what [Bank] is to do: the chosen maps, the stack's shape and its ranks.
type bankPlan struct {
	BankOptions
	rule           string
	maps           []FactorisedMap
	hidden, slices int
	parameters     int // of the chosen dense matrices
	// The ranks; 0 until the spectrum decides.
	cores, left, right int
}

// plan checks the options against the model.
func (o BankOptions) plan(m *gbert.Model) (*bankPlan, error) {
	p, err := o.targets(m)
	if err != nil {
		return nil, err
	}
	if p.rule, err = (FactoriseOptions{Rank: o.Rank, Ratio: o.Ratio, Energy: o.Energy, Noise: o.Noise, SVD: o.SVD}).rule(); err != nil {
		return nil, err
	}
	mixed := p.Core == gbert.MixedCore
	switch {
	case o.LayerRank != 0 && !mixed:
		return nil, fmt.Errorf("tucker: layer rank %d: only mixed cores have one, these are %s", o.LayerRank, p.Core)
	case o.LayerRank != 0 && o.Rank == 0:
		return nil, fmt.Errorf("tucker: a layer rank goes with a rank, not with the rule %s", p.rule)
	case (o.Energy != 0 || o.Noise) && p.Core == gbert.DiagonalCore:
		return nil, fmt.Errorf("tucker: the rule %s looks at the spectrum of each unfolding, which says nothing of diagonal cores: want a rank or a ratio", p.rule)
	case o.Rank != 0:
		if o.Rank < 1 || o.Rank > p.hidden {
			return nil, fmt.Errorf("tucker: rank %d, want 1…%d, the hidden size", o.Rank, p.hidden)
		}
		if mixed && (o.LayerRank < 1 || o.LayerRank > p.slices) {
			return nil, fmt.Errorf("tucker: layer rank %d, want 1…%d, the number of slices", o.LayerRank, p.slices)
		}
		p.left, p.right, p.cores = o.Rank, o.Rank, o.LayerRank
		p.rule = fmt.Sprintf("rank:%d", o.Rank)
		if mixed {
			p.rule = fmt.Sprintf("rank:%d-%d", o.LayerRank, o.Rank)
		}
	case o.Ratio != 0:
		least, err := p.leastRatio()
		if err != nil {
			return nil, err
		}
		if !(o.Ratio*(1+rounding) >= least && o.Ratio <= 1) {
			return nil, fmt.Errorf("tucker: ratio %g, want %.4g…1: ranks of 1 need as much of the %d parameters of the %d slices", o.Ratio, least, p.parameters, p.slices)
		}
		return p, p.rankByBudget()
	}
	return p, nil
}

// Limits are the largest layer rank and rank for this model, and the smallest ratio that ranks of 1 reach. The rule is not looked at.
func (o BankOptions) Limits(m *gbert.Model) (layerRank, rank int, ratio float64, err error) {
	p, err := o.targets(m)
	if err != nil {
		return 0, 0, 0, err
	}
	ratio, err = p.leastRatio()
	return p.slices, p.hidden, ratio, err
}

// targets are the chosen maps as they are.
func (o BankOptions) targets(m *gbert.Model) (*bankPlan, error) {
	if o.Core == "" {
		o.Core = gbert.MixedCore
	}
	switch o.Core {
	case gbert.DiagonalCore, gbert.FullCore, gbert.MixedCore:
	default:
		return nil, fmt.Errorf("tucker: cores %q, want %q, %q or %q", o.Core, gbert.DiagonalCore, gbert.FullCore, gbert.MixedCore)
	}
	if m.Config.UsesBank() {
		return nil, fmt.Errorf("tucker: the model has a bank already, and a model has one: make it dense first (Model.Dense)")
	}
	maps, err := (FactoriseOptions{Roles: o.Roles, Layers: o.Layers}).targets(m)
	if err != nil {
		return nil, err
	}
	p := &bankPlan{BankOptions: o, maps: maps, hidden: m.Config.HiddenSize}
	for i := range maps {
		t := &maps[i]
		if t.Kept != "" {
			continue
		}
		t.Slices = 1
		if t.Role == gbert.FFNIn || t.Role == gbert.FFNOut {
			neurons := m.Config.Layers[t.Layer].IntermediateSize
			t.Slices = (neurons + p.hidden - 1) / p.hidden
		}
		p.slices += t.Slices
		p.parameters += t.ParametersBefore
	}
	return p, nil
}

// modes are the decomposed modes of the stack.
func (p *bankPlan) modes() []int {
	if p.Core == gbert.MixedCore {
		return []int{0, 1, 2}
	}
	return []int{1, 2}
}

func (p *bankPlan) shape() []int { return []int{p.slices, p.hidden, p.hidden} }

// perRank is what one more rank of diagonal cores costs.
func (p *bankPlan) perRank() int { return p.slices + 2*p.hidden }

// leastRatio is the part of the parameters that ranks of 1 need.
func (p *bankPlan) leastRatio() (float64, error) {
	least := p.perRank()
	if p.Core != gbert.DiagonalCore {
		ranks := []int{0, 1, 1}
		if p.Core == gbert.MixedCore {
			ranks[0] = 1
		}
		var err error
		if least, err = tensor.Parameters(p.shape(), ranks); err != nil {
			return 0, err
		}
	}
	if least > p.parameters {
		return 0, fmt.Errorf("tucker: the bank has more parameters than the %d of the chosen maps at every rank: choose more maps", p.parameters)
	}
	return float64(least) / float64(p.parameters), nil
}

func (p *bankPlan) rankByBudget() error {
	if p.Core == gbert.DiagonalCore {
		p.left = min(p.hidden, int(p.Ratio*float64(p.parameters)*(1+rounding))/p.perRank())
		p.right = p.left
		return nil
	}
	whole := float64(p.slices) * float64(p.hidden) * float64(p.hidden)
	ranks, err := tensor.BudgetRanks(p.shape(), p.modes(), p.Ratio*float64(p.parameters)/whole)
	if err != nil {
		return err
	}
	p.cores, p.left, p.right = ranks[0], ranks[1], ranks[2]
	return nil
}

// rankBySpectrum decides ranks by energy or noise, for each unfolding of the stack.
func (p *bankPlan) rankBySpectrum(ctx context.Context, x *tensor.Tensor) error {
	if p.Energy == 0 && !p.Noise {
		return nil
	}
	rule := FactoriseOptions{Energy: p.Energy, Noise: p.Noise, SVD: p.SVD}
	for _, mode := range p.modes() {
		if err := ctx.Err(); err != nil {
			return err
		}
		length := x.Shape()[mode]
		spectrum, err := tensor.Spectrum(x, mode, p.SVD)
		if err != nil {
			return fmt.Errorf("tucker: ranks by energy or noise: %w", err)
		}
		rank, err := rule.rankOf(spectrum, length, len(x.Data())/length)
		if err != nil {
			return err
		}
		*map[int]*int{0: &p.cores, 1: &p.left, 2: &p.right}[mode] = rank
	}
	return nil
}

// name is the form and its ranks as the paper writes them.
func (p *bankPlan) name() string {
	width := fmt.Sprint(p.left)
	if p.left != p.right {
		width = fmt.Sprintf("%d×%d", p.left, p.right)
	}
	switch p.Core {
	case gbert.MixedCore:
		return fmt.Sprintf("IV-%d-%s", p.cores, width)
	case gbert.DiagonalCore:
		return "III-diagonal-" + width
	}
	return "III-" + width
}

// arguments are the line in the model's history.
func (p *bankPlan) arguments(report *Banking) map[string]any {
	arguments := (FactoriseOptions{Roles: p.Roles, Layers: p.Layers}).arguments(p.rule)
	delete(arguments, "weighted")
	arguments["name"], arguments["core"] = report.Name, string(report.Core)
	return arguments
}

// stack cuts the chosen maps into slices, one after the other, as gbert's Bank describes them.
func (p *bankPlan) stack(m *gbert.Model) (*tensor.Tensor, error) {
	d, at := p.hidden, 0
	data := make([]float64, p.slices*d*d)
	for _, t := range p.maps {
		if t.Kept != "" {
			continue
		}
		weight, _, err := m.DenseMap(t.Layer, t.Role)
		if err != nil {
			return nil, err
		}
		heads := m.Config.Layers[t.Layer].Heads
		size := m.Config.HeadSize()
		place := func(i int) int { return heads[i/size]*size + i%size }
		slice := data[at*d*d : (at+t.Slices)*d*d] // the slices of one map are rows below each other
		for r := range t.Out {
			for k := range t.In {
				value := float64(weight[r*t.In+k])
				if math.IsNaN(value) || math.IsInf(value, 0) {
					return nil, fmt.Errorf("tucker: layer %d, %s: entry [%d, %d] is %g, want finite numbers", t.Layer, t.Role, r, k, value)
				}
				switch t.Role {
				case gbert.FFNIn: // [neuron, hidden]
					slice[r*d+k] = value
				case gbert.FFNOut: // [neuron, hidden] too
					slice[k*d+r] = value
				case gbert.AttentionOutput: // [in, out]
					slice[place(k)*d+r] = value
				default:
					slice[k*d+place(r)] = value
				}
			}
		}
		at += t.Slices
	}
	return tensor.New(data, p.shape()...)
}
