package output

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"slices"
)

// encodeNulls writes a document in which some numbers are NaN or infinite, which JSON does not have: they become null. The work that
// the document tells of is done; it must not be lost over one number that is not defined.
func encodeNulls(document any) ([]byte, error) {
	held := reflect.New(reflect.TypeOf(document)).Elem()
	held.Set(reflect.ValueOf(document))
	var marks marker
	marks.walk(held)
	defer marks.restore()
	var text bytes.Buffer
	if err := encodeJSON(&text, held.Interface()); err != nil {
		return nil, err
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(text.Bytes(), wideMark, null), narrowMark, null), nil
}

var null = []byte("null")

// The numbers that stand for those that are none while a document is encoded, and their texts.
const (
	wideNumber   = -1.7320508075688772e+301
	narrowNumber = float32(-3.1622776e+38)
)

var wideMark, narrowMark = textOf(wideNumber), textOf(narrowNumber)

func textOf(number any) []byte {
	text, _ := json.Marshal(number) // it is finite
	return text
}

// marker puts marks in the places of numbers that are not finite.
type marker []func()

// restore gives the document its numbers again.
func (m marker) restore() {
	for _, undo := range slices.Backward(m) {
		undo()
	}
}

// set changes a value that can be set, until restore.
func (m *marker) set(v, to reflect.Value) {
	was := reflect.New(v.Type()).Elem()
	was.Set(v)
	v.Set(to)
	*m = append(*m, func() { v.Set(was) })
}

func (m *marker) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		if x := v.Float(); v.CanSet() && (math.IsNaN(x) || math.IsInf(x, 0)) {
			mark := reflect.ValueOf(wideNumber)
			if v.Kind() == reflect.Float32 {
				mark = reflect.ValueOf(narrowNumber)
			}
			m.set(v, mark.Convert(v.Type()))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			m.walk(v.Elem())
		}
	case reflect.Interface:
		if !v.IsNil() {
			if copied := m.copied(v.Elem()); v.CanSet() {
				m.set(v, copied)
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() || field.Anonymous {
				m.walk(v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			m.walk(v.Index(i))
		}
	case reflect.Map:
		m.walkMap(v)
	}
}

// walkMap replaces the values of a map, which cannot be changed in their places.
func (m *marker) walkMap(v reflect.Value) {
	for _, key := range v.MapKeys() {
		was := v.MapIndex(key)
		v.SetMapIndex(key, m.copied(was))
		*m = append(*m, func() { v.SetMapIndex(key, was) })
	}
}

// copied is a copy of a value with marks.
func (m *marker) copied(v reflect.Value) reflect.Value {
	fresh := reflect.New(v.Type()).Elem()
	fresh.Set(v)
	m.walk(fresh)
	return fresh
}
