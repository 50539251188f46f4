package experiment

import (
	"context"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
	"bertlab/stats"
)

// SpeedBatch is the speed of a compressed model beside the whole one, at one batch size. Times are the medians of the repeats;
// both models are timed in turn. Ratio is whole/pruned, the median of the pairs; Low and High are its quartiles.
type SpeedBatch struct {
	Size          int     `json:"size"`
	Seconds       float64 `json:"seconds"`
	PrunedSeconds float64 `json:"pruned_seconds"`
	Ratio         float64 `json:"ratio"`
	Low           float64 `json:"low"`
	High          float64 `json:"high"`
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
	var first, second, ratios []float64
	for i := range repeats {
		a, b := times[0][i].Wall.Seconds(), times[1][i].Wall.Seconds()
		first, second, ratios = append(first, a), append(second, b), append(ratios, a/b)
	}
	ratio := stats.Quartiles(ratios)
	return SpeedBatch{
		Size: batch.Rows, Seconds: stats.Median(first), PrunedSeconds: stats.Median(second), Ratio: ratio.Value, Low: ratio.Low, High: ratio.High,
	}, nil
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
