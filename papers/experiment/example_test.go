package experiment_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"bertlab/gbert/backend"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/papers/michel2019"
)

// A paper's quick protocol, its claims, and what is published of it. What the folder remembers is not computed again.
func ExampleExperiment() {
	ctx := context.Background()
	env, err := experiment.Local(ctx, "results")
	if err != nil {
		log.Fatal(err)
	}
	protocol := michel2019.Quick()
	protocol.Seeds = []uint64{1, 2, 3}
	result, err := michel2019.Experiment.Run(ctx, env, protocol)
	if err != nil {
		log.Fatal(err)
	}
	for _, claim := range result.Claims {
		fmt.Println(claim.Verdict, claim.Text, claim.Measured)
	}
	done, err := michel2019.Experiment.Publish(env.Dir, result) // heads.json, figures, tables and the report in both languages
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(done.Report)
}

// Span and Parts are all that the function of a step gets.
type (
	Span  struct{ From, To int }
	Parts struct{ Low, High *experiment.Node[int] }
)

var sum = &experiment.Definition[Span, int]{
	Name: "example-sum", Version: 1,
	Title: func(_ *words.Printer, in Span) string { return fmt.Sprintf("sum from %d to %d", in.From, in.To) },
	Run: func(_ context.Context, _ *experiment.Worker, in Span) (int, error) {
		fmt.Println("adding from", in.From, "to", in.To)
		total := 0
		for i := in.From; i <= in.To; i++ {
			total += i
		}
		return total, nil
	},
}

var total = &experiment.Definition[Parts, int]{
	Name: "example-total", Version: 1,
	Title: func(*words.Printer, Parts) string { return "total" },
	Run: func(_ context.Context, _ *experiment.Worker, in Parts) (int, error) {
		return in.Low.Result() + in.High.Result(), nil
	},
}

// A step stands on the steps among its inputs. What reads a field that changed is computed again, and nothing else.
func ExampleDefinition() {
	dir, err := os.MkdirTemp("", "steps")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	env := &experiment.Environment{Choice: &backend.Choice{Name: "go"}, Dir: dir} // these steps compute nothing on a backend
	for _, last := range []int{100, 100, 200} {
		plan := experiment.NewPlan(env)
		all := total.Of(plan, Parts{Low: sum.Of(plan, Span{1, 50}), High: sum.Of(plan, Span{51, last})})
		if err := plan.Run(context.Background()); err != nil {
			log.Fatal(err)
		}
		fmt.Println("total to", last, "is", all.Result())
	}
	// Output:
	// adding from 1 to 50
	// adding from 51 to 100
	// total to 100 is 5050
	// total to 100 is 5050
	// adding from 51 to 200
	// total to 200 is 20100
}
