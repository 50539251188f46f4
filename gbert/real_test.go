package gbert

import (
	"cmp"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/tokenizer"
)

// realGolden is what make_golden.py computed with the real models.
type realGolden struct {
	MaxLength int `json:"max_length"`
	Sentences []struct {
		A, B string
		Pair bool
	} `json:"sentences"`
	Index  []int                  `json:"index"`
	Labels []int                  `json:"labels"`
	Logits map[string][][]float32 `json:"logits"`
	Loss   map[string]float64     `json:"loss"`
	Masked []struct {
		Text          string
		Tokens        []string
		Probabilities []float64
		Logits        []float64
	} `json:"masked"`
}

func readReal(t *testing.T, file string) *realGolden {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	g := &realGolden{}
	if err := json.Unmarshal(data, g); err != nil {
		t.Fatal(err)
	}
	return g
}

// withFormulaHead gives a model the classifier of make_golden.py: 0.02·sin(1+i) and bias 0.1·sin(1+i).
func withFormulaHead(t *testing.T, model *Model) *Model {
	t.Helper()
	model, err := model.WithClassifier(2, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, scale := range map[string]float64{"classifier.weight": 0.02, "classifier.bias": 0.1} {
		_, shape, err := model.Weight(name)
		if err != nil {
			t.Fatal(err)
		}
		size := 1
		for _, n := range shape {
			size *= n
		}
		values := make([]float32, size)
		for i := range values {
			values[i] = float32(scale * math.Sin(float64(1+i)))
		}
		if err := model.SetWeight(name, shape, values); err != nil {
			t.Fatal(err)
		}
	}
	return model
}

// encodings are the tokens of texts, of bert-base-uncased's vocabulary, which both models have.
func encodings(t *testing.T, model *Model, pairs []tokenizer.Pair, maxLength int) []tokenizer.Encoding {
	t.Helper()
	if model.Tokenizer == nil {
		t.Fatal("the model has no tokenizer")
	}
	return model.Tokenizer.EncodeAll(pairs, maxLength)
}

// batchedLogits are the logits of the examples in their own order, computed in batches of similar length.
func batchedLogits(t *testing.T, b compute.Backend, model *Model, examples []tokenizer.Encoding) [][]float32 {
	t.Helper()
	s := session(t, b, model)
	logits := make([][]float32, len(examples))
	for _, batch := range MakeBatches(examples, BatchOptions{Size: 16}) {
		rows, err := s.BatchLogits(batch, nil)
		if err != nil {
			t.Fatal(err)
		}
		for row, example := range batch.Index {
			logits[example] = rows[row]
		}
	}
	return logits
}

var realNames = []string{"all-MiniLM-L6-v2", "bert-base-uncased"}

func compareReal(t *testing.T, g *realGolden, pairs []tokenizer.Pair, labels []int) {
	for _, name := range realNames {
		t.Run(name, func(t *testing.T) {
			dir := realModel(t, name)
			b := xlaBackend(t)
			model, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { model.Close() })
			logits := batchedLogits(t, b, withFormulaHead(t, model), encodings(t, model, pairs, g.MaxLength))
			near(t, "logits", slices.Concat(logits...), slices.Concat(g.Logits[name]...), 1e-5)
			loss := crossEntropy(logits, labels)
			t.Logf("loss %.8f, transformers %.8f", loss, g.Loss[name])
			if math.Abs(loss-g.Loss[name]) > 1e-6 {
				t.Errorf("loss %.8f, transformers %.8f", loss, g.Loss[name])
			}
		})
	}
}

func TestRealModelsGiveTransformersLogitsOnSentencesAndPairs(t *testing.T) {
	g := readReal(t, "real.json")
	pairs := make([]tokenizer.Pair, len(g.Sentences))
	for i, s := range g.Sentences {
		pairs[i] = tokenizer.Pair{A: s.A, B: s.B, Both: s.Pair}
	}
	compareReal(t, g, pairs, g.Labels)
}

func TestRealModelsGiveTransformersLogitsOnRealSentences(t *testing.T) {
	g := readReal(t, "sst2.json")
	data, err := os.ReadFile(shared(t, "SST-2", "dev.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")[1:]
	var pairs []tokenizer.Pair
	var labels []int
	for _, i := range g.Index {
		text, label, _ := strings.Cut(lines[i], "\t")
		n, err := strconv.Atoi(label)
		if err != nil {
			t.Fatal(err)
		}
		pairs, labels = append(pairs, tokenizer.Pair{A: text}), append(labels, n)
	}
	compareReal(t, g, pairs, labels)
}

func TestTheMaskedLanguageModelFillsInWhatTransformersDoes(t *testing.T) {
	g := readReal(t, "real.json")
	dir := realModel(t, "bert-base-uncased")
	b := xlaBackend(t)
	model, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	var pairs []tokenizer.Pair
	for _, masked := range g.Masked {
		pairs = append(pairs, tokenizer.Pair{A: masked.Text})
	}
	examples := encodings(t, model, pairs, g.MaxLength)
	batch := MakeBatches(examples, BatchOptions{})[0]
	flat := observe(t, b, model, batch, func(begin func(Taps) *Forward, in Input) []*Node {
		f := begin(Taps{})
		return []*Node{f.PredictTokens(f.Encode(in, false).Hidden)}
	})[0]
	vocabulary := model.Config.VocabSize
	for row, example := range batch.Index {
		want := g.Masked[example]
		at := slices.Index(examples[example].IDs, model.Tokenizer.MaskID)
		logits := flat[(row*batch.Length+at)*vocabulary:][:vocabulary]
		sum := 0.0
		for _, x := range logits {
			sum += math.Exp(float64(x))
		}
		order := make([]int, vocabulary)
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logits[b], logits[a]) })
		for k, token := range want.Tokens {
			got, p := model.Tokenizer.Token(int32(order[k])), math.Exp(float64(logits[order[k]]))/sum
			if got != token || math.Abs(p-want.Probabilities[k]) > 1e-5 || math.Abs(float64(logits[order[k]])-want.Logits[k]) > 1e-4 {
				t.Errorf("%q, place %d: %s at %.6f (logit %.6f), transformers %s at %.6f (logit %.6f)",
					want.Text, k+1, got, p, logits[order[k]], token, want.Probabilities[k], want.Logits[k])
			}
		}
		if example == 0 {
			p := math.Exp(float64(logits[order[0]])) / sum
			t.Logf("%q: %s at %.4f", want.Text, model.Tokenizer.Token(int32(order[0])), p)
			if model.Tokenizer.Token(int32(order[0])) != "paris" || math.Abs(p-0.417) > 5e-4 {
				t.Error("the capital of France is not Paris at 0.417")
			}
		}
	}
}
