package finetune

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"bertlab/internal/testbed"
)

func TestAFullDiskStopsTheRunAndKeepsTheOldCheckpoint(t *testing.T) {
	dir := testbed.SmallDisk(t, "192k")
	filler := filepath.Join(dir, "filler")
	path := filepath.Join(dir, checkpointName)
	o := resumeOptions(dir)
	var before []byte
	o.Progress = func(p Progress) {
		if p.Phase == "training" && p.Step == 3 { // two steps are in the checkpoint
			before, _ = os.ReadFile(path)
			for file, err := os.Create(filler); err == nil; {
				if _, err = file.Write(make([]byte, 4096)); err != nil {
					file.Close()
				}
			}
		}
	}
	_, err := train(t, t.Context(), learner(t, 2, 0.1), resumeExamples, resumeDev(), o)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v, want no space left on device", err)
	}
	if now, err := os.ReadFile(path); err != nil || len(before) == 0 || !bytes.Equal(now, before) {
		t.Errorf("the old checkpoint changed: %v", err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 3 {
		t.Errorf("left behind: %v", files)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	want := mustTrain(t, learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(""))
	got := mustTrain(t, learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(dir))
	if !got.Resumed {
		t.Error("began anew")
	}
	sameRun(t, got, want)
}
