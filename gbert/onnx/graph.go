package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute-onnx/support/protos"
)

// The versions of the operator set that [New] takes.
const (
	MinOpset     = 13 // the first whose Softmax is that of one axis
	MaxOpset     = 21 // the last that is tested
	DefaultOpset = 17 // the first that has LayerNormalization
)

// releases are the versions of the format with which the operator sets appeared. Older readers refuse newer ones.
var releases = map[int]int64{13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10}

// Type is the type of a tensor's elements.
type Type = protos.TensorProto_DataType

// The types in use.
const (
	Float32 = protos.TensorProto_FLOAT
	Float16 = protos.TensorProto_FLOAT16
	Int8    = protos.TensorProto_INT8
	Uint8   = protos.TensorProto_UINT8
	Int32   = protos.TensorProto_INT32
	Int64   = protos.TensorProto_INT64
	Bool    = protos.TensorProto_BOOL
)

// sizes are the bytes of an element.
var sizes = map[Type]int{Float32: 4, Float16: 2, Int8: 1, Uint8: 1, Int32: 4, Int64: 8, Bool: 1}

// Dim is the length of an axis: a number, or a name where the length is known only when the model runs.
type Dim struct {
	Size int
	Name string
}

// Size is an axis of a fixed length.
func Size(n int) Dim { return Dim{Size: n} }

// Named is an axis whose length is known only when the model runs. Axes of one name have one length.
func Named(name string) Dim { return Dim{Name: name} }

// String is the name, or the length.
func (d Dim) String() string {
	if d.Name != "" {
		return d.Name
	}
	return strconv.Itoa(d.Size)
}

// Value is what a node makes, an input, or a constant.
type Value struct {
	Name  string
	Type  Type
	Shape []Dim
}

// Rank is the number of axes.
func (v *Value) Rank() int { return len(v.Shape) }

// Last is the length of the last axis.
func (v *Value) Last() Dim { return v.Shape[len(v.Shape)-1] }

// Graph is a computation under construction. Its methods panic when types or shapes do not fit, as only a fault of the caller can make
// them; see [Build].
type Graph struct {
	opset     int
	graph     *protos.GraphProto
	names     map[string]bool
	constants map[string]*Value
	turned    map[string]*Value // constants with their axes in another order
	metadata  []*protos.StringStringEntryProto
}

// New begins a graph for a version of the operator set.
func New(name string, opset int) (*Graph, error) {
	if opset < MinOpset || opset > MaxOpset {
		return nil, fmt.Errorf("the operator set %d of ONNX is not supported; it must be from %d to %d", opset, MinOpset, MaxOpset)
	}
	return &Graph{opset: opset, graph: &protos.GraphProto{Name: name}, names: map[string]bool{}, constants: map[string]*Value{}, turned: map[string]*Value{}}, nil
}

// Opset is the version of the operator set.
func (g *Graph) Opset() int { return g.opset }

// Note puts a key with a value into the file's metadata.
func (g *Graph) Note(key, value string) {
	g.metadata = append(g.metadata, &protos.StringStringEntryProto{Key: key, Value: value})
}

// unique makes a name that no other value or node has.
func (g *Graph) unique(name string) string {
	own := name
	for n := 2; g.names[own]; n++ {
		own = fmt.Sprintf("%s_%d", name, n)
	}
	g.names[own] = true
	return own
}

// Input is an input of the model.
func (g *Graph) Input(name string, t Type, shape ...Dim) *Value {
	v := &Value{Name: g.unique(name), Type: t, Shape: shape}
	g.graph.Input = append(g.graph.Input, v.info())
	return v
}

// Output names a value as an output of the model.
func (g *Graph) Output(name string, v *Value) {
	named := &Value{Name: g.unique(name), Type: v.Type, Shape: v.Shape}
	for _, node := range g.graph.Node {
		if i := slices.Index(node.Output, v.Name); i >= 0 && !g.isOutput(v.Name) {
			g.rename(v.Name, named.Name)
			g.graph.Output = append(g.graph.Output, named.info())
			v.Name = named.Name
			return
		}
	}
	g.graph.Node = append(g.graph.Node, &protos.NodeProto{Name: g.unique(name + "/Identity"), OpType: "Identity", Input: []string{v.Name}, Output: []string{named.Name}})
	g.graph.Output = append(g.graph.Output, named.info())
}

func (g *Graph) isOutput(name string) bool {
	return slices.ContainsFunc(g.graph.Output, func(o *protos.ValueInfoProto) bool { return o.Name == name })
}

// rename gives a value another name wherever it is made and read.
func (g *Graph) rename(from, to string) {
	for _, node := range g.graph.Node {
		for _, names := range [][]string{node.Input, node.Output} {
			for i, name := range names {
				if name == from {
					names[i] = to
				}
			}
		}
	}
	g.graph.ValueInfo = slices.DeleteFunc(g.graph.ValueInfo, func(v *protos.ValueInfoProto) bool { return v.Name == from })
}

