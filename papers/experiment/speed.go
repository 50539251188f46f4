package experiment

import (
	"context"
	"math"
	"time"

	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// SpeedBatch is the speed of a compressed model beside the whole one, at one batch size. Times are the medians of the repeats;
// both models are timed in turn. Ratio is whole/pruned, the median of the pairs; Low and High are its quartiles. Ratios are those of all
// pairs, and Processors how many processors the process had meanwhile, the fewer of the two medians; 0 where the system does not tell.
type SpeedBatch struct {
	Size          int       `json:"size"`
	Seconds       float64   `json:"seconds"`
	PrunedSeconds float64   `json:"pruned_seconds"`
	Ratio         float64   `json:"ratio"`
	Low           float64   `json:"low"`
	High          float64   `json:"high"`
	Ratios        []float64 `json:"ratios"`
	Processors    float64   `json:"processors,omitempty"`
}

// Evidence is the ratio with the interval of its median. Nothing is decided where the medians of the times themselves have a ratio outside
// of that interval: then the machine was not steady.
func (b SpeedBatch) Evidence(say *words.Printer, name string, p Provenance) Evidence {
	e := Evidence{Name: name, Effect: stats.MedianOf(b.Ratios), Timed: true, Processors: p.Had(b.Processors)}
	if apart := b.Seconds / b.PrunedSeconds; apart < e.Low || apart > e.High {
		e.Open = say.F("the medians of the times have the ratio %.3f, which is outside of the interval: the machine was not steady", apart)
	}
	return e
}

// Had is how many processors a process had while something was timed; 0, not known, where another device computed.
func (p Provenance) Had(processors float64) float64 {
	if clockOf(p.Backend) == Processor {
		return processors
	}
	return 0
}

// TrainingTimes are the times of training steps of models, in turn, on the same batch.
type TrainingTimes struct {
	Rows   int // of the batch
	Length int // tokens a row
	// Steps are the times of each model's steps, [models][repeats].
	Steps [][]Elapsed
}

// TimeTraining times steps of models that read a training set in the same way, on its batch of median length, in turn.
func TimeTraining(ctx context.Context, w *Worker, models []*gbert.Model, train *task.Dataset, o finetune.Options, repeats int) (t TrainingTimes, err error) {
	var steps []func() error
	for _, model := range models {
		stepper, err := finetune.NewStepper(w.Backend(), model, train, o)
		if err != nil {
			return t, err
		}
		defer stepper.Close()
		t.Rows, t.Length = stepper.Shape()
		steps = append(steps, stepper.Step)
	}
	t.Steps, err = Rounds{Repeats: repeats, Progress: w.Progress()}.Time(ctx, steps...)
	return t, err
}

// FilledBatch is a batch of size rows of exactly length tokens, cut from the examples' tokens one after another, so that no time
// goes into padding. There must be at least one token.
func FilledBatch(examples []tokenizer.Encoding, size, length, padID int) *gbert.Batch {
	var stream []int32
	for i := 0; len(stream) < size*length; i = (i + 1) % len(examples) {
		stream = append(stream, examples[i].IDs...)
	}
	rows := make([]tokenizer.Encoding, size)
	index := make([]int, size)
	for i := range rows {
		rows[i] = tokenizer.Encoding{IDs: stream[i*length : (i+1)*length], Types: make([]int32, length)}
		index[i] = i
	}
	return gbert.PadBatch(rows, index, size, []int{length}, padID)
}

// TimePair times two models on a batch in turn, see [InTurn].
func TimePair(ctx context.Context, whole, pruned *gbert.Session, batch *gbert.Batch, repeats int) (SpeedBatch, error) {
	pass := func(session *gbert.Session) func() error {
		return func() error {
			_, err := session.BatchLogits(batch, nil)
			return err
		}
	}
	times, err := InTurn(ctx, repeats, pass(whole), pass(pruned))
	if err != nil {
		return SpeedBatch{}, err
	}
	timed := Pairs(times[0], times[1])
	timed.Size = batch.Rows
	return timed, nil
}

// Pairs is the speed by the times of two functions that were timed in turn.
func Pairs(whole, pruned []Elapsed) SpeedBatch {
	var first, second, ratios []float64
	for i := range whole {
		a, b := whole[i].Wall.Seconds(), pruned[i].Wall.Seconds()
		first, second, ratios = append(first, a), append(second, b), append(ratios, a/b)
	}
	ratio := stats.Quartiles(ratios)
	return SpeedBatch{
		Seconds: stats.Median(first), PrunedSeconds: stats.Median(second), Ratio: ratio.Value, Low: ratio.Low, High: ratio.High,
		Ratios: ratios, Processors: min(Processors(whole), Processors(pruned)),
	}
}

// Processors is how many processors the process had, the median over repeats; 0 where the system does not tell, and without repeats.
func Processors(times []Elapsed) float64 {
	if len(times) == 0 {
		return 0
	}
	had := make([]float64, len(times))
	for i, took := range times {
		had[i] = took.Processor.Seconds() / took.Wall.Seconds()
	}
	return stats.Median(had)
}

// Timing says how models are timed, among the inputs of a step.
type Timing struct {
	// Batches are the batch sizes, Length the tokens of a row at most, and Repeats how often each model is timed.
	Batches         []int
	Length, Repeats int
}

// Tokens is the length of the rows that a model is timed on.
func (t Timing) Tokens(c *gbert.Config) int { return min(t.Length, c.MaxPositionEmbeddings) }

// Pairs times a model that the step has made in turn with the whole one at each batch size, on rows cut from examples. Before a batch is
// timed, the session of the smaller model, the batch's number and itself are given to a function, unless that is nil.
func (t Timing) Pairs(ctx context.Context, w *Worker, whole *gbert.Session, smaller *gbert.Model, examples []tokenizer.Encoding, before func(pruned *gbert.Session, i int, batch *gbert.Batch) error) ([]SpeedBatch, error) {
	pruned, err := gbert.NewSession(w.Backend(), smaller)
	if err != nil {
		return nil, err
	}
	defer pruned.Close()
	var list []SpeedBatch
	config := whole.Model().Config
	for i, size := range t.Batches {
		batch := FilledBatch(examples, size, t.Tokens(config), config.PadTokenID)
		if before != nil {
			if err := before(pruned, i, batch); err != nil {
				return nil, err
			}
		}
		timing, err := TimePair(ctx, whole, pruned, batch, t.Repeats)
		if err != nil {
			return nil, err
		}
		list = append(list, timing)
		w.Progress()(i+1, len(t.Batches))
	}
	return list, nil
}

// SpeedUp is the speed of a model of which parts were removed against the whole one.
type SpeedUp struct {
	// MACs and PrunedMACs count an example's multiply-accumulate operations, as computed for a classifier.
	MACs       int `json:"macs"`
	PrunedMACs int `json:"pruned_macs"`
	// Parameters and PrunedParameters count the models' values.
	Parameters       int          `json:"parameters"`
	PrunedParameters int          `json:"pruned_parameters"`
	Batches          []SpeedBatch `json:"batches"`
	// MaskedDifference is the largest difference of a logit between the model with the parts masked and without them.
	MaskedDifference float64 `json:"masked_difference"`
}

// Count fills in what two models hold and compute at a length.
func (s *SpeedUp) Count(whole, pruned *gbert.Model, length int) {
	s.MACs, s.PrunedMACs = whole.Config.MACs(length, true).Total(), pruned.Config.MACs(length, true).Total()
	s.Parameters, s.PrunedParameters = whole.NumParameters(), pruned.NumParameters()
}

// Compare fills in the largest difference of a logit, if it is larger than one before.
func (s *SpeedUp) Compare(masked, pruned [][]float32) {
	for row := range masked {
		for label := range masked[row] {
			s.MaskedDifference = max(s.MaskedDifference, math.Abs(float64(masked[row][label]-pruned[row][label])))
		}
	}
}

// ByOperations is how many times as fast the model would be if time were in proportion to operations.
func (s *SpeedUp) ByOperations() float64 { return float64(s.MACs) / float64(s.PrunedMACs) }

// SpeedSeries are the bars of a model's speed at each batch size.
func SpeedSeries(name string, batches []SpeedBatch) figures.BarSeries {
	series := figures.BarSeries{Name: name}
	for _, b := range batches {
		series.Add(b.Ratio, b.Low, b.High)
	}
	return series
}

// BatchNames are the batch sizes of speeds, to name groups of bars.
func BatchNames(batches []SpeedBatch) []string {
	return figures.Texts(Each(batches, func(b SpeedBatch) int { return b.Size }))
}

// sampleTime is about how long a sample of [Rounds.Time] takes, so that what a clock or a scheduler adds to it is little.
const sampleTime = 50 * time.Millisecond

// InTurn times functions one after another, in as many rounds as there are repeats; see [Rounds].
func InTurn(ctx context.Context, repeats int, functions ...func() error) ([][]Elapsed, error) {
	return Rounds{Repeats: repeats}.Time(ctx, functions...)
}

// Rounds say how functions are timed in turn.
type Rounds struct {
	// Repeats is the number of rounds that are timed.
	Repeats int
	// Rotate begins each round with another function.
	Rotate bool
	// Progress is told of rounds that are done; may be nil.
	Progress func(done, total int)
}

// Time times functions one after another, round by round, so that what disturbs a machine disturbs all of them. The result is the time
// that a call takes, [functions][repeats]; each sample is the mean of as many calls as take about a twentieth of a second. Two rounds
// before, which are not timed, compile and warm up.
func (r Rounds) Time(ctx context.Context, functions ...func() error) ([][]Elapsed, error) {
	calls, times := make([]int, len(functions)), make([][]Elapsed, len(functions))
	for round := -2; round < r.Repeats; round++ {
		for k := range functions {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			i := k
			if r.Rotate {
				i = (max(round, 0) + k) % len(functions)
			}
			n := max(calls[i], 1)
			watch := Start()
			for range n {
				if err := functions[i](); err != nil {
					return nil, err
				}
			}
			took := watch.Elapsed()
			if round >= 0 {
				times[i] = append(times[i], Elapsed{took.Wall / time.Duration(n), took.Processor / time.Duration(n)})
			} else {
				calls[i] = max(1, int(sampleTime/max(took.Wall, time.Microsecond)))
			}
		}
		if r.Progress != nil && round >= 0 {
			r.Progress(round+1, r.Repeats)
		}
	}
	return times, nil
}
