package gbert

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"bertlab/gbert/safetensors"
	"bertlab/internal/testbed"
)

// shrinking is a loaded model whose file of weights is cut to its header afterwards, as by somebody who writes a new one in place.
func shrinking(t *testing.T, save func(m *Model, dir string) error) (*Model, string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not let a mapped file be cut")
	}
	dir := t.TempDir()
	config := tinyConfig(func(c *Config) { c.VocabSize = 4096 }) // some pages
	if err := save(fresh(t, config), dir); err != nil {
		t.Fatal(err)
	}
	model, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	path := filepath.Join(dir, safetensors.WeightsName)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	return model, path
}

func saveFloat32(m *Model, dir string) error { return m.Save(dir, Float32) }
func saveFloat16(m *Model, dir string) error { return m.Save(dir, Float16) }

func changed(t *testing.T, what string, err error, path string) {
	t.Helper()
	if !errors.Is(err, safetensors.ErrChanged) || !strings.Contains(err.Error(), path) {
		t.Errorf("%s: %v", what, err)
	}
}

func TestAFileThatShrinksWhileItIsInUseIsAnError(t *testing.T) {
	for name, save := range map[string]func(m *Model, dir string) error{"float32": saveFloat32, "float16": saveFloat16} {
		model, path := shrinking(t, save)
		_, _, err := model.Weight(wordEmbeddings)
		changed(t, name+", a weight", err, path)
		_, err = model.Fingerprint()
		changed(t, name+", the fingerprint", err, path)
		changed(t, name+", a save", model.Save(t.TempDir(), Float32), path)
		changed(t, name+", a compact save", model.SaveCompact(t.TempDir(), Float32), path)
		_, err = model.Dense()
		if err != nil {
			changed(t, name+", dense", err, path)
		}
	}
}

func TestAFileThatShrinksBeforeItIsOnTheDeviceIsAnError(t *testing.T) {
	testbed.OnBackends(t, func(t *testing.T, b compute.Backend) {
		for name, save := range map[string]func(m *Model, dir string) error{"float32": saveFloat32, "float16": saveFloat16} {
			model, path := shrinking(t, save)
			_, err := model.Upload(b, wordEmbeddings)
			changed(t, name, err, path)
		}
	})
}
