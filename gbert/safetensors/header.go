package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"
)

const (
	// lengthSize is the size of the header's length at the file's start.
	lengthSize = 8
	// maxHeader is the largest header, as in the reference implementation.
	maxHeader = 100_000_000
	// maxAxes bounds the axes of a tensor, as NumPy does.
	maxAxes = 64
	// metadataKey is the one name in the header that is not a tensor's.
	metadataKey = "__metadata__"
)

// entry is the header's description of a tensor; begin and end count from the
// first byte behind the header.
type entry struct {
	name       string
	dtype      DType
	shape      []int
	begin, end int64
}

// parse checks a whole file and returns its tensors by offset, its metadata,
// and where the tensors' bytes begin.
func parse(file []byte) (entries []entry, metadata map[string]string, start int64, err error) {
	size := int64(len(file))
	if size < lengthSize {
		return nil, nil, 0, fmt.Errorf("truncated: expected at least %d bytes (the header's length), found %d", lengthSize, size)
	}
	n := binary.LittleEndian.Uint64(file)
	if n > maxHeader {
		return nil, nil, 0, fmt.Errorf("not a safetensors file: its first 8 bytes give a header of %d bytes, the most is %d", n, maxHeader)
	}
	start = lengthSize + int64(n)
	if start > size {
		return nil, nil, 0, fmt.Errorf("truncated in the header: expected at least %d bytes, found %d", start, size)
	}
	header := file[lengthSize:start]
	if len(header) == 0 || header[0] != '{' {
		return nil, nil, 0, errors.New("not a safetensors file: byte 8 should be '{', the start of the header")
	}
	if !utf8.Valid(header) {
		return nil, nil, 0, errors.New("the header is not UTF-8")
	}
	p := parser{dec: json.NewDecoder(bytes.NewReader(header))}
	p.dec.UseNumber()
	if err := p.header(); err != nil {
		return nil, nil, 0, fmt.Errorf("header, at byte %d: %w", lengthSize+p.dec.InputOffset(), err)
	}
	if err := layOut(p.entries, start, size); err != nil {
		return nil, nil, 0, err
	}
	return p.entries, p.metadata, start, nil
}

// layOut sorts the entries by offset and checks that they fill the file from
// start to its last byte.
func layOut(entries []entry, start, size int64) error {
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	var end int64
	for _, e := range entries {
		end = max(end, e.end)
	}
	switch have := size - start; {
	case end > math.MaxInt64-start:
		return fmt.Errorf("a tensor ends at byte %d of the data, which no file can hold", end)
	case end > have:
		return fmt.Errorf("truncated: expected %d bytes (%d of header, %d of tensors), found %d", start+end, start, end, size)
	case end < have:
		return fmt.Errorf("%d bytes after the last tensor: expected a file of %d bytes, found %d", have-end, start+end, size)
	}
	last := int64(0)
	for i, e := range entries {
		switch {
		case e.begin > last:
			return fmt.Errorf("hole in the data: no tensor holds bytes %d to %d, before %q", last, e.begin, e.name)
		case e.begin < last:
			return fmt.Errorf("tensors %q and %q overlap at byte %d of the data", entries[i-1].name, e.name, e.begin)
		}
		last = e.end
	}
	return nil
}

// parser reads the header token by token, because encoding/json would let a
// second value for a name replace the first.
type parser struct {
	dec      *json.Decoder
	entries  []entry
	metadata map[string]string
}

func (p *parser) header() error {
	if err := p.delim('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for p.dec.More() {
		name, err := p.text("a tensor's name")
		if err != nil {
			return err
		}
		if seen[name] {
			return fmt.Errorf("%q occurs twice", name)
		}
		seen[name] = true
		if name == metadataKey {
			err = p.readMetadata()
		} else {
			err = p.readEntry(name)
		}
		if err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
	}
	if err := p.delim('}'); err != nil {
		return err
	}
	switch _, err := p.dec.Token(); {
	case err == nil:
		return errors.New("more than one JSON value")
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("after the JSON value: %w", err)
	}
	return nil
}

