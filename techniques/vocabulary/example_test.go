package vocabulary_test

import (
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
	"bertlab/techniques/vocabulary"
)

func ExampleCut() {
	words := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "c", "##a", "##b", "##c", "cab", "##ab", "bac"}
	model, err := gbert.New(&gbert.Config{
		VocabSize: len(words), HiddenSize: 8, NumHiddenLayers: 1, NumAttentionHeads: 2, IntermediateSize: 16, HiddenAct: "gelu",
		MaxPositionEmbeddings: 16, TypeVocabSize: 2, InitializerRange: 0.02, LayerNormEps: 1e-12,
	}, 1)
	if err == nil {
		model.Tokenizer, err = tokenizer.FromVocab(words, true)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	var counts vocabulary.Counts
	counts.Add(model.Tokenizer, []tokenizer.Pair{{A: "a cab"}, {A: "cab"}})
	choice, err := vocabulary.Choose(model, counts, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	smaller, err := vocabulary.Cut(model, choice)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(choice.After, "of", choice.Before, "words stay;", smaller.Config.VocabSize, "rows")
	for _, id := range smaller.Tokenizer.Encode("bac cab", "", 0).IDs {
		fmt.Print(smaller.Tokenizer.Token(id), " ")
	}
	// Output:
	// 11 of 13 words stay; 11 rows
	// [CLS] b ##a ##c cab [SEP]
}
