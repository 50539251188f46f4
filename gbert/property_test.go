package gbert

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"pgregory.net/rapid"

	"bertlab/gbert/backend"
	"bertlab/gbert/tokenizer"
)

// logitsWith runs the classifier over a batch with a head mask as one more input; nil runs without any.
func logitsWith(t *testing.T, b compute.Backend, model *Model, batch *Batch, mask any) []float32 {
	t.Helper()
	s, err := NewSession(b, model)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	program, err := NewProgram[maskedBatch[*tensors.Tensor]](s, "masked", maskedLogits)
	if err != nil {
		t.Fatal(err)
	}
	in := maskedBatch[*tensors.Tensor]{BatchOf: batch.Tensors().BatchOf}
	if mask != nil {
		in.HeadMask = tensors.MustFromAnyValue(mask)
	}
	results, err := program.Consume(in)
	if err != nil {
		t.Fatal(err)
	}
	defer results.Close()
	return tensors.MustCopyFlatData[float32](results.At(0))
}

// randomMask draws ξ between 0 and 1.
func randomMask(c *Config, seed uint64) HeadMask {
	rng := rand.New(rand.NewPCG(seed, 1))
	mask := NewHeadMask(c)
	for l := range mask {
		for h := range mask[l] {
			mask[l][h] = rng.Float32()
		}
	}
	return mask
}

func TestAHeadMaskOfOnesIsNoMask(t *testing.T) {
	model, batch := load(t, "tiny"), readGolden().batch()
	ones := [][]float32(NewHeadMask(model.Config))
	without := logitsWith(t, goBackend(t), model, batch, nil)
	if with := logitsWith(t, goBackend(t), model, batch, ones); !slices.Equal(with, without) {
		t.Errorf("with ones %v, without %v", with, without)
	}
	if d := difference(logitsWith(t, goBackend(t), model, batch, [][]float32(randomMask(model.Config, 3))), without); d < 1e-3 {
		t.Errorf("a mask of random numbers changes the logits by %g only", d)
	}
}

func TestAMaskForEachExampleEqualsTheSameMaskForAll(t *testing.T) {
	model, batch := load(t, "tiny"), readGolden().batch()
	mask := randomMask(model.Config, 5)
	each := make([][][]float32, len(mask))
	for l := range mask {
		for range batch.Rows {
			each[l] = append(each[l], mask[l])
		}
	}
	for name, b := range map[string]compute.Backend{"go": goBackend(t)} {
		forAll := logitsWith(t, b, model, batch, [][]float32(mask))
		near(t, name, logitsWith(t, b, model, batch, each), forAll, 1e-6)
		// The masks of other examples have no effect on an example.
		other := randomMask(model.Config, 6)
		for l := range each {
			for row := 1; row < batch.Rows; row++ {
				each[l][row] = other[l]
			}
		}
		mixed := logitsWith(t, b, model, batch, each)
		labels := model.NumLabels()
		near(t, "the first example", mixed[:labels], forAll[:labels], 1e-6)
		if difference(mixed[labels:], forAll[labels:]) < 1e-4 {
			t.Error("the masks of the other examples changed nothing")
		}
	}
}

func TestMaskingAHeadEqualsRemovingItsColumnsOfTheOutputMap(t *testing.T) {
	model, batch := load(t, "tiny"), readGolden().batch()
	mask := NewHeadMask(model.Config)
	mask[1][2] = 0
	s := session(t, goBackend(t), model)
	masked, err := s.BatchLogits(batch, mask)
	if err != nil {
		t.Fatal(err)
	}
	clone := model.Clone()
	name := WeightName(1, AttentionOutput)
	values, shape, err := clone.Weight(name)
	if err != nil {
		t.Fatal(err)
	}
	values = slices.Clone(values)
	d := clone.Config.HeadSize()
	for r := range shape[0] {
		clear(values[r*shape[1]+2*d : r*shape[1]+3*d])
	}
	if err := clone.SetWeight(name, shape, values); err != nil {
		t.Fatal(err)
	}
	near(t, "logits", slices.Concat(masked...), slices.Concat(logitsOf(t, goBackend(t), clone, batch)...), 1e-6)
	if difference(slices.Concat(masked...), slices.Concat(readGolden().Logits["tiny"]...)) < 1e-4 {
		t.Error("the mask changes nothing")
	}
}