func (v *Value) info() *protos.ValueInfoProto {
	shape := &protos.TensorShapeProto{}
	for _, dim := range v.Shape {
		d := &protos.TensorShapeProto_Dimension{Value: &protos.TensorShapeProto_Dimension_DimValue{DimValue: int64(dim.Size)}}
		if dim.Name != "" {
			d.Value = &protos.TensorShapeProto_Dimension_DimParam{DimParam: dim.Name}
		}
		shape.Dim = append(shape.Dim, d)
	}
	return &protos.ValueInfoProto{Name: v.Name, Type: &protos.TypeProto{Value: &protos.TypeProto_TensorType{
		TensorType: &protos.TypeProto_Tensor{ElemType: int32(v.Type), Shape: shape},
	}}}
}

// Constant is a tensor of the model. A name that is there already gives the tensor that has it, which must be the same: so a weight
// that two maps share is stored once. raw are the elements, row-major and little-endian; the graph keeps the slice.
func (g *Graph) Constant(name string, t Type, shape []int, raw []byte) *Value {
	if v, ok := g.constants[name]; ok {
		return v
	}
	size := sizes[t]
	v := &Value{Name: g.unique(name), Type: t}
	dims := make([]int64, len(shape))
	for i, n := range shape {
		v.Shape, dims[i] = append(v.Shape, Size(n)), int64(n)
		size *= n
	}
	if size != len(raw) {
		panic(fmt.Sprintf("onnx: %s of shape %v and type %v has %d bytes, not %d", name, shape, t, size, len(raw)))
	}
	g.graph.Initializer = append(g.graph.Initializer, &protos.TensorProto{Name: v.Name, Dims: dims, DataType: int32(t), RawData: raw})
	g.constants[name] = v
	return v
}

// Find is the constant of a name; nil if there is none yet.
func (g *Graph) Find(name string) *Value { return g.constants[name] }

// Float32s is a constant of float32 numbers.
func (g *Graph) Float32s(name string, shape []int, values []float32) *Value {
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return g.Constant(name, Float32, shape, raw)
}

// Scalar is a constant number, stored once a value.
func (g *Graph) Scalar(v float32) *Value {
	return g.Float32s("constant/"+strconv.FormatFloat(float64(v), 'g', -1, 32), nil, []float32{v})
}

// ints is a constant list, stored once.
func (g *Graph) ints(list ...int64) *Value {
	name, raw := make([]string, len(list)), []byte(nil)
	for i, n := range list {
		name[i] = strconv.FormatInt(n, 10)
		raw = binary.LittleEndian.AppendUint64(raw, uint64(n))
	}
	return g.Constant("constant/["+strings.Join(name, ",")+"]", Int64, []int{len(list)}, raw)
}

// Node adds a node. name says what it is in the model; the operator is added to it.
func (g *Graph) Node(name, operator string, t Type, shape []Dim, inputs []*Value, attributes ...*protos.AttributeProto) *Value {
	return g.Nodes(name, operator, []*Value{{Type: t, Shape: shape}}, inputs, attributes...)[0]
}

// Nodes adds a node with several outputs, of which types and shapes are given.
func (g *Graph) Nodes(name, operator string, outputs, inputs []*Value, attributes ...*protos.AttributeProto) []*Value {
	own := g.unique(name + "/" + operator)
	node := &protos.NodeProto{Name: own, OpType: operator, Attribute: attributes}
	for _, in := range inputs {
		node.Input = append(node.Input, in.Name)
	}
	for i, out := range outputs {
		out.Name = g.unique(fmt.Sprintf("%s_output_%d", own, i))
		node.Output = append(node.Output, out.Name)
		g.graph.ValueInfo = append(g.graph.ValueInfo, out.info())
	}
	g.graph.Node = append(g.graph.Node, node)
	return outputs
}

// Int and the others are attributes of a node.
func Int(name string, v int64) *protos.AttributeProto {
	return &protos.AttributeProto{Name: name, Type: protos.AttributeProto_INT, I: v}
}

// Ints is a list of numbers.
func Ints(name string, v ...int64) *protos.AttributeProto {
	return &protos.AttributeProto{Name: name, Type: protos.AttributeProto_INTS, Ints: v}
}

// Float is a number with a fraction.
func Float(name string, v float32) *protos.AttributeProto {
	return &protos.AttributeProto{Name: name, Type: protos.AttributeProto_FLOAT, F: v}
}

// Operators counts the nodes by their operator.
func (g *Graph) Operators() map[string]int {
	count := map[string]int{}
	for _, node := range g.graph.Node {
		count[node.OpType]++
	}
	return count
}

// Build runs a function that builds a graph, and turns its panic into an error.
func Build(build func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if message, ok := p.(string); ok && strings.HasPrefix(message, "onnx: ") {
				err = fmt.Errorf("%s", message)
				return
			}
			panic(p)
		}
	}()
	build()
	return nil
}

// Outputs describes the outputs, as in "logits [batch 3]".
func (g *Graph) Outputs() []string {
	var list []string
	for _, out := range g.graph.Output {
		var dims []string
		for _, dim := range out.Type.GetTensorType().Shape.Dim {
			dims = append(dims, Dim{int(dim.GetDimValue()), dim.GetDimParam()}.String())
		}
		list = append(list, fmt.Sprintf("%s [%s]", out.Name, strings.Join(dims, " ")))
	}
	return list
}
