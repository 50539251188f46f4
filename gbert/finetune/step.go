package finetune

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/backend"
)

// parameter is a trained array on the device with its Adam moments, which plain SGD does without: a weight of the model, or a
// parameter of the method, whose name then has a prefix.
type parameter struct {
	spec   gbert.WeightSpec
	value  *tensors.Tensor
	m, v   *tensors.Tensor
	weight bool    // of the model
	rate   float64 // peak learning rate as a multiple of the options'
	plain  bool    // steps along its gradient, whatever the options' optimizer is
}

// stepper does optimizer steps on the device, in two executables: one computes the gradients and is compiled for each shape
// of batch, the other updates the weights and is compiled once. The weights and their moments never leave the device: each
// step donates the old ones to the update, which hands back the new.
type stepper struct {
	backend  compute.Backend
	config   *gbert.Config
	options  Options
	method   *methodState // nil: none
	trained  []*parameter // weights in the model's order, then the method's parameters
	frozen   []*parameter
	gradient *gbert.Computation[gradientOf[*tensors.Tensor]]
	update   *gbert.Computation[updateOf[any]]
}

func newStepper(b compute.Backend, model *gbert.Model, o Options) (*stepper, error) {
	s := &stepper{backend: b, config: model.Config, options: o}
	for _, spec := range model.Weights() {
		p := &parameter{spec: spec, weight: true, rate: 1}
		tensor, err := model.Upload(b, spec.Name)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("finetune: %w", err)
		}
		p.value = tensor
		if o.isFrozen(spec) {
			s.frozen = append(s.frozen, p)
		} else {
			s.trained = append(s.trained, p)
		}
	}
	if o.Method != nil {
		for _, extra := range o.Method.Parameters {
			s.trained = append(s.trained, extra.parameter(o.LearningRate))
		}
	}
	for _, p := range s.trained {
		if o.Optimizer == AdamW && !p.plain {
			p.m, p.v = tensors.FromShape(p.value.Shape()), tensors.FromShape(p.value.Shape())
		}
	}
	var err error
	if o.Method != nil {
		if s.method, err = newMethodState(o.Method, s); err != nil {
			s.close()
			return nil, fmt.Errorf("finetune: %w", err)
		}
	}
	if s.gradient, err = gbert.NewComputation[gradientOf[*tensors.Tensor]](b, "gradient", s.gradientGraph); err != nil {
		s.close()
		return nil, fmt.Errorf("finetune: %w", err)
	}
	// The weights lie on the first device, which alone updates them; the others get copies for each step.
	if _, err = s.gradient.Across(gbert.Devices{Backend: b, Count: o.Devices}, func(in gradientOf[*tensors.Tensor]) any { return in.LabelledBatch }); err != nil {
		s.close()
		return nil, fmt.Errorf("finetune: %w", err)
	}
	if s.update, err = gbert.NewComputation[updateOf[any]](b, backend.InPlace("update"), s.updateGraph); err != nil {
		s.close()
		return nil, fmt.Errorf("finetune: %w", err)
	}
	return s, nil
}

func (s *stepper) close() {
	s.gradient.Close()
	s.update.Close()
	s.method.close()
	for _, p := range slices.Concat(s.trained, s.frozen) {
		for _, t := range p.tensors() {
			if *t != nil {
				(*t).MustFinalizeAll()
			}
		}
	}
}

// tensors are the value and, where there are any, the moments.
func (p *parameter) tensors() []**tensors.Tensor {
	if p.m == nil {
		return []**tensors.Tensor{&p.value}
	}
	return []**tensors.Tensor{&p.value, &p.m, &p.v}
}

// weights are the model's weights, trained or frozen.
func (s *stepper) weights() []*parameter {
	var weights []*parameter
	for _, p := range slices.Concat(s.trained, s.frozen) {
		if p.weight {
			weights = append(weights, p)
		}
	}
	return weights
}

// scalars are the numbers of a step that change from step to step.
type scalars struct {
	step, steps int     // of the run, from 0
	rate        float64 // learning rate η
	correction1 float64 // 1 − β₁ᵗ
	correction2 float64 // 1 − β₂ᵗ
	seed        uint32  // of dropout
}

// gradientOf are the inputs of the gradient: the state, and the batch.
type gradientOf[T any] struct {
	State stateOf[T]
	trainingBatch[T]
}

// trainingBatch is a batch with its labels, the seed of dropout and the method's further inputs.
type trainingBatch[T any] struct {
	LabelledBatch[T]
	Seed   T
	Method map[string]T
}

