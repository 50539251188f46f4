package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bertlab/papers/experiment"
)

// recordedHeads runs heads on tiny models, named as in a folder of the user's, and writes the run down. It returns what asks for it.
func recordedHeads(t *testing.T) (ask []string) {
	t.Helper()
	reviews, model := filepath.Dir(reviews(t, 60)), tinyModel(t, 0)
	t.Chdir(t.TempDir())
	if err := os.CopyFS("data", os.DirFS(reviews)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"train.tsv", "dev.tsv"} {
		if err := os.Link(filepath.Join("data", "reviews.tsv"), filepath.Join("data", name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS("small", os.DirFS(model)); err != nil {
		t.Fatal(err)
	}
	quick := []string{"--model", "small", "--task", "sst2", "--data", "data", "--backend", "go"}
	if c := bertlab(t, append([]string{"reproduce", "heads", "--quick", "--out", "mine"}, quick...)...); c.status != exitSuccess {
		t.Fatal(c.stderr)
	}
	var result struct {
		Config json.RawMessage `json:"config"`
	}
	if text, err := os.ReadFile("mine/heads.json"); err != nil || json.Unmarshal(text, &result) != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("protocol.json", result.Config, 0o644); err != nil {
		t.Fatal(err)
	}
	ask = append(quick, "--protocol", "protocol.json")
	document := bertlab(t, append([]string{"records", "write", "heads", "--results", "mine", "--into", "kept", "--json"}, ask...)...).document()
	if document["record"] != filepath.Join("kept", "heads.json.zst") || number(t, document, "steps") < 5 {
		t.Errorf("%v", document)
	}
	return ask
}

func TestARecordIsShownVerifiedAndRepeated(t *testing.T) {
	ask := recordedHeads(t)
	if list := bertlab(t, "records", "list", "--records", "kept"); list.status != exitSuccess || !strings.Contains(list.stdout, "heads") || !strings.Contains(list.stdout, time.Now().UTC().Format(time.DateOnly)) {
		t.Errorf("%s%s", list.stdout, list.stderr)
	}
	// Model and data are gone, and what the run remembered: the record needs none of them.
	for _, folder := range []string{"small", "data", "mine"} {
		if err := os.Rename(folder, folder+"-away"); err != nil {
			t.Fatal(err)
		}
	}
	show := append([]string{"reproduce", "heads", "--records", "kept", "--out", "shown"}, ask...)
	c := bertlab(t, show...)
	if c.status != exitSuccess || !strings.Contains(c.stderr, "--again") {
		t.Fatalf("%d %s", c.status, c.stderr)
	}
	provenance := func(path string) (p struct{ Provenance experiment.Provenance }) {
		text, err := os.ReadFile(path)
		if err != nil || json.Unmarshal(text, &p) != nil {
			t.Fatal(err)
		}
		return p
	}
	if provenance("shown/heads.json").Provenance.Recorded.IsZero() || !provenance("mine-away/heads.json").Provenance.Recorded.IsZero() {
		t.Error("a result does not say whether it was recorded")
	}
	bertlab(t, append(show, "--again")...).fails(exitFailure, "small")
	for _, folder := range []string{"small", "data", "mine"} {
		if err := os.Rename(folder+"-away", folder); err != nil {
			t.Fatal(err)
		}
	}
	verify := bertlab(t, "records", "verify", "heads", "--records", "kept", "--backend", "go", "--minutes", "5")
	if verify.status != exitSuccess || !strings.Contains(verify.stdout, "same bytes") || strings.Contains(verify.stdout, "differs") {
		t.Errorf("%d\n%s%s", verify.status, verify.stdout, verify.stderr)
	}
	bertlab(t, "records", "verify", "heads", "--records", "kept", "--minutes", "0").fails(exitWrongCall, "--minutes")
	for _, command := range []string{"list", "verify"} {
		bertlab(t, "records", command, "--records", "typo").fails(exitWrongCall, "--records typo is no folder")
	}
	bertlab(t, "records", "verify", "--records", t.TempDir()).fails(exitFailure, "no record")
	bertlab(t, "records", "verify", "nothing", "--records", "kept").fails(exitWrongCall, "heads")
	bertlab(t, append([]string{"records", "write", "heads", "--results", "nowhere", "--into", "kept"}, ask...)...).fails(exitFailure, "no result yet")

	// Without its last step the run is not complete. It goes on where the record is.
	found, err := filepath.Glob("mine/steps/*.json")
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	var rest []string
	for _, path := range found {
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), `"speed`) {
			rest = append(rest, path)
		}
	}
	if len(rest) == 0 {
		t.Fatal("no step is one of speed")
	}
	for _, path := range rest {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	write := append([]string{"records", "write", "heads", "--results", "mine", "--into", "half"}, ask...)
	bertlab(t, write...).fails(exitFailure, "--unfinished")
	half := bertlab(t, append(write, "--unfinished", "--json")...).document()
	if number(t, half, "missing") != float64(len(rest)) {
		t.Errorf("%v, %d steps were taken away", half, len(rest))
	}
	here, err := filepath.Abs("data")
	if err != nil {
		t.Fatal(err)
	}
	bertlab(t, append(write, "--unfinished", "--data", here)...).fails(exitFailure, "names a folder of this machine")
	if list := bertlab(t, "records", "list", "--records", "half"); !strings.Contains(list.stdout, fmt.Sprintf("%v of %d", half["steps"], len(found))) {
		t.Errorf("%s", list.stdout)
	}
	on := bertlab(t, append([]string{"reproduce", "heads", "--records", "half", "--out", "on"}, ask...)...)
	if on.status != exitSuccess || !strings.Contains(on.stderr, "are on record; the others are computed") {
		t.Errorf("%d %s", on.status, on.stderr)
	}

	// A damaged one is named, and the paper computed.
	path := filepath.Join("kept", "heads.json.zst")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	c = bertlab(t, append([]string{"reproduce", "heads", "--records", "kept", "--out", "mine"}, ask...)...)
	if c.status != exitSuccess || !strings.Contains(c.stderr, "heads.json.zst is damaged") {
		t.Errorf("%d %s", c.status, c.stderr)
	}
	if list := bertlab(t, "records", "list", "--records", "kept"); !strings.Contains(list.stdout, "not usable") {
		t.Errorf("%s", list.stdout)
	}
}
