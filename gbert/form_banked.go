package gbert

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
)

// bankedForm is slices of the model's [Bank]: bank.go says what a bank is, bank_order.go in which order a map is multiplied.
type bankedForm struct {
	ownForm
	// Slices is the number of the map's slices.
	Slices int `json:"slices,omitempty"`
}

// Banked is the form of a map that consists of slices of the model's [Bank].
func Banked(slices int) Form { return Form{bankedForm{Slices: slices}} }

// SlicesName is the name of what a banked map's slices have of their own: P [slices, R], or cores [slices, left rank, right rank],
// or diagonals [slices, rank].
func SlicesName(layer int, role Role) string { return modulePath(layer, role) + ".weight_slices" }

// maxSlices bounds the slices of one map; BERT has 4.
const maxSlices = 1 << 12

// UsesBank reports whether a map of the model is banked.
func (c *Config) UsesBank() bool {
	for _, shape := range c.Layers {
		if shape.uses(bankedForm{}.kind()) {
			return true
		}
	}
	return false
}

func (f Form) isBanked() bool {
	_, ok := f.stored.(bankedForm)
	return ok
}

func (bankedForm) kind() FormKind             { return "banked" }
func (b bankedForm) String() string           { return fmt.Sprintf("banked in %d slices", b.Slices) }
func (b bankedForm) size() (rank, slices int) { return 0, b.Slices }
func (bankedForm) staysWhole() bool           { return true }

// check reports a map that the bank cannot hold.
func (b bankedForm) check(of linearMap) error {
	c := of.config
	if c.Bank == (Bank{}) {
		return fmt.Errorf("is banked, but there is no bertlab.bank")
	}
	shape, most := c.Layers[of.layer], 1
	feedForward := of.role == FFNIn || of.role == FFNOut
	if feedForward {
		most = maxSlices
	}
	if b.Slices < 1 || b.Slices > most {
		return fmt.Errorf("has %d slices; it must be between 1 and %d", b.Slices, most)
	}
	if of.empty() {
		return fmt.Errorf("is banked, but the map is empty")
	}
	if last := shape.neuron(shape.IntermediateSize - 1); feedForward && last >= b.Slices*c.HiddenSize {
		return fmt.Errorf("has %d slices of %d neurons, but the layer has neuron %d", b.Slices, c.HiddenSize, last)
	}
	return nil
}

func (b bankedForm) weights(of linearMap) []WeightSpec {
	return []WeightSpec{normal(SlicesName(of.layer, of.role), of.config.Bank.shape(b.Slices)...)}
}

func (bankedForm) shared(c *Config) []WeightSpec {
	bank := c.Bank
	weights := []WeightSpec{normal(BankLeft, c.HiddenSize, bank.LeftRank), normal(BankRight, c.HiddenSize, bank.RightRank)}
	if bank.Core == MixedCore {
		weights = append(weights, normal(BankCores, bank.Cores, bank.LeftRank, bank.RightRank))
	}
	return weights
}

func (bankedForm) checkShared(c *Config) error {
	if c.Bank == (Bank{}) {
		return nil // said of the map
	}
	return c.Bank.validate(c.HiddenSize)
}

func (bankedForm) apply(f *Forward, of linearMap, x, bias *Node) *Node {
	y := f.banked(of.layer, of.role, x)
	return Add(y, ExpandLeftToRank(bias, y.Rank()))
}

func (bankedForm) macs(of linearMap, tokens int, pass passMACs) int {
	m := of.config.bankedMap(of.layer, of.role)
	cost := m.cost(m.order(tokens), tokens)
	*pass.once += cost.weights
	if cost.read > 0 && pass.read != nil {
		if pass.read[tokens] {
			cost.read = 0
		}
		pass.read[tokens] = true
	}
	return cost.read + cost.tokens
}

func (bankedForm) matrix(m *Model, of linearMap) ([]float32, error) {
	return m.bankedMatrix(of.layer, of.role)
}

// A slice stays whole: it chooses rows and columns of the shared factors by the kept heads and neurons.
func (bankedForm) keepRows(*Model, linearMap, []int) error    { return nil }
func (bankedForm) keepColumns(*Model, linearMap, []int) error { return nil }

func (bankedForm) port(p *portable, of linearMap, node string, x *onnx.Value) *onnx.Value {
	return p.portBanked(of, node, x)
}
