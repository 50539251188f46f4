package gbert

import "slices"

// A bankSide is the input or the output of a banked map: its features, in slices of D places of which some are kept.
type bankSide struct {
	factor   string // name of U or V
	rank     int
	features int
	slices   int
	places   [][]int // the kept places of each slice; nil: all of them
}

// A bankedMap is a banked map as a product: read (features to rank), core (rank to rank), write (rank to features).
type bankedMap struct {
	name    string // of the slices' own weight
	core    CoreKind
	cores   int
	in, out bankSide
	swapped bool // the core is [out rank, in rank]: FFNIn
	sharers int  // maps that read the same input through the same factor
}

// bankedMap describes a banked map, which the layer holds itself.
func (c *Config) bankedMap(layer int, role Role) bankedMap {
	shape, bank := c.Layers[layer], c.Bank
	left, right := bankSide{factor: BankLeft, rank: bank.LeftRank}, bankSide{factor: BankRight, rank: bank.RightRank}
	m := bankedMap{name: SlicesName(layer, role), core: bank.Core, cores: bank.Cores, in: left, out: right, sharers: 1}
	if role == FFNIn {
		m.in, m.out, m.swapped = right, left, true
	}
	hidden := func(s *bankSide) { s.features, s.slices = c.HiddenSize, 1 }
	heads := func(s *bankSide) {
		s.features, s.slices = len(shape.Heads)*c.HeadSize(), 1
		if len(shape.Heads) == c.NumAttentionHeads {
			return
		}
		var kept []int
		for _, head := range shape.Heads {
			for i := range c.HeadSize() {
				kept = append(kept, head*c.HeadSize()+i)
			}
		}
		s.places = [][]int{kept}
	}
	neurons := func(s *bankSide) {
		s.features = shape.IntermediateSize
		_, s.slices = shape.Form(role).Size()
		if s.features == s.slices*c.HiddenSize {
			return
		}
		s.places = make([][]int, s.slices)
		for i := range shape.IntermediateSize {
			neuron := shape.neuron(i)
			s.places[neuron/c.HiddenSize] = append(s.places[neuron/c.HiddenSize], neuron%c.HiddenSize)
		}
	}
	switch role {
	case AttentionOutput:
		heads(&m.in)
		hidden(&m.out)
	case FFNIn:
		hidden(&m.in)
		neurons(&m.out)
	case FFNOut:
		neurons(&m.in)
		hidden(&m.out)
	default:
		hidden(&m.in)
		heads(&m.out)
		m.sharers = len(slices.DeleteFunc([]Role{Query, Key, Value}, func(r Role) bool { return !c.HeldForm(layer, r).isBanked() }))
	}
	return m
}

// neuron is the place of a layer's i-th neuron in the slices.
func (s LayerShape) neuron(i int) int {
	if s.Neurons == nil {
		return i
	}
	return s.Neurons[i]
}

// bankOrder is an order in which x·A·K·Bᵀ is multiplied, A and B being the factors of input and output and K the core.
type bankOrder int

const (
	chainOrder  bankOrder = iota // ((x·A)·K)·Bᵀ
	inputFirst                   // (x·(A·K))·Bᵀ
	outputFirst                  // (x·A)·(K·Bᵀ)
	wholeOutput                  // x·(A·(K·Bᵀ))
	wholeInput                   // x·((A·K)·Bᵀ)
)

// bankCost are the operations of a banked map: read is x·A, which maps with the same input share; tokens is what else is done for
// the tokens, weights what is done once whatever their number.
type bankCost struct{ read, tokens, weights int }

// cost counts an order's operations for a number of tokens.
func (m bankedMap) cost(order bankOrder, tokens int) bankCost {
	a, b := m.in.slices*m.in.rank, m.out.slices*m.out.rank // rows and columns of the core
	in, out := m.in.features, m.out.features
	readIn, writeOut := in*m.in.rank, out*m.out.rank
	if m.core == DiagonalCore {
		scales := max(a, b) // a multiplication for each entry of the diagonals
		if order == chainOrder {
			return bankCost{read: tokens * readIn, tokens: tokens * (scales + writeOut)}
		}
		return bankCost{tokens: tokens * in * out, weights: m.single()*scales + in*out*m.in.rank}
	}
	var cost bankCost
	if m.core == MixedCore {
		cost.weights = m.cores * a * b
	}
	switch order {
	case chainOrder:
		cost.read = tokens * readIn
		cost.tokens = tokens * (a*b + writeOut)
	case inputFirst:
		cost.weights += b * readIn
		cost.tokens = tokens * (in*b + writeOut)
	case outputFirst:
		cost.weights += a * writeOut
		cost.read = tokens * readIn
		cost.tokens = tokens * a * out
	case wholeOutput:
		cost.weights += a*writeOut + out*readIn
		cost.tokens = tokens * in * out
	case wholeInput:
		cost.weights += b*readIn + in*writeOut
		cost.tokens = tokens * in * out
	}
	return cost
}

// order is the cheapest order for a number of tokens, the first one of equals; a shared x·A counts in parts.
func (m bankedMap) order(tokens int) bankOrder {
	best, least := chainOrder, 0
	for order := chainOrder; order <= wholeInput; order++ {
		if m.core == DiagonalCore && order != chainOrder && order != m.whole() {
			continue
		}
		cost := m.cost(order, tokens)
		if total := cost.read/m.sharers + cost.tokens + cost.weights; order == chainOrder || total < least {
			best, least = order, total
		}
	}
	return best
}

// whole is the order in which diagonal cores and factors become one matrix: from the side that is one slice.
func (m bankedMap) whole() bankOrder {
	if m.in.slices == 1 {
		return wholeInput
	}
	return wholeOutput
}

// single is the number of features of the side that is one slice; of two such sides, of the input.
func (m bankedMap) single() int {
	if m.in.slices == 1 {
		return m.in.features
	}
	return m.out.features
}
