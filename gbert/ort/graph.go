package ort

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/yalue/onnxruntime_go"

	"bertlab/gbert/onnx"
)

// An Array is an input of a graph: float32 numbers, row-major.
type Array struct {
	Name   string
	Shape  []int64
	Values []float32
}

// Compute runs a graph once, whatever it computes, and returns the values of its outputs, which are float32. Models have [Open].
func Compute(ctx context.Context, graph *onnx.Graph, inputs []Array, outputs []string, o Options) ([][]float32, error) {
	values, err := compute(ctx, graph, inputs, outputs, o)
	if err != nil {
		return nil, fmt.Errorf("ort: %w", err)
	}
	return values, nil
}

func compute(ctx context.Context, graph *onnx.Graph, inputs []Array, outputs []string, o Options) ([][]float32, error) {
	if _, err := start(ctx, o.Backend); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "bertlab-onnx-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, onnx.FileName)
	if err := graph.Write(path, onnx.Options{Producer: "bertlab"}); err != nil {
		return nil, err
	}
	options, err := o.session()
	if err != nil {
		return nil, err
	}
	defer options.Destroy()
	var names []string
	var in []onnxruntime_go.Value
	defer func() {
		for _, value := range in {
			value.Destroy()
		}
	}()
	for _, input := range inputs {
		tensor, err := onnxruntime_go.NewTensor(onnxruntime_go.NewShape(input.Shape...), input.Values)
		if err != nil {
			return nil, err
		}
		names, in = append(names, input.Name), append(in, tensor)
	}
	session, err := onnxruntime_go.NewDynamicAdvancedSession(path, names, outputs, options)
	if err != nil {
		return nil, err
	}
	defer session.Destroy()
	out := make([]onnxruntime_go.Value, len(outputs))
	if err := session.Run(in, out); err != nil {
		return nil, err
	}
	return floats(out, outputs)
}

// floats copies the values of outputs, and frees them.
func floats(outputs []onnxruntime_go.Value, names []string) (values [][]float32, err error) {
	for i, output := range outputs {
		tensor, ok := output.(*onnxruntime_go.Tensor[float32])
		if ok {
			values = append(values, append([]float32{}, tensor.GetData()...))
		} else if err == nil {
			err = fmt.Errorf("the output %s is not of float32", names[i])
		}
		output.Destroy()
	}
	return values, err
}
