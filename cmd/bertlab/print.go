package main

import (
	"bytes"
	"io"
	"text/tabwriter"

	"bertlab/cmd/bertlab/internal/output"
	"bertlab/figures"
)

// print writes a command's result: with --json the document, else what human writes.
func (a *app) print(result any, human func(w io.Writer)) error {
	a.Meter.Clear()
	var text bytes.Buffer
	if a.json {
		if err := output.JSON(&text, result); err != nil {
			return err
		}
	} else {
		table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
		human(table)
		if err := table.Flush(); err != nil {
			return err
		}
	}
	_, err := a.stdout.Write(text.Bytes())
	return err
}

// finish prints a command's result, unless the command failed.
func (a *app) finish(result any, err error, human func(w io.Writer)) error {
	if err != nil {
		return err
	}
	return a.print(result, human)
}

// finishKept is finish for a result that the file --out keeps as well.
func (a *app) finishKept(result any, err error, human func(w io.Writer)) error {
	if err == nil {
		err = a.keep(result)
	}
	return a.finish(result, err, human)
}

// draw saves a figure to a file, if one is named.
func draw(path string, figure func() (*figures.Figure, error)) error {
	if path == "" {
		return nil
	}
	drawing, err := figure()
	if err != nil {
		return err
	}
	return drawing.Save(path)
}

// keep writes the document to the file that --out names, if it names one.
func (a *app) keep(result any) error {
	if a.out == "" {
		return nil
	}
	return output.WriteJSON(a.out, result)
}
