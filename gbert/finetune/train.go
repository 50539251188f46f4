package finetune

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/task"
)

// Epoch is one pass over the training set.
type Epoch struct {
	// Number counts from 1.
	Number int `json:"epoch"`
	// TrainLoss is the mean loss of the epoch's examples, each before its step, with dropout.
	TrainLoss float64 `json:"train_loss"`
	// Dev is the evaluation after the epoch; nil without a dev set.
	Dev *Evaluation `json:"dev,omitempty"`
	// Seconds is the time of the epoch's training, compilation included, evaluation not.
	Seconds float64 `json:"seconds"`
}

// Result is a finished training run.
type Result struct {
	// Model is the trained model; with a [Method] that transforms weights, it has the transformed ones.
	Model *gbert.Model `json:"-"`
	// Raw is the model with its weights before the method's transform; nil without one. Parameters are the method's.
	Raw        *gbert.Model         `json:"-"`
	Parameters map[string][]float32 `json:"-"`
	// Options are the options with their defaults filled in.
	Options Options `json:"options"`
	// Epochs are the epochs in order; Kept is the number of the one whose weights Model has.
	Epochs []Epoch `json:"epochs"`
	Kept   int     `json:"kept_epoch"`
	// Steps is the number of optimizer steps.
	Steps int `json:"steps"`
	// RealTokens and ComputedTokens are the tokens of all batches, without and with padding.
	RealTokens     int `json:"real_tokens"`
	ComputedTokens int `json:"computed_tokens"`
	// Cut and DevCut count the examples of either set of which tokens are left out, see [Prepared.Cut].
	Cut    int `json:"-"`
	DevCut int `json:"-"`
	// Resumed reports that the run went on from a checkpoint, or from another's beginning.
	Resumed bool `json:"resumed,omitempty"`
}

// Best is the epoch whose weights were kept.
func (r *Result) Best() Epoch { return r.Epochs[r.Kept-1] }

// Train fine-tunes a model with a classification head on a training set. dev, if not nil, is evaluated after each epoch.
// Classes are matched by name, see [Prepare]; the trained model keeps its names for them, if it has any. The model itself is not changed. A cancelled context stops the run after a checkpoint.
func Train(ctx context.Context, backend compute.Backend, model *gbert.Model, train, dev *task.Dataset, o Options) (*Result, error) {
	r, err := newRun(backend, model, train, dev, o)
	if err != nil {
		return nil, err
	}
	if r.dev != nil {
		if r.devPrepared, err = Prepare(backend, model, r.dev, r.options.MaxLength, r.options.BatchSize, r.options.Epochs); err != nil {
			return nil, err
		}
	}
	if r.stepper, err = newStepper(backend, model, r.options); err != nil {
		return nil, err
	}
	defer r.stepper.close()
	if r.dev != nil {
		if r.session, err = gbert.NewSessionAcross(gbert.Devices{Backend: backend, Count: r.options.Devices}, model); err != nil {
			return nil, err
		}
		defer r.session.Close()
	}
	if err := r.openCheckpoint(); err != nil {
		return nil, err
	}
	defer r.closeCheckpoint()
	if err := r.openBeginning(); err != nil {
		return nil, fmt.Errorf("finetune: %w", err)
	}
	if err := r.loop(ctx); err != nil {
		return nil, fmt.Errorf("finetune: %w", err)
	}
	return r.finish()
}

// newRun reads the training set and chooses the padded lengths. What computes comes later.
func newRun(backend compute.Backend, model *gbert.Model, train, dev *task.Dataset, o Options) (*run, error) {
	if o.MaxLength == 0 && train.Task.Kind == task.Spans {
		o.MaxLength = SpanLength
	}
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if train = inOrder(model, train); dev != nil {
		dev = inOrder(model, dev)
	}
	if err := checkLabels(model, train); err != nil {
		return nil, err
	}
	if dev == nil || dev.Len() == 0 {
		dev, o.Keep = nil, KeepLast
	} else if err := checkLabels(model, dev); err != nil {
		return nil, err
	}
	read, err := read(model, train, o.MaxLength)
	if err != nil {
		return nil, err
	}
	r := &run{
		options: o, backend: backend, model: model, train: train, dev: dev, read: read,
		perEpoch: o.stepsPerEpoch(len(read.Encodings)),
	}
	if o.Method != nil && o.Method.Check != nil {
		if err := o.Method.Check(r.steps()); err != nil {
			return nil, err
		}
	}
	r.lengths, err = paddedLengths(backend, model, read.Encodings, o)
	return r, err
}

