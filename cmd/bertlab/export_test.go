package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"bertlab/gbert"
)

func TestACompactExportIsSmallerAndItsExportIsTheModelAgain(t *testing.T) {
	source := tinyModel(t, 2)
	model, err := gbert.Load(source)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	sparse := model.Clone()
	for _, spec := range model.Weights() {
		if len(spec.Shape) < 2 || spec.Size() < 200 {
			continue
		}
		values := make([]float32, spec.Size())
		for i := 0; i < len(values); i += 20 {
			values[i] = float32(i + 1)
		}
		if err := sparse.SetWeight(spec.Name, spec.Shape, values); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	zeros, compact, half := filepath.Join(dir, "zeros"), filepath.Join(dir, "compact"), filepath.Join(dir, "half")
	if err := sparse.Save(zeros, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	weights := func(folder string) []byte {
		data, err := os.ReadFile(filepath.Join(folder, "model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	small := bertlab(t, "export", "--compact", "--model", zeros, "--out", compact, "--json").document()
	if small["compact"] != true || small["plain"] != false || number(t, small, "bytes") != float64(len(weights(compact))) {
		t.Errorf("the document is %v", small)
	}
	smaller := bertlab(t, "export", "--compact", "--float16", "--model", compact, "--out", half, "--json").document()
	if dense := len(weights(zeros)); len(weights(compact)) >= dense || number(t, smaller, "bytes") >= number(t, small, "bytes") {
		t.Errorf("%d bytes dense, %d compact, %v in half precision", dense, len(weights(compact)), smaller["bytes"])
	}
	for name, flags := range map[string][]string{"again": nil, "dense": {"--dense"}} {
		out := filepath.Join(dir, name)
		document := bertlab(t, append([]string{"export", "--model", compact, "--out", out, "--json"}, flags...)...).document()
		if document["plain"] != true || document["compact"] != nil || !bytes.Equal(weights(out), weights(zeros)) {
			t.Errorf("%s: another file; the document is %v", name, document)
		}
	}
	bertlab(t, "export", "--dense", "--compact", "--model", zeros, "--out", filepath.Join(dir, "both")).fails(exitWrongCall, "--dense", "--compact")
}
