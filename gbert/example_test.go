package gbert_test

import (
	"context"
	"fmt"
	"log"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/tokenizer"
)

// A folder of Hugging Face's layout, with a new head for two classes, on whatever computes here.
func Example() {
	b, choice, err := backend.Open(context.Background(), backend.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Finalize()
	model, err := gbert.Load("models/all-MiniLM-L6-v2")
	if err != nil {
		log.Fatal(err)
	}
	if model, err = model.WithClassifier(2, []string{"negative", "positive"}, 1); err != nil {
		log.Fatal(err)
	}
	session, err := gbert.NewSession(b, model)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	encodings := model.Tokenizer.EncodeAll([]tokenizer.Pair{{A: "A film to remember."}, {A: "Dull."}}, 128)
	for _, batch := range gbert.MakeBatches(encodings, gbert.BatchOptions{Size: 32}) {
		logits, err := session.BatchLogits(batch, nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(choice, logits)
	}
}
