package recipes

import (
	"testing"

	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
)

// begin gives a random BERT of four layers, sentences whose words tell their class, and an environment that computes in Go.
func begin(t testing.TB, dir string) (*experiment.Environment, Options) {
	t.Helper()
	data := tiny.Reviews(t, 40, 20, false)
	return tiny.Environment(t, dir), Options{Model: tiny.Pretrained(t, tiny.Shape{Layers: 4}), Task: "sst2", Data: data}
}

func parsed(t testing.TB, text string) *Recipe {
	t.Helper()
	recipe, err := Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return recipe
}
