package experiment

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/gbert/hub"
)

func TestExamplesAreDrawnFromAClassificationTask(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "dev.tsv"), []byte("sentence\tlabel\n"+strings.Repeat("fine\t1\npoor\t0\n", 6)), 0o644); err != nil {
		t.Fatal(err)
	}
	env := &Environment{Hub: hub.New(hub.Options{Offline: true})}
	for n, want := range map[int]int{0: 12, 5: 5, 12: 12, 100: 12} {
		d, err := env.Examples(t.Context(), "sst2", "dev", dir, n, 7)
		if err != nil || d.Len() != want {
			t.Errorf("%d: %v, %v", n, d, err)
		}
	}
	stsb := filepath.Join(dir, "stsb.tsv")
	if err := os.WriteFile(stsb, []byte("sentence1\tsentence2\tscore\na\tb\t2.5\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := env.Examples(t.Context(), "stsb", "dev", stsb, 0, 7); err == nil || !strings.Contains(err.Error(), "not a classification task") {
		t.Errorf("a regression: %v", err)
	}
	if _, err := env.Examples(t.Context(), "nothing", "dev", dir, 0, 7); err == nil {
		t.Error("an unknown task is no error")
	}
}
