package gbert

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert/safetensors"
)

// sparseModel is a small BERT whose matrices have about that share of non-zeros, among them −0, subnormal numbers, and numbers
// that half precision makes zero.
func sparseModel(t testing.TB, density float64) *Model {
	t.Helper()
	model := fresh(t, tinyConfig(func(c *Config) { c.VocabSize, c.HiddenSize, c.IntermediateSize = 100, 64, 128 }))
	rng := rand.New(rand.NewPCG(1, uint64(1000*density)))
	odd := []float32{float32(math.Copysign(0, -1)), 1e-45, 1e-9, -1e-9, 65504}
	for _, spec := range model.Weights() {
		values, _, err := model.Weight(spec.Name)
		if err != nil {
			t.Fatal(err)
		}
		values = slices.Clone(values)
		for i := range values {
			switch {
			case len(spec.Shape) > 1 && rng.Float64() >= density:
				values[i] = 0
			case rng.IntN(50) == 0:
				values[i] = odd[rng.IntN(len(odd))]
			}
		}
		if err := model.SetWeight(spec.Name, spec.Shape, values); err != nil {
			t.Fatal(err)
		}
	}
	return model
}

// sameBits compares all weights of two models.
func sameBits(t *testing.T, want, got *Model) {
	t.Helper()
	for _, spec := range want.Weights() {
		a, _, err := want.Weight(spec.Name)
		if err != nil {
			t.Fatal(err)
		}
		b, shape, err := got.Weight(spec.Name)
		if err != nil || !slices.Equal(shape, spec.Shape) {
			t.Fatalf("%s: shape %v, %v", spec.Name, shape, err)
		}
		if !slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) }) {
			t.Errorf("%s: other bits", spec.Name)
		}
	}
}

func saved(t *testing.T, save func(string, Precision) error, precision Precision) (*Model, []byte) {
	t.Helper()
	dir := t.TempDir()
	if err := save(dir, precision); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(dir, safetensors.WeightsName))
	if err != nil {
		t.Fatal(err)
	}
	model, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	return model, file
}

