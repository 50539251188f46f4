package safetensors

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func ones(n int) []float32 {
	values := make([]float32, n)
	for i := range values {
		values[i] = 1
	}
	return values
}

func TestHalfPrecisionWritesRoundedAndRefusesWhatDoesNotFit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	values := []float32{1, -1.0009765625, 65504, 0x1p-24, float32(math.Inf(1))}
	if err := Write(path, []Entry{
		{Name: "h", Shape: []int{5}, DType: F16, Values: values},
		{Name: "b", Shape: []int{5}, DType: BF16, Values: values},
	}, nil); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, want := range map[string][]float32{"h": values, "b": {1, -1, 65536, 0x1p-24, float32(math.Inf(1))}} {
		tensor, _ := f.Tensor(name)
		if got, err := tensor.Float32s(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
	for dtype, value := range map[DType]float32{F16: 65520, BF16: math.MaxFloat32} {
		err := Write(path, []Entry{{Name: "w", Shape: []int{1}, DType: dtype, Values: []float32{value}}}, nil)
		if err == nil || !strings.Contains(err.Error(), "too large") {
			t.Errorf("%g as %s: got %v", value, dtype, err)
		}
	}
	if err := Write(path, []Entry{{Name: "w", Shape: []int{1}, DType: F16, Values: []float32{65519}}}, nil); err != nil {
		t.Errorf("65519 rounds to 65504: %v", err)
	}
}

func TestEntriesThatDoNotFitTogetherAreErrorsAndLeaveTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.safetensors")
	if err := Write(path, []Entry{{Name: "old", DType: F32, Values: ones(1)}}, nil); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	a := Entry{Name: "a", Shape: []int{2}, DType: F32, Values: ones(2)}
	for name, c := range map[string]struct {
		entries []Entry
		want    string
	}{
		"a name twice":     {[]Entry{a, a}, "given twice"},
		"no name":          {[]Entry{{DType: F32, Values: ones(1)}}, "name"},
		"metadata's name":  {[]Entry{{Name: metadataKey, DType: F32, Values: ones(1)}}, "name"},
		"too few values":   {[]Entry{{Name: "a", Shape: []int{3}, DType: F32, Values: ones(2)}}, "takes 3 elements, Values has 2"},
		"too few bytes":    {[]Entry{{Name: "a", Shape: []int{3}, DType: I64, Raw: make([]byte, 8)}}, "takes 24 bytes, Raw has 8"},
		"negative size":    {[]Entry{{Name: "a", Shape: []int{-1, -2}, DType: F32, Values: ones(2)}}, "negative"},
		"overflow":         {[]Entry{{Name: "a", Shape: []int{1 << 62, 4}, DType: F32}}, "too large"},
		"both":             {[]Entry{{Name: "a", DType: F32, Values: ones(1), Raw: make([]byte, 4)}}, "both"},
		"unknown type":     {[]Entry{{Name: "a", DType: "F4", Raw: make([]byte, 1)}}, "unknown data type"},
		"values as int":    {[]Entry{{Name: "a", DType: I32, Values: ones(1)}}, "give Raw"},
		"values too large": {[]Entry{{Name: "a", DType: F16, Values: []float32{1e6}}}, "too large for F16"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Write(path, c.entries, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			onlyOld(t, path, before)
		})
	}
}

