package ganesh2021

import (
	"cmp"
	"fmt"
	"slices"

	"bertlab/gbert"
	"bertlab/papers/experiment"
)

// Config is the grid of batch sizes and lengths; [Quick] and [Full] fill it in.
type Config struct {
	// Model is the model, by name or folder.
	Model string `json:"model"`
	// Batches and Lengths span the grid; two lengths at least.
	Batches []int `json:"batches"`
	Lengths []int `json:"lengths"`
	// Repeats is the number of timed rounds of a batch size and length, fewer where CellSeconds are over and three are done.
	Repeats     int     `json:"repeats"`
	CellSeconds float64 `json:"cell_seconds"`
	// Base adds BERT-base with random weights: its batch sizes and lengths; none leaves it out.
	BaseBatches []int `json:"base_batches"`
	BaseLengths []int `json:"base_lengths"`
}

// Quick is a protocol of two minutes on two cores.
func Quick() Config {
	return Config{
		Model: "all-MiniLM-L6-v2", Batches: []int{1, 8}, Lengths: []int{32, 128, 512}, Repeats: 15, CellSeconds: 10,
		BaseBatches: []int{1}, BaseLengths: []int{32, 128, 512}, // the claims are about BERT-base
	}
}

// Full times BERT-base, too: its numbers are the ones to quote.
func Full() Config {
	return Config{
		Model: "all-MiniLM-L6-v2", Batches: []int{1, 8, 32}, Lengths: []int{32, 64, 128, 256, 512}, Repeats: 25, CellSeconds: 40,
		BaseBatches: []int{1, 4}, BaseLengths: []int{32, 128, 512},
	}
}

// check reports a protocol that cannot be done.
func (c *Config) check() error {
	switch {
	case len(c.Batches) == 0 || slices.Min(c.Batches) < 1:
		return fmt.Errorf("the protocol has the batch sizes %v; wanted one at least, each 1 or more", c.Batches)
	case len(c.Lengths) < 2 || slices.Min(c.Lengths) < 1 || len(slices.Compact(slices.Sorted(slices.Values(c.Lengths)))) != len(c.Lengths):
		return fmt.Errorf("the protocol has the lengths %v; wanted two different ones at least, each 1 or more", c.Lengths)
	case c.Repeats < 3:
		return fmt.Errorf("the protocol has %d rounds; quartiles need 3 at least", c.Repeats)
	case (len(c.BaseBatches) == 0) != (len(c.BaseLengths) == 0):
		return fmt.Errorf("the protocol has the batch sizes %v and the lengths %v for BERT-base; wanted both or none", c.BaseBatches, c.BaseLengths)
	}
	return nil
}

// ask puts the model that the user asked for into the protocol.
func (c *Config) ask(r experiment.Request) { c.Model = cmp.Or(r.Model, c.Model) }

// fits says why the experiment cannot be done with a model.
func (c *Config) fits(model *gbert.Model) error {
	if longest := slices.Max(c.Lengths); longest > model.Config.MaxPositionEmbeddings {
		return fmt.Errorf("the protocol has the length %d; %s takes %d tokens", longest, c.Model, model.Config.MaxPositionEmbeddings)
	}
	return nil
}
