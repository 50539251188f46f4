package movement_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/techniques/movement"
)

// What a program has: a backend, a model with a head for its task, and data.
var (
	backend    compute.Backend
	pretrained *gbert.Model
	train, dev *task.Dataset
)

// Of single weights 15 % are left, which training chooses.
func Example() {
	method, err := movement.New(pretrained, movement.Options{Kind: movement.Movement, Remaining: 0.15})
	if err != nil {
		log.Fatal(err)
	}
	result, err := finetune.Train(context.Background(), backend, pretrained, train, dev, finetune.Options{
		Epochs: 6, LearningRate: 3e-5, FreezeEmbeddings: true, Keep: finetune.KeepLast, Method: method,
	})
	if err != nil {
		log.Fatal(err)
	}
	remaining, err := movement.Count(result.Model)
	fmt.Println(remaining.Share(), err)
}

func ExamplePrune() {
	config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 30, "hidden_size": 32, "num_hidden_layers": 2,
		"num_attention_heads": 4, "intermediate_size": 64, "hidden_act": "gelu", "max_position_embeddings": 16, "type_vocab_size": 2,
		"initializer_range": 0.02}`))
	if err != nil {
		log.Fatal(err)
	}
	model, err := gbert.New(config, 1)
	if err != nil {
		log.Fatal(err)
	}
	// Half of the heads and a quarter of the neurons, by magnitude and without training; movement.New does it in training.
	heads, err := movement.Prune(model, movement.Options{
		Kind: movement.Magnitude, Remaining: 0.5, Attention: movement.Granularity{Unit: movement.Head}, FFN: movement.Granularity{Unit: movement.None},
	})
	if err != nil {
		log.Fatal(err)
	}
	both, err := movement.Prune(heads, movement.Options{
		Kind: movement.Magnitude, Remaining: 0.25, Attention: movement.Granularity{Unit: movement.None}, FFN: movement.Granularity{Unit: movement.Neuron},
	})
	if err != nil {
		log.Fatal(err)
	}
	smaller, err := movement.RemoveEmpty(both)
	if err != nil {
		log.Fatal(err)
	}
	remaining, err := movement.Count(smaller)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d heads, %d neurons, %.3f of the weights\n", len(smaller.Config.Layers[0].Heads), smaller.Config.Layers[0].IntermediateSize, remaining.Share())
	fmt.Printf("%.1f of the units are kept at step 400\n", must(movement.Options{Remaining: 0.2}.KeepRatio(400, 1000)))
	// Output:
	// 2 heads, 16 neurons, 0.375 of the weights
	// 0.3 of the units are kept at step 400
}

func must(value float64, err error) float64 {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
