package gbert

import (
	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
)

// denseForm is the matrix W itself.
type denseForm struct{ ownForm }

func (denseForm) kind() FormKind        { return "dense" }
func (denseForm) String() string        { return "dense" }
func (denseForm) storesNorms() bool     { return true }
func (denseForm) check(linearMap) error { return nil }

func (denseForm) weights(of linearMap) []WeightSpec {
	out, in := of.dims()
	return []WeightSpec{normal(WeightName(of.layer, of.role), out, in)}
}

func (denseForm) apply(f *Forward, of linearMap, x, bias *Node) *Node {
	return f.multiply(x, WeightName(of.layer, of.role), bias)
}

func (denseForm) macs(of linearMap, tokens int, _ passMACs) int {
	out, in := of.dims()
	return tokens * out * in
}

func (denseForm) matrix(m *Model, of linearMap) ([]float32, error) {
	weight, _, err := m.Weight(WeightName(of.layer, of.role))
	return weight, err
}

func (denseForm) keepRows(m *Model, of linearMap, rows []int) error {
	return m.keepRows(WeightName(of.layer, of.role), rows)
}

func (denseForm) keepColumns(m *Model, of linearMap, columns []int) error {
	return m.keepColumns(WeightName(of.layer, of.role), columns)
}

func (denseForm) port(p *portable, of linearMap, node string, x *onnx.Value) *onnx.Value {
	return p.product(node, x, WeightName(of.layer, of.role))
}
