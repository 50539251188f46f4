package profile_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/techniques/profile"
)

// What a program has: a backend and a model.
var (
	backend compute.Backend
	model   *gbert.Model
)

func ExampleMeasure() {
	p, err := profile.Measure(context.Background(), backend, model, profile.Options{Batches: []int{1, 8}, Lengths: []int{32, 128}})
	if err != nil {
		log.Fatal(err)
	}
	cell := p.Cell(8, 128)
	for _, part := range cell.Components {
		fmt.Printf("%-20s %5.1f %% of the operations, %5.1f %% of the time\n", part.Component, 100*part.MACShare, 100*part.TimeShare)
	}
	fmt.Printf("the components' times add up to the pass but for %.1f %%\n", 100*cell.RemainderShare.Median)
}

func ExampleCountMACs() {
	model, err := gbert.New(&gbert.Config{
		VocabSize: 100, HiddenSize: 8, NumHiddenLayers: 4, NumAttentionHeads: 2, IntermediateSize: 32, HiddenAct: "gelu",
		MaxPositionEmbeddings: 16, TypeVocabSize: 2, InitializerRange: 0.02, LayerNormEps: 1e-12,
	}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	macs := profile.CountMACs(model, 1, 16)
	for _, c := range profile.CountParameters(model).Components {
		fmt.Printf("%s: %d parameters, %d operations\n", c.Component, c.Parameters, macs[c.Component])
	}
	// Output:
	// embedding: 960 parameters, 0 operations
	// query, key, value: 864 parameters, 12288 operations
	// attention: 0 parameters, 16384 operations
	// attention output: 288 parameters, 4096 operations
	// feed-forward: 2208 parameters, 32768 operations
	// LayerNorm, residual: 128 parameters, 0 operations
	// pooler: 72 parameters, 64 operations
}
