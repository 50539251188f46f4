package tucker

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
)

// PassMaps is a pass of x, [tokens, in], through the maps of a role of all layers, one after the other on the same input, to be timed. It
// ends when all products are there; the first one compiles.
func PassMaps(session *gbert.Session, role gbert.Role) (func(x *tensors.Tensor) error, error) {
	layers := session.Model().Config.NumHiddenLayers
	program, err := gbert.NewProgram[*tensors.Tensor](session, "tucker."+string(role), func(begin func(gbert.Taps) *gbert.Forward, x *Node) []*Node {
		forward := begin(gbert.Taps{})
		corner := ScalarZero(x.Graph(), x.DType()) // what is read back, to wait for the rest
		results := []*Node{corner}
		for layer := range layers {
			y := forward.Linear(layer, role, x)
			corner = Add(corner, Reshape(Slice(y, AxisElem(0), AxisElem(0))))
			results = append(results, y)
		}
		results[0] = corner
		return results
	})
	if err != nil {
		return nil, err
	}
	return func(x *tensors.Tensor) error {
		results, err := program.Run(x)
		if err != nil {
			return err
		}
		defer results.Close()
		_, err = results.Values(0)
		return err
	}, nil
}
