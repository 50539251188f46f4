package jupyter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// linking is an environment of this module without Python: what runs in it, runs as one program.
func linking(t *testing.T) (*Environment, *[]string) {
	t.Helper()
	module, err := FindModule()
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	return &Environment{
		Python: filepath.Join(module, "none"), Module: module, dir: t.TempDir(), kernel: kernel{goflags: os.Getenv("GOFLAGS")},
		log: func(line string) { said = append(said, line) },
	}, &said
}

func TestExecuteRunsAllCellsAsOneProgramOfWhichNoValueOutlivesACell(t *testing.T) {
	e, said := linking(t)
	notebook := written(t,
		"// Set up.\n%noautoget\nimport (\n\t\"fmt\"\n\t\"os\"\n\n\t\"bertlab/figures/show\"\n)\n\nvar count = 1\n\n%%\ncount++\nfmt.Println(count, os.Getenv(\"BERTLAB_SCRATCH\"))\nfmt.Fprintln(os.Stderr, \"aside\")",
		"import \"strings\"\n%%\n_ = show.Markdown(strings.Repeat(\"of $2$\\n\", count))\nfmt.Println(count)", "", "%%\nreturn")
	if err := e.Execute(t.Context(), notebook, "", time.Minute, []string{"BERTLAB_SCRATCH=hello"}); err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(*said, "\n"))
	}
	text, err := os.ReadFile(notebook)
	if err != nil {
		t.Fatal(err)
	}
	var nb struct {
		Metadata struct {
			Language map[string]string `json:"language_info"`
		}
		Cells []struct {
			Count   *int `json:"execution_count"`
			Outputs []map[string]any
		}
	}
	if err := json.Unmarshal(text, &nb); err != nil {
		t.Fatal(err)
	}
	first := fmt.Sprint(nb.Cells[0].Outputs)
	for _, want := range []string{"map[name:stdout output_type:stream text:[2 hello\n]]", "map[name:stderr output_type:stream text:[aside\n]]"} {
		if !strings.Contains(first, want) {
			t.Errorf("the first cell wrote %s, want %s in it", first, want)
		}
	}
	want := "map[data:map[text/markdown:[of $2$\n] text/plain:[of $2$\n]] metadata:map[] output_type:display_data]"
	if second := fmt.Sprint(nb.Cells[1].Outputs); !strings.Contains(second, want) || !strings.Contains(second, "text:[1\n]") {
		t.Errorf("the second cell wrote %s, want %s and 1", second, want)
	}
	if nb.Cells[2].Count != nil || *nb.Cells[3].Count != 3 || nb.Metadata.Language["name"] != "go" {
		t.Errorf("an empty cell counts, or the language is missing: %s", text)
	}
	if log := strings.Join(*said, "\n"); !strings.Contains(log, "cell 1 of 4: Set up.") || strings.Contains(log, "the kernel compiles each") {
		t.Errorf("it said\n%s", log)
	}
}

// stubborn is a cell that ignores an interrupt, starts a process, says where both are, and waits.
const stubborn = `%noautoget
import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"time"
)

%%
if os.Getenv("BERTLAB_SCRATCH") == "fail" {
	fmt.Println("no such head")
	os.Exit(7)
}
signal.Ignore(os.Interrupt)
child := exec.Command("sleep", "3600")
if err := child.Start(); err != nil {
	panic(err)
}
os.WriteFile(os.Getenv("BERTLAB_SCRATCH")+".new", fmt.Append(nil, os.Getpid(), " ", child.Process.Pid), 0o644)
os.Rename(os.Getenv("BERTLAB_SCRATCH")+".new", os.Getenv("BERTLAB_SCRATCH"))
time.Sleep(time.Hour)
`

func TestACellThatFailsOrHangsIsEndedWithAllThatItStarted(t *testing.T) {
	e, _ := linking(t)
	dir := t.TempDir()
	text, err := os.ReadFile(written(t, "%%\n", stubborn))
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.link(t.Context(), text, dir)
	if err != nil {
		t.Fatal(err)
	}
	last, err := p.run(t.Context(), e, dir, dir, []string{"BERTLAB_SCRATCH=fail"})
	if err != nil {
		t.Fatal(err)
	}
	var failed *CellError
	if !errors.As(cellError("book", last), &failed) || failed.Cell != 2 || failed.Cells != 2 || failed.Value != "exit status 7" || failed.Printed != "no such head" {
		t.Errorf("it failed with %+v", failed)
	}
	for name, end := range map[string]func(cancel func(), hold *os.File){
		"cancelled":        func(cancel func(), _ *os.File) { cancel() },
		"bertlab is gone":  func(_ func(), hold *os.File) { hold.Close() },
		"killed by itself": nil,
	} {
		t.Run(name, func(t *testing.T) {
			mark := filepath.Join(t.TempDir(), "processes")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c, err := startCell(ctx, p.binary, dir, dir, append(e.environ("BERTLAB_SCRATCH="+mark), cellVariable+"=2"))
			if err != nil {
				t.Fatal(err)
			}
			var cell, child int
			for begun := time.Now(); cell == 0; time.Sleep(5 * time.Millisecond) {
				if text, err := os.ReadFile(mark); err == nil {
					fmt.Sscan(string(text), &cell, &child)
				} else if time.Since(begun) > 30*time.Second {
					t.Fatal("the cell never ran")
				}
			}
			if end == nil {
				syscall.Kill(cell, syscall.SIGKILL)
			} else {
				end(cancel, c.hold)
			}
			if _, err := c.wait(); err == nil {
				t.Error("a cell that was ended succeeds")
			}
			for begun := time.Now(); alive(child); time.Sleep(5 * time.Millisecond) {
				if time.Since(begun) > 10*time.Second {
					t.Fatalf("process %d, which the cell started, is still there", child)
				}
			}
		})
	}
}

// alive tells whether a process runs; one that has ended and of which nobody asked is not alive.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}
