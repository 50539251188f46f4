package jupyter

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// realEnvironment is a Jupyter with the kernel of this checkout, which lives in BERTLAB_TEST_JUPYTER when that is set (so
// that a second run is fast) and else in a temporary folder.
func realEnvironment(t *testing.T) *Environment {
	t.Helper()
	if os.Getenv("BERTLAB_NETWORK") == "" {
		t.Skip("installs JupyterLab and runs notebooks: set BERTLAB_NETWORK=1")
	}
	dir := os.Getenv("BERTLAB_TEST_JUPYTER")
	if dir == "" {
		dir = filepath.Join(t.TempDir(), "jupyter")
	}
	begun := time.Now()
	e, err := Setup(t.Context(), Options{Dir: dir, Log: func(line string) { t.Log(line) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("Setup took %v", time.Since(begun))
	return e
}

// written is a notebook of these code cells in a folder of its own.
func written(t *testing.T, cells ...string) string {
	t.Helper()
	nb := map[string]any{
		"nbformat": 4, "nbformat_minor": 5,
		"metadata": map[string]any{"kernelspec": map[string]any{"display_name": "Go (gonb)", "language": "go", "name": "gonb"}},
	}
	list := []any{}
	for i, source := range cells {
		list = append(list, map[string]any{
			"cell_type": "code", "id": string(rune('a' + i)), "metadata": map[string]any{},
			"execution_count": nil, "outputs": []any{}, "source": source,
		})
	}
	nb["cells"] = list
	text, err := json.Marshal(nb)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "scratch.ipynb")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const firstCell = `%noautoget
import (
	"fmt"
	"os"

	"bertlab/figures"
	"bertlab/figures/show"
	"bertlab/gbert/backend"
	"bertlab/gbert/task"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

%%
sst2, err := task.Lookup("sst2")
check(err)
fmt.Println(sst2.Name, os.Getenv("BERTLAB_SCRATCH"), backend.Versions()["go-xla"] != "?")
`

const figureCell = `%%
f, err := figures.Heatmap(figures.HeatmapOptions{
	Frame: figures.Frame{Title: "Two layers", Caption: "made up", XLabel: "head", YLabel: "layer"},
	Values: [][]float64{{0.2, 0.1}, {0.5, 0.9}}, Legend: "importance",
})
check(err)
check(show.Figure(f))
check(show.Table(f.Data()))
check(show.Markdown("Layer 1 leads: $0.9 > 0.2$."))
`

func TestRealNotebookImportsThisModuleAndShowsAFigureTheSameEachTime(t *testing.T) {
	e := realEnvironment(t)
	e.log = func(line string) { t.Log(line) }
	t.Setenv("GOPROXY", "off") // what a cell needs is in the module cache
	t.Setenv("GOFLAGS", "-mod=mod")
	notebook := written(t, firstCell, figureCell)
	out := filepath.Join(t.TempDir(), "out", "executed.ipynb")
	var first []byte
	for _, goflags := range []string{e.kernel.goflags, e.kernel.goflags, "-no-such-flag"} { // with the last, the kernel must do it
		e.kernel.goflags = goflags
		if err := e.Execute(t.Context(), notebook, out, 5*time.Minute, []string{"BERTLAB_SCRATCH=hello"}); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = text
		} else if !bytes.Equal(first, text) {
			t.Errorf("two runs differ:\n%s\n%s", first, text)
		}
	}
	var nb struct {
		Cells []struct {
			Outputs []struct {
				Type           string   `json:"output_type"`
				Text           []string `json:"text"`
				Data, Metadata map[string]any
			}
		}
	}
	if err := json.Unmarshal(first, &nb); err != nil {
		t.Fatal(err)
	}
	if got := nb.Cells[0].Outputs; len(got) != 1 || strings.Join(got[0].Text, "") != "sst2 hello true\n" {
		t.Errorf("the first cell wrote %v", got)
	}
	shown := nb.Cells[1].Outputs
	if len(shown) != 3 {
		t.Fatalf("the second cell has %d outputs, want a figure, a table and a text: %v", len(shown), shown)
	}
	encoded, _ := shown[0].Data["image/png"].(string)
	raw, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(encoded, "\n", ""))
	if err != nil {
		t.Fatalf("the figure is no base64: %v", err)
	}
	if picture, err := png.Decode(bytes.NewReader(raw)); err != nil {
		t.Errorf("the figure is no PNG: %v", err)
	} else if picture.Bounds().Dx() < 600 {
		t.Errorf("the figure is %v", picture.Bounds())
	}
	if shown[1].Data["text/html"] == nil || shown[2].Data["text/markdown"] == nil {
		t.Errorf("table and text are %v and %v", shown[1].Data, shown[2].Data)
	}
	if width, _ := shown[0].Metadata["image/png"].(map[string]any)["width"].(float64); width < 300 || width > 800 {
		t.Errorf("the figure's metadata are %v, want a width for the page", shown[0].Metadata)
	}
	t.Logf("%d bytes of notebook", len(first))

	page := filepath.Join(t.TempDir(), "page.html")
	if err := e.HTML(t.Context(), out, page); err != nil {
		t.Fatal(err)
	}
	if html, err := os.ReadFile(page); err != nil || !bytes.Contains(html, []byte("data:image/png;base64,")) {
		t.Errorf("the page does not show the figure (%v)", err)
	}
}

func TestRealNotebookThatFailsIsLeftAloneAndSaysWhere(t *testing.T) {
	e := realEnvironment(t)
	for name, c := range map[string]struct{ cell, want string }{
		"does not compile": {"%%\nvar x int = \"word\"", "cannot use"},
		"ends with 1":      {"import (\"fmt\"; \"os\")\n%%\nfmt.Fprintln(os.Stderr, \"no such head\")\nos.Exit(1)", "no such head"},
		"panics":           {"%%\nvar none []int\n_ = none[3]", "index out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			notebook := written(t, "%noautoget\nimport \"fmt\"\n%%\nfmt.Println(1)", c.cell, "%%\nfmt.Println(2)")
			before, _ := os.ReadFile(notebook)
			err := e.Execute(t.Context(), notebook, "", 2*time.Minute, nil)
			var failed *CellError
			if !errors.As(err, &failed) {
				t.Fatalf("error is %v", err)
			}
			if failed.Cell != 2 || failed.Cells != 3 || !strings.Contains(err.Error(), c.want) {
				t.Errorf("cell %d of %d, and no %q in:\n%v", failed.Cell, failed.Cells, c.want, err)
			}
			t.Log(err)
			if after, _ := os.ReadFile(notebook); !bytes.Equal(before, after) {
				t.Error("the notebook has changed")
			}
		})
	}
}

func TestRealNotebookThatHangsIsEndedWithItsProgram(t *testing.T) {
	e := realEnvironment(t)
	mark := filepath.Join(t.TempDir(), "pid")
	cell := "%noautoget\nimport (\"os\"; \"fmt\"; \"time\"; \"os/signal\")\n%%\nsignal.Ignore(os.Interrupt)\n" +
		"os.WriteFile(\"" + mark + "\", []byte(fmt.Sprint(os.Getpid())), 0o644)\ntime.Sleep(time.Hour)"
	notebook := written(t, cell)
	for name, run := range map[string]func() error{
		"timeout": func() error { return e.Execute(t.Context(), notebook, "", 12*time.Second, nil) },
		"cancel": func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
			defer cancel()
			return e.Execute(ctx, notebook, "", 0, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			os.Remove(mark)
			err := run()
			t.Log(err)
			if err == nil {
				t.Fatal("no error")
			}
			pid, readErr := os.ReadFile(mark)
			if readErr != nil {
				t.Fatalf("the cell never ran: %v", readErr)
			}
			if _, err := os.Stat("/proc/" + string(pid)); err == nil {
				t.Errorf("process %s of the cell is still there", pid)
			}
		})
	}
}
