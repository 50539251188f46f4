package compare_test

import (
	"context"
	"fmt"
	"log"

	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// Two models side by side, and which of them to take if the file may have 40 MB. The first one is the original.
func ExampleRun() {
	ctx := context.Background()
	env, err := experiment.Local(ctx, "results")
	if err != nil {
		log.Fatal(err)
	}
	entries := []compare.Entry{{Name: "original", Dir: "original"}, {Name: "small", Dir: "small"}}
	comparison, err := compare.Run(ctx, env, entries, compare.Options{Task: "movies"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(comparison.Table(words.English).Text())
	pareto, err := comparison.ParetoFigure(compare.Size, words.English)
	if err != nil {
		log.Fatal(err)
	}
	if err := pareto.Save("pareto.png"); err != nil {
		log.Fatal(err)
	}
	advice, err := comparison.Advise(compare.Limits{Size: 40e6})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(advice.Best, advice.Certain, advice.Why.English)
}
