package files

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// within fails a test whose action has not ended after some seconds.
func within(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("still running after 10 s")
	}
}

func TestWhatIsNoPlainFileIsRefusedByNameAtOnce(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := syscall.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Skip(err)
	}
	os.Mkdir(at("folder"), 0o700)
	os.Symlink("/dev/zero", at("device"))
	os.Symlink("pipe", at("link to a pipe"))
	os.Symlink("nowhere", at("dangling"))
	os.Symlink("loop", at("loop"))
	for _, name := range []string{"pipe", "folder", "device", "link to a pipe", "dangling", "loop"} {
		within(t, func() {
			text, err := Read(at(name), 1<<20)
			if err == nil || !strings.Contains(err.Error(), at(name)) || text != nil {
				t.Errorf("%s: %v", name, err)
			}
			if name != "loop" && !errors.Is(err, ErrNotPlain) || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	if _, err := Read(at("nothing"), 1); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := Check(at("nothing")); err != nil {
		t.Error(err)
	}
	if err := Check(at("pipe")); !errors.Is(err, ErrNotPlain) {
		t.Error(err)
	}
}

func TestLinksToPlainFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	os.MkdirAll(filepath.Join(dir, "blobs"), 0o700)
	os.WriteFile(filepath.Join(dir, "blobs", "abc"), []byte("hello"), 0o600)
	os.Symlink(filepath.Join("blobs", "abc"), filepath.Join(dir, "config.json"))
	if text, err := Read(filepath.Join(dir, "config.json"), 5); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestALargeFileIsRefusedWithoutBeingRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "huge")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(20 << 30); err != nil {
		t.Skip(err)
	}
	file.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = Read(path, 1<<20)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "1 MB") {
		t.Error(err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes were taken", used)
	}
}

func TestAFileOfExactlyTheLimitIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, size := range []int{0, 1, 511, 512, 513, 5000} {
		want := bytes.Repeat([]byte("x"), size)
		os.WriteFile(path, want, 0o600)
		if got, err := Read(path, int64(size)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
		if _, err := Read(path, int64(size)-1); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d bytes beyond the limit: %v", size, err)
		}
	}
	if runtime.GOOS == "linux" { // a file whose size is not told
		if text, err := Read("/proc/self/status", 1<<20); err != nil || len(text) < 100 {
			t.Errorf("%d bytes, %v", len(text), err)
		}
	}
}

// TestTheNextWriterClearsAwayWhatAKilledOneLeft kills a process between two writes of a temporary file.
func TestTheNextWriterClearsAwayWhatAKilledOneLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if os.Getenv("FILES_TEST_WRITING") != "" {
		return
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestChildWritesForEver$")
	command.Env = append(os.Environ(), "FILES_TEST_WRITING="+path)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	pattern := filepath.Join(filepath.Dir(path), ".model.safetensors*")
	var left []string
	for began := time.Now(); len(left) == 0; time.Sleep(time.Millisecond) {
		if left, _ = filepath.Glob(pattern); time.Since(began) > 20*time.Second {
			t.Fatal("the child writes nothing")
		}
	}
	time.Sleep(newborn + 200*time.Millisecond)
	if err := Write(path, []byte("whole")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left[0]); err != nil {
		t.Error("the file of a live writer is gone")
	}
	_ = command.Process.Kill() // kill -9
	_ = command.Wait()         // it was killed
	bystander := filepath.Join(filepath.Dir(path), ".model.safetensors.bak")
	os.WriteFile(bystander, nil, 0o600)
	if err := Write(path, []byte("whole again")); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(pattern); len(left) != 1 || left[0] != bystander {
		t.Errorf("left: %v", left)
	}
	if text, _ := os.ReadFile(path); string(text) != "whole again" {
		t.Errorf("%q", text)
	}
}

// TestChildWritesForEver is the process that [TestTheNextWriterClearsAwayWhatAKilledOneLeft] kills.
func TestChildWritesForEver(t *testing.T) {
	path := os.Getenv("FILES_TEST_WRITING")
	if path == "" {
		t.Skip("the other test's process")
	}
	file, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	runtime.KeepAlive(file) // and its lock
}

func TestALockedFolderIsWaitedForAndGivenUp(t *testing.T) {
	dir := t.TempDir()
	unlock, err := LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	go func() { time.Sleep(100 * time.Millisecond); unlock() }()
	began := time.Now()
	again, err := LockFolder(dir)
	if err != nil || time.Since(began) < 50*time.Millisecond {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	again()
	if _, err := LockFolder(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// A file that another process puts in place while it is looked at is no link that leads nowhere.
func TestAFileThatAppearsIsAFile(t *testing.T) {
	dir := t.TempDir()
	path, beside := filepath.Join(dir, "step.json"), filepath.Join(dir, "beside")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 2000 {
			if err := os.WriteFile(beside, nil, 0o644); err != nil {
				t.Error(err)
				return
			}
			_ = os.Rename(beside, path)
			_ = os.Remove(path)
		}
	}()
	for {
		select {
		case <-done:
			return
		default:
			if err := Check(path); errors.Is(err, ErrNotPlain) {
				t.Fatal(err)
			}
		}
	}
}
