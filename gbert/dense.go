package gbert

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// Dense returns a plain Hugging Face BERT that computes the same function: zeros where heads and neurons were removed,
// products in place of factors, copies in place of ties. Its configuration has no "bertlab" key, so any program that reads a
// BERT reads it. Layers that were dropped stay dropped.
//
// A model with [Projected] embeddings, an ALBERT, becomes a plain ALBERT with a group for each layer: a BERT has no map between
// its embeddings' LayerNorm and its first layer, so none computes the same.
func (m *Model) Dense() (*Model, error) {
	plain := m.Clone()
	plain.Config.Layers, plain.Config.Bank = plainLayers(plain.Config), Bank{}
	plain.Config.History = nil
	if err := m.denseEmbeddings(plain); err != nil {
		return nil, err
	}
	for layer := range m.Config.Layers {
		if err := m.denseNorms(plain, layer); err != nil {
			return nil, err
		}
		for _, role := range LayerRoles {
			if err := m.denseMap(plain, layer, role); err != nil {
				return nil, err
			}
		}
	}
	if err := plain.Check(); err != nil {
		return nil, fmt.Errorf("gbert: %w", err)
	}
	wanted := map[string]bool{}
	for _, spec := range plain.Weights() {
		wanted[spec.Name] = true
	}
	for name := range plain.weights {
		if !wanted[name] {
			delete(plain.weights, name)
		}
	}
	return plain, nil
}

// denseNorms writes a layer's LayerNorms into plain.
func (m *Model) denseNorms(plain *Model, layer int) error {
	for _, role := range []Role{AttentionNorm, OutputNorm} {
		holder := m.Config.Holder(layer, role)
		if holder == layer {
			continue
		}
		for _, name := range []func(int, Role) string{WeightName, BiasName} {
			values, shape, err := m.Weight(name(holder, role))
			if err != nil {
				return err
			}
			if err := plain.SetWeight(name(layer, role), shape, values); err != nil {
				return err
			}
		}
	}
	return nil
}

// denseMap writes the full matrix and bias of a layer's map into plain.
func (m *Model) denseMap(plain *Model, layer int, role Role) error {
	weight, bias, err := m.DenseMap(layer, role)
	if err != nil {
		return err
	}
	out, in := plain.Config.linearDims(layer, role)
	keptOut, keptIn := m.Config.linearDims(layer, role)
	outPlace, inPlace := m.places(layer, role)
	fullWeight, fullBias := weight, bias
	if keptOut != out || keptIn != in {
		fullWeight, fullBias = make([]float32, out*in), make([]float32, out)
		for r := range keptOut {
			fullBias[outPlace(r)] = bias[r]
			for c := range keptIn {
				fullWeight[outPlace(r)*in+inPlace(c)] = weight[r*keptIn+c]
			}
		}
	}
	if err := plain.SetWeight(WeightName(layer, role), []int{out, in}, fullWeight); err != nil {
		return err
	}
	return plain.SetWeight(BiasName(layer, role), []int{out}, fullBias)
}

// places say where a kept row and column of a map stand in the uncompressed one: those of removed heads leave gaps, a narrowed
// feed-forward network fills from the left.
func (m *Model) places(layer int, role Role) (out, in func(int) int) {
	same := func(i int) int { return i }
	size, kept := m.Config.HeadSize(), m.Config.Layers[layer].Heads
	heads := func(i int) int { return kept[i/size]*size + i%size }
	switch role {
	case Query, Key, Value:
		return heads, same
	case AttentionOutput:
		return same, heads
	}
	return same, same
}

// DenseMap is the linear map of a layer and role as a matrix [out, in], row-major, and its bias [out], whatever form it is stored
// in. The slices must not be changed.
func (m *Model) DenseMap(layer int, role Role) (weight, bias []float32, err error) {
	of := m.Config.heldMap(layer, role)
	out, in := of.dims()
	if out == 0 {
		return nil, nil, nil
	}
	if bias, _, err = m.Weight(BiasName(of.layer, role)); err != nil || in == 0 {
		return nil, bias, err
	}
	weight, err = of.form().matrix(m, of)
	return weight, bias, err
}

// product is U·V of two weights, U [rows, inner] and V [inner, columns].
func (m *Model) product(left, right string, rows, inner, columns int) ([]float32, error) {
	u, _, err := m.Weight(left)
	if err != nil {
		return nil, err
	}
	v, _, err := m.Weight(right)
	if err != nil {
		return nil, err
	}
	return multiply(u, v, rows, inner, columns), nil
}

// multiply is the matrix product of u [rows, inner] and v [inner, columns].
func multiply(u, v []float32, rows, inner, columns int) []float32 {
	product := blas32.General{Rows: rows, Cols: columns, Stride: columns, Data: make([]float32, rows*columns)}
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1,
		blas32.General{Rows: rows, Cols: inner, Stride: inner, Data: u},
		blas32.General{Rows: inner, Cols: columns, Stride: columns, Data: v}, 0, product)
	return product.Data
}
