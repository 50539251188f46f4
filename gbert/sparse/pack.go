package sparse

import (
	"bytes"
	"fmt"
	"slices"
)

// Code says how the places of the non-zeros are written.
type Code string

// The codes of places.
const (
	Bitmap Code = "bits"
	Gaps   Code = "gaps"
)

// longestGap is the byte of [Gaps] for that many zeros without a non-zero behind them.
const longestGap = 255

// Packed is an array of elements without its zeros.
type Packed struct {
	// Code is how Places is written.
	Code Code
	// Places says where the non-zeros stand.
	Places []byte
	// Values are the non-zero elements in order.
	Values []byte
}

// Size is the bytes that places and values take.
func (p Packed) Size() int { return len(p.Places) + len(p.Values) }

// Pack packs elements of size bytes each (1, 2, 4 or 8) in the code that takes fewer bytes. The result shares no memory with
// elements.
func Pack(elements []byte, size int) (Packed, error) {
	if err := checkSize(size); err != nil {
		return Packed{}, err
	}
	if len(elements)%size != 0 {
		return Packed{}, fmt.Errorf("sparse: %d bytes are no whole number of elements of %d bytes", len(elements), size)
	}
	if bits, gaps := bitmapLength(len(elements)/size), gapsLength(elements, size); gaps < bits {
		return packGaps(elements, size), nil
	}
	return packBitmap(elements, size), nil
}

func checkSize(size int) error {
	switch size {
	case 1, 2, 4, 8:
		return nil
	}
	return fmt.Errorf("sparse: elements of %d bytes; they must have 1, 2, 4 or 8", size)
}

// zeros is compared with elements to tell whether they are zero.
var zeros [8]byte

// nonZeros calls found with the number of each element that is not zero, in order, and its bytes.
func nonZeros(elements []byte, size int, found func(i int, element []byte)) {
	zero := zeros[:size]
	for i := range len(elements) / size {
		if element := elements[i*size : (i+1)*size]; !bytes.Equal(element, zero) {
			found(i, element)
		}
	}
}

func bitmapLength(n int) int { return n/8 + (n%8+7)/8 }

func gapsLength(elements []byte, size int) int {
	length, next := 0, 0
	nonZeros(elements, size, func(i int, _ []byte) {
		length += (i-next)/longestGap + 1
		next = i + 1
	})
	return length + (len(elements)/size-next)/longestGap
}

func packBitmap(elements []byte, size int) Packed {
	p := Packed{Code: Bitmap, Places: make([]byte, bitmapLength(len(elements)/size))}
	nonZeros(elements, size, func(i int, element []byte) {
		p.Places[i/8] |= 1 << (i % 8)
		p.Values = append(p.Values, element...)
	})
	p.Values = slices.Clip(p.Values)
	return p
}

func packGaps(elements []byte, size int) Packed {
	p := Packed{Code: Gaps, Places: make([]byte, 0, gapsLength(elements, size))}
	next := 0
	skip := func(to int) {
		for ; to-next >= longestGap; next += longestGap {
			p.Places = append(p.Places, longestGap)
		}
	}
	nonZeros(elements, size, func(i int, element []byte) {
		skip(i)
		p.Places = append(p.Places, byte(i-next))
		p.Values = append(p.Values, element...)
		next = i + 1
	})
	skip(len(elements) / size)
	p.Values = slices.Clip(p.Values)
	return p
}
