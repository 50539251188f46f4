package sharing

import (
	"testing"

	"bertlab/gbert"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
)

var (
	backend            = testbed.Go
	sentences, session = tiny.Sentences, tiny.Session
	prepare, logits    = tiny.Prepare, tiny.Logits
	set, fingerprint   = tiny.Set, tiny.Fingerprint
	factor             = tiny.Factor
	apart              = tiny.Apart[float32]
)

func classifier(t testing.TB, layers int, seed uint64) *gbert.Model {
	return tiny.Classifier(t, tiny.Shape{Layers: layers, NoDropout: true}, seed)
}

// tie is Tie, which must work.
func tie(t testing.TB, m *gbert.Model, o Options) (*gbert.Model, *Report) {
	t.Helper()
	shared, report, err := Tie(m, o)
	if err != nil {
		t.Fatalf("%+v: %v", o, err)
	}
	return shared, report
}
