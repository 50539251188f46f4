package safetensors

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzIndex reads any bytes as the index of a folder with two shards.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"metadata": {"total_size": 8}, "weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}`))
	f.Add([]byte(`{"weight_map": {"a": "../one.safetensors"}}`))
	f.Add([]byte(`{"weight_map": {"": "model.safetensors.index.json"}}`))
	shards := map[string][]byte{}
	for shard, name := range map[string]string{"one.safetensors": "a", "two.safetensors": "b"} {
		var text bytes.Buffer
		if err := Encode(&text, []Entry{{Name: name, Shape: []int{1}, DType: F32, Values: []float32{1}}}, nil); err != nil {
			f.Fatal(err)
		}
		shards[shard] = text.Bytes()
	}
	f.Fuzz(func(t *testing.T, index []byte) {
		dir := t.TempDir()
		for shard, text := range shards {
			if err := os.WriteFile(filepath.Join(dir, shard), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, IndexName), index, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := OpenFolder(dir)
		if err != nil {
			return
		}
		defer file.Close()
		for _, name := range file.Names() {
			if tensor, ok := file.Tensor(name); !ok || len(tensor.Data) != 4 {
				t.Fatalf("%q: %+v", index, tensor)
			}
		}
	})
}
