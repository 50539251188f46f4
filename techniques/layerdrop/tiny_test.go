package layerdrop

import (
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
)

var (
	backend            = testbed.Go
	sentences, session = tiny.Sentences, tiny.Session
	prepare, set       = tiny.Prepare, tiny.Set
)

func classifier(t testing.TB, layers int, seed uint64) *gbert.Model {
	return tiny.Classifier(t, tiny.Shape{Layers: layers}, seed)
}

func drop(t testing.TB, m *gbert.Model, layers ...int) *gbert.Model {
	t.Helper()
	smaller, err := surgery.DropLayers(m, layers)
	if err != nil {
		t.Fatal(err)
	}
	return smaller
}
