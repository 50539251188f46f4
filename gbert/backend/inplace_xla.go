//go:build ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) && !noxla

package backend

import (
	"reflect"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/stablehlo"
)

// aliasAttribute says at an input which output takes its place. XLA copies where the input is not donated after all.
const aliasAttribute = "tf.aliasing_output"

// workInPlace marks the inputs of a builder's finished main function that its outputs replace: the first, as many as there are outputs. It
// does nothing where shapes differ, and where go-xla (v0.4.5 does not hand the function out) has other fields.
func workInPlace(b compute.Builder) {
	builder := field[stablehlo.Builder](b, reflect.TypeFor[*xla.Builder](), "builder")
	if builder == nil {
		return
	}
	all := reflect.ValueOf(builder).Elem().FieldByName("functions")
	if !all.IsValid() || all.Type() != reflect.TypeFor[[]*stablehlo.Function]() {
		return
	}
	for _, f := range *(*[]*stablehlo.Function)(unsafe.Pointer(all.UnsafeAddr())) {
		if f.Name != stablehlo.MainFunctionName || len(f.Outputs) > len(f.Inputs) {
			continue
		}
		for i, output := range f.Outputs {
			if !output.Shape().Equal(f.Inputs[i].Shape()) {
				return
			}
		}
		for i := range f.Outputs {
			if f.Inputs[i].Attributes == nil {
				f.Inputs[i].Attributes = map[string]any{}
			}
			f.Inputs[i].Attributes[aliasAttribute] = int32(i)
		}
	}
}
