package gbert

import (
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"

	"bertlab/gbert/safetensors"
)

// Session is a model's weights on a device, and the programs compiled for them. Weights go to the device when the first
// program asks for them, once, straight from the mapped file. A Session may be used by one goroutine at a time.
type Session struct {
	backend compute.Backend
	model   *Model

	mu       sync.Mutex
	weights  map[string]*tensors.Tensor // the session's own
	bound    map[string]*tensors.Tensor // the caller's
	programs map[string]*executable
}

// NewSession prepares a model for a backend.
func NewSession(backend compute.Backend, model *Model) (*Session, error) {
	if err := model.Check(); err != nil {
		return nil, fmt.Errorf("gbert: %w", err)
	}
	return &Session{backend: backend, model: model, weights: map[string]*tensors.Tensor{}, bound: map[string]*tensors.Tensor{}, programs: map[string]*executable{}}, nil
}

// Backend is the backend that the session computes on.
func (s *Session) Backend() compute.Backend { return s.backend }

// Model is the model of the session.
func (s *Session) Model() *Model { return s.model }

// Close frees the weights and programs on the device.
func (s *Session) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, program := range s.programs {
		program.exec.Finalize()
	}
	for _, weight := range s.weights {
		weight.MustFinalizeAll()
	}
	s.programs, s.weights = map[string]*executable{}, map[string]*tensors.Tensor{}
}

// Program is a compiled graph function with the session's weights bound to it. It compiles once for each combination of
// input shapes.
type Program struct {
	executable *executable
	name       string
	layer      int // whose weights it runs with; -1: those that the graph names
}

// executable is what programs about layers of the same shape share.
type executable struct {
	exec  *Exec
	built int // the layer that the graph names, -1: none
	layer int // the layer to run with, set before each call
}

// bound is the name of the weight to run with, for a weight that the graph names.
func (e *executable) bound(name string) string {
	if rest, ok := strings.CutPrefix(name, LayerPrefix(e.built)); ok && e.layer != e.built {
		return LayerPrefix(e.layer) + rest
	}
	return name
}

// Program returns the program of that name, and builds it with fn at the first call. fn gets the inputs' nodes and a
// function that begins a forward pass with the session's weights.
func (s *Session) Program(name string, fn func(begin func(Taps) *Forward, inputs []*Node) []*Node) (*Program, error) {
	return s.program(name, -1, fn)
}

// LayerProgram is a [Session.Program] about one layer. Layers of the same shape share its executable, so a deep model compiles
// once and not once a layer. fn builds the graph for the layer that it is given, which may be another of the same shape.
func (s *Session) LayerProgram(name string, layer int, fn func(begin func(Taps) *Forward, layer int, inputs []*Node) []*Node) (*Program, error) {
	shape := s.model.Config.Layers[layer]
	// Layers that are tied to the same others have the same weights there, whose names stay as they are.
	signature := fmt.Sprintf("%s %v %d %v %v", name, shape.Heads, shape.IntermediateSize, shape.Neurons, shape.Forms)
	return s.program(signature, layer, func(begin func(Taps) *Forward, inputs []*Node) []*Node { return fn(begin, layer, inputs) })
}

func (s *Session) program(name string, layer int, fn func(begin func(Taps) *Forward, inputs []*Node) []*Node) (*Program, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if shared, ok := s.programs[name]; ok {
		return &Program{executable: shared, name: name, layer: layer}, nil
	}
	exec, err := NewExec(s.backend, func(inputs []*Node) []*Node {
		g := inputs[0].Graph()
		source := &sessionWeights{session: s, graph: g, nodes: map[string]*Node{}}
		outputs := fn(func(taps Taps) *Forward { return NewForward(s.model.Config, g, source.weight, taps) }, inputs)
		return lastInGraph(outputs)
	})
	if err != nil {
		return nil, fmt.Errorf("gbert: %s: %w", name, err)
	}
	shared := &executable{exec: exec, built: layer, layer: layer}
	exec.WithName(name).SetMaxCache(-1).SetSideParamsHook(func(g *Graph, buffers []compute.Buffer, donate []bool) error {
		for i, buffer := range buffers {
			if buffer != nil {
				continue
			}
			weight, err := s.deviceWeight(shared.bound(g.GetParameterByHandle(ParameterHandle(i)).GetParameterName()))
			if err != nil {
				return err
			}
			buffers[i], donate[i] = weight, false
		}
		return nil
	})
	s.programs[name] = shared
	return &Program{executable: shared, name: name, layer: layer}, nil
}

