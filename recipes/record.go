package recipes

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"bertlab/gbert/safetensors"
	"bertlab/internal/files"
)

// RecordName is the file in a finished model's folder that says how it was made: its [Result].
const RecordName = "recipe.json"

// maxRecord bounds such a file; it has a few kilobytes a step.
const maxRecord = 16 << 20

// Record is what is read back of a [Result]: how a model in a folder was made.
type Record struct {
	Recipe    string `json:"recipe"`
	Retrained bool   `json:"retrained"`
}

// ReadRecord reads how the model in a folder was made; nil when no recipe made it.
func ReadRecord(dir string) (*Record, error) {
	file := filepath.Join(dir, RecordName)
	text, err := files.Read(file, maxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("recipes: %w", err)
	}
	var record Record
	if err := json.Unmarshal(text, &record); err != nil {
		return nil, fmt.Errorf("recipes: %s is not what a recipe leaves: %w", file, err)
	}
	return &record, nil
}

// writeRecord writes a result. A score that is none, as the correlation of examples that all have one value, is left out.
func writeRecord(path string, result *Result) error {
	written := *result
	if math.IsNaN(written.Score) {
		written.Score = 0
	}
	text, err := json.MarshalIndent(&written, "", " ")
	if err == nil {
		err = files.Write(path, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("recipes: %w", err)
	}
	return nil
}

// weightBytes is the size of a model's file of weights.
func weightBytes(dir string) (int64, error) {
	info, err := os.Stat(filepath.Join(dir, safetensors.WeightsName))
	if err != nil {
		return 0, fmt.Errorf("recipes: %w", err)
	}
	return info.Size(), nil
}
