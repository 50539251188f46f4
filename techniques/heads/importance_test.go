package heads

import (
	"context"
	"math"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/internal/tiny"
)

func measure(t testing.TB, s *gbert.Session, p *finetune.Prepared, v Estimator, mask gbert.HeadMask) *Importance {
	t.Helper()
	importance, err := Measure(context.Background(), s, p, v, mask, nil)
	if err != nil {
		t.Fatal(err)
	}
	return importance
}

// byDifferences is E|∂L/∂ξ| by central differences of each example's loss, taken in float64 from float32 logits.
func byDifferences(t testing.TB, s *gbert.Session, p *finetune.Prepared, at gbert.HeadMask) [][]float64 {
	t.Helper()
	const step = 1.0 / 64
	table := zeros(s.Model().Config)
	for _, h := range All(s.Model().Config) {
		up, down := at.Clone(), at.Clone()
		up[h.Layer][h.Head] += step
		down[h.Layer][h.Head] -= step
		above, below := evaluate(t, s, p, up), evaluate(t, s, p, down)
		for i := range above.Losses {
			table[h.Layer][h.Head] += math.Abs(above.Losses[i]-below.Losses[i]) / (2 * step) / float64(len(above.Losses))
		}
	}
	return table
}

func TestImportanceIsTheMeanAbsoluteDerivativeOfEachExamplesLoss(t *testing.T) {
	d := sentences(11, 1)
	partial := gbert.HeadMask{{1, 0.5, 0}, {0.3, 1, 1}}
	for name, test := range map[string]struct {
		model *gbert.Model
		mask  gbert.HeadMask
	}{
		"whole model":                {classifier(t, 2, 3), nil},
		"one layer":                  {classifier(t, 1, 3), nil},
		"at another ξ":               {classifier(t, 2, 3), partial},
		"heads removed":              {remove(t, classifier(t, 2, 3), "0:1;1:0,2"), nil},
		"a layer without heads":      {remove(t, classifier(t, 3, 3), "1:0,1,2"), nil},
		"last layer without heads":   {remove(t, classifier(t, 2, 3), "1:0,1,2"), nil},
		"no head in the whole model": {remove(t, classifier(t, 1, 3), "0:0,1,2"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, at := session(t, test.model), test.mask
			if at == nil {
				at = gbert.NewHeadMask(test.model.Config)
			}
			p := prepare(t, test.model, d, 4)
			got := measure(t, s, p, PerExample, test.mask)
			if far := tiny.Apart(got.Raw, byDifferences(t, s, p, at)); far > 2e-3 {
				t.Errorf("differs from finite differences by %g", far)
			}
			// Batches of one: no padding, no other example near.
			alone := measure(t, s, oneByOne(t, test.model, d), PerExample, test.mask)
			if far := tiny.Apart(got.Raw, alone.Raw); far > 1e-5 {
				t.Errorf("differs from batches of one by %g", far)
			}
			if got.Examples != 11 {
				t.Errorf("%d examples", got.Examples)
			}
			kept := zeros(test.model.Config)
			for _, h := range All(test.model.Config) {
				kept[h.Layer][h.Head] = 1
				if got.Raw[h.Layer][h.Head] < 1e-4 {
					t.Errorf("%v has the importance %g: the test shows nothing", h, got.Raw[h.Layer][h.Head])
				}
			}
			for l := range kept {
				norm := 0.0
				for h, value := range got.Normalized[l] {
					norm += value * value
					if kept[l][h] == 0 && (got.Raw[l][h] != 0 || value != 0) {
						t.Errorf("the removed head %d:%d has the importance %g, %g", l, h, got.Raw[l][h], value)
					}
				}
				if want := float64(min(1, len(test.model.Config.Layers[l].Heads))); math.Abs(norm-want) > 1e-12 {
					t.Errorf("layer %d has the norm² %g", l, norm)
				}
			}
		})
	}
}

// perTokenDirectly is the sum over tokens of |Att·∂L/∂Att|, example by example, from contexts and gradients that are read out.
func perTokenDirectly(t testing.TB, s *gbert.Session, p *finetune.Prepared) (sums [][]float64, tokens int) {
	t.Helper()
	config := s.Model().Config
	program, err := gbert.NewProgram[finetune.LabelledBatch[*tensors.Tensor]](s, "test.contexts", func(begin func(gbert.Taps) *gbert.Forward, in finetune.LabelledBatch[*Node]) []*Node {
		forward := begin(gbert.Taps{Context: true})
		out := forward.Encode(in.BatchOf, false)
		loss := ReduceAllSum(Mul(finetune.ExampleLosses(forward.Classify(out.Hidden), in.Labels), in.RowWeights))
		return append(Gradient(loss, out.Context...), out.Context...)
	})
	if err != nil {
		t.Fatal(err)
	}
	sums = zeros(config)
	for _, batch := range p.Batches {
		results, err := program.Consume(p.LabelledTensors(batch))
		if err != nil {
			t.Fatal(err)
		}
		tokens += batch.Length
		for l := range config.Layers {
			gradient, context := tensors.MustCopyFlatData[float32](results.At(l)), tensors.MustCopyFlatData[float32](results.At(len(config.Layers)+l))
			for h := range tinyHeads {
				for s := range batch.Length {
					dot := 0.0
					for i := range tinySize {
						at := (h*batch.Length+s)*tinySize + i
						dot += float64(gradient[at]) * float64(context[at])
					}
					sums[l][h] += math.Abs(dot)
				}
			}
		}
		results.Close()
	}
	return sums, tokens
}

