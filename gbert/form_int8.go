package gbert

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
	"bertlab/gbert/safetensors"
)

// int8Form is a map in eight-bit integers: W = diag(s)·Q with symmetric codes Q and a scale for each row; or a product of two
// such matrices.
type int8Form struct {
	ownForm
	Inputs InputNumbers `json:"inputs,omitempty"`
	// Rank is that of the product U·V; 0 for one matrix.
	Rank int `json:"rank,omitempty"`
}

// Int8 is the form of a matrix W [out, in] in symmetric codes from −127 to 127: Q [out, in], a scale for each row [out], and for
// [StaticInputs] the scale and the zero point of the inputs, stored in this order. Neither is trained. With a rank above 0 it is the
// form of W = U·V, U [out, rank] and V [rank, in], with all this for U and then for V.
func Int8(inputs InputNumbers, rank int) Form {
	return Form{int8Form{Inputs: inputs, Rank: rank}}
}

// Int8Of says whether a form is [Int8], and with which numbers.
func Int8Of(form Form) (inputs InputNumbers, rank int, ok bool) {
	stored, ok := form.stored.(int8Form)
	return stored.Inputs, stored.Rank, ok
}

// int8Matrix is a matrix [out, in] in codes; name is what it is called as a matrix of float32.
type int8Matrix struct {
	name    string
	out, in int
}

func (q int8Matrix) codes() string  { return q.name + "_int8" }
func (q int8Matrix) scales() string { return q.name + "_scale" }
func (q int8Matrix) scale() string  { return q.name + "_input_scale" }
func (q int8Matrix) zero() string   { return q.name + "_input_zero" }

// int8Weights are the codes of a matrix or table, and a scale for each row.
func (q int8Matrix) weights() []WeightSpec {
	codes, scales := normal(q.codes(), q.out, q.in), normal(q.scales(), q.out)
	codes.DType, scales.DType = safetensors.I8, safetensors.F32
	return []WeightSpec{codes, scales}
}

// matrix is the matrix in float32.
func (q int8Matrix) matrix(m *Model) ([]float32, error) {
	values, _, err := m.Weight(q.codes())
	if err != nil {
		return nil, err
	}
	scales, _, err := m.Weight(q.scales())
	if err != nil {
		return nil, err
	}
	matrix := make([]float32, len(values))
	for i, code := range values {
		matrix[i] = code * scales[i/q.in]
	}
	return matrix, nil
}

// check reports scales that are no scales, and codes that are none.
func (q int8Matrix) check(m *Model, static bool) error {
	names := []string{q.scales()}
	if static {
		names = append(names, q.scale())
	}
	for _, name := range names {
		values, _, err := m.Weight(name)
		if err != nil {
			return err
		}
		for i, v := range values {
			if !(v > 0) || v-v != 0 {
				return fmt.Errorf("%s has the scale %g at %d; a scale is a finite number above 0", name, v, i)
			}
		}
	}
	return nil
}

// matrices are what is stored: W, or U and V, of which V is multiplied first.
func (f int8Form) matrices(of linearMap) []int8Matrix {
	out, in := of.dims()
	if f.Rank == 0 {
		return []int8Matrix{{WeightName(of.layer, of.role), out, in}}
	}
	u, v := FactorNames(of.layer, of.role)
	return []int8Matrix{{u, out, f.Rank}, {v, f.Rank, in}}
}

func (int8Form) kind() FormKind             { return "int8" }
func (f int8Form) size() (rank, slices int) { return f.Rank, 0 }

func (f int8Form) String() string {
	text := "int8"
	if f.Inputs != FloatInputs {
		text += ", " + string(f.Inputs) + " inputs"
	}
	if f.Rank > 0 {
		text += fmt.Sprintf(", factored of rank %d", f.Rank)
	}
	return text
}

func (f int8Form) check(of linearMap) error {
	if err := f.Inputs.check(); err != nil {
		return err
	}
	if f.Rank < 0 || f.Rank > maxDimension {
		return fmt.Errorf("has rank %d; it must be at least 1, or left out", f.Rank)
	}
	if of.empty() {
		return fmt.Errorf("is int8, but the map is empty")
	}
	return nil
}

func (f int8Form) checkValues(m *Model, of linearMap) error {
	for _, q := range f.matrices(of) {
		if err := q.check(m, f.Inputs == StaticInputs); err != nil {
			return err
		}
	}
	return nil
}

func (f int8Form) weights(of linearMap) []WeightSpec {
	var all []WeightSpec
	for _, q := range f.matrices(of) {
		all = append(all, q.weights()...)
		if f.Inputs == StaticInputs {
			all = append(all, WeightSpec{Name: q.scale(), Shape: []int{}, DType: safetensors.F32}, WeightSpec{Name: q.zero(), Shape: []int{}, DType: safetensors.U8})
		}
	}
	return all
}

// apply multiplies whole numbers in float32, which holds sums below 2²⁴ exactly, and scales the sums.
func (f int8Form) apply(fw *Forward, of linearMap, x, bias *Node) *Node {
	parts := f.matrices(of)
	for i := len(parts) - 1; i >= 0; i-- {
		x = f.multiply(fw, parts[i], x)
	}
	return Add(x, ExpandLeftToRank(bias, x.Rank()))
}

func (f int8Form) multiply(fw *Forward, q int8Matrix, x *Node) *Node {
	codes, scales := fw.Weight(q.codes()), ExpandLeftToRank(fw.Weight(q.scales()), x.Rank())
	if f.Inputs == FloatInputs {
		return Mul(fw.affine(x, codes, nil), scales)
	}
	input := InputQuantizer{Inputs: f.Inputs}
	if f.Inputs == StaticInputs {
		input.Scale, input.Zero = fw.Weight(q.scale()), fw.Weight(q.zero())
	}
	whole, scale := input.Codes(x)
	return Mul(fw.affine(whole, codes, nil), Mul(scale, scales))
}

func (f int8Form) port(p *portable, of linearMap, node string, x *onnx.Value) *onnx.Value {
	parts := f.matrices(of)
	for i := len(parts) - 1; i >= 0; i-- {
		name := node
		if len(parts) > 1 {
			name += []string{"/u", "/v"}[i]
		}
		x = p.int8Map(name, x, parts[i], f.Inputs)
	}
	return x
}

func (f int8Form) macs(of linearMap, tokens int, _ passMACs) int {
	total := 0
	for _, q := range f.matrices(of) {
		total += tokens * q.out * q.in
	}
	return total
}

func (f int8Form) matrix(m *Model, of linearMap) ([]float32, error) {
	parts := f.matrices(of)
	left, err := parts[0].matrix(m)
	if err != nil || len(parts) == 1 {
		return left, err
	}
	right, err := parts[1].matrix(m)
	if err != nil {
		return nil, err
	}
	return multiply(left, right, parts[0].out, f.Rank, parts[1].in), nil
}

// A row takes its scale with it. Where columns go, the others keep their codes.
func (f int8Form) keepRows(m *Model, of linearMap, rows []int) error {
	first := f.matrices(of)[0]
	if err := m.keepRows(first.scales(), rows); err != nil {
		return err
	}
	return m.keepRows(first.codes(), rows)
}

func (f int8Form) keepColumns(m *Model, of linearMap, columns []int) error {
	parts := f.matrices(of)
	return m.keepColumns(parts[len(parts)-1].codes(), columns)
}