func TestCompactFilesGiveTheSameBitsAndAreNeverLarger(t *testing.T) {
	for _, density := range []float64{0, 0.001, 0.03, 0.15, 0.5, 0.9, 1} {
		model := sparseModel(t, density)
		sizes, err := model.Sizes(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for precision, want := range map[Precision]int64{Float32: sizes.Dense, Float16: sizes.DenseFloat16} {
			if got, err := model.DenseBytes(t.Context(), precision); err != nil || got != want {
				t.Errorf("density %g, %s: DenseBytes gives %d (%v), Sizes %d", density, precision, got, err, want)
			}
		}
		for precision, want := range map[Precision][2]int64{Float32: {sizes.Dense, sizes.Compact}, Float16: {sizes.DenseFloat16, sizes.CompactFloat16}} {
			dense, denseFile := saved(t, model.Save, precision)
			compact, compactFile := saved(t, model.SaveCompact, precision)
			sameBits(t, dense, compact)
			if precision == Float32 {
				sameBits(t, model, compact)
			}
			if len(compact.Carried()) > 0 {
				t.Errorf("carried %v", compact.Carried())
			}
			if got := [2]int64{int64(len(denseFile)), int64(len(compactFile))}; got != want {
				t.Errorf("density %g, %s: %d bytes on disk, %d by Sizes", density, precision, got, want)
			}
			if len(compactFile) > len(denseFile) || density < 0.5 && len(compactFile) > 2*len(denseFile)/3 {
				t.Errorf("density %g, %s: %d bytes instead of %d", density, precision, len(compactFile), len(denseFile))
			}
			// What is read and written again has the same bytes, in either storage.
			if _, again := saved(t, compact.SaveCompact, precision); !bytes.Equal(again, compactFile) {
				t.Errorf("density %g, %s: other compact bytes the second time", density, precision)
			}
			if _, again := saved(t, compact.Save, precision); !bytes.Equal(again, denseFile) {
				t.Errorf("density %g, %s: other dense bytes the second time", density, precision)
			}
		}
		if sizes.Gzip <= 0 || sizes.Gzip > sizes.Dense+1000 {
			t.Errorf("density %g: gzip gives %d bytes of %d", density, sizes.Gzip, sizes.Dense)
		}
	}
}

func TestAModelWithoutZerosIsWrittenAsByOtherPrograms(t *testing.T) {
	model := load(t, "tiny")
	_, dense := saved(t, model.Save, Float32)
	if _, compact := saved(t, model.SaveCompact, Float32); !bytes.Equal(dense, compact) {
		t.Error("the files differ")
	}
}

func TestCompactFilesKeepEveryShapeOfModel(t *testing.T) {
	for name, model := range variants(t) {
		for _, spec := range model.Weights() {
			if spec.DType == safetensors.F32 { // scales of whole numbers, which cannot be zero
				continue
			}
			if err := model.SetWeight(spec.Name, spec.Shape, make([]float32, spec.Size())); err != nil {
				t.Fatal(err)
			}
		}
		compact, file := saved(t, model.SaveCompact, Float32)
		sameBits(t, model, compact)
		if !bytes.Contains(file, []byte(compactFormat)) {
			t.Errorf("%s: nothing was packed", name)
		}
	}
	bare := load(t, "tiny-bare").Clone() // whose names have no prefix
	if err := bare.SetWeight("bert.embeddings.word_embeddings.weight", []int{60, 16}, make([]float32, 960)); err != nil {
		t.Fatal(err)
	}
	compact, file := saved(t, bare.SaveCompact, Float32)
	sameBits(t, bare, compact)
	if !bytes.Contains(file, []byte(`"embeddings.word_embeddings.weight.sparse_gaps"`)) {
		t.Error("the name is not that of transformers")
	}
}

func TestSizesStopWhenTheyAreNotWantedAnyMore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := load(t, "tiny").Sizes(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	model := load(t, "tiny").Clone()
	if err := model.SetWeight("classifier.bias", []int{3}, []float32{0, 1e5, 0}); err != nil {
		t.Fatal(err)
	}
	if _, err := model.Sizes(t.Context()); err == nil || !strings.Contains(err.Error(), "classifier.bias") {
		t.Errorf("a weight too large for float16: %v", err)
	}
	model.DeleteWeight("classifier.bias")
	if _, err := model.Sizes(t.Context()); err == nil || !strings.Contains(err.Error(), "classifier.bias") {
		t.Errorf("a missing weight: %v", err)
	}
}

func TestBrokenCompactFilesAreErrorsThatNameTheWeight(t *testing.T) {
	const classifier, words = "classifier.weight", "bert.embeddings.word_embeddings.weight"
	type entries = []safetensors.Entry
	part := func(name string, dtype safetensors.DType, raw ...byte) safetensors.Entry {
		return safetensors.Entry{Name: name, Shape: []int{len(raw) / dtype.Size()}, DType: dtype, Raw: raw}
	}
	shape := func(name string, sizes ...uint64) safetensors.Entry {
		var raw []byte
		for _, size := range sizes {
			raw = binary.LittleEndian.AppendUint64(raw, size)
		}
		return part(name+shapeEnding, safetensors.I64, raw...)
	}
	gaps := func(name string, places ...byte) safetensors.Entry {
		return part(name+".sparse_gaps", safetensors.U8, places...)
	}
	bitmap := func(name string, places ...byte) safetensors.Entry {
		return part(name+".sparse_bits", safetensors.U8, places...)
	}
	values := func(name string, raw ...byte) safetensors.Entry {
		return part(name+valuesEnding, safetensors.F32, raw...)
	}
	one := []byte{0, 0, 128, 63}
	for name, c := range map[string]struct {
		parts entries
		want  string
	}{
		"no shape":            {entries{gaps(words, 255, 255, 255), values(words)}, "not as it should be"},
		"no places":           {entries{shape(words, 60, 16), values(words)}, "one of .sparse_bits and .sparse_gaps"},
		"no values":           {entries{shape(words, 60, 16), gaps(words, 255, 255, 255)}, "not as it should be"},
		"both codes":          {entries{shape(words, 60, 16), gaps(words, 255, 255, 255), bitmap(words, make([]byte, 120)...), values(words)}, "not as it should be"},
		"another shape":       {entries{shape(words, 61, 16), gaps(words, 255, 255, 255), values(words)}, "has shape [61 16]; the configuration asks for [60 16]"},
		"a shape turned":      {entries{shape(words, 16, 60), gaps(words, 255, 255, 255), values(words)}, "has shape [16 60]"},
		"a negative size":     {entries{shape(words, math.MaxUint64, 16), gaps(words, 255), values(words)}, "axis 0 has size -1; sizes are 0 or more"},
		"an overflow":         {entries{shape(words, 1<<40, 1<<40), gaps(words, 255), values(words)}, "axis 1 has size 1099511627776"},
		"a hidden overflow":   {entries{shape(words, 1<<40, 0, 1<<40), gaps(words), values(words)}, "axis 2 has size 1099511627776"},
		"a shape of floats":   {entries{part(words+shapeEnding, safetensors.F64, make([]byte, 16)...), gaps(words, 255, 255, 255), values(words)}, ".sparse_shape is F64 of shape [2]; it must be I64 with one axis"},
		"places of floats":    {entries{shape(words, 60, 16), part(words+".sparse_gaps", safetensors.F32, one...), values(words)}, "it must be U8 with one axis"},
		"values of two axes":  {entries{shape(words, 60, 16), gaps(words, 255, 255, 255), {Name: words + valuesEnding, Shape: []int{0, 2}, DType: safetensors.F32}}, "it must be F32 with one axis"},
		"values of integers":  {entries{shape(words, 60, 16), gaps(words, 255, 255, 255), part(words+valuesEnding, safetensors.I32)}, "stored as I32"},
		"too few gaps":        {entries{shape(words, 60, 16), gaps(words, 255, 255), values(words)}, "the gaps end at element 510 of 960"},
		"too many gaps":       {entries{shape(words, 60, 16), gaps(words, 255, 255, 255, 255), values(words)}, "reaches behind the last of 960"},
		"too few bits":        {entries{shape(words, 60, 16), bitmap(words, make([]byte, 119)...), values(words)}, "119 bytes of bits; 960 elements take 120"},
		"a value too many":    {entries{shape(words, 60, 16), gaps(words, 255, 255, 255), values(words, one...)}, "0 non-zeros, but there are 1 values"},
		"a zero value":        {entries{shape(words, 60, 16), gaps(words, 0, 255, 255, 255), values(words, 0, 0, 0, 0)}, "value 0 is zero"},
		"a huge classifier":   {entries{shape(classifier, 1<<50, 16), gaps(classifier, 255), values(classifier)}, "classifier"},
		"2^55 labels":         {entries{shape(classifier, 1<<55, 16), gaps(classifier, 255), values(classifier)}, "classifier"},
		"a flat classifier":   {entries{shape(classifier, 48), gaps(classifier), values(classifier)}, "classifier.weight has shape [48]"},
		"a scalar classifier": {entries{shape(classifier), gaps(classifier, 0), values(classifier, one...)}, "classifier.weight has shape []"},
		"a weight twice":      {entries{shape("embeddings.word_embeddings.weight", 60, 16), gaps("embeddings.word_embeddings.weight", 255, 255, 255), values("embeddings.word_embeddings.weight")}, "are the same weight"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tinyFolder(t, nil, func(all entries) (kept entries) {
				for _, e := range all {
					if !strings.HasPrefix(c.parts[0].Name, e.Name) {
						kept = append(kept, e)
					}
				}
				return append(kept, c.parts...)
			})
			model, err := Load(dir)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("got %v, %v, want the folder and %q", model, err, c.want)
			}
		})
	}
}

