package sajjad2020

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/papers/experiment"
	"bertlab/techniques/layerdrop"
)

// Config lists the layers to drop, by strategy, and the tasks; [Quick] and [Full] fill it in.
type Config struct {
	// Model is the pretrained model, by name or folder.
	Model string `json:"model"`
	// Tasks are the tasks to fine-tune on.
	Tasks []experiment.TaskData `json:"tasks"`
	// Drops are the numbers of layers to drop, each at least 1; the whole model is always run. A strategy is left out where it
	// cannot drop that many. The paper: 2, 4, 6 of 12.
	Drops []int `json:"drops"`
	// Strategies are those by position.
	Strategies []layerdrop.Strategy `json:"strategies"`
	// Replicated are the strategies that are run with every seed, and that claims compare. All others that the protocol has, and training
	// that drops layers one by one, are run with the first seed alone. Empty: everything is run with every seed.
	Replicated []layerdrop.Strategy `json:"replicated"`
	// Thresholds are those of the contribution-based strategy; none leaves it out. The paper: 0.9, 0.925, 0.95.
	Thresholds []float64 `json:"thresholds"`
	// Lists are sets of layers named one by one, numbered from 0: what another paper left out, say.
	Lists [][]int `json:"lists,omitempty"`
	// SimilarityExamples of the first task's training set are the sample on which layers are compared.
	SimilarityExamples int `json:"similarity_examples"`
	// Progressive adds training that drops the top layers one by one.
	Progressive bool `json:"progressive"`
	// Seeds are those of the fine-tuning runs.
	Seeds []uint64 `json:"seeds"`
	experiment.Tuning
	// TrainExamples and TestExamples limit the data sets; 0: all.
	TrainExamples int `json:"train_examples"`
	TestExamples  int `json:"test_examples"`
	experiment.Inference
}

// Quick is a protocol of minutes on two cores: one task, one seed, few examples, up to half of the layers, no alternate or
// progressive dropping.
func Quick() Config {
	c := Full()
	c.Tasks, c.Seeds, c.Drops = []experiment.TaskData{{Name: "movies"}}, []uint64{1}, []int{2, 3}
	c.Strategies, c.Replicated = c.Replicated, nil
	c.Thresholds, c.Progressive = nil, false
	c.FreezeEmbeddings = true                               // half of the model's parameters: their updates take a sixth of a step and more
	c.BatchSize, c.LearningRate, c.MaxLength = 16, 2e-4, 32 // fewer examples, so more and larger steps with them
	c.TrainExamples, c.TestExamples, c.SimilarityExamples = 1440, 200, 100
	c.SpeedBatches, c.SpeedRepeats = []int{16}, 7
	return c
}

// Full is the protocol whose numbers are the ones to quote: a task of sentences and one of pairs, two hours on two cores.
func Full() Config {
	return Config{
		Model: "all-MiniLM-L6-v2", Tasks: []experiment.TaskData{{Name: "sst2"}, {Name: "mrpc", Epochs: 3}}, Drops: []int{2, 3}, Strategies: layerdrop.ByPosition,
		Replicated: []layerdrop.Strategy{layerdrop.Top, layerdrop.Bottom, layerdrop.Symmetric},
		Thresholds: []float64{0.98, 0.99}, SimilarityExamples: 500, Progressive: true, Seeds: []uint64{1, 2, 3},
		Tuning:        experiment.FullTuning(),
		TrainExamples: experiment.FullTrainExamples,
		Inference:     experiment.Inference{SpeedBatches: []int{1, 16, 64}, SpeedLength: 64, SpeedRepeats: 15},
	}
}

// ask puts what the user asked for into the protocol. Another task is the only one, and all tasks take the data.
func (c *Config) ask(r experiment.Request) {
	c.Model = cmp.Or(r.Model, c.Model)
	if r.Task != "" {
		c.Tasks = []experiment.TaskData{{Name: r.Task}}
	}
	c.Tasks = slices.Clone(c.Tasks)
	for i := range c.Tasks {
		c.Tasks[i].Data = cmp.Or(r.Data, c.Tasks[i].Data)
	}
	c.Seeds = r.Seeds(c.Seeds)
}

// check says what is wrong with the protocol, as far as that shows without model and data.
func (c *Config) check() error {
	switch {
	case c.Model == "":
		return errors.New("the protocol names no model (model)")
	case len(c.Strategies) == 0 || len(c.Drops) == 0:
		return errors.New("the protocol needs at least one strategy and number of layers to drop (strategies, drops)")
	}
	err := errors.Join(
		experiment.CheckSeeds(c.Seeds), c.Tuning.Check(), c.Inference.Check(), experiment.CheckExamples("similarity_examples", c.SimilarityExamples),
		experiment.CheckExamples("train_examples", c.TrainExamples), experiment.CheckExamples("test_examples", c.TestExamples),
		experiment.CheckTasks(c.Tasks), experiment.CheckOnce("strategies", c.Strategies), experiment.CheckOnce("replicated", c.Replicated),
		experiment.CheckOnce("drops", c.Drops), experiment.CheckOnce("thresholds", c.Thresholds),
	)
	if err != nil {
		return err
	}
	return c.checkLayers()
}

// replicates says whether a strategy is run with every seed.
func (c *Config) replicates(strategy layerdrop.Strategy) bool {
	return len(c.Replicated) == 0 || slices.Contains(c.Replicated, strategy)
}

// checkLayers says what is wrong with the choices of layers.
func (c *Config) checkLayers() error {
	if least := slices.Min(c.Drops); least < 1 {
		return fmt.Errorf("the protocol drops %d layers (drops); each number must be at least 1, and the whole model is always run", least)
	}
	for _, strategy := range c.Strategies {
		if !slices.Contains(layerdrop.ByPosition, strategy) {
			return fmt.Errorf("the protocol's strategies have %q; those by position are %v", strategy, layerdrop.ByPosition)
		}
	}
	for _, strategy := range c.Replicated {
		if strategy != layerdrop.Contribution && strategy != layerdrop.List && !slices.Contains(layerdrop.ByPosition, strategy) {
			return fmt.Errorf("the protocol's replicated strategies have %q; they are %s, %s and those by position: %v", strategy, layerdrop.Contribution, layerdrop.List, layerdrop.ByPosition)
		}
	}
	for _, threshold := range c.Thresholds {
		if !(threshold >= -1 && threshold <= 1) {
			return fmt.Errorf("the protocol's thresholds have %g; a cosine is between -1 and 1", threshold)
		}
	}
	var sets []string
	for _, list := range c.Lists {
		if len(list) == 0 {
			return errors.New("the protocol's lists have one without layers; the whole model is always run")
		}
		if err := experiment.CheckOnce("lists", list); err != nil {
			return err
		}
		sets = append(sets, surgery.FormatLayers(slices.Sorted(slices.Values(list))))
	}
	return experiment.CheckOnce("lists", sets)
}

// checkModel says which layers the model does not have.
func (c *Config) checkModel(model *gbert.Model) error {
	layers := model.Config.NumHiddenLayers
	if slices.Max(c.Drops) >= layers {
		return fmt.Errorf("the protocol drops %v of %d layers (drops); each number must be 1…%d", c.Drops, layers, layers-1)
	}
	for _, list := range c.Lists {
		if _, err := surgery.DropLayers(model, list); err != nil {
			return fmt.Errorf("the protocol's lists have %v: %w", list, err)
		}
	}
	return nil
}
