//go:build ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) && !noxla

package backend

import (
	"bytes"
	"reflect"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/stablehlo"
)

// hasXLA says whether XLA is compiled in; the constraint above is that of gomlx's default backends.
const hasXLA = true

func init() { xla.EnableAutoInstall(false) }

// sharePrograms makes an XLA backend compile equal programs once; another backend stays as it is.
func sharePrograms(b compute.Backend) compute.Backend {
	if _, ok := b.(*xla.Backend); !ok {
		return b
	}
	return shareProgramsOf(b, stableHLO)
}

// stableHLO is the program that an XLA builder is about to compile, without its name. go-xla v0.4.5 does not hand it out, so it
// is read from the builder's field; where there is no such field, nothing is shared.
func stableHLO(b compute.Builder) ([]byte, bool) {
	builder := field[stablehlo.Builder](b, reflect.TypeFor[*xla.Builder](), "builder")
	if builder == nil {
		return nil, false
	}
	text, err := builder.Build()
	if err != nil {
		return nil, false
	}
	return bytes.TrimPrefix(text, []byte("module @"+stablehlo.NormalizeIdentifier(b.Name()))), true
}

// field reads a field that go-xla does not hand out. It is nil where the owner is of another type, or there is no such field.
func field[T any](owner any, kind reflect.Type, name string) *T {
	v := reflect.ValueOf(owner)
	if !v.IsValid() || v.Type() != kind || v.IsNil() {
		return nil
	}
	f := v.Elem().FieldByName(name)
	if !f.IsValid() || f.Type() != reflect.TypeFor[*T]() {
		return nil
	}
	return (*T)(f.UnsafePointer())
}
