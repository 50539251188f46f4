package compare

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzRead reads any bytes as a comparison, and asks for advice by it.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"batches": [1], "models": [{"name": "a", "latency": [{}]}]}`))
	f.Add([]byte(`{"comparison": {"batches": [1], "models": [{"latency": [{"seconds": 1}]}, {"latency": [{}], "against": {}}]}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "compare.json")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Read(path)
		if err != nil {
			return
		}
		drop := 0.02
		_, _ = c.Advise(Limits{Size: 1 << 20, Drop: &drop})
	})
}
