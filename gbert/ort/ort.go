// Package ort runs models in ONNX Runtime, the engine that they go to when they leave the laboratory
// (https://onnxruntime.ai). It needs no Python: [backend.ONNXRuntime] finds or brings the library.
//
//	session, err := ort.Open(ctx, model, ort.Options{})
//	defer session.Close()
//	rows, err := session.BatchLogits(batch, nil)
//
// A [Session] answers what a [gbert.Session] does, so that evaluation takes either.
package ort

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/yalue/onnxruntime_go"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/onnx"
)

// Options are those of [Open] and [OpenFile].
type Options struct {
	// Backend says how the library is found and brought.
	Backend backend.Options
	// Threads is the number of threads that compute an operator; 0 is one a processor.
	Threads int
	// Portable says how the model becomes a graph.
	Portable gbert.PortableOptions
}

// Session is a model in ONNX Runtime. It is not for use from several goroutines at once.
type Session struct {
	// Library is the library that computes.
	Library backend.Plugin

	model   *gbert.Model
	session *onnxruntime_go.DynamicAdvancedSession
	folder  string // of the model's file, to be removed
}

// started keeps what the process has loaded: one library, for good.
var started struct {
	sync.Mutex
	library backend.Plugin
}

// start loads the library.
func start(ctx context.Context, o backend.Options) (backend.Plugin, error) {
	started.Lock()
	defer started.Unlock()
	library, err := backend.ONNXRuntime(ctx, o)
	switch {
	case err != nil:
		return library, err
	case started.library.Path == library.Path:
		return started.library, nil
	case started.library.Path != "":
		return library, fmt.Errorf("this process has loaded %s, and cannot load %s as well", started.library.Path, library.Path)
	}
	onnxruntime_go.SetSharedLibraryPath(library.Path)
	if err := onnxruntime_go.InitializeEnvironment(onnxruntime_go.WithLogLevelError()); err != nil {
		return library, fmt.Errorf("%s cannot be loaded: %w", library.Path, err)
	}
	library.Version = onnxruntime_go.GetVersion()
	started.library = library
	return library, nil
}

// Open makes a session of a model, whose graph is written to a temporary file.
func Open(ctx context.Context, model *gbert.Model, o Options) (*Session, error) {
	graph, err := model.Portable(o.Portable)
	if err != nil {
		return nil, fmt.Errorf("ort: %w", err)
	}
	folder, err := os.MkdirTemp("", "bertlab-onnx-")
	if err != nil {
		return nil, fmt.Errorf("ort: %w", err)
	}
	path := filepath.Join(folder, onnx.FileName)
	if err := graph.Write(path, onnx.Options{Producer: "bertlab"}); err != nil {
		os.RemoveAll(folder)
		return nil, fmt.Errorf("ort: %w", err)
	}
	session, err := OpenFile(ctx, path, model, o)
	if err != nil {
		os.RemoveAll(folder)
		return nil, err
	}
	session.folder = folder
	return session, nil
}

// OpenFile makes a session of a file, which must be the model's: model says what its inputs and outputs mean.
func OpenFile(ctx context.Context, path string, model *gbert.Model, o Options) (*Session, error) {
	library, err := start(ctx, o.Backend)
	if err != nil {
		return nil, fmt.Errorf("ort: %w", err)
	}
	options, err := o.session()
	if err != nil {
		return nil, fmt.Errorf("ort: %w", err)
	}
	defer options.Destroy()
	session, err := onnxruntime_go.NewDynamicAdvancedSession(path, []string{"input_ids", "attention_mask", "token_type_ids"}, outputNames(model), options)
	if err != nil {
		return nil, fmt.Errorf("ort: %s: %w", path, err)
	}
	return &Session{Library: library, model: model, session: session}, nil
}

