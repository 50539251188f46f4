package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/ort"
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// quantiseScript is onnxruntime's own way to eight bits, with its defaults.
const quantiseScript = `
import sys
from onnxruntime.quantization import QuantType, quantize_dynamic
quantize_dynamic(sys.argv[1], sys.argv[2], weight_type=QuantType.QInt8)
`

// int8 times our graph of eight bits beside the one that onnxruntime's quantize_dynamic makes of our float32 graph, and beside XLA in
// float32, all in turn.
func (b *bench) int8(ctx context.Context) (map[string]string, error) {
	if b.python == "" {
		return nil, fmt.Errorf("BERTLAB_PEER_PYTHON is not set: quantize_dynamic is Python's")
	}
	if b.model.Outputs() == 0 { // any head will do
		var err error
		if b.model, err = b.model.WithClassifier(2, nil, 1); err != nil {
			return nil, err
		}
	}
	root := filepath.Join(b.keep, "int8-"+b.name)
	if b.keep == "" {
		var err error
		if root, err = os.MkdirTemp("", "bertlab-runtimes-"); err != nil {
			return nil, err
		}
		defer os.RemoveAll(root)
	}
	float, ours, theirs := filepath.Join(root, gbert.PortableName), filepath.Join(root, gbert.PortableInt8Name), filepath.Join(root, "theirs.onnx")
	if fileBytes(theirs) == 0 {
		if err := b.model.SavePortable(root, gbert.PortableOptions{}, true); err != nil {
			return nil, err
		}
		if err := python(ctx, b.python, quantiseScript, float, theirs); err != nil {
			return nil, err
		}
	}
	session, err := gbert.NewSession(b.compute, b.model)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	runners := []finetune.Runner{session}
	for _, path := range []string{float, ours, theirs} {
		opened, err := ort.OpenFile(ctx, path, b.model, ort.Options{Threads: threads()})
		if err != nil {
			return nil, err
		}
		defer opened.Close()
		runners = append(runners, opened)
	}
	table, err := b.timeInt8(ctx, runners)
	return map[string]string{
		"int8 " + b.name: fmt.Sprintf("%sFiles: float32 %s MB, ours %s MB, `quantize_dynamic` %s MB.\n", table, mega(fileBytes(float)), mega(fileBytes(ours)), mega(fileBytes(theirs))),
	}, err
}

// timeInt8 times XLA, float32, ours and theirs.
func (b *bench) timeInt8(ctx context.Context, runners []finetune.Runner) (string, error) {
	prepared, err := finetune.Prepare(b.compute, b.model, b.dev, 128, 32, 1)
	if err != nil {
		return "", err
	}
	t := newTable("rows × tokens", "ours, ms", "ours ÷ `quantize_dynamic`", "ours ÷ float32 in ONNX Runtime", "ours ÷ XLA in float32")
	for _, shape := range strings.Split(b.shapes, ",") {
		var rows, length int
		if _, err := fmt.Sscanf(shape, "%dx%d", &rows, &length); err != nil {
			return "", fmt.Errorf("-shapes %s: rows and tokens were expected, such as 32x128: %w", shape, err)
		}
		batch := experiment.FilledBatch(prepared.Encodings, rows, length, b.model.Config.PadTokenID)
		passes := make([]func() error, len(runners))
		for i, runner := range runners {
			passes[i] = func() error {
				_, err := runner.BatchLogits(batch, nil)
				return err
			}
		}
		times, err := experiment.Rounds{Repeats: b.rounds, Rotate: true}.Time(ctx, passes...)
		if err != nil {
			return "", err
		}
		const ours = 2
		line := []string{fmt.Sprintf("%d × %d", rows, length), ""}
		for _, other := range []int{3, 1, 0} {
			var mine, ratios []float64
			for k, took := range times[ours] {
				mine, ratios = append(mine, 1000*took.Wall.Seconds()), append(ratios, took.Wall.Seconds()/times[other][k].Wall.Seconds())
			}
			q := stats.Quartiles(ratios)
			line[1] = fmt.Sprintf("%.2f", stats.Median(mine))
			line = append(line, fmt.Sprintf("%.2f (%.2f–%.2f)", q.Value, q.Low, q.High))
		}
		addRow(t, line...)
	}
	return t.String() + "\n", nil
}
