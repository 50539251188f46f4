package heads

import (
	"math"
	"slices"
	"testing"

	"bertlab/gbert/tokenizer"
)

func TestOneHeadALayerIsChosenOnOneSetAndToldOfAnother(t *testing.T) {
	model := classifier(t, 2, 6)
	s := session(t, model)
	choice, test := prepare(t, model, sentences(9, 1), 4), prepare(t, model, sentences(7, 2), 4)
	chosen, tested := 0, 0
	effects, err := KeepBest(t.Context(), s, choice, test, func(done, total int) { chosen = done }, func(done, total int) { tested = done })
	if err != nil {
		t.Fatal(err)
	}
	alone, err := KeepOne(t.Context(), s, choice, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(effects) != 2 || chosen == 0 || tested != 2 {
		t.Fatalf("%d effects; progress %d and %d", len(effects), chosen, tested)
	}
	base := evaluate(t, s, test, nil)
	for layer, e := range effects {
		for _, other := range alone.Heads {
			if best := alone.Heads[slices.IndexFunc(alone.Heads, func(a HeadEffect) bool { return a.Head == e.Head })]; other.Layer == layer && other.Metric > best.Metric {
				t.Errorf("layer %d keeps %v, and %v is better", layer, e.Head, other.Head)
			}
		}
		mask, err := othersOfLayer(model.Config, e.Head).Mask(model.Config)
		if err != nil {
			t.Fatal(err)
		}
		if kept := evaluate(t, s, test, mask); e.Layer != layer || math.Abs(e.LossDelta-(kept.Loss-base.Loss)) > 1e-9 {
			t.Errorf("layer %d: %+v, want a change of the loss by %g", layer, e, kept.Loss-base.Loss)
		}
	}
	if _, err := KeepBest(t.Context(), s, choice, test, nil, nil); err != nil {
		t.Errorf("without progress: %v", err)
	}
}

func TestPiecesAreTheTokensAsTheyStandInTheText(t *testing.T) {
	e := tokenizer.Encoding{IDs: []int32{2, 5, 6, 3}, Offsets: []tokenizer.Offset{{Text: -1}, {Start: 0, End: 4}, {Start: 5, End: 8}, {Text: -1}}}
	if got := Pieces("good fun", e); !slices.Equal(got, []string{"[CLS]", "good", "fun", "[SEP]"}) {
		t.Errorf("%q", got)
	}
}
