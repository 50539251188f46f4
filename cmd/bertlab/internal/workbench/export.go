package workbench

import (
	"context"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert"
	"bertlab/gbert/onnx"
)

// Exporting says for whom a model is written. Its fields are those of the flags.
type Exporting struct {
	Dense, Compact, ONNX, Int8 bool
	Opset                      int // of ONNX
}

// Check reports flags that do not go together. opset says that --opset was given.
func (e *Exporting) Check(opset bool) error {
	switch {
	case e.Dense && e.Compact:
		return call.Wrongf("--dense is for other programs, which do not read what --compact writes; give one of them")
	case e.ONNX && e.Compact:
		return call.Wrongf("--compact leaves zeros out of a file for bertlab, and a graph of ONNX has none to leave out; give one of --onnx and --compact")
	case !e.ONNX && (e.Int8 || opset):
		return call.Wrongf("--int8 and --opset are about a graph of ONNX: give --onnx as well")
	case e.Opset < onnx.MinOpset || e.Opset > onnx.MaxOpset:
		return call.Wrongf("--opset %d: it must be from %d to %d", e.Opset, onnx.MinOpset, onnx.MaxOpset)
	}
	return nil
}

// Export writes a model, by its name or folder, as the flags say.
func (t *Tools) Export(ctx context.Context, name string, e *Exporting, to Destination) (*Written, error) {
	model, info, err := t.OpenSource(ctx, name)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	subject := model
	if e.Dense {
		if subject, err = model.Dense(); err != nil {
			return nil, err
		}
	}
	switch {
	case e.ONNX:
		return t.exportGraphs(subject, info, e, to)
	case e.Compact:
		written, err := to.saveWith(subject.SaveCompact, subject, info)
		if err == nil {
			written.Compact, written.Plain = true, false
		}
		return written, err
	}
	return to.Save(subject, info)
}

// exportGraphs writes a model as graphs of ONNX.
func (t *Tools) exportGraphs(model *gbert.Model, info *ModelInfo, e *Exporting, to Destination) (*Written, error) {
	if names := model.Carried(); len(names) > 0 {
		t.Meter.Warn("note: %d tensors that bertlab does not compute with are not part of the graph, among them %s", len(names), names[0])
	}
	if err := model.SavePortable(to.Out, gbert.PortableOptions{Opset: e.Opset, Precision: to.Precision}, e.Int8); err != nil {
		return nil, err
	}
	written, err := to.describe(gbert.PortableName, model, info)
	if err != nil {
		return nil, err
	}
	written.Plain, written.Graphs = false, gbert.PortableSizes(to.Out)
	written.Bytes = written.Graphs[gbert.PortableName]
	return written, nil
}
