package tucker_test

import (
	"context"
	"fmt"

	"bertlab/gbert"
	"bertlab/techniques/tucker"
)

// random is a small model with random weights; gbert.Load reads one from a folder.
func random() *gbert.Model {
	config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 100, "hidden_size": 16, "num_hidden_layers": 2,
		"num_attention_heads": 4, "intermediate_size": 64, "max_position_embeddings": 64, "type_vocab_size": 2}`))
	if err != nil {
		panic(err)
	}
	model, err := gbert.New(config, 1)
	if err != nil {
		panic(err)
	}
	return model
}

// Every map of the encoder in two factors of half its parameters. With Moments in the options, the factors are the best ones for what
// the maps meet on a sample.
func ExampleFactorise() {
	smaller, result, err := tucker.Factorise(context.Background(), random(), tucker.FactoriseOptions{Ratio: 0.5})
	if err != nil {
		panic(err)
	}
	fmt.Println(result.Factored(), "maps:", result.ParametersAfter, "of", result.ParametersBefore, "parameters")
	first := result.Maps[0]
	fmt.Printf("%s of layer %d: rank %d, relative error %.2f\n", first.Role, first.Layer, first.Rank, first.RelativeError)
	fmt.Println("stored as", smaller.Config.Layers[0].Form(first.Role).Kind())
	// Output:
	// 12 maps: 2944 of 6144 parameters
	// query of layer 0: rank 4, relative error 0.62
	// stored as factored
}

// One U and one V for all matrices, and cores that slices mix: form IV.
func ExampleBank() {
	model := random()
	banked, result, err := tucker.Bank(context.Background(), model, tucker.BankOptions{LayerRank: 6, Rank: 8})
	if err != nil {
		panic(err)
	}
	fmt.Println(result.Bank.Name, "of", result.Bank.Slices, "slices:", result.ParametersAfter, "of", result.ParametersBefore, "parameters")
	fmt.Println("query of layer 0:", banked.Config.Layers[0].Form(gbert.Query).Kind(), "in", result.Maps[0].Slices, "slice; FFN in:", result.Maps[4].Slices)
	_, _, err = tucker.Bank(context.Background(), model, tucker.BankOptions{LayerRank: 25, Rank: 8})
	fmt.Println(err)
	// Output:
	// IV-6-8 of 24 slices: 784 of 6144 parameters
	// query of layer 0: banked in 1 slice; FFN in: 4
	// tucker: layer rank 25, want 1…24, the number of slices
}
