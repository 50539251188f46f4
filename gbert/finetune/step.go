package finetune

import (
	"fmt"
	"math"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/task"
)

// Loss is the mean loss of a batch in the graph: cross entropy of logits [B, labels] with classes int32 [B], or, for one
// label, squared error with targets float32 [B]. weights [B] is 1 for a real row and 0 for padding.
func Loss(logits, labels, weights *Node) *Node {
	return Div(ReduceAllSum(Mul(ExampleLosses(logits, labels), weights)), ReduceAllSum(weights))
}

// ExampleLosses are the losses of each row, [B]; see [Loss].
func ExampleLosses(logits, labels *Node) *Node {
	if labels.DType().IsFloat() {
		return Square(Sub(Squeeze(logits, -1), labels))
	}
	classes := logits.Shape().Dimensions[1]
	return Neg(ReduceSum(Mul(LogSoftmax(logits, -1), OneHot(labels, classes, logits.DType())), -1))
}

// LabelInputs are the labels and the row weights of a batch as tensors, for [Loss].
func LabelInputs(d *task.Dataset, b *gbert.Batch) []any {
	weights := make([]float32, b.Rows)
	for row := range b.Index {
		weights[row] = 1
	}
	var labels *tensors.Tensor
	if d.Task.Kind == task.Regression {
		targets := make([]float32, b.Rows)
		for row, example := range b.Index {
			targets[row] = float32(d.Examples[example].Value)
		}
		labels = tensors.FromFlatDataAndDimensions(targets, b.Rows)
	} else {
		classes := make([]int32, b.Rows)
		for row, example := range b.Index {
			classes[row] = int32(d.Examples[example].Label)
		}
		labels = tensors.FromFlatDataAndDimensions(classes, b.Rows)
	}
	return []any{labels, tensors.FromFlatDataAndDimensions(weights, b.Rows)}
}

// parameter is a trained weight on the device with its Adam moments.
type parameter struct {
	spec  gbert.WeightSpec
	value *tensors.Tensor
	m, v  *tensors.Tensor
}

// stepper does optimizer steps on the device, in two executables: one computes the gradients and is compiled for each shape
// of batch, the other updates the weights and is compiled once. The weights and their moments never leave the device: each
// step donates the old ones to the update, which hands back the new.
type stepper struct {
	backend  compute.Backend
	config   *gbert.Config
	options  Options
	trained  []*parameter
	frozen   []*parameter
	gradient *Exec
	update   *Exec
	shapes   map[[2]int]bool
}

func newStepper(backend compute.Backend, model *gbert.Model, o Options) (*stepper, error) {
	s := &stepper{backend: backend, config: model.Config, options: o, shapes: map[[2]int]bool{}}
	for _, spec := range model.Weights() {
		p := &parameter{spec: spec}
		tensor, err := model.Upload(backend, spec.Name)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("finetune: %w", err)
		}
		p.value = tensor
		if o.FreezeEmbeddings && gbert.IsEmbedding(spec.Name) {
			s.frozen = append(s.frozen, p)
			continue
		}
		s.trained = append(s.trained, p)
		for _, moment := range []**tensors.Tensor{&p.m, &p.v} {
			*moment = tensors.FromShape(tensor.Shape())
		}
	}
	var err error
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
	for _, p := range append(append([]*parameter{}, s.trained...), s.frozen...) {
		for _, t := range []*tensors.Tensor{p.value, p.m, p.v} {
			if t != nil {
				t.MustFinalizeAll()
			}
		}
	}
}

// scalars are the numbers of a step that change from step to step.
type scalars struct {
	rate        float64 // learning rate η
	correction1 float64 // 1 − β₁ᵗ
	correction2 float64 // 1 − β₂ᵗ
	seed        uint32  // of dropout
}

