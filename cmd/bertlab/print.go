package main

import (
	"bytes"
	"io"
	"text/tabwriter"

	"bertlab/cmd/bertlab/internal/output"
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

// keep writes the document to the file that --out names, if it names one.
func (a *app) keep(result any) error {
	if a.out == "" {
		return nil
	}
	return output.WriteJSON(a.out, result)
}
