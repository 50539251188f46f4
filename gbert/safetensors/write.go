package safetensors

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"bertlab/internal/files"
)

// dataAlignment is what the first tensor's place in the file is a multiple of.
const dataAlignment = 64

// An Entry is a tensor to be written: either Values, or Raw.
type Entry struct {
	Name string
	// Shape holds the sizes of the axes, none for a scalar.
	Shape []int
	DType DType
	// Values are the elements in row-major order. They are written as DType:
	// F32, F16 and BF16, rounded to the nearest, or I8 and U8, of which they must be
	// numbers.
	Values []float32
	// Raw are the elements as bytes of any known DType, little-endian.
	Raw []byte
}

// Write writes entries and metadata to the file at path, which it replaces as
// a whole: a failure (a full disk, a kill) leaves what was there.
//
// The tensors follow one another in the given order, those with larger
// elements first, so that each one begins at a multiple of its element's size.
// Equal arguments give equal bytes. A finite value that is too large for F16
// or BF16 is an error, not an infinity in a model.
func Write(path string, entries []Entry, metadata map[string]string) error {
	ordered, header, err := compose(entries, metadata)
	if err != nil {
		return fmt.Errorf("safetensors: write %s: %w", path, err)
	}
	file, err := files.Create(path)
	if err != nil {
		return fmt.Errorf("safetensors: write %s: %w", path, err)
	}
	if err := emit(file, ordered, header); err != nil {
		return errors.Join(fmt.Errorf("safetensors: write %s: %w", path, err), file.Cleanup())
	}
	if err := file.CloseAtomicallyReplace(); err != nil {
		return errors.Join(fmt.Errorf("safetensors: write %s: %w", path, err), file.Cleanup())
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// Encode writes the bytes of the file that [Write] makes of these arguments.
func Encode(out io.Writer, entries []Entry, metadata map[string]string) error {
	ordered, header, err := compose(entries, metadata)
	if err == nil {
		err = emit(out, ordered, header)
	}
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	return nil
}

// Bytes returns the elements as they stand in a file. The result may share memory with Raw.
func (e Entry) Bytes() ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, fmt.Errorf("safetensors: tensor %q: %w", e.Name, err)
	}
	if e.Values == nil {
		return e.Raw, nil
	}
	var out bytes.Buffer
	out.Grow(len(e.Values) * e.DType.Size())
	if err := emit(&out, []Entry{e}, nil); err != nil {
		return nil, fmt.Errorf("safetensors: tensor %q: %w", e.Name, err)
	}
	return out.Bytes(), nil
}

// syncFolder makes a rename in dir last. Not every file system can; the file
// is whole either way.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}

// compose checks the entries and returns them in the order of the file, with
// the header (its length in front).
func compose(entries []Entry, metadata map[string]string) ([]Entry, []byte, error) {
	seen := map[string]bool{}
	for _, e := range entries {
		if err := e.check(); err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", e.Name, err)
		}
		if seen[e.Name] {
			return nil, nil, fmt.Errorf("tensor %q: given twice", e.Name)
		}
		seen[e.Name] = true
	}
	ordered := slices.Clone(entries)
	slices.SortStableFunc(ordered, func(a, b Entry) int { return cmp.Compare(b.DType.Size(), a.DType.Size()) })

	var header bytes.Buffer
	header.Write(make([]byte, lengthSize))
	separator := byte('{')
	write := func(key string, value any) error {
		header.WriteByte(separator)
		separator = ','
		if err := writeJSON(&header, key); err != nil {
			return err
		}
		header.WriteByte(':')
		return writeJSON(&header, value)
	}
	if len(metadata) > 0 {
		for _, key := range slices.Sorted(maps.Keys(metadata)) {
			if !utf8.ValidString(key) || !utf8.ValidString(metadata[key]) {
				return nil, nil, fmt.Errorf("metadata %q is not UTF-8", key)
			}
		}
		if err := write(metadataKey, metadata); err != nil {
			return nil, nil, err
		}
	}
	offset := 0
	for _, e := range ordered {
		n, _ := product(e.Shape)
		end := offset + n*e.DType.Size()
		if end < offset {
			return nil, nil, errors.New("the tensors are too large for one file")
		}
		err := write(e.Name, struct {
			DType   DType  `json:"dtype"`
			Shape   []int  `json:"shape"`
			Offsets [2]int `json:"data_offsets"`
		}{e.DType, append([]int{}, e.Shape...), [2]int{offset, end}})
		if err != nil {
			return nil, nil, err
		}
		offset = end
	}
	if separator == '{' {
		header.WriteByte('{')
	}
	header.WriteByte('}')
	for header.Len()%dataAlignment != 0 {
		header.WriteByte(' ')
	}
	n := header.Len() - lengthSize
	if n > maxHeader {
		return nil, nil, fmt.Errorf("the header takes %d bytes, the most is %d", n, maxHeader)
	}
	binary.LittleEndian.PutUint64(header.Bytes(), uint64(n))
	return ordered, header.Bytes(), nil
}

