package zafrir2019

import (
	"bertlab/papers/experiment"
	"bertlab/techniques/quantise"
)

// Result is everything that was measured, as plain data.
type Result struct {
	experiment.Measured[Config]
	// Layers is the number of the model's layers.
	Layers int `json:"layers"`
	// Tasks are the tasks in the order of the protocol.
	Tasks []Task `json:"tasks"`
	// Runs are the models, a task and a seed after the other, in each of the ways of [Ways].
	Runs []Run `json:"runs"`
	// Sizes are the files of the first model in each way.
	Sizes []Size `json:"sizes"`
	// Maps is what each matrix costs alone, of the model of the first task and seed, with inputs over the batch's range.
	Maps *quantise.Sensitivities `json:"maps"`
	// Speed is that of the same model.
	Speed *Speed `json:"speed"`
	// LeftOut are the optional tasks whose data were not found, and why.
	LeftOut []string `json:"left_out,omitempty"`
}

// Task is a data set.
type Task struct {
	Name     string  `json:"name"`
	Title    string  `json:"title"`
	Metric   string  `json:"metric"`
	Examples int     `json:"examples"`
	Majority float64 `json:"majority"`
}

// Way is how a model is quantised.
type Way string

// The ways.
const (
	Whole   Way = "float32"
	Aware   Way = "training"
	Dynamic Way = "dynamic"
	Row     Way = "row"
	Static  Way = "static"
)

// Ways are all of them, in the order of tables and figures.
var Ways = []Way{Whole, Aware, Dynamic, Row, Static}

// Run is a model that was judged.
type Run struct {
	Task string `json:"task"`
	Seed uint64 `json:"seed"`
	Way  Way    `json:"way"`
	experiment.Evaluated
}

// Size is a file of weights in bytes.
type Size struct {
	Way   Way   `json:"way"`
	Bytes int64 `json:"bytes"`
}

// Speed is that of integers in ONNX Runtime beside float32 in ONNX Runtime and in XLA; Runtime is its version, empty where it is not
// there.
type Speed struct {
	Length  int    `json:"length"`
	Repeats int    `json:"repeats"`
	Runtime string `json:"runtime,omitempty"`
	// OverPortable has float32 in ONNX Runtime against integers there, OverXLA float32 in XLA against integers in ONNX Runtime.
	OverPortable []experiment.SpeedBatch `json:"over_portable,omitempty"`
	OverXLA      []experiment.SpeedBatch `json:"over_xla,omitempty"`
}

// of are the runs of a way, by task and seed.
func (r *Result) of(task string, way Way) []Run {
	return experiment.Where(r.Runs, func(run Run) bool { return run.Way == way && (task == "" || run.Task == task) })
}

// against pairs the runs of a way with those of another one on the same examples; of all tasks without a name.
func (r *Result) against(task string, way, other Way) *experiment.Paired {
	pairs := &experiment.Paired{}
	for _, a := range r.of(task, way) {
		for _, b := range r.of(a.Task, other) {
			if a.Seed == b.Seed {
				pairs.Add(a.Seed, a.Task, a.Right.Numbers(), b.Right.Numbers())
			}
		}
	}
	return pairs
}

// bytes is the size of a way; 0 where it was not measured.
func (r *Result) bytes(way Way) int64 {
	for _, s := range r.Sizes {
		if s.Way == way {
			return s.Bytes
		}
	}
	return 0
}
