package gbert

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// banked lets the maps of all layers be banked, with as many slices as their neurons need.
func banked(c *Config, bank Bank, roles ...Role) {
	if c.Layers == nil {
		c.Layers = plainLayers(c)
	}
	c.Bank = bank
	for l := range c.Layers {
		shape := &c.Layers[l]
		shape.Forms = maps.Clone(shape.Forms)
		for _, role := range roles {
			if out, in := c.linearDims(l, role); out == 0 || in == 0 || c.Holder(l, role) != l {
				continue
			}
			if shape.Forms == nil {
				shape.Forms = map[Role]Form{}
			}
			slices := 1
			if role == FFNIn || role == FFNOut {
				slices = 1 + shape.neuron(shape.IntermediateSize-1)/c.HiddenSize
			}
			shape.Forms[role] = Banked(slices)
		}
	}
}

// bankedConfigs are testdata/tiny's with a bank of each kind: whole, cut, and together with the other forms.
func bankedConfigs() map[string]*Config {
	banks := map[string]Bank{
		"diagonal": {LeftRank: 5, RightRank: 5, Core: DiagonalCore}, "full": {LeftRank: 3, RightRank: 7, Core: FullCore},
		"mixed": {LeftRank: 16, RightRank: 4, Core: MixedCore, Cores: 6},
	}
	configs := map[string]*Config{}
	for name, bank := range banks {
		configs[name] = tinyConfig(func(c *Config) { banked(c, bank, LayerRoles...) })
		configs[name+" of four slices"] = tinyConfig(func(c *Config) {
			c.IntermediateSize = 64
			banked(c, bank, LayerRoles...)
		})
		configs[name+", cut"] = tinyConfig(func(c *Config) {
			c.NumHiddenLayers = 4
			c.Layers = []LayerShape{
				{Origin: 0, Heads: []int{1, 3}, IntermediateSize: 24},
				{Origin: 2, Heads: []int{}, IntermediateSize: 5, Neurons: []int{0, 3, 34, 35, 47}}, // none of the second slice
				{Origin: 3, Heads: []int{1, 3}, IntermediateSize: 5, Neurons: []int{0, 3, 34, 35, 47}, Forms: map[Role]Form{Query: Tied(0), AttentionOutput: Tied(0), FFNIn: Tied(1)}},
				{Origin: 5, Heads: []int{0, 1, 2, 3}, IntermediateSize: 0},
			}
			banked(c, bank, LayerRoles...)
		})
		configs[name+" beside others"] = tinyConfig(func(c *Config) {
			banked(c, bank, Value, FFNOut)
			c.Layers[0].Forms[Query] = Factored(2)
			c.Layers[1].Forms[FFNOut] = Tied(0)
		})
	}
	return configs
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

func between(rng *rand.Rand, low, high int) int { return low + rng.IntN(high-low+1) }

// Every banked map equals the product of its matrix, in each of the orders, and takes the operations that are counted.
func TestEveryOrderOfABankedMapIsItsMatrixAndCostsWhatIsCounted(t *testing.T) {
	seen := map[string]int{}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 400 {
		c := tinyConfig(func(c *Config) {
			c.NumHiddenLayers, c.HiddenSize, c.NumAttentionHeads = 1, 12, 3
			c.IntermediateSize = pick(rng, []int{5, 12, 24, 30}...)
			c.Layers = plainLayers(c)
			c.Layers[0].Heads = pick(rng, []int{0, 1, 2}, []int{0, 2}, []int{1})
			if rng.IntN(2) == 0 {
				step := between(rng, 1, 3)
				for i := range c.IntermediateSize {
					c.Layers[0].Neurons = append(c.Layers[0].Neurons, i*step+1)
				}
			}
		})
		bank := Bank{Core: pick(rng, DiagonalCore, FullCore, MixedCore), LeftRank: between(rng, 1, 12)}
		bank.RightRank = bank.LeftRank
		if bank.Core != DiagonalCore {
			bank.RightRank = between(rng, 1, 12)
		}
		if bank.Core == MixedCore {
			bank.Cores = between(rng, 1, 5)
		}
		banked(c, bank, LayerRoles...)
		model, err := New(c, rng.Uint64())
		if err != nil {
			t.Fatal(err)
		}
		role := pick(rng, LayerRoles...)
		out, in := c.linearDims(0, role)
		tokens := pick(rng, []int{1, 2, 5, 40, 300}...)
		x := make([]float32, tokens*in)
		for i := range x {
			x[i] = float32(math.Sin(float64(3*i + 1)))
		}
		session, err := NewSession(goBackend(t), model)
		if err != nil {
			t.Fatal(err)
		}
		operations := 0
		program, err := NewProgram[*tensors.Tensor](session, "map", func(begin func(Taps) *Forward, x *Node) []*Node {
			y := begin(Taps{}).Linear(0, role, x)
			operations = 0
			for _, node := range x.Graph().Nodes() {
				if node.Type() == NodeTypeDotGeneral { // [a, k]·[k, b] to [a, b]
					square := node.Shape().Size()
					for _, input := range node.Inputs() {
						square *= input.Shape().Size()
					}
					operations += int(math.Round(math.Sqrt(float64(square))))
				}
			}
			return []*Node{y}
		})
		if err != nil {
			t.Fatal(err)
		}
		outputs, err := program.Run(tensors.FromFlatDataAndDimensions(x, 1, tokens, in))
		if err != nil {
			t.Fatal(err)
		}
		got, err := outputs.Values(0)
		outputs.Close()
		if err != nil {
			t.Fatal(err)
		}
		session.Close()
		weight, bias, err := model.DenseMap(0, role)
		if err != nil {
			t.Fatal(err)
		}
		for row := range tokens {
			for o := range out {
				want := float64(bias[o])
				for i := range in {
					want += float64(x[row*in+i]) * float64(weight[o*in+i])
				}
				if d := math.Abs(want - float64(got[row*out+o])); d > 1e-4 {
					t.Fatalf("token %d, feature %d differs by %g", row, o, d)
				}
			}
		}
		m := c.bankedMap(0, role)
		order := m.order(tokens)
		cost := m.cost(order, tokens)
		seen[fmt.Sprint(bank.Core == DiagonalCore, order)]++
		counted := cost.read + cost.tokens + cost.weights
		if bank.Core == DiagonalCore { // scaling is no product of matrices
			scales := m.single()
			if order == chainOrder {
				scales = tokens
			}
			counted -= scales * max(m.in.slices, m.out.slices) * m.in.rank
		}
		// Slices of which no place is kept are counted, but not computed.
		if m.in.places == nil && m.out.places == nil && operations != counted {
			t.Fatalf("%d operations are computed in order %d, %d counted", operations, order, counted)
		}
	}
	for _, order := range []string{"false 0", "false 1", "false 2", "false 3", "false 4", "true 0", "true 3", "true 4"} {
		if seen[order] == 0 {
			t.Errorf("the order %s was never the cheapest: %v", order, seen)
		}
	}
}

func TestQueryKeyAndValueShareWhatTheyReadAndItCountsOnce(t *testing.T) {
	c := bertBase(t)
	banked(c, Bank{LeftRank: 100, RightRank: 60, Core: FullCore}, LayerRoles...)
	const tokens = 50
	m := c.MACs(tokens, false)
	if want := 12 * tokens * (768*100 + 3*(100*60+60*768)); m.QueryKeyValue != want || m.Bank != 0 {
		t.Errorf("query, key and value take %d operations and %d on weights, want %d and 0", m.QueryKeyValue, m.Bank, want)
	}
	if want := 12 * tokens * (768*60 + 4*(100*60+100*768) + 4*(768*100+100*60) + 60*768); m.FeedForward != want {
		t.Errorf("the feed-forward networks take %d operations, want %d", m.FeedForward, want)
	}
	last := c.MACs(tokens, true)
	if got, want := m.QueryKeyValue-last.QueryKeyValue, (tokens-1)*(100*60+60*768)-768*100; got != want {
		t.Errorf("queries of [CLS] alone spare %d operations, want %d", got, want)
	}
	if one, eight := m.Total(), c.BatchMACs(8, tokens, false).Total(); eight >= 8*one {
		t.Errorf("a batch of 8 takes %d operations, one %d: the factors of more tokens pay for a product of their own", eight, one)
	}
	c.Bank = Bank{LeftRank: 100, RightRank: 60, Core: MixedCore, Cores: 36}
	one, eight := c.MACs(1, false), c.BatchMACs(8, 1, false)
	if want := 12 * 12 * 36 * 100 * 60; one.Bank != want || eight.Bank != want {
		t.Errorf("mixing takes %d operations for one and %d for eight, want %d", one.Bank, eight.Bank, want)
	}
}

// The sizes that Wang, Ren et al. 2022 print (86.0, 23.0, 12.3, 3.9, 1.9 and 1.8 million) are those of BERT-base without its
// word embeddings and its classifier.
func TestTheFormsOfThePaperHaveTheirNumberOfParameters(t *testing.T) {
	for name, test := range map[string]struct {
		bank Bank
		want int
	}{
		"I":         {Bank{}, 86_041_344},
		"III-384":   {Bank{LeftRank: 384, RightRank: 384, Core: FullCore}, 22_930_176},
		"IV-72-384": {Bank{LeftRank: 384, RightRank: 384, Core: MixedCore, Cores: 72}, 12_323_712},
		"IV-36-256": {Bank{LeftRank: 256, RightRank: 256, Core: MixedCore, Cores: 36}, 3_864_384},
		"IV-36-128": {Bank{LeftRank: 128, RightRank: 128, Core: MixedCore, Cores: 36}, 1_898_304},
		"III-64":    {Bank{LeftRank: 64, RightRank: 64, Core: FullCore}, 1_794_816},
	} {
		c := bertBase(t)
		if test.bank != (Bank{}) {
			banked(c, test.bank, LayerRoles...)
		}
		got := 0
		for _, spec := range append(encoderParameters(c), poolerParameters(c)...) {
			if spec.Name != wordEmbeddings {
				got += spec.Size()
			}
		}
		if got != test.want {
			t.Errorf("%s has %d parameters, want %d", name, got, test.want)
		}
	}
}

func TestBanksThatCannotBeAreErrorsThatNameTheKey(t *testing.T) {
	with := func(bank Bank, change func(c *Config)) *Config {
		return tinyConfig(func(c *Config) {
			banked(c, bank, LayerRoles...)
			change(c)
		})
	}
	same := func(*Config) {}
	full := Bank{LeftRank: 4, RightRank: 4, Core: FullCore}
	for name, test := range map[string]struct {
		config *Config
		want   string
	}{
		"no core":                {with(Bank{LeftRank: 4, RightRank: 4}, same), `bank.core is ""`},
		"an unknown core":        {with(Bank{LeftRank: 4, RightRank: 4, Core: "round"}, same), `bank.core is "round"`},
		"rank 0":                 {with(Bank{RightRank: 4, Core: FullCore}, same), "bank.left_rank is 0; it must be between 1 and hidden_size, 16"},
		"a rank above the width": {with(Bank{LeftRank: 4, RightRank: 17, Core: FullCore}, same), "bank.right_rank is 17"},
		"a skew diagonal":        {with(Bank{LeftRank: 4, RightRank: 5, Core: DiagonalCore}, same), "the ranks 4 and 5"},
		"no cores to mix":        {with(Bank{LeftRank: 4, RightRank: 4, Core: MixedCore}, same), "bank.cores is 0"},
		"too many cores":         {with(Bank{LeftRank: 4, RightRank: 4, Core: MixedCore, Cores: 1 << 20}, same), "bank.cores is 1048576"},
		"cores without mixing":   {with(Bank{LeftRank: 4, RightRank: 4, Core: FullCore, Cores: 2}, same), "bank.cores is 2"},
		"no slices":              {with(full, func(c *Config) { c.Layers[0].Forms[Query] = Banked(0) }), "query has 0 slices"},
		"slices of a query":      {with(full, func(c *Config) { c.Layers[0].Forms[Query] = Banked(2) }), "query has 2 slices; it must be between 1 and 1"},
		"too few slices":         {with(full, func(c *Config) { c.Layers[1].Forms[FFNIn] = Banked(1) }), "has neuron 23"},
		"a tie to other heads": {with(full, func(c *Config) {
			c.Layers[0].Heads, c.Layers[1].Heads, c.Layers[1].Forms[Key] = []int{1}, []int{2}, Tied(0)
		}), "tied to a banked map of layer 0"},
		"neurons beyond slices": {with(full, func(c *Config) {
			c.Layers[1].IntermediateSize, c.Layers[1].Neurons = 2, []int{3, 32}
		}), "has neuron 32"},
		"neurons twice":         {with(full, func(c *Config) { c.Layers[1].IntermediateSize, c.Layers[1].Neurons = 2, []int{3, 3} }), "ascending"},
		"too few neurons":       {with(full, func(c *Config) { c.Layers[1].Neurons = []int{3} }), "names 1 neurons; intermediate_size is 24"},
		"slices of no neurons":  {with(full, func(c *Config) { c.Layers[1].IntermediateSize = 0 }), "the map is empty"},
		"slices of no heads":    {with(full, func(c *Config) { c.Layers[1].Heads = nil }), "the map is empty"},
		"neurons below nothing": {with(full, func(c *Config) { c.Layers[1].IntermediateSize, c.Layers[1].Neurons = 1, []int{-1} }), "between 0 and"},
	} {
		text, err := test.config.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseConfig(text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: read with %v, want %q", name, err, test.want)
		}
		if _, err := New(test.config, 1); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: made with %v, want %q", name, err, test.want)
		}
	}
}

