package finetune

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"golang.org/x/sync/errgroup"

	"bertlab/gbert"
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
	gradient *Exec
	update   *Exec
}

func newStepper(backend compute.Backend, model *gbert.Model, o Options) (*stepper, error) {
	s := &stepper{backend: backend, config: model.Config, options: o}
	for _, spec := range model.Weights() {
		p := &parameter{spec: spec, weight: true, rate: 1}
		tensor, err := model.Upload(backend, spec.Name)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("finetune: %w", err)
		}
		p.value = tensor
		if spec.DType != "" || o.FreezeEmbeddings && gbert.IsEmbedding(spec.Name) {
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
	if s.gradient, err = NewExec(backend, s.gradientGraph); err != nil {
		s.close()
		return nil, fmt.Errorf("finetune: %w", err)
	}
	s.gradient.WithName("gradient").SetMaxCache(-1)
	if s.update, err = NewExec(backend, s.updateGraph); err != nil {
		s.close()
		return nil, fmt.Errorf("finetune: %w", err)
	}
	s.update.WithName("update")
	return s, nil
}

func (s *stepper) close() {
	for _, exec := range []*Exec{s.gradient, s.update} {
		if exec != nil {
			exec.Finalize()
		}
	}
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

// gradientGraph is a batch's loss and its gradients. Inputs: the state (see [stepper.state]); ids, types, mask; labels, row
// weights; seed of dropout; the method's inputs of the batch. Outputs: the gradients in the order of what is trained, the
// task's loss, and what is minimised.
func (s *stepper) gradientGraph(inputs []*Node) []*Node {
	values := inputs[:len(s.trained)]
	view, rest := s.begin(inputs, true)
	view.Training, view.Seed, view.batchInputs = true, rest[5], rest[6:]
	taps := gbert.Taps{Seed: rest[5]}
	if s.method != nil {
		taps.HiddenStates, taps.Attention = s.method.HiddenStates, s.method.Attention
		if transform := s.method.Weight; transform != nil {
			taps.Weight = func(name string, w *Node) *Node { return transform(view, name, w) }
		}
	}
	view.Forward = gbert.NewForward(s.config, view.graph, view.Weight, taps)
	view.Batch = gbert.InputNodes(rest)
	view.Outputs = view.Forward.Encode(view.Batch, s.config.Head.ReadsCLS())
	view.Logits, view.Labels, view.RowWeights = view.Forward.Classify(view.Outputs.Hidden), rest[3], rest[4]
	loss := Loss(view.Logits, view.Labels, view.RowWeights)
	objective := loss
	if s.method != nil && s.method.Loss != nil {
		objective = s.method.Loss(view, loss)
	}
	return append(Gradient(objective, values...), loss, objective)
}

// updateGraph is one step of the optimizer. Inputs: for each trained array its value and its moments, if it has any; the
// gradients; η, 1−β₁ᵗ, 1−β₂ᵗ. Outputs: for each its new value and moments.
func (s *stepper) updateGraph(inputs []*Node) []*Node {
	n := len(s.trained)
	gradients, scalars := inputs[len(inputs)-3-n:len(inputs)-3], inputs[len(inputs)-3:]
	scale := clipScale(gradients, s.options.MaxGradNorm)
	var outputs []*Node
	for i, p := range s.trained {
		g, rate := gradients[i], scalars[0]
		if scale != nil {
			g = Mul(g, scale)
		}
		if p.rate != 1 {
			rate = MulScalar(rate, p.rate)
		}
		state := inputs[:len(p.tensors())]
		inputs = inputs[len(state):]
		if len(state) == 1 {
			outputs = append(outputs, Sub(state[0], Mul(rate, g)))
			continue
		}
		decay := 0.0
		if p.weight && p.spec.Decays() {
			decay = s.options.WeightDecay
		}
		w, m, v := s.adamW(state[0], g, state[1], state[2], rate, scalars[1], scalars[2], decay)
		outputs = append(outputs, w, m, v)
	}
	return outputs
}

// clipScale is min(1, c/‖g‖) with the norm over all gradients, by which they are multiplied; nil for c = 0, no clipping.
func clipScale(gradients []*Node, c float64) *Node {
	if c == 0 {
		return nil
	}
	total := ReduceAllSum(Square(gradients[0]))
	for _, g := range gradients[1:] {
		total = Add(total, ReduceAllSum(Square(g)))
	}
	return MinScalar(Div(MulScalar(OnesLike(total), c), AddScalar(Sqrt(total), 1e-6)), 1)
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

// compile compiles what steps with batches of these shapes need, side by side: one compilation leaves cores idle.
func (s *stepper) compile(p *Prepared, batches []*gbert.Batch, now scalars) error {
	state, free, err := s.state(now.step, now.steps)
	if err != nil {
		return err
	}
	defer gbert.Free(free)
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, b := range batches {
		group.Go(func() error {
			inputs := s.batchInputs(p, b, now.seed)
			defer gbert.Free(inputs)
			_, err := s.gradient.Compile(shapesOf(state, inputs)...)
			return err
		})
	}
	group.Go(func() error {
		var inputs, gradients []any
		for _, p := range s.trained {
			for _, t := range p.tensors() {
				inputs = append(inputs, *t)
			}
			gradients = append(gradients, p.value) // of the same shape
		}
		rates := now.rates()
		defer gbert.Free(rates)
		_, err := s.update.Compile(shapesOf(inputs, gradients, rates)...)
		return err
	})
	return group.Wait()
}

// shapesOf are the shapes of a program's inputs, all of which are tensors.
func shapesOf(inputs ...[]any) []shapes.Shape {
	var list []shapes.Shape
	for _, input := range slices.Concat(inputs...) {
		list = append(list, input.(*tensors.Tensor).Shape())
	}
	return list
}

// batchInputs are the inputs of the gradient after the state.
func (s *stepper) batchInputs(p *Prepared, b *gbert.Batch, seed uint32) []any {
	inputs := append(append(gbert.BatchInputs(b), p.LabelInputs(b)...), tensors.FromScalar(seed))
	if s.method != nil && s.method.BatchInputs != nil {
		for _, tensor := range s.method.BatchInputs(b) {
			inputs = append(inputs, tensor)
		}
	}
	return inputs
}

// rates are the last inputs of the update.
func (now scalars) rates() []any {
	return []any{tensors.FromScalar(float32(now.rate)), tensors.FromScalar(float32(now.correction1)), tensors.FromScalar(float32(now.correction2))}
}

// step does one optimizer step and returns the batch's mean loss before it.
func (s *stepper) step(p *Prepared, b *gbert.Batch, now scalars) (float64, error) {
	inputs, free, err := s.state(now.step, now.steps)
	if err != nil {
		return 0, err
	}
	defer gbert.Free(free)
	batch := s.batchInputs(p, b, now.seed)
	defer gbert.Free(batch)
	outputs, err := s.gradient.Call(append(inputs, batch...)...)
	if err != nil {
		return 0, err
	}
	n := len(s.trained)
	loss, objective := float64(tensors.ToScalar[float32](outputs[n])), float64(tensors.ToScalar[float32](outputs[n+1]))
	gbert.Free(outputs[n:])
	if math.IsNaN(objective) || math.IsInf(objective, 0) {
		gbert.Free(outputs[:n])
		return 0, fmt.Errorf("the loss is %g: the run has diverged; a smaller learning rate or a longer warm-up helps", objective)
	}
	return loss, s.apply(outputs[:n], now)
}

// apply updates the weights with their gradients, which it frees.
func (s *stepper) apply(gradients []*tensors.Tensor, now scalars) error {
	var donated []*tensors.Tensor
	for _, p := range s.trained {
		for _, t := range p.tensors() {
			donated = append(donated, *t)
		}
	}
	var inputs []any
	for _, tensor := range append(donated, gradients...) {
		if err := tensor.ToDevice(s.backend, 0); err != nil {
			return err
		}
		buffer, err := DonateTensorBuffer(tensor, s.backend, 0)
		if err != nil {
			return err
		}
		inputs = append(inputs, buffer)
	}
	rates := now.rates()
	defer gbert.Free(rates)
	outputs, err := s.update.Call(append(inputs, rates...)...)
	if err != nil {
		return err
	}
	for _, p := range s.trained {
		for _, t := range p.tensors() {
			*t, outputs = outputs[0], outputs[1:]
		}
	}
	return nil
}
