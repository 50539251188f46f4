package quantise

import (
	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert"
)

// RoundRows rounds a matrix to what [gbert.QuantizeRows] makes of it, in float32: scale·code, a scale for each row. The gradient is that
// of the identity.
func RoundRows(w *Node) *Node {
	codes, scale := gbert.InputQuantizer{Inputs: gbert.RowInputs}.Codes(w)
	return Mul(codes, scale)
}

// roundInput rounds what enters a map.
func roundInput(q gbert.InputQuantizer, x *Node) *Node {
	codes, scale := q.Codes(x)
	return Mul(codes, scale)
}
