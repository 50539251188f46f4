package gbert

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// A head over the vocabulary decodes with the word table, in whatever form it is.
func TestTheWordTableDecodesInEveryForm(t *testing.T) {
	for _, form := range []EmbeddingForm{FactoredWords(7), Int8Words(FactoredWords(7)), Int8Words(EmbeddingForm{})} {
		t.Run(form.String(), func(t *testing.T) { decodesWords(t, form) })
	}
}

func decodesWords(t *testing.T, form EmbeddingForm) {
	config := tinyConfig(func(c *Config) {
		if c.Embedding = FactoredWords(7); form.Size() == 0 {
			c.Embedding = EmbeddingForm{}
		}
	})
	model, err := New(config, 3)
	if err != nil {
		t.Fatal(err)
	}
	model.Config.Head = MaskedLMHead
	model.initialize(maskedLMParameters(config), 3)
	if form != config.Embedding {
		model = inInt8(t, model, FloatInputs)
	}
	if err := model.Check(); err != nil {
		t.Fatal(err)
	}
	dense, err := model.Dense()
	if err != nil {
		t.Fatal(err)
	}
	predict := func(m *Model) []float32 {
		return observe(t, goBackend(t), m, readGolden().batch(), func(begin func(Taps) *Forward, in Input) []*Node {
			f := begin(Taps{})
			return []*Node{f.PredictTokens(f.Encode(in, false).Hidden)}
		})[0]
	}
	near(t, "logits over the vocabulary", predict(model), predict(dense), 1e-5)
	if dense.Config.Embedding != (EmbeddingForm{}) || dense.has(wordFactorU) {
		t.Error("the dense model has factors")
	}
	for _, o := range []PortableOptions{{}, {Int8: true}} {
		if graph, err := model.Portable(o); err != nil || len(graph.Outputs()) != 1 {
			t.Errorf("as ONNX: %v", err)
		}
	}
}

func TestFactorisedEmbeddingsCountTheirOperations(t *testing.T) {
	c := bertBase(t)
	before := c.MACs(10, true)
	c.Embedding = FactoredWords(128)
	after := c.MACs(10, true)
	if after.Embedding != 10*128*768 || after.Total()-before.Total() != after.Embedding || before.Embedding != 0 {
		t.Errorf("%+v, before %+v", after, before)
	}
}
