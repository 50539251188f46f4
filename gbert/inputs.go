package gbert

import (
	"fmt"
	"reflect"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A program's inputs are a struct with one type parameter, the type of an array:
//
//	type scored[T any] struct {
//		gbert.BatchOf[T]
//		Labels  T   // int32 [B]
//		Weights []T // as many as there are
//	}
//
// The graph gets scored[*Node], a call scored[*tensors.Tensor]: whatever an input is called in the one, it is in the other. A field
// is an array, which may be left nil and is then nil in the graph, a list of arrays, arrays by name (map[string]T), or a struct of such
// fields.

// BatchOf are the arrays of a batch, each [B, S]: ids and types are int32; the mask is float32, 1 for a token and 0 for padding.
type BatchOf[T any] struct {
	IDs, Types, Mask T
}

// Input is a batch in the graph.
type Input = BatchOf[*Node]

// BatchTensors is a batch for a program. Close frees it.
type BatchTensors struct {
	BatchOf[*tensors.Tensor]
}

// Tensors are the arrays of the batch.
func (b *Batch) Tensors() *BatchTensors {
	return &BatchTensors{BatchOf[*tensors.Tensor]{
		IDs:   tensors.FromFlatDataAndDimensions(b.IDs, b.Rows, b.Length),
		Types: tensors.FromFlatDataAndDimensions(b.Types, b.Rows, b.Length),
		Mask:  tensors.FromFlatDataAndDimensions(b.Mask, b.Rows, b.Length),
	}}
}

// Close frees the arrays.
func (t *BatchTensors) Close() { Free(t.BatchOf) }

// Free frees the tensors of a struct of inputs, which their holder calls when it is closed.
func Free(inputs any) {
	values, _ := flatten(reflect.ValueOf(inputs), nil, nil)
	for _, value := range values {
		if tensor, ok := value.(*tensors.Tensor); ok {
			tensor.MustFinalizeAll()
		}
	}
}

// sameInputs reports two structs of inputs, for a call and for the graph, that do not have the same fields.
func sameInputs(call, graph reflect.Type, path string) error {
	name := path
	if name == "" {
		name = "the input"
	}
	switch call.Kind() {
	case reflect.Struct:
		if graph.Kind() != reflect.Struct || call.NumField() != graph.NumField() {
			return fmt.Errorf("%s is %s in a call and %s in the graph: they must have the same fields", name, call, graph)
		}
		for i := range call.NumField() {
			a, b := call.Field(i), graph.Field(i)
			if a.Name != b.Name || !a.IsExported() && !a.Anonymous {
				return fmt.Errorf("%s has the field %s in a call and %s in the graph: fields are exported or embedded, and the same in both", name, a.Name, b.Name)
			}
			if err := sameInputs(a.Type, b.Type, path+"."+a.Name); err != nil {
				return err
			}
		}
		return nil
	case reflect.Slice, reflect.Map:
		if graph.Kind() == call.Kind() && isArray(call.Elem()) && graph.Elem() == nodeType {
			return nil
		}
	default:
		if isArray(call) && graph == nodeType {
			return nil
		}
	}
	return fmt.Errorf("%s is %s in a call and %s in the graph: an input is an array, a list or map of arrays, or a struct of such fields", name, call, graph)
}

var nodeType = reflect.TypeFor[*Node]()

// isArray reports a type whose values are arrays in a call: tensors, or anything, which GoMLX looks at.
func isArray(t reflect.Type) bool {
	return t.Kind() == reflect.Interface || t == reflect.TypeFor[*tensors.Tensor]()
}

// held says which arrays a field of the inputs holds: how many, and for a map their names in order.
type held struct {
	count int
	names []string
}

// flatten appends the arrays of a struct of inputs in the order of its fields, and what each field holds. Maps are in the order of
// their keys.
func flatten(v reflect.Value, values []any, fields []held) ([]any, []held) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			values, fields = flatten(v.Field(i), values, fields)
		}
		return values, fields
	case reflect.Slice:
		for i := range v.Len() {
			values = append(values, v.Index(i).Interface())
		}
		return values, append(fields, held{count: v.Len()})
	case reflect.Map:
		var names []string
		for _, key := range v.MapKeys() {
			names = append(names, key.String())
		}
		slices.Sort(names)
		for _, name := range names {
			values = append(values, v.MapIndex(reflect.ValueOf(name)).Interface())
		}
		return values, append(fields, held{len(names), names})
	}
	if v.IsNil() {
		return values, append(fields, held{})
	}
	return append(values, v.Interface()), append(fields, held{count: 1})
}

// fill is the reverse of flatten: it sets the fields of a struct of inputs to nodes, and returns what is left of both.
func fill(v reflect.Value, nodes []*Node, fields []held) ([]*Node, []held) {
	if v.Kind() == reflect.Struct {
		for i := range v.NumField() {
			nodes, fields = fill(v.Field(i), nodes, fields)
		}
		return nodes, fields
	}
	field := fields[0]
	taken := nodes[:field.count]
	switch v.Kind() {
	case reflect.Slice:
		v.Set(reflect.ValueOf(slices.Clone(taken)))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for i, name := range field.names {
			v.SetMapIndex(reflect.ValueOf(name), reflect.ValueOf(taken[i]))
		}
	default:
		if len(taken) > 0 {
			v.Set(reflect.ValueOf(taken[0]))
		}
	}
	return nodes[field.count:], fields[1:]
}
