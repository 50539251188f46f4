package notebook

import (
	"os"
	"path/filepath"
	"testing"

	"bertlab/gbert"
	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/papers/michel2019"
)

// TestMain begins as a notebook's cell does: with its experiment.
func TestMain(m *testing.M) {
	Of(michel2019.Experiment)
	os.Exit(m.Run())
}

func TestACellMeasuresMemoryInAProcessOfItsOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	if err := tiny.Classifier(t, tiny.Shape{Layers: 1}, 1).Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	memory, err := childMemory(t.Context(), experiment.MemoryJob{Dir: dir, Backend: "go", Batch: 2, Length: 8})
	if err != nil {
		t.Fatal(err)
	}
	if memory.Peak < memory.Before || memory.Batch != 2 || memory.Length != 8 {
		t.Errorf("%+v", memory)
	}
	if _, err := childMemory(t.Context(), experiment.MemoryJob{Dir: filepath.Join(dir, "none"), Backend: "go", Batch: 2, Length: 8}); err == nil {
		t.Error("a model that is not there has a memory")
	}
}