func TestAHugeClassifierOfNoBytesAllocatesNothing(t *testing.T) {
	// The shape of the classifier's bias follows its weight, so that both can claim any number of labels.
	labels := uint64(1) << 40
	dir := tinyFolder(t, nil, func(all []safetensors.Entry) (kept []safetensors.Entry) {
		for _, e := range all {
			if !strings.HasPrefix(e.Name, "classifier") {
				kept = append(kept, e)
			}
		}
		for name, shape := range map[string][]uint64{"classifier.weight": {labels, 16}, "classifier.bias": {labels}} {
			var raw []byte
			for _, size := range shape {
				raw = binary.LittleEndian.AppendUint64(raw, size)
			}
			kept = append(kept,
				safetensors.Entry{Name: name + shapeEnding, Shape: []int{len(shape)}, DType: safetensors.I64, Raw: raw},
				safetensors.Entry{Name: name + ".sparse_gaps", Shape: []int{3}, DType: safetensors.U8, Raw: []byte{255, 255, 255}},
				safetensors.Entry{Name: name + valuesEnding, Shape: []int{0}, DType: safetensors.F32})
		}
		return kept
	})
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "classifier.weight.sparse_values: sparse: the gaps end at element 765") {
		t.Errorf("got %v", err)
	}
}

func TestPartsOfNoWeightAreCarriedAsTheyAre(t *testing.T) {
	dir := tinyFolder(t, nil, func(all []safetensors.Entry) []safetensors.Entry {
		return append(all,
			safetensors.Entry{Name: "lora.a.sparse_shape", Shape: []int{1}, DType: safetensors.I64, Raw: []byte{0, 0, 0, 0, 0, 1, 0, 0}},
			safetensors.Entry{Name: "lora.a.sparse_gaps", Shape: []int{0}, DType: safetensors.U8},
			safetensors.Entry{Name: "lora.a.sparse_values", Shape: []int{0}, DType: safetensors.F32})
	})
	model, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if !slices.Equal(model.Carried(), []string{"lora.a.sparse_gaps", "lora.a.sparse_shape", "lora.a.sparse_values"}) {
		t.Errorf("carried %v", model.Carried())
	}
}

