package experiment

import (
	"context"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
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

// ComparePair times two models on a batch in turn, repeats times. Each sample is as many passes as take about a twentieth of a
// second; compilation is not timed.
func ComparePair(ctx context.Context, whole, pruned *gbert.Session, batch *gbert.Batch, repeats int) (SpeedBatch, error) {
	one := func(session *gbert.Session) (time.Duration, error) {
		began := time.Now()
		_, err := session.BatchLogits(batch, nil)
		return time.Since(began), err
	}
	passes := 1
	for _, session := range []*gbert.Session{whole, pruned, whole, pruned} { // compiles and warms up
		took, err := one(session)
		if err != nil {
			return SpeedBatch{}, err
		}
		passes = max(1, int(50*time.Millisecond/max(took, time.Microsecond)))
	}
	sample := func(session *gbert.Session) (float64, error) {
		began := time.Now()
		for range passes {
			if _, err := one(session); err != nil {
				return 0, err
			}
		}
		return time.Since(began).Seconds() / float64(passes), nil
	}
	var first, second, ratios []float64
	for range repeats {
		if err := ctx.Err(); err != nil {
			return SpeedBatch{}, err
		}
		a, err := sample(whole)
		if err != nil {
			return SpeedBatch{}, err
		}
		b, err := sample(pruned)
		if err != nil {
			return SpeedBatch{}, err
		}
		first, second, ratios = append(first, a), append(second, b), append(ratios, a/b)
	}
	return SpeedBatch{
		Size: batch.Rows, Seconds: quantile(first, 0.5), PrunedSeconds: quantile(second, 0.5),
		Ratio: quantile(ratios, 0.5), Low: quantile(ratios, 0.25), High: quantile(ratios, 0.75),
	}, nil
}

// quantile is the q-quantile of values, by linear interpolation between order statistics.
func quantile(values []float64, q float64) float64 {
	return stat.Quantile(q, stat.LinInterp, slices.Sorted(slices.Values(values)), nil)
}