// gradientGraph is a batch's loss and its gradients. Outputs: the gradients in the order of what is trained, the task's loss, and
// what is minimised.
func (s *stepper) gradientGraph(in gradientOf[*Node]) []*Node {
	view := s.view(in.State)
	view.Training, view.Seed, view.batchInputs = true, in.Seed, in.Method
	taps := gbert.Taps{Seed: in.Seed, Differentiated: true, BFloat16: s.options.Precision == BFloat16}
	if s.method != nil {
		taps.HiddenStates, taps.Attention = s.method.HiddenStates, s.method.Attention
		if transform := s.method.Weight; transform != nil {
			taps.Weight = func(name string, w *Node) *Node { return transform(view, name, w) }
		}
		if transform := s.method.Input; transform != nil {
			taps.MapInput = func(weight string, x *Node) *Node { return transform(view, weight, x) }
		}
	}
	view.Forward = gbert.NewForward(s.config, view.graph, view.Weight, taps)
	view.Batch = in.BatchOf
	view.Outputs = view.Forward.Encode(view.Batch, s.config.Head.ReadsCLS())
	view.Logits, view.Labels, view.RowWeights = view.Forward.Classify(view.Outputs.Hidden), in.Labels, in.RowWeights
	loss := Loss(view.Logits, view.Labels, view.RowWeights)
	objective := loss
	if s.method != nil && s.method.Loss != nil {
		objective = s.method.Loss(view, loss)
	}
	return append(Gradient(objective, in.State.Trained...), loss, objective)
}

// updateOf are the inputs of the update, which puts the new state in the place of the old.
type updateOf[T any] struct {
	State     []T // for each trained array its value and its moments, if it has any; first, as the outputs
	Gradients []T
	ratesOf[T]
}

// ratesOf are the scalars of an update: η, 1−β₁ᵗ and 1−β₂ᵗ.
type ratesOf[T any] struct {
	Rate, Correction1, Correction2 T
}

// updateGraph is one step of the optimizer. Outputs: for each trained array its new value and moments.
func (s *stepper) updateGraph(in updateOf[*Node]) []*Node {
	scale := clipScale(in.Gradients, s.options.MaxGradNorm)
	rest := in.State
	var outputs []*Node
	for i, p := range s.trained {
		g, rate := in.Gradients[i], in.Rate
		if scale != nil {
			g = Mul(g, scale)
		}
		if p.rate != 1 {
			rate = MulScalar(rate, p.rate)
		}
		state := rest[:len(p.tensors())]
		rest = rest[len(state):]
		if len(state) == 1 {
			outputs = append(outputs, Sub(state[0], Mul(rate, g)))
			continue
		}
		decay := 0.0
		if p.weight && p.spec.Decays() {
			decay = s.options.WeightDecay
		}
		w, m, v := s.adamW(state[0], g, state[1], state[2], rate, in.Correction1, in.Correction2, decay)
		outputs = append(outputs, w, m, v)
	}
	return outputs
}

// clipScale is min(1, c/‖g‖) with the norm over all gradients, by which they are multiplied; nil for c = 0, no clipping.
func clipScale(gradients []*Node, c float64) *Node {
	if c == 0 {
		return nil
	}
	total := sumOfSquares(gradients[0])
	for _, g := range gradients[1:] {
		total = Add(total, sumOfSquares(g))
	}
	return MinScalar(Div(MulScalar(OnesLike(total), c), AddScalar(Sqrt(total), 1e-6)), 1)
}

// sumOfSquares is ‖g‖², row by row as products, which read g once: XLA on a CPU would write all squares down before it sums them.
func sumOfSquares(g *Node) *Node {
	if g.Rank() != 2 {
		return ReduceAllSum(Square(g))
	}
	return ReduceAllSum(DotGeneral(g, []int{1}, []int{0}, g, []int{1}, []int{0}))
}

// adamW is one step of Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2, as in PyTorch):
//
//	m ← β₁m + (1−β₁)g    v ← β₂v + (1−β₂)g²
//	w ← w − η·λ·w − η · (m/(1−β₁ᵗ)) / (√(v/(1−β₂ᵗ)) + ε)
func (s *stepper) adamW(w, g, m, v, rate, correction1, correction2 *Node, decay float64) (newW, newM, newV *Node) {
	o := s.options
	newM = Add(MulScalar(m, o.Beta1), MulScalar(g, 1-o.Beta1))
	newV = Add(MulScalar(v, o.Beta2), MulScalar(Square(g), 1-o.Beta2))
	denominator := AddScalar(Div(Sqrt(newV), Sqrt(correction2)), o.Epsilon)
	update := Mul(Div(rate, correction1), Div(newM, denominator))
	if decay != 0 {
		w = Mul(w, OneMinus(MulScalar(rate, decay)))
	}
	return Sub(w, update), newM, newV
}

