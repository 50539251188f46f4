package movement

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// New is the method as [finetune.Train] takes it: scores, masks, thresholds, schedule and penalty for this model. The result of
// the training has the masks in its weights, as zeros. The schedule ends with the last step: train with finetune.KeepLast, and
// with FreezeEmbeddings to do as the paper does.
func New(m *gbert.Model, o Options) (*finetune.Method, error) {
	p, err := newPlan(m, o)
	if err != nil {
		return nil, err
	}
	method := &finetune.Method{Name: "movement", Numbers: p.numbers, Check: p.CheckSteps, Weight: p.weight}
	if method.Arguments, err = arguments(p.Options); err != nil {
		return nil, err
	}
	if p.selects() {
		method.Beginning = func(steps int) (int, map[string]any) {
			unlike := []string{"remaining"}
			if p.Initial == 1 { // all is kept, whatever it is selected from
				unlike = append(unlike, "scope")
			}
			return p.span(p.WarmupSteps, p.WarmupShare, steps), finetune.Without(method.Arguments, unlike...)
		}
	}
	if p.learned() {
		for _, g := range p.groups {
			method.Parameters = append(method.Parameters, finetune.MethodParameter{
				Name: g.name, Shape: g.dims, Initial: slices.Repeat([]float32{float32(p.InitialScore)}, g.units), LearningRate: p.ScoreLearningRate, Optimizer: p.ScoreOptimizer,
			})
		}
	}
	if p.selects() {
		method.Prepare = p.prepare
		if p.onHost() {
			method.PrepareHost = p.prepareHost
		}
	} else {
		method.Loss = p.loss
		method.Parameters = append(method.Parameters, p.multipliers()...)
	}
	return method, nil
}

func arguments(o Options) (map[string]any, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("movement: %w", err)
	}
	var plain map[string]any
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, fmt.Errorf("movement: %w", err)
	}
	return plain, nil
}

// plan is what is pruned in a model, and how.
type plan struct {
	Options
	groups []group
	parts  map[string]place
	stacks []stack // of selections
	slots  map[string]slot
}

// place is where a weight belongs.
type place struct{ group, part int }

// stack is selections of the same number of units, whose thresholds are found together.
type stack struct {
	units int
	sets  []selection
}

// slot is where the threshold of a group is found: the stack, its row, and the index of the group's first unit in the row.
type slot struct{ stack, row, offset int }

func newPlan(m *gbert.Model, o Options) (*plan, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &plan{Options: o, parts: map[string]place{}, slots: map[string]slot{}}
	if p.groups, err = groups(m, o); err != nil {
		return nil, err
	}
	for i, g := range p.groups {
		for j, part := range g.parts {
			p.parts[part.name] = place{i, j}
		}
	}
	if !o.selects() {
		return p, nil
	}
	sets := selections(p.groups, o.Scope)
	if err := checkKept(sets, o.Remaining); err != nil {
		return nil, err
	}
	for _, set := range sets {
		i := slices.IndexFunc(p.stacks, func(s stack) bool { return s.units == set.units })
		if i < 0 {
			i = len(p.stacks)
			p.stacks = append(p.stacks, stack{units: set.units})
		}
		offset := 0
		for _, g := range set.groups {
			p.slots[g.name] = slot{i, len(p.stacks[i].sets), offset}
			offset += g.units
		}
		p.stacks[i].sets = append(p.stacks[i].sets, set)
	}
	return p, nil
}

// numbers are the step's numbers. A count is given in two halves, because a float32 holds whole numbers up to 2²⁴ only.
func (p *plan) numbers(step, steps int) map[string]float64 {
	progress, err := p.progress(step, steps)
	if err != nil { // CheckSteps has refused such a run; only the names are asked for
		progress = 0
	}
	numbers := map[string]float64{}
	switch {
	case p.selects():
		for _, s := range p.stacks {
			high, low := keptNames(s.units)
			count := kept(p.keepRatio(progress), s.units)
			numbers[high], numbers[low] = float64(count>>keptBits), float64(count&(1<<keptBits-1))
		}
	case p.Kind == Soft:
		tau := cubic(0, p.Threshold, progress)
		numbers["cut"] = math.Log(tau / (1 - tau))
		if p.Lambda != 0 {
			numbers["lambda"] = p.Lambda * tau / p.Threshold
		}
	case p.Lambda != 0:
		numbers["lambda"] = p.Lambda
	}
	if !p.selects() && p.Lambda == 0 {
		numbers["target"] = p.keepRatio(progress)
	}
	return numbers
}

const keptBits = 16

