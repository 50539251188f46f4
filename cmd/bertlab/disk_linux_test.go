package main

import (
	"os"
	"path/filepath"
	"testing"

	"bertlab/internal/testbed"
)

func TestAFullDiskIsAFailureThatIsNamedAndLosesNothing(t *testing.T) {
	model, file := trained(t, "squad")
	folder := kindFolder(t, "squad")
	disk := testbed.SmallDisk(t, "16k")
	answers := filepath.Join(disk, "answers.json")
	if err := os.WriteFile(answers, []byte(`{"q0": "old"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(disk, "fill"), make([]byte, 12<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	recipe := write(t, "tune.yaml", "steps:\n - fine-tune: {batch: 8}\n")
	for _, args := range [][]string{
		{"eval", "--model", model, "--data", file, "--predictions", answers},
		{"finetune", "--model", model, "--task", "squad", "--train", file, "--epochs", "1", "--out", filepath.Join(disk, "tuned")},
		{"movement", "--model", model, "--task", "squad", "--train", file, "--epochs", "1", "--remaining", "0.5", "--out", filepath.Join(disk, "pruned")},
		{"export", "--onnx", "--int8", "--model", model, "--out", filepath.Join(disk, "graphs")},
		{"export", "--dense", "--model", model, "--out", filepath.Join(disk, "dense")},
		{"quantise", "--model", model, "--out", filepath.Join(disk, "int8")},
		{"quantise", "--method", "qat", "--model", model, "--task", "squad", "--train", file, "--epochs", "1", "--out", filepath.Join(disk, "aware")},
		{"recipe", recipe, "--model", model, "--task", "squad", "--data", folder, "--out", filepath.Join(disk, "made")},
		{"vocabulary", "--from", reviews(t, 20), "--task", "sst2", "--model", spelledModel(t), "--out", filepath.Join(disk, "fewer")},
		{"compare", model, model, "--task", "squad", "--data", file, "--no-memory", "--out", filepath.Join(disk, "compared")},
	} {
		bertlab(t, args...).fails(exitFailure, "no space left on device")
	}
	for _, name := range []string{"graphs", "dense", "int8", "fewer"} {
		if _, err := os.Stat(filepath.Join(disk, name)); err == nil {
			t.Errorf("an empty folder %s was left", name)
		}
	}
	if text, err := os.ReadFile(answers); err != nil || string(text) != `{"q0": "old"}` {
		t.Errorf("the answers of before are %s, %v", text, err)
	}
}

// A graph for ONNX Runtime is written to the folder for temporary files.
func TestAFullDiskForTheGraphIsNamedAndLeftEmpty(t *testing.T) {
	testbed.ONNXRuntime(t)
	model, data, disk := tinyModel(t, 2), reviews(t, 8), testbed.SmallDisk(t, "16k")
	t.Setenv("TMPDIR", disk)
	for _, args := range [][]string{
		{"eval", "--model", model, "--task", "sst2", "--data", data, "--runtime", "onnx"},
		{"predict", "--model", model, "--runtime", "onnx-int8", "good film"},
		{"profile", "--model", model, "--runtime", "onnx", "--batch", "1", "--length", "8"},
	} {
		bertlab(t, args...).fails(exitFailure, "no space left on device")
		if left, err := os.ReadDir(disk); err != nil || len(left) > 0 {
			t.Errorf("%s left %v, %v", args[0], left, err)
		}
	}
}