func TestABankThatNoMapUsesIsNotPartOfTheModel(t *testing.T) {
	config := tinyConfig(func(c *Config) { c.Bank = Bank{LeftRank: 4, RightRank: 4, Core: FullCore} })
	model := fresh(t, config)
	if slices.ContainsFunc(model.Weights(), func(w WeightSpec) bool { return strings.Contains(w.Name, "bank") }) {
		t.Error("its factors are weights")
	}
	text, err := config.MarshalJSON()
	if err != nil || strings.Contains(string(text), "bank") {
		t.Errorf("it is written: %v", err)
	}
}

func TestLayersOfTheSameBankedShapeShareAProgram(t *testing.T) {
	model := fresh(t, bankedConfigs()["mixed"])
	s := session(t, goBackend(t), model)
	built := 0
	var rows [][]float32
	x := randomMask(&Config{NumHiddenLayers: 3, NumAttentionHeads: 16}, 4)
	for layer := range 2 {
		program, err := NewLayerProgram[*tensors.Tensor](s, "map", layer, func(begin func(Taps) *Forward, layer int, x *Node) []*Node {
			built++
			return []*Node{begin(Taps{}).Linear(layer, FFNIn, x)}
		})
		if err != nil {
			t.Fatal(err)
		}
		outputs, err := program.Run(x.Tensor())
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, tensors.MustCopyFlatData[float32](outputs.At(0)))
		weight, bias, err := model.DenseMap(layer, FFNIn)
		if err != nil {
			t.Fatal(err)
		}
		want := timesTransposed(slices.Concat(x...), weight, 3, 16, 24)
		for i := range want {
			want[i] += bias[i%24]
		}
		near(t, fmt.Sprint("layer ", layer), rows[layer], want, 1e-5)
	}
	if built != 1 || slices.Equal(rows[0], rows[1]) {
		t.Errorf("the graph was built %d times", built)
	}
}

func TestBankedMapsAreTheSameOnXLAAsInPureGo(t *testing.T) {
	xla, batch := xlaBackend(t), readGolden().batch()
	configs := bankedConfigs()
	for _, name := range []string{"diagonal, cut", "full of four slices", "mixed, cut"} {
		model := fresh(t, configs[name])
		near(t, name, slices.Concat(logitsOf(t, xla, model, batch)...), slices.Concat(logitsOf(t, goBackend(t), model, batch)...), 1e-5)
	}
}