// compile compiles what steps with batches of these shapes need, one after another: XLA uses the cores for the parts of a program, and two
// compilations at once would wait for the allocator, which keeps all memory in one arena, and need their memory together.
func (s *stepper) compile(p *Prepared, batches []*gbert.Batch, now scalars) error {
	state, err := s.state(now.step, now.steps)
	if err != nil {
		return err
	}
	defer state.Close()
	for _, b := range batches {
		batch := s.batch(p, b, now.seed)
		err := s.gradient.Compile(gradientOf[*tensors.Tensor]{state.stateOf, batch.trainingBatch})
		batch.Close()
		if err != nil {
			return err
		}
	}
	rates := now.rates()
	defer rates.Close()
	in := updateOf[any]{ratesOf: rates.inputs()}
	for _, p := range s.trained {
		for _, t := range p.tensors() {
			in.State = append(in.State, *t)
		}
		in.Gradients = append(in.Gradients, p.value) // of the same shape
	}
	return s.update.Compile(in)
}

// stepBatch is a batch for one step. Close frees it.
type stepBatch struct {
	trainingBatch[*tensors.Tensor]
}

func (s *stepper) batch(p *Prepared, b *gbert.Batch, seed uint32) *stepBatch {
	batch := &stepBatch{}
	b = b.DividedBy(max(s.options.Devices, 1))
	batch.LabelledBatch, batch.Seed = p.LabelledTensors(b), tensors.FromScalar(seed)
	if s.method != nil && s.method.BatchInputs != nil {
		batch.Method = s.method.BatchInputs(b)
	}
	return batch
}

func (b *stepBatch) Close() { gbert.Free(b.trainingBatch) }

// rates are the scalars of an update on the device. Close frees them.
type rates struct {
	ratesOf[*tensors.Tensor]
}

func (now scalars) rates() *rates {
	return &rates{ratesOf[*tensors.Tensor]{
		Rate:        tensors.FromScalar(float32(now.rate)),
		Correction1: tensors.FromScalar(float32(now.correction1)),
		Correction2: tensors.FromScalar(float32(now.correction2)),
	}}
}

// inputs are the rates beside inputs that are donated.
func (r *rates) inputs() ratesOf[any] {
	return ratesOf[any]{Rate: r.Rate, Correction1: r.Correction1, Correction2: r.Correction2}
}

func (r *rates) Close() { gbert.Free(r.ratesOf) }

// step does one optimizer step and returns the batch's mean loss before it.
func (s *stepper) step(p *Prepared, b *gbert.Batch, now scalars) (float64, error) {
	state, err := s.state(now.step, now.steps)
	if err != nil {
		return 0, err
	}
	defer state.Close()
	batch := s.batch(p, b, now.seed)
	defer batch.Close()
	results, err := s.gradient.Run(gradientOf[*tensors.Tensor]{state.stateOf, batch.trainingBatch})
	if err != nil {
		return 0, err
	}
	defer results.Close()
	n := len(s.trained)
	loss, objective := float64(tensors.ToScalar[float32](results.At(n))), float64(tensors.ToScalar[float32](results.At(n+1)))
	if math.IsNaN(objective) || math.IsInf(objective, 0) {
		return 0, fmt.Errorf("the loss is %g: the run has diverged; a smaller learning rate or a longer warm-up helps", objective)
	}
	return loss, s.apply(results, now)
}

// apply updates the weights with their gradients, the first of the results, which it takes.
func (s *stepper) apply(gradients *gbert.Results, now scalars) error {
	rates := now.rates()
	defer rates.Close()
	in := updateOf[any]{ratesOf: rates.inputs()}
	donate := func(to []any, t *tensors.Tensor) ([]any, error) {
		if err := t.ToDevice(s.backend, 0); err != nil {
			return nil, err
		}
		buffer, err := DonateTensorBuffer(t, s.backend, 0)
		return append(to, buffer), err
	}
	var err error
	for _, p := range s.trained {
		for _, t := range p.tensors() {
			if in.State, err = donate(in.State, *t); err != nil {
				return err
			}
		}
	}
	for i := range s.trained {
		if in.Gradients, err = donate(in.Gradients, gradients.Take(i)); err != nil {
			return err
		}
	}
	results, err := s.update.Run(in)
	if err != nil {
		return err
	}
	next := 0
	for _, p := range s.trained {
		for _, t := range p.tensors() {
			*t = results.Take(next)
			next++
		}
	}
	return nil
}
