package gbert

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"

	"bertlab/gbert/backend"
)

var pureGo = sync.OnceValues(func() (compute.Backend, error) { return compute.NewWithConfig("go") })

// goBackend is the pure Go backend, which every machine has.
func goBackend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := pureGo()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var xlaCPU = sync.OnceValues(func() (compute.Backend, error) {
	b, _, err := backend.Open(context.Background(), backend.Options{Name: "xla:cpu", Offline: true})
	return b, err
})

// xlaBackend is XLA on the CPU; the test is skipped where it has no plugin.
func xlaBackend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := xlaCPU()
	if err != nil {
		t.Skipf("XLA on the CPU cannot be had here (bertlab setup installs it): %v", err)
	}
	return b
}

// onBackends runs a test on the pure Go backend, and on XLA where there is a plugin.
func onBackends(t *testing.T, test func(t *testing.T, b compute.Backend)) {
	t.Run("go", func(t *testing.T) { test(t, goBackend(t)) })
	t.Run("xla", func(t *testing.T) { test(t, xlaBackend(t)) })
}

// realModel is the folder of a real model, or skips the test.
func realModel(t testing.TB, name string) string {
	t.Helper()
	models := os.Getenv("BERTLAB_MODELS")
	if models == "" {
		t.Skip("BERTLAB_MODELS is not set: it names a folder with all-MiniLM-L6-v2 and bert-base-uncased")
	}
	dir := filepath.Join(models, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skip(err)
	}
	return dir
}

// shared is a file of the shared data, or skips the test.
func shared(t testing.TB, path ...string) string {
	t.Helper()
	dir := os.Getenv("BERTLAB_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	file := filepath.Join(append([]string{dir, "data"}, path...)...)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("the shared data are not here (BERTLAB_SHARED names their folder): %v", err)
	}
	return file
}
