package finetune

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/gbert/safetensors"
)

// flips are places of a file at which a bit is flipped: all of the header, and a draw of the rest.
func flips(t *testing.T, size, header, most int) []int {
	t.Helper()
	var places []int
	rng := rand.New(rand.NewPCG(7, 7))
	for at := range size {
		if at < header || rng.IntN(size) < most {
			places = append(places, at)
		}
	}
	return places
}

func TestAnyFlippedByteOfACheckpointIsRefusedByNameOrHarmless(t *testing.T) {
	dir := t.TempDir()
	interrupted(t, dir, 6)
	for _, name := range []string{checkpointName, bestName(1)} {
		path := filepath.Join(dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		read := func() (map[string][]float32, map[string]string, error) {
			file, err := safetensors.Open(path)
			if err != nil {
				return nil, nil, err
			}
			defer file.Close()
			if err := verifySum(file); err != nil {
				return nil, nil, err
			}
			values := map[string][]float32{}
			for _, name := range file.Names() {
				tensor, _ := file.Tensor(name)
				if values[name], err = tensor.Copy(); err != nil {
					t.Fatal(err)
				}
			}
			return values, file.Metadata(), nil
		}
		want, metadata, err := read()
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		for _, at := range flips(t, len(whole), 600, 800) {
			damaged := append([]byte{}, whole...)
			damaged[at] ^= 1 << (at % 8)
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			got, said, err := read()
			if err != nil {
				refused++
				continue
			}
			for name, values := range want {
				if len(got[name]) != len(values) {
					t.Fatalf("byte %d: %s has %d values", at, name, len(got[name]))
				}
				for i, v := range values {
					if got[name][i] != v {
						t.Fatalf("byte %d: %s is another and was not refused", at, name)
					}
				}
			}
			for key, value := range metadata {
				if said[key] != value {
					t.Fatalf("byte %d: %s is another and was not refused", at, key)
				}
			}
		}
		if refused < 500 {
			t.Errorf("%s: %d refused", name, refused)
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// the last byte of each, by the way that a run reads it
	for _, name := range []string{checkpointName, bestName(1)} {
		path := filepath.Join(dir, name)
		whole, _ := os.ReadFile(path)
		damaged := append([]byte{}, whole...)
		damaged[len(damaged)-1] ^= 1
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := train(t, t.Context(), learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(dir))
		if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "it is damaged") || !strings.Contains(err.Error(), "delete the folder to begin anew") {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACheckpointWithoutASumIsRefusedAndStays(t *testing.T) {
	dir := t.TempDir()
	interrupted(t, dir, 2)
	path := filepath.Join(dir, checkpointName)
	file, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var entries []safetensors.Entry
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		values, err := tensor.Copy()
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, safetensors.Entry{Name: name, Shape: tensor.Shape, DType: safetensors.F32, Values: values})
	}
	metadata := file.Metadata()
	delete(metadata, sumKey)
	file.Close()
	if err := safetensors.Write(path, entries, metadata); err != nil {
		t.Fatal(err)
	}
	_, err = train(t, t.Context(), learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(dir))
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "older version") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestTheNextRunClearsAwayWhatAKilledOneWasWriting(t *testing.T) {
	dir := t.TempDir()
	interrupted(t, dir, 2)
	own := []string{"." + checkpointName + "123456789", ".best-003.safetensors42"}
	others := []string{".checkpoint.safetensors.bak", "best.txt", ".best-notes"}
	for _, name := range append(own, others...) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	interrupted(t, dir, 4)
	for _, name := range own {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	for _, name := range others {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s is gone", name)
		}
	}
}

func TestACheckpointIsFinishedWhenAllStepsAreDone(t *testing.T) {
	dir := t.TempDir()
	if Finished(dir) || Finished(filepath.Join(dir, "none")) {
		t.Error("nothing is finished")
	}
	interrupted(t, dir, 6)
	if Finished(dir) {
		t.Error("finished at step 6 of 16")
	}
	mustTrain(t, learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(dir))
	if !Finished(dir) {
		t.Error("the whole run is not finished")
	}
}