// lastInGraph puts an output behind all inputs of the graph. Weights become inputs when they are first asked for, which may be
// after what is put out was built, as those of the layers above a hidden state; the pure Go backend (compute v0.1.0) ends such a
// program with "index out of range".
func lastInGraph(outputs []*Node) []*Node {
	if n := len(outputs); n > 0 {
		outputs[n-1] = Identity(outputs[n-1])
	}
	return outputs
}

// sessionWeights makes parameters of a graph for the session's weights.
type sessionWeights struct {
	session *Session
	graph   *Graph
	nodes   map[string]*Node
}

// weight is the parameter of a weight.
func (w *sessionWeights) weight(name string) *Node {
	node, ok := w.nodes[name]
	if !ok {
		tensor, found := w.session.model.weights[name]
		if !found {
			exceptions.Panicf("gbert: the model has no weight %q", name)
		}
		node = Parameter(w.graph, name, shapes.Make(dtypes.Float32, tensor.Shape...))
		w.nodes[name] = node
	}
	return node
}

// Bind makes the session use a tensor on the device for a weight, in place of the model's. The caller keeps the tensor and
// may bind another at any time; Close does not free it.
func (s *Session) Bind(name string, tensor *tensors.Tensor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bound[name] = tensor
}

// deviceWeight is a weight's buffer on the device; the first call for a name uploads it.
func (s *Session) deviceWeight(name string) (compute.Buffer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tensor, ok := s.bound[name]
	if !ok {
		tensor, ok = s.weights[name]
	}
	if !ok {
		source, found := s.model.weights[name]
		if !found {
			return nil, fmt.Errorf("the model has no weight %q", name)
		}
		uploaded, err := upload(s.backend, source)
		if err != nil {
			return nil, err
		}
		s.weights[name] = uploaded
		tensor = uploaded
	}
	return tensor.Buffer(s.backend, 0)
}

// upload copies a weight to the device as float32, without a second copy on the way where its bytes are float32 already and the
// device's memory is the host's, so that Go copies them.
func upload(backend compute.Backend, source safetensors.Tensor) (*tensors.Tensor, error) {
	read := source.Float32s
	if !backend.HasSharedBuffers() { // C would read them, whose faults nobody catches
		read = source.Copy
	}
	values, err := read()
	if err != nil {
		return nil, err
	}
	view := safetensors.FromFloat32s(source.Name, source.Shape, values)
	var tensor *tensors.Tensor
	err = source.Guard(func() error {
		if err := checkFinite(source.Name, source.Shape, values); err != nil {
			return err
		}
		tensor, err = tensors.FromRaw(backend, 0, shapes.Make(dtypes.Float32, source.Shape...), view.Data)
		return err
	})
	if err != nil {
		return nil, err
	}
	source.Release()
	return tensor, nil
}

// Run executes the program. Inputs are tensors or (multi-dimensional) slices; at least one. The caller owns the results and
// frees them with FinalizeAll.
func (p *Program) Run(inputs ...any) ([]*tensors.Tensor, error) {
	p.executable.layer = p.layer
	outputs, err := p.executable.exec.Call(inputs...)
	if err != nil {
		return nil, fmt.Errorf("gbert: %s: %w", p.name, err)
	}
	return outputs, nil
}

// BatchInputs are a batch's tensors in the order ids, types, mask, for [Program.Run]. Its counterpart in the graph is
// [InputNodes].
func BatchInputs(b *Batch) []any {
	return []any{
		tensors.FromFlatDataAndDimensions(b.IDs, b.Rows, b.Length),
		tensors.FromFlatDataAndDimensions(b.Types, b.Rows, b.Length),
		tensors.FromFlatDataAndDimensions(b.Mask, b.Rows, b.Length),
	}
}

// InputNodes reads a batch from the first three inputs of a program.
func InputNodes(inputs []*Node) Input {
	return Input{IDs: inputs[0], Types: inputs[1], Mask: inputs[2]}
}

// Free releases tensors given to or received from a [Program].
func Free(values ...any) {
	for _, value := range values {
		switch v := value.(type) {
		case *tensors.Tensor:
			v.MustFinalizeAll()
		case []*tensors.Tensor:
			for _, t := range v {
				t.MustFinalizeAll()
			}
		case []any:
			Free(v...)
		}
	}
}

