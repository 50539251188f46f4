package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// with calls the program, on the pure Go backend, with other papers in place of the real ones.
func with(t *testing.T, list []experiment.Paper, args ...string) ended {
	t.Helper()
	var stdout, stderr bytes.Buffer
	a := newApp(&stdout, &stderr)
	a.papers = list
	args = append(args, "--backend", "go")
	status := a.run(t.Context(), args)
	return ended{t, args, status, stdout.String(), stderr.String()}
}

// fake is a paper with one claim, or with an error.
type fake struct {
	name, title, claim string
	err                error
}

func (f fake) About() (name, title string)      { return f.name, f.title }
func (f fake) Accepts(experiment.Request) error { return nil }
func (f fake) PlanFor(context.Context, *experiment.Environment, experiment.Request) (*experiment.Plan, error) {
	return nil, errors.New("it has no plan")
}

func (f fake) Replay(string, *experiment.Recordings, experiment.Request) (*experiment.Outcome, error) {
	return nil, nil
}

func (f fake) OnRecord(*experiment.Recordings, experiment.Request) (steps, missing int, err error) {
	return 0, 0, nil
}

func (f fake) Record(context.Context, *experiment.Environment, experiment.Request, bool) (*experiment.Recording, error) {
	return nil, errors.New("it has no run")
}

func (f fake) Verify(context.Context, *experiment.Environment, experiment.VerifyOptions) ([]experiment.Verified, error) {
	return nil, errors.New("it has no record")
}

func (f fake) Reproduce(_ context.Context, env *experiment.Environment, r experiment.Request) (*experiment.Outcome, error) {
	if f.err != nil {
		return nil, f.err
	}
	if !r.Quick || env.Backend == nil || env.Memory == nil {
		return nil, errors.New("not as asked")
	}
	claims := []experiment.Claim{{Text: f.claim, Korean: "한국어 " + f.claim, Verdict: report.Holds}}
	tell := func(say *words.Printer) ([]experiment.Claim, *experiment.NamedFigure, error) {
		said := slices.Clone(claims)
		if say.Tag() == words.Korean.Tag() {
			said[0].Text = said[0].Korean
		}
		return said, nil, nil
	}
	return &experiment.Outcome{Report: filepath.Join(env.Dir, "x.html"), Claims: claims, Tell: tell, Result: 7}, nil
}

func TestWithoutANameAllPapersAreRunAndOneReportLeadsToThem(t *testing.T) {
	list := []experiment.Paper{fake{name: "first", title: "The First Paper", claim: "It is first."}, fake{name: "second", title: "The Second Paper", claim: "It is second."}}
	out := filepath.Join(t.TempDir(), "results")
	document := with(t, list, "reproduce", "--quick", "--out", out, "--json").document()
	if document["index"] != filepath.Join(out, "index.html") || number(t, document, "first", "result") != 7 || number(t, document, "second", "result") != 7 {
		t.Errorf("%v", document)
	}
	for name, expected := range map[string][]string{
		"index.html": {"The First Paper", "It is first.", `href="second.html"`}, "index.ko.html": {"한국어 It is second.", `href="first.ko.html"`},
	} {
		text, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range expected {
			if !strings.Contains(string(text), word) {
				t.Errorf("%s does not say %q", name, word)
			}
		}
	}
	if _, there := with(t, list, "reproduce", "first", "--quick", "--out", out, "--json").document()["index"]; there {
		t.Error("one paper alone writes the report on all")
	}
}

func TestAPaperThatFailsDoesNotStopTheOthers(t *testing.T) {
	list := []experiment.Paper{fake{name: "first", title: "The First Paper", err: errors.New("no more paper")}, fake{name: "second", title: "The Second Paper", claim: "It is second."}}
	out := filepath.Join(t.TempDir(), "results")
	with(t, list, "reproduce", "--quick", "--out", out, "--json").fails(exitFailure, "first: no more paper")
	text, err := os.ReadFile(filepath.Join(out, "index.html"))
	if err != nil || !strings.Contains(string(text), "It is second.") || !strings.Contains(string(text), "no more paper") {
		t.Errorf("the report on all: %v", err)
	}
}
