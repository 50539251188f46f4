package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"bertlab/gbert/task"
	"bertlab/internal/files"
)

// JSON writes a document as indented JSON, with null for numbers that are not finite.
func JSON(w io.Writer, document any) error {
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

// WriteJSON writes a document to a file, whole or not at all, and makes the file's folder.
func WriteJSON(path string, document any) error {
	var text bytes.Buffer
	if err := JSON(&text, document); err != nil {
		return err
	}
	return WriteFile(path, text.Bytes())
}

// WriteFile writes a file, whole or not at all, and makes its folder.
func WriteFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := files.Write(path, content); err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, err)
	}
	return nil
}

// Predictions writes what a model says of the examples of d to a file, one JSON object a line ([task.WriteLines]). The answers to
// questions are written as SQuAD's scripts read them where the file's name ends in .json ([task.WriteAnswers]).
func Predictions(path string, d, judged *task.Dataset, predictions []task.Prediction) error {
	var text bytes.Buffer
	write := func() error { return task.WriteLines(&text, d, judged, predictions) }
	if d.Task.Kind == task.Spans && strings.EqualFold(filepath.Ext(path), ".json") {
		write = func() error { return task.WriteAnswers(&text, predictions) }
	}
	if err := write(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return WriteFile(path, text.Bytes())
}