func FuzzExpandOfAWeight(f *testing.F) {
	const words = "bert.embeddings.word_embeddings.weight"
	shape := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, 60), 16)
	f.Add(shape, false, []byte{255, 255, 255}, []byte{})
	f.Add(shape, false, []byte{7, 255, 255, 255}, []byte{0, 0, 128, 63})
	f.Add(shape, true, make([]byte, 120), []byte{})
	f.Add([]byte{}, false, []byte{0}, []byte{0, 0, 128, 63})
	f.Fuzz(func(t *testing.T, shape []byte, bitmap bool, places, values []byte) {
		code := "gaps"
		if bitmap {
			code = "bits"
		}
		dir := tinyFolder(t, nil, func(all []safetensors.Entry) []safetensors.Entry {
			all = slices.DeleteFunc(all, func(e safetensors.Entry) bool { return e.Name == words })
			return append(all,
				safetensors.Entry{Name: words + shapeEnding, Shape: []int{len(shape) / 8}, DType: safetensors.I64, Raw: shape[:len(shape)/8*8]},
				safetensors.Entry{Name: words + placesEnding + code, Shape: []int{len(places)}, DType: safetensors.U8, Raw: places},
				safetensors.Entry{Name: words + valuesEnding, Shape: []int{len(values) / 4}, DType: safetensors.F32, Raw: values[:len(values)/4*4]})
		})
		model, err := Load(dir)
		if err != nil {
			return
		}
		defer model.Close()
		if got, _, err := model.Weight(words); err != nil || len(got) != 960 {
			t.Errorf("%d values, %v", len(got), err)
		}
	})
}
