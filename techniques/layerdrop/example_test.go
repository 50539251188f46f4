package layerdrop_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/gbert/task"
	"bertlab/techniques/layerdrop"
)

// What a program has: a backend, a pretrained model and data.
var (
	backend    compute.Backend
	pretrained *gbert.Model
	train, dev *task.Dataset
)

// The two uppermost layers go, and what is left is fine-tuned as any other model.
func Example() {
	drop, err := layerdrop.Select(layerdrop.Top, pretrained.Config.NumHiddenLayers, 2)
	if err != nil {
		log.Fatal(err)
	}
	smaller, err := surgery.DropLayers(pretrained, drop)
	if err != nil {
		log.Fatal(err)
	}
	if smaller, err = smaller.WithClassifier(2, nil, 1); err != nil {
		log.Fatal(err)
	}
	result, err := finetune.Train(context.Background(), backend, smaller, train, dev, finetune.Options{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Model.Save("smaller", gbert.Float32))
}

// Layers are chosen by how little they change what they read, measured on a sample.
func ExampleByContribution() {
	session, err := gbert.NewSession(backend, pretrained)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	sample, err := finetune.Prepare(backend, pretrained, train, 128, 32, 1)
	if err != nil {
		log.Fatal(err)
	}
	similarity, err := layerdrop.Measure(context.Background(), session, sample, layerdrop.CLS, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(layerdrop.ByContribution(similarity, 0.95))
}

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
