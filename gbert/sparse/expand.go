package sparse

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
)

// Expand returns the n elements of size bytes each (1, 2, 4 or 8) that p was made of. What [Pack] would not have made is an
// error that says what was expected; nothing is allocated for it.
func (p Packed) Expand(n, size int) ([]byte, error) {
	if err := p.check(n, size); err != nil {
		return nil, err
	}
	elements := make([]byte, n*size)
	values := p.Values
	put := func(i int) {
		copy(elements[i*size:], values[:size])
		values = values[size:]
	}
	if p.Code == Bitmap {
		for i, b := range p.Places {
			for ; b != 0; b &= b - 1 {
				put(8*i + bits.TrailingZeros8(b))
			}
		}
		return elements, nil
	}
	next := 0
	for _, gap := range p.Places {
		next += int(gap)
		if gap < longestGap {
			put(next)
			next++
		}
	}
	return elements, nil
}

// check reports what makes p no packed form of n elements.
func (p Packed) check(n, size int) error {
	if err := checkSize(size); err != nil {
		return err
	}
	if n < 0 || n > math.MaxInt/size {
		return fmt.Errorf("sparse: %d elements of %d bytes; the number must be 0…%d", n, size, math.MaxInt/size)
	}
	if len(p.Values)%size != 0 {
		return fmt.Errorf("sparse: the values take %d bytes, which is no whole number of elements of %d bytes", len(p.Values), size)
	}
	var count int
	var err error
	switch p.Code {
	case Bitmap:
		count, err = checkBitmap(p.Places, n)
	case Gaps:
		count, err = checkGaps(p.Places, n)
	default:
		err = fmt.Errorf("sparse: unknown code %q; the codes are %q and %q", p.Code, Bitmap, Gaps)
	}
	if err != nil {
		return err
	}
	if have := len(p.Values) / size; have != count {
		return fmt.Errorf("sparse: the %s have %d non-zeros, but there are %d values", p.Code, count, have)
	}
	for i := 0; i < len(p.Values); i += size {
		if bytes.Equal(p.Values[i:i+size], zeros[:size]) {
			return fmt.Errorf("sparse: value %d is zero; only non-zeros have a place", i/size)
		}
	}
	return nil
}

// checkBitmap returns the number of non-zeros.
func checkBitmap(places []byte, n int) (count int, err error) {
	if want := bitmapLength(n); len(places) != want {
		return 0, fmt.Errorf("sparse: %d bytes of bits; %d elements take %d", len(places), n, want)
	}
	if n%8 != 0 && places[len(places)-1]>>(n%8) != 0 {
		return 0, fmt.Errorf("sparse: there are bits behind the last of %d elements", n)
	}
	for _, b := range places {
		count += bits.OnesCount8(b)
	}
	return count, nil
}

// checkGaps returns the number of non-zeros.
func checkGaps(places []byte, n int) (count int, err error) {
	next := 0
	for i, gap := range places {
		width := int(gap)
		if gap < longestGap {
			width++
			count++
		}
		if width > n-next {
			return 0, fmt.Errorf("sparse: gap %d (of %d) reaches behind the last of %d elements", i, len(places), n)
		}
		next += width
	}
	if n-next >= longestGap {
		return 0, fmt.Errorf("sparse: the gaps end at element %d of %d; they must come within %d of the end", next, n, longestGap-1)
	}
	return count, nil
}