func TestImportancePerTokenIsTheSumOverTokensOfAbsoluteProducts(t *testing.T) {
	model, d := classifier(t, 2, 4), sentences(11, 2)
	s := session(t, model)
	sums, tokens := perTokenDirectly(t, s, oneByOne(t, model, d))
	got := measure(t, s, prepare(t, model, d, 4), PerToken, nil)
	perExample := measure(t, s, prepare(t, model, d, 4), PerExample, nil)
	for l := range sums {
		for h := range sums[l] {
			divisor := float64(tokens)
			if l == len(sums)-1 {
				divisor = float64(d.Len())
			}
			if want := sums[l][h] / divisor; math.Abs(got.Raw[l][h]-want) > 1e-5*(1+want) {
				t.Errorf("%d:%d is %g, directly %g", l, h, got.Raw[l][h], want)
			}
			if sum, least := got.Raw[l][h]*divisor, perExample.Raw[l][h]*float64(d.Len()); sum < least*(1-1e-5) {
				t.Errorf("%d:%d: the tokens sum up to %g, less than the examples' %g", l, h, sum, least)
			}
		}
		// Only [CLS] of the last layer has a gradient, so there both variants are the same.
		if l == len(sums)-1 && tiny.Apart([][]float64{got.Raw[l]}, [][]float64{perExample.Raw[l]}) > 1e-5 {
			t.Errorf("in the last layer the variants differ: %v and %v", got.Raw[l], perExample.Raw[l])
		}
	}
}

func TestImportancePerTokenWithoutSomeHeads(t *testing.T) {
	d := sentences(6, 2)
	for _, without := range []string{"0:1;1:0,2", "0:0,1,2", "1:0,1,2", "0:0,1,2;1:0,1,2"} {
		model := remove(t, classifier(t, 2, 4), without)
		got := measure(t, session(t, model), prepare(t, model, d, 4), PerToken, nil)
		for _, h := range parse(t, without).Heads() {
			if got.Raw[h.Layer][h.Head] != 0 || got.Normalized[h.Layer][h.Head] != 0 {
				t.Errorf("without %s, %v has an importance", without, h)
			}
		}
		for _, h := range All(model.Config) {
			if !(got.Raw[h.Layer][h.Head] > 0) {
				t.Errorf("without %s, %v has none", without, h)
			}
		}
	}
}

func TestCombinedEstimatesAreTheEstimateOnAllExamples(t *testing.T) {
	model, d := classifier(t, 2, 5), sentences(9, 3)
	s := session(t, model)
	var parts []*Importance
	for _, bounds := range [][2]int{{0, 2}, {2, 9}} {
		rows, err := d.Rows(bounds[0], bounds[1])
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, measure(t, s, prepare(t, model, rows, 4), PerExample, nil))
	}
	all, err := Combine(parts...)
	if err != nil {
		t.Fatal(err)
	}
	whole := measure(t, s, prepare(t, model, d, 4), PerExample, nil)
	if far := max(tiny.Apart(all.Raw, whole.Raw), tiny.Apart(all.Normalized, whole.Normalized)); far > 1e-5 || all.Examples != 9 {
		t.Errorf("%d examples, differs by %g", all.Examples, far)
	}
	if _, err := Combine(); err == nil {
		t.Error("nothing can be combined")
	}
	parts[0].Variant = PerToken
	if _, err := Combine(parts...); err == nil {
		t.Error("estimates per token can be combined")
	}
}

func TestMeasureSaysWhatIsWrong(t *testing.T) {
	ctx, model := context.Background(), classifier(t, 2, 1)
	s, p := session(t, model), prepare(t, model, sentences(3, 1), 4)
	for mentions, call := range map[string]func() error{
		`"word" is not one of`:  func() error { _, err := Measure(ctx, s, p, "word", nil, nil); return err },
		"1 layers, the model 2": func() error { _, err := Measure(ctx, s, p, PerExample, gbert.HeadMask{{1, 1, 1}}, nil); return err },
		"2 heads in layer 1": func() error {
			_, err := Measure(ctx, s, p, PerToken, gbert.HeadMask{{1, 1, 1}, {1, 1}}, nil)
			return err
		},
		"outputs": func() error {
			_, err := Measure(ctx, session(t, withLabels(t, model, 3)), p, PerExample, nil, nil)
			return err
		},
		"no layers": func() error {
			none := classifier(t, 0, 1)
			_, err := Measure(ctx, session(t, none), prepare(t, none, sentences(3, 1), 4), PerExample, nil, nil)
			return err
		},
		context.Canceled.Error(): func() error {
			stopped, cancel := context.WithCancel(ctx)
			cancel()
			_, err := Measure(stopped, s, p, PerExample, nil, nil)
			return err
		},
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
	}
}

func withLabels(t testing.TB, m *gbert.Model, n int) *gbert.Model {
	t.Helper()
	other, err := m.WithClassifier(n, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	return other
}
