package main

import (
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"

	"bertlab/internal/testbed"
)

// A mount that is full, or can only be read, is said, and costs no step that was done: with room, the same calls go on and end as they do
// in any other folder.
func TestShardsOnAFullAndOnAReadOnlyMountLoseNothing(t *testing.T) {
	disk := testbed.SmallDisk(t, "8m")
	args, elsewhere := sharedArgs(t), filepath.Join(t.TempDir(), "elsewhere")
	in := func(dir string, more ...string) ended {
		return bertlab(t, append(append(append([]string{}, args...), more...), "--out", dir)...)
	}
	out := filepath.Join(disk, "results")
	if c := in(out, "--shard", "0/2", "--quiet"); c.status != exitSuccess {
		t.Fatalf("it ended with %d\n%s", c.status, c.stderr)
	}
	done := steps(t, out)

	filler := filepath.Join(disk, "filler")
	fill(t, filler)
	in(out, "--shard", "1/2").fails(exitFailure, "no space left", out)
	in(out, "--gather").fails(exitMissing, "missing steps")
	if err := os.Truncate(filler, fileSize(t, filler)-16<<10); err != nil { // it becomes full on the way
		t.Fatal(err)
	}
	in(out, "--shard", "1/2").fails(exitFailure, "no space left", out)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	keeps(t, out, done)

	remount(t, disk, syscall.MS_RDONLY)
	in(out, "--shard", "1/2").fails(exitWrongCall, "read-only", out)
	in(out, "--gather").fails(exitWrongCall, "read-only", out)
	remount(t, disk, 0)
	keeps(t, out, done)

	for _, dir := range []string{out, elsewhere} {
		for _, part := range []string{"0/2", "1/2"} {
			if c := in(dir, "--shard", part, "--quiet"); c.status != exitSuccess {
				t.Fatalf("%s of %s ended with %d\n%s", part, dir, c.status, c.stderr)
			}
		}
	}
	fill(t, filler)
	in(out, "--gather").fails(exitFailure, "no space left")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{out, elsewhere} {
		if c := in(dir, "--gather"); c.status != exitSuccess {
			t.Fatalf("the gathering of %s ended with %d\n%s", dir, c.status, c.stderr)
		}
	}
	want, got := resultOf(t, elsewhere), resultOf(t, out)
	for _, key := range []string{"config", "importance", "curves", "ablation", "kept"} {
		if !reflect.DeepEqual(want[key], got[key]) {
			t.Errorf("%s differs from that of a folder with room", key)
		}
	}
}

// steps are the files of steps with their contents.
func steps(t *testing.T, out string) map[string]string {
	t.Helper()
	files := map[string]string{}
	paths, err := filepath.Glob(filepath.Join(out, "steps", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no steps in %s (%v)", out, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = string(text)
	}
	return files
}

// keeps reports a step that was done and is not there as it was.
func keeps(t *testing.T, out string, done map[string]string) {
	t.Helper()
	now := steps(t, out)
	for path, text := range done {
		if now[path] != text {
			t.Errorf("%s was changed or lost", path)
		}
	}
}

// fill writes a file until there is no room left.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = file.Write(block)
	}
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func remount(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|flags, ""); err != nil {
		t.Fatal(err)
	}
}
