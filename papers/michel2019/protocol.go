package michel2019

import (
	"errors"
	"fmt"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/techniques/heads"
)

// Config says how heads are ranked and masked, and how their model is fine-tuned; [Quick] and [Full] fill it in.
type Config struct {
	// Setup has the seeds of the fine-tuning runs; experiments beside the pruning curves use the model of the first. The paper: 3 epochs
	// of batches of 32, 128 tokens, a learning rate of 2e-5.
	experiment.Setup
	// Transfer is the out-of-domain task with the same labels, empty: none; TransferData as Data, TransferExamples as TestExamples.
	Transfer         string `json:"transfer"`
	TransferData     string `json:"transfer_data"`
	TransferExamples int    `json:"transfer_examples"`
	// ImportanceExamples of the training set estimate the importance of heads; ChoiceExamples of it choose the one head that
	// stays in a layer (the paper: 5,000).
	ImportanceExamples int `json:"importance_examples"`
	ChoiceExamples     int `json:"choice_examples"`
	// Step is the share of all heads that is pruned at a time. The paper: 0.1.
	Step float64 `json:"step"`
	// Recompute adds the curve for which the importance is estimated anew before each step.
	Recompute bool `json:"recompute"`
	// RandomOrders is the number of random pruning orders a seed.
	RandomOrders int `json:"random_orders"`
	// Inference says how the pruned model is timed. The paper's batch sizes: 1, 4, 16, 64.
	experiment.Inference
}

// Quick is a protocol of minutes on two cores.
func Quick() Config {
	c := Full()
	c.Task, c.Seeds = "movies", []uint64{1}
	c.FreezeEmbeddings = true                               // half of the model's parameters: their updates take a sixth of a step and more
	c.BatchSize, c.LearningRate, c.MaxLength = 16, 2e-4, 32 // fewer examples, so more and larger steps with them
	c.TrainExamples, c.TestExamples, c.TransferExamples = 1440, 160, 120
	c.ImportanceExamples, c.ChoiceExamples = 200, 80
	c.SpeedRepeats = 5
	return c
}

// Full has three seeds and a third of SST-2: its numbers are the ones to quote.
func Full() Config {
	return Config{
		Setup: experiment.Setup{
			OnTask: experiment.OnTask{Model: "all-MiniLM-L6-v2", Task: "sst2"}, Seeds: []uint64{1, 2, 3}, Tuning: experiment.FullTuning(),
			TrainExamples: experiment.FullTrainExamples,
		},
		Transfer: "products", TransferExamples: 600, ImportanceExamples: 1000, ChoiceExamples: 500, Step: 0.1, RandomOrders: 2,
		Inference: experiment.Inference{SpeedBatches: []int{1, 4, 16, 64}, SpeedLength: 64, SpeedRepeats: 15},
	}
}

// ask puts what the user asked for into the protocol. The other domain goes with the protocol's own task and its usual data.
func (c *Config) ask(r experiment.Request) {
	if r.Task != "" && (r.Task != c.Task || r.Data != "") {
		c.Transfer = ""
	}
	c.Setup.Ask(r)
}

// check says what is wrong with the protocol.
func (c *Config) check() error {
	switch {
	case !(c.Step > 0 && c.Step <= 1):
		return fmt.Errorf("the protocol prunes a share of %g of the heads at a time (step); it must be above 0 and at most 1", c.Step)
	case c.RandomOrders < 0:
		return fmt.Errorf("the protocol has %d random orders", c.RandomOrders)
	}
	return errors.Join(
		c.Setup.Check(), c.Inference.Check(), experiment.CheckExamples("transfer_examples", c.TransferExamples),
		experiment.CheckExamples("importance_examples", c.ImportanceExamples), experiment.CheckExamples("choice_examples", c.ChoiceExamples),
	)
}

// fits says why the experiment cannot be done with a model.
func (c *Config) fits(model *gbert.Model) error {
	if len(heads.All(model.Config)) == 0 {
		return fmt.Errorf("%s has no attention heads", c.Model)
	}
	return nil
}
