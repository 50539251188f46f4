package layerdrop_test

import (
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/techniques/layerdrop"
)

func ExampleSelect() {
	for _, strategy := range layerdrop.ByPosition {
		drop, err := layerdrop.Select(strategy, 12, 4)
		fmt.Println(strategy, drop, err)
	}
	_, err := layerdrop.Select(layerdrop.Top, 12, 12)
	fmt.Println(err)
	// Output:
	// top [8 9 10 11] <nil>
	// bottom [0 1 2 3] <nil>
	// symmetric [4 5 6 7] <nil>
	// alternate [4 6 8 10] <nil>
	// alternate-even [5 7 9 11] <nil>
	// layerdrop: 12 of 12 layers cannot be dropped: at least one layer stays, so the number is 0…11
}

func ExampleAll() {
	model, err := gbert.New(&gbert.Config{
		VocabSize: 100, HiddenSize: 8, NumHiddenLayers: 4, NumAttentionHeads: 2, IntermediateSize: 16, HiddenAct: "gelu",
		MaxPositionEmbeddings: 16, TypeVocabSize: 2, InitializerRange: 0.02, LayerNormEps: 1e-12,
	}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	smaller, err := surgery.DropLayers(model, []int{1, 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(smaller.Config.NumHiddenLayers, "layers:", surgery.Origins(smaller.Config, layerdrop.All(smaller.Config)))
	fmt.Println(model.NumParameters()-smaller.NumParameters(), "parameters fewer")
	// Output:
	// 2 layers: [0 3]
	// 1200 parameters fewer
}
