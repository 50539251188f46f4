package site

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// notebook writes one of these cells, kind and source by turns; a source that begins with { is an output of the cell before.
func notebook(t *testing.T, dir, name string, cells ...string) {
	t.Helper()
	var list []map[string]any
	for i := 0; i < len(cells); i += 2 {
		if cells[i] == "output" {
			last := list[len(list)-1]
			last["outputs"] = append(last["outputs"].([]any), json.RawMessage(cells[i+1]))
			continue
		}
		list = append(list, map[string]any{"cell_type": cells[i], "source": []string{cells[i+1]}, "outputs": []any{}})
	}
	text, err := json.Marshal(map[string]any{"nbformat": 4, "cells": list})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

const dot = `iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==`

func TestEachNotebookBecomesAPageAndTheIndexLeadsToIt(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "new", "site")
	notebook(t, from, "01_a.ipynb", "markdown", "# First\n\nIt costs $5 here and `$HOME`, and $\\theta_0$ moves.\n\n## Next\n\n$$\na_i = b\n$$",
		"code", "// Draw it.\n%%\nx.Show(\"<b>\")", "output", `{"output_type": "display_data", "data": {"image/png": "`+dot+`", "text/plain": ["a dot"]}, "metadata": {"image/png": {"width": 77}}}`,
		"output", `{"output_type": "display_data", "data": {"text/html": "<table class=\"bertlab-table\"><tr><td>7</td></tr></table>", "text/plain": "7"}}`,
		"output", `{"output_type": "display_data", "data": {"text/markdown": "*So* it is."}}`, "output", `{"output_type": "stream", "name": "stdout", "text": ["said\n"]}`,
		"output", `{"output_type": "stream", "name": "stderr", "text": ["progress 3 of 7"]}`)
	notebook(t, from, "01_a.ko.ipynb", "markdown", "# 첫째\n\n질문이다.", "code", "x()")
	notebook(t, from, "02_b.ipynb", "markdown", "# Second\n\nMore.\n\n```\n## no heading\n```")
	paths, err := Write(from, to)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) != 5 || paths[4] != filepath.Join(to, "index.html") {
		t.Errorf("%v", paths)
	}
	for name, wanted := range map[string][]string{
		"01_a.html": {"<h1>First</h1>", "<h2>Next</h2>", "<summary>Draw it.</summary>", "x.Show(&#34;&lt;b&gt;&#34;)", `width="77" alt="a dot"`, `<td>7</td>`, "<em>So</em>", "said", "<mi>θ</mi>", `display="block"`,
			"$5 here", "<code>$HOME</code>", `href="02_b.html"`, `href="01_a.ko.html"`, `href="index.html"`},
		"01_a.ko.html":  {`<html lang="ko">`, "<h1>첫째</h1>", "<summary>코드</summary>", `href="01_a.html"`, `href="index.ko.html"`},
		"02_b.html":     {"## no heading", `href="01_a.html"`},
		"index.html":    {"First", "Second", "More.", `href="02_b.html"`, `href="index.ko.html"`},
		"index.ko.html": {"첫째", "질문이다.", `href="01_a.ko.html"`, `href="index.html"`},
	} {
		text, err := os.ReadFile(filepath.Join(to, name))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, w := range wanted {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s does not have %q", name, w)
			}
		}
		for _, w := range []string{"$$", "\ue000", "progress 3"} {
			if strings.Contains(string(text), w) {
				t.Errorf("%s has %q", name, w)
			}
		}
	}
}

func TestWhatIsNoNotebookIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	for says, write := range map[string]func(dir string){
		"no notebooks":      func(string) {},
		"is no notebook":    func(dir string) { os.WriteFile(filepath.Join(dir, "z.ipynb"), []byte("{"), 0o644) },
		"notebook format 3": func(dir string) { os.WriteFile(filepath.Join(dir, "z.ipynb"), []byte(`{"nbformat": 3}`), 0o644) },
		"is empty":          func(dir string) { notebook(t, dir, "z.ipynb") },
		"a cell failed":     func(dir string) { notebook(t, dir, "z.ipynb", "code", "x", "output", `{"output_type": "error"}`) },
		"illegal base64": func(dir string) {
			notebook(t, dir, "z.ipynb", "code", "x", "output", `{"output_type": "display_data", "data": {"image/png": "%"}}`)
		},
		"cannot unmarshal": func(dir string) {
			notebook(t, dir, "z.ipynb", "code", "x", "output", `{"output_type": "display_data", "data": {"text/html": 7}}`)
		},
		"not a regular file": func(dir string) { os.Mkdir(filepath.Join(dir, "z.ipynb"), 0o755) },
	} {
		from, to := t.TempDir(), filepath.Join(t.TempDir(), "site")
		if says != "no notebooks" {
			notebook(t, from, "a.ipynb", "markdown", "# A\n\nRight.")
		}
		write(from)
		if _, err := Write(from, to); err == nil || says != "not a regular file" && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("%s: something was written", says)
		}
	}
}