// session are the options of ONNX Runtime. Without the arena, memory is what is in use; without spinning threads, other work beside it
// is not slowed.
func (o Options) session() (*onnxruntime_go.SessionOptions, error) {
	options, err := onnxruntime_go.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	threads := o.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	err = errors.Join(
		options.SetIntraOpNumThreads(threads),
		options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"),
		options.AddSessionConfigEntry("session.qdq_matmulnbits_accuracy_level", "0"),
	)
	if err != nil {
		options.Destroy()
		return nil, err
	}
	return options, nil
}

// outputNames are the outputs of a model with a head; see [gbert.Model.Portable].
func outputNames(model *gbert.Model) []string {
	if model.Head() == gbert.SpanHead {
		return []string{"start_logits", "end_logits"}
	}
	if model.Outputs() == 0 && !model.HasMaskedLM() {
		return []string{"last_hidden_state"}
	}
	return []string{"logits"}
}

// BatchLogits is that of [gbert.Session]. A head mask is an error: the graph has none.
func (s *Session) BatchLogits(batch *gbert.Batch, mask gbert.HeadMask) ([][]float32, error) {
	if s.model.Outputs() == 0 {
		return nil, errors.New("ort: the model has no classification head: fine-tune it first")
	}
	if mask != nil {
		return nil, errors.New("ort: heads cannot be masked in ONNX Runtime; remove them, or use XLA")
	}
	outputs, err := s.Run(batch)
	if err != nil {
		return nil, err
	}
	return s.model.RowLogits(batch, interleave(outputs))
}

// BatchStates is that of [gbert.Session], for a model without a head.
func (s *Session) BatchStates(batch *gbert.Batch) ([]float32, error) {
	if s.model.Head() != gbert.NoHead {
		return nil, errors.New("ort: the graph gives what the head says, not hidden states: take the model without its head")
	}
	outputs, err := s.Run(batch)
	if err != nil {
		return nil, err
	}
	return outputs[0], nil
}

// interleave puts several outputs of the same length into one, entry by entry.
func interleave(outputs [][]float32) []float32 {
	if len(outputs) == 1 {
		return outputs[0]
	}
	flat := make([]float32, 0, len(outputs)*len(outputs[0]))
	for i := range outputs[0] {
		for _, output := range outputs {
			flat = append(flat, output[i])
		}
	}
	return flat
}

// Run computes the outputs of a batch, padded rows and all, as they lie in memory.
func (s *Session) Run(batch *gbert.Batch) ([][]float32, error) {
	if err := batch.Check(s.model.Config); err != nil {
		return nil, err
	}
	mask := make([]int64, len(batch.Mask))
	for i, m := range batch.Mask {
		mask[i] = int64(m)
	}
	shape := onnxruntime_go.NewShape(int64(batch.Rows), int64(batch.Length))
	var inputs []onnxruntime_go.Value
	defer func() {
		for _, input := range inputs {
			input.Destroy()
		}
	}()
	for _, values := range [][]int64{widened(batch.IDs), mask, widened(batch.Types)} {
		input, err := onnxruntime_go.NewTensor(shape, values)
		if err != nil {
			return nil, fmt.Errorf("ort: %w", err)
		}
		inputs = append(inputs, input)
	}
	outputs := make([]onnxruntime_go.Value, len(outputNames(s.model)))
	if err := s.session.Run(inputs, outputs); err != nil {
		return nil, fmt.Errorf("ort: %w", err)
	}
	values, err := floats(outputs, outputNames(s.model))
	if err != nil {
		return nil, fmt.Errorf("ort: %w", err)
	}
	return values, nil
}

func widened(values []int32) []int64 {
	wide := make([]int64, len(values))
	for i, v := range values {
		wide[i] = int64(v)
	}
	return wide
}

// Close gives back what the session holds.
func (s *Session) Close() error {
	err := s.session.Destroy()
	if s.folder != "" {
		err = errors.Join(err, os.RemoveAll(s.folder))
	}
	return err
}
