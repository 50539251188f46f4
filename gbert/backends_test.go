package gbert

import (
	"os"
	"path/filepath"
	"testing"

	"bertlab/internal/testbed"
)

// What tests run on.
var (
	goBackend, xlaBackend, onBackends = testbed.Go, testbed.XLA, testbed.OnBackends
	realModel                         = testbed.RealModel
)

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
