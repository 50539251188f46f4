package sharing_test

import (
	"fmt"

	"bertlab/gbert"
	"bertlab/techniques/sharing"
)

func ExampleTie() {
	model, err := gbert.New(&gbert.Config{
		VocabSize: 100, HiddenSize: 8, NumHiddenLayers: 4, NumAttentionHeads: 2, IntermediateSize: 16, HiddenAct: "gelu",
		MaxPositionEmbeddings: 16, TypeVocabSize: 2, InitializerRange: 0.02, LayerNormEps: 1e-12,
	}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, report, err := sharing.Tie(model, sharing.Options{What: sharing.Attention, Groups: 2, Init: sharing.Mean})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, group := range report.Groups {
		fmt.Println("shared by layers", group.Layers)
	}
	fmt.Println("attention:", report.Before.Attention, "parameters, now", report.After.Attention)
	// Output:
	// shared by layers [0 1]
	// shared by layers [2 3]
	// attention: 1152 parameters, now 576
}

func ExampleSplit() {
	groups, err := sharing.Split(7, 3)
	fmt.Println(groups, err)
	_, err = sharing.Split(7, 8)
	fmt.Println(err)
	// Output:
	// [[0 1 2] [3 4] [5 6]] <nil>
	// sharing: 8 groups of 7 layers: the number of groups is 1…7
}

func ExampleFactorEmbedding() {
	model, err := gbert.New(&gbert.Config{
		VocabSize: 100, HiddenSize: 8, NumHiddenLayers: 1, NumAttentionHeads: 2, IntermediateSize: 16, HiddenAct: "gelu",
		MaxPositionEmbeddings: 16, TypeVocabSize: 2, InitializerRange: 0.02, LayerNormEps: 1e-12,
	}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, report, err := sharing.FactorEmbedding(model, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("word table:", report.Before, "parameters, now", report.After)
	_, _, err = sharing.FactorEmbedding(model, 9)
	fmt.Println(err)
	// Output:
	// word table: 800 parameters, now 324
	// sharing: embedding size 9 of a word table [100, 8]: it must be 1…8, and up to 7 saves parameters
}