func TestNotebooksAreFoundInFoldersOfAnyName(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"n1", "n[12]"} {
		from := filepath.Join(root, name)
		if err := os.Mkdir(from, 0o755); err != nil {
			t.Fatal(err)
		}
		notebook(t, from, name+".ipynb", "markdown", "# A\n\nText.")
		to := filepath.Join(root, "site of "+name)
		paths, err := Write(from, to)
		if want := []string{filepath.Join(to, name+".html"), filepath.Join(to, "index.html")}; err != nil || !slices.Equal(paths, want) {
			t.Errorf("%q, %v; want %q", paths, err, want)
		}
	}
}

func TestLinksToNotebooksLeadToTheirPages(t *testing.T) {
	for source, want := range map[string]string{
		"[b](my-b.ipynb)":                  "[b](my-b.html)",
		"[c](c.ipynb#part) or [d](d)":      "[c](c.html#part) or [d](d)",
		"[a](01_a.ko.ipynb)":               "[a](01_a.ko.html)",
		"[a](./a.ipynb \"A\")":             "[a](a.html \"A\")",
		"[a](a%20b.ipynb), [b](b.ipynb)":   "[a](a%20b.html), [b](b.html)",
		"[a](<a b.ipynb>)":                 "[a](<a b.html>)",
		"[가](가나.ipynb)":                    "[가](가나.html)",
		"[a](a(1).ipynb)":                  "[a](a(1).html)",
		"[w](https://example.org/a.ipynb)": "[w](https://example.org/a.ipynb)",
		"[e](elsewhere/a.ipynb)":           "[e](elsewhere/a.ipynb)",
		"a.ipynb":                          "a.ipynb",
	} {
		if got := relinked(source); got != want {
			t.Errorf("%s became %s, not %s", source, got, want)
		}
	}
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "site")
	notebook(t, from, "a.ipynb", "markdown", "# A\n\nSee [it](my-b.ipynb#part).")
	notebook(t, from, "my-b.ipynb", "markdown", "# B\n\nText.")
	if _, err := Write(from, to); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(to, "a.html")); err != nil || !strings.Contains(string(text), `<a href="my-b.html#part">it</a>`) {
		t.Errorf("%v: the link is not there", err)
	}
}

func TestANotebookThatWouldBeTheIndexIsRefused(t *testing.T) {
	for _, name := range []string{"index.ipynb", "index.ko.ipynb"} {
		from, to := t.TempDir(), filepath.Join(t.TempDir(), "site")
		notebook(t, from, "a.ipynb", "markdown", "# A\n\nText.")
		notebook(t, from, name, "markdown", "# I\n\nText.")
		if _, err := Write(from, to); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "rename") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("%s: something was written", name)
		}
	}
}

func TestOnlyPagesOfASiteAreReplaced(t *testing.T) {
	for _, name := range []string{"index.html", "b.html"} {
		from, to := t.TempDir(), t.TempDir()
		notebook(t, from, "a.ipynb", "markdown", "# A\n\nText.")
		notebook(t, from, "b.ipynb", "markdown", "# B\n\nText.")
		foreign := filepath.Join(to, name)
		if err := os.WriteFile(foreign, []byte("<!DOCTYPE html>\nmine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Write(from, to); err == nil || !strings.Contains(err.Error(), foreign) {
			t.Errorf("%s: %v", name, err)
		}
		if entries, err := os.ReadDir(to); err != nil || len(entries) != 1 {
			t.Errorf("%s: something was written: %v", name, entries)
		}
		if err := os.Rename(foreign, filepath.Join(to, "mine.html")); err != nil {
			t.Fatal(err)
		}
		for range 2 { // pages of a site are replaced
			if _, err := Write(from, to); err != nil {
				t.Fatal(err)
			}
		}
		if text, _ := os.ReadFile(filepath.Join(to, "mine.html")); string(text) != "<!DOCTYPE html>\nmine" {
			t.Errorf("somebody's file holds %q", text)
		}
	}
}

// elsewhere is what a browser would fetch of the network while it shows a page.
var elsewhere = regexp.MustCompile(`(?i)(src|<link[^>]*href)\s*=\s*["'](https?:)?//`)

func TestTheCommittedNotebooksAreASiteThatNeedsNothingElse(t *testing.T) {
	to := t.TempDir()
	paths, err := Write("../../../notebooks", to)
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`href="([^"#:]+)"`)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		page := string(text)
		if at := elsewhere.FindString(page); at != "" {
			t.Errorf("%s fetches %s", path, at)
		}
		for _, target := range link.FindAllStringSubmatch(page, -1) {
			if _, err := os.Stat(filepath.Join(to, target[1])); err != nil {
				t.Errorf("%s leads to %s: %v", path, target[1], err)
			}
		}
		if strings.Contains(page, "$$") || strings.Contains(page, "\ue000") || strings.Contains(page, "merror") {
			t.Errorf("%s has an equation that is not set", path)
		}
	}
}
