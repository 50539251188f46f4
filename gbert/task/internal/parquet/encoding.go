package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// runs decodes n values of width bits from Parquet's hybrid of run lengths and bit-packed groups of eight. What is beyond n is
// not decoded, whatever a run claims.
func runs(data []byte, width, n int) ([]uint32, error) {
	if n > 0 && len(data) == 0 {
		return nil, errPageShort
	}
	bytes := (width + 7) / 8
	out := make([]uint32, 0, n)
	for len(out) < n {
		head, used := binary.Uvarint(data)
		if used <= 0 {
			return nil, errPageShort
		}
		data = data[used:]
		count := head >> 1
		if count == 0 {
			return nil, errors.New("a run of no values")
		}
		if head&1 == 0 {
			if len(data) < bytes {
				return nil, errPageShort
			}
			v := uint32(0)
			for i := range bytes {
				v |= uint32(data[i]) << (8 * i)
			}
			data = data[bytes:]
			for range min(count, uint64(n-len(out))) {
				out = append(out, v)
			}
			continue
		}
		groups := min(count, uint64(n-len(out)+7)/8)
		size := groups * uint64(width)
		if size > uint64(len(data)) {
			return nil, errPageShort
		}
		for i := range min(8*groups, uint64(n-len(out))) {
			out = append(out, uint32(bits(data, i*uint64(width), width)))
		}
		data = data[min(count*uint64(width), uint64(len(data))):]
	}
	return out, nil
}

// bits gives the width ≤ 64 bits from bit at on, least significant first.
func bits(data []byte, at uint64, width int) uint64 {
	v := uint64(0)
	for got := 0; got < width; {
		shift := int(at % 8)
		take := min(8-shift, width-got)
		v |= (uint64(data[at/8]) >> shift & (1<<take - 1)) << got
		got += take
		at += uint64(take)
	}
	return v
}

// deltas decodes n integers of DELTA_BINARY_PACKED, and says how many bytes they took.
func deltas(data []byte, n int) ([]int64, int, error) {
	at := 0
	uvarint := func() (uint64, error) {
		v, used := binary.Uvarint(data[at:])
		if used <= 0 {
			return 0, errPageShort
		}
		at += used
		return v, nil
	}
	var head [4]uint64 // block size, miniblocks a block, values, first value (zigzag)
	for i := range head {
		v, err := uvarint()
		if err != nil {
			return nil, 0, err
		}
		head[i] = v
	}
	block, parts, total := head[0], head[1], head[2]
	if block == 0 || block > 1<<16 || parts == 0 || parts > block || block%parts != 0 || block/parts%8 != 0 {
		return nil, 0, fmt.Errorf("delta blocks of %d values in %d parts", block, parts)
	}
	if total != uint64(n) {
		return nil, 0, fmt.Errorf("the delta encoding has %d values, the page %d", total, n)
	}
	value := int64(head[3]>>1) ^ -int64(head[3]&1)
	out := append(make([]int64, 0, n), value)
	for len(out) < n {
		u, err := uvarint()
		if err != nil {
			return nil, 0, err
		}
		least := int64(u>>1) ^ -int64(u&1)
		if uint64(len(data)-at) < parts {
			return nil, 0, errPageShort
		}
		widths := data[at : at+int(parts)]
		at += int(parts)
		for _, width := range widths {
			if len(out) >= n {
				break // the parts after the last value are not stored
			}
			size := block / parts / 8 * uint64(width)
			if width > 64 || size > uint64(len(data)-at) {
				return nil, 0, errPageShort
			}
			for i := range block / parts {
				if len(out) >= n {
					break
				}
				value += least + int64(bits(data[at:], i*uint64(width), int(width)))
				out = append(out, value)
			}
			at += int(size)
		}
	}
	return out[:n], at, nil
}

// together brings the bytes of n values of width bytes together, which BYTE_STREAM_SPLIT stores as all first bytes, all second ones, …
func together(data []byte, width, n int) ([]byte, error) {
	if int64(width)*int64(n) != int64(len(data)) {
		return nil, errPageShort
	}
	out := make([]byte, len(data))
	for i := range n {
		for j := range width {
			out[i*width+j] = data[j*n+i]
		}
	}
	return out, nil
}

// deltaLength decodes n texts of DELTA_LENGTH_BYTE_ARRAY: all the lengths, then all the bytes.
func deltaLength(data []byte, n int) ([]string, error) {
	lengths, used, err := deltas(data, n)
	if err != nil {
		return nil, err
	}
	text, at := string(data[used:]), int64(0)
	cells := make([]string, n)
	for i, length := range lengths {
		if length < 0 || length > int64(len(text))-at {
			return nil, errPageShort
		}
		cells[i] = text[at : at+length]
		at += length
	}
	return cells, nil
}

// deltaBytes decodes n texts of DELTA_BYTE_ARRAY: how much of the text before each begins with, and the rest of it. The
// texts together count as decompressed bytes.
func (f *File) deltaBytes(data []byte, n int) ([]string, error) {
	shared, used, err := deltas(data, n)
	if err != nil {
		return nil, err
	}
	cells, err := deltaLength(data[used:], n)
	if err != nil {
		return nil, err
	}
	for i, length := range shared {
		if length == 0 {
			continue
		}
		if i == 0 || length < 0 || length > int64(len(cells[i-1])) {
			return nil, fmt.Errorf("value %d shares %d bytes with the value before it, which is shorter", i, length)
		}
		if err := f.take(length + int64(len(cells[i]))); err != nil {
			return nil, err
		}
		cells[i] = cells[i-1][:length] + cells[i]
	}
	return cells, nil
}