// onlyOld checks that the folder holds the old file alone, untouched.
func onlyOld(t *testing.T, path string, old []byte) {
	t.Helper()
	now, err := os.ReadFile(path)
	if err != nil || !slices.Equal(now, old) {
		t.Errorf("the old file changed: %v", err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

// failing is a writer that takes n bytes.
type failing struct{ n int }

var errFull = errors.New("no space left")

func (f *failing) Write(b []byte) (int, error) {
	if len(b) > f.n {
		return f.n, errFull
	}
	f.n -= len(b)
	return len(b), nil
}

func TestAWriterThatFailsAnywhereIsAnError(t *testing.T) {
	ordered, header, err := compose([]Entry{
		{Name: "a", Shape: []int{100000}, DType: F32, Values: ones(100000)},
		{Name: "b", Shape: []int{100000}, DType: F16, Values: ones(100000)},
		{Name: "c", Shape: []int{70000}, DType: U8, Raw: make([]byte, 70000)},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := len(header) + 400000 + 200000 + 70000
	for _, n := range []int{0, 7, len(header) - 1, len(header), len(header) + 1, 399999, 400000, 500000, 640000, whole - 1} {
		if err := emit(&failing{n}, ordered, header); !errors.Is(err, errFull) {
			t.Errorf("room for %d of %d bytes: got %v", n, whole, err)
		}
	}
	if err := emit(&failing{whole}, ordered, header); err != nil {
		t.Errorf("room for all: %v", err)
	}
}

func TestAnOpenFileKeepsItsTensorsWhenItIsWrittenOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := Write(path, []Entry{{Name: "w", Shape: []int{5000}, DType: F32, Values: ones(5000)}}, nil); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	tensor, _ := f.Tensor("w")
	values, err := tensor.Float32s()
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []Entry{{Name: "w", DType: F32, Values: []float32{2}}}, nil); err != nil {
		t.Fatal(err)
	}
	tensor.Release()
	for i, v := range values {
		if v != 1 {
			t.Fatalf("element %d is %g now", i, v)
		}
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error("closing again:", err)
	}
	if _, ok := f.Tensor("w"); ok {
		t.Error("a closed file gives tensors")
	}
}

func ExampleWrite() {
	dir, err := os.MkdirTemp("", "safetensors")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	err = Write(path, []Entry{
		{Name: "pooler.dense.weight", Shape: []int{2, 2}, DType: F32, Values: []float32{1, 2, 3, 4}},
		{Name: "pooler.dense.bias", Shape: []int{2}, DType: F16, Values: []float32{0.5, 0.25}},
	}, map[string]string{"format": "pt"})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := OpenFolder(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	for _, name := range f.Names() {
		tensor, _ := f.Tensor(name)
		values, err := tensor.Float32s()
		fmt.Println(name, tensor.DType, tensor.Shape, values, err)
	}
	// Output:
	// pooler.dense.weight F32 [2 2] [1 2 3 4] <nil>
	// pooler.dense.bias F16 [2] [0.5 0.25] <nil>
}

func TestEncodeGivesTheBytesOfTheFileAndOfItsTensors(t *testing.T) {
	entries := []Entry{
		{Name: "half", Shape: []int{3}, DType: F16, Values: []float32{1, -2, 1e-9}},
		{Name: "full", Shape: []int{2}, DType: F32, Values: []float32{3, 4}},
		{Name: "raw", Shape: []int{2}, DType: U8, Raw: []byte{5, 6}},
		{Name: "none", Shape: []int{0, 2}, DType: I64},
	}
	metadata := map[string]string{"format": "pt"}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := Write(path, entries, metadata); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := Encode(&got, entries, metadata); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("other bytes, %v", err)
	}
	file, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, e := range entries {
		tensor, _ := file.Tensor(e.Name)
		if data, err := e.Bytes(); err != nil || !bytes.Equal(data, tensor.Data) {
			t.Errorf("%s: %v, %v; the file has %v", e.Name, data, err, tensor.Data)
		}
	}
	wrong := Entry{Name: "w", Shape: []int{2}, DType: F16, Values: []float32{1, 1e6}}
	if _, err := wrong.Bytes(); err == nil || !strings.Contains(err.Error(), "value 1 is 1e+06") {
		t.Errorf("a value too large for F16: %v", err)
	}
	if err := Encode(&got, []Entry{wrong}, nil); err == nil || !strings.Contains(err.Error(), `tensor "w"`) {
		t.Errorf("a value too large for F16: %v", err)
	}
	reader, writer := io.Pipe()
	reader.Close()
	if err := Encode(writer, entries, nil); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a closed pipe: %v", err)
	}
}
