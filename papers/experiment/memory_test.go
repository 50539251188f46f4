package experiment_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
)

func TestThePeakOfThisProcessGrowsWithWhatItHolds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	if err := tiny.Classifier(t, tiny.Shape{Layers: 1}, 1).Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	first, err := experiment.MeasureMemory(t.Context(), experiment.MemoryJob{Dir: dir, Backend: "go", Batch: 2, Length: 8})
	if err != nil && strings.Contains(err.Error(), "this system does not tell") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	before := first.Before
	const more = 64 << 20
	held := make([]byte, before+more) // more than the process ever held, whatever it gave back since
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1
	}
	m, err := experiment.MeasureMemory(t.Context(), experiment.MemoryJob{Dir: dir, Backend: "go", Batch: 2, Length: 8})
	if err != nil {
		t.Fatal(err)
	}
	if m.Before < before+more/2 || m.Peak < m.Before || held[0] != 1 {
		t.Errorf("%+v after %d", m, before)
	}
	if _, err := experiment.MeasureMemory(t.Context(), experiment.MemoryJob{Dir: dir, Backend: "go", Batch: 0, Length: 8}); err == nil {
		t.Error("no rows, no error")
	}
}

func TestWhatAProcessSaysOfItsMemoryIsRead(t *testing.T) {
	m, err := experiment.ChildMemory(exec.Command("echo", `{"peak": 7, "before": 3, "batch": 2, "length": 8}`))
	if err != nil || m.Peak != 7 || m.Before != 3 {
		t.Errorf("%+v, %v", m, err)
	}
	for _, said := range []string{"", "[]", "{}", `{"peak": -1}`} {
		if m, err := experiment.ChildMemory(exec.Command("echo", said)); err == nil || !strings.Contains(err.Error(), "printed") {
			t.Errorf("%q: %+v, %v", said, m, err)
		}
	}
	if _, err := experiment.ChildMemory(exec.Command("sh", "-c", "echo no room >&2; exit 3")); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Error(err)
	}
}
