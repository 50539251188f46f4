package landscape_test

import (
	"context"
	"fmt"
	"log"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/techniques/landscape"
)

// model is a very small random BERT with a head for two classes.
func model(seed uint64) *gbert.Model {
	config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 7, "hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2,
		"intermediate_size": 12, "hidden_act": "gelu", "max_position_embeddings": 8, "type_vocab_size": 2}`))
	if err != nil {
		log.Fatal(err)
	}
	m, err := gbert.New(config, seed)
	if err != nil {
		log.Fatal(err)
	}
	if m, err = m.WithClassifier(2, nil, seed); err != nil {
		log.Fatal(err)
	}
	if m.Tokenizer, err = tokenizer.FromVocab([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"}, true); err != nil {
		log.Fatal(err)
	}
	return m
}

func ExampleExplorer_Sweep() {
	b, _, err := backend.Open(context.Background(), backend.Options{Name: "go"})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Finalize()
	before, after, elsewhere := model(1), model(2), model(3) // stand for a pretrained model and two fine-tunings of it
	reviews := &task.Dataset{
		Task:     &task.Task{Name: "reviews", Kind: task.Classification, Labels: []string{"bad", "good"}, Metrics: []string{task.Accuracy}},
		Examples: []task.Example{{TextA: "good", Label: 1}, {TextA: "bad", Label: 0}},
	}
	sample, err := finetune.Prepare(nil, after, reviews, 8, 2, 1)
	if err != nil {
		log.Fatal(err)
	}
	explorer, err := landscape.Open(b, landscape.Space{From: before, To: after, Other: elsewhere}, sample)
	if err != nil {
		log.Fatal(err)
	}
	defer explorer.Close()
	surface, err := explorer.Sweep(context.Background(), landscape.Plane(-1, 2, 4), landscape.Whole(after.Config), "", nil)
	if err != nil {
		log.Fatal(err)
	}
	set := surface.Sets[0]
	fmt.Println(len(set.Loss), "×", len(set.Loss[0]), "points")
	fmt.Println("the grid meets the fine-tuned model:", set.Loss[1][2] == set.End.Loss)
	// Output:
	// 4 × 4 points
	// the grid meets the fine-tuned model: true
}

func ExampleWidth() {
	alpha := []float64{-1, 0, 1, 2, 3}
	loss := []float64{2.0, 0.7, 0.2, 0.4, 1.4}
	width, open := landscape.Width(alpha, loss, 1, 0.3)
	fmt.Printf("%.2f %v\n", width, open)
	// Output: 0.70 false
}
