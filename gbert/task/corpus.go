package task

import (
	"bufio"
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"bertlab/internal/files"
)

// dataEndings are those of files with rows; any other holds plain text.
var dataEndings = []string{".tsv", ".csv", ".json", ".jsonl", ".ndjson", ".parquet", ".conll"}

// IsCorpus says whether a file holds plain text, by its name, and no rows of examples.
func IsCorpus(path string) bool {
	return !slices.Contains(dataEndings, strings.ToLower(filepath.Ext(path)))
}

// corpusChunk is the number of texts that are handed on together.
const corpusChunk = 4096

// ReadCorpus hands the lines of a file of plain text to use, some thousands at a time, without blank ones. A line that is not UTF-8 or
// longer than [MaxLine] is an error that names it.
func ReadCorpus(path string, use func(texts []string) error) error {
	file, err := files.Open(path)
	if err != nil {
		return fmt.Errorf("task: %w", err)
	}
	defer file.Close()
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, MaxLine)
	var texts []string
	number := 0
	for scanner.Scan() {
		number++
		line := scanner.Bytes()
		if !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 {
			return fmt.Errorf("task: %s: line %d is not UTF-8 text", path, number)
		}
		if text := strings.TrimSpace(string(line)); text != "" {
			texts = append(texts, text)
		}
		if len(texts) == corpusChunk {
			if err := use(texts); err != nil {
				return err
			}
			texts = nil
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("task: %s: after line %d: %w", path, number, err)
	}
	if len(texts) == 0 {
		return nil
	}
	return use(texts)
}
