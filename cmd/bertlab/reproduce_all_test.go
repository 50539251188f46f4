package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
)

// replaced puts other papers in place of the real ones.
func replaced(t *testing.T, list ...paper) {
	t.Helper()
	real := papers
	papers = list
	t.Cleanup(func() { papers = real })
}

func works(claim string) func(context.Context, *experiment.Environment, reproduction) (*outcome, error) {
	return func(_ context.Context, env *experiment.Environment, r reproduction) (*outcome, error) {
		if !r.quick || env.Backend == nil {
			return nil, errors.New("not as asked")
		}
		return &outcome{Report: filepath.Join(env.Dir, "x.html"), Claims: []experiment.Claim{{Text: claim, Korean: "한국어 " + claim, Verdict: report.Holds}}, Result: 7}, nil
	}
}

func TestWithoutANameAllPapersAreRunAndOneReportLeadsToThem(t *testing.T) {
	replaced(t, paper{"first", "The First Paper", works("It is first.")}, paper{"second", "The Second Paper", works("It is second.")})
	out := filepath.Join(t.TempDir(), "results")
	document := bertlab(t, "reproduce", "--quick", "--out", out, "--json").document()
	if document["index"] != filepath.Join(out, "index.html") || number(t, document, "first", "result") != 7 || number(t, document, "second", "result") != 7 {
		t.Errorf("%v", document)
	}
	for name, words := range map[string][]string{
		"index.html": {"The First Paper", "It is first.", `href="second.html"`}, "index.ko.html": {"한국어 It is second.", `href="first.ko.html"`},
	} {
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !strings.Contains(string(text), word) {
				t.Errorf("%s does not say %q", name, word)
			}
		}
	}
	if _, there := bertlab(t, "reproduce", "first", "--quick", "--out", out, "--json").document()["index"]; there {
		t.Error("one paper alone writes the report on all")
	}
}

func TestAPaperThatFailsDoesNotStopTheOthers(t *testing.T) {
	fails := func(context.Context, *experiment.Environment, reproduction) (*outcome, error) {
		return nil, errors.New("no more paper")
	}
	replaced(t, paper{"first", "The First Paper", fails}, paper{"second", "The Second Paper", works("It is second.")})
	out := filepath.Join(t.TempDir(), "results")
	bertlab(t, "reproduce", "--quick", "--out", out, "--json").fails(exitFailure, "first: no more paper")
	text, err := os.ReadFile(filepath.Join(out, "index.html"))
	if err != nil || !strings.Contains(string(text), "It is second.") || !strings.Contains(string(text), "no more paper") {
		t.Errorf("the report on all: %v", err)
	}
}
