package finetune_test

import (
	"context"
	"fmt"
	"log"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
)

// beginner is a very small BERT with random weights and a head for two classes; gbert.Load reads a pretrained one from a folder.
func beginner() *gbert.Model {
	config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 8, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
		"intermediate_size": 16, "hidden_act": "gelu", "max_position_embeddings": 8, "type_vocab_size": 2, "initializer_range": 0.2}`))
	if err != nil {
		log.Fatal(err)
	}
	model, err := gbert.New(config, 1)
	if err != nil {
		log.Fatal(err)
	}
	if model, err = model.WithClassifier(2, []string{"bad", "good"}, 1); err != nil {
		log.Fatal(err)
	}
	if model.Tokenizer, err = tokenizer.FromVocab([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "fine", "dull", "film"}, true); err != nil {
		log.Fatal(err)
	}
	return model
}

// reviews are n short reviews, of which every second is good.
func reviews(n int) *task.Dataset {
	d := &task.Dataset{Task: &task.Task{Name: "reviews", Kind: task.Classification, Labels: []string{"bad", "good"}, Metrics: []string{task.Accuracy}}}
	for i := range n {
		d.Examples = append(d.Examples, task.Example{ID: fmt.Sprint(i), TextA: []string{"dull film", "fine film"}[i%2], Label: i % 2})
	}
	return d
}

// A model learns which reviews are good, and is judged on others.
func Example() {
	ctx := context.Background()
	b, _, err := backend.Open(ctx, backend.Options{Name: "go"}) // nothing to install; XLA is many times faster
	if err != nil {
		log.Fatal(err)
	}
	defer b.Finalize()
	result, err := finetune.Train(ctx, b, beginner(), reviews(64), reviews(10), finetune.Options{Epochs: 3, BatchSize: 8, LearningRate: 5e-2, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	best := result.Best() // result.Model is that of the best epoch; its Save writes a folder of Hugging Face's layout
	fmt.Printf("epoch %d of %d: accuracy %.2f\n", best.Number, len(result.Epochs), best.Dev.Metrics[task.Accuracy])
	// Output: epoch 3 of 3: accuracy 1.00
}

// Judging a model alone, with the numbers behind its metrics.
func ExamplePrepared_Evaluate() {
	ctx := context.Background()
	b, _, err := backend.Open(ctx, backend.Options{Name: "go"})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Finalize()
	model, data := beginner(), reviews(10)
	prepared, err := finetune.Prepare(b, model, data, 8, 4, 1)
	if err != nil {
		log.Fatal(err)
	}
	session, err := gbert.NewSession(b, model)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	e, err := prepared.Evaluate(ctx, session, nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	right, err := task.Right(data.Task, e.Predictions, data.Examples)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Examples, "examples, answers", right, "as accurate as the metric:", right.Accuracy() == e.Metrics[task.Accuracy])
	// Output: 10 examples, answers 1010101010 as accurate as the metric: true
}
