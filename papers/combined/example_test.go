package combined_test

import (
	"context"
	"fmt"
	"log"

	"bertlab/papers/combined"
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
)

// All recipes of the quick protocol, their models side by side, and which of them to take if the file may have 40 MB.
func Example() {
	ctx := context.Background()
	env, err := experiment.Local(ctx, "results")
	if err != nil {
		log.Fatal(err)
	}
	result, err := combined.Experiment.Run(ctx, env, combined.Quick())
	if err != nil {
		log.Fatal(err)
	}
	done, err := combined.Experiment.Publish(env.Dir, result) // recipes.json, figures, tables and the report recipes.html
	if err != nil {
		log.Fatal(err)
	}
	advice, err := result.Comparison.Advise(compare.Limits{Size: 40e6})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(done.Report, advice.Best, advice.Why.English)
}
