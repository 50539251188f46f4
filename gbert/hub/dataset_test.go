package hub

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSplitFilesKnowTheHubsNamingHabits(t *testing.T) {
	glue := []string{"README.md", "sst2/train-00000-of-00001.parquet", "sst2/validation-00000-of-00001.parquet",
		"mnli/validation_matched-00000-of-00001.parquet", "ax/test-00000-of-00001.parquet", "sst2/train-extra-00000-of-00001.parquet"}
	for _, c := range []struct {
		listing       []string
		config, split string
		want          string // "" for an error
	}{
		{glue, "sst2", "validation", "sst2/validation-00000-of-00001.parquet"},
		{glue, "sst2", "train", "sst2/train-00000-of-00001.parquet"},
		{glue, "mnli", "validation_matched", "mnli/validation_matched-00000-of-00001.parquet"},
		{glue, "mnli", "validation", ""},
		{glue, "", "validation", ""},
		{[]string{"data/train-00001-of-00002-ab12.parquet", "data/train-00000-of-00002-ab12.parquet"}, "", "train", "data/train-00000-of-00002-ab12.parquet data/train-00001-of-00002-ab12.parquet"},
		{[]string{"data/train-00001-of-00002.parquet"}, "", "train", ""},
		{[]string{"sst2/train/0001.parquet", "sst2/train/0000.parquet", "sst2/test/0000.parquet"}, "sst2", "train", "sst2/train/0000.parquet sst2/train/0001.parquet"},
		{[]string{"train.parquet", "train.csv"}, "default", "train", "train.parquet"},
		{[]string{"train.csv"}, "", "train", ""},
	} {
		got, err := splitFiles(c.listing, c.config, c.split)
		if strings.Join(got, " ") != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s %s: %q, %v, expected %q", c.config, c.split, got, err, c.want)
		}
	}
}

func TestDatasetComesFromTheHubOnceAndThenFromTheCache(t *testing.T) {
	h := newFakeHub(t, "datasets", "nyu-mll/glue", map[string]string{
		"sst2/validation-00000-of-00001.parquet": "PAR1 valid", "sst2/train-00000-of-00001.parquet": "PAR1 train",
	}, "sst2/validation-00000-of-00001.parquet")
	surroundings(t, h.URL)
	files, err := New(Options{}).DatasetFiles(t.Context(), "nyu-mll/glue", "sst2", "validation")
	if err != nil || len(files) != 1 || read(t, files[0]) != "PAR1 valid" {
		t.Fatalf("%v, %v", files, err)
	}
	want := filepath.Join(os.Getenv("HF_HOME"), "hub", "datasets--nyu-mll--glue", "snapshots", commit, "sst2", "validation-00000-of-00001.parquet")
	if files[0] != want {
		t.Errorf("path %s", files[0])
	}
	before := h.count()
	t.Setenv("BERTLAB_OFFLINE", "1")
	again, err := New(Options{}).DatasetFiles(t.Context(), "nyu-mll/glue", "sst2", "validation")
	if err != nil || !slices.Equal(again, files) || h.count() != before {
		t.Errorf("from the cache: %v, %v", again, err)
	}
	if _, err := New(Options{}).DatasetFiles(t.Context(), "nyu-mll/glue", "sst2", "train"); err == nil {
		t.Error("a split that is not cached was found offline")
	}
	// Without bertlab's own note, as when Python downloaded it.
	os.RemoveAll(os.Getenv("BERTLAB_CACHE"))
	if again, err := New(Options{}).DatasetFiles(t.Context(), "nyu-mll/glue", "sst2", "validation"); err != nil || !slices.Equal(again, files) {
		t.Errorf("from Python's cache: %v, %v", again, err)
	}
}

func TestTheHubsParquetConversionIsTheSecondChoice(t *testing.T) {
	main := newFakeHub(t, "datasets", "org/old", map[string]string{"old.py": "code"})
	converted := newFakeHub(t, "datasets", "org/old", map[string]string{"a/train/0000.parquet": "0", "a/train/0001.parquet": "1"})
	converted.revision = parquetBranch
	both := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/revision/main") {
			main.handle(w, r)
		} else {
			converted.handle(w, r)
		}
	}))
	defer both.Close()
	surroundings(t, main.URL)
	if _, err := New(Options{}).DatasetFiles(t.Context(), "org/old", "a", "train"); err == nil {
		t.Error("found where neither branch has it")
	}
	t.Setenv("HF_ENDPOINT", both.URL)
	files, err := New(Options{}).DatasetFiles(t.Context(), "org/old", "a", "train")
	if err != nil || len(files) != 2 || read(t, files[1]) != "1" {
		t.Fatalf("%v, %v", files, err)
	}
	t.Setenv("BERTLAB_OFFLINE", "1")
	if again, err := New(Options{}).DatasetFiles(t.Context(), "org/old", "a", "train"); err != nil || !slices.Equal(again, files) {
		t.Errorf("from the cache: %v, %v", again, err)
	}
	// Of these files the names do not say how many there are: without the note they are not trusted to be all.
	os.RemoveAll(os.Getenv("BERTLAB_CACHE"))
	if _, err := New(Options{}).DatasetFiles(t.Context(), "org/old", "a", "train"); err == nil {
		t.Error("an unknown number of files was taken for a whole split")
	}
}

func TestNamesThatArePathsAreNoDatasets(t *testing.T) {
	surroundings(t, "http://127.0.0.1:1")
	c := New(Options{Offline: true})
	for _, bad := range [][3]string{{"", "a", "train"}, {"../x", "a", "train"}, {"o/x", "../a", "train"}, {"o/x", "a", "../train"}, {"o/x", "a", ""}} {
		if _, err := c.DatasetFiles(t.Context(), bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
