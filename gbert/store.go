package gbert

import (
	"fmt"
	"maps"
	"strings"

	"bertlab/gbert/safetensors"
)

// Store stores a layer's linear map in another form: values are those of its weights without the bias, in the order of
// [Config.MapWeights]. The bias stays. Use it on a [Model.Clone].
func (m *Model) Store(layer int, role Role, form Form, values ...[]float32) error {
	m.dropMap(layer, role, false)
	m.Config.Layers[layer].setForm(role, form)
	specs := m.Config.MapWeights(layer, role)
	return m.setAll(specs[:max(len(specs)-1, 0)], values)
}

// setAll sets the values of weights.
func (m *Model) setAll(specs []WeightSpec, values [][]float32) error {
	if len(values) != len(specs) {
		return fmt.Errorf("gbert: values of %d weights are given; the form has %d", len(values), len(specs))
	}
	for i, spec := range specs {
		if err := m.SetWeight(spec.Name, spec.Shape, values[i]); err != nil {
			return err
		}
	}
	return nil
}

// Share makes a linear map or a LayerNorm of a layer that of another layer, which holds it. Use it on a [Model.Clone].
func (m *Model) Share(layer int, role Role, holder int) {
	m.dropMap(layer, role, true)
	m.Config.Layers[layer].setForm(role, Tied(holder))
}

// CopyMap stores in a layer, as its own, the linear map or LayerNorm that a layer has in another model of the same shape, which may be
// the one that this is a [Model.Clone] of.
func (m *Model) CopyMap(layer int, role Role, from *Model, source int) {
	holder := from.Config.Holder(source, role)
	m.dropMap(layer, role, true)
	m.Config.Layers[layer].setForm(role, from.Config.Layers[holder].Form(role))
	for _, spec := range from.Config.partWeights(holder, role) {
		tensor, ok := from.weights[spec.Name]
		if !ok {
			continue
		}
		tensor.Name = LayerPrefix(layer) + strings.TrimPrefix(spec.Name, LayerPrefix(holder))
		m.weights[tensor.Name] = tensor
	}
}

// HandOver makes a layer hold a linear map or a LayerNorm that is another layer's, with the carried tensors that belong to it. The
// other layer, which loses it, is to be dropped or tied. Use it on a [Model.Clone].
func (m *Model) HandOver(holder, heir int, role Role) {
	for _, spec := range m.Config.partWeights(holder, role) {
		m.RenameWeight(spec.Name, LayerPrefix(heir)+strings.TrimPrefix(spec.Name, LayerPrefix(holder)))
	}
	m.Config.Layers[heir].setForm(role, m.Config.Layers[holder].Form(role))
	from, to := modulePath(holder, role)+".", modulePath(heir, role)+"."
	for name, carried := range maps.Clone(m.carried) {
		rest, ok := strings.CutPrefix(name, from)
		if _, taken := m.carried[to+rest]; !ok || taken {
			continue
		}
		m.carried[to+rest] = carried
		delete(m.carried, name)
	}
}

// dropMap takes the weights of a map or LayerNorm, or all but the bias, out of the layer that stores them.
func (m *Model) dropMap(layer int, role Role, bias bool) {
	for _, spec := range m.Config.partWeights(layer, role) {
		if bias || spec.Name != BiasName(layer, role) {
			m.DeleteWeight(spec.Name)
		}
	}
}

// partWeights are the weights that a layer itself stores of a linear map or LayerNorm.
func (c *Config) partWeights(layer int, role Role) []WeightSpec {
	if isNorm(role) {
		return normParameters(c, layer, role)
	}
	return c.MapWeights(layer, role)
}

// KeepRows cuts a linear map W [out, in] that the layer itself stores, and its bias, to some rows, by their present numbers in
// ascending order. Of a map without rows nothing is left. The configuration is not changed but for the form of a map of which nothing
// is left. Use it on a [Model.Clone].
func (m *Model) KeepRows(layer int, role Role, rows []int) error {
	of := linearMap{m.Config, layer, role}
	switch {
	case m.Config.Holder(layer, role) != layer || of.empty():
		return nil
	case len(rows) == 0:
		m.dropMap(layer, role, true)
		m.Config.Layers[layer].setForm(role, Form{})
		return nil
	}
	if err := of.form().keepRows(m, of, rows); err != nil {
		return err
	}
	return m.keepRows(BiasName(layer, role), rows)
}

// KeepColumns is [Model.KeepRows] for columns. Of a map without columns its bias is left.
func (m *Model) KeepColumns(layer int, role Role, columns []int) error {
	of := linearMap{m.Config, layer, role}
	switch {
	case m.Config.Holder(layer, role) != layer || of.empty():
		return nil
	case len(columns) == 0:
		m.dropMap(layer, role, false)
		m.Config.Layers[layer].setForm(role, Form{})
		return nil
	}
	return of.form().keepColumns(m, of, columns)
}

// ChoosesNeurons says whether a map of a layer's feed-forward network is stored whole, so that the kept neurons are remembered by their
// places ([LayerShape.Neurons]).
func (c *Config) ChoosesNeurons(layer int) bool {
	return c.HeldForm(layer, FFNIn).form().staysWhole() || c.HeldForm(layer, FFNOut).form().staysWhole()
}

// keepRows keeps rows of a weight [rows, …], ascending.
func (m *Model) keepRows(name string, rows []int) error {
	tensor := m.weights[name]
	width := 1
	for _, size := range tensor.Shape[min(1, len(tensor.Shape)):] {
		width *= size
	}
	return m.keepRuns(name, append([]int{len(rows)}, tensor.Shape[min(1, len(tensor.Shape)):]...), runs(rows, 0, width))
}

// keepColumns keeps columns of a weight [rows, columns], ascending.
func (m *Model) keepColumns(name string, columns []int) error {
	shape := m.weights[name].Shape
	if len(shape) != 2 {
		return fmt.Errorf("gbert: %s of shape %v has no columns", name, shape)
	}
	var kept [][2]int
	for row := range shape[0] {
		kept = append(kept, runs(columns, row*shape[1], 1)...)
	}
	return m.keepRuns(name, []int{shape[0], len(columns)}, kept)
}

// runs are the elements, from one to before another, of parts of equal width that begin behind an offset; neighbours are one run.
func runs(parts []int, offset, width int) [][2]int {
	var all [][2]int
	for _, part := range parts {
		from := offset + part*width
		if last := len(all) - 1; last >= 0 && all[last][1] == from {
			all[last][1] += width
			continue
		}
		all = append(all, [2]int{from, from + width})
	}
	return all
}

// keepRuns keeps runs of a weight's elements, in the data type that it has.
func (m *Model) keepRuns(name string, shape []int, kept [][2]int) error {
	tensor, ok := m.weights[name]
	if !ok {
		return fmt.Errorf("gbert: the model has no weight %q", name)
	}
	cut, err := cutRuns(tensor, shape, kept)
	if err != nil {
		return fmt.Errorf("gbert: %s: %w", name, err)
	}
	cut.Name = name
	m.weights[name] = cut
	return nil
}

// cutRuns is a tensor of runs of another's elements.
func cutRuns(tensor safetensors.Tensor, shape []int, kept [][2]int) (safetensors.Tensor, error) {
	size := tensor.DType.Size()
	data := make([]byte, 0, size*WeightSpec{Shape: shape}.Size())
	err := tensor.Guard(func() error {
		for _, run := range kept {
			data = append(data, tensor.Data[run[0]*size:run[1]*size]...)
		}
		return nil
	})
	return safetensors.Tensor{Name: tensor.Name, DType: tensor.DType, Shape: shape, Data: data}, err
}