// HeadMask is ξ as numbers, [layers][heads], with heads as numbered in the pretrained model.
type HeadMask [][]float32

// NewHeadMask is the mask that keeps every head of the model.
func NewHeadMask(c *Config) HeadMask {
	mask := make(HeadMask, c.NumHiddenLayers)
	for l := range mask {
		mask[l] = make([]float32, c.NumAttentionHeads)
		for h := range mask[l] {
			mask[l][h] = 1
		}
	}
	return mask
}

// Clone returns a copy.
func (m HeadMask) Clone() HeadMask {
	clone := make(HeadMask, len(m))
	for l := range m {
		clone[l] = append([]float32(nil), m[l]...)
	}
	return clone
}

// Tensor is the mask as a tensor [layers, heads], for a model with at least one layer.
func (m HeadMask) Tensor() *tensors.Tensor {
	flat := make([]float32, 0, len(m)*len(m[0]))
	for _, row := range m {
		flat = append(flat, row...)
	}
	return tensors.FromFlatDataAndDimensions(flat, len(m), len(m[0]))
}

// check reports a mask that does not fit the model.
func (m HeadMask) check(c *Config) error {
	if len(m) != c.NumHiddenLayers {
		return fmt.Errorf("gbert: the head mask has %d layers, the model %d", len(m), c.NumHiddenLayers)
	}
	for l, row := range m {
		if len(row) != c.NumAttentionHeads {
			return fmt.Errorf("gbert: the head mask has %d heads in layer %d, the model %d", len(row), l, c.NumAttentionHeads)
		}
		for h, value := range row {
			if math.IsNaN(float64(value)) || math.IsInf(float64(value), 0) {
				return fmt.Errorf("gbert: the head mask of layer %d, head %d is %g", l, h, value)
			}
		}
	}
	return nil
}

// BatchLogits runs the model over one batch and returns the logits of its real rows, [examples][labels]. With a head of tokens or
// spans an example's logits are those of its tokens, padding left out, one after another: [tokens · labels], [tokens · 2]. mask is ξ;
// nil keeps all heads. Any mask runs on the same executable.
func (s *Session) BatchLogits(batch *Batch, mask HeadMask) ([][]float32, error) {
	if s.model.Outputs() == 0 {
		return nil, fmt.Errorf("gbert: the model has no classification head: fine-tune it first, or add one with WithClassifier")
	}
	if err := batch.Check(s.model.Config); err != nil {
		return nil, err
	}
	if mask == nil {
		mask = NewHeadMask(s.model.Config)
	} else if err := mask.check(s.model.Config); err != nil {
		return nil, err
	}
	program, err := s.Program("logits", func(begin func(Taps) *Forward, inputs []*Node) []*Node {
		taps := Taps{}
		if len(inputs) > 3 {
			taps.HeadMask = inputs[3]
		}
		return []*Node{begin(taps).Logits(InputNodes(inputs))}
	})
	if err != nil {
		return nil, err
	}
	inputs := BatchInputs(batch)
	if len(mask) > 0 {
		inputs = append(inputs, mask.Tensor())
	}
	defer Free(inputs)
	outputs, err := program.Run(inputs...)
	if err != nil {
		return nil, err
	}
	defer Free(outputs)
	flat, err := tensors.CopyFlatData[float32](outputs[0])
	if err != nil {
		return nil, fmt.Errorf("gbert: %w", err)
	}
	return s.model.RowLogits(batch, flat)
}

// RowLogits are the logits of a batch's real rows, as [Session.BatchLogits] gives them, of the head's output as it lies in memory.
// Logits that are not finite are an error; see [CheckLogits].
func (m *Model) RowLogits(batch *Batch, flat []float32) ([][]float32, error) {
	rows := m.SplitLogits(batch, flat)
	for row, logits := range rows {
		if err := CheckLogits(batch.Index[row], logits); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// SplitLogits is [Model.RowLogits] for a model whose logits may be anything.
func (m *Model) SplitLogits(batch *Batch, flat []float32) [][]float32 {
	rows := make([][]float32, len(batch.Index))
	width := len(flat) / batch.Rows
	for row := range rows {
		rows[row] = flat[row*width : (row+1)*width]
		if m.Head().PerToken() {
			rows[row] = rows[row][:batch.tokens(row)*m.Outputs()]
		}
	}
	return rows
}