func (p *parser) readMetadata() error {
	if err := p.delim('{'); err != nil {
		return err
	}
	p.metadata = map[string]string{}
	for p.dec.More() {
		key, err := p.text("a key")
		if err != nil {
			return err
		}
		if _, ok := p.metadata[key]; ok {
			return fmt.Errorf("%q occurs twice", key)
		}
		if p.metadata[key], err = p.text("a string"); err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
	}
	return p.delim('}')
}

func (p *parser) readEntry(name string) error {
	if err := p.delim('{'); err != nil {
		return err
	}
	e := entry{name: name}
	var offsets []int64
	var shape []int64
	seen := map[string]bool{}
	for p.dec.More() {
		key, err := p.text("a key")
		if err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("%q occurs twice", key)
		}
		seen[key] = true
		switch key {
		case "dtype":
			var s string
			s, err = p.text("a data type")
			e.dtype = DType(s)
		case "shape":
			shape, err = p.numbers(maxAxes)
		case "data_offsets":
			offsets, err = p.numbers(2)
		default: // a later version's addition
			var skip json.RawMessage
			err = p.dec.Decode(&skip)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	if err := p.delim('}'); err != nil {
		return err
	}
	for _, key := range []string{"dtype", "shape", "data_offsets"} {
		if !seen[key] {
			return fmt.Errorf("%s is missing", key)
		}
	}
	if len(offsets) != 2 || offsets[0] > offsets[1] {
		return fmt.Errorf("data_offsets are %v: want [begin, end] with begin ≤ end", offsets)
	}
	e.begin, e.end = offsets[0], offsets[1]
	e.shape = make([]int, len(shape))
	for i, size := range shape {
		if size > math.MaxInt {
			return fmt.Errorf("shape %v is too large", shape)
		}
		e.shape[i] = int(size)
	}
	length, ok := product(e.shape)
	if !ok {
		return fmt.Errorf("shape %v has more elements than can be counted", e.shape)
	}
	// What an unknown data type takes is not known; only its use is an error.
	if unit := e.dtype.Size(); unit > 0 {
		high, want := bits.Mul64(uint64(length), uint64(unit))
		if got := e.end - e.begin; high != 0 || want != uint64(got) {
			return fmt.Errorf("%s of shape %v takes %d × %d bytes, data_offsets give %d", e.dtype, e.shape, length, unit, got)
		}
	}
	p.entries = append(p.entries, e)
	return nil
}

// product multiplies sizes that are not negative; ok is false on overflow. A
// zero among the sizes makes the product 0, but does not hide that the others
// overflow, so that no order of multiplying them can go wrong.
func product(sizes []int) (n int, ok bool) {
	n = 1
	empty := false
	for _, size := range sizes {
		if size == 0 {
			empty = true
			continue
		}
		high, low := bits.Mul64(uint64(n), uint64(size))
		if high != 0 || low > math.MaxInt {
			return 0, false
		}
		n = int(low)
	}
	if empty {
		n = 0
	}
	return n, true
}

func (p *parser) delim(want json.Delim) error {
	token, err := p.dec.Token()
	if err != nil {
		return cutOff(err)
	}
	if token != want {
		return fmt.Errorf("expected %q, found %v", want.String(), token)
	}
	return nil
}

func (p *parser) text(what string) (string, error) {
	token, err := p.dec.Token()
	if err != nil {
		return "", cutOff(err)
	}
	s, ok := token.(string)
	if !ok {
		return "", fmt.Errorf("expected %s, found %v", what, token)
	}
	return s, nil
}

// numbers reads an array of at most most whole numbers that are not negative.
func (p *parser) numbers(most int) ([]int64, error) {
	if err := p.delim('['); err != nil {
		return nil, err
	}
	list := []int64{}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return nil, cutOff(err)
		}
		number, ok := token.(json.Number)
		if !ok {
			return nil, fmt.Errorf("expected a number, found %v", token)
		}
		n, err := strconv.ParseInt(number.String(), 10, 64)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%s is not a whole number from 0 to %d", number, int64(math.MaxInt64))
		}
		if len(list) == most {
			return nil, fmt.Errorf("more than %d numbers", most)
		}
		list = append(list, n)
	}
	return list, p.delim(']')
}

func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the JSON ends too early")
	}
	return err
}
