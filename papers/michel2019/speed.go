package michel2019

import (
	"context"
	"math"

	"bertlab/gbert"
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
		batch := experiment.FilledBatch(s.test.Encodings, size, length, model.Config.PadTokenID)
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
		timing, err := experiment.ComparePair(ctx, s.session, pruned, batch, s.config.SpeedRepeats)
		if err != nil {
			return nil, err
		}
		speed.Batches = append(speed.Batches, timing)
		s.env.Report(experiment.Progress{Stage: "speed with half of the heads", Done: i + 1, Total: len(s.config.SpeedBatches)})
	}
	return speed, nil
}
