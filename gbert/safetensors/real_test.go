package safetensors

import (
	"os"
	"path/filepath"
	"testing"
)

// realModels returns the folder of real models, or skips the test.
func realModels(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("BERTLAB_MODELS")
	if dir == "" {
		t.Skip("BERTLAB_MODELS is not set: it names a folder with all-MiniLM-L6-v2 and bert-base-uncased")
	}
	return dir
}

func TestRealModelsAreReadAndKeepTheirValuesAfterRelease(t *testing.T) {
	for model, want := range map[string]int{"all-MiniLM-L6-v2": 30522 * 384, "bert-base-uncased": 30522 * 768} {
		t.Run(model, func(t *testing.T) {
			dir := filepath.Join(realModels(t), model)
			if _, err := os.Stat(dir); err != nil {
				t.Skip(err)
			}
			f, err := OpenFolder(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			elements := 0
			for _, name := range f.Names() {
				tensor, _ := f.Tensor(name)
				if tensor.DType != F32 {
					continue
				}
				values, err := tensor.Float32s()
				if err != nil {
					t.Fatal(err)
				}
				elements = max(elements, len(values))
				first, last := values[0], values[len(values)-1]
				tensor.Release()
				if values[0] != first || values[len(values)-1] != last {
					t.Errorf("%s: other values after Release", name)
				}
			}
			if elements != want {
				t.Errorf("largest tensor has %d elements, want %d", elements, want)
			}
		})
	}
}