func TestComputingTheFirstPositionAloneGivesTheLogitsOfTheWholePass(t *testing.T) {
	batch := readGolden().batch()
	shallow, err := New(tinyConfig(func(c *Config) { c.NumHiddenLayers = 0 }), 1)
	if err != nil {
		t.Fatal(err)
	}
	if shallow, err = shallow.WithClassifier(3, nil, 1); err != nil {
		t.Fatal(err)
	}
	for name, model := range map[string]*Model{"two layers": load(t, "tiny"), "no layer": shallow} {
		got := observe(t, goBackend(t), model, batch, func(begin func(Taps) *Forward, in Input) []*Node {
			f := begin(Taps{})
			short, whole := f.Encode(in, true).Hidden, f.Encode(in, false).Hidden
			if n := short.Shape().Dimensions[1]; n != 1 {
				t.Errorf("%s: the short pass has %d positions", name, n)
			}
			return []*Node{f.Classify(short), f.Classify(whole)}
		})
		near(t, name, got[0], got[1], 1e-6)
	}
}

// tinyConfig is the configuration of testdata/tiny with changes.
func tinyConfig(change func(c *Config)) *Config {
	c, err := ReadConfig("testdata/tiny")
	if err != nil {
		panic(err)
	}
	c.Layers = nil
	c.InitializerRange = 0.2
	change(c)
	return c
}

// randomExamples draws examples for a model.
func randomExamples(c *Config, lengths []int, seed uint64) []tokenizer.Encoding {
	rng := rand.New(rand.NewPCG(seed, 2))
	examples := make([]tokenizer.Encoding, len(lengths))
	for i, n := range lengths {
		e := tokenizer.Encoding{IDs: make([]int32, n), Types: make([]int32, n)}
		for t := range e.IDs {
			e.IDs[t] = int32(rng.IntN(c.VocabSize))
			if t > n/2 {
				e.Types[t] = 1
			}
		}
		examples[i] = e
	}
	return examples
}

func TestNeitherPaddingNorTheCompanyOfABatchChangesAnExample(t *testing.T) {
	model := load(t, "tiny")
	examples := randomExamples(model.Config, []int{1, 3, 17, 9, 2, 32, 5, 8, 31}, 1)
	s := session(t, goBackend(t), model)
	alone := make([][]float32, len(examples))
	for i := range examples {
		rows, err := s.BatchLogits(PadBatch(examples, []int{i}, 1, nil, 0), nil)
		if err != nil {
			t.Fatal(err)
		}
		alone[i] = rows[0]
	}
	for name, o := range map[string]BatchOptions{
		"batches of two": {Size: 2}, "one batch": {Size: 16}, "one length": {Size: 4, Lengths: []int{32}},
		"another pad id": {Size: 4, PadID: 59, Lengths: []int{10, 20, 32}},
	} {
		seen := 0
		for _, batch := range MakeBatches(examples, o) {
			rows, err := s.BatchLogits(batch, nil)
			if err != nil {
				t.Fatal(err)
			}
			for row, i := range batch.Index {
				seen++
				if d := difference(rows[row], alone[i]); d > 1e-6 {
					t.Errorf("%s: example %d differs by %g", name, i, d)
				}
			}
		}
		if seen != len(examples) {
			t.Errorf("%s: %d of %d examples", name, seen, len(examples))
		}
	}
}

// dropped runs dropout of the given probability over ones [rows, columns], at as many sites as asked for.
func dropped(t *testing.T, b compute.Backend, seed uint32, probability float64, sites, rows, columns int) [][]float32 {
	t.Helper()
	exec := MustNewExec(b, func(seed *Node) []*Node {
		f := NewForward(&Config{}, seed.Graph(), nil, Taps{Seed: seed})
		outputs := make([]*Node, sites)
		for i := range outputs {
			outputs[i] = f.dropout(Ones(seed.Graph(), shapes.Make(dtypes.Float32, rows, columns)), probability)
		}
		return outputs
	})
	defer exec.Finalize()
	outputs, err := exec.Call(seed)
	if err != nil {
		t.Fatal(err)
	}
	defer Free(outputs)
	flat := make([][]float32, sites)
	for i := range outputs {
		flat[i] = tensors.MustCopyFlatData[float32](outputs[i])
	}
	return flat
}

