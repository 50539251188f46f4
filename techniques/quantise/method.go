package quantise

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// constantPrefix sets the stored ranges apart from the constants of other methods.
const constantPrefix = "quantise/"

// Training is quantisation-aware training: every step computes with weights and inputs as [Quantise] would round them, and updates the
// weights in float32. Stored ranges stay as they are. The trained model has the rounded weights, as float32: Quantise stores them as codes
// without a further loss.
func Training(m *gbert.Model, o Options) (*finetune.Method, error) {
	if err := o.check(m); err != nil {
		return nil, err
	}
	rounded := map[string]bool{}
	var constants []finetune.MethodConstant
	sum := sha256.New()
	for _, each := range Maps(m.Config) {
		if slices.Contains(o.Keep, each) {
			continue
		}
		for _, name := range matrices(m.Config, each) {
			rounded[name] = true
			if o.Inputs != gbert.StaticInputs || each.Role == Words {
				continue
			}
			scale, zero := gbert.UnsignedScale(o.Ranges[name].Low, o.Ranges[name].High)
			fmt.Fprintln(sum, name, scale, zero)
			constants = append(constants,
				finetune.MethodConstant{Name: constantPrefix + name + "/scale", Values: []float32{scale}},
				finetune.MethodConstant{Name: constantPrefix + name + "/zero", Values: []float32{float32(zero)}})
		}
	}
	if len(rounded) == 0 {
		return nil, fmt.Errorf("quantise: no map is left to quantise: all of them stay in float32")
	}
	arguments := o.arguments()
	if len(constants) > 0 {
		arguments["ranges"] = hex.EncodeToString(sum.Sum(nil)[:8])
	}
	return &finetune.Method{
		Name: "quantise", Arguments: arguments, Constants: constants,
		Weight: func(_ *finetune.StepGraph, name string, w *Node) *Node {
			if !rounded[name] {
				return w
			}
			return RoundRows(w)
		},
		Input: func(s *finetune.StepGraph, weight string, x *Node) *Node {
			if !rounded[weight] || o.Inputs == gbert.FloatInputs {
				return x
			}
			q := gbert.InputQuantizer{Inputs: o.Inputs}
			if o.Inputs == gbert.StaticInputs {
				q.Scale, q.Zero = s.Constant(constantPrefix+weight+"/scale"), s.Constant(constantPrefix+weight+"/zero")
			}
			return roundInput(q, x)
		},
	}, nil
}
