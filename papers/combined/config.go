package combined

import (
	"context"

	"bertlab/papers/compare"
)

// Config is the protocol. [Quick] and [Full] fill it in.
type Config struct {
	// Model is the pretrained model, Task the task, Data its folder; empty: found by name.
	Model string `json:"model"`
	Task  string `json:"task"`
	Data  string `json:"data,omitempty"`
	// Recipes are those that come with bertlab, by name; the first makes the original.
	Recipes []string `json:"recipes"`
	// Quick trains each recipe for less than a minute, see recipes.Options.
	Quick bool `json:"quick"`
	// Seed, if not 0, stands in place of the recipes' own.
	Seed uint64 `json:"seed,omitempty"`
	// TestExamples are those of the dev split that judge; 0: all.
	TestExamples int `json:"test_examples"`
	// Batches, Length and Repeats are those of the times.
	Batches []int `json:"batches"`
	Length  int   `json:"length"`
	Repeats int   `json:"repeats"`
	// Memory measures peak memory in a process of its own; nil: not measured.
	Memory MemoryFunc `json:"-"`
}

// MemoryFunc measures a model's peak memory, see compare.Options.
type MemoryFunc = func(ctx context.Context, job compare.MemoryJob) (*compare.Memory, error)

// Quick is a protocol of about five minutes on two cores: twelve recipes and the original, half a minute of training each at most.
func Quick() Config {
	c := Full()
	c.Recipes = []string{
		"fine-tuned", "fine-tuned-twice", "float16", "layers", "layers-distil", "heads", "heads-neurons", "factorised", "embedding", "shared",
		"layers-distil-float16", "layers-embedding-float16", "everything",
	}
	c.Quick, c.TestExamples, c.Batches, c.Repeats = true, 500, []int{1, 16}, 7
	return c
}

// Full is the protocol whose numbers are the ones to quote: all recipes as they are written.
func Full() Config {
	return Config{
		Model: "all-MiniLM-L6-v2", Task: "movies", Batches: []int{1, 8, 32}, Length: 64, Repeats: 31, Memory: compare.ChildMemory,
		Recipes: []string{
			"fine-tuned", "fine-tuned-twice", "float16", "layers", "layers-distil", "heads", "heads-neurons", "movement", "factorised", "bank", "embedding", "shared",
			"layers-distil-float16", "heads-factorised-float16", "layers-embedding-float16", "everything",
		},
	}
}
