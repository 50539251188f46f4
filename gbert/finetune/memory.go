package finetune

import (
	"fmt"

	"bertlab/gbert"
)

const (
	// IdleMemory is about what a process takes before it trains: the program, the backend and the data, in bytes.
	IdleMemory = 350 << 20
	// MaxLengths bounds the padded lengths of a training, each of which XLA compiles and keeps in memory. On SST-2 an epoch of batches of 32
	// computes 3.5 % more tokens with 14 lengths than with the 21 that its compilation alone would allow: 13 s for MiniLM on two cores, where seven
	// compilations take 32 s and 200 MB.
	MaxLengths = 14
	// lengthMemory is what XLA keeps of a program for one padded length, in bytes a layer. Measured with MiniLM's six layers: about 30 MB.
	lengthMemory = 5 << 20
)

// Memory is about what a process takes that trains a model of so many numbers, in bytes, with batches of up to longest tokens an example
// and so many padded lengths: itself; the weights, and for each that is trained its gradient and two moments; what a step keeps of each layer
// for the gradients; and what is compiled. On all-MiniLM-L6-v2 with 22 lengths of up to 66 tokens it says 1.8 GB; 1.6 to 2.05 were measured.
func Memory(c *gbert.Config, weights, trained, rows, longest, lengths int) int64 {
	return IdleMemory + 4*int64(weights+3*trained+LayerValues(c, rows, longest)*c.NumHiddenLayers) + int64(lengths*c.NumHiddenLayers)*lengthMemory
}

// LayerValues is about how many numbers a layer computes for a batch of so many rows of length tokens, all of which training keeps.
func LayerValues(c *gbert.Config, rows, length int) int {
	return rows * length * (10*c.HiddenSize + 2*c.IntermediateSize + 3*c.NumAttentionHeads*length)
}

// fitting is how many padded lengths the limit on memory leaves room for, [MaxLengths] without a limit.
func (o Options) fitting(model *gbert.Model, longest int) (int, error) {
	if o.MemoryLimit == 0 {
		return MaxLengths, nil
	}
	var weights, trained int
	for _, spec := range model.Weights() {
		weights += spec.Size()
		if !o.isFrozen(spec) {
			trained += spec.Size()
		}
	}
	need := func(lengths int) int64 {
		return Memory(model.Config, weights, trained, o.BatchSize, longest, lengths)
	}
	if need(1) > o.MemoryLimit {
		return 0, fmt.Errorf("finetune: training takes about %d MB at least, and the limit is %d MB: smaller batches, a smaller maximal length or frozen embeddings need less", need(1)/1e6, o.MemoryLimit/1e6)
	}
	return min(1+int((o.MemoryLimit-need(1))/(need(1)-need(0))), MaxLengths), nil
}