// gradientGraph is a batch's loss and its gradients. Inputs: trained weights, frozen weights; ids, types, mask; labels, row
// weights; seed of dropout. Outputs: the gradients in the order of the trained weights, the loss.
func (s *stepper) gradientGraph(inputs []*Node) []*Node {
	n := len(s.trained)
	values, frozen, rest := inputs[:n], inputs[n:n+len(s.frozen)], inputs[n+len(s.frozen):]
	source := map[string]*Node{}
	for i, p := range s.trained {
		source[p.spec.Name] = values[i]
	}
	for i, p := range s.frozen {
		source[p.spec.Name] = frozen[i]
	}
	seed := rest[5]
	forward := gbert.NewForward(s.config, seed.Graph(), func(name string) *Node { return source[name] }, gbert.Taps{Seed: seed})
	loss := Loss(forward.Logits(gbert.InputNodes(rest)), rest[3], rest[4])
	return append(Gradient(loss, values...), loss)
}

// updateGraph is one step of the optimizer. Inputs: weights, first moments, second moments, gradients; η, 1−β₁ᵗ, 1−β₂ᵗ.
// Outputs: new weights, first moments, second moments.
func (s *stepper) updateGraph(inputs []*Node) []*Node {
	n := len(s.trained)
	values, first, second, gradients := inputs[:n], inputs[n:2*n], inputs[2*n:3*n], inputs[3*n:4*n]
	rate, correction1, correction2 := inputs[4*n], inputs[4*n+1], inputs[4*n+2]
	scale := clipScale(gradients, s.options.MaxGradNorm)
	outputs := make([]*Node, 3*n)
	for i, p := range s.trained {
		decay := 0.0
		if p.spec.Decays() {
			decay = s.options.WeightDecay
		}
		g := gradients[i]
		if scale != nil {
			g = Mul(g, scale)
		}
		outputs[i], outputs[n+i], outputs[2*n+i] = s.adamW(values[i], g, first[i], second[i], rate, correction1, correction2, decay)
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

// isNew reports whether a batch of this shape has not been seen, so that it will be compiled.
func (s *stepper) isNew(b *gbert.Batch) bool { return !s.shapes[[2]int{b.Rows, b.Length}] }

// step does one optimizer step and returns the batch's mean loss before it.
func (s *stepper) step(d *task.Dataset, b *gbert.Batch, now scalars) (float64, error) {
	var values []any
	for _, p := range append(append([]*parameter{}, s.trained...), s.frozen...) {
		values = append(values, p.value)
	}
	batch := append(append(gbert.BatchInputs(b), LabelInputs(d, b)...), tensors.FromScalar(now.seed))
	defer gbert.Free(batch)
	outputs, err := s.gradient.Call(append(values, batch...)...)
	if err != nil {
		return 0, err
	}
	s.shapes[[2]int{b.Rows, b.Length}] = true
	n := len(s.trained)
	loss := float64(tensors.ToScalar[float32](outputs[n]))
	gbert.Free(outputs[n])
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		gbert.Free(outputs[:n])
		return 0, fmt.Errorf("the loss is %g: the run has diverged; a smaller learning rate or a longer warm-up helps", loss)
	}
	return loss, s.apply(outputs[:n], now)
}

// apply updates the weights with their gradients, which it frees.
func (s *stepper) apply(gradients []*tensors.Tensor, now scalars) error {
	var state []*tensors.Tensor
	for _, pick := range []func(*parameter) *tensors.Tensor{
		func(p *parameter) *tensors.Tensor { return p.value },
		func(p *parameter) *tensors.Tensor { return p.m },
		func(p *parameter) *tensors.Tensor { return p.v },
	} {
		for _, p := range s.trained {
			state = append(state, pick(p))
		}
	}
	var inputs []any
	for _, tensor := range append(state, gradients...) {
		if err := tensor.ToDevice(s.backend, 0); err != nil {
			return err
		}
		buffer, err := DonateTensorBuffer(tensor, s.backend, 0)
		if err != nil {
			return err
		}
		inputs = append(inputs, buffer)
	}
	rates := []any{tensors.FromScalar(float32(now.rate)), tensors.FromScalar(float32(now.correction1)), tensors.FromScalar(float32(now.correction2))}
	defer gbert.Free(rates)
	outputs, err := s.update.Call(append(inputs, rates...)...)
	if err != nil {
		return err
	}
	n := len(s.trained)
	for i, p := range s.trained {
		p.value, p.m, p.v = outputs[i], outputs[n+i], outputs[2*n+i]
	}
	return nil
}
