package sparse

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// random are n elements of size bytes, each non-zero with probability density.
func random(rng *rand.Rand, n, size int, density float64) []byte {
	elements := make([]byte, n*size)
	for i := range n {
		if rng.Float64() < density {
			for j := range size {
				elements[i*size+j] = byte(rng.Uint32())
			}
			elements[i*size+rng.IntN(size)] |= 1
		}
	}
	return elements
}

func TestEveryArrayComesBackInBothCodesAndTheShorterOneIsTaken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{1, 2, 4, 8}).Draw(t, "size")
		n := rapid.IntRange(0, 3000).Draw(t, "n")
		density := rapid.OneOf(rapid.Float64Range(0, 0.01), rapid.Float64Range(0, 1)).Draw(t, "density")
		elements := random(rand.New(rand.NewPCG(1, rapid.Uint64().Draw(t, "seed"))), n, size, density)
		bitmap, gaps := packBitmap(elements, size), packGaps(elements, size)
		for _, p := range []Packed{bitmap, gaps} {
			if again, err := p.Expand(n, size); err != nil || !bytes.Equal(again, elements) {
				t.Fatalf("%s: other elements, %v", p.Code, err)
			}
			if n > 255*(p.Size()+1) {
				t.Fatalf("%s: %d bytes stand for %d elements", p.Code, p.Size(), n)
			}
		}
		if len(gaps.Places) != gapsLength(elements, size) {
			t.Fatalf("%d bytes of gaps, %d were counted", len(gaps.Places), gapsLength(elements, size))
		}
		p, err := Pack(elements, size)
		if err != nil || p.Size() != min(bitmap.Size(), gaps.Size()) {
			t.Fatalf("%d bytes, %v; bits take %d, gaps %d", p.Size(), err, bitmap.Size(), gaps.Size())
		}
	})
}

func TestSizesOfThePlacesFollowTheirFormulas(t *testing.T) {
	const n = 10000
	for count, want := range map[int]Packed{
		0: {Code: Gaps, Places: make([]byte, n/255)}, 1: {Code: Gaps, Places: make([]byte, 1+(n-1)/255)},
		100: {Code: Gaps, Places: make([]byte, 100+(n-100)/255)}, n: {Code: Bitmap, Places: make([]byte, n/8)},
	} {
		elements := make([]byte, n)
		for i := range count {
			elements[i] = 1
		}
		if p, err := Pack(elements, 1); err != nil || p.Code != want.Code || len(p.Places) != len(want.Places) || len(p.Values) != count {
			t.Errorf("%d non-zeros: %s in %d bytes with %d values, %v; want %s in %d", count, p.Code, len(p.Places), len(p.Values), err, want.Code, len(want.Places))
		}
	}
}

func TestMinusZeroAndNaNKeepTheirBits(t *testing.T) {
	var elements []byte
	for _, bits := range []uint32{0, 1 << 31, 0x7fc00001, 0xffc12345, math.Float32bits(float32(math.Inf(-1))), 1, 0} {
		elements = binary.LittleEndian.AppendUint32(elements, bits)
	}
	p, err := Pack(elements, 4)
	if err != nil || len(p.Values) != 5*4 {
		t.Fatalf("%v, %v", p, err)
	}
	if again, err := p.Expand(7, 4); err != nil || !bytes.Equal(again, elements) {
		t.Errorf("%v, %v", again, err)
	}
}

