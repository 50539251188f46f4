package michel2019

import (
	"context"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/experiment"
	"bertlab/techniques/heads"
)

// speed removes half of the heads, the least important, and times the smaller model beside the whole one.
func (s *seedRun) speed(ctx context.Context) error {
	speed, err := experiment.Step(s.store, s.step("speed"), func() (*Speed, error) { return s.measureSpeed(ctx) })
	s.result.Speed = speed
	return err
}

func (s *seedRun) measureSpeed(ctx context.Context) (*Speed, error) {
	model := s.session.Model()
	ranking := heads.RankByImportance(model.Config, s.measured)
	set := heads.NewSet(ranking[:len(ranking)/2]...)
	smaller, err := heads.Remove(model, set)
	if err != nil {
		return nil, err
	}
	pruned, err := gbert.NewSession(s.env.Backend, smaller)
	if err != nil {
		return nil, err
	}
	defer pruned.Close()
	length := min(s.config.SpeedLength, model.Config.MaxPositionEmbeddings)
	speed := &Speed{
		Removed: set.String(), Fraction: float64(set.Len()) / float64(len(ranking)), Length: length, Repeats: s.config.SpeedRepeats,
		MACs: model.Config.MACs(length, true).Total(), PrunedMACs: smaller.Config.MACs(length, true).Total(),
		Parameters: model.NumParameters(), PrunedParameters: smaller.NumParameters(),
	}
	mask, err := set.Mask(model.Config)
	if err != nil {
		return nil, err
	}
	for i, size := range s.config.SpeedBatches {
		batch := filledBatch(s.test.Encodings, size, length, model.Config.PadTokenID)
		masked, err := s.session.BatchLogits(batch, mask)
		if err != nil {
			return nil, err
		}
		removed, err := pruned.BatchLogits(batch, nil)
		if err != nil {
			return nil, err
		}
		for row := range masked {
			for label := range masked[row] {
				speed.MaskedDifference = max(speed.MaskedDifference, math.Abs(float64(masked[row][label]-removed[row][label])))
			}
		}
		timing, err := s.timeBatch(ctx, pruned, batch)
		if err != nil {
			return nil, err
		}
		speed.Batches = append(speed.Batches, timing)
		s.env.Report(experiment.Progress{Stage: "speed with half of the heads", Done: i + 1, Total: len(s.config.SpeedBatches)})
	}
	return speed, nil
}

// filledBatch is a batch of rows of exactly length tokens, cut from the examples' tokens one after another, so that no time goes
// into padding.
func filledBatch(examples []tokenizer.Encoding, size, length, padID int) *gbert.Batch {
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

// timeBatch times both models in turn. Each sample is as many passes as take about a twentieth of a second.
func (s *seedRun) timeBatch(ctx context.Context, pruned *gbert.Session, batch *gbert.Batch) (SpeedBatch, error) {
	one := func(session *gbert.Session) (time.Duration, error) {
		began := time.Now()
		_, err := session.BatchLogits(batch, nil)
		return time.Since(began), err
	}
	passes := 1
	for _, session := range []*gbert.Session{s.session, pruned, s.session, pruned} { // compiles and warms up
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
	var whole, half, ratios []float64
	for range s.config.SpeedRepeats {
		if err := ctx.Err(); err != nil {
			return SpeedBatch{}, err
		}
		a, err := sample(s.session)
		if err != nil {
			return SpeedBatch{}, err
		}
		b, err := sample(pruned)
		if err != nil {
			return SpeedBatch{}, err
		}
		whole, half, ratios = append(whole, a), append(half, b), append(ratios, a/b)
	}
	return SpeedBatch{
		Size: batch.Rows, Seconds: quantile(whole, 0.5), PrunedSeconds: quantile(half, 0.5),
		Ratio: quantile(ratios, 0.5), Low: quantile(ratios, 0.25), High: quantile(ratios, 0.75),
	}, nil
}

// quantile is the q-quantile of values, by linear interpolation between order statistics.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return stat.Quantile(q, stat.LinInterp, sorted, nil)
}
