package saves

import (
	"bytes"
	"io"
	"os"
	"path/filepath"

	"bertlab/internal/files"
)

// Holds reports whether a folder holds the very files that write puts into a folder: whether a save would change nothing.
func Holds(dir string, write func(dir string) error) (bool, error) {
	save, err := Begin(dir)
	if err != nil {
		return false, err
	}
	defer save.Discard()
	written := filepath.Join(save.Dir, "model") // the folder above it is locked
	if err := os.Mkdir(written, 0o755); err != nil {
		return false, err
	}
	if err := write(written); err != nil {
		return false, err
	}
	entries, err := os.ReadDir(written)
	if err != nil {
		return false, err
	}
	for _, entry := range entries {
		same, err := sameBytes(filepath.Join(written, entry.Name()), filepath.Join(dir, entry.Name()))
		if err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

// sameBytes compares two files; one that is not there or is no plain file is no file's equal.
func sameBytes(a, b string) (bool, error) {
	first, err := files.Open(a)
	if err != nil {
		return false, err
	}
	defer first.Close()
	second, err := files.Open(b)
	if err != nil {
		return false, nil
	}
	defer second.Close()
	x, y := make([]byte, 1<<18), make([]byte, 1<<18)
	for {
		n, errA := io.ReadFull(first, x)
		m, errB := io.ReadFull(second, y)
		if !bytes.Equal(x[:n], y[:m]) {
			return false, nil
		}
		for _, err := range []error{errA, errB} {
			if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
				return false, err
			}
		}
		if errA != nil || errB != nil {
			return true, nil
		}
	}
}
