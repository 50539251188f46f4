package safetensors

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

func TestHalfPrecisionConvertsAsInPython(t *testing.T) {
	text, err := os.ReadFile("testdata/half.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Widened  struct{ F16, BF16 string }
		Narrowed [][3]uint32
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	widened := func(widen func(uint16) float32) string {
		digest := sha256.New()
		for i := range 1 << 16 {
			if f := widen(uint16(i)); f == f {
				digest.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(f)))
			}
		}
		return hex.EncodeToString(digest.Sum(nil))
	}
	if got := widened(float16ToFloat32); got != golden.Widened.F16 {
		t.Error("float16 to float32 differs")
	}
	if got := widened(bfloat16ToFloat32); got != golden.Widened.BF16 {
		t.Error("bfloat16 to float32 differs")
	}
	if len(golden.Narrowed) < 1000 {
		t.Fatalf("only %d values", len(golden.Narrowed))
	}
	for _, v := range golden.Narrowed {
		f := math.Float32frombits(v[0])
		if got := float32ToFloat16(f); uint32(got) != v[1] {
			t.Errorf("%g (%#x) to float16: got %#x, want %#x", f, v[0], got, v[1])
		}
		if got := float32ToBFloat16(f); uint32(got) != v[2] {
			t.Errorf("%g (%#x) to bfloat16: got %#x, want %#x", f, v[0], got, v[2])
		}
	}
}

func TestHalfPrecisionNumbersSurviveARoundTripAndNaNStaysNaN(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		for name, convert := range map[string]struct {
			widen  func(uint16) float32
			narrow func(float32) uint16
		}{"float16": {float16ToFloat32, float32ToFloat16}, "bfloat16": {bfloat16ToFloat32, float32ToBFloat16}} {
			f := convert.widen(h)
			back := convert.narrow(f)
			if f == f && back != h {
				t.Fatalf("%s %#x came back as %#x", name, h, back)
			}
			if f != f && (convert.widen(back) == convert.widen(back) || back&0x8000 != h&0x8000) {
				t.Fatalf("%s NaN %#x came back as %#x", name, h, back)
			}
		}
	}
}

func TestAFileWrittenByPythonReadsWithAllItsTypes(t *testing.T) {
	f, err := Open("testdata/written_by_python.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Metadata()["format"] != "pt" || len(f.Names()) != 8 {
		t.Errorf("metadata %v, names %v", f.Metadata(), f.Names())
	}
	for name, want := range map[string]struct {
		dtype  DType
		shape  []int
		values []float32
	}{
		"f32":    {F32, []int{1, 3}, []float32{1.5, -2, 3.25}},
		"f16":    {F16, []int{3}, []float32{1.5, -2, 3.25}},
		"bf16":   {BF16, []int{3}, []float32{1.5, -2, 3.25}},
		"f64":    {F64, []int{3}, []float32{1.5, -2, 3.25}},
		"scalar": {F32, []int{}, []float32{7}},
		"empty":  {F32, []int{0, 4}, []float32{}},
	} {
		tensor, ok := f.Tensor(name)
		values, err := tensor.Float32s()
		if !ok || err != nil || tensor.DType != want.dtype || !slices.Equal(tensor.Shape, want.shape) || !slices.Equal(values, want.values) {
			t.Errorf("%s: got %s %v %v, %v", name, tensor.DType, tensor.Shape, values, err)
		}
	}
	if ids, _ := f.Tensor("i64"); ids.DType != I64 || int64(binary.LittleEndian.Uint64(ids.Data[8:])) != -2 {
		t.Errorf("i64: %v", ids)
	}
}
