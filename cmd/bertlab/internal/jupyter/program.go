package jupyter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bertlab/internal/files"
)

// A program is a notebook whose cells are one program. It is run without the kernel, and without Python.
type program struct {
	notebook map[string]any
	cells    []map[string]any // those with code, which are part of notebook
	sources  []string
	binary   string
}

// language is what the kernel says of itself, as a tidy notebook holds it.
var language = map[string]any{"name": "go", "mimetype": "text/x-go", "file_extension": ".go"}

// link makes a program of a notebook in a folder. An error says why its cells must be run by the kernel, one by one.
func (e *Environment) link(ctx context.Context, text []byte, dir string) (*program, error) {
	p, err := readProgram(text)
	if err != nil {
		return nil, err
	}
	source, err := compose(p.sources)
	if err != nil {
		return nil, err
	}
	p.binary = filepath.Join(dir, "cells")
	args := []string{"-o", p.binary}
	for name, text := range source {
		path := filepath.Join(dir, name)
		if err := files.Write(path, text); err != nil {
			return nil, err
		}
		args = append(args, path)
	}
	if err := e.kernel.build(ctx, Options{Module: e.Module}, args...); err != nil {
		return nil, err
	}
	if _, err := os.Stat(p.binary); err != nil {
		return nil, err
	}
	return p, nil
}

// readProgram reads a notebook of GoNB.
func readProgram(text []byte) (*program, error) {
	p := &program{}
	var err error
	if p.notebook, err = decodeNotebook(text); err != nil {
		return nil, err
	}
	metadata, _ := p.notebook["metadata"].(map[string]any)
	spec, _ := metadata["kernelspec"].(map[string]any)
	if spec["name"] != KernelName {
		return nil, fmt.Errorf("its kernel is not %s", KernelName)
	}
	metadata["language_info"] = language
	for _, c := range p.notebook["cells"].([]any) {
		cell, _ := c.(map[string]any)
		source, err := joined(cell["source"])
		if err != nil {
			return nil, err
		}
		cell["source"] = splitLines(source)
		if strings.Contains(fmt.Sprint(cell["metadata"]), "tags:[") {
			return nil, errors.New("a cell has tags")
		}
		if cell["cell_type"] == "code" {
			p.cells, p.sources = append(p.cells, cell), append(p.sources, source)
		}
	}
	return p, nil
}

// run runs all cells in a folder. The last event is that of a cell that failed, or that all are done.
func (p *program) run(ctx context.Context, e *Environment, folder, temp string, env []string) (last event, err error) {
	began, count := time.Now(), 0
	for i, cell := range p.cells {
		last = event{Event: "start", Cell: i + 1, Cells: len(p.cells), Source: p.sources[i]}
		e.begun(began, last)
		if strings.TrimSpace(p.sources[i]) == "" {
			continue
		}
		count++
		outputs, err := runCell(ctx, p.binary, folder, temp, append(e.environ(env...), fmt.Sprint(cellVariable, "=", i+1)))
		if ctx.Err() != nil {
			return last, ctx.Err()
		}
		if err != nil {
			last.Event, last.Name, last.Value, last.Printed = "error", "ERROR", err.Error(), printed(outputs)
			return last, nil
		}
		cell["execution_count"], cell["outputs"] = count, outputs
	}
	last.Event = "done"
	return last, nil
}

// printed is what outputs hold of standard output and standard error.
func printed(outputs []any) string {
	var b strings.Builder
	for _, o := range outputs {
		if text, ok := o.(map[string]any)["text"].(string); ok {
			b.WriteString(text)
		}
	}
	return b.String()
}

// executeLinked runs a notebook as one program and returns it with its outputs. It returns errKernel if the kernel must do that.
func (e *Environment) executeLinked(ctx context.Context, text []byte, folder, temp string, env []string) ([]byte, event, error) {
	p, err := e.link(ctx, text, temp)
	if err != nil {
		if ctx.Err() == nil {
			e.log("the cells cannot be one program, and the kernel compiles each: " + firstLines(err.Error(), 3))
		}
		return nil, event{}, errors.Join(errKernel, ctx.Err())
	}
	last, err := p.run(ctx, e, folder, temp, env)
	if err != nil || last.Event != "done" {
		return nil, last, err
	}
	executed, err := json.Marshal(p.notebook)
	return executed, last, err
}

// errKernel says that a notebook is one for the kernel.
var errKernel = errors.New("the cells are no program")
