package gbert

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFilesOfWeightsAreMeasuredAsTheyLieThere(t *testing.T) {
	model, dir := load(t, "tiny"), t.TempDir()
	if err := model.Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	want, err := model.DenseBytes(t.Context(), Float32)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := WeightBytes(dir); err != nil || got != want {
		t.Errorf("%d bytes, %v; Save writes %d", got, err, want)
	}
	zipped, err := GzippedWeightBytes(t.Context(), dir)
	if err != nil || zipped <= 0 || zipped >= want {
		t.Errorf("%d bytes after gzip, %v; %d before", zipped, err, want)
	}
	if err := os.WriteFile(filepath.Join(dir, "other.safetensors"), make([]byte, 100), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := WeightBytes(dir); err != nil || got != want {
		t.Errorf("%d bytes, %v: a file beside model.safetensors counts", got, err)
	}
	if got, err := GzippedWeightBytes(t.Context(), dir); err != nil || got != zipped {
		t.Errorf("%d bytes after gzip, %v; without a file beside model.safetensors %d", got, err, zipped)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := GzippedWeightBytes(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
	if _, err := GzippedWeightBytes(t.Context(), t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without weights: %v", err)
	}
}

func TestWeightsAreMeasuredInFoldersOfAnyName(t *testing.T) {
	root := t.TempDir()
	for name, size := range map[string]int{"g1": 100, "g[12]": 30, "*": 20, "g?": 10} {
		dir := filepath.Join(root, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "a.safetensors"), make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := WeightBytes(dir); err != nil || got != int64(size) {
			t.Errorf("%s: %d bytes, %v; its file has %d", name, got, err, size)
		}
	}
}

func TestAPortableGraphIsMeasuredWithItsData(t *testing.T) {
	model, dir := load(t, "tiny"), t.TempDir()
	for _, int8 := range []bool{false, true} {
		if err := model.SavePortable(dir, PortableOptions{}, int8); err != nil {
			t.Fatal(err)
		}
		name := map[bool]string{false: PortableName, true: PortableInt8Name}[int8]
		want := int64(0)
		parts, err := filepath.Glob(filepath.Join(dir, name+"*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range parts {
			info, err := os.Stat(part)
			if err != nil {
				t.Fatal(err)
			}
			want += info.Size()
		}
		if got, err := model.PortableBytes(int8); err != nil || got != want || want == 0 {
			t.Errorf("int8 %v: %d bytes, %v, of %d", int8, got, err, want)
		}
	}
}

func TestMatricesAreCountedByTheirShapes(t *testing.T) {
	if got := BERTBase().MatrixParameters(); got != 12*(4*768*768+2*768*3072) {
		t.Errorf("BERT-base has %d parameters in its matrices", got)
	}
}
