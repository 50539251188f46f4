// Package testbed gives tests what they run on: backends, real models and data where this machine has them, a disk that is full. It
// imports no model, so that the model's own tests can use it.
package testbed

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gomlx/compute"

	"bertlab/gbert/backend"
)

var pureGo = sync.OnceValues(openGo)

func openGo() (compute.Backend, error) {
	b, _, err := backend.Open(context.Background(), backend.Options{Name: "go"})
	return b, err
}

// Go is the pure Go backend, which every machine has. A test process has one.
func Go(t testing.TB) compute.Backend {
	t.Helper()
	b, err := pureGo()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// OwnGo is a pure Go backend of the test's own, until it ends.
func OwnGo(t testing.TB) compute.Backend {
	t.Helper()
	b, err := openGo()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

var xlaCPU = sync.OnceValues(func() (compute.Backend, error) {
	b, _, err := backend.Open(context.Background(), backend.Options{Name: "xla:cpu", Offline: true})
	return b, err
})

// XLA is XLA on the CPU; the test is skipped where it has no plugin. A test process has one.
func XLA(t testing.TB) compute.Backend {
	t.Helper()
	b, err := xlaCPU()
	if err != nil {
		t.Skipf("XLA on the CPU cannot be had here (bertlab setup installs it): %v", err)
	}
	return b
}

var xlaCUDA = sync.OnceValues(func() (compute.Backend, error) {
	// In TF32, the default, products have ten bits of mantissa: too few to compare with a CPU's.
	b, _, err := backend.Open(context.Background(), backend.Options{Name: "xla:cuda,tf32=false", Offline: true})
	return b, err
})

// CUDA is XLA on a GPU; the test is skipped where there is none, or no plugin. A test process has one.
func CUDA(t testing.TB) compute.Backend {
	t.Helper()
	b, err := xlaCUDA()
	if err != nil {
		t.Skipf("XLA on a GPU cannot be had here: %v", err)
	}
	return b
}

// OnBackends runs a test on the pure Go backend, and on XLA where there is a plugin: on the CPU, and on a GPU where there is one.
func OnBackends(t *testing.T, test func(t *testing.T, b compute.Backend)) {
	t.Run("go", func(t *testing.T) { test(t, Go(t)) })
	t.Run("xla", func(t *testing.T) { test(t, XLA(t)) })
	t.Run("cuda", func(t *testing.T) { test(t, CUDA(t)) })
}

// RealModel is the folder of a real model, such as all-MiniLM-L6-v2; the test is skipped where it is not.
func RealModel(t testing.TB, name string) string {
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
