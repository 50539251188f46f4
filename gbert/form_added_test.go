package gbert

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
	"bertlab/gbert/safetensors"
)

// roundedForm is a form that lives in this file alone: W = diag(s)·Q, rows of whole numbers Q with a scale s each. Q is stored as
// bytes.
type roundedForm struct {
	ownForm
	Levels int `json:"levels"` // the largest number in Q
}

func (roundedForm) kind() FormKind   { return "rounded" }
func (r roundedForm) String() string { return fmt.Sprintf("rounded to ±%d", r.Levels) }

func (roundedForm) names(of linearMap) (numbers, scales string) {
	path := modulePath(of.layer, of.role)
	return path + ".weight_numbers", path + ".weight_scales"
}

func (r roundedForm) check(of linearMap) error {
	if r.Levels < 1 || r.Levels > 127 {
		return fmt.Errorf("has %d levels; it must be between 1 and 127", r.Levels)
	}
	if of.empty() {
		return fmt.Errorf("is rounded, but the map is empty")
	}
	return nil
}

func (r roundedForm) weights(of linearMap) []WeightSpec {
	out, in := of.dims()
	numbers, scales := r.names(of)
	whole := normal(numbers, out, in)
	whole.DType = safetensors.I8
	return []WeightSpec{whole, normal(scales, out)}
}

func (r roundedForm) apply(f *Forward, of linearMap, x, bias *Node) *Node {
	numbers, scales := r.names(of)
	return affine(x, Mul(f.Weight(numbers), ExpandAxes(f.Weight(scales), -1)), bias)
}

func (r roundedForm) port(p *portable, of linearMap, node string, x *onnx.Value) *onnx.Value {
	numbers, scales := r.names(of)
	scaled := p.graph.Mul(node, p.weight(numbers), p.graph.Unsqueeze(node, p.weight(scales), 1))
	return p.graph.MatMul(node, x, p.graph.Transpose(node, scaled, 1, 0))
}

func (roundedForm) macs(of linearMap, tokens int, _ passMACs) int {
	out, in := of.dims()
	return tokens * out * (in + 1)
}

func (r roundedForm) matrix(m *Model, of linearMap) ([]float32, error) {
	numbers, scales := r.names(of)
	q, shape, err := m.Weight(numbers)
	if err != nil {
		return nil, err
	}
	s, _, err := m.Weight(scales)
	if err != nil {
		return nil, err
	}
	w := make([]float32, len(q))
	for i := range w {
		w[i] = q[i] * s[i/shape[1]]
	}
	return w, nil
}

func (r roundedForm) keepRows(m *Model, of linearMap, rows []int) error {
	numbers, scales := r.names(of)
	if err := m.keepRows(scales, rows); err != nil {
		return err
	}
	return m.keepRows(numbers, rows)
}

func (r roundedForm) keepColumns(m *Model, of linearMap, columns []int) error {
	numbers, _ := r.names(of)
	return m.keepColumns(numbers, columns)
}

// Rounded is the exported constructor; numbers and scales are those of RoundRows.
func Rounded(levels int) Form { return Form{roundedForm{Levels: levels}} }

// RoundRows takes a matrix apart into whole numbers and a scale for each row.
func RoundRows(w []float32, rows, levels int) (numbers, scales []float32) {
	columns := len(w) / rows
	for row := range rows {
		largest := 0.0
		for _, x := range w[row*columns : (row+1)*columns] {
			largest = max(largest, math.Abs(float64(x)))
		}
		scale := float32(largest / float64(levels))
		scales = append(scales, scale)
		for _, x := range w[row*columns : (row+1)*columns] {
			numbers = append(numbers, float32(math.RoundToEven(float64(x/scale))))
		}
	}
	return numbers, scales
}

// AddRounded is the line in forms that the form takes, until the test ends.
func AddRounded(t testing.TB) {
	before := forms
	forms = append(slices.Clone(forms), roundedForm{})
	t.Cleanup(func() { forms = before })
}

// What a form is, its own file alone knows: no other names its type.
func TestFormsAreNamedInTheirFilesAlone(t *testing.T) {
	types := map[string]bool{}
	for _, known := range []any{forms, embeddings, precisions} {
		list := reflect.ValueOf(known)
		for i := range list.Len() {
			types[list.Index(i).Elem().Type().Name()] = true
		}
	}
	if len(types) != 11 {
		t.Fatalf("the forms are %v", types)
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	own := []string{"form.go", "embedding.go", "precision.go", "sizes.go"} // the lists, and what measures each precision
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || slices.Contains(own, name) ||
			strings.HasPrefix(name, "form_") || strings.HasPrefix(name, "embedding_") || strings.HasPrefix(name, "precision_") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && types[id.Name] {
				t.Errorf("%s names the form %s", name, id.Name)
			}
			return true
		})
	}
}
