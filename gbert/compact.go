package gbert

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"bertlab/gbert/safetensors"
	"bertlab/gbert/sparse"
)

// The tensors that stand for a weight stored without its zeros have its name and one of these endings: its shape (I64), the
// places of its non-zeros in one of the codes of package sparse (U8), and the non-zeros (the weights' data type).
const (
	shapeEnding  = ".sparse_shape"
	placesEnding = ".sparse_" // and the code
	valuesEnding = ".sparse_values"
)

// compactFormat is the "format" in the metadata of a file with such tensors. Other programs know none of that name, so that they
// refuse the file instead of drawing fresh values for the weights that they miss.
const compactFormat = "bertlab-compact"

// partHeader is at least what one more tensor takes in a file's header besides the weight's name. A packed weight is two tensors
// more than a dense one.
const partHeader = 150

// SaveCompact writes the model as [Model.Save] does, but stores without its zeros (package sparse) each weight that takes fewer
// bytes that way. [Load] gives back the same bits, −0 included. Only bertlab reads the file; Save of the loaded model
// writes one for other programs. A model with few zeros is written as by Save.
func (m *Model) SaveCompact(dir string, precision Precision) error {
	if err := m.save(dir, precision, compactFile); err != nil {
		return fmt.Errorf("gbert: saving to %s: %w", dir, err)
	}
	return nil
}

// compactFile is a storage that packs each weight for which this takes fewer bytes.
func compactFile(weights []safetensors.Entry) ([]safetensors.Entry, map[string]string, error) {
	_, metadata, _ := denseFile(nil)
	var entries []safetensors.Entry
	for _, weight := range weights {
		elements, err := weight.Bytes() // rounded to the data type: what is zero in the file counts
		if err != nil {
			return nil, nil, err
		}
		packed, err := sparse.Pack(elements, weight.DType.Size())
		if err != nil {
			return nil, nil, err
		}
		header := 2 * (partHeader + len(weight.Name))
		if packed.Size()+8*len(weight.Shape)+header >= len(elements) {
			entries = append(entries, weight)
			continue
		}
		metadata["format"] = compactFormat
		var shape []byte
		for _, size := range weight.Shape {
			shape = binary.LittleEndian.AppendUint64(shape, uint64(size))
		}
		entries = append(entries,
			safetensors.Entry{Name: weight.Name + shapeEnding, Shape: []int{len(weight.Shape)}, DType: safetensors.I64, Raw: shape},
			safetensors.Entry{Name: weight.Name + placesEnding + string(packed.Code), Shape: []int{len(packed.Places)}, DType: safetensors.U8, Raw: packed.Places},
			safetensors.Entry{Name: weight.Name + valuesEnding, Shape: []int{len(packed.Values) / weight.DType.Size()}, DType: weight.DType, Raw: packed.Values},
		)
	}
	return entries, metadata, nil
}

// A storedWeight is a weight as a file holds it: as one tensor, or packed.
type storedWeight struct {
	name string
	// tensor has the weight's shape and data type. Of a packed weight it has no data, and the name of the tensor with its values.
	tensor safetensors.Tensor
	packed *packedWeight // nil for a dense weight
}

// packedWeight are the tensors of a weight without its zeros.
type packedWeight struct {
	code                  sparse.Code
	shape, places, values safetensors.Tensor
}

// storedWeights lists what a file holds, in its order.
func storedWeights(file *safetensors.File) ([]storedWeight, error) {
	var weights []storedWeight
	seen := map[string]bool{}
	for _, part := range file.Names() {
		name, ok := cutPart(part)
		if !ok {
			tensor, _ := file.Tensor(part)
			weights = append(weights, storedWeight{name: part, tensor: tensor})
			continue
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		packed, err := readPacked(file, name)
		if err != nil {
			return nil, err
		}
		var shape []int
		err = packed.shape.Guard(func() error {
			shape, err = packed.readShape()
			return err
		})
		if err != nil {
			return nil, err
		}
		tensor := safetensors.Tensor{Name: packed.values.Name, DType: packed.values.DType, Shape: shape}
		weights = append(weights, storedWeight{name: name, tensor: tensor, packed: packed})
	}
	return weights, nil
}

// cutPart returns the name of the weight of which a tensor is a part.
func cutPart(name string) (weight string, ok bool) {
	for _, ending := range []string{shapeEnding, valuesEnding, placesEnding + string(sparse.Bitmap), placesEnding + string(sparse.Gaps)} {
		if weight, ok := strings.CutSuffix(name, ending); ok {
			return weight, true
		}
	}
	return "", false
}

// readPacked finds the three parts of a weight.
func readPacked(file *safetensors.File, name string) (*packedWeight, error) {
	bitmap, hasBitmap := file.Tensor(name + placesEnding + string(sparse.Bitmap))
	gaps, hasGaps := file.Tensor(name + placesEnding + string(sparse.Gaps))
	p := &packedWeight{code: sparse.Bitmap, places: bitmap}
	if hasGaps {
		p.code, p.places = sparse.Gaps, gaps
	}
	var hasShape, hasValues bool
	p.shape, hasShape = file.Tensor(name + shapeEnding)
	p.values, hasValues = file.Tensor(name + valuesEnding)
	if !hasShape || !hasValues || hasBitmap == hasGaps {
		return nil, fmt.Errorf("%s is stored without its zeros, but not as it should be: as %s, %s, and one of %s%s and %s%s", name, shapeEnding, valuesEnding, placesEnding, sparse.Bitmap, placesEnding, sparse.Gaps)
	}
	for _, part := range []struct {
		safetensors.Tensor
		want safetensors.DType
	}{{p.shape, safetensors.I64}, {p.places, safetensors.U8}, {p.values, p.values.DType}} {
		if part.DType != part.want || len(part.Shape) != 1 {
			return nil, fmt.Errorf("%s is %s of shape %v; it must be %s with one axis", part.Name, part.DType, part.Shape, part.want)
		}
	}
	return p, nil
}

// readShape is the weight's shape: sizes that are not negative and whose product is a number.
func (p *packedWeight) readShape() ([]int, error) {
	shape := make([]int, p.shape.Shape[0])
	length := uint64(1)
	for i := range shape {
		size := binary.LittleEndian.Uint64(p.shape.Data[8*i:])
		if size > math.MaxInt || size > 0 && length > math.MaxInt/size {
			return nil, fmt.Errorf("%s: axis %d has size %d; sizes are 0 or more, and their product is at most %d", p.shape.Name, i, int64(size), math.MaxInt)
		}
		shape[i] = int(size)
		length *= max(size, 1) // a zero must not hide that the others overflow
	}
	return shape, nil
}

// expand fills in the data of the tensor that stands for the weight. Its shape is that of the configuration by now, and package
// sparse allocates nothing that the length of the places does not justify.
func (p *packedWeight) expand(tensor safetensors.Tensor) (safetensors.Tensor, error) {
	packed := sparse.Packed{Code: p.code, Places: p.places.Data, Values: p.values.Data}
	var data []byte
	err := p.values.Guard(func() (err error) { // the places stand in the same file
		data, err = packed.Expand(tensor.Len(), tensor.DType.Size())
		return err
	})
	if err != nil {
		return tensor, err
	}
	p.places.Release()
	p.values.Release()
	tensor.Data, tensor.Shape = data, slices.Clone(tensor.Shape)
	return tensor, nil
}
