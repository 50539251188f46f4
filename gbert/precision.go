package gbert

import (
	"fmt"
	"slices"

	"bertlab/gbert/safetensors"
)

// Precision is the number format of saved weights.
type Precision string

// The precisions that [Model.Save] writes.
const (
	Float32 Precision = "float32"
	Float16 Precision = "float16"
)

// precisions are the number formats, each in a file of its own, precision_<name>.go. The first is what an empty [Precision] means.
var precisions = []precision{float32Numbers{}, float16Numbers{}}

// A precision is a number format in which weights are stored whose form asks for no data type of its own.
type precision interface {
	// name is also what config.json calls it, under torch_dtype.
	name() Precision
	dtype() safetensors.DType
	// converts says whether a carried tensor of a data type is stored in this format; else it stays as it is.
	converts(dtype safetensors.DType) bool
	// check reports a finite value, of the weight of that name, that is too large.
	check(name string, largest float32) error
}

// numbers is the number format of that name.
func (p Precision) numbers() (precision, error) {
	if p == "" {
		return precisions[0], nil
	}
	at := slices.IndexFunc(precisions, func(known precision) bool { return known.name() == p })
	if at < 0 {
		var names []string
		for _, known := range precisions {
			names = append(names, fmt.Sprintf("%q", known.name()))
		}
		return nil, fmt.Errorf("precision %q is not one of %s", p, enumerate(names, ", "))
	}
	return precisions[at], nil
}
