package distill_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/techniques/distill"
	"bertlab/techniques/movement"
)

// What a program has: a backend, a large fine-tuned model and a small one, and data.
var (
	backend          compute.Backend
	teacher, student *gbert.Model
	train, dev       *task.Dataset
)

// The teacher's logits are computed once; after that it is not needed again.
func Example() {
	ctx := context.Background()
	session, err := gbert.NewSession(backend, teacher)
	if err != nil {
		log.Fatal(err)
	}
	prepared, err := finetune.Prepare(backend, teacher, train, 128, 32, 1)
	if err != nil {
		log.Fatal(err)
	}
	logits, err := prepared.Logits(ctx, session, nil, nil)
	session.Close()
	if err != nil {
		log.Fatal(err)
	}
	method, err := distill.SoftTargets(logits, distill.Options{})
	if err != nil {
		log.Fatal(err)
	}
	result, err := finetune.Train(ctx, backend, student, train, dev, finetune.Options{Method: method})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Best().Dev.Metrics)
}

// First the layers alone, then the predictions, and pruning in the same run.
func ExampleFromTeacher() {
	ctx := context.Background()
	layers, err := distill.FromTeacher(teacher, student, distill.Options{HiddenStates: 1, Attention: 1, LayersOnly: true})
	if err != nil {
		log.Fatal(err)
	}
	first, err := finetune.Train(ctx, backend, student, train, nil, finetune.Options{Method: layers})
	if err != nil {
		log.Fatal(err)
	}
	var logits [][]float32 // the teacher's, as in the package's example
	predictions, err := distill.SoftTargets(logits, distill.Options{Alpha: 1})
	if err != nil {
		log.Fatal(err)
	}
	pruning, err := movement.New(first.Model, movement.Options{Kind: movement.Movement, Remaining: 0.15})
	if err != nil {
		log.Fatal(err)
	}
	both, err := finetune.Combine(pruning, predictions)
	if err != nil {
		log.Fatal(err)
	}
	second, err := finetune.Train(ctx, backend, first.Model, train, dev, finetune.Options{Method: both})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(second.Best().Dev.Metrics)
}

func ExampleSoftTargets() {
	logits := [][]float32{{2, -1}, {0.5, 0.4}} // of the teacher, an example a row
	method, err := distill.SoftTargets(logits, distill.Options{Temperature: 2, Alpha: 0.9})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(method.Name, method.Arguments["temperature"], method.Arguments["alpha"])
	_, err = distill.SoftTargets(logits, distill.Options{Alpha: 90})
	fmt.Println(err)
	// Output:
	// distill.soft 2 0.9
	// distill: soft targets have the weight 90; it must be at most 1 (negative: none)
}
