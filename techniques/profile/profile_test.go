package profile

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/internal/testbed"
)

func measure(t *testing.T, m *gbert.Model, o Options) *Profile {
	t.Helper()
	p, err := Measure(t.Context(), goBackend(t), m, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestComponentsAddUpToTheWholeForEveryForm(t *testing.T) {
	for name, m := range compressed(t) {
		t.Run(name, func(t *testing.T) {
			p := measure(t, m, Options{Batches: []int{3, 1, 3}, Lengths: []int{7, 16}, Repeats: 2})
			sum := 0
			for _, c := range p.Parameters.Components {
				sum += c.Parameters
			}
			if sum != m.NumParameters() || sum != p.Parameters.Total {
				t.Errorf("components have %d parameters, the model %d", sum, m.NumParameters())
			}
			if got := p.Parameters.Of(Shared); (got > 0) != m.Config.UsesBank() {
				t.Errorf("%d parameters of several components", got)
			}
			if len(p.Cells) != 4 {
				t.Fatalf("%d cells, want 2 batch sizes × 2 lengths", len(p.Cells))
			}
			for _, cell := range p.Cells {
				want := m.Config.BatchMACs(cell.Batch, cell.Length, false).Total()
				macs, graph, activations, diagonals := 0, 0, 0, 0
				var seconds, timeShare, macShare float64
				for _, part := range cell.Components {
					diagonal := diagonalMACs(m.Config, part.Component, cell.Batch*cell.Length)
					if part.MACs != part.GraphMACs+diagonal {
						t.Errorf("%s: %d operations by formula, %d in the graph and %d with diagonals", part.Component, part.MACs, part.GraphMACs, diagonal)
					}
					graph, diagonals = graph+diagonal, diagonals+diagonal
					macs, graph, activations = macs+part.MACs, graph+part.GraphMACs, activations+part.ActivationBytes
					seconds, timeShare, macShare = seconds+part.Seconds.Median, timeShare+part.TimeShare, macShare+part.MACShare
				}
				if macs != want || graph != want || cell.MACs != want || cell.GraphMACs != graph-diagonals {
					t.Errorf("%d operations by formula; components %d, in their graphs %d, the cell %d, in its graph %d", want, macs, graph, cell.MACs, cell.GraphMACs)
				}
				if activations != cell.ActivationBytes {
					t.Errorf("components' activations %d, the cell's %d", activations, cell.ActivationBytes)
				}
				if seconds != cell.SumSeconds || math.Abs(seconds+cell.Remainder-cell.Seconds.Median) > 1e-12 {
					t.Errorf("components take %g s and %g s remain of %g s", seconds, cell.Remainder, cell.Seconds.Median)
				}
				if math.Abs(timeShare-1) > 1e-9 || math.Abs(macShare-1) > 1e-9 {
					t.Errorf("shares add up to %g of the time and %g of the operations", timeShare, macShare)
				}
				if cell.Seconds.Median <= 0 || cell.Seconds.Low > cell.Seconds.Median || cell.Seconds.High < cell.Seconds.Median {
					t.Errorf("times %+v", cell.Seconds)
				}
			}
		})
	}
}

// diagonalMACs are the operations of diagonal cores, which the graph has as element-wise products: the rank for each slice and token.
func diagonalMACs(c *gbert.Config, component Component, tokens int) int {
	macs := 0
	for _, layer := range c.Layers {
		for role, form := range layer.Forms {
			if _, slices := form.Size(); c.Bank.Core == gbert.DiagonalCore && Of(gbert.WeightName(0, role)) == component {
				macs += tokens * slices * c.Bank.LeftRank
			}
		}
	}
	return macs
}

// Steps run one after another, each on what those before it gave, are the model.
func TestStepsInARowAreTheWholePass(t *testing.T) {
	for name, m := range compressed(t) {
		const batch, length = 2, 5
		weights := map[string]*tensors.Tensor{}
		exec, err := NewExec(goBackend(t), func(ids, types, mask *Node) []*Node {
			g := ids.Graph()
			nodes := map[string]*Node{}
			f := gbert.NewForward(m.Config, g, func(name string) *Node {
				if nodes[name] == nil {
					if weights[name] == nil {
						values, shape, err := m.Weight(name)
						if err != nil {
							panic(err)
						}
						weights[name] = tensors.FromFlatDataAndDimensions(values, shape...)
					}
					nodes[name] = ConstTensor(g, weights[name])
				}
				return nodes[name]
			}, gbert.Taps{})
			have := map[string]*Node{idsInput: ids, typesInput: types, maskInput: mask}
			norms := 0
			for _, s := range passSteps(m, batch, length) {
				if s.component == Norm { // a layer without heads or feed-forward network adds the bias that is left of it
					layer := norms / 2
					if shape := m.Config.Layers[layer]; norms%2 == 0 && len(shape.Heads) == 0 {
						have["y"] = BroadcastToDims(ExpandAxes(f.Weight(gbert.BiasName(layer, gbert.AttentionOutput)), 0, 1), batch, length, tinyHidden)
					} else if norms%2 == 1 && shape.IntermediateSize == 0 {
						have["y"] = BroadcastToDims(ExpandAxes(f.Weight(gbert.BiasName(layer, gbert.FFNOut)), 0, 1), batch, length, tinyHidden)
					}
					norms++
				}
				inputs := arguments{}
				for _, in := range s.inputs {
					if !slices.Equal(have[in.name].Shape().Dimensions, in.shape.Dimensions) {
						t.Errorf("%s, %s: the step is measured on %s of %v, the model gives %v", name, s.component, in.name, in.shape, have[in.name].Shape())
					}
					inputs[in.name] = have[in.name]
				}
				results, _ := s.build(f, inputs)
				switch s.component {
				case QueryKeyValue:
					have["q"], have["k"], have["v"] = results[0], results[1], results[2]
				case Attention:
					have["context"] = results[0]
				case AttentionOutput, FeedForward:
					have["y"] = results[0]
				case Pooler:
					have["pooled"] = results[0]
				default:
					have["x"] = results[0]
				}
			}
			whole, _ := wholePass(m, batch, length).build(f, arguments{idsInput: ids, typesInput: types, maskInput: mask})
			return []*Node{ReduceAllMax(Abs(Sub(have["x"], whole[0]))), ReduceAllMax(Abs(Sub(have["pooled"], whole[1]))), ReduceAllMax(Abs(whole[0]))}
		})
		if err != nil {
			t.Fatal(name, err)
		}
		out, err := exec.Call([][]int32{{1, 2, 3, 4, 5}, {6, 7, 8, 9, 0}}, [][]int32{{0, 0, 1, 1, 1}, {0, 0, 0, 0, 0}}, [][]float32{{1, 1, 1, 1, 1}, {1, 1, 1, 1, 0}})
		if err != nil {
			t.Fatal(name, err)
		}
		if hidden, pooled := tensors.ToScalar[float32](out[0]), tensors.ToScalar[float32](out[1]); hidden > 1e-5 || pooled > 1e-5 {
			t.Errorf("%s: the steps' hidden states differ by %g from the pass's, pooled by %g", name, hidden, pooled)
		}
		if size := tensors.ToScalar[float32](out[2]); size < 0.5 {
			t.Errorf("%s: hidden states of at most %g show nothing", name, size)
		}
	}
}

func TestActivationsOfAPlainModelFollowTheFormula(t *testing.T) {
	const batch, length, layers = 3, 7, 4
	cell := measure(t, tiny(t, layers), Options{Batches: []int{batch}, Lengths: []int{length}, Repeats: 1}).Cell(batch, length)
	const d, a, f, s = tinyHidden, tinyHeads, tinyIntermediate, length
	for component, values := range map[Component]int{
		Embedding: s * d, QueryKeyValue: layers * 3 * s * d, Attention: layers * (2*a*s*s + s*d), AttentionOutput: layers * s * d,
		FeedForward: layers * (2*s*f + s*d), Norm: layers * 2 * s * d, Pooler: 2 * d,
	} {
		if got, want := cell.Part(component).ActivationBytes, 4*batch*values; got != want {
			t.Errorf("%s: activations of %d bytes, want %d", component, got, want)
		}
	}
}

func TestLayersThatAreAlikeShareExecutables(t *testing.T) {
	count := func(m *gbert.Model) int {
		b := newBuilder(goBackend(t), m)
		defer b.close()
		for _, s := range passSteps(m, 1, 4) {
			if _, err := b.compile(s); err != nil {
				t.Fatal(err)
			}
		}
		return len(b.programs)
	}
	models := compressed(t)
	if got := count(models["plain"]); got != 8 { // embedding, four parts, two LayerNorms, pooler
		t.Errorf("four equal layers need %d executables, want 8", got)
	}
	if got := count(models["tied"]); got != 8 {
		t.Errorf("four tied layers need %d executables, want 8", got)
	}
	if got := count(models["heads removed"]); got != 8+3 { // the layer with one head has three parts of its own
		t.Errorf("layers of two, one and no heads need %d executables, want 11", got)
	}
}

// Executables that are shared must run with the weights of each layer.
func TestEveryLayerIsMeasuredWithItsOwnWeights(t *testing.T) {
	m := compressed(t)["tied"]
	b := newBuilder(goBackend(t), m)
	defer b.close()
	used := map[string]bool{}
	for _, s := range append(passSteps(m, 1, 4), wholePass(m, 1, 4)) {
		p, err := b.compile(s)
		if err != nil {
			t.Fatal(err)
		}
		if s.component != "pass" {
			for _, name := range p.weights {
				used[name] = true
			}
			continue
		}
		for _, name := range p.weights {
			if !used[name] {
				t.Errorf("%s is read by the pass, but by no component", name)
			}
			delete(used, name)
		}
	}
	if len(used) > 0 {
		t.Errorf("components read weights that the pass does not: %v", used)
	}
}

func TestTheFileIsCountedIndependently(t *testing.T) {
	dir := filepath.Join("..", "..", "gbert", "testdata", "tiny")
	m, err := gbert.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	file, err := CheckFile(m, dir)
	if err != nil || !file.Agrees || file.Values != m.NumParameters() {
		t.Errorf("%+v, %v; the model has %d parameters", file, err, m.NumParameters())
	}
	for name, m := range compressed(t) {
		dir := t.TempDir()
		if err := m.Save(dir, gbert.Float16); err != nil {
			t.Fatal(name, err)
		}
		saved, err := gbert.Load(dir)
		if err != nil {
			t.Fatal(name, err)
		}
		file, err := CheckFile(saved, dir)
		if err != nil || !file.Agrees || len(file.Other) > 0 {
			t.Errorf("%s: %+v, %v", name, file, err)
		}
		if err := saved.Close(); err != nil {
			t.Error(name, err)
		}
	}
	more, err := CheckFile(compressed(t)["factored"], dir)
	if err == nil {
		t.Errorf("another model's file passes: %+v", more)
	}
}

func TestACompactFileIsNoCountOfValues(t *testing.T) {
	config := tiny(t, 1).Config.Clone()
	config.VocabSize = 600
	m, err := gbert.New(config, 1)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := m.SetWeight("bert.embeddings.word_embeddings.weight", []int{600, tinyHidden}, make([]float32, 600*tinyHidden)); err != nil {
		t.Fatal(err)
	}
	if err := m.SaveCompact(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	if file, err := CheckFile(m, dir); err == nil || !strings.Contains(err.Error(), "compact") {
		t.Errorf("%+v, %v", file, err)
	}
}

func TestWrongGridsAreRefused(t *testing.T) {
	m := tiny(t, 1)
	for name, o := range map[string]Options{
		"no batch": {Batches: []int{}}, "batch 0": {Batches: []int{0, 1}}, "length 0": {Lengths: []int{0}}, "too long": {Lengths: []int{8, 17}},
		"negative repeats": {Repeats: -1},
	} {
		if _, err := Measure(t.Context(), goBackend(t), m, o); err == nil {
			t.Errorf("%s is measured", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Measure(ctx, goBackend(t), m, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled profile ends with %v", err)
	}
}

func TestTheDefaultGridIsOneCellThatTheModelCanRead(t *testing.T) {
	p := measure(t, tiny(t, 1), Options{Repeats: 1})
	if len(p.Cells) != 1 || p.Cells[0].Batch != 1 || p.Cells[0].Length != 16 {
		t.Errorf("cells %+v", p.Cells)
	}
	if p.Cell(1, 16) == nil || p.Cell(2, 16) != nil || p.Cells[0].Part(Head) != nil {
		t.Error("cells and parts are found that are not there, or not found")
	}
}

func TestModelsAreComparedOnTheSameGrid(t *testing.T) {
	models := compressed(t)
	profiles, err := MeasureInTurn(t.Context(), goBackend(t), []*gbert.Model{models["plain"], models["heads removed"]}, Options{Lengths: []int{4, 8}, Repeats: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i := range profiles[0].Cells {
		whole, pruned := profiles[0].Cells[i], profiles[1].Cells[i]
		if whole.Length != pruned.Length || whole.Part(QueryKeyValue).MACs*5 != pruned.Part(QueryKeyValue).MACs*8 || whole.Part(FeedForward).MACs != pruned.Part(FeedForward).MACs {
			t.Errorf("with 5 of 8 heads %+v, with all %+v", pruned.Part(QueryKeyValue), whole.Part(QueryKeyValue))
		}
		if whole.Repeats != 2 || pruned.Repeats != 2 {
			t.Errorf("%d and %d repeats, want 2", whole.Repeats, pruned.Repeats)
		}
	}
	if _, err := MeasureInTurn(t.Context(), goBackend(t), nil, Options{}); err == nil {
		t.Error("no models are compared")
	}
}

func TestBERTBaseIsCountedFromItsShape(t *testing.T) {
	c, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
		"intermediate_size": 3072, "hidden_act": "gelu", "max_position_embeddings": 512, "type_vocab_size": 2}`))
	if err != nil {
		t.Fatal(err)
	}
	p := ShapeParameters(c)
	if p.Total != 109_482_240 || p.Of(Embedding) != 23_837_184 || p.Of(Pooler) != 590_592 || p.Of(FeedForward) != 12*4_722_432 || p.Of(Norm) != 12*4*768 {
		t.Errorf("%+v", p)
	}
	for length, want := range map[int]int{128: 11_173_625_856, 256: 22_951_231_488, 512: 48_318_382_080} {
		sum := 0
		for component, macs := range ShapeMACs(c, 1, length) {
			if component != Pooler {
				sum += macs
			}
		}
		if sum != want {
			t.Errorf("%d tokens: %d operations of the encoder, want %d", length, sum, want)
		}
	}
}

func TestRealModelsHaveTheirPublishedNumbers(t *testing.T) {
	for name, want := range map[string]struct{ parameters, encoder int }{
		"all-MiniLM-L6-v2": {22_713_216, 1_434_451_968}, "bert-base-uncased": {109_482_240, 11_173_625_856},
	} {
		t.Run(name, func(t *testing.T) {
			dir := testbed.RealModel(t, name)
			m, err := gbert.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if p := CountParameters(m); p.WithoutHead != want.parameters {
				t.Errorf("%d parameters without a head, want %d", p.WithoutHead, want.parameters)
			}
			macs, sum := CountMACs(m, 1, 128), 0
			for _, n := range macs {
				sum += n
			}
			if got := sum - macs[Pooler]; got != want.encoder {
				t.Errorf("%d operations of the encoder at 128 tokens, want %d", got, want.encoder)
			}
			if file, err := CheckFile(m, dir); err != nil || !file.Agrees {
				t.Errorf("%+v, %v", file, err)
			}
		})
	}
}

func TestXLAAgreesWithTheCounts(t *testing.T) {
	dir := testbed.RealModel(t, "all-MiniLM-L6-v2")
	b, _, err := backend.Open(t.Context(), backend.Options{Name: "xla:cpu", Offline: true})
	if err != nil {
		t.Skip("no XLA on this machine: ", err)
	}
	defer b.Finalize()
	m, err := gbert.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	p, err := Measure(t.Context(), b, m, Options{Batches: []int{2}, Lengths: []int{32}, Repeats: 1})
	if err != nil {
		t.Fatal(err)
	}
	cell := p.Cells[0]
	if cell.Cost == nil || cell.Memory.Program == nil {
		t.Fatalf("XLA says nothing of the pass: %+v", cell)
	}
	for _, part := range cell.Components {
		if part.MACs == 0 {
			continue
		}
		if ratio := part.Cost.Flops / 2 / float64(part.MACs); ratio < 1 || ratio > 1.1 {
			t.Errorf("%s: XLA counts %.3f times our operations", part.Component, ratio)
		}
	}
	if got, least := cell.Memory.Program.Arguments, int64(cell.Memory.WeightBytes); got < least || got > least+1<<16 {
		t.Errorf("the program reads %d bytes, its weights are %d", got, least)
	}
	if part := cell.Part(Attention); part.WorkingBytes < int64(4*2*12*32*32) {
		t.Errorf("attention works in %d bytes, less than its scores", part.WorkingBytes)
	}
}

func TestBERTBaseHasItsPublishedNumbers(t *testing.T) {
	counted := CountShape(gbert.BERTBase(), 128, 256, 512)
	if counted.Parameters.Total != 109_482_240 || counted.Parameters.Of(Embedding) != 23_837_184 {
		t.Errorf("%+v", counted.Parameters)
	}
	for i, want := range []int{11_173_625_856, 22_951_231_488, 48_318_382_080} {
		if got := counted.Lengths[i]; got.Encoder != want || got.Total != want+768*768 {
			t.Errorf("%d tokens: %d operations of the encoder, %d with the pooler; want %d", got.Length, got.Encoder, got.Total, want)
		}
	}
}