func TestDropoutKeepsTheShareAndTheMeanThatItShould(t *testing.T) {
	const n = 200 * 200
	for _, p := range []float64{0.1, 0.5, 0.9} {
		for seed := range uint32(5) {
			values := dropped(t, goBackend(t), seed, p, 1, 200, 200)[0]
			kept, rows := 0, 0.0
			for i, x := range values {
				switch x {
				case 0:
				case float32(1 / (1 - p)):
					kept++
				default:
					t.Fatalf("probability %g: an element is %g", p, x)
				}
				rows += float64(x) * float64(1-2*(i/200%2)) // even rows less odd rows
			}
			sigma := math.Sqrt(p * (1 - p) * n)
			if d := math.Abs(float64(kept) - (1-p)*n); d > 4*sigma {
				t.Errorf("probability %g, seed %d: kept %d of %d, %.1f standard deviations off", p, seed, kept, n, d/sigma)
			}
			if math.Abs(rows)*(1-p) > 4*sigma {
				t.Errorf("probability %g, seed %d: even and odd rows differ by %g", p, seed, rows)
			}
		}
	}
}

func TestDropoutDependsOnSeedAndSiteAlone(t *testing.T) {
	const n = 100 * 100
	a := dropped(t, goBackend(t), 7, 0.5, 3, 100, 100)
	if b := dropped(t, goBackend(t), 7, 0.5, 3, 100, 100); !slices.EqualFunc(a, b, slices.Equal) {
		t.Error("the same seed gives other masks")
	}
	all := append(a, dropped(t, goBackend(t), 8, 0.5, 3, 100, 100)...)
	for i := range all {
		for j := range i {
			agree := 0
			for k := range all[i] {
				if all[i][k] == all[j][k] {
					agree++
				}
			}
			if d := math.Abs(float64(agree) - n/2); d > 4.5*math.Sqrt(n)/2 {
				t.Errorf("masks %d and %d agree in %d of %d elements", i, j, agree, n)
			}
		}
	}
}

func TestDropoutDrawsTheSameMasksOnEveryBackend(t *testing.T) {
	xla := dropped(t, xlaBackend(t), 7, 0.1, 3, 50, 60)
	if pure := dropped(t, goBackend(t), 7, 0.1, 3, 50, 60); !slices.EqualFunc(xla, pure, slices.Equal) {
		t.Error("XLA and pure Go draw other masks")
	}
}

func TestWithoutASeedOrAProbabilityNothingIsDropped(t *testing.T) {
	model := load(t, "tiny").Clone()
	got := observe(t, goBackend(t), model, readGolden().batch(), func(begin func(Taps) *Forward, in Input) []*Node {
		seed := Scalar(in.IDs.Graph(), dtypes.Uint32, uint32(3))
		return []*Node{begin(Taps{}).Logits(in), begin(Taps{Seed: seed}).Logits(in)}
	})
	if slices.Equal(got[0], got[1]) {
		t.Error("dropout changes nothing")
	}
	model.Config.HiddenDropoutProb, model.Config.AttentionProbsDropoutProb = 0, 0
	got = observe(t, goBackend(t), model, readGolden().batch(), func(begin func(Taps) *Forward, in Input) []*Node {
		seed := Scalar(in.IDs.Graph(), dtypes.Uint32, uint32(3))
		return []*Node{begin(Taps{}).Logits(in), begin(Taps{Seed: seed}).Logits(in)}
	})
	if !slices.Equal(got[0], got[1]) {
		t.Error("dropout of probability 0 changes the logits")
	}
	model.Config.ClassifierDropout = 0.5
	if got = observe(t, goBackend(t), model, readGolden().batch(), func(begin func(Taps) *Forward, in Input) []*Node {
		seed := Scalar(in.IDs.Graph(), dtypes.Uint32, uint32(3))
		return []*Node{begin(Taps{}).Logits(in), begin(Taps{Seed: seed}).Logits(in)}
	}); slices.Equal(got[0], got[1]) {
		t.Error("classifier_dropout has no effect")
	}
}

func TestOneProgramServesEveryMaskOfAShape(t *testing.T) {
	model := load(t, "tiny")
	s := session(t, goBackend(t), model)
	built := 0
	fn := func(begin func(Taps) *Forward, in maskedBatch[*Node]) []*Node {
		built++
		return maskedLogits(begin, in)
	}
	examples := randomExamples(model.Config, []int{4, 4, 8, 8}, 1)
	batches := MakeBatches(examples, BatchOptions{Size: 2, Lengths: []int{4, 8}})
	for i := range 20 {
		program, err := NewProgram[maskedBatch[*tensors.Tensor]](s, "counted", fn)
		if err != nil {
			t.Fatal(err)
		}
		mask := randomMask(model.Config, uint64(i)).Tensor()
		results, err := program.Consume(maskedBatch[*tensors.Tensor]{batches[i%2].Tensors().BatchOf, mask})
		if err != nil {
			t.Fatal(err)
		}
		results.Close()
	}
	if built != 2 {
		t.Errorf("the graph was built %d times for two shapes", built)
	}
}