// run is a training run under way.
type run struct {
	options     Options
	backend     compute.Backend
	model       *gbert.Model
	train, dev  *task.Dataset
	read        *Prepared // the training set, without batches
	lengths     []int     // padded lengths
	perEpoch    int       // steps an epoch
	devPrepared *Prepared
	stepper     *stepper
	session     *gbert.Session
	checkpoint  *checkpoint
	beginning   *beginning // that is to be left for others; nil: none

	state   state
	best    map[string][]float32 // the weights of the best epoch so far; nil: the present ones
	resumed bool

	began      time.Time // of this process's training
	seenTokens int       // real tokens since began
	seenSteps  int
}

// state is what a checkpoint holds beside the tensors.
type state struct {
	Step      int     `json:"step"`       // optimizer steps done
	EpochLoss float64 `json:"epoch_loss"` // sum over the examples of the present epoch
	Seconds   float64 `json:"seconds"`    // of the present epoch
	Epochs    []Epoch `json:"epochs"`
	Best      int     `json:"best"` // number of the best epoch, 0: none
	Real      int     `json:"real_tokens"`
	Computed  int     `json:"computed_tokens"`
}

func (r *run) loop(ctx context.Context) error {
	defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	if err := r.compile(ctx); err != nil {
		return err
	}
	r.began = time.Now()
	lastSave := time.Now()
	for len(r.state.Epochs) < r.options.Epochs {
		epoch := len(r.state.Epochs)
		order := epochOrder(r.read.Encodings, r.options, epoch)
		for r.state.Step < (epoch+1)*r.perEpoch {
			if err := ctx.Err(); err != nil {
				if saveErr := r.saveCheckpoint(); saveErr != nil {
					return saveErr
				}
				return err
			}
			if err := r.step(order[r.state.Step-epoch*r.perEpoch]); err != nil {
				return fmt.Errorf("epoch %d, step %d: %w", epoch+1, r.state.Step+1, err)
			}
			r.leaveBeginning()
			if r.options.AfterStep != nil {
				if err := r.options.AfterStep(r.state.Step, r.steps(), r.present); err != nil {
					return err
				}
			}
			if time.Since(lastSave) > r.options.CheckpointEvery {
				if err := r.saveCheckpoint(); err != nil {
					return err
				}
				lastSave = time.Now()
			}
		}
		if err := r.endEpoch(ctx); err != nil {
			return err
		}
		lastSave = time.Now()
	}
	return nil
}

// garbage is by how many percent Go's heap may grow over what is in use while a model is trained: the examples and the graphs of all
// programs are in use, a step makes little garbage, and the memory is wanted for the device.
const garbage = 20

// compile compiles for the batches that are still to come, one of each shape. It leaves a cancelled run to the loop.
func (r *run) compile(ctx context.Context) error {
	began := time.Now()
	var batches []*gbert.Batch // all have the same rows
	for epoch := len(r.state.Epochs); epoch < r.options.Epochs && len(batches) < len(r.lengths); epoch++ {
		for i, index := range epochOrder(r.read.Encodings, r.options, epoch) {
			if epoch*r.perEpoch+i < r.state.Step {
				continue
			}
			batch, err := r.batch(index)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(batches, func(b *gbert.Batch) bool { return b.Length == batch.Length }) {
				batches = append(batches, batch)
			}
		}
	}
	if len(batches) == 0 || ctx.Err() != nil {
		return nil
	}
	r.report("compiling")
	if err := r.stepper.compile(r.read, batches, r.scalars()); err != nil {
		return err
	}
	backend.ReleaseMemory() // what reading and compiling took
	r.state.Seconds += time.Since(began).Seconds()
	return nil
}

// batch is the batch of these examples.
func (r *run) batch(index []int) (*gbert.Batch, error) {
	rows := r.options.BatchSize
	if len(index) < rows && r.perEpoch == 1 {
		rows = len(index)
	}
	batch := gbert.PadBatch(r.read.Encodings, index, rows, r.lengths, r.model.Config.PadTokenID)
	return batch, batch.Check(r.model.Config)
}

