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
		{"quantise", "--model", model, "--out", filepath.Join(disk, "int8")},
		{"quantise", "--method", "qat", "--model", model, "--task", "squad", "--train", file, "--epochs", "1", "--out", filepath.Join(disk, "int8")},
		{"recipe", recipe, "--model", model, "--task", "squad", "--data", folder, "--out", filepath.Join(disk, "made")},
		{"vocabulary", "--from", reviews(t, 20), "--task", "sst2", "--model", spelledModel(t), "--out", filepath.Join(disk, "fewer")},
		{"compare", model, model, "--task", "squad", "--data", file, "--no-memory", "--out", filepath.Join(disk, "compared")},
	} {
		bertlab(t, args...).fails(exitFailure, "no space left on device")
	}
	if text, err := os.ReadFile(answers); err != nil || string(text) != `{"q0": "old"}` {
		t.Errorf("the answers of before are %s, %v", text, err)
	}
}
