package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
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
	p := parser{scanner: scanner{text: header}}
	if err := p.header(); err != nil {
		return nil, nil, 0, fmt.Errorf("header, at byte %d: %w", lengthSize+p.at, err)
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

// parser collects what the header holds.
type parser struct {
	scanner
	entries  []entry
	metadata map[string]string
}

func (p *parser) header() error {
	seen := map[string]struct{}{}
	err := p.object("a tensor's name", func(name string) error {
		if _, ok := seen[name]; ok {
			return errTwice
		}
		seen[name] = struct{}{}
		if name == metadataKey {
			return p.readMetadata()
		}
		return p.readEntry(name)
	})
	if err != nil {
		return err
	}
	if p.peek(); p.at < len(p.text) {
		return errors.New("more than one JSON value")
	}
	return nil
}

// errTwice is for a key that an object has already.
var errTwice = errors.New("this key occurs twice")

// readMetadata reads an object of texts, or null, which the safetensors library takes for none.
func (p *parser) readMetadata() error {
	p.metadata = map[string]string{}
	if p.peek() == 'n' && bytes.HasPrefix(p.text[p.at:], []byte("null")) {
		p.at += len("null")
		return nil
	}
	return p.object("a key", func(key string) (err error) {
		if _, ok := p.metadata[key]; ok {
			return errTwice
		}
		p.metadata[key], err = p.string("a string")
		return err
	})
}

func (p *parser) readEntry(name string) error {
	e := entry{name: name}
	var dtype string
	var shape, offsets []int64
	var seen [3]bool
	keys := [...]string{"dtype", "shape", "data_offsets"}
	err := p.object("a key", func(key string) (err error) {
		i := slices.Index(keys[:], key)
		if i < 0 { // a later version's addition
			return p.skip()
		}
		if seen[i] {
			return errTwice
		}
		seen[i] = true
		switch key {
		case "dtype":
			dtype, err = p.string("a data type")
		case "shape":
			shape, err = p.numbers(maxAxes)
		case "data_offsets":
			offsets, err = p.numbers(2)
		}
		return err
	})
	if err != nil {
		return err
	}
	for i, key := range keys {
		if !seen[i] {
			return fmt.Errorf("%s is missing", key)
		}
	}
	if len(offsets) != 2 || offsets[0] > offsets[1] {
		return fmt.Errorf("data_offsets are %v: want [begin, end] with begin ≤ end", offsets)
	}
	e.dtype, e.begin, e.end = DType(dtype), offsets[0], offsets[1]
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
