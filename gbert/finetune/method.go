package finetune

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"

	"bertlab/gbert"
)

// Method is what a compression method adds to training: parameters of its own, a transform of the weights, a term of the
// loss, numbers that change from step to step. All fields but Name are optional. Everything is built into the same
// executables as ordinary training, which are compiled no more often.
type Method struct {
	// Name and Arguments identify the method in checkpoints; Arguments are plain data.
	Name      string
	Arguments map[string]any
	// Parameters are learned beside the model's weights, such as pruning scores.
	Parameters []MethodParameter
	// Constants stay on the device unchanged, such as a teacher's weights.
	Constants []MethodConstant
	// Numbers are scalars that change from step to step, such as a threshold: the same names at every step. step counts from
	// 0; the final weights are made with step = steps.
	Numbers func(step, steps int) map[string]float64
	// Check reports, before the training begins, that a run of so many steps is none that the method can follow.
	Check func(steps int) error
	// Beginning says how many of the first steps of a run of so many the method takes as all methods do that have the same Name, Parameters
	// and Constants and say the same of themselves, alike, in plain data: such as a warm-up of pruning, which all shares begin with. Optional;
	// see [Options.Beginnings].
	Beginning func(steps int) (until int, alike map[string]any)
	// Prepare computes once a step, in an executable that is compiled once, what does not depend on the batch, such as the
	// thresholds of Top_v. Results are read with [StepGraph.Prepared]. No gradient flows through them.
	Prepare func(s *StepGraph) map[string]*Node
	// PrepareHost computes the results of Prepare outside of the graph: the same names, shapes and meaning. It is called instead
	// of Prepare on backends whose memory is the host's, where it may take a fraction of the time. Optional.
	PrepareHost func(s *HostStep) (map[string]*tensors.Tensor, error)
	// Weight transforms a weight of the model as it is read, such as W' = M ⊙ W. Gradients flow through it. It returns w
	// itself for a weight that it leaves alone.
	Weight func(s *StepGraph, name string, w *Node) *Node
	// Input transforms what a matrix of the layers is multiplied with while training, see [gbert.Taps]. Evaluation and the saved model
	// do without: a method that rounds inputs stores the model in a form that does the same.
	Input func(s *StepGraph, weight string, x *Node) *Node
	// Loss is what is minimised, given the mean loss of the batch: it adds a penalty or the distance to a teacher.
	Loss func(s *StepGraph, loss *Node) *Node
	// HiddenStates and Attention ask for the model's hidden states and attention probabilities in [StepGraph.Outputs].
	HiddenStates, Attention bool
	// BatchInputs gives further inputs of a batch by name, read with [StepGraph.BatchInput]. The names are the same for every batch,
	// and the shapes depend on the shape of the batch alone. The training frees them.
	BatchInputs func(b *gbert.Batch) map[string]*tensors.Tensor
}

// MethodParameter is an array that a method learns.
type MethodParameter struct {
	Name  string
	Shape []int
	// Initial are its first values, row-major; nil means zeros.
	Initial []float32
	// LearningRate is the peak learning rate. It rises and falls as that of the weights does. Parameters do not decay.
	LearningRate float64
	// Optimizer is the options' when empty. [SGD] takes less memory: there are no moments.
	Optimizer Optimizer
}

// MethodConstant is an array that a method reads.
type MethodConstant struct {
	Name   string
	Shape  []int
	Values []float32
}

// StepGraph is the graph of a step as a [Method] sees it.
type StepGraph struct {
	// Forward is the model's pass; nil in Prepare, and where the effective weights are made.
	Forward *gbert.Forward
	// Batch is the batch, Outputs what the pass handed back, Logits [B, labels] its result; Labels [B] and RowWeights [B] are
	// those of [Loss]. They are there in Method.Loss only.
	Batch              gbert.Input
	Outputs            *gbert.Outputs
	Logits             *Node
	Labels, RowWeights *Node
	// Training is false where the effective weights are made for evaluation and saving.
	Training bool
	// Seed is a scalar uint32, another one each step; nil when not training.
	Seed *Node

	graph       *Graph
	values      map[string]*Node // weights and parameters
	constants   map[string]*Node
	numbers     map[string]*Node
	prepared    map[string]*Node
	batchInputs map[string]*Node
}

