package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFilesThatAreReadAreNotWrittenOver(t *testing.T) {
	model, file := trained(t, "ner")
	folder := kindFolder(t, "ner")
	link := filepath.Join(t.TempDir(), "link.jsonl")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	dev := filepath.Join(folder, "dev.conll")
	for _, c := range []struct{ data, flag, path, read string }{
		{file, "--predictions", file, "--data"},
		{file, "--predictions", link, "--data"},
		{file, "--out", file, "--data"},
		{folder, "--predictions", dev, "--data"},
		{file, "--predictions", filepath.Join(model, "config.json"), "--model"},
		{file, "--out", filepath.Join(model, "model.safetensors"), "--model"},
		{file, "--predictions", filepath.Join(model, "vocab.txt"), "--model"},
	} {
		before, err := os.ReadFile(c.path)
		if err != nil {
			t.Fatal(err)
		}
		bertlab(t, "eval", "--model", model, "--data", c.data, c.flag, c.path).fails(exitWrongCall, c.flag, "is a file of "+c.read)
		if after, err := os.ReadFile(c.path); err != nil || string(after) != string(before) {
			t.Errorf("%s was changed, %v", c.path, err)
		}
	}
	said := filepath.Join(model, "said.jsonl") // beside a model's own files, and again
	for range 2 {
		bertlab(t, "eval", "--model", model, "--data", file, "--predictions", said, "--out", filepath.Join(model, "eval.json"), "--json").document()
	}
}
