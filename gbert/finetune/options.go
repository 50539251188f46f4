package finetune

import (
	"fmt"
	"math"
	"time"

	"bertlab/gbert"
)

// Keep says which epoch's weights a training run returns.
type Keep string

// The epochs that can be kept.
const (
	KeepBest Keep = "best" // the best by the task's primary metric on dev, then by dev loss; the earlier of equals
	KeepLast Keep = "last"
)

// Optimizer names what turns gradients into steps.
type Optimizer string

// The optimizers.
const (
	AdamW Optimizer = "adamw"
	SGD   Optimizer = "sgd" // w ← w − η·g, without momentum or decay: for experiments with a closed form
)

// Precision names the numbers in which training multiplies matrices. Weights, moments, evaluation and what is saved are in float32.
type Precision string

// The precisions.
const (
	Float32  Precision = "float32"
	BFloat16 Precision = "bf16" // those of layers and attention, see gbert's Taps
)

// Options are the hyper-parameters of a training run. Zero values mean the defaults named with each field.
type Options struct {
	// Epochs is the number of passes over the training set; 3.
	Epochs int `json:"epochs"`
	// BatchSize is the number of examples a step; 32.
	BatchSize int `json:"batch_size"`
	// MaxLength is the number of tokens after which examples are cut, or of a window where they are read in windows, special tokens
	// included; 128, for spans [SpanLength].
	MaxLength int `json:"max_length"`
	// LearningRate is the peak learning rate; 2e-5.
	LearningRate float64 `json:"learning_rate"`
	// Warmup is the share of all steps over which the learning rate rises from 0; 0.1. Negative: none.
	Warmup float64 `json:"warmup"`
	// Optimizer is [AdamW] when empty.
	Optimizer Optimizer `json:"optimizer"`
	// WeightDecay is AdamW's decay; 0.01. Negative: none.
	WeightDecay float64 `json:"weight_decay"`
	// Beta1, Beta2 and Epsilon are Adam's; 0.9, 0.999 and 1e-8.
	Beta1   float64 `json:"beta1"`
	Beta2   float64 `json:"beta2"`
	Epsilon float64 `json:"epsilon"`
	// MaxGradNorm is the global norm to which gradients are clipped; 1. Negative: no clipping.
	MaxGradNorm float64 `json:"max_grad_norm"`
	// Seed drives the order of examples and dropout. A fresh classifier has its own seed, see gbert's WithClassifier.
	Seed uint64 `json:"seed"`
	// FreezeEmbeddings keeps the embeddings as they are.
	FreezeEmbeddings bool `json:"freeze_embeddings,omitempty"`
	// Keep says which epoch's weights are returned; KeepBest.
	Keep Keep `json:"keep"`
	// LengthGrouping is off when negative: batches are then drawn at random, as transformers' default trainer does.
	LengthGrouping int `json:"length_grouping,omitempty"`
	// Precision is [Float32] when empty, and then left out of what is remembered of the options.
	Precision Precision `json:"precision,omitempty"`

	// Devices is how many devices of the backend compute the gradient of a step together, each of a part of the batch's rows; 1. The
	// result is the same to rounding, so that a run may go on with another number.
	Devices int `json:"-"`
	// MemoryLimit is about how many bytes of memory training may take ([Memory]); 0: no limit. Fewer padded lengths are compiled where all
	// would not fit: more padding, and results that differ by rounding.
	MemoryLimit int64 `json:"-"`
	// Method is a compression method that takes part in training; nil for none.
	Method *Method `json:"-"`

	// CheckpointDir is where a run keeps what it needs to go on after a kill; empty: nowhere.
	CheckpointDir string `json:"-"`
	// CheckpointEvery is the time between checkpoints within an epoch; two minutes.
	CheckpointEvery time.Duration `json:"-"`
	// Beginnings is a folder in which a run with a method leaves its state after the steps that others would take alike, see
	// [Method.Beginning], and from which it goes on where another has: with the same result, in less time. Each file has the size of a
	// checkpoint, three times that of what is trained. Empty: none. Runs with a dev set or AfterStep, who would miss these steps, do without.
	Beginnings string `json:"-"`
	// AfterStep, if not nil, is called when steps of the whole run's steps are done, from 1 on, before a checkpoint that includes the
	// step: after a kill it sees the steps since the last checkpoint again, with the same weights. model downloads the weights as they
	// are, before a method's transform; that takes its time. An error ends the run.
	AfterStep func(step, steps int, model func() (*gbert.Model, error)) error `json:"-"`
	// Progress is told what the run does; may be nil. It is called from the training goroutine.
	Progress func(Progress) `json:"-"`
}

