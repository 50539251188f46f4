package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/onnx"
	"bertlab/gbert/safetensors"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// What is computed: examples of at most so many tokens in batches of so many, and for times and memory a batch without padding.
const (
	maxLength   = 64
	batchSize   = 64 // few batches are few compilations of XLA
	timedRows   = 8
	timedLength = 32
)

// row is a form in all runtimes.
type row struct {
	form
	// weights are the bytes of model.safetensors, graph those of the ONNX file.
	weights, graph int64
	cells          map[string]*cell // by runtime
	// fromWhole is the largest difference of a logit in XLA from the whole model's; NaN where the two are not near.
	fromWhole float64
	logits    [][]float32 // XLA's
}

// cell is a form in a runtime.
type cell struct {
	version  string
	apart    float64 // largest difference of a logit from XLA's
	accuracy float64
	memory   int64
	seconds  []float64 // of the timed batch, by round
	// others are the largest differences with other settings, by their names.
	others map[string]float64
}

// otherSettings are those with which logits are computed as well, by runtime.
var otherSettings = map[string][]string{openVINO: {"f32", "defaults"}}

// asked are the forms that are to be measured. Those that are near the whole model want it first.
func (b *bench) asked() (list []form) {
	only := strings.Split(b.only, ";")
	for _, f := range forms {
		if (b.only == "" || slices.Contains(only, f.name)) && (f.rewrite == "" || b.python != "") {
			list = append(list, f)
		}
	}
	if slices.ContainsFunc(list, func(f form) bool { return f.near }) && list[0].name != forms[0].name {
		list = slices.Insert(list, 0, forms[0])
	}
	return list
}

// forms measures the forms that are asked for.
func (b *bench) forms(ctx context.Context) (rows []row, err error) {
	for _, f := range b.asked() {
		began := time.Now()
		r, err := b.form(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		rows = append(rows, *r)
		log.Printf("%-45s %5.1f s", f.name, time.Since(began).Seconds())
	}
	return rows, nil
}

// form measures the model in a form, which it writes to a folder unless that is there.
func (b *bench) form(ctx context.Context, f form) (*row, error) {
	root := filepath.Join(b.keep, strings.NewReplacer(" ", "-", ",", "").Replace(f.name))
	if b.keep == "" {
		var err error
		if root, err = os.MkdirTemp("", "bertlab-runtimes-"); err != nil {
			return nil, err
		}
		defer os.RemoveAll(root)
	}
	folder, graph, file := filepath.Join(root, "model"), filepath.Join(root, "graph", gbert.PortableName), filepath.Join(root, "batches.json")
	if fileBytes(graph) == 0 {
		if err := b.make(ctx, f, folder, filepath.Join(root, "graph")); err != nil {
			return nil, err
		}
	}
	model, err := gbert.Load(folder)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	prepared, err := finetune.Prepare(b.compute, model, b.dev, maxLength, batchSize, 1)
	if err != nil {
		return nil, err
	}
	timed := experiment.FilledBatch(prepared.Encodings, timedRows, timedLength, model.Config.PadTokenID)
	text, err := json.Marshal(append([]*gbert.Batch{timed}, prepared.Batches...))
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		return nil, err
	}
	if b.part == makePart {
		return &row{form: f}, nil
	}
	r := &row{form: f, weights: fileBytes(filepath.Join(folder, safetensors.WeightsName)), graph: fileBytes(graph) + fileBytes(graph+onnx.DataEnding), cells: map[string]*cell{}}
	return r, b.measure(r, prepared, folder, graph, file)
}

// make writes the model in a form, and its graph.
func (b *bench) make(ctx context.Context, f form, folder, graphs string) error {
	model, err := f.make(ctx, b)
	if err != nil {
		return err
	}
	precision := cmp.Or(f.precision, gbert.Float32)
	if err := model.Save(folder, precision); err != nil {
		return err
	}
	if err := model.SavePortable(graphs, gbert.PortableOptions{Precision: precision}, false); err != nil || f.rewrite == "" {
		return err
	}
	return python(ctx, b.python, f.rewrite, filepath.Join(graphs, gbert.PortableName))
}

