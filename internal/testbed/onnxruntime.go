package testbed

import (
	"context"
	"testing"

	"bertlab/gbert/backend"
)

// ONNXRuntime says how ONNX Runtime is found, without the network; the test is skipped where it is not.
func ONNXRuntime(t testing.TB) backend.Options {
	t.Helper()
	if _, err := backend.FindONNXRuntime(context.Background()); err != nil {
		t.Skipf("%v: `bertlab setup --onnxruntime` brings it", err)
	}
	return backend.Options{Offline: true}
}
