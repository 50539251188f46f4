package gbert

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// bankedMatrix is a banked map as a matrix [out, in].
func (m *Model) bankedMatrix(layer int, role Role) ([]float32, error) {
	c := m.Config
	bank, shape := c.Bank, c.Layers[layer]
	d, left, right := c.HiddenSize, bank.LeftRank, bank.RightRank
	u, _, err := m.Weight(BankLeft)
	if err != nil {
		return nil, err
	}
	v, _, err := m.Weight(BankRight)
	if err != nil {
		return nil, err
	}
	own, dims, err := m.Weight(SlicesName(layer, role))
	if err != nil {
		return nil, err
	}
	cores := own
	switch bank.Core {
	case MixedCore:
		basis, _, err := m.Weight(BankCores)
		if err != nil {
			return nil, err
		}
		cores = multiply(own, basis, dims[0], bank.Cores, left*right)
	case DiagonalCore:
		cores = make([]float32, dims[0]*left*left)
		for slice := range dims[0] {
			for i := range left {
				cores[(slice*left+i)*left+i] = own[slice*left+i]
			}
		}
	}
	out, in := c.linearDims(layer, role)
	weight := make([]float32, out*in)
	for slice := range dims[0] {
		// [D, D]: [in, out] of every map but FFNIn, whose slices are [out, in].
		matrix := timesTransposed(multiply(u, cores[slice*left*right:(slice+1)*left*right], d, left, right), v, d, right, d)
		for r := range out {
			for k := range in {
				switch role {
				case FFNIn:
					if neuron := shape.neuron(r); neuron/d == slice {
						weight[r*in+k] = matrix[neuron%d*d+k]
					}
				case FFNOut:
					if neuron := shape.neuron(k); neuron/d == slice {
						weight[r*in+k] = matrix[neuron%d*d+r]
					}
				case AttentionOutput:
					weight[r*in+k] = matrix[c.headPlace(shape, k)*d+r]
				default:
					weight[r*in+k] = matrix[k*d+c.headPlace(shape, r)]
				}
			}
		}
	}
	return weight, nil
}

// headPlace is the place of the i-th feature of a layer's kept heads among those of all heads.
func (c *Config) headPlace(shape LayerShape, i int) int {
	size := c.HeadSize()
	return shape.Heads[i/size]*size + i%size
}

// timesTransposed is a·bᵀ for a [rows, inner] and b [columns, inner].
func timesTransposed(a, b []float32, rows, inner, columns int) []float32 {
	product := blas32.General{Rows: rows, Cols: columns, Stride: columns, Data: make([]float32, rows*columns)}
	blas32.Gemm(blas.NoTrans, blas.Trans, 1,
		blas32.General{Rows: rows, Cols: inner, Stride: inner, Data: a},
		blas32.General{Rows: columns, Cols: inner, Stride: inner, Data: b}, 0, product)
	return product.Data
}
