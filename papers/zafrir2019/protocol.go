package zafrir2019

import (
	"errors"
	"slices"

	"bertlab/papers/experiment"
)

// Config is the protocol. [Quick] and [Full] fill it in.
type Config struct {
	// Model is the pretrained model, by name or folder.
	Model string `json:"model"`
	// Tasks are the tasks to fine-tune on.
	Tasks []experiment.TaskData `json:"tasks"`
	// Seeds are those of fine-tuning.
	Seeds []uint64 `json:"seeds"`
	// Tuning is that of fine-tuning, with and without rounding. The paper's is not at hand.
	experiment.Tuning
	// TrainExamples and TestExamples limit the data sets; 0: all.
	TrainExamples int `json:"train_examples"`
	TestExamples  int `json:"test_examples"`
	// CalibrationExamples of the training set give the stored ranges, and show what each matrix costs.
	CalibrationExamples int `json:"calibration_examples"`
	experiment.Inference
}

// Quick is a protocol of minutes on two cores.
func Quick() Config {
	c := Full()
	c.Tasks, c.Seeds = []experiment.TaskData{{Name: "movies"}, {Name: "products"}}, []uint64{1}
	c.BatchSize, c.LearningRate, c.MaxLength = 16, 2e-4, 32 // fewer examples, so more and larger steps with them
	c.TrainExamples, c.TestExamples, c.CalibrationExamples = 960, 300, 32
	c.SpeedBatches, c.SpeedRepeats = []int{1, 32}, 7
	return c
}

// Full is the protocol whose numbers are the ones to quote.
func Full() Config {
	return Config{
		Model: "all-MiniLM-L6-v2", Tasks: []experiment.TaskData{{Name: "sst2"}, {Name: "mrpc", Epochs: 3}}, Seeds: []uint64{1, 2, 3},
		Tuning:              experiment.FullTuning(),
		TrainExamples:       experiment.FullTrainExamples,
		CalibrationExamples: 256, Inference: experiment.Inference{SpeedBatches: []int{1, 8, 32}, SpeedLength: 32, SpeedRepeats: 15},
	}
}

// ask puts what the user asked for into the protocol: one task in place of both.
func (c *Config) ask(r experiment.Request) {
	if r.Model != "" {
		c.Model = r.Model
	}
	if r.Task != "" {
		c.Tasks = []experiment.TaskData{{Name: r.Task}}
	}
	if r.Data != "" {
		c.Tasks = slices.Clone(c.Tasks[:1])
		c.Tasks[0].Data = r.Data
	}
	c.Seeds = r.Seeds(c.Seeds)
}

// check says what is wrong with the protocol.
func (c *Config) check() error {
	err := errors.Join(
		experiment.CheckSeeds(c.Seeds), c.Tuning.Check(), c.Inference.Check(), experiment.CheckTasks(c.Tasks),
		experiment.CheckExamples("train_examples", c.TrainExamples), experiment.CheckExamples("test_examples", c.TestExamples),
	)
	switch {
	case err != nil:
		return err
	case c.CalibrationExamples < 1:
		return errors.New("the protocol needs at least 1 example to calibrate on (calibration_examples)")
	}
	return nil
}
