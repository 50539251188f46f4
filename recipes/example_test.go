package recipes_test

import (
	"context"
	"fmt"
	"log"

	"bertlab/papers/experiment"
	"bertlab/recipes"
)

// A recipe's model is left in the folder small.
func ExampleRun() {
	ctx := context.Background()
	env, err := experiment.Local(ctx, "results")
	if err != nil {
		log.Fatal(err)
	}
	recipe, err := recipes.ReadFile("recipes/layers-distil-float16.yaml")
	if err != nil {
		log.Fatal(err)
	}
	result, err := recipes.Run(ctx, env, recipe, recipes.Options{Out: "small"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Score, result.Parameters, result.Bytes)
}

func ExampleParse() {
	recipe, err := recipes.Parse("mine.yaml", []byte(`
title: Four of six layers in half precision
steps:
  - fine-tune: {epochs: 2}
  - drop-layers: {strategy: top, count: 2}
  - store: float16
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(recipe.Techniques(), recipe.Retrained())
	_, err = recipes.Parse("mine.yaml", []byte("steps:\n  - drop-layers: {strategy: middle, count: 2}"))
	fmt.Println(err)
	// Output:
	// [drop-layers float16] false
	// mine.yaml:2: drop-layers: strategy: "middle": choose from top, bottom, symmetric, alternate, alternate-even
}
