package gbert

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
)

// factoredForm is a product W = U·V, U [out, rank], V [rank, in].
type factoredForm struct {
	ownForm
	Rank int `json:"rank,omitempty"`
}

// Factored is the form W = U·V with U [out, rank] and V [rank, in], stored in this order.
func Factored(rank int) Form { return Form{factoredForm{Rank: rank}} }

// FactorNames are the names of U [out, rank] and V [rank, in] of a factored map W = U·V.
func FactorNames(layer int, role Role) (u, v string) {
	path := modulePath(layer, role)
	return path + ".weight_u", path + ".weight_v"
}

func (factoredForm) kind() FormKind             { return "factored" }
func (f factoredForm) String() string           { return fmt.Sprintf("factored of rank %d", f.Rank) }
func (f factoredForm) size() (rank, slices int) { return f.Rank, 0 }

func (f factoredForm) check(of linearMap) error {
	if f.Rank < 1 || f.Rank > maxDimension {
		return fmt.Errorf("has rank %d; it must be at least 1", f.Rank)
	}
	if of.empty() {
		return fmt.Errorf("is factored, but the map is empty")
	}
	return nil
}

func (f factoredForm) weights(of linearMap) []WeightSpec {
	out, in := of.dims()
	u, v := FactorNames(of.layer, of.role)
	return []WeightSpec{normal(u, out, f.Rank), normal(v, f.Rank, in)}
}

func (factoredForm) apply(f *Forward, of linearMap, x, bias *Node) *Node {
	u, v := FactorNames(of.layer, of.role)
	return f.multiply(f.multiply(x, v, nil), u, bias)
}

func (f factoredForm) macs(of linearMap, tokens int, _ passMACs) int {
	out, in := of.dims()
	return tokens * f.Rank * (out + in)
}

func (f factoredForm) matrix(m *Model, of linearMap) ([]float32, error) {
	out, in := of.dims()
	left, right := FactorNames(of.layer, of.role)
	return m.product(left, right, out, f.Rank, in)
}

func (factoredForm) keepRows(m *Model, of linearMap, rows []int) error {
	u, _ := FactorNames(of.layer, of.role)
	return m.keepRows(u, rows)
}

func (factoredForm) keepColumns(m *Model, of linearMap, columns []int) error {
	_, v := FactorNames(of.layer, of.role)
	return m.keepColumns(v, columns)
}

func (factoredForm) port(p *portable, of linearMap, node string, x *onnx.Value) *onnx.Value {
	u, v := FactorNames(of.layer, of.role)
	return p.product(node+"/u", p.product(node+"/v", x, v), u)
}
