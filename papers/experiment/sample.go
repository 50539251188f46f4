package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"bertlab/gbert/task"
)

// Sample is a part of a data set among the inputs of a step, which is remembered under the examples themselves: however the same
// examples were drawn, the step is the same. The zero Sample has none.
type Sample struct {
	*task.Dataset
	sum string
}

// NewSample makes a sample of all examples of a data set, which must not be changed after that.
func NewSample(d *task.Dataset) (Sample, error) {
	if d == nil {
		return Sample{}, nil
	}
	sum, err := d.Sum()
	if err != nil {
		return Sample{}, fmt.Errorf("experiment: %w", err)
	}
	return Sample{d, sum}, nil
}

// MarshalJSON writes what stands for the sample among a step's inputs: task, classes and a hash of the examples.
func (s Sample) MarshalJSON() ([]byte, error) {
	if s.Dataset == nil {
		return []byte("null"), nil
	}
	return json.Marshal(map[string]any{"task": s.Task.Name, "labels": s.Task.Labels, "examples": s.Len(), "sha256": s.sum})
}

// The seeds of the draws that all papers share, so that the accuracy of one can be subtracted from that of another.
const (
	// TrainSample draws the training examples, and DevSample those of dev on which models are judged.
	TrainSample uint64 = 201
	DevSample   uint64 = 202
	// ImportanceSample draws, of the training examples, those which estimate importance, and CalibrationSample those which choose
	// between alternatives.
	ImportanceSample  uint64 = 203
	CalibrationSample uint64 = 204
)

// SampleSizes are the sizes of a task's draws; 0: all examples.
type SampleSizes struct{ Train, Dev, Importance, Calibration int }

// Samples are the draws of a task.
type Samples struct{ Train, Dev, Importance, Calibration Sample }

// Samples draws from a classification task's data: training examples, examples of dev to judge on, and, from the training examples,
// those for importance and those for calibration.
func (e *Environment) Samples(ctx context.Context, taskName, source string, sizes SampleSizes) (s Samples, err error) {
	train, err := e.Examples(ctx, taskName, "train", source, sizes.Train, TrainSample)
	if err != nil {
		return s, err
	}
	dev, err := e.Examples(ctx, taskName, "dev", source, sizes.Dev, DevSample)
	if err != nil {
		return s, err
	}
	importance, err := AtMost(train, sizes.Importance, ImportanceSample)
	if err != nil {
		return s, err
	}
	calibration, err := AtMost(train, sizes.Calibration, CalibrationSample)
	if err != nil {
		return s, err
	}
	for _, part := range []struct {
		sample *Sample
		data   *task.Dataset
	}{{&s.Train, train}, {&s.Dev, dev}, {&s.Importance, importance}, {&s.Calibration, calibration}} {
		if *part.sample, err = NewSample(part.data); err != nil {
			return s, err
		}
	}
	return s, nil
}

// TaskSamples are the draws of one of several tasks of a protocol.
type TaskSamples struct {
	TaskData
	Samples
}

// TaskSamples draws from the data of each task of a protocol. An optional task whose data are not found is left out, with the reason; one task
// at least must have data.
func (e *Environment) TaskSamples(ctx context.Context, tasks []TaskData, sizes SampleSizes) (found []TaskSamples, leftOut []string, err error) {
	for _, t := range tasks {
		samples, err := e.Samples(ctx, t.Name, t.Data, sizes)
		switch {
		case err == nil:
			found = append(found, TaskSamples{t, samples})
		case t.Optional && ctx.Err() == nil:
			leftOut = append(leftOut, fmt.Sprintf("%s: %v", t.Name, err))
		default:
			return nil, nil, err
		}
	}
	if len(found) == 0 {
		return nil, nil, fmt.Errorf("no task of the protocol has data: %s", strings.Join(leftOut, "; "))
	}
	return found, leftOut, nil
}

// Halves deals the examples at random into two halves, which are the same for the same seed.
func (s Sample) Halves(seed uint64) (first, second Sample, err error) {
	a, b, err := s.Dataset.Halves(seed)
	if err != nil {
		return first, second, err
	}
	if first, err = NewSample(a); err != nil {
		return first, second, err
	}
	second, err = NewSample(b)
	return first, second, err
}
