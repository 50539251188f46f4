package jupyter

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const bare = `{"cells":[{"cell_type":"code","id":"a","metadata":{"execution":{"a":1}},"execution_count":1,"outputs":[],"source":"%%\n1"}],"metadata":{},"nbformat":4,"nbformat_minor":5}`

func TestExecuteWritesTheTidyResultOnlyWhenEveryCellSucceeds(t *testing.T) {
	start := `{"event":"start","cell":1,"cells":2,"source":"// Load the model\n%%\nload()"}` + "\n"
	for name, c := range map[string]struct {
		events, result, want string
	}{
		"done":        {start + `{"event":"done"}`, bare, ""},
		"cell fails":  {start + `{"event":"error","cell":1,"cells":2,"name":"ERROR","value":"exit status 1","printed":"\u001b[7mno such head\u001b[0m\n"}`, "", "code cell 1 of 2 failed: exit status 1\n--- the cell ---\n// Load the model\n%%\nload()\n--- what it wrote ---\nno such head"},
		"no kernel":   {`{"event":"error","cell":0,"name":"DeadKernelError","value":"Kernel died"}`, "", "the kernel did not start: DeadKernelError: Kernel died"},
		"Python dies": {start, "", "Traceback: out of luck"},
		"no result":   {start + `{"event":"done"}`, "", "no such file"},
		"bad result":  {start + `{"event":"done"}`, "{", "after its run"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			e := m.setup()
			m.write("n/book.ipynb", bare)
			m.write("events", c.events+"\n")
			if c.result != "" {
				m.write("result", c.result)
			}
			err := e.Execute(t.Context(), filepath.Join(m.root(), "n/book.ipynb"), "", time.Minute, []string{"BERTLAB_QUICK=1"})
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error is %v, want it to say %q", err, c.want)
				}
				if m.read("n/book.ipynb") != bare {
					t.Error("the notebook has changed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			tidy, _ := Tidy([]byte(bare))
			if got := m.read("n/book.ipynb"); got != string(tidy) {
				t.Errorf("the notebook is %s", got)
			}
			if !strings.Contains(m.read("env"), "BERTLAB_QUICK=1\n") {
				t.Error("the cell's environment lacks what was asked for")
			}
			if !strings.Contains(m.read("calls"), "execute "+filepath.Join(m.root(), "n")+"\n") {
				t.Error("the cells do not run in the notebook's folder")
			}
		})
	}
}

func TestExecuteEndsWithItsTime(t *testing.T) {
	m := newMachine(t)
	e := m.setup()
	m.write("book.ipynb", bare)
	m.write("events", `{"event":"start","cell":1,"cells":1,"source":"sleep"}`+"\n")
	m.write("hang", "")
	err := e.Execute(t.Context(), filepath.Join(m.root(), "book.ipynb"), "", 500*time.Millisecond, nil)
	if err == nil || !strings.Contains(err.Error(), "code cell 1 of 1 was still running after 500ms") {
		t.Errorf("error is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	if err := e.Execute(ctx, filepath.Join(m.root(), "book.ipynb"), "", 0, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want the context's", err)
	}
}

func TestExecuteRefusesWhatIsNoNotebook(t *testing.T) {
	m := newMachine(t)
	e := m.setup()
	for name, text := range map[string]string{"empty": "", "text": "hello", "old": `{"nbformat":3,"worksheets":[]}`, "no cells": `{"nbformat":4}`} {
		m.write("book.ipynb", text)
		if err := e.Execute(t.Context(), filepath.Join(m.root(), "book.ipynb"), "", time.Minute, nil); err == nil || !strings.Contains(err.Error(), "not a notebook") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	if err := e.Execute(t.Context(), filepath.Join(m.root(), "none.ipynb"), "", time.Minute, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

func TestHeadlineTellsWhatACellDoes(t *testing.T) {
	for source, want := range map[string]string{
		"%noautoget\nimport \"fmt\"\n// Evaluate the model.\n%%\nx()": "Evaluate the model.",
		"%%\n\nf := heads.Measure()\nuse(f)":                          "f := heads.Measure()",
		"func f() {}":                                                 "func f() {}",
		"":                                                            "",
	} {
		if got := headline(source); got != want {
			t.Errorf("headline of %q is %q, want %q", source, got, want)
		}
	}
}
