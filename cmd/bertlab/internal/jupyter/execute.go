package jupyter

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"bertlab/internal/files"
)

//go:embed execute.py
var executeScript string

// CellError is a notebook's cell that failed: it did not compile, or its program did not end with exit status 0.
type CellError struct {
	Notebook string
	// Cell is the number of the cell among Cells code cells, from 1.
	Cell, Cells int
	// Source is the cell's text, Name and Value the kernel's word for what happened, and Printed what the cell wrote.
	Source, Name, Value, Printed string
}

func (e *CellError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "jupyter: %s: code cell %d of %d failed: %s", e.Notebook, e.Cell, e.Cells, e.Value)
	fmt.Fprintf(&b, "\n--- the cell ---\n%s", firstLines(e.Source, 30))
	if e.Printed != "" {
		fmt.Fprintf(&b, "\n--- what it wrote ---\n%s", lastLines(e.Printed, 40))
	}
	return b.String()
}

// event is one line of execute.py.
type event struct {
	Event     string `json:"event"` // start, error or done
	Cell      int    `json:"cell"`
	Cells     int    `json:"cells"`
	Source    string `json:"source"`
	Name      string `json:"name"`
	Value     string `json:"value"`
	Printed   string `json:"printed"`
	Traceback string `json:"traceback"`
}

// maxNotebook bounds a notebook with its outputs, maxState the small files of the environment.
const (
	maxNotebook = 256 << 20
	maxState    = 1 << 20
)

// Execute runs every cell of a notebook, in the notebook's folder, with env ("NAME=value") added to the environment, and
// writes the notebook with its outputs, tidied ([Tidy]), to out, or in place when out is empty. The cells are one program, linked once, where
// that does what the kernel would do; else the kernel compiles each.
//
// A cell that fails ends the run with a [*CellError]; then, and when ctx or the timeout (of the whole notebook; 0: none)
// ends, nothing is written and no program is left running.
func (e *Environment) Execute(ctx context.Context, notebook, out string, timeout time.Duration, env []string) error {
	text, err := files.Read(notebook, maxNotebook)
	if err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	if _, err := Tidy(text); err != nil {
		return fmt.Errorf("jupyter: %s: %w", notebook, err)
	}
	path, err := filepath.Abs(notebook)
	if err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	if out == "" {
		out = path
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	// The kernel's folders and the connection file go to a temporary folder of this run, so that a kill leaves nothing.
	temp, err := os.MkdirTemp("", "bertlab-notebook-")
	if err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	defer os.RemoveAll(temp)
	result := filepath.Join(temp, "result.ipynb")

	limited := ctx
	if timeout > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	env = append([]string{"TMPDIR=" + temp}, env...)
	executed, last, err := e.executeLinked(limited, text, filepath.Dir(path), temp, env)
	var stderr string
	if errors.Is(err, errKernel) && limited.Err() == nil {
		last, stderr, err = e.runScript(limited, env, path, result, filepath.Dir(path))
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return fmt.Errorf("jupyter: %s: code cell %d of %d was still running after %v: give it more time, or less to do", notebook, last.Cell, last.Cells, timeout)
	case last.Event == "error":
		return cellError(notebook, last)
	case err != nil || last.Event != "done":
		return fmt.Errorf("jupyter: %s could not be run: %v\n%s", notebook, err, lastLines(stderr, 15))
	}
	if executed == nil {
		if executed, err = files.Read(result, maxNotebook); err != nil {
			return fmt.Errorf("jupyter: %w", err)
		}
	}
	if executed, err = Tidy(executed); err != nil {
		return fmt.Errorf("jupyter: %s: after its run: %w", notebook, err)
	}
	if err := files.Write(out, executed); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	return nil
}

// runScript runs execute.py, logs each cell, and returns the last event and what was written on standard error.
func (e *Environment) runScript(ctx context.Context, env []string, args ...string) (last event, stderr string, err error) {
	cmd := exec.CommandContext(ctx, e.Python, append([]string{"-c", executeScript}, args...)...)
	cmd.Env = e.environ(env...)
	complaints := &tail{limit: 64 << 10}
	cmd.Stderr = complaints
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return last, "", fmt.Errorf("jupyter: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return last, "", fmt.Errorf("jupyter: %w", err)
	}
	cmd.Cancel = lifeline.Close
	cmd.WaitDelay = 15 * time.Second
	if err := cmd.Start(); err != nil {
		return last, "", fmt.Errorf("jupyter: %w", err)
	}
	begun := time.Now()
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 64<<20)
	source := ""
	for lines.Scan() {
		var now event
		if json.Unmarshal(lines.Bytes(), &now) != nil {
			continue // a Python package's own print
		}
		if now.Event == "start" {
			source = now.Source
			e.begun(begun, now)
		}
		if now.Event == "error" {
			now.Source = source
		}
		last = now
	}
	err = cmd.Wait() // and with it the end of standard error
	return last, complaints.String(), err
}

// begun logs that a cell begins.
func (e *Environment) begun(run time.Time, now event) {
	e.log(fmt.Sprintf("%6.1f s  cell %d of %d: %s", time.Since(run).Seconds(), now.Cell, now.Cells, headline(now.Source)))
}

// colours are a terminal's escape sequences, which GoNB puts around line numbers.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// cellError turns the script's report into an error; GoNB prints compile errors, Python kernels have a traceback.
func cellError(notebook string, failed event) error {
	if failed.Cell == 0 {
		return fmt.Errorf("jupyter: %s: the kernel did not start: %s: %s", notebook, failed.Name, failed.Value)
	}
	printed := failed.Printed
	if strings.TrimSpace(failed.Traceback) != strings.TrimSpace(failed.Value) && !strings.HasSuffix(printed, failed.Traceback) {
		printed += "\n" + failed.Traceback
	}
	printed = strings.TrimSpace(colours.ReplaceAllString(printed, ""))
	return &CellError{
		Notebook: notebook, Cell: failed.Cell, Cells: failed.Cells, Source: failed.Source,
		Name: failed.Name, Value: firstLines(failed.Value, 3), Printed: printed,
	}
}

// headline is the line that tells what a cell does: its first comment, else the first line of its program, else its first.
func headline(source string) string {
	var first, program string
	inProgram := false
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		if comment, ok := strings.CutPrefix(line, "// "); ok {
			return comment
		}
		if first == "" {
			first = line
		}
		if inProgram && program == "" {
			program = line
		}
		inProgram = inProgram || strings.HasPrefix(line, "%%") || strings.HasPrefix(line, "%main")
	}
	return cmp.Or(program, first)
}

func firstLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > n {
		lines = append(lines[:n:n], "…")
	}
	return strings.Join(lines, "\n")
}

// tail keeps the end of what is written to it.
type tail struct {
	limit int
	buf   bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.buf.Write(p)
	if over := t.buf.Len() - t.limit; over > 0 {
		t.buf.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string { return t.buf.String() }

// HTML writes the notebook with the outputs that it holds as one HTML page.
func (e *Environment) HTML(ctx context.Context, notebook, page string) error {
	if _, err := os.Stat(notebook); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	out, err := filepath.Abs(page)
	if err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	cmd := exec.CommandContext(ctx, e.Python, "-m", "nbconvert", "--to", "html", "--log-level", "ERROR",
		"--output-dir", filepath.Dir(out), "--output", filepath.Base(out), notebook)
	cmd.Env = e.environ()
	terminateOnCancel(cmd)
	if text, err := cmd.CombinedOutput(); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("jupyter: nbconvert cannot make a page of %s: %w\n%s", notebook, err, lastLines(string(text), 8)))
	}
	return nil
}
