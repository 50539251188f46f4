package combined

import (
	"errors"
	"slices"

	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/recipes"
)

// Config lists the recipes; [Quick] and [Full] fill it in.
type Config struct {
	experiment.OnTask
	// Recipes are those that come with bertlab, by name; the first makes the original.
	Recipes []string `json:"recipes"`
	// Quick trains each recipe for less than a minute, see recipes.Options.
	Quick bool `json:"quick"`
	// Seed, if not 0, stands in place of the recipes' own.
	Seed uint64 `json:"seed"`
	// TrainExamples limit what recipes train on, TestExamples are those of the dev split that judge; 0: all. A recipe may ask for fewer.
	TrainExamples int `json:"train_examples"`
	TestExamples  int `json:"test_examples"`
	// Batches, Length and Repeats are those of the times.
	Batches []int `json:"batches"`
	Length  int   `json:"length"`
	Repeats int   `json:"repeats"`
}

// Quick is a protocol of about five minutes on two cores: fourteen recipes and the original, half a minute of training each at most.
func Quick() Config {
	c := Full()
	c.Recipes = []string{
		"fine-tuned", "fine-tuned-twice", "float16", "layers", "layers-distil", "heads", "heads-neurons", "factorised", "embedding", "shared", "vocabulary", "int8",
		"layers-distil-float16", "layers-embedding-float16", "everything",
	}
	c.Task, c.Quick, c.TrainExamples, c.TestExamples, c.Batches, c.Repeats = "movies", true, 0, 500, []int{1, 16}, 7
	return c
}

// Full is the protocol whose numbers are the ones to quote: all recipes as they are written, from a third of SST-2's training phrases.
func Full() Config {
	return Config{
		OnTask: experiment.OnTask{Model: "all-MiniLM-L6-v2", Task: "sst2"}, TrainExamples: 22400, Batches: []int{1, 8, 32}, Length: 64, Repeats: 31,
		Recipes: []string{
			"fine-tuned", "fine-tuned-twice", "float16", "layers", "layers-distil", "heads", "heads-neurons", "movement", "factorised", "bank", "embedding", "shared",
			"vocabulary", "int8", "layers-distil-float16", "heads-factorised-float16", "layers-embedding-float16", "everything", "fastest", "smallest",
		},
	}
}

// ask puts what the user asked for into the protocol, which has one seed.
func (c *Config) ask(r experiment.Request) {
	c.OnTask.Ask(r)
	if r.Seed != nil {
		c.Seed = *r.Seed
	}
}

// check says what is wrong with the protocol.
func (c *Config) check() error {
	if len(c.Recipes) < 2 {
		return errors.New("the protocol needs at least two recipes: that of the original and another")
	}
	if err := errors.Join(c.options().Check(), experiment.CheckExamples("train_examples", c.TrainExamples), experiment.CheckOnce("recipes", c.Recipes)); err != nil {
		return err
	}
	for _, name := range c.Recipes {
		if _, err := recipes.Named(name); err != nil {
			return err
		}
	}
	return nil
}

// options are those of the comparison.
func (c *Config) options() compare.Options {
	return compare.Options{Task: c.Task, Data: c.Data, Examples: c.TestExamples, Batches: c.Batches, Length: c.Length, Repeats: c.Repeats, Pairs: c.pairs()}
}

// pairs are the models that are held against each other.
func (c *Config) pairs() [][2]string {
	var list [][2]string
	for _, pair := range [][2]string{{"layers-distil", "layers"}, {"fine-tuned-twice", "fine-tuned"}, {"layers-distil", "layers-embedding-float16"}} {
		if slices.Contains(c.Recipes, pair[0]) && slices.Contains(c.Recipes, pair[1]) {
			list = append(list, pair)
		}
	}
	return list
}
