package compare_test

import (
	"context"
	"fmt"
	"log"

	"bertlab/papers/compare"
	"bertlab/papers/experiment"
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
	for _, m := range comparison.Models {
		fmt.Println(m.Name, m.Score, m.Low, m.High)
	}
	advice, err := comparison.Advise(compare.Limits{Size: 40e6})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(advice)
}