func keptNames(units int) (high, low string) {
	return fmt.Sprintf("kept/%d/high", units), fmt.Sprintf("kept/%d/low", units)
}

// prepare finds the thresholds of all selections. Scores that are sums are handed on too: computed a second time, they might
// be rounded otherwise.
func (p *plan) prepare(s *finetune.StepGraph) map[string]*Node {
	results := map[string]*Node{}
	for i, stack := range p.stacks {
		rows := make([]*Node, len(stack.sets))
		for row, set := range stack.sets {
			var scores []*Node
			for _, g := range set.groups {
				score := p.score(s, g)
				if p.summed(g) {
					results[g.name] = score
				}
				scores = append(scores, Reshape(score, 1, g.units))
			}
			rows[row] = Concatenate(scores, 1)
		}
		high, low := keptNames(stack.units)
		count := Add(MulScalar(ConvertDType(s.Number(high), dtypes.Int32), int32(1<<keptBits)), ConvertDType(s.Number(low), dtypes.Int32))
		thresholds, cutoffs := topThresholds(Concatenate(rows, 0), BroadcastToDims(count, len(rows)))
		results[thresholdName(i)], results[cutoffName(i)] = thresholds, cutoffs
	}
	return results
}

func thresholdName(stack int) string { return fmt.Sprintf("threshold/%d", stack) }
func cutoffName(stack int) string    { return fmt.Sprintf("cutoff/%d", stack) }

// score is the scores of a group's units, in its shape.
func (p *plan) score(s *finetune.StepGraph, g group) *Node {
	if p.learned() {
		return s.Parameter(g.name)
	}
	if !p.summed(g) {
		return Abs(s.Weight(g.parts[0].name))
	}
	var total *Node
	for _, part := range g.parts {
		if part.bias {
			continue
		}
		cells := Reshape(Square(s.Weight(part.name)), part.grid[0], part.cell[0], part.grid[1], part.cell[1])
		sum := Reshape(ReduceSum(cells, 1, 3), g.dims...)
		if total == nil {
			total = sum
		} else {
			total = Add(total, sum)
		}
	}
	return Sqrt(total)
}

// summed reports whether a score is the norm of several weights.
func (p *plan) summed(g group) bool { return !p.learned() && g.unit.Unit != Weight }

// weight is W' = M ⊙ W.
func (p *plan) weight(s *finetune.StepGraph, name string, w *Node) *Node {
	at, ok := p.parts[name]
	if !ok {
		return w
	}
	g := p.groups[at.group]
	part := g.parts[at.part]
	mask := p.mask(s, g)
	if p.Kind == L0 && !part.output {
		// A factor between 0 and 1 acts once on a unit: where it is read. What makes the unit is kept whole or not at all.
		mask = StopGradient(ConvertDType(GreaterThan(mask, ZerosLike(mask)), dtypes.Float32))
	}
	return Mul(w, expand(mask, part))
}

// expand repeats the mask of the units over the weights of a part.
func expand(mask *Node, p part) *Node {
	if p.cell != [2]int{1, 1} {
		mask = BroadcastToDims(Reshape(mask, p.grid[0], 1, p.grid[1], 1), p.grid[0], p.cell[0], p.grid[1], p.cell[1])
	}
	return Reshape(mask, p.dims...)
}

// mask is the mask of a group's units, in the shape of its scores.
func (p *plan) mask(s *finetune.StepGraph, g group) *Node {
	switch p.Kind {
	case Soft:
		score := s.Parameter(g.name)
		return straightThrough(GreaterThan(score, s.Number("cut")), score)
	case L0:
		return p.hardConcrete(s, g)
	}
	score := p.score
	if p.summed(g) {
		score = func(s *finetune.StepGraph, g group) *Node { return s.Prepared(g.name) }
	}
	values, at := score(s, g), p.slots[g.name]
	row := func(name string) *Node { return element(s.Prepared(name), at.row) }
	index := AddScalar(Reshape(Iota(s.Graph(), shapes.Make(dtypes.Int32, g.units), 0), g.dims...), int32(at.offset))
	mask := isTop(StopGradient(values), index, row(thresholdName(at.stack)), row(cutoffName(at.stack)))
	if !p.learned() {
		return StopGradient(ConvertDType(mask, dtypes.Float32))
	}
	return straightThrough(mask, values)
}

// straightThrough is a mask as 0 and 1 whose gradient goes to the scores as it comes (Bengio et al. 2013, arXiv:1308.3432):
// what is added to the mask is exactly 0.
func straightThrough(mask, scores *Node) *Node {
	return Add(StopGradient(ConvertDType(mask, dtypes.Float32)), Sub(scores, StopGradient(scores)))
}