func TestWhatPackDoesNotMakeIsAnErrorAndAllocatesNothing(t *testing.T) {
	type B = []byte
	const huge = math.MaxInt
	for name, c := range map[string]struct {
		packed  Packed
		n, size int
		want    string
	}{
		"elements of no bytes":    {Packed{Code: Gaps}, 1, 0, "elements of 0 bytes; they must have 1, 2, 4 or 8"},
		"elements of three bytes": {Packed{Code: Gaps}, 1, 3, "elements of 3 bytes"},
		"a negative number":       {Packed{Code: Bitmap}, -1, 1, "-1 elements of 1 bytes; the number must be 0…"},
		"an overflow":             {Packed{Code: Bitmap}, huge, 4, "the number must be 0…2305843009213693951"},
		"no code":                 {Packed{}, 0, 1, `unknown code ""; the codes are "bits" and "gaps"`},
		"half a value":            {Packed{Bitmap, B{1}, B{1, 0, 0}}, 8, 2, "the values take 3 bytes"},
		"too few bits":            {Packed{Bitmap, B{0}, nil}, 9, 1, "1 bytes of bits; 9 elements take 2"},
		"too many bits":           {Packed{Bitmap, B{0, 0}, nil}, 8, 1, "2 bytes of bits; 8 elements take 1"},
		"bits for nothing":        {Packed{Bitmap, B{0}, nil}, 0, 1, "1 bytes of bits; 0 elements take 0"},
		"no bits":                 {Packed{Bitmap, nil, nil}, huge, 1, "0 bytes of bits"},
		"a bit behind the end":    {Packed{Bitmap, B{8}, B{1}}, 3, 1, "bits behind the last of 3 elements"},
		"more bits than values":   {Packed{Bitmap, B{3}, B{1}}, 8, 1, "the bits have 2 non-zeros, but there are 1 values"},
		"fewer bits than values":  {Packed{Bitmap, B{1}, B{1, 2}}, 8, 1, "the bits have 1 non-zeros, but there are 2 values"},
		"a zero among the values": {Packed{Bitmap, B{3}, B{1, 0, 0, 0}}, 8, 2, "value 1 is zero"},
		"a gap behind the end":    {Packed{Gaps, B{0, 3}, B{1, 2}}, 4, 1, "gap 1 (of 2) reaches behind the last of 4 elements"},
		"a filler behind the end": {Packed{Gaps, B{255}, nil}, 254, 1, "gap 0 (of 1) reaches behind the last of 254 elements"},
		"gaps that end early":     {Packed{Gaps, B{5}, B{1}}, 6 + 255, 1, "the gaps end at element 6 of 261; they must come within 254 of the end"},
		"no gaps":                 {Packed{Gaps, nil, nil}, huge, 1, "the gaps end at element 0"},
		"more gaps than values":   {Packed{Gaps, B{0, 0}, B{1}}, 2, 1, "the gaps have 2 non-zeros, but there are 1 values"},
		"fewer gaps than values":  {Packed{Gaps, B{0}, B{1, 1}}, 2, 1, "the gaps have 1 non-zeros, but there are 2 values"},
		"a zero behind a gap":     {Packed{Gaps, B{1}, B{0}}, 2, 1, "value 0 is zero"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			elements, err := c.packed.Expand(c.n, c.size)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.HasPrefix(err.Error(), "sparse: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v, want %q", elements, err, c.want)
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > 1<<14 {
				t.Errorf("%d bytes were allocated", got)
			}
		})
	}
	for _, c := range []struct{ bytes, size int }{{7, 2}, {8, 5}, {8, 0}, {8, -1}} {
		if _, err := Pack(make([]byte, c.bytes), c.size); err == nil {
			t.Errorf("%d bytes of elements of %d bytes were packed", c.bytes, c.size)
		}
	}
}

func FuzzExpand(f *testing.F) {
	f.Add(true, []byte{0b101}, []byte{1, 2}, 3, 1)
	f.Add(false, []byte{7, 255, 82}, []byte{1, 0, 0, 0, 2, 0, 0, 0}, 400, 4)
	f.Add(false, []byte{255}, []byte{}, 300, 2)
	f.Add(true, []byte{}, []byte{}, 0, 8)
	f.Fuzz(func(t *testing.T, bitmap bool, places, values []byte, n, size int) {
		p := Packed{Gaps, places, values}
		if bitmap {
			p.Code = Bitmap
		}
		elements, err := p.Expand(n, size)
		if err != nil {
			return
		}
		if len(elements) != n*size || n > 255*(p.Size()+1) {
			t.Fatalf("%d bytes expand to %d elements in %d bytes", p.Size(), n, len(elements))
		}
		again := packGaps(elements, size)
		if bitmap {
			again = packBitmap(elements, size)
		}
		if !bytes.Equal(again.Places, places) || !bytes.Equal(again.Values, values) {
			t.Fatalf("%v packs to %v", p, again)
		}
	})
}
