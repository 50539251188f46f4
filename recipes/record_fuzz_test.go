package recipes

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzRecord reads any bytes as what a recipe leaves beside its model.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"recipe": "small", "retrained": true}`))
	f.Add([]byte(`{"recipe": 5}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, RecordName), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if record, err := ReadRecord(dir); err == nil && record == nil {
			t.Fatal("a file that is there was not read")
		}
	})
}