// writeJSON writes v as compact JSON. Maps come out sorted by key.
func writeJSON(out *bytes.Buffer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	out.Truncate(out.Len() - 1) // the newline that Encode adds
	return nil
}

func (e Entry) check() error {
	switch {
	case e.Name == "" || e.Name == metadataKey || !utf8.ValidString(e.Name):
		return errors.New("this cannot be a tensor's name")
	case e.DType.Size() == 0:
		return fmt.Errorf("unknown data type %q", e.DType)
	case e.Values != nil && e.Raw != nil:
		return errors.New("both Values and Raw are given")
	case len(e.Shape) > maxAxes:
		return fmt.Errorf("%d axes, the most is %d", len(e.Shape), maxAxes)
	}
	for _, size := range e.Shape {
		if size < 0 {
			return fmt.Errorf("shape %v has a negative size", e.Shape)
		}
	}
	n, ok := product(e.Shape)
	if !ok || n > math.MaxInt/e.DType.Size() {
		return fmt.Errorf("shape %v is too large", e.Shape)
	}
	if e.Raw != nil || e.Values == nil {
		if want := n * e.DType.Size(); len(e.Raw) != want {
			return fmt.Errorf("%s of shape %v takes %d bytes, Raw has %d", e.DType, e.Shape, want, len(e.Raw))
		}
		return nil
	}
	if len(e.Values) != n {
		return fmt.Errorf("shape %v takes %d elements, Values has %d", e.Shape, n, len(e.Values))
	}
	switch e.DType {
	case F32:
	case F16:
		return checkRange(e.Values, 0x477fefff, F16) // below 65,520, which rounds to infinity
	case BF16:
		return checkRange(e.Values, 0x7f7f7fff, BF16)
	case I8:
		return checkWhole(e.Values, -128, 127, I8)
	case U8:
		return checkWhole(e.Values, 0, 255, U8)
	default:
		return fmt.Errorf("field Values is written as F32, F16, BF16, I8 or U8, not as %s: give Raw", e.DType)
	}
	return nil
}

// checkRange refuses finite values whose magnitude has bits above most: they
// would become infinite.
func checkRange(values []float32, most uint32, dtype DType) error {
	for i, v := range values {
		if abs := math.Float32bits(v) & 0x7fffffff; abs > most && abs < 0x7f800000 {
			return fmt.Errorf("value %d is %g, too large for %s: write F32", i, v, dtype)
		}
	}
	return nil
}

// checkWhole refuses values that are no numbers of I8 or U8, whole and between two others.
func checkWhole(values []float32, least, most float32, dtype DType) error {
	for i, v := range values {
		if float32(int(max(least, min(v, most)))) != v {
			return fmt.Errorf("value %d is %g: %s holds whole numbers between %g and %g", i, v, dtype, least, most)
		}
	}
	return nil
}

// emit writes the header and the entries' elements.
func emit(out io.Writer, ordered []Entry, header []byte) error {
	if _, err := out.Write(header); err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(out, 1<<18)
	for _, e := range ordered {
		if e.Values == nil {
			if _, err := buffered.Write(e.Raw); err != nil {
				return err
			}
			continue
		}
		for _, v := range e.Values {
			b := buffered.AvailableBuffer()
			if cap(b) < 4 {
				if err := buffered.Flush(); err != nil {
					return err
				}
				b = buffered.AvailableBuffer()
			}
			switch e.DType {
			case F16:
				b = binary.LittleEndian.AppendUint16(b, float32ToFloat16(v))
			case BF16:
				b = binary.LittleEndian.AppendUint16(b, float32ToBFloat16(v))
			case I8, U8:
				b = append(b, byte(int(v)))
			default:
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
			}
			if _, err := buffered.Write(b); err != nil {
				return err
			}
		}
	}
	return buffered.Flush()
}
