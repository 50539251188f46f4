package heads

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/gbert/task"
	"bertlab/internal/tiny"
)

const (
	tinyHeads = 3
	tinySize  = 4 // of a head
)

var session, prepare, set = tiny.Session, tiny.Prepare, tiny.Set

func classifier(t testing.TB, layers int, seed uint64) *gbert.Model {
	return tiny.Classifier(t, tiny.Shape{Layers: layers, Hidden: tinyHeads * tinySize, Heads: tinyHeads, Neurons: 8}, seed)
}

// sentences are n examples of 1 to 8 words with labels drawn at random.
func sentences(n int, seed uint64) *task.Dataset {
	rng := rand.New(rand.NewPCG(seed, 5))
	d := tiny.Dataset("")
	for i := range n {
		var words []string
		for range 1 + rng.IntN(8) {
			words = append(words, string(rune('a'+rng.IntN(11))))
		}
		d.Examples = append(d.Examples, task.Example{ID: fmt.Sprint(i), TextA: strings.Join(words, " "), Label: rng.IntN(2)})
	}
	return d
}

// oneByOne prepares each example as a batch of its own, without padding.
func oneByOne(t testing.TB, m *gbert.Model, d *task.Dataset) *finetune.Prepared {
	t.Helper()
	p := prepare(t, m, d, 1)
	p.Batches = nil
	for i := range p.Encodings {
		p.Batches = append(p.Batches, gbert.PadBatch(p.Encodings, []int{i}, 1, nil, m.Config.PadTokenID))
	}
	return p
}

func logits(t testing.TB, s *gbert.Session, p *finetune.Prepared, mask gbert.HeadMask) [][]float32 {
	t.Helper()
	rows, err := p.Logits(context.Background(), s, mask, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func evaluate(t testing.TB, s *gbert.Session, p *finetune.Prepared, mask gbert.HeadMask) *finetune.Evaluation {
	t.Helper()
	e, err := p.Evaluate(context.Background(), s, mask, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func remove(t testing.TB, m *gbert.Model, text string) *gbert.Model {
	t.Helper()
	smaller, err := surgery.RemoveHeads(m, parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return smaller
}

func parse(t testing.TB, text string) Set {
	t.Helper()
	set, err := ParseSet(text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}
