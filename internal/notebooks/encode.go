package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// stored is a cell in a notebook's file.
type stored struct {
	Type    string          `json:"cell_type"`
	Count   json.RawMessage `json:"execution_count"`
	Source  []string        `json:"source"`
	Outputs json.RawMessage `json:"outputs"`
}

// encode is the file of a notebook. A cell of Go that old has, whatever its comment, keeps its outputs.
func encode(list []cell, old []byte) ([]byte, error) {
	before, err := decode(old)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for i := range list {
		made := map[string]any{"id": fmt.Sprintf("cell-%02d", i), "metadata": map[string]any{}, "source": lines(list[i].source())}
		if made["cell_type"] = "markdown"; len(list[i].code) > 0 {
			made["cell_type"], made["execution_count"], made["outputs"] = "code", nil, []any{}
			key := uncommented(list[i].source())
			if known := before[key]; len(known) > 0 {
				made["execution_count"], made["outputs"] = known[0].Count, known[0].Outputs
				before[key] = known[1:]
			}
		}
		out = append(out, made)
	}
	notebook := map[string]any{
		"cells": out, "nbformat": 4, "nbformat_minor": 5,
		"metadata": map[string]any{
			"kernelspec":    map[string]any{"display_name": "Go (gonb)", "language": "go", "name": "gonb"},
			"language_info": map[string]any{"file_extension": ".go", "mimetype": "text/x-go", "name": "go"},
		},
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err = encoder.Encode(notebook)
	return text.Bytes(), err
}

// decode are the cells of Go of a notebook's file by their code; of no file there are none.
func decode(text []byte) (map[string][]stored, error) {
	known := map[string][]stored{}
	if len(text) == 0 {
		return known, nil
	}
	var notebook struct {
		Cells []stored `json:"cells"`
	}
	if err := json.Unmarshal(text, &notebook); err != nil {
		return nil, err
	}
	for _, c := range notebook.Cells {
		if c.Type == "code" {
			key := uncommented(strings.Join(c.Source, ""))
			known[key] = append(known[key], c)
		}
	}
	return known, nil
}

// uncommented is the code of a cell without the comment that begins it.
func uncommented(source string) string {
	if comment, code, ok := strings.Cut(source, "\n"); ok && strings.HasPrefix(comment, "// ") {
		return code
	}
	return source
}

// lines is a text as notebooks keep it: a list of lines, each with its line feed.
func lines(text string) []string {
	list := []string{}
	for line := range strings.Lines(text) {
		list = append(list, line)
	}
	return list
}
