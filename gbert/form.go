package gbert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert/onnx"
)

// Form is how a linear map y = x·Wᵀ + b of a layer is stored, W [out, in]; b is stored as it is. The zero value is the matrix W itself;
// [Factored], [Tied] and [Banked] make the others. Forms are equal (==) where their kind and their numbers are.
//
// The set of forms is closed and lives here, so that a saved model loads without the technique that made it. A form is one file,
// form_<kind>.go, and a line in forms.
type Form struct{ stored form }

// FormKind is the name of a form, without its numbers.
type FormKind string

// forms are all forms; the first is what a map without an entry in config.json has.
var forms = []form{denseForm{}, factoredForm{}, tiedForm{}, bankedForm{}, int8Form{}}

// A form is one way to store a map. Its value, which == compares, is the form's entry in config.json: fields with JSON tags, written
// beside the key "kind". Every form embeds [ownForm], which answers as most forms do.
type form interface {
	// kind is the form's name in config.json.
	kind() FormKind
	// String describes the form with its numbers.
	String() string
	// size are the inner width of a product and the number of slices; 0 where there are none.
	size() (rank, slices int)
	// holder is the layer that stores the map of a layer. Where that is another layer, nothing below is asked but check.
	holder(layer int) int
	// renumbered is the form once layers have other numbers; nil where it names none.
	renumbered(number func(layer int) int) form
	// storesNorms says whether a LayerNorm may be stored like this.
	storesNorms() bool
	// check reports numbers that the map cannot have.
	check(of linearMap) error
	// checkValues reports stored values that the map cannot have.
	checkValues(m *Model, of linearMap) error
	// weights are what is stored in place of W, which has rows and columns.
	weights(of linearMap) []WeightSpec
	// shared are the weights that all maps of this form have in common, once a model; checkShared reports what cannot be about them.
	shared(c *Config) []WeightSpec
	checkShared(c *Config) error
	// apply is x·Wᵀ + bias, x [..., in] to [..., out].
	apply(f *Forward, of linearMap, x, bias *Node) *Node
	// port is x·Wᵀ without the bias in ONNX, x [B, S, in] to [B, S, out]; node is the name of its nodes.
	port(p *portable, of linearMap, node string, x *onnx.Value) *onnx.Value
	// macs are the operations of apply for a number of tokens.
	macs(of linearMap, tokens int, pass passMACs) int
	// matrix is W, row-major.
	matrix(m *Model, of linearMap) ([]float32, error)
	// keepRows and keepColumns cut what is stored to some rows or columns of W, at least one, in ascending order.
	keepRows(m *Model, of linearMap, rows []int) error
	keepColumns(m *Model, of linearMap, columns []int) error
	// staysWhole says that they leave what is stored as it is: the numbers of the kept heads and neurons choose from it.
	staysWhole() bool
}

// ownForm is embedded in the forms of maps that their own layer stores, on their own.
type ownForm struct{}

func (ownForm) size() (rank, slices int)      { return 0, 0 }
func (ownForm) holder(layer int) int          { return layer }
func (ownForm) renumbered(func(int) int) form { return nil }
func (ownForm) storesNorms() bool             { return false }
func (ownForm) shared(*Config) []WeightSpec   { return nil }
func (ownForm) checkShared(*Config) error     { return nil }
func (ownForm) staysWhole() bool              { return false }

func (ownForm) checkValues(*Model, linearMap) error { return nil }

// form is the form, whose zero value stands for the first.
func (f Form) form() form {
	if f.stored == nil {
		return forms[0]
	}
	return f.stored
}

// formOf is the exported value of a form.
func formOf(stored form) Form {
	if stored == forms[0] {
		return Form{}
	}
	return Form{stored}
}

// Kind is the form's name.
func (f Form) Kind() FormKind { return f.form().kind() }

// String describes the form with its numbers, such as "factored of rank 64".
func (f Form) String() string { return f.form().String() }

// IsDense says whether the matrix itself is stored, in the layer whose map it is.
func (f Form) IsDense() bool { return f == Form{} }

// Size are the rank of a product U·V and the number of slices of a bank; 0 in forms that have none.
func (f Form) Size() (rank, slices int) { return f.form().size() }

// Renumbered is the form of a map once the layers have other numbers.
func (f Form) Renumbered(number func(layer int) int) Form {
	if other := f.form().renumbered(number); other != nil {
		return formOf(other)
	}
	return f
}

