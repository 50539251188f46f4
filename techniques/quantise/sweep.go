package quantise

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// Sensitivity is what a model loses when one map alone is quantised, weights and inputs.
type Sensitivity struct {
	Map
	Parameters int `json:"parameters"`
	// Error is the root of the mean squared change of the logits.
	Error float64 `json:"error"`
	// Loss is the change of the mean loss, Score that of the task's first metric; 0 for data without labels.
	Loss  float64 `json:"loss"`
	Score float64 `json:"score"`
}

// Sensitivities are those of all maps of a model.
type Sensitivities struct {
	Examples int           `json:"examples"`
	Maps     []Sensitivity `json:"maps"`
	// All is with all maps quantised at once; its Map and Parameters are empty.
	All Sensitivity `json:"all"`
}

// switched are a batch and, for each map, 1 where it is quantised and 0 where it is not.
type switched[T any] struct {
	gbert.BatchOf[T]
	Switches T
}

// sweep is the model with a switch for each map.
type sweep struct {
	options Options
	place   map[string]int // of the switch of a matrix
}

// Sweep quantises each map alone, simulated in one executable, and all of them together. Keep of the options is not read.
func Sweep(ctx context.Context, s *gbert.Session, p *finetune.Prepared, o Options, progress func(done, total int)) (*Sensitivities, error) {
	model := s.Model()
	o.Keep = nil
	if err := o.check(model); err != nil {
		return nil, err
	}
	if len(p.Encodings) == 0 {
		return nil, fmt.Errorf("quantise: there are no examples to measure sensitivity on")
	}
	all := Maps(model.Config)
	w := &sweep{options: o, place: map[string]int{}}
	for i, each := range all {
		for _, name := range matrices(model.Config, each) {
			w.place[name] = i
		}
	}
	program, err := gbert.NewProgram[switched[*tensors.Tensor]](s, fmt.Sprintf("each map quantised %d", passes.Add(1)), w.logits)
	if err != nil {
		return nil, err
	}
	runs := len(all) + 2
	run := func(i int, switches []float32) ([][]float32, error) {
		runner := &switchedRunner{program, model, switches}
		return p.Logits(ctx, runner, nil, func(done, total int) {
			if progress != nil {
				progress(i*total+done, runs*total)
			}
		})
	}
	base, err := run(0, make([]float32, len(all)))
	if err != nil {
		return nil, err
	}
	result := &Sensitivities{Examples: len(p.Encodings)}
	for i, each := range all {
		one := make([]float32, len(all))
		one[i] = 1
		logits, err := run(i+1, one)
		if err != nil {
			return nil, err
		}
		entry, err := compare(p, base, logits)
		if err != nil {
			return nil, err
		}
		entry.Map, entry.Parameters = each, parameters(model.Config, each)
		result.Maps = append(result.Maps, entry)
	}
	logits, err := run(len(all)+1, slices.Repeat([]float32{1}, len(all)))
	if err != nil {
		return nil, err
	}
	result.All, err = compare(p, base, logits)
	return result, err
}

// logits are the model's, with each map as its switch says.
func (w *sweep) logits(begin func(gbert.Taps) *gbert.Forward, in switched[*Node]) []*Node {
	choose := func(name string, x *Node, rounded func() *Node) *Node {
		at, ok := w.place[name]
		if !ok {
			return x
		}
		on := GreaterThan(Squeeze(Slice(in.Switches, AxisElem(at))), ScalarZero(in.Switches.Graph(), in.Switches.DType()))
		return Where(BroadcastToDims(on, x.Shape().Dimensions...), rounded(), x)
	}
	return []*Node{begin(gbert.Taps{
		Weight: func(name string, x *Node) *Node {
			return choose(name, x, func() *Node { return RoundRows(x) })
		},
		MapInput: func(weight string, x *Node) *Node {
			if w.options.Inputs == gbert.FloatInputs {
				return x
			}
			return choose(weight, x, func() *Node { return roundInput(w.quantizer(weight, x), x) })
		},
	}).Logits(in.BatchOf)}
}

func (w *sweep) quantizer(weight string, x *Node) gbert.InputQuantizer {
	q := gbert.InputQuantizer{Inputs: w.options.Inputs}
	if q.Inputs == gbert.StaticInputs {
		r := w.options.Ranges[weight]
		scale, zero := gbert.UnsignedScale(r.Low, r.High)
		q.Scale, q.Zero = Const(x.Graph(), scale), Const(x.Graph(), float32(zero))
	}
	return q
}

// switchedRunner is a finetune.Runner of the model with some maps quantised.
type switchedRunner struct {
	program  *gbert.Program[switched[*tensors.Tensor]]
	model    *gbert.Model
	switches []float32
}

func (r *switchedRunner) BatchLogits(batch *gbert.Batch, _ gbert.HeadMask) ([][]float32, error) {
	if err := batch.Check(r.model.Config); err != nil {
		return nil, err
	}
	results, err := r.program.Consume(switched[*tensors.Tensor]{finetune.BatchAlone(batch), tensors.FromFlatDataAndDimensions(r.switches, len(r.switches))})
	if err != nil {
		return nil, err
	}
	defer results.Close()
	flat, err := results.Values(0)
	if err != nil {
		return nil, err
	}
	return r.model.RowLogits(batch, flat)
}

// compare is how far logits are from others, and their loss.
func compare(p *finetune.Prepared, base, logits [][]float32) (Sensitivity, error) {
	sum, n := 0.0, 0
	for i, row := range logits {
		for k, v := range row {
			d := float64(v) - float64(base[i][k])
			sum, n = sum+d*d, n+1
		}
	}
	entry := Sensitivity{Error: math.Sqrt(sum / float64(max(n, 1)))}
	before, err := p.Judge(base)
	if err != nil { // without labels there is none
		return entry, nil
	}
	after, err := p.Judge(logits)
	if err != nil {
		return entry, err
	}
	metric := p.Dataset.Task.Metrics[0]
	entry.Loss, entry.Score = after.Loss-before.Loss, after.Metrics[metric]-before.Metrics[metric]
	return entry, nil
}

// parameters are the weights of a map that would be quantised.
func parameters(c *gbert.Config, m Map) int {
	total := 0
	for _, name := range matrices(c, m) {
		for _, spec := range c.Weights() {
			if spec.Name == name {
				total += spec.Size()
			}
		}
	}
	return total
}

// Keep are the fewest maps that together cause half of the squared error of the logits, the most sensitive first, as long as they have
// at most a part of the weights: those are the ones that are worth their float32.
func (s *Sensitivities) Keep(part float64) []Map {
	total, weights := 0.0, 0
	for _, m := range s.Maps {
		total, weights = total+m.Error*m.Error, weights+m.Parameters
	}
	sorted := slices.SortedStableFunc(slices.Values(s.Maps), func(a, b Sensitivity) int { return cmp.Compare(b.Error, a.Error) })
	var kept []Map
	removed, room := 0.0, part*float64(weights)
	for _, m := range sorted {
		if removed >= total/2 {
			break
		}
		if float64(m.Parameters) > room {
			continue
		}
		kept, removed, room = append(kept, m.Map), removed+m.Error*m.Error, room-float64(m.Parameters)
	}
	return kept
}
