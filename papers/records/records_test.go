package records

import (
	"io/fs"
	"testing"
)

// maxBytes bounds all records together: every clone and every program holds them.
const maxBytes = 15 << 20

func TestAllRecordsTogetherAreSmall(t *testing.T) {
	var sum int64
	err := fs.WalkDir(Files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if sum > maxBytes {
		t.Errorf("they take %d bytes, and at most %d are allowed", sum, maxBytes)
	}
}
