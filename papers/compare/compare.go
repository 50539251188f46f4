package compare

import (
	"errors"
	"fmt"
	"slices"

	"bertlab/papers/experiment"
)

// Entry is a model to compare.
type Entry struct {
	// Name is the model's on tables and figures, Title what it is, in a line.
	Name  string
	Title experiment.Text
	// Dir is its folder, or its name for the hub.
	Dir string
	// Model is the model of a step, which keeps it in Dir and can read so many Positions; nil: it is loaded from Dir.
	Model     experiment.ModelSource
	Positions int
	// Retrained says whether it was trained after it was made smaller; nil: not known.
	Retrained *bool
	// Combined says that several techniques made it.
	Combined bool
	// Runtime computes its logits; empty: XLA.
	Runtime Runtime
}

// Options say on what the models are compared. Zero values mean the defaults named with each field.
type Options struct {
	// Task is the task, Data the file or folder of its dev split; empty: found by name.
	Task, Data string
	// LabelsByNumber matches the models' classes with the task's by their numbers; by name otherwise.
	LabelsByNumber bool
	// Examples is how many of the dev split are used; 0: all.
	Examples int
	// Batches are the batch sizes at which models are timed; 1, 8 and 32.
	Batches []int
	// Length is the number of tokens of the timed rows; 64. Operations are counted for it too.
	Length int
	// Repeats is how often each model is timed; 15.
	Repeats int
	// Resamples are those of the bootstraps; 2000.
	Resamples int
	// Runtimes are those in which each model of [Run] is judged and timed, the original's own first; XLA alone.
	Runtimes []Runtime
	// Pairs are further models, by name, that are compared with each other.
	Pairs [][2]string
}

func (o Options) filled() Options {
	if o.Batches == nil {
		o.Batches = []int{1, 8, 32}
	}
	if o.Runtimes == nil {
		o.Runtimes = []Runtime{XLA}
	}
	for _, d := range []struct {
		value     *int
		otherwise int
	}{{&o.Length, 64}, {&o.Repeats, 15}, {&o.Resamples, 2000}} {
		if *d.value == 0 {
			*d.value = d.otherwise
		}
	}
	return o
}

// Check reports options with which nothing can be compared.
func (o Options) Check() error {
	o = o.filled()
	switch {
	case o.Length < 3 || o.Repeats < 1 || o.Resamples < 1 || o.Examples < 0:
		return fmt.Errorf("length %d, repeats %d, resamples %d, examples %d: at least 3, 1, 1 and 0 are needed", o.Length, o.Repeats, o.Resamples, o.Examples)
	case checkRuntimes(o.Runtimes) != nil:
		return checkRuntimes(o.Runtimes)
	case len(o.Batches) == 0:
		return errors.New("at least one batch size is needed")
	}
	for i, size := range o.Batches {
		if slices.Contains(o.Batches[:i], size) {
			return fmt.Errorf("batch size %d is named twice", size)
		}
		if size < 1 || size > 4096 {
			return fmt.Errorf("batch size %d: it must be 1…4096", size)
		}
	}
	return nil
}

// Comparison is what was measured, as plain data.
type Comparison struct {
	Task     string        `json:"task"`
	Metric   string        `json:"metric"`
	Examples int           `json:"examples"`
	Length   int           `json:"length"`
	Batches  []int         `json:"batches"`
	Repeats  int           `json:"repeats"`
	Majority float64       `json:"majority,omitempty"` // the share of the largest class
	Models   []Measurement `json:"models"`             // the original first
	Pairs    []Pair        `json:"pairs,omitempty"`
	// Provenance is that of the original, the data and the machine.
	Provenance experiment.Provenance `json:"provenance"`
	// File is what it was read from; empty: it was not.
	File string `json:"-"`
}

// Measurement is one model.
type Measurement struct {
	Name       string          `json:"name"`
	Title      experiment.Text `json:"title"`
	Dir        string          `json:"dir"`
	SHA256     string          `json:"sha256"` // of configuration and weights
	Retrained  *bool           `json:"retrained,omitempty"`
	Combined   bool            `json:"combined,omitempty"`
	Runtime    Runtime         `json:"runtime,omitempty"` // empty: XLA
	Layers     int             `json:"layers"`
	Parameters int             `json:"parameters"`
	MACs       int             `json:"macs"` // of one example of Length tokens
	Sizes      Sizes           `json:"sizes"`
	// Score is the metric with its 95 % interval, Loss the mean loss.
	Score float64 `json:"score"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Loss  float64 `json:"loss"`
	// Truncated counts the examples that are longer than what the model reads of them, and were cut.
	Truncated int `json:"truncated,omitempty"`
	// Against compares it with the original; nil for the original itself. Drops are the resampled drops of the metric, ascending.
	Against *Pair     `json:"against_original,omitempty"`
	Drops   []float64 `json:"drops,omitempty"`
	// Logits is the largest difference of a logit from the original's; −1 where the logits are those of other tokens.
	Logits  float64            `json:"largest_logit_difference"`
	Latency []Latency          `json:"latency"` // by batch size
	Memory  *experiment.Memory `json:"memory,omitempty"`
}

// Sizes are the bytes of the file of weights.
type Sizes struct {
	Float32 int64 `json:"float32"`
	Stored  int64 `json:"stored"`
	Gzip    int64 `json:"gzip"` // Stored, after gzip
}