// Progress is what a run is doing.
type Progress struct {
	// Phase is "compiling", "training" or "evaluating".
	Phase string
	// Epoch and Epochs count from 1.
	Epoch, Epochs int
	// Step and Steps count optimizer steps of the whole run (training), or examples (evaluating).
	Step, Steps int
	// Loss is the mean training loss of the epoch so far.
	Loss float64
	// TokensPerSecond counts real tokens (no padding) since the run began or went on.
	TokensPerSecond float64
	// Remaining is the time that is left, by the speed so far; 0 when unknown.
	Remaining time.Duration
}

// Steps is the number of optimizer steps of a run on so many examples: the last batch of an epoch may be short. Epochs and
// BatchSize must be set.
func (o Options) Steps(examples int) int { return o.stepsPerEpoch(examples) * o.Epochs }

func (o Options) stepsPerEpoch(examples int) int { return (examples + o.BatchSize - 1) / o.BatchSize }

func (o Options) withDefaults() (Options, error) {
	setDefault(&o.Epochs, 3)
	setDefault(&o.BatchSize, 32)
	setDefault(&o.MaxLength, 128)
	setDefault(&o.LearningRate, 2e-5)
	setDefault(&o.Warmup, 0.1)
	setDefault(&o.Optimizer, AdamW)
	setDefault(&o.WeightDecay, 0.01)
	setDefault(&o.Beta1, 0.9)
	setDefault(&o.Beta2, 0.999)
	setDefault(&o.Epsilon, 1e-8)
	setDefault(&o.MaxGradNorm, 1)
	setDefault(&o.Keep, KeepBest)
	setDefault(&o.CheckpointEvery, 2*time.Minute)
	switch {
	case o.Epochs < 1:
		return o, fmt.Errorf("finetune: %d epochs; at least 1 is needed", o.Epochs)
	case o.BatchSize < 1:
		return o, fmt.Errorf("finetune: a batch of %d examples; at least 1 is needed", o.BatchSize)
	case o.MaxLength < 3:
		return o, fmt.Errorf("finetune: a maximal length of %d tokens; [CLS], a token and [SEP] need 3", o.MaxLength)
	case !(o.LearningRate > 0 && o.LearningRate < 10):
		return o, fmt.Errorf("finetune: learning rate %g; it must be above 0 and below 10", o.LearningRate)
	case o.Warmup >= 1:
		return o, fmt.Errorf("finetune: warm-up over %g of the steps; it must be below 1", o.Warmup)
	case !(o.Beta1 >= 0 && o.Beta1 < 1 && o.Beta2 >= 0 && o.Beta2 < 1):
		return o, fmt.Errorf("finetune: Adam's betas are %g and %g; they must be at least 0 and below 1", o.Beta1, o.Beta2)
	case o.MemoryLimit < 0:
		return o, fmt.Errorf("finetune: a limit of %d bytes on memory; 0 means none", o.MemoryLimit)
	case o.Keep != KeepBest && o.Keep != KeepLast:
		return o, fmt.Errorf("finetune: keep %q is not one of %q, %q", o.Keep, KeepBest, KeepLast)
	case o.Optimizer != AdamW && o.Optimizer != SGD:
		return o, fmt.Errorf("finetune: optimizer %q is not one of %q, %q", o.Optimizer, AdamW, SGD)
	case o.Precision != "" && o.Precision != Float32 && o.Precision != BFloat16:
		return o, fmt.Errorf("finetune: precision %q is not one of %q, %q", o.Precision, Float32, BFloat16)
	}
	if o.Precision == Float32 {
		o.Precision = ""
	}
	if err := o.Method.check(o); err != nil {
		return o, err
	}
	o.Warmup, o.WeightDecay, o.MaxGradNorm = max(o.Warmup, 0), max(o.WeightDecay, 0), max(o.MaxGradNorm, 0)
	return o, nil
}

// isFrozen says whether a weight stays as it is: what is stored in whole numbers, and embeddings where they are frozen.
func (o Options) isFrozen(spec gbert.WeightSpec) bool {
	return spec.DType != "" || o.FreezeEmbeddings && gbert.IsEmbedding(spec.Name)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// learningRate is the learning rate of a step, counted from 0: linear from 0 to the peak over the warm-up, then linear to 0
// after the last step. It is transformers' get_linear_schedule_with_warmup with the warm-up steps that its Trainer counts,
// ⌈share · steps⌉; but at least one step stays for the decay, so that a run of one step trains.
func (o Options) learningRate(step, steps int) float64 {
	warmup := min(int(math.Ceil(o.Warmup*float64(steps))), steps-1)
	if step < warmup {
		return o.LearningRate * float64(step) / float64(max(warmup, 1))
	}
	return o.LearningRate * float64(steps-step) / float64(max(steps-warmup, 1))
}
