package task

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// folderFinder finds what a test laid down.
type folderFinder struct {
	files     map[string][]string // by "id config split"
	sentiment string
}

func (f folderFinder) DatasetFiles(_ context.Context, id, config, split string) ([]string, error) {
	if files := f.files[id+" "+config+" "+split]; files != nil {
		return files, nil
	}
	return nil, fmt.Errorf("no %s %s %s", id, config, split)
}

func (f folderFinder) SentimentFolder(context.Context) (string, error) { return f.sentiment, nil }

type glueSST2 struct {
	Sentence string `parquet:"sentence,dict"`
	Label    int64  `parquet:"label,optional"`
	Idx      int32  `parquet:"idx"`
}

type gluePair struct {
	Sentence1 string   `parquet:"sentence1"`
	Sentence2 string   `parquet:"sentence2"`
	Label     *float32 `parquet:"label,optional"`
	Idx       int32    `parquet:"idx"`
}

func writeParquet[T any](t testing.TB, dir, name string, rows []T) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := parquet.WriteFile(path, rows, parquet.Compression(&parquet.Snappy)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestHubParquetOfSeveralFilesIsOneDataset(t *testing.T) {
	dir := t.TempDir()
	a := writeParquet(t, dir, "train-00000-of-00002.parquet", []glueSST2{{"good", 1, 10}, {"bad", -1, 11}})
	b := writeParquet(t, dir, "train-00001-of-00002.parquet", []glueSST2{{"fine", 1, 12}})
	finder := folderFinder{files: map[string][]string{"nyu-mll/glue sst2 train": {a, b}}}
	sst2 := mustLookup(t, "sst2")
	for _, source := range []string{"", dir} {
		d, err := Load(t.Context(), finder, sst2, "train", source, Columns{})
		if err != nil {
			t.Fatal(err)
		}
		want := []Example{{ID: "10", TextA: "good", Label: 1}, {ID: "11", TextA: "bad", Label: -1}, {ID: "12", TextA: "fine", Label: 1}}
		if !slices.Equal(d.Examples, want) || d.Split != "train" || d.Source != a+", "+b || len(d.SHA256) != 64 {
			t.Errorf("got %+v", d)
		}
	}
}

func TestPartsAreFoundInFoldersOfAnyName(t *testing.T) {
	root := t.TempDir()
	for i, name := range []string{"g1", "g[12]", "*"} {
		dir := filepath.Join(root, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		writeParquet(t, dir, "train-00000-of-00001.parquet", []glueSST2{{name, 1, int32(i)}})
		d, err := Load(t.Context(), nil, mustLookup(t, "sst2"), "train", dir, Columns{})
		if err != nil || len(d.Examples) != 1 || d.Examples[0].TextA != name {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}

func TestParquetRegressionTargetsAndMissingOnes(t *testing.T) {
	v, hidden := float32(2.75), float32(-1)
	path := writeParquet(t, t.TempDir(), "x.parquet", []gluePair{{"a", "b", &v, 0}, {"c", "d", &hidden, 1}})
	d, err := ReadFile(mustLookup(t, "stsb"), path, Columns{})
	if err != nil || !slices.Equal(d.Examples, []Example{{ID: "0", TextA: "a", TextB: "b", Value: 2.75}, {ID: "1", TextA: "c", TextB: "d", Label: -1}}) {
		t.Errorf("%+v, %v", d, err)
	}
	path = writeParquet(t, t.TempDir(), "y.parquet", []gluePair{{"a", "b", &v, 0}, {"c", "d", nil, 1}})
	if _, err := ReadFile(mustLookup(t, "stsb"), path, Columns{}); err == nil || !strings.Contains(err.Error(), "row 2: has no label") {
		t.Errorf("null label: %v", err)
	}
	if d, err := ReadFile(mustLookup(t, "stsb"), path, Columns{Unlabelled: true}); err != nil || d.Unlabelled() != 1 {
		t.Errorf("null label, allowed: %v, %v", d, err)
	}
}

func TestSplitsAreFoundInGLUEFolders(t *testing.T) {
	root := t.TempDir()
	put := func(name, content string) {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("SST-2/train.tsv", "sentence\tlabel\na\t1\n")
	put("SST-2/dev.tsv", "sentence\tlabel\nb\t1\n")
	put("SST-2/test.tsv", "index\tsentence\n0\tc\n")
	put("MNLI/train.tsv", "sentence1\tsentence2\tgold_label\nd\td\tneutral\n")
	put("MNLI/dev_matched.tsv", "sentence1\tsentence2\tgold_label\ne\te\tneutral\n")
	put("MNLI/dev_mismatched.tsv", "sentence1\tsentence2\tgold_label\nf\tf\tneutral\n")
	put("STS-B/sts-dev.tsv", "g\tf\ty\t1\t5\tg\th\n")
	put("rte/validation.jsonl", `{"sentence1":"i","sentence2":"j","label":0}`)
	for _, c := range []struct{ task, split, folder, text string }{
		{"sst2", "train", "SST-2", "a"}, {"sst2", "dev", "SST-2", "b"}, {"sst2", "validation", "", "b"}, {"sst2", "test", "", "c"},
		{"mnli", "train", "", "d"}, {"mnli", "dev", "MNLI", "e"}, {"mnli-mm", "dev", "MNLI", "f"}, {"mnli-mm", "train", "MNLI", "d"},
		{"stsb", "dev", "STS-B", "g"}, {"rte", "dev", "", "i"},
	} {
		d, err := Load(t.Context(), nil, mustLookup(t, c.task), c.split, filepath.Join(root, c.folder), Columns{})
		if err != nil {
			t.Errorf("%s %s: %v", c.task, c.split, err)
		} else if d.Len() != 1 || d.Examples[0].TextA != c.text {
			t.Errorf("%s %s: got %+v of %s", c.task, c.split, d.Examples, d.Source)
		}
	}
	_, err := Load(t.Context(), nil, mustLookup(t, "qnli"), "dev", root, Columns{})
	if err == nil || !strings.Contains(err.Error(), "dev.tsv") || !strings.Contains(err.Error(), "validation-*.parquet") {
		t.Errorf("missing split: %v", err)
	}
}

func TestSentimentSetsAreSplitByLoadAndWholeAsFile(t *testing.T) {
	var b strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&b, "%d_1\t%g\tText number %d.\n", i, float64(i%9)-4, i)
	}
	dir := filepath.Join(t.TempDir(), "hutto_ICWSM_2014")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "amazonReviewSnippets_GroundTruth.txt")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	products := mustLookup(t, "products")
	finder := folderFinder{sentiment: filepath.Dir(dir)}
	for _, source := range []string{"", dir, filepath.Dir(dir)} {
		train, err := Load(t.Context(), finder, products, "train", source, Columns{})
		if err != nil {
			t.Fatal(err)
		}
		dev, err := Load(t.Context(), finder, products, "dev", source, Columns{})
		if err != nil {
			t.Fatal(err)
		}
		neutral := 1500 / 9
		if dev.Len() != SentimentHoldout || train.Len()+dev.Len() != 1500-neutral-1 && train.Len()+dev.Len() != 1500-neutral || len(dev.Overlap(train)) > 0 {
			t.Errorf("train %d, dev %d", train.Len(), dev.Len())
		}
		if _, err := Load(t.Context(), finder, products, "test", source, Columns{}); err == nil {
			t.Error("a test split: no error")
		}
	}
	whole, err := Load(t.Context(), nil, products, "dev", file, Columns{})
	if err != nil || whole.Len() <= SentimentHoldout {
		t.Errorf("%v, %v", whole, err)
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	sst2 := mustLookup(t, "sst2")
	if _, err := Load(t.Context(), nil, sst2, "dev", "", Columns{}); err == nil || !strings.Contains(err.Error(), "name a file or folder") {
		t.Errorf("no finder: %v", err)
	}
	if _, err := Load(t.Context(), folderFinder{}, sst2, "eval", "", Columns{}); err == nil || !strings.Contains(err.Error(), "train, dev or test") {
		t.Errorf("split: %v", err)
	}
	if _, err := Load(t.Context(), folderFinder{}, sst2, "dev", "", Columns{}); err == nil || !strings.Contains(err.Error(), "sst2 validation") {
		t.Errorf("the finder's error is lost: %v", err)
	}
	if _, err := Load(t.Context(), nil, sst2, "dev", filepath.Join(t.TempDir(), "none"), Columns{}); err == nil || !strings.Contains(err.Error(), "no such file or folder") {
		t.Errorf("missing: %v", err)
	}
	if _, err := Load(t.Context(), nil, nil, "dev", "", Columns{}); err == nil {
		t.Error("no task: no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Load(ctx, folderFinder{}, sst2, "dev", "", Columns{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
