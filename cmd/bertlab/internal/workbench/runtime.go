package workbench

import (
	"context"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/ort"
)

// The runtimes that compute a model's logits.
const (
	XLA      = "xla"
	ONNX     = "onnx"      // ONNX Runtime, on the model's own numbers
	ONNXInt8 = "onnx-int8" // ONNX Runtime, on eight-bit integers
)

// Runtimes are all of them.
var Runtimes = []string{XLA, ONNX, ONNXInt8}

// Runtime says which runtime computed a result.
type Runtime struct {
	Name    string `json:"name"` // one of Runtimes
	Version string `json:"version"`
	Library string `json:"library"`
}

// String names the runtime with its version.
func (r *Runtime) String() string { return r.Name + ", ONNX Runtime " + r.Version }

// RuntimeOf names a runtime with the library that computes.
func RuntimeOf(name string, library backend.Plugin) *Runtime {
	return &Runtime{Name: name, Version: library.Version, Library: library.Path}
}

// RuntimeOptions are those of ONNX Runtime for one of [Runtimes].
func (t *Tools) RuntimeOptions(name string) ort.Options {
	return ort.Options{
		Backend:  backend.Options{Progress: t.Meter.Bytes, Log: t.log},
		Portable: gbert.PortableOptions{Int8: name == ONNXInt8},
	}
}

// runner is a session's model in a runtime; for XLA it is the session. The function that it gives closes it, and is never nil.
func (t *Tools) runner(ctx context.Context, session *gbert.Session, name string) (finetune.Runner, *Runtime, func(), error) {
	nothing := func() {}
	if name == "" || name == XLA {
		return session, nil, nothing, nil
	}
	runner, err := ort.Open(ctx, session.Model(), t.RuntimeOptions(name))
	if err != nil {
		return nil, nil, nothing, err
	}
	return runner, RuntimeOf(name, runner.Library), func() { _ = runner.Close() }, nil
}