func TestBatchesHoldEveryExampleOnceAndLittlePadding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(1, 32), 0, 80).Draw(t, "lengths")
		size := rapid.IntRange(0, 20).Draw(t, "size")
		examples := randomExamples(&Config{VocabSize: 60}, lengths, 1)
		seen := map[int]bool{}
		last := 0
		for _, b := range MakeBatches(examples, BatchOptions{Size: size, PadID: 7}) {
			if len(b.IDs) != b.Rows*b.Length || len(b.Types) != len(b.IDs) || len(b.Mask) != len(b.IDs) || len(b.Index) == 0 || len(b.Index) > b.Rows {
				t.Fatalf("%d rows of %d: %d ids, %d types, %d mask, %d examples", b.Rows, b.Length, len(b.IDs), len(b.Types), len(b.Mask), len(b.Index))
			}
			if b.Length < last {
				t.Fatalf("length %d after %d", b.Length, last)
			}
			last = b.Length
			for row := range b.Rows {
				ids, types := []int32(nil), []int32(nil)
				if row < len(b.Index) {
					e := examples[b.Index[row]]
					ids, types = e.IDs, e.Types
					if seen[b.Index[row]] {
						t.Fatalf("example %d twice", b.Index[row])
					}
					seen[b.Index[row]] = true
				}
				for at := range b.Length {
					id, kind, mask := int32(7), int32(0), float32(0)
					if at < len(ids) {
						id, kind, mask = ids[at], types[at], 1
					}
					if i := row*b.Length + at; b.IDs[i] != id || b.Types[i] != kind || b.Mask[i] != mask {
						t.Fatalf("row %d, position %d: %d %d %g", row, at, b.IDs[i], b.Types[i], b.Mask[i])
					}
				}
			}
		}
		if len(seen) != len(examples) {
			t.Fatalf("%d of %d examples", len(seen), len(examples))
		}
	})
}

// described is a backend that is only described.
type described struct {
	compute.Backend
	text string
}

func (d described) Description() string { return d.text }

func TestCompilationCostsMoreOnAGPU(t *testing.T) {
	for text, want := range map[string]int{
		"xla:cuda - PJRT \"cuda\" plugin (/lib/pjrt_c_api_cuda_plugin.so) v0.90 [1 device(s)]":                 compilationOnGPU,
		"xla:/lib/xla_cuda_plugin.so - PJRT plugin (/lib/xla_cuda_plugin.so) v0.112 [1 device(s)]":             compilationOnGPU,
		"xla:/lib/pjrt_c_api_cpu_plugin.so - PJRT plugin (/lib/pjrt_c_api_cpu_plugin.so) v0.104 [1 device(s)]": compilationOnCPU,
		"SimpleGo": compilationOnCPU,
	} {
		if got := CompilationCost(described{text: text}); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}

func TestPaddedLengthsAreTheCheapestThereAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(0, 9), 1, 30).Draw(t, "lengths")
		times := rapid.SampledFrom([]int{0, 1, 100, 2000, 10000}).Draw(t, "times")
		compilation := rapid.SampledFrom([]int{CompilationCost(nil), 1, 1 << 20}).Draw(t, "compilation")
		cost := func(chosen []int) int {
			total := len(chosen) * compilation
			for _, n := range lengths {
				at, _ := slices.BinarySearch(chosen, max(n, 1))
				total += chosen[at] * max(times, 1)
			}
			return total
		}
		longest := max(1, slices.Max(lengths))
		best := math.MaxInt
		for set := range 1 << (longest - 1) {
			chosen := []int{longest}
			for n := longest - 1; n > 0; n-- {
				if set>>(n-1)&1 == 1 {
					chosen = append(chosen, n)
				}
			}
			slices.Reverse(chosen)
			best = min(best, cost(chosen))
		}
		got := PaddedLengths(lengths, times, compilation, 0)
		if !slices.IsSorted(got) || got[len(got)-1] != longest || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Fatalf("lengths %v", got)
		}
		if cost(got) != best {
			t.Fatalf("%v cost %d, the cheapest %d", got, cost(got), best)
		}
	})
	if got := PaddedLengths(nil, 3, compilationOnCPU, 0); got != nil {
		t.Errorf("of nothing: %v", got)
	}
	many := make([]int, 500)
	for i := range many {
		many[i] = i + 1
	}
	if got := PaddedLengths(many, 1<<20, compilationOnCPU, 0); len(got) != maxShapes || got[len(got)-1] != 500 {
		t.Errorf("%d lengths up to %d; at most %d are allowed", len(got), got[len(got)-1], maxShapes)
	}
	if got := PaddedLengths(many, 1<<20, compilationOnCPU, 3); len(got) != 3 || got[2] != 500 {
		t.Errorf("%v where 3 were asked for", got)
	}
}

