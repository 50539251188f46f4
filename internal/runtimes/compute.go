package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/onnx"
	"bertlab/gbert/ort"
	"bertlab/internal/files"
)

// computeCommand is the command by which this program becomes a runtime that is driven by another process of it.
const computeCommand = "compute"

// request is a line to a runtime's process: open the model and compute the first batch; tell the logits of the others, with some
// settings; or compute the first so many times.
type request struct {
	Do       string `json:"do"` // "open", "logits" or "pass"
	Settings string `json:"settings,omitempty"`
	Times    int    `json:"times,omitempty"`
}

// answer is a line from a runtime's process. The first, before any request, says that its libraries are loaded.
type answer struct {
	Version string        `json:"version,omitempty"`
	Logits  [][][]float32 `json:"logits,omitempty"` // by batch and row
	Seconds float64       `json:"seconds,omitempty"`
	Error   string        `json:"error,omitempty"`
}

// computeHere answers requests in XLA or ONNX Runtime until there are no more: arguments are the runtime, the model's folder, its graph and the
// file of batches.
func computeHere(ctx context.Context, arguments []string, in io.Reader, out io.Writer) error {
	if len(arguments) != 4 {
		return fmt.Errorf("%s: a runtime, a folder, a graph and a file of batches were expected", computeCommand)
	}
	open, version, err := loadLibraries(ctx, arguments[0], arguments[1], arguments[2])
	if err != nil {
		return err
	}
	text, err := files.Read(arguments[3], 1<<30)
	if err != nil {
		return err
	}
	var batches []*gbert.Batch
	if err := json.Unmarshal(text, &batches); err != nil {
		return err
	}
	encoder, decoder := json.NewEncoder(out), json.NewDecoder(in)
	if err := encoder.Encode(answer{Version: version}); err != nil {
		return err
	}
	var runner finetune.Runner
	for {
		var r request
		if err := decoder.Decode(&r); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		var a answer
		if r.Do == "open" {
			runner, err = open()
		}
		if err == nil {
			a, err = reply(runner, batches, r)
		}
		if err != nil {
			return err
		}
		if err := encoder.Encode(a); err != nil {
			return err
		}
	}
}

// reply does what a request asks for.
func reply(runner finetune.Runner, batches []*gbert.Batch, r request) (a answer, err error) {
	if r.Do == "logits" {
		for _, batch := range batches[1:] {
			rows, err := runner.BatchLogits(batch, nil)
			if err != nil {
				return a, err
			}
			a.Logits = append(a.Logits, rows)
		}
		return a, nil
	}
	began := time.Now()
	for range max(r.Times, 1) {
		if _, err := runner.BatchLogits(batches[0], nil); err != nil {
			return a, err
		}
	}
	a.Seconds = time.Since(began).Seconds() / float64(max(r.Times, 1))
	return a, nil
}

// loadLibraries makes a runtime ready to open a model, and tells its version.
func loadLibraries(ctx context.Context, runtime, folder, graph string) (open func() (finetune.Runner, error), version string, err error) {
	if runtime == "onnx" {
		version, err = loadONNX(ctx)
		return func() (finetune.Runner, error) {
			model, err := gbert.Load(folder)
			if err != nil {
				return nil, err
			}
			return ort.OpenFile(ctx, graph, model, ort.Options{Threads: threads()})
		}, version, err
	}
	b, choice, err := backend.Open(ctx, backend.Options{Name: runtime})
	if err != nil {
		return nil, "", err
	}
	return func() (finetune.Runner, error) {
		model, err := gbert.Load(folder)
		if err != nil {
			return nil, err
		}
		session, err := gbert.NewSession(b, model)
		return &afresh{Runner: session, done: backend.CompileAfresh(b)}, err
	}, choice.PluginVersion, nil
}

// loadONNX loads ONNX Runtime by a graph that computes next to nothing.
func loadONNX(ctx context.Context) (version string, err error) {
	library, err := backend.FindONNXRuntime(ctx)
	if err != nil {
		return "", err
	}
	g, err := onnx.New("nothing", onnx.DefaultOpset)
	if err != nil {
		return "", err
	}
	g.Output("y", g.Unary("y", "Abs", g.Input("x", onnx.Float32, onnx.Size(1))))
	_, err = ort.Compute(ctx, g, []ort.Array{{Name: "x", Shape: []int64{1}, Values: []float32{1}}}, []string{"y"}, ort.Options{})
	if library.Version == "" {
		library.Version = filepath.Base(library.Path)
	}
	return library.Version, err
}

// afresh is a runner whose first batch is compiled, which takes memory, whatever an earlier process left.
type afresh struct {
	finetune.Runner
	done func()
}

func (a *afresh) BatchLogits(batch *gbert.Batch, mask gbert.HeadMask) ([][]float32, error) {
	defer a.done()
	return a.Runner.BatchLogits(batch, mask)
}