// Graph is the graph that is built.
func (s *StepGraph) Graph() *Graph { return s.graph }

// Weight is a weight of the model before the method's transform.
func (s *StepGraph) Weight(name string) *Node { return s.find(s.values, "weight", name) }

// Parameter is one of the method's parameters.
func (s *StepGraph) Parameter(name string) *Node {
	return s.find(s.values, "parameter", parameterPrefix+name)
}

// Constant is one of the method's constants.
func (s *StepGraph) Constant(name string) *Node { return s.find(s.constants, "constant", name) }

// Number is one of the method's numbers, a float32 scalar.
func (s *StepGraph) Number(name string) *Node { return s.find(s.numbers, "number", name) }

// Prepared is one of the results of Method.Prepare.
func (s *StepGraph) Prepared(name string) *Node { return s.find(s.prepared, "prepared result", name) }

// BatchInput is one of the further inputs of the batch.
func (s *StepGraph) BatchInput(name string) *Node { return s.find(s.batchInputs, "batch input", name) }

func (s *StepGraph) find(nodes map[string]*Node, what, name string) *Node {
	node, ok := nodes[name]
	if !ok {
		exceptions.Panicf("finetune: the method asks for the %s %q, which is not there", what, name)
	}
	return node
}

// parameterPrefix sets a method's parameters apart from the model's weights.
const parameterPrefix = "method/"

// parameter puts a method's parameter beside the weights; rate is the weights' peak learning rate.
func (p MethodParameter) parameter(rate float64) *parameter {
	tensor := tensors.FromShape(shapes.Make(dtypes.Float32, p.Shape...))
	if p.Initial != nil {
		tensor = tensors.FromFlatDataAndDimensions(slices.Clone(p.Initial), p.Shape...)
	}
	return &parameter{spec: gbert.WeightSpec{Name: parameterPrefix + p.Name, Shape: p.Shape}, value: tensor, rate: p.LearningRate / rate, plain: p.Optimizer == SGD}
}

