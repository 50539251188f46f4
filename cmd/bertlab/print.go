package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"bertlab/internal/files"
)

// print writes a command's result: with --json the document, else what human writes.
func (a *app) print(document any, human func(w io.Writer)) error {
	a.meter.Clear()
	var text bytes.Buffer
	if a.json {
		if err := encode(&text, document); err != nil {
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
func (a *app) keep(document any) error {
	if a.out == "" {
		return nil
	}
	return writeJSON(a.out, document)
}

// encode writes a document as JSON, with null for numbers that are not finite.
func encode(w io.Writer, document any) error {
	var text bytes.Buffer
	err := encodeJSON(&text, document)
	if unsupported := (*json.UnsupportedValueError)(nil); errors.As(err, &unsupported) {
		var nulls []byte
		if nulls, err = encodeNulls(document); err == nil {
			_, err = w.Write(nulls)
		}
		return err
	}
	if err != nil {
		return err
	}
	_, err = w.Write(text.Bytes())
	return err
}

func encodeJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

// writeJSON writes a document to a file, whole or not at all.
func writeJSON(path string, document any) error {
	var text bytes.Buffer
	if err := encode(&text, document); err != nil {
		return err
	}
	return writeFile(path, text.Bytes())
}

// writeFile writes a file, whole or not at all, and makes its folder.
func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := files.Write(path, content); err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return nil
}
