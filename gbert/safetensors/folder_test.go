package safetensors

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// shards writes two shards, a and b in the first, c in the second.
func shards(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	one := func(name string) Entry { return Entry{Name: name, Shape: []int{1}, DType: F32, Values: ones(1)} }
	if err := Write(filepath.Join(dir, "model-00001-of-00002.safetensors"), []Entry{one("b"), one("a")}, map[string]string{"format": "pt"}); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "model-00002-of-00002.safetensors"), []Entry{one("c")}, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

const index = `{"metadata":{"total_size":12},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00001-of-00002.safetensors","c":"model-00002-of-00002.safetensors"}}`

func TestShardsReadAsOneFile(t *testing.T) {
	dir := shards(t)
	put(t, dir, IndexName, index)
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.Names(); !slices.Equal(got, []string{"b", "a", "c"}) || f.Metadata()["format"] != "pt" {
		t.Errorf("names %v, metadata %v", got, f.Metadata())
	}
}

func TestFoldersWithoutReadableWeightsAreErrorsThatSayWhatToDo(t *testing.T) {
	first := "model-00001-of-00002.safetensors"
	withIndex := func(change ...string) func(*testing.T) string {
		return func(t *testing.T) string {
			dir := shards(t)
			put(t, dir, IndexName, strings.NewReplacer(change...).Replace(index))
			return dir
		}
	}
	for name, c := range map[string]struct {
		folder func(t *testing.T) string
		want   string
	}{
		"nothing":          {func(t *testing.T) string { return t.TempDir() }, "looked for model.safetensors, model.safetensors.index.json and pytorch_model.bin"},
		"no folder":        {func(t *testing.T) string { return filepath.Join(t.TempDir(), "none") }, "no such file"},
		"PyTorch's pickle": {func(t *testing.T) string { dir := t.TempDir(); put(t, dir, "pytorch_model.bin", "x"); return dir }, "safetensors.torch.save_file(weights"},
		"a file":           {func(t *testing.T) string { dir := t.TempDir(); put(t, dir, "f", "x"); return filepath.Join(dir, "f") }, "is not a folder"},
		"weights a folder": {func(t *testing.T) string { dir := t.TempDir(); return dir + mkdir(t, dir, WeightsName) }, "is not a file"},
		"index not JSON":   {func(t *testing.T) string { dir := t.TempDir(); put(t, dir, IndexName, "{"); return dir }, "not an index of shards"},
		"index empty":      {func(t *testing.T) string { dir := t.TempDir(); put(t, dir, IndexName, "{}"); return dir }, "weight_map is missing or empty"},
		"shard outside":    {withIndex(first, "../"+first), "want the name of a file in the same folder"},
		"shard absolute":   {withIndex(first, "/etc/passwd"), "want the name of a file in the same folder"},
		"shard backwards":  {withIndex(first, `..\\`+first), "want the name of a file in the same folder"},
		"shard unnamed":    {withIndex(first, ""), "want the name of a file in the same folder"},
		"shard is parent":  {withIndex(first, ".."), "want the name of a file in the same folder"},
		"shard missing":    {withIndex(first, "model-00009.safetensors"), "model-00009.safetensors"},
		"tensor missing":   {withIndex(`"a"`, `"x"`), `tensor "x" is not in`},
		"tensor elsewhere": {withIndex(`"c":"model-00002`, `"c":"model-00001`, `"a":"model-00001`, `"a":"model-00002`), "it is in"},
		"a tensor twice": {func(t *testing.T) string {
			dir := shards(t)
			put(t, dir, IndexName, index)
			if err := Write(filepath.Join(dir, "model-00002-of-00002.safetensors"), []Entry{{Name: "a", DType: F32, Values: ones(1)}}, nil); err != nil {
				t.Fatal(err)
			}
			return dir
		}, `tensor "a" stands in both`},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := OpenFolder(c.folder(t))
			if err == nil {
				f.Close()
				t.Fatal("was opened")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want %q", err, c.want)
			}
		})
	}
}

func mkdir(t *testing.T, dir, name string) string {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
		t.Fatal(err)
	}
	return ""
}
