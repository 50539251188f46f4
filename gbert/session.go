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
// program asks for them, once, straight from the mapped file. A Session may be used by one goroutine at a time.
type Session struct {
	backend compute.Backend
	model   *Model

	mu       sync.Mutex
	weights  map[string]*tensors.Tensor // the session's own
	bound    map[string]*tensors.Tensor // the caller's
	programs map[string]interface{ Close() }
}

// NewSession prepares a model for a backend.
func NewSession(backend compute.Backend, model *Model) (*Session, error) {
	if err := model.Check(); err != nil {
		return nil, fmt.Errorf("gbert: %w", err)
	}
	return &Session{backend: backend, model: model, weights: map[string]*tensors.Tensor{}, bound: map[string]*tensors.Tensor{}, programs: map[string]interface{ Close() }{}}, nil
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
		program.Close()
	}
	for _, weight := range s.weights {
		weight.MustFinalizeAll()
	}
	s.programs, s.weights = map[string]interface{ Close() }{}, map[string]*tensors.Tensor{}
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
