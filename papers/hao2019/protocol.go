package hao2019

import (
	"errors"
	"fmt"
	"slices"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/techniques/landscape"
)

// Config says which ways and planes through the weights are looked at, and how finely; [Quick] and [Full] fill it in.
type Config struct {
	experiment.OnTask
	// Other is the task that gives the second direction; OtherData as Data.
	Other     string `json:"other"`
	OtherData string `json:"other_data"`
	// Seed is that of all training runs.
	Seed uint64 `json:"seed"`
	// MoreSeeds are those of further trainings from pretrained and from random weights, for the widths of their optima alone.
	MoreSeeds []uint64 `json:"more_seeds,omitempty"`
	experiment.Tuning
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
	c.Task, c.Other = "movies", "tweets"
	c.BatchSize, c.MaxLength, c.LearningRate = 16, 32, 1.5e-4 // fewer examples, so more and larger steps with them
	c.TrainExamples, c.OtherExamples, c.Examples, c.RollbackExamples = 960, 640, 64, 320
	c.Epochs, c.ScratchEpochs, c.ScratchLearningRate = 1, 1, 5e-4
	c.CurvePoints, c.SurfacePoints, c.PartPoints = 33, 10, 7
	c.ScratchSurface, c.Snapshots, c.MoreSeeds = false, 6, nil
	return c
}

// Full has surfaces of 21 × 21 points and a third of SST-2: its numbers are the ones to quote.
func Full() Config {
	return Config{
		OnTask: experiment.OnTask{Model: "all-MiniLM-L6-v2", Task: "sst2"}, Other: "mrpc", Seed: 1, MoreSeeds: []uint64{2, 3},
		Tuning:        experiment.FullTuning(),
		TrainExamples: experiment.FullTrainExamples,
		ScratchEpochs: 3, ScratchLearningRate: 2e-4,
		Examples: 256, CurveRange: [2]float64{-1, 3}, CurvePoints: 81, SurfaceRange: [2]float64{-1, 2}, SurfacePoints: 21, PartPoints: 11,
		ScratchSurface: true, Snapshots: 12,
	}
}

// ask puts what the user asked for into the protocol. Where that is the task of the second direction, the two change places: the second
// direction must be another's.
func (c *Config) ask(r experiment.Request) {
	if r.Task != "" && r.Task == c.Other {
		c.Task, c.Data, c.Other, c.OtherData = c.Other, c.OtherData, c.Task, c.Data
	}
	c.OnTask.Ask(r)
	all := r.Seeds(c.seeds())
	if c.Seed, c.MoreSeeds = all[0], all[1:]; len(c.MoreSeeds) == 0 {
		c.MoreSeeds = nil
	}
}

// seeds are all, that of the surfaces first.
func (c *Config) seeds() []uint64 { return append([]uint64{c.Seed}, c.MoreSeeds...) }

// check says what is wrong with the protocol, as far as that shows without model and data.
func (c *Config) check() error {
	switch {
	case c.Model == "":
		return errors.New("the protocol names no model (model)")
	case c.Task == "" || c.Other == "":
		return errors.New("the protocol needs a task, and another for the second direction (task, other)")
	case c.Task == c.Other && c.Data == c.OtherData:
		return fmt.Errorf("the second direction must come from another data set than %s (other, other_data)", c.Task)
	case len(c.MoreSeeds) != len(slices.Compact(slices.Sorted(slices.Values(c.MoreSeeds)))) || slices.Contains(c.MoreSeeds, c.Seed):
		return fmt.Errorf("the protocol has a seed twice: %d, %v (seed, more_seeds)", c.Seed, c.MoreSeeds)
	case c.ScratchEpochs < 1 || !(c.ScratchLearningRate > 0):
		return errors.New("the protocol needs at least 1 epoch of training from random weights, and a learning rate above 0 (scratch_epochs, scratch_learning_rate)")
	case c.Examples < 2:
		return fmt.Errorf("the protocol evaluates %d examples at each point (examples); at least 2 examples are needed", c.Examples)
	case c.Snapshots < 1:
		return fmt.Errorf("the protocol has %d snapshots (snapshots); the trajectory needs at least 1", c.Snapshots)
	}
	return errors.Join(
		c.Tuning.Check(), experiment.CheckExamples("train_examples", c.TrainExamples), experiment.CheckExamples("other_examples", c.OtherExamples),
		experiment.CheckExamples("rollback_examples", c.RollbackExamples),
		checkRange("curve_range", c.CurveRange), checkRange("surface_range", c.SurfaceRange),
		checkPoints("curve_points", c.CurvePoints), checkPoints("surface_points", c.SurfacePoints), checkPoints("part_points", c.PartPoints),
	)
}

// checkRange says what is wrong with coordinates of a grid.
func checkRange(field string, r [2]float64) error {
	if !(r[0] <= 0 && r[1] >= 1 && r[0] >= -100 && r[1] <= 100) {
		return fmt.Errorf("the protocol's %s is %g to %g; it must include 0 and 1 and stay within −100 and 100", field, r[0], r[1])
	}
	return nil
}

// checkPoints says what is wrong with a number of points on an axis.
func checkPoints(field string, n int) error {
	if n < 2 || n > landscape.LargestGrid {
		return fmt.Errorf("the protocol's %s is %d; 2 to %d points are possible", field, n, landscape.LargestGrid)
	}
	return nil
}

// checkModel says what is wrong with the model.
func (c *Config) checkModel(model *gbert.Model) error {
	if n := model.Config.NumHiddenLayers; n < 3 {
		return fmt.Errorf("%s has %d layers (model); low, middle and high ones need at least 3", c.Model, n)
	}
	return landscape.Space{From: model, To: model}.Check()
}