func TestABatchGrowsForAnExampleLongerThanAllLengths(t *testing.T) {
	examples := randomExamples(&Config{VocabSize: 60}, []int{3, 20}, 1)
	for _, c := range []struct {
		index   []int
		rows    int
		lengths []int
		want    int
	}{
		{[]int{0}, 1, []int{2, 8}, 8}, {[]int{0, 1}, 2, []int{2, 8}, 20}, {[]int{1}, 4, nil, 20}, {nil, 2, nil, 1}, {[]int{0}, 1, []int{3, 4}, 3},
	} {
		b := PadBatch(examples, c.index, c.rows, c.lengths, 0)
		if b.Length != c.want || len(b.IDs) != c.rows*c.want {
			t.Errorf("%v padded to %v: length %d, want %d", c.index, c.lengths, b.Length, c.want)
		}
	}
	if b := PadBatch(examples, []int{0, 1, 0}, 1, nil, 0); b.Rows != 3 {
		t.Errorf("three examples in %d rows", b.Rows)
	}
}

func ExampleSession_BatchLogits() {
	config, err := ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 100, "hidden_size": 16, "num_hidden_layers": 2,
		"num_attention_heads": 4, "intermediate_size": 32, "max_position_embeddings": 64, "type_vocab_size": 2}`))
	if err != nil {
		panic(err)
	}
	model, err := New(config, 1) // random weights; Load reads a folder
	if err != nil {
		panic(err)
	}
	if model, err = model.WithClassifier(2, []string{"negative", "positive"}, 1); err != nil {
		panic(err)
	}
	b, _, err := backend.Open(context.Background(), backend.Options{Name: "go"})
	if err != nil {
		panic(err)
	}
	session, err := NewSession(b, model)
	if err != nil {
		panic(err)
	}
	defer session.Close()
	examples := []tokenizer.Encoding{
		{IDs: []int32{1, 17, 23, 2}, Types: []int32{0, 0, 0, 0}},
		{IDs: []int32{1, 5, 2}, Types: []int32{0, 0, 0}},
		{IDs: []int32{1, 44, 2, 45, 46, 2}, Types: []int32{0, 0, 0, 1, 1, 1}},
	}
	mask := NewHeadMask(model.Config)
	mask[1][3] = 0 // without the last head of the last layer
	for _, batch := range MakeBatches(examples, BatchOptions{Size: 2}) {
		logits, err := session.BatchLogits(batch, mask)
		if err != nil {
			panic(err)
		}
		fmt.Println("examples", batch.Index, "padded to", batch.Rows, "×", batch.Length, "logits", len(logits), "×", len(logits[0]))
	}
	// Output:
	// examples [1 0] padded to 2 × 6 logits 2 × 2
	// examples [2] padded to 2 × 6 logits 1 × 2
}

func TestAProgramMayPutOutLessThanItBuilds(t *testing.T) {
	onBackends(t, func(t *testing.T, b compute.Backend) {
		model := load(t, "tiny")
		s, err := NewSession(b, model)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		states := func(name string, pick func(all []*Node) *Node) []float32 {
			program, err := NewProgram[BatchOf[*tensors.Tensor]](s, name, func(begin func(Taps) *Forward, in Input) []*Node {
				return []*Node{pick(begin(Taps{HiddenStates: true}).Encode(in, false).HiddenStates)}
			})
			if err != nil {
				t.Fatal(err)
			}
			results, err := program.Consume(readGolden().batch().Tensors().BatchOf)
			if err != nil {
				t.Fatal(err)
			}
			return tensors.MustCopyFlatData[float32](results.At(0))
		}
		embedded := states("embeddings alone", func(all []*Node) *Node { return all[0] }) // with weights of all layers as inputs
		both := states("with the top layer", func(all []*Node) *Node { return Concatenate([]*Node{all[0], all[len(all)-1]}, 0) })
		if !slices.Equal(embedded, both[:len(embedded)]) {
			t.Error("the embeddings are others where nothing else is put out")
		}
	})
}