// scalars are those of the next step.
func (r *run) scalars() scalars {
	step := r.state.Step
	return scalars{
		step: step, steps: r.steps(),
		rate:        r.options.learningRate(step, r.steps()),
		correction1: 1 - math.Pow(r.options.Beta1, float64(step+1)),
		correction2: 1 - math.Pow(r.options.Beta2, float64(step+1)),
		seed:        rand.New(rand.NewPCG(r.options.Seed, uint64(step)<<1|1)).Uint32(),
	}
}

func (r *run) step(index []int) error {
	began := time.Now()
	batch, err := r.batch(index)
	if err != nil {
		return err
	}
	loss, err := r.stepper.step(r.read, batch, r.scalars())
	if err != nil {
		return err
	}
	real := 0
	for _, example := range index {
		real += len(r.read.Encodings[example].IDs)
	}
	r.state.Step++
	r.state.EpochLoss += loss * float64(len(index))
	r.state.Seconds += time.Since(began).Seconds()
	r.state.Real += real
	r.state.Computed += batch.Rows * batch.Length
	r.seenTokens += real
	r.seenSteps++
	r.report("training")
	return nil
}

// steps is the number of optimizer steps of the whole run.
func (r *run) steps() int { return r.perEpoch * r.options.Epochs }

func (r *run) report(phase string) {
	if r.options.Progress == nil {
		return
	}
	done := r.state.Step - len(r.state.Epochs)*r.perEpoch
	p := Progress{
		Phase: phase, Epoch: len(r.state.Epochs) + 1, Epochs: r.options.Epochs,
		Step: r.state.Step, Steps: r.steps(),
	}
	if done > 0 {
		p.Loss = r.state.EpochLoss / float64(min(done*r.options.BatchSize, len(r.read.Encodings)))
	}
	if r.seenSteps > 0 {
		elapsed := time.Since(r.began)
		p.TokensPerSecond = float64(r.seenTokens) / elapsed.Seconds()
		p.Remaining = time.Duration(float64(elapsed) / float64(r.seenSteps) * float64(p.Steps-p.Step))
	}
	r.options.Progress(p)
}

// endEpoch evaluates, keeps the best weights, and writes a checkpoint.
func (r *run) endEpoch(ctx context.Context) error {
	number := len(r.state.Epochs) + 1
	epoch := Epoch{Number: number, TrainLoss: r.state.EpochLoss / float64(len(r.read.Encodings)), Seconds: r.state.Seconds}
	if r.dev != nil {
		effective, err := r.bind()
		if err != nil {
			return err
		}
		defer effective.Close()
		evaluation, err := r.devPrepared.Evaluate(ctx, r.session, nil, func(done, total int) {
			if r.options.Progress != nil {
				r.options.Progress(Progress{Phase: "evaluating", Epoch: number, Epochs: r.options.Epochs, Step: done, Steps: total})
			}
		})
		if err != nil && ctx.Err() != nil {
			if saveErr := r.saveCheckpoint(); saveErr != nil {
				return saveErr
			}
		}
		if err != nil {
			return err
		}
		epoch.Dev = evaluation
	}
	better := r.state.Best == 0 || r.options.Keep == KeepLast || r.isBetter(epoch.Dev, r.state.Epochs[r.state.Best-1].Dev)
	r.state.Epochs = append(r.state.Epochs, epoch)
	r.state.EpochLoss, r.state.Seconds = 0, 0
	if better {
		r.state.Best, r.best = number, nil
		if r.options.Keep == KeepBest && number < r.options.Epochs {
			var err error
			if r.best, err = r.download(); err != nil {
				return err
			}
			if err := r.saveBest(); err != nil {
				return err
			}
		}
	}
	return r.saveCheckpoint()
}

// isBetter compares by the task's primary metric (all of them are better when larger), then by loss.
func (r *run) isBetter(a, b *Evaluation) bool {
	metric := r.dev.Task.Metrics[0]
	x, y := a.Metrics[metric], b.Metrics[metric]
	switch {
	case math.IsNaN(x):
		return false
	case math.IsNaN(y) || x > y:
		return true
	}
	return x == y && a.Loss < b.Loss
}

// bind gives the present weights to the evaluating session, as the method transforms them. The caller closes those that it
// made.
func (r *run) bind() (effective effectiveWeights, err error) {
	if effective, err = r.stepper.effectiveWeights(r.state.Step, r.steps()); err != nil {
		return nil, err
	}
	for _, p := range r.stepper.weights() {
		tensor := p.value
		if changed, ok := effective[p.spec.Name]; ok {
			tensor = changed
		}
		r.session.Bind(p.spec.Name, tensor)
	}
	return effective, nil
}