// MarshalJSON writes the form as its entry in config.json: its kind, then its numbers.
func (f Form) MarshalJSON() ([]byte, error) { return writeEntry(string(f.Kind()), f.form()) }

// UnmarshalJSON reads an entry of config.json. A kind that is not known is an error of [Config], not of the entry.
func (f *Form) UnmarshalJSON(data []byte) error {
	kind, err := entryKind("form", data)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(forms, func(known form) bool { return string(known.kind()) == kind })
	if at < 0 {
		f.stored = unknownForm{name: FormKind(kind)}
		return nil
	}
	stored, err := readEntry("form", data, forms[at])
	if err == nil {
		*f = formOf(stored)
	}
	return err
}

// writeEntry writes a value whose kind is not among its fields: {"kind": …, fields}.
func writeEntry(kind string, value any) ([]byte, error) {
	fields, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	entry, err := json.Marshal(struct {
		Kind string `json:"kind"`
	}{kind})
	if err != nil || bytes.Equal(fields, []byte("{}")) {
		return entry, err
	}
	return append(append(entry[:len(entry)-1], ','), fields[1:]...), nil
}

// entryKind is the kind of an entry; what is what it describes.
func entryKind(what string, data []byte) (string, error) {
	var entry struct {
		Kind string `json:"kind"`
	}
	return entry.Kind, explainEntry(what, data, json.Unmarshal(data, &entry))
}

// readEntry reads an entry as a value of the same type as a prototype.
func readEntry[T any](what string, data []byte, prototype T) (T, error) {
	value := reflect.New(reflect.TypeOf(prototype))
	err := explainEntry(what, data, json.Unmarshal(data, value.Interface()))
	return value.Elem().Interface().(T), err
}

// explainEntry says what is wrong with an entry in the words of the other errors of a configuration.
func explainEntry(what string, data []byte, err error) error {
	var mismatch *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &mismatch):
		return err
	case mismatch.Field == "":
		return fmt.Errorf("the %s %s must be %s", what, excerpt(data), kindInWords(mismatch.Type))
	}
	return fmt.Errorf("%s of the %s %s must be %s", mismatch.Field, what, excerpt(data), kindInWords(mismatch.Type))
}

// unknownForm is what a file has that no form here reads: good for an error alone.
type unknownForm struct {
	denseForm
	name FormKind
}

func (u unknownForm) kind() FormKind    { return u.name }
func (u unknownForm) String() string    { return string(u.name) }
func (u unknownForm) storesNorms() bool { return false }

func (u unknownForm) check(of linearMap) error {
	return fmt.Errorf("has the kind %q; the kinds are %s", u.name, formKinds(" and ", func(form) bool { return true }))
}

// formKinds lists the kinds of some forms for an error: "a", "b" and "c".
func formKinds(last string, which func(form) bool) string {
	var kinds []string
	for _, f := range forms {
		if which(f) {
			kinds = append(kinds, fmt.Sprintf("%q", f.kind()))
		}
	}
	return enumerate(kinds, last)
}

// enumerate is a, b and c, with the last of them behind a word.
func enumerate(words []string, last string) string {
	end := len(words) - 1
	return strings.Join(words[:end], ", ") + last + words[end]
}

// checkForm reports an entry of forms that cannot be.
func (c *Config) checkForm(layer int, role Role, entry Form) error {
	stored, of := entry.form(), linearMap{c, layer, role}
	var err error
	switch {
	case !slices.Contains(TieRoles, role):
		return fmt.Errorf("bertlab.layers[%d].forms names %q; the roles are %v", layer, role, TieRoles)
	case isNorm(role) && !stored.storesNorms():
		err = fmt.Errorf("has the kind %q; a LayerNorm is %s", stored.kind(), formKinds(" or ", form.storesNorms))
	default:
		err = stored.check(of)
	}
	if err != nil {
		return fmt.Errorf("bertlab.layers[%d].forms.%s %w", layer, role, err)
	}
	return nil
}

// usedForms are the forms that maps of the model have, one of a kind, in the order of forms.
func (c *Config) usedForms() []form {
	var used []form
	for _, known := range forms {
		if slices.ContainsFunc(c.Layers, func(shape LayerShape) bool { return shape.uses(known.kind()) }) {
			used = append(used, known)
		}
	}
	return used
}

// uses says whether a map of the layer has an entry of a kind.
func (s LayerShape) uses(kind FormKind) bool {
	for _, form := range s.Forms {
		if form.Kind() == kind {
			return true
		}
	}
	return false
}
