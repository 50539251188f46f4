package sajjad2020

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// checkWritten writes a result and looks at what is there.
func checkWritten(t *testing.T, result *Result) {
	t.Helper()
	dir := t.TempDir()
	paths, err := result.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"layers.json", "figures/layers-scores-sst2.png", "figures/layers-strategies-sst2.svg", "figures/layers-when-sst2.pdf", "figures/layers-time.csv",
		"figures/layers-similarity.png", "figures/layers-contribution.png", "figures/layers-travel.png", "figures/layers-claims.md", "figures/layers-scores-table-sst2.tex",
	} {
		if !slices.Contains(paths, filepath.Join(dir, name)) {
			t.Errorf("%s is not there", name)
		}
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	korean, err := os.ReadFile(filepath.Join(dir, "layers.ko.html"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(korean), "%!") {
		t.Error("the Korean report has a number in the wrong place")
	}
	for _, c := range result.Claims {
		if c.Korean == "" || !strings.Contains(string(korean), c.Korean) {
			t.Errorf("the Korean report does not say: %s", c.Text)
		}
	}
	report, err := os.ReadFile(paths[len(paths)-1])
	if err != nil || filepath.Base(paths[len(paths)-1]) != "layers.html" {
		t.Fatalf("%v: %v", paths[len(paths)-1], err)
	}
	for _, claim := range result.Claims {
		if !strings.Contains(string(report), claim.Text) {
			t.Errorf("the report does not say: %s", claim.Text)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "layers.json"))
	if err != nil {
		t.Fatal(err)
	}
	var read Result
	if err := json.Unmarshal(text, &read); err != nil || !reflect.DeepEqual(read.Tasks, result.Tasks) || !reflect.DeepEqual(read.Claims, result.Claims) {
		t.Errorf("layers.json is read back as something else: %v", err)
	}
}
