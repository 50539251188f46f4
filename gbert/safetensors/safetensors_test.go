package safetensors

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

func TestWrittenTensorsReadBackBitForBit(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringN(1, 8, -1), 0, 6, rapid.ID).Draw(t, "names")
		var entries []Entry
		for _, name := range names {
			if name == metadataKey {
				continue
			}
			shape := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 3).Draw(t, "shape")
			n, _ := product(shape)
			e := Entry{Name: name, Shape: shape}
			if rapid.Bool().Draw(t, "raw") {
				e.DType = rapid.SampledFrom([]DType{Bool, U8, I16, F16, I32, I64, F64}).Draw(t, "dtype")
				e.Raw = rapid.SliceOfN(rapid.Byte(), n*e.DType.Size(), n*e.DType.Size()).Draw(t, "bytes")
			} else {
				e.DType = F32
				e.Values = rapid.SliceOfN(rapid.Float32(), n, n).Draw(t, "values")
			}
			entries = append(entries, e)
		}
		metadata := rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(t, "metadata")

		path := filepath.Join(dir, "m.safetensors")
		if err := Write(path, entries, metadata); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if len(f.Names()) != len(entries) || !maps.Equal(f.Metadata(), metadata) {
			t.Fatalf("got tensors %q, metadata %v", f.Names(), f.Metadata())
		}
		for _, e := range entries {
			got, ok := f.Tensor(e.Name)
			if !ok || got.DType != e.DType || !slices.Equal(got.Shape, e.Shape) {
				t.Fatalf("wrote %+v, read %+v", e, got)
			}
			if e.Values == nil {
				if !slices.Equal(got.Data, e.Raw) {
					t.Fatalf("%q: wrote % x, read % x", e.Name, e.Raw, got.Data)
				}
				continue
			}
			values, err := got.Float32s()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(values, e.Values, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }) {
				t.Fatalf("%q: wrote %v, read %v", e.Name, e.Values, values)
			}
			if len(values) > 0 && unsafe.Pointer(&values[0]) != unsafe.Pointer(&got.Data[0]) && littleEndian {
				t.Fatalf("%q: F32 was copied, want a view", e.Name)
			}
		}
	})
}

func TestEqualEntriesGiveEqualBytesAndAlignedTensors(t *testing.T) {
	dir := t.TempDir()
	entries := []Entry{
		{Name: "half", Shape: []int{3}, DType: F16, Values: []float32{1, 2, 3}},
		{Name: "ids", Shape: []int{1}, DType: I64, Raw: make([]byte, 8)},
		{Name: "w", Shape: []int{1, 2}, DType: F32, Values: []float32{4, 5}},
	}
	metadata := map[string]string{"format": "pt", "b": "<&>", "a": "1"}
	var first []byte
	for range 5 {
		path := filepath.Join(dir, "m.safetensors")
		if err := Write(path, entries, metadata); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		if !slices.Equal(got, first) {
			t.Fatal("the same entries gave other bytes")
		}
	}
	parsed, _, start, err := parse(first)
	if err != nil {
		t.Fatal(err)
	}
	if start%dataAlignment != 0 {
		t.Errorf("data start at byte %d, want a multiple of %d", start, dataAlignment)
	}
	for _, e := range parsed {
		if (start+e.begin)%int64(e.dtype.Size()) != 0 {
			t.Errorf("%s %q starts at byte %d", e.dtype, e.name, start+e.begin)
		}
	}
}
