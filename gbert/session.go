package gbert

import (
	"fmt"
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
// program asks for them, once, straight from the mapped file. A Session may be used by one goroutine at a time. One that is opened across
// several devices has a session of each, see [Session.Devices].
type Session struct {
	backend compute.Backend
	model   *Model
	device  compute.DeviceNum
	first   *Session   // that of the first device; nil: it is this one
	others  []*Session // those of the further devices

	mu       sync.Mutex
	weights  map[string]*tensors.Tensor // the session's own
	bound    map[string]*binding        // the caller's
	copied   map[string]boundCopy       // of what is bound, on a further device
	programs map[string]interface{ Close() }
}

// binding is a tensor of the caller's. Each call of Bind makes another one.
type binding struct{ tensor *tensors.Tensor }

// boundCopy is a copy of a tensor that was bound.
type boundCopy struct {
	of     *binding
	tensor *tensors.Tensor
}

// NewSession prepares a model for the first device of a backend.
func NewSession(backend compute.Backend, model *Model) (*Session, error) {
	return NewSessionOn(backend, 0, model)
}

// NewSessionOn is [NewSession] for any device.
func NewSessionOn(backend compute.Backend, device compute.DeviceNum, model *Model) (*Session, error) {
	if err := model.Check(); err != nil {
		return nil, fmt.Errorf("gbert: %w", err)
	}
	return &Session{
		backend: backend, model: model, device: device, weights: map[string]*tensors.Tensor{}, bound: map[string]*binding{},
		copied: map[string]boundCopy{}, programs: map[string]interface{ Close() }{},
	}, nil
}

// NewSessionAcross prepares a model for several devices. Nothing is summed over examples that are judged, so each device has all weights
// and computes whole batches, in the programs that one device computes them in: the results are the same to the bit. The session alone
// computes on the first device; who has many batches deals them out among [Session.Devices].
func NewSessionAcross(d Devices, model *Model) (*Session, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	s, err := NewSession(d.Backend, model)
	if err != nil {
		return nil, err
	}
	for device := 1; device < d.Count; device++ {
		other, err := NewSessionOn(d.Backend, compute.DeviceNum(device), model)
		if err != nil {
			return nil, err
		}
		other.first = s
		s.others = append(s.others, other)
	}
	return s, nil
}

// Devices are the sessions of the single devices, each of which another goroutine may use: the session itself, then the others, which it
// closes.
func (s *Session) Devices() []*Session { return append([]*Session{s}, s.others...) }

// Backend is the backend that the session computes on, Device its device there.
func (s *Session) Backend() compute.Backend { return s.backend }

// Device is the number of the session's device.
func (s *Session) Device() compute.DeviceNum { return s.device }

// Model is the model of the session.
func (s *Session) Model() *Model { return s.model }

// Close frees the weights and programs on the device.
func (s *Session) Close() {
	for _, other := range s.others {
		other.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, program := range s.programs {
		program.Close()
	}
	for _, weight := range s.weights {
		weight.MustFinalizeAll()
	}
	for _, copied := range s.copied {
		copied.tensor.MustFinalizeAll()
	}
	s.programs, s.weights, s.copied = map[string]interface{ Close() }{}, map[string]*tensors.Tensor{}, map[string]boundCopy{}
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
// may bind another at any time; Close does not free it. Further devices copy it when a program there first asks for it.
func (s *Session) Bind(name string, tensor *tensors.Tensor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bound[name] = &binding{tensor}
}

// binding is what is bound for a weight; nil: nothing.
func (s *Session) binding(name string) *binding {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bound[name]
}

// boundWeight is what is bound for a weight on the session's device; nil: nothing is.
func (s *Session) boundWeight(name string) (*tensors.Tensor, error) {
	if s.first == nil {
		if bound := s.binding(name); bound != nil {
			return bound.tensor, nil
		}
		return nil, nil
	}
	bound, known := s.first.binding(name), s.copied[name]
	if bound == nil || known.of == bound {
		return known.tensor, nil
	}
	if known.tensor != nil {
		known.tensor.MustFinalizeAll()
		delete(s.copied, name)
	}
	copied, err := copyTo(s.backend, s.device, bound.tensor)
	if err != nil {
		return nil, err
	}
	s.copied[name] = boundCopy{bound, copied}
	return copied, nil
}

// deviceWeight is a weight's buffer on the device; the first call for a name uploads it.
func (s *Session) deviceWeight(name string) (compute.Buffer, error) {
	tensor, err := s.boundWeight(name)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ok := tensor != nil
	if !ok {
		tensor, ok = s.weights[name]
	}
	if !ok {
		source, found := s.model.weights[name]
		if !found {
			return nil, fmt.Errorf("the model has no weight %q", name)
		}
		uploaded, err := upload(s.backend, s.device, source)
		if err != nil {
			return nil, err
		}
		s.weights[name] = uploaded
		tensor = uploaded
	}
	return tensor.Buffer(s.backend, s.device)
}

// upload copies a weight to the device as float32, without a second copy on the way where its bytes are float32 already and the
// device's memory is the host's, so that Go copies them.
func upload(backend compute.Backend, device compute.DeviceNum, source safetensors.Tensor) (*tensors.Tensor, error) {
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
		tensor, err = tensors.FromRaw(backend, device, shapes.Make(dtypes.Float32, source.Shape...), view.Data)
		return err
	})
	if err != nil {
		return nil, err
	}
	source.Release()
	return tensor, nil
}

// maskedBatch is a batch with ξ [layers, heads], which a model without layers has not.
type maskedBatch[T any] struct {
	BatchOf[T]
	HeadMask T
}

func maskedLogits(begin func(Taps) *Forward, in maskedBatch[*Node]) []*Node {
	return []*Node{begin(Taps{HeadMask: in.HeadMask}).Logits(in.BatchOf)}
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
	program, err := NewProgram[maskedBatch[*tensors.Tensor]](s, "logits", maskedLogits)
	if err != nil {
		return nil, err
	}
	in := maskedBatch[*tensors.Tensor]{BatchOf: batch.Tensors().BatchOf}
	if len(mask) > 0 {
		in.HeadMask = mask.Tensor()
	}
	results, err := program.Consume(in)
	if err != nil {
		return nil, err
	}
	defer results.Close()
	flat, err := results.Values(0)
	if err != nil {
		return nil, err
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

// BatchStates are the hidden states of the last layer, [rows, length, D] row-major, of all of a batch's rows, padding included. The model
// needs no head.
func (s *Session) BatchStates(batch *Batch) ([]float32, error) {
	if err := batch.Check(s.model.Config); err != nil {
		return nil, err
	}
	program, err := NewProgram[BatchOf[*tensors.Tensor]](s, "states", func(begin func(Taps) *Forward, in Input) []*Node {
		return []*Node{begin(Taps{}).Encode(in, false).Hidden}
	})
	if err != nil {
		return nil, err
	}
	results, err := program.Consume(batch.Tensors().BatchOf)
	if err != nil {
		return nil, err
	}
	defer results.Close()
	return results.Values(0)
}
