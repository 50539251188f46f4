package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Types of Thrift's compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

const (
	maxThriftDepth = 24
	maxThriftNodes = 1 << 17 // some 800 row groups of four columns; a node takes about 100 bytes
)

var errThriftShort = errors.New("metadata end too early")

// node is one decoded Thrift value: an integer or boolean (num), a string (raw), a list or a structure.
type node struct {
	num    int64
	raw    []byte
	list   []node
	fields []field
}

type field struct {
	id int16
	node
}

// get gives field id of a structure, and whether it is there.
func (n *node) get(id int16) (*node, bool) {
	for i := range n.fields {
		if n.fields[i].id == id {
			return &n.fields[i].node, true
		}
	}
	return nil, false
}

// text gives the string field id of a structure; nil where it is not there.
func (n *node) text(id int16) []byte {
	if f, ok := n.get(id); ok {
		return f.raw
	}
	return nil
}

// integer gives the integer field id of a structure, or fallback.
func (n *node) integer(id int16, fallback int64) int64 {
	if f, ok := n.get(id); ok {
		return f.num
	}
	return fallback
}

// thriftReader decodes compact Thrift from a byte slice. Strings are slices of the input; lists grow as elements are really
// there, so that a claimed size alone takes no memory.
type thriftReader struct {
	data  []byte
	at    int
	nodes int
}

// decodeStruct decodes the structure at the beginning of data, and says how many bytes it takes.
func decodeStruct(data []byte) (node, int, error) {
	r := &thriftReader{data: data}
	n, err := r.structure(0)
	return n, r.at, err
}

func (r *thriftReader) byte() (byte, error) {
	if r.at >= len(r.data) {
		return 0, errThriftShort
	}
	r.at++
	return r.data[r.at-1], nil
}

func (r *thriftReader) uvarint() (uint64, error) {
	v, n := binary.Uvarint(r.data[r.at:])
	if n <= 0 {
		return 0, errThriftShort
	}
	r.at += n
	return v, nil
}

func (r *thriftReader) varint() (int64, error) {
	v, err := r.uvarint()
	return int64(v>>1) ^ -int64(v&1), err
}

func (r *thriftReader) structure(depth int) (node, error) {
	var n node
	if depth > maxThriftDepth {
		return n, fmt.Errorf("metadata nested deeper than %d", maxThriftDepth)
	}
	last := int64(0)
	for {
		head, err := r.byte()
		if err != nil {
			return n, err
		}
		if head == 0 {
			return n, nil
		}
		id := last + int64(head>>4)
		if head>>4 == 0 {
			if id, err = r.varint(); err != nil {
				return n, err
			}
		}
		if id < -1<<15 || id >= 1<<15 {
			return n, fmt.Errorf("metadata field number %d out of range", id)
		}
		last = id
		value, err := r.value(head&15, depth, false)
		if err != nil {
			return n, err
		}
		n.fields = append(n.fields, field{id: int16(id), node: value})
	}
}

// value decodes a value of a type; a boolean is in the type itself as a structure's field, and a byte as an element.
func (r *thriftReader) value(kind byte, depth int, element bool) (n node, err error) {
	if r.nodes++; r.nodes > maxThriftNodes {
		return n, fmt.Errorf("metadata of more than %d values", maxThriftNodes)
	}
	switch kind {
	case thriftTrue, thriftFalse:
		if !element {
			n.num = int64(thriftFalse - kind)
			return n, nil
		}
		b, err := r.byte()
		if b == thriftTrue {
			n.num = 1
		}
		return n, err
	case thriftByte:
		b, err := r.byte()
		n.num = int64(int8(b))
		return n, err
	case thriftI16, thriftI32, thriftI64:
		n.num, err = r.varint()
		return n, err
	case thriftDouble:
		if len(r.data)-r.at < 8 {
			return n, errThriftShort
		}
		r.at += 8
		return n, nil
	case thriftBinary:
		size, err := r.uvarint()
		if err != nil {
			return n, err
		}
		if size > uint64(len(r.data)-r.at) {
			return n, errThriftShort
		}
		n.raw = r.data[r.at : r.at+int(size)]
		r.at += int(size)
		return n, nil
	case thriftList, thriftSet:
		return r.sequence(depth)
	case thriftMap:
		return n, r.skipMap(depth)
	case thriftStruct:
		return r.structure(depth + 1)
	}
	return n, fmt.Errorf("metadata hold a value of the unknown type %d", kind)
}

func (r *thriftReader) sequence(depth int) (n node, err error) {
	if depth > maxThriftDepth {
		return n, fmt.Errorf("metadata nested deeper than %d", maxThriftDepth)
	}
	head, err := r.byte()
	if err != nil {
		return n, err
	}
	size := uint64(head >> 4)
	if size == 15 {
		if size, err = r.uvarint(); err != nil {
			return n, err
		}
	}
	for range size {
		v, err := r.value(head&15, depth+1, true)
		if err != nil {
			return n, err
		}
		n.list = append(n.list, v)
	}
	return n, nil
}

func (r *thriftReader) skipMap(depth int) error {
	if depth > maxThriftDepth {
		return fmt.Errorf("metadata nested deeper than %d", maxThriftDepth)
	}
	size, err := r.uvarint()
	if err != nil || size == 0 {
		return err
	}
	kinds, err := r.byte()
	if err != nil {
		return err
	}
	for range size {
		for _, kind := range [...]byte{kinds >> 4, kinds & 15} {
			if _, err := r.value(kind, depth+1, true); err != nil {
				return err
			}
		}
	}
	return nil
}
