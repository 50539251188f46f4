package jupyter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
)

// Tidy returns a notebook as it is committed: the same cells and outputs, without what differs from run to run or from
// machine to machine. Timings and the Go version go; pieces of one stream become one; of a line that a progress bar
// overwrote, the last state stays; keys are sorted and indented as Jupyter does. Tidy of a tidy notebook is the same bytes.
func Tidy(notebook []byte) ([]byte, error) {
	nb, err := decodeNotebook(notebook)
	if err != nil {
		return nil, err
	}
	for i, c := range nb["cells"].([]any) {
		cell, ok := c.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("not a notebook: cell %d is not an object", i+1)
		}
		if err := tidyCell(cell); err != nil {
			return nil, fmt.Errorf("not a notebook: cell %d: %w", i+1, err)
		}
	}
	if metadata, ok := nb["metadata"].(map[string]any); ok {
		if language, ok := metadata["language_info"].(map[string]any); ok {
			delete(language, "version")
			// GoNB sends empty names, with which viewers colour Go as Python; without them they go by the language's name.
			maps.DeleteFunc(language, func(_ string, value any) bool { return value == "" })
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(nb); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// decodeNotebook reads a notebook, which has a list of cells.
func decodeNotebook(notebook []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(notebook))
	decoder.UseNumber()
	var nb map[string]any
	if err := decoder.Decode(&nb); err != nil {
		return nil, fmt.Errorf("not a notebook: it is not a JSON object: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not a notebook: something follows the JSON object")
	}
	if format := fmt.Sprint(nb["nbformat"]); format != "4" {
		return nil, fmt.Errorf("not a notebook of format 4: nbformat is %s", format)
	}
	if _, ok := nb["cells"].([]any); !ok {
		return nil, errors.New("not a notebook: it has no list of cells")
	}
	return nb, nil
}

func tidyCell(cell map[string]any) error {
	if metadata, ok := cell["metadata"].(map[string]any); ok {
		delete(metadata, "execution")
		delete(metadata, "ExecuteTime")
	}
	outputs, ok := cell["outputs"]
	if !ok {
		return nil
	}
	list, ok := outputs.([]any)
	if !ok {
		return errors.New("its outputs are not a list")
	}
	merged := make([]any, 0, len(list))
	var stream map[string]any // the stream output that a following piece joins
	for _, o := range list {
		output, ok := o.(map[string]any)
		if !ok {
			return errors.New("an output is not an object")
		}
		if output["output_type"] != "stream" {
			stream = nil
			sizeOfImage(output)
			merged = append(merged, output)
			continue
		}
		text, err := joined(output["text"])
		if err != nil {
			return err
		}
		if stream != nil && stream["name"] == output["name"] {
			stream["text"] = stream["text"].(string) + text
			continue
		}
		stream = output
		stream["text"] = text
		merged = append(merged, stream)
	}
	for _, o := range merged {
		if output := o.(map[string]any); output["output_type"] == "stream" {
			output["text"] = splitLines(overwritten(output["text"].(string)))
		}
	}
	cell["outputs"] = merged
	return nil
}

// sizeOfImage moves the width and height of a picture to where notebooks keep them, under its format. GoNB's wire format
// has no nested metadata, so package bertlab/figures/show sends them bare.
func sizeOfImage(output map[string]any) {
	data, _ := output["data"].(map[string]any)
	metadata, _ := output["metadata"].(map[string]any)
	if data["image/png"] == nil || metadata == nil || metadata["image/png"] != nil {
		return
	}
	size := map[string]any{}
	for _, name := range []string{"width", "height"} {
		if value, ok := metadata[name].(json.Number); ok {
			size[name] = value
			delete(metadata, name)
		}
	}
	if len(size) > 0 {
		metadata["image/png"] = size
	}
}

// joined reads a notebook's text: a string, or a list of lines.
func joined(text any) (string, error) {
	switch t := text.(type) {
	case string:
		return t, nil
	case []any:
		var b strings.Builder
		for _, line := range t {
			s, ok := line.(string)
			if !ok {
				return "", errors.New("a line of a stream is not a string")
			}
			b.WriteString(s)
		}
		return b.String(), nil
	}
	return "", errors.New("a stream has no text")
}

// overwritten applies carriage returns as a terminal shows them when each state is as long as the one before: of
// "a\rb\n" stays "b\n".
func overwritten(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		body, newline := strings.CutSuffix(line, "\n")
		body = strings.TrimRight(body, "\r")
		if i := strings.LastIndexByte(body, '\r'); i >= 0 {
			body = body[i+1:]
		}
		b.WriteString(body)
		if newline {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// splitLines is a text as notebooks keep it: a list of lines, each with its line feed.
func splitLines(text string) []any {
	lines := []any{}
	for line := range strings.Lines(text) {
		lines = append(lines, line)
	}
	return lines
}
