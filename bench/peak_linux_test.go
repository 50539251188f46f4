package main

import (
	"os/exec"
	"testing"
)

func TestThePeakOfAProcessIsItsOwnAndNotThatOfItsParent(t *testing.T) {
	ballast := make([]byte, 300<<20)
	for i := 0; i < len(ballast); i += 4096 {
		ballast[i] = 1
	}
	small, err := runForPeak(exec.Command("sleep", "0.2"))
	if err != nil {
		t.Fatal(err)
	}
	if small <= 0 || small > 100<<20 {
		t.Errorf("sleep takes %d bytes", small)
	}
	large, err := runForPeak(exec.Command("sh", "-c", `x=$(head -c 60000000 /dev/zero | tr '\0' x); sleep 0.2; echo ${#x} > /dev/null`))
	if err != nil {
		t.Fatal(err)
	}
	if large < 60e6 {
		t.Errorf("a shell that holds 60 MB takes %d bytes", large)
	}
	if _, err := runForPeak(exec.Command("false")); err == nil {
		t.Error("a command that fails is no error")
	}
	if ballast[4096] != 1 {
		t.Error("the ballast is gone")
	}
}
