package movement

import (
	"fmt"
	"slices"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
)

// RemoveEmpty takes out the heads and neurons that no longer do anything but add a constant, so that the matrices become
// smaller, and computes what the given model computes:
//
//   - a neuron whose column of W_out is zero, or a head whose columns of the attention output are zero: nothing reads it;
//   - a neuron whose row of W_in is zero: it is act(b_i), and act(b_i)·W_out[:, i] goes to the bias of W_out;
//   - a head whose rows of the value map are zero: attention averages the same vector b_v, and W_o·b_v goes to the bias.
//
// A head with zero queries or keys stays: it attends to all positions alike. Maps that are factored or tied are left alone.
func RemoveEmpty(m *gbert.Model) (*gbert.Model, error) {
	act, ok := activations[m.Config.HiddenAct]
	if !ok {
		return nil, fmt.Errorf("movement: the activation %q is not known", m.Config.HiddenAct)
	}
	folded := m.Clone()
	emptyHeads, emptyNeurons := map[int][]int{}, map[int][]int{}
	for layer, shape := range m.Config.Layers {
		if n := len(shape.Heads); n > 0 && ownDense(m.Config, layer, gbert.Query, gbert.Key, gbert.Value, gbert.AttentionOutput) {
			empty, err := fold(folded, layer, gbert.Value, gbert.AttentionOutput, n, func(x float64) float64 { return x })
			if err != nil {
				return nil, err
			}
			for _, place := range empty {
				emptyHeads[layer] = append(emptyHeads[layer], shape.Heads[place])
			}
		}
		if n := shape.IntermediateSize; n > 0 && ownDense(m.Config, layer, gbert.FFNIn, gbert.FFNOut) {
			empty, err := fold(folded, layer, gbert.FFNIn, gbert.FFNOut, n, act)
			if err != nil {
				return nil, err
			}
			if len(empty) > 0 {
				emptyNeurons[layer] = empty
			}
		}
	}
	var err error
	if len(emptyHeads) > 0 {
		if folded, err = surgery.RemoveHeads(folded, emptyHeads); err != nil {
			return nil, fmt.Errorf("movement: %w", err)
		}
	}
	if len(emptyNeurons) > 0 {
		return surgery.RemoveNeurons(folded, emptyNeurons)
	}
	return folded, nil
}

// CheckCarried reports tensors of the model's file for which [RemoveEmpty] would fail, so that nobody finds out after a training:
// those that belong to the maps of a layer, with which nothing is computed and which cannot be made smaller with them.
func CheckCarried(m *gbert.Model) error {
	if inside := m.CarriedInside(); len(inside) > 0 {
		return fmt.Errorf("movement: the model's file holds tensors that belong to its layers and that bertlab does not compute with (%s): they cannot be kept where heads and neurons are taken out; take them out of the file or leave the shape as it is", strings.Join(inside, ", "))
	}
	return nil
}

// ownDense reports whether maps of a layer are dense and no other layer reads them.
func ownDense(c *gbert.Config, layer int, roles ...gbert.Role) bool {
	for _, role := range roles {
		if !c.Layers[layer].Form(role).IsDense() {
			return false
		}
		for other := range c.Layers {
			if other != layer && c.Holder(other, role) == layer {
				return false
			}
		}
	}
	return true
}

// fold finds the units (of equal size) between two maps that add a constant at most, and adds it to the bias of the second.
func fold(m *gbert.Model, layer int, first, second gbert.Role, units int, act func(float64) float64) ([]int, error) {
	made, biases, err := m.DenseMap(layer, first)
	if err != nil {
		return nil, fmt.Errorf("movement: %w", err)
	}
	read, bias, err := m.DenseMap(layer, second)
	if err != nil {
		return nil, fmt.Errorf("movement: %w", err)
	}
	width := len(biases) // of all units
	size, in, out := width/units, len(made)/width, len(read)/width
	sum := make([]float64, out)
	var empty []int
	for unit := range units {
		from, to := unit*size, (unit+1)*size
		unread := true
		for row := range out {
			unread = unread && allZero(read[row*width+from:row*width+to])
		}
		if !unread && !allZero(made[from*in:to*in]) {
			continue
		}
		empty = append(empty, unit)
		for row := range out {
			for i := from; i < to; i++ {
				if w := read[row*width+i]; w != 0 {
					sum[row] += act(float64(biases[i])) * float64(w)
				}
			}
		}
	}
	if !slices.ContainsFunc(sum, func(x float64) bool { return x != 0 }) {
		return empty, nil
	}
	shifted := make([]float32, out)
	for row := range shifted {
		shifted[row] = float32(float64(bias[row]) + sum[row])
	}
	if err := m.SetWeight(gbert.BiasName(layer, second), []int{out}, shifted); err != nil {
		return nil, fmt.Errorf("movement: %w", err)
	}
	return empty, nil
}

func allZero(values []float32) bool {
	return !slices.ContainsFunc(values, func(x float32) bool { return x != 0 })
}
