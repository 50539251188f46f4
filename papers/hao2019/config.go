package hao2019

import (
	"errors"
	"fmt"

	"bertlab/techniques/landscape"
)

// Config is the protocol. [Quick] and [Full] fill it in.
type Config struct {
	// Model is the pretrained model, by name or folder.
	Model string `json:"model"`
	// Task is the task by name; Data a file or folder with its train and dev split, empty: found by name.
	Task string `json:"task"`
	Data string `json:"data,omitempty"`
	// Other is the task that gives the second direction; OtherData as Data.
	Other     string `json:"other"`
	OtherData string `json:"other_data,omitempty"`
	// Seed is that of all training runs.
	Seed uint64 `json:"seed"`
	// Epochs, BatchSize, MaxLength and LearningRate are those of fine-tuning.
	Epochs       int     `json:"epochs"`
	BatchSize    int     `json:"batch_size"`
	MaxLength    int     `json:"max_length"`
	LearningRate float64 `json:"learning_rate"`
	// ScratchEpochs and ScratchLearningRate are those of training from random weights, with the same data.
	ScratchEpochs       int     `json:"scratch_epochs"`
	ScratchLearningRate float64 `json:"scratch_learning_rate"`
	// TrainExamples and OtherExamples limit the training sets; 0: all.
	TrainExamples int `json:"train_examples"`
	OtherExamples int `json:"other_examples"`
	// Examples of the training set, and as many of the dev set, are evaluated at every point.
	Examples int `json:"examples"`
	// RollbackExamples of the dev set judge the models with layers rolled back; 0: all.
	RollbackExamples int `json:"rollback_examples"`
	// CurveRange and CurvePoints are those of α on the curves.
	CurveRange  [2]float64 `json:"curve_range"`
	CurvePoints int        `json:"curve_points"`
	// SurfaceRange and SurfacePoints are those of each axis of the surfaces. The paper: −4 to 4, 40 points.
	SurfaceRange  [2]float64 `json:"surface_range"`
	SurfacePoints int        `json:"surface_points"`
	// PartPoints is the number of points an axis of the surfaces of low, middle and high layers.
	PartPoints int `json:"part_points"`
	// ScratchSurface adds the surface around the model trained from random weights, for which a second one is trained on Other.
	ScratchSurface bool `json:"scratch_surface"`
	// Snapshots is how many times the weights are looked at on the way of each training run.
	Snapshots int `json:"snapshots"`
}

// Quick is a protocol of minutes on two cores: few examples, a coarse grid, a curve but no surface from random weights.
func Quick() Config {
	c := Full()
	c.BatchSize, c.MaxLength, c.LearningRate = 16, 32, 1.5e-4 // fewer examples, so more and larger steps with them
	c.TrainExamples, c.OtherExamples, c.Examples, c.RollbackExamples = 960, 640, 64, 320
	c.Epochs, c.ScratchEpochs, c.ScratchLearningRate = 1, 1, 5e-4
	c.CurvePoints, c.SurfacePoints, c.PartPoints = 33, 10, 7
	c.ScratchSurface, c.Snapshots = false, 6
	return c
}

// Full is the protocol whose numbers are the ones to quote.
func Full() Config {
	return Config{
		Model: "all-MiniLM-L6-v2", Task: "movies", Other: "tweets", Seed: 1,
		Epochs: 3, BatchSize: 32, MaxLength: 32, LearningRate: 5e-5, ScratchEpochs: 10, ScratchLearningRate: 2e-4,
		Examples: 256, CurveRange: [2]float64{-1, 3}, CurvePoints: 81, SurfaceRange: [2]float64{-1, 2}, SurfacePoints: 41, PartPoints: 21,
		ScratchSurface: true, Snapshots: 12,
	}
}

// check reports a protocol that cannot be done.
func (c Config) check() error {
	for name, r := range map[string][2]float64{"curves": c.CurveRange, "surfaces": c.SurfaceRange} {
		if !(r[0] <= 0 && r[1] >= 1 && r[0] >= -100 && r[1] <= 100) {
			return fmt.Errorf("the range of the %s is %g to %g; it must include 0 and 1 and stay within −100 and 100", name, r[0], r[1])
		}
	}
	for name, n := range map[string]int{"curves": c.CurvePoints, "surfaces": c.SurfacePoints, "surfaces of layers": c.PartPoints} {
		if n < 2 || n > landscape.LargestGrid {
			return fmt.Errorf("%d points for the %s; 2 to %d are possible", n, name, landscape.LargestGrid)
		}
	}
	switch {
	case c.Examples < 2 || c.RollbackExamples < 0 || c.TrainExamples < 0 || c.OtherExamples < 0:
		return errors.New("at least 2 examples must be evaluated at each point, and other numbers of examples must not be negative; 0 means all")
	case c.Snapshots < 1:
		return errors.New("the trajectory needs at least 1 snapshot")
	case c.Task == c.Other && c.Data == c.OtherData:
		return fmt.Errorf("the second direction must come from another data set than %s", c.Task)
	}
	return nil
}