// fileBytes are a file's; 0: there is none.
func fileBytes(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// measure opens the model in each runtime, one after another, and then times them in turn.
func (b *bench) measure(r *row, prepared *finetune.Prepared, folder, graph, file string) error {
	names, commands := b.commands(folder, graph, file)
	var engines []*engine
	for _, name := range names {
		if name == defaults && b.part == timePart {
			continue
		}
		e, err := start(name, commands[name])
		if err != nil {
			return err
		}
		defer e.close()
		if _, err := e.ask(request{Do: "open"}); err != nil {
			return err
		}
		r.cells[name] = &cell{version: e.version, memory: e.memory(), others: map[string]float64{}}
		if b.part != timePart {
			if err := b.judge(r, e, prepared); err != nil {
				return err
			}
		}
		if name != defaults {
			engines = append(engines, e)
		}
	}
	if b.part == logitsPart {
		return nil
	}
	return b.time(r, engines)
}

// judge holds a runtime's logits against XLA's, which is asked first.
func (b *bench) judge(r *row, e *engine, prepared *finetune.Prepared) error {
	logits, err := e.logits("", prepared)
	if err != nil {
		return err
	}
	if e.name == xla {
		r.logits = logits
		if r.name == forms[0].name {
			b.whole = logits
		}
		if r.fromWhole = math.NaN(); r.near {
			r.fromWhole = apart(logits, b.whole)
		}
	}
	c := r.cells[e.name]
	c.apart = apart(logits, r.logits)
	evaluation, err := prepared.Judge(logits)
	if err != nil {
		return err
	}
	c.accuracy = evaluation.Metrics[task.Accuracy]
	for _, settings := range otherSettings[e.name] {
		if logits, err = e.logits(settings, prepared); err != nil {
			return err
		}
		c.others[settings] = apart(logits, r.logits)
	}
	return nil
}

// logits are those of all examples.
func (e *engine) logits(settings string, prepared *finetune.Prepared) ([][]float32, error) {
	a, err := e.ask(request{Do: "logits", Settings: settings})
	if err != nil {
		return nil, err
	}
	logits := make([][]float32, len(prepared.Encodings))
	for i, batch := range prepared.Batches {
		if i >= len(a.Logits) || len(a.Logits[i]) < len(batch.Index) {
			return nil, fmt.Errorf("%s: batch %d has too few logits", e.name, i)
		}
		for k, example := range batch.Index {
			logits[example] = a.Logits[i][k]
		}
	}
	return logits, nil
}

// apart is the largest difference of a logit.
func apart(a, b [][]float32) (most float64) {
	for i := range b {
		for j := range b[i] {
			most = max(most, math.Abs(float64(a[i][j])-float64(b[i][j])))
		}
	}
	return most
}

// sample is about how long a timed sample takes.
const sample = 0.03

// time times the engines in turn. A round that warms up says how many passes make a sample.
func (b *bench) time(r *row, engines []*engine) error {
	times := make([]int, len(engines))
	for round := -2; round < b.rounds; round++ {
		for i, e := range engines {
			a, err := e.ask(request{Do: "pass", Times: times[i]})
			if err != nil {
				return err
			}
			times[i] = max(1, int(sample/a.Seconds))
			if round >= 0 {
				r.cells[e.name].seconds = append(r.cells[e.name].seconds, a.Seconds)
			}
		}
	}
	return nil
}

// ratio is the time of a cell divided by XLA's of the same round.
func (r *row) ratio(c *cell) stats.Interval {
	ratios := make([]float64, len(c.seconds))
	for i, seconds := range c.seconds {
		ratios[i] = seconds / r.cells[xla].seconds[i]
	}
	return stats.Quartiles(ratios)
}