func (m *Method) check(o Options) error {
	if m == nil {
		return nil
	}
	if m.Name == "" {
		return fmt.Errorf("finetune: a method needs a name")
	}
	if m.Numbers != nil && o.Keep == KeepBest && o.Epochs > 1 {
		return fmt.Errorf("finetune: %s follows a schedule, which ends with the last epoch: keep %q, not %q", m.Name, KeepLast, KeepBest)
	}
	seen := map[string]bool{}
	for _, p := range m.Parameters {
		if seen[p.Name] {
			return fmt.Errorf("finetune: %s has two parameters %q", m.Name, p.Name)
		}
		seen[p.Name] = true
		if !(p.LearningRate > 0) || math.IsInf(p.LearningRate, 0) {
			return fmt.Errorf("finetune: %s: the learning rate of %s is %g; it must be above 0", m.Name, p.Name, p.LearningRate)
		}
		if p.Optimizer != "" && p.Optimizer != SGD && p.Optimizer != o.Optimizer {
			return fmt.Errorf("finetune: %s: the optimizer of %s is %q; it must be %q, or that of the options, %q", m.Name, p.Name, p.Optimizer, SGD, o.Optimizer)
		}
		if size := product(p.Shape); p.Initial != nil && len(p.Initial) != size {
			return fmt.Errorf("finetune: %s: %s has the shape %v and %d initial values", m.Name, p.Name, p.Shape, len(p.Initial))
		}
	}
	for _, c := range m.Constants {
		if len(c.Values) != product(c.Shape) {
			return fmt.Errorf("finetune: %s: %s has the shape %v and %d values", m.Name, c.Name, c.Shape, len(c.Values))
		}
	}
	return nil
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// identity is what tells one use of a method from another in a checkpoint.
func (m *Method) identity() any {
	if m == nil {
		return nil
	}
	hash := sha256.New()
	for _, p := range m.Parameters {
		fmt.Fprintln(hash, p.Name, p.Shape, p.LearningRate, p.Optimizer)
		writeFloats(hash, p.Initial)
	}
	for _, c := range m.Constants {
		fmt.Fprintln(hash, c.Name, c.Shape)
		writeFloats(hash, c.Values)
	}
	arguments, err := json.Marshal(m.Arguments)
	if err != nil {
		arguments = []byte(err.Error())
	}
	return []string{m.Name, string(arguments), hex.EncodeToString(hash.Sum(nil))}
}

func writeFloats(w interface{ Write([]byte) (int, error) }, values []float32) {
	block := make([]byte, 0, 4096)
	for _, v := range values {
		bits := math.Float32bits(v)
		block = append(block, byte(bits), byte(bits>>8), byte(bits>>16), byte(bits>>24))
		if len(block) == cap(block) {
			_, _ = w.Write(block) // a hash takes everything
			block = block[:0]
		}
	}
	_, _ = w.Write(block)
}

// methodState is a method on the device.
type methodState struct {
	*Method
	constants     map[string]*tensors.Tensor
	numberNames   []string
	preparedNames []string // known once Prepare's graph is built
	changedNames  []string // weights that Weight transforms; known once the effective weights' graph is built
	prepare       *gbert.Computation[stateOf[*tensors.Tensor]]
	effective     *gbert.Computation[stateOf[*tensors.Tensor]]
}

func newMethodState(m *Method, s *stepper) (*methodState, error) {
	state := &methodState{Method: m, constants: map[string]*tensors.Tensor{}}
	for _, c := range m.Constants {
		state.constants[c.Name] = tensors.FromFlatDataAndDimensions(slices.Clone(c.Values), c.Shape...)
	}
	if m.Numbers != nil {
		state.numberNames = slices.Sorted(maps.Keys(m.Numbers(0, 1)))
	}
	var err error
	if m.Prepare != nil {
		if state.prepare, err = gbert.NewComputation[stateOf[*tensors.Tensor]](s.backend, "prepare", s.prepareGraph); err != nil {
			return state, err
		}
	}
	if m.Weight != nil {
		if state.effective, err = gbert.NewComputation[stateOf[*tensors.Tensor]](s.backend, "effective weights", s.effectiveGraph); err != nil {
			return state, err
		}
	}
	return state, nil
}

func (m *methodState) close() {
	if m == nil {
		return
	}
	m.prepare.Close()
	m.effective.Close()
	for _, constant := range m.constants {
		constant.MustFinalizeAll()
	}
}

// numberTensor holds the numbers of a step, [numbers], in the order of their names.
func (m *methodState) numberTensor(step, steps int) (*tensors.Tensor, error) {
	values := m.Numbers(step, steps)
	flat := make([]float32, len(m.numberNames))
	for i, name := range m.numberNames {
		value, ok := values[name]
		if !ok || len(values) != len(flat) || math.IsNaN(value) {
			return nil, fmt.Errorf("%s: the numbers of step %d of %d are %v; %v were expected", m.Name, step, steps, values, m.numberNames)
		}
		flat[i] = float32(value)
	}
	return tensors.FromFlatDataAndDimensions(flat, len(flat)), nil
}

// stateOf are the inputs that the gradient and the method's executables have in common. Without a method there are the weights
// alone; the results of Prepare are not there where they are made.
type stateOf[T any] struct {
	Trained, Frozen []T
	Constants       map[string]T
	Numbers         T // [numbers], in the order of their names
	Prepared        map[string]T
}

// stepState is a state for a call. Close frees what belongs to one step: the numbers and the prepared results.
type stepState struct {
	stateOf[*tensors.Tensor]
}

func (s *stepState) Close() {
	if s.Numbers != nil {
		s.Numbers.MustFinalizeAll()
	}
	for _, tensor := range s.Prepared {
		tensor.MustFinalizeAll()
	}
}

// state is the state before a step. The caller closes it.
func (s *stepper) state(step, steps int) (state *stepState, err error) {
	state = &stepState{}
	for _, p := range s.trained {
		state.Trained = append(state.Trained, p.value)
	}
	for _, p := range s.frozen {
		state.Frozen = append(state.Frozen, p.value)
	}
	if s.method == nil {
		return state, nil
	}
	state.Constants = s.method.constants
	if len(s.method.numberNames) > 0 {
		if state.Numbers, err = s.method.numberTensor(step, steps); err != nil {
			return nil, err
		}
	}
	if s.method.prepare == nil {
		return state, nil
	}
	if s.method.PrepareHost != nil && s.backend.HasSharedBuffers() {
		state.Prepared, err = s.prepareHost(step, steps)
	} else {
		state.Prepared, err = s.prepare(state)
	}
	if err != nil {
		state.Close()
		return nil, fmt.Errorf("%s: %w", s.method.Name, err)
	}
	return state, nil
}

// prepare are the results of the method's Prepare.
func (s *stepper) prepare(state *stepState) (map[string]*tensors.Tensor, error) {
	results, err := s.method.prepare.Run(state.stateOf)
	if err != nil {
		return nil, err
	}
	return named(s.method.preparedNames, results), nil
}

// named takes results by their names, in their order.
func named(names []string, results *gbert.Results) map[string]*tensors.Tensor {
	defer results.Close()
	all := map[string]*tensors.Tensor{}
	for i, name := range names {
		all[name] = results.Take(i)
	}
	return all
}

// view is a graph's state as the method sees it.
func (s *stepper) view(in stateOf[*Node]) *StepGraph {
	view := &StepGraph{graph: in.Trained[0].Graph(), values: map[string]*Node{}, constants: in.Constants, numbers: map[string]*Node{}, prepared: in.Prepared}
	for i, p := range s.trained {
		view.values[p.spec.Name] = in.Trained[i]
	}
	for i, p := range s.frozen {
		view.values[p.spec.Name] = in.Frozen[i]
	}
	if s.method != nil {
		for i, name := range s.method.numberNames {
			view.numbers[name] = Squeeze(Slice(in.Numbers, AxisElem(i)))
		}
	}
	return view
}

func (s *stepper) prepareGraph(in stateOf[*Node]) []*Node {
	results := s.method.Prepare(s.view(in))
	s.method.preparedNames = slices.Sorted(maps.Keys(results))
	outputs := make([]*Node, len(results))
	for i, name := range s.method.preparedNames {
		outputs[i] = results[name]
	}
	return outputs
}

// effectiveGraph makes the weights that the model is evaluated and saved with.
func (s *stepper) effectiveGraph(in stateOf[*Node]) []*Node {
	view := s.view(in)
	s.method.changedNames = nil
	var outputs []*Node
	for _, p := range s.weights() {
		w := view.values[p.spec.Name]
		if changed := s.method.Weight(view, p.spec.Name, w); changed != w {
			s.method.changedNames = append(s.method.changedNames, p.spec.Name)
			outputs = append(outputs, changed)
		}
	}
	if len(outputs) == 0 { // an executable needs an output
		outputs = append(outputs, Scalar(view.graph, dtypes.Float32, 0))
	}
	return outputs
}

// effectiveWeights are the weights that a method's transform changes, by name. Close frees them.
type effectiveWeights map[string]*tensors.Tensor

func (w effectiveWeights) Close() {
	for _, tensor := range w {
		tensor.MustFinalizeAll()
	}
}

// effectiveWeights are those of a step. The caller closes them.
func (s *stepper) effectiveWeights(step, steps int) (effectiveWeights, error) {
	if s.method == nil || s.method.effective == nil {
		return nil, nil
	}
	state, err := s.state(step, steps)
	if err != nil {
		return nil, err
	}
	defer state.Close()
	results, err := s.method.effective.Run(state.stateOf)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.method.Name, err)
	}
	return named(s.method.changedNames, results), nil
}
