package movement

import (
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// firstSite is the first site of the random numbers of the hard concrete distribution; dropout uses those below.
const firstSite = 1 << 20

// hardConcrete is L0's mask of a group's units, in the shape of their scores: drawn when training.
func (p *plan) hardConcrete(s *finetune.StepGraph, g group) *Node {
	if !s.Training {
		return p.gate(s.Parameter(g.name), nil)
	}
	site := firstSite + slices.IndexFunc(p.groups, func(other group) bool { return other.name == g.name })
	return p.gate(s.Parameter(g.name), gbert.Uniform(s.Seed, uint64(site), g.dims...))
}

// gate is the hard concrete distribution (Louizos et al. 2018, arXiv:1712.01312; the paper's appendix):
//
//	u ~ U(0, 1)    s̄ = σ((log u − log(1−u) + S)/b)    M = min(1, max(0, (r−l)·s̄ + l))
//
// Without u it is what a model is evaluated with: s̄ = σ(S), without temperature. As in the authors' code, u stays 0.0001 away
// from its ends.
func (o Options) gate(scores, u *Node) *Node {
	if u != nil {
		u = ClipScalar(u, 1e-4, 1-1e-4)
		scores = DivScalar(Add(Sub(Log(u), Log(OneMinus(u))), scores), o.Temperature)
	}
	return ClipScalar(AddScalar(MulScalar(Sigmoid(scores), o.High-o.Low), o.Low), 0, 1)
}

// present is each unit's share in the penalty: σ(S) for Soft; for L0 the probability that the mask is not 0,
// σ(S − b·log(−l/r)). The paper prints log S there; the authors' code has S, which is what the distribution gives.
func (o Options) present(scores *Node) *Node {
	if o.Kind == L0 {
		scores = AddScalar(scores, -o.Temperature*math.Log(-o.Low/o.High))
	}
	return Sigmoid(scores)
}

// loss adds the penalty. With a fixed λ it is λ times the mean over the groups of each group's mean, as in the authors' code
// (the paper prints the sum, for which their λ would make no sense).
func (p *plan) loss(s *finetune.StepGraph, loss *Node) *Node {
	if p.Lambda == 0 {
		return p.lagrangian(s, loss)
	}
	var total *Node
	for _, g := range p.groups {
		mean := ReduceAllMean(p.present(s.Parameter(g.name)))
		if total == nil {
			total = mean
		} else {
			total = Add(total, mean)
		}
	}
	return Add(loss, Mul(s.Number("lambda"), DivScalar(total, float64(len(p.groups)))))
}

// lagrangian adds λ₁·(R − v) + λ₂·(R − v)² for each population of units, R its share that remains and v the target of the
// step. The multipliers are learned by ascent, so that R is led to v (Wang, Wohlwend and Lei 2020, arXiv:1910.04732). R counts
// the units whose mask would not be 0 in evaluation, which is what is left in the end; its gradient is that of the penalty.
func (p *plan) lagrangian(s *finetune.StepGraph, loss *Node) *Node {
	scale := multiplierScale[p.Kind]
	for _, population := range p.populations() {
		var remaining *Node
		units := 0
		for _, g := range p.groups {
			if g.population != population {
				continue
			}
			share := ReduceAllSum(p.present(s.Parameter(g.name)))
			score := s.Parameter(g.name)
			kept := ReduceAllSum(ConvertDType(GreaterThan(score, p.cut(s)), score.DType()))
			share = Add(StopGradient(kept), Sub(share, StopGradient(share)))
			if remaining == nil {
				remaining = share
			} else {
				remaining = Add(remaining, share)
			}
			units += g.units
		}
		excess := Sub(DivScalar(remaining, float64(units)), s.Number("target"))
		multiplier := MulScalar(ascending(s.Parameter(multiplierName(population))), scale)
		linear, quadratic := Squeeze(Slice(multiplier, AxisElem(0))), Squeeze(Slice(multiplier, AxisElem(1)))
		loss = Add(loss, Add(Mul(linear, excess), Mul(quadratic, Square(excess))))
	}
	return loss
}

// multiplierScale is the λ that a multiplier of 1 stands for: the authors' λ_f, because a multiplier moves as fast as a score.
var multiplierScale = map[Kind]float64{Soft: 400, L0: 125}

// ascentRate keeps the multipliers' part of the gradient's norm small, which is clipped; Adam does not see it.
const ascentRate = 1e-6

// ascending is a multiplier whose loss grows when it follows its gradient downwards.
func ascending(multiplier *Node) *Node {
	stopped := StopGradient(multiplier)
	return Add(stopped, MulScalar(Sub(stopped, multiplier), ascentRate))
}

// cut is the score above which a unit's mask is not 0 in evaluation: for L0, where (r−l)·σ(S) + l = 0.
func (p *plan) cut(s *finetune.StepGraph) *Node {
	if p.Kind == Soft {
		return s.Number("cut")
	}
	return Const(s.Graph(), float32(math.Log(-p.Low/p.High)))
}

func (p *plan) populations() []string {
	var names []string
	for _, g := range p.groups {
		if !slices.Contains(names, g.population) {
			names = append(names, g.population)
		}
	}
	return names
}

func (p *plan) multipliers() []finetune.MethodParameter {
	if p.Lambda != 0 {
		return nil
	}
	var all []finetune.MethodParameter
	for _, population := range p.populations() {
		all = append(all, finetune.MethodParameter{Name: multiplierName(population), Shape: []int{2}, LearningRate: p.ScoreLearningRate})
	}
	return all
}

func multiplierName(population string) string { return "multiplier/" + population }
