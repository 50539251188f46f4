package heads_test

import (
	"context"
	"fmt"
	"log"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/techniques/heads"
)

// What a program has: a session of a fine-tuned model, and examples that were prepared for it.
var (
	session *gbert.Session
	sample  *finetune.Prepared
)

// The ten least important heads go for good.
func Example() {
	importance, err := heads.Measure(context.Background(), session, sample, heads.PerExample, nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	model := session.Model()
	least := heads.RankByImportance(model.Config, importance)[:10]
	smaller, err := surgery.RemoveHeads(model, heads.NewSet(least...))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(smaller.NumParameters(), "of", model.NumParameters(), "parameters")
}

func ExampleParseSet() {
	set, err := heads.ParseSet("2:1; 0:5,3")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(set, set.Len(), set.Heads())
	_, err = heads.ParseSet("0-3")
	fmt.Println(err)
	// Output:
	// 0:3,5;2:1 3 [0:3 0:5 2:1]
	// heads: "0-3" is not of the form layer:head,head, such as 0:3,5;2:1
}

func ExampleSet() {
	model, err := gbert.New(&gbert.Config{
		VocabSize: 100, HiddenSize: 8, NumHiddenLayers: 2, NumAttentionHeads: 4, IntermediateSize: 16, HiddenAct: "gelu",
		MaxPositionEmbeddings: 16, TypeVocabSize: 2, InitializerRange: 0.02, LayerNormEps: 1e-12,
	}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	smaller, err := surgery.RemoveHeads(model, heads.NewSet(heads.Head{Layer: 0, Head: 3}, heads.Head{Layer: 1, Head: 0}, heads.Head{Layer: 1, Head: 2}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(smaller.Config.Layers[0].Heads, smaller.Config.Layers[1].Heads)
	fmt.Println(model.NumParameters()-smaller.NumParameters(), "parameters fewer")
	fmt.Println(smaller.Config.History[0].Name, smaller.Config.History[0].Arguments["heads"])
	// Output:
	// [0 1 2] [1 3]
	// 210 parameters fewer
	// heads.remove 0:3;1:0,2
}
