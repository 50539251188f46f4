package compare

import (
	"context"
	"fmt"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/ort"
)

// A Runtime computes the logits of a model.
type Runtime string

// The runtimes.
const (
	XLA      Runtime = "xla"
	ONNX     Runtime = "onnx"      // ONNX Runtime, on the graph that export --onnx writes
	ONNXInt8 Runtime = "onnx-int8" // ONNX Runtime, on that of export --onnx --int8
)

// Runtimes are all of them, in the order in which they are listed.
var Runtimes = []Runtime{XLA, ONNX, ONNXInt8}

// checkRuntimes reports runtimes that are not known, or named twice.
func checkRuntimes(runtimes []Runtime) error {
	for i, r := range runtimes {
		if !slices.Contains(Runtimes, r) {
			return fmt.Errorf("there is no runtime %q: choose from %q", r, Runtimes)
		}
		if slices.Contains(runtimes[:i], r) {
			return fmt.Errorf("the runtime %s is named twice", r)
		}
	}
	return nil
}

// within are the entries in each of the runtimes, the original in the first of them in front. Where there are several, the runtime is part
// of a name.
func within(entries []Entry, runtimes []Runtime) []Entry {
	var all []Entry
	for _, entry := range entries {
		for _, r := range runtimes {
			one := entry
			if one.Runtime = r; r == XLA {
				one.Runtime = "" // steps without a runtime are XLA's
			}
			if len(runtimes) > 1 {
				one.Name = fmt.Sprintf("%s, %s", entry.Name, r)
			}
			all = append(all, one)
		}
	}
	return all
}

// open is a session's model in the runtime, and what closes it.
func (r Runtime) open(ctx context.Context, session *gbert.Session) (finetune.Runner, func(), error) {
	if r == "" || r == XLA {
		return session, func() {}, nil
	}
	opened, err := ort.Open(ctx, session.Model(), ort.Options{Portable: gbert.PortableOptions{Int8: r == ONNXInt8}})
	if err != nil {
		return nil, nil, err
	}
	return opened, func() { _ = opened.Close() }, nil
}
