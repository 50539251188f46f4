package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/papers"
	"bertlab/papers/experiment"
	"bertlab/papers/wang2022"
)

func TestAProtocolReplacesFieldsOfThePapersOwn(t *testing.T) {
	got, err := wang2022.Experiment.Protocol(experiment.Request{Quick: true, Protocol: []byte(`{"task": "sst2", "ratios": [0.5], "recovered": [0.5], "speed_ratios": [0.5], "seeds": [7, 8]}`)})
	if err != nil {
		t.Fatal(err)
	}
	if quick := wang2022.Quick(); got.Task != "sst2" || len(got.Ratios) != 1 || len(got.Seeds) != 2 || got.Model != quick.Model || got.TrainExamples != quick.TrainExamples {
		t.Errorf("%+v", got)
	}
	for text, mentions := range map[string]string{
		`{"ratio": 1}`:       `"ratio"`,
		`{"ratios": "many"}`: "ratios",
		`{"seeds": [1]} {}`:  "more",
		`[]`:                 "a JSON object",
		``:                   "empty",
		`{}`:                 "",
	} {
		for _, p := range papers.All() {
			if name, _ := p.About(); name == "tucker" {
				if err := p.Accepts(experiment.Request{Protocol: []byte(text)}); (err == nil) != (mentions == "") || err != nil && !strings.Contains(err.Error(), mentions) {
					t.Errorf("%s: %v", text, err)
				}
			}
		}
	}
}

func TestEveryPaperAcceptsItsOwnProtocols(t *testing.T) {
	names := map[string]bool{}
	for _, p := range papers.All() {
		name, title := p.About()
		if name == "" || title == "" || names[name] {
			t.Errorf("%q, %q", name, title)
		}
		names[name] = true
		seed := uint64(5)
		for _, r := range []experiment.Request{{}, {Quick: true}, {Quick: true, Seed: &seed, Runs: 2}} {
			if err := p.Accepts(r); err != nil {
				t.Errorf("%s, %+v: %v", name, r, err)
			}
		}
		if err := p.Accepts(experiment.Request{Protocol: []byte(`{"nonesuch": 1}`)}); err == nil || !strings.Contains(err.Error(), "nonesuch") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAProtocolGoesWithOnePaper(t *testing.T) {
	file := write(t, "protocol.json", `{"sedes": [1]}`)
	bertlab(t, "reproduce", "--protocol", file).fails(exitWrongCall, "--protocol", "one paper")
	bertlab(t, "reproduce", "heads", "layers", "--protocol", file).fails(exitWrongCall, "--protocol")
	bertlab(t, "reproduce", "heads", "--protocol", file, "--out", filepath.Join(t.TempDir(), "results")).fails(exitWrongCall, "sedes")
	bertlab(t, "reproduce", "heads", "--protocol", file+"x").fails(exitFailure, file+"x")
}

// The names of the protocols that come with the documentation begin with their paper's.
func TestTheDocumentedProtocolsAreProtocols(t *testing.T) {
	accepts := map[string]func(experiment.Request) error{}
	for _, p := range papers.All() {
		name, _ := p.About()
		accepts[name] = p.Accepts
	}
	files, err := filepath.Glob("../../docs/protocols/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		paper, _, _ := strings.Cut(filepath.Base(file), "-")
		check := accepts[paper]
		if check == nil {
			t.Fatalf("%s belongs to no paper", file)
		}
		if err := check(experiment.Request{Protocol: text}); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
