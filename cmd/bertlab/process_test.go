package main

import (
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// TestMain runs the program itself in a process that a test has started for that. Here XLA compiles plainly, unless XLA_FLAGS asks for something
// else: these tests ask what commands do, with dozens of programs on several devices, and optimising those takes longer than all the rest. What
// XLA computes when it optimises is asked in gbert and below.
func TestMain(m *testing.M) {
	if os.Getenv("XLA_FLAGS") == "" {
		os.Setenv("XLA_FLAGS", "--xla_backend_optimization_level=0")
	}
	if os.Getenv("BERTLAB_TEST_PROGRAM") == "1" || len(os.Args) > 1 && (os.Args[1] == workbench.MemoryCommand || os.Args[1] == devicesCommand) { // which compare starts itself
		main()
	}
	os.Exit(m.Run())
}

// program is a call in a process of its own.
func program(args ...string) (command *exec.Cmd, stdout, stderr *bytes.Buffer) {
	command = exec.Command(os.Args[0], append(args, "--backend", "go")...)
	command.Env = append(os.Environ(), "BERTLAB_TEST_PROGRAM=1", "BERTLAB_OFFLINE=1")
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	command.Stdout, command.Stderr = stdout, stderr
	return command, stdout, stderr
}

func TestProgramEndsWithItsStatusAndPlainStreams(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 9)
	for status, args := range map[int][]string{
		exitSuccess:   {"eval", "--model", model, "--task", "sst2", "--data", data, "--json"},
		exitFailure:   {"eval", "--model", model, "--task", "sst2", "--data", data + ".gone", "--json"},
		exitWrongCall: {"eval", "--model", model, "--task", "sst9", "--data", data, "--json"},
	} {
		command, stdout, stderr := program(args...)
		_ = command.Run() // its status is looked at
		if got := command.ProcessState.ExitCode(); got != status {
			t.Errorf("%q ended with %d, want %d\n%s", args, got, status, stderr)
		}
		if json.Valid(stdout.Bytes()) != (status == exitSuccess) || status != exitSuccess && stdout.Len() > 0 {
			t.Errorf("%q printed %q", args, stdout)
		}
		if bytes.ContainsAny(stderr.Bytes(), "\r\x1b") {
			t.Errorf("%q wrote terminal codes to a pipe: %q", args, stderr)
		}
	}
}

func TestKilledAndInterruptedRunsGoOnToTheSameModel(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals")
	}
	model, data, dir := tinyModel(t, 0), reviews(t, 60), t.TempDir()
	whole := filepath.Join(dir, "whole")
	bertlab(t, finetuneArgs(model, data, whole)...).document()
	want, err := os.ReadFile(filepath.Join(whole, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for name, signal := range map[string]os.Signal{"killed": os.Kill, "interrupted": os.Interrupt} {
		out := filepath.Join(dir, name)
		args := append(finetuneArgs(model, data, out), "--checkpoint-every", "1ns")
		command, stdout, stderr := program(args...)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		for began := time.Now(); !output.Exists(filepath.Join(out, output.CheckpointFolder, "checkpoint.safetensors")); time.Sleep(time.Millisecond) {
			if time.Since(began) > 20*time.Second {
				_ = command.Process.Kill()
				t.Fatalf("no checkpoint after 20 s\n%s", stderr)
			}
		}
		if err := command.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := command.Wait(); err == nil {
			t.Fatalf("the %s run ended well", name)
		}
		if signal == os.Interrupt && (command.ProcessState.ExitCode() != exitSignal+2 || bytes.Contains(stderr.Bytes(), []byte("context canceled")) || stdout.Len() > 0 || !bytes.Contains(stderr.Bytes(), []byte("repeat the command"))) {
			t.Errorf("the interrupted run ended with %v\n%s%s", command.ProcessState, stdout, stderr)
		}
		if document := bertlab(t, args...).document(); document["resumed"] != true {
			t.Errorf("the %s run did not go on", name)
		}
		if got, err := os.ReadFile(filepath.Join(out, "model.safetensors")); err != nil || !bytes.Equal(got, want) {
			t.Errorf("the model of the %s run differs (%v)", name, err)
		}
	}
}
