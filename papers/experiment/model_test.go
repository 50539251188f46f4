package experiment

import (
	"os"
	"path/filepath"
	"testing"

	"bertlab/gbert"
)

func TestAModelStepRunsAgainWhenItsModelIsGoneOrBroken(t *testing.T) {
	store, runs := open(t, t.TempDir(), "a"), 0
	step := func() {
		t.Helper()
		model, got, err := ModelStep(store, "tiny", func() (*gbert.Model, int, error) {
			runs++
			model, err := gbert.Load("../../gbert/testdata/tiny")
			return model, 7, err
		})
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		if got != 7 || model.NumParameters() == 0 {
			t.Errorf("the step gave %d and a model of %d parameters", got, model.NumParameters())
		}
	}
	step()
	step()
	if runs != 1 {
		t.Errorf("a remembered step ran %d times", runs)
	}
	if err := os.RemoveAll(store.Dir("tiny")); err != nil {
		t.Fatal(err)
	}
	step()
	if runs != 2 {
		t.Errorf("without its folder the step ran %d times, not 2", runs)
	}
	if err := os.Truncate(filepath.Join(store.Dir("tiny"), "model.safetensors"), 100); err != nil {
		t.Fatal(err)
	}
	step()
	if runs != 3 {
		t.Errorf("with a cut file the step ran %d times, not 3", runs)
	}
}

func TestNullIsNotARememberedResult(t *testing.T) {
	store, runs := open(t, t.TempDir(), "a"), 0
	if err := os.WriteFile(filepath.Join(store.dir, "one.json"), []byte("null"), 0o644); err != nil {
		t.Fatal(err)
	}
	if counted(t, store, "one", &runs); runs != 1 {
		t.Error("null counts as a result")
	}
}
