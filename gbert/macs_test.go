package gbert

import (
	"math"
	"testing"
)

func sizes(t *testing.T, vocab, hidden, layers, heads, intermediate int) *Config {
	t.Helper()
	c := &Config{
		VocabSize: vocab, HiddenSize: hidden, NumHiddenLayers: layers, NumAttentionHeads: heads, IntermediateSize: intermediate,
		HiddenAct: "gelu", MaxPositionEmbeddings: 512, TypeVocabSize: 2, LayerNormEps: 1e-12,
	}
	c.Layers = plainLayers(c)
	if err := c.validateSizes(); err != nil {
		t.Fatal(err)
	}
	return c
}

func bertBase(t *testing.T) *Config { return sizes(t, 30522, 768, 12, 12, 3072) }

func TestPublishedModelsHaveTheirNumberOfParameters(t *testing.T) {
	count := func(specs []WeightSpec) (n int) {
		for _, spec := range specs {
			n += spec.Size()
		}
		return n
	}
	for name, test := range map[string]struct {
		config       *Config
		want, pooler int
	}{
		"bert-base": {bertBase(t), 109_482_240, 590_592}, "MiniLM-L6-H384": {sizes(t, 30522, 384, 6, 12, 1536), 22_713_216, 147_840},
	} {
		pooler := count(poolerParameters(test.config))
		if got := count(encoderParameters(test.config)) + pooler; got != test.want || pooler != test.pooler {
			t.Errorf("%s: %d parameters, %d of the pooler; want %d and %d", name, got, pooler, test.want, test.pooler)
		}
	}
}

// The numbers that are quoted for BERT-base, 11.174, 22.951 and 48.318 · 10⁹ at 128, 256 and 512 tokens, are those of the
// encoder: linear maps, Q·Kᵀ and probabilities · V; not the pooler.
func TestBERTBaseHasItsNumberOfOperations(t *testing.T) {
	for length, want := range map[int]int{128: 11_173_625_856, 256: 22_951_231_488, 512: 48_318_382_080} {
		m := bertBase(t).MACs(length, false)
		if got := m.Total() - m.Pooler; got != want || m.Pooler != 768*768 {
			t.Errorf("%d tokens: %d operations of the encoder, %d of the pooler; want %d and %d", length, got, m.Pooler, want, 768*768)
		}
	}
	m := bertBase(t).MACs(128, false)
	encoder := float64(m.Total() - m.Pooler)
	for name, share := range map[string][2]float64{
		"query, key, value": {float64(m.QueryKeyValue), 24.3}, "scores": {float64(m.Scores), 1.4}, "context": {float64(m.Context), 1.4},
		"attention output": {float64(m.AttentionOutput), 8.1}, "feed-forward": {float64(m.FeedForward), 64.9},
	} {
		if got := 100 * share[0] / encoder; math.Abs(got-share[1]) > 0.05 {
			t.Errorf("%s has %.2f %% of the operations, want %.1f %%", name, got, share[1])
		}
	}
}

func TestRemovingHeadsTakesTheirShareOfTheOperations(t *testing.T) {
	whole := bertBase(t)
	half := bertBase(t)
	for l := range half.Layers {
		half.Layers[l].Heads = half.Layers[l].Heads[:6]
	}
	none := bertBase(t)
	none.Layers[3].Heads = nil
	for _, onlyCLS := range []bool{false, true} {
		a, b := whole.MACs(128, onlyCLS), half.MACs(128, onlyCLS)
		want := MACs{a.QueryKeyValue / 2, a.Scores / 2, a.Context / 2, a.AttentionOutput / 2, a.FeedForward, a.Pooler, 0, 0}
		if b != want {
			t.Errorf("half of the heads: %+v, want %+v", b, want)
		}
		attention := 128 * (4*768*768 + 2*128*768)
		if got := a.Total() - none.MACs(128, onlyCLS).Total(); got != attention {
			t.Errorf("a layer without heads saves %d operations, want %d", got, attention)
		}
	}
}

func TestOnlyCLSSparesTheOtherPositionsOfTheLastLayer(t *testing.T) {
	c, length := bertBase(t), 128
	all, cls := c.MACs(length, false), c.MACs(length, true)
	want := MACs{
		QueryKeyValue: 127 * 768 * 768, Scores: 127 * 128 * 768, Context: 127 * 128 * 768, AttentionOutput: 127 * 768 * 768, FeedForward: 127 * 2 * 768 * 3072,
	}
	got := MACs{
		all.QueryKeyValue - cls.QueryKeyValue, all.Scores - cls.Scores, all.Context - cls.Context, all.AttentionOutput - cls.AttentionOutput,
		all.FeedForward - cls.FeedForward, all.Pooler - cls.Pooler, 0, 0,
	}
	if got != want {
		t.Errorf("spared %+v, want %+v", got, want)
	}
}

func TestFactorsAndTiesCountWhatIsComputed(t *testing.T) {
	c := bertBase(t)
	c.Layers[0].Forms = map[Role]Form{FFNIn: Factored(100)}
	c.Layers[1].Forms = map[Role]Form{FFNIn: Tied(0), Key: Tied(2)}
	saved := bertBase(t).MACs(10, false).Total() - c.MACs(10, false).Total()
	if want := 10 * 2 * (768*3072 - 100*(768+3072)); saved != want {
		t.Errorf("two factored maps, one of them tied, save %d operations, want %d", saved, want)
	}
}
