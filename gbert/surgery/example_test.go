package surgery_test

import (
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
)

// model is a random BERT of three layers with four heads and 16 neurons each.
func model() *gbert.Model {
	m, err := gbert.New(&gbert.Config{
		VocabSize: 100, HiddenSize: 8, NumHiddenLayers: 3, NumAttentionHeads: 4, IntermediateSize: 16, HiddenAct: "gelu",
		MaxPositionEmbeddings: 16, TypeVocabSize: 2, InitializerRange: 0.02, LayerNormEps: 1e-12,
	}, 1)
	if err != nil {
		panic(err)
	}
	return m
}

func ExampleRemoveHeads() {
	whole := model()
	smaller, err := surgery.RemoveHeads(whole, map[int][]int{0: {3}, 1: {0, 2}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, layer := range smaller.Config.Layers {
		fmt.Println(layer.Heads)
	}
	fmt.Println(whole.NumParameters()-smaller.NumParameters(), "parameters fewer;", smaller.Config.History[0].Arguments["heads"])
	_, err = surgery.RemoveHeads(smaller, map[int][]int{0: {3}})
	fmt.Println(err)
	// Output:
	// [0 1 2]
	// [1 3]
	// [0 1 2 3]
	// 210 parameters fewer; 0:3;1:0,2
	// heads: head 3 of layer 0 was removed already; what is left there: [0 1 2]
}

func ExampleRemoveNeurons() {
	smaller, err := surgery.RemoveNeurons(model(), map[int][]int{0: {0, 15}, 2: {4}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, layer := range smaller.Config.Layers {
		fmt.Println(layer.IntermediateSize)
	}
	// Output:
	// 14
	// 16
	// 15
}

func ExampleDropLayers() {
	shallow, err := surgery.DropLayers(model(), []int{1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(shallow.Config.NumHiddenLayers, "layers, in the pretrained model", surgery.FormatLayers(surgery.Origins(shallow.Config, []int{0, 1})))
	// Output:
	// 2 layers, in the pretrained model 0,2
}

func ExampleTie() {
	groups := []surgery.Group{{Layers: []int{0, 1}, Source: 1}, {Layers: []int{2}, Source: 2}}
	shared, err := surgery.Tie(model(), groups, []gbert.Role{gbert.FFNIn, gbert.FFNOut}, gbert.Operation{Name: "example"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(shared.Config.Layers[1].Form(gbert.FFNIn))
	fmt.Println(surgery.Sharing(shared.Config, gbert.FFNIn), surgery.Sharing(shared.Config, surgery.AttentionRoles...))
	// Output:
	// tied to layer 0
	// [[0 1] [2]] [[0] [1] [2]]
}

func ExampleStore() {
	whole := model()
	u, v := make([]float32, 16*2), make([]float32, 2*8) // of whatever decomposition
	low, err := surgery.Store(whole, []surgery.Map{surgery.Product(0, gbert.FFNIn, 2, u, v)}, gbert.Operation{Name: "example"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(low.Config.Layers[0].Form(gbert.FFNIn))
	for _, weight := range low.Config.MapWeights(0, gbert.FFNIn) {
		fmt.Println(weight.Name, weight.Shape)
	}
	// Output:
	// factored of rank 2
	// bert.encoder.layer.0.intermediate.dense.weight_u [16 2]
	// bert.encoder.layer.0.intermediate.dense.weight_v [2 8]
	// bert.encoder.layer.0.intermediate.dense.bias [16]
}
