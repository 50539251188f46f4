package gbert

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bertlab/gbert/safetensors"
	"bertlab/gbert/saves"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/files"
)

// Save writes the model to a folder in the Hugging Face layout: config.json, model.safetensors, and the tokenizer's files.
// A full disk or a kill leaves what was there, or else the whole new model: never files of both, nor two tokenizers. What
// is said of the model that was there goes with it: its graphs, recipe.json and training.json. Other files in the folder stay. A weight that is NaN or infinite, or would be in half precision, is an error; nothing is written then.
func (m *Model) Save(dir string, precision Precision) error {
	if err := m.save(dir, precision, denseFile); err != nil {
		return fmt.Errorf("gbert: saving to %s: %w", dir, err)
	}
	return nil
}

func (m *Model) save(dir string, precision Precision, store storage) error {
	numbers, err := precision.numbers()
	if err != nil {
		return err
	}
	if err := m.Check(); err != nil {
		return err
	}
	if err := m.checkStorable(numbers); err != nil {
		return err
	}
	staging, err := saves.Begin(dir)
	if err != nil {
		return err
	}
	defer staging.Discard()

	config, err := m.configFile(numbers)
	if err != nil {
		return err
	}
	if err := writeText(filepath.Join(staging.Dir, "config.json"), config); err != nil {
		return err
	}
	entries, metadata, err := m.stored(numbers, store)
	if err != nil {
		return err
	}
	if err := safetensors.Write(filepath.Join(staging.Dir, safetensors.WeightsName), entries, metadata); err != nil {
		return err
	}
	superseded, err := m.writeBeside(staging.Dir)
	if err != nil {
		return err
	}
	return staging.Commit(slices.Concat(superseded, portableNames(), recordNames())...)
}

// recordNames are the files in which programs say beside a model how it was made, once it is saved.
func recordNames() []string { return []string{"recipe.json", "training.json"} }

// writeBeside writes the files of the tokenizer and of an embedder into the folder of a save, and returns the names of those that a model
// before may have left.
func (m *Model) writeBeside(dir string) (superseded []string, err error) {
	if superseded, err = m.writeSentence(dir); err != nil || m.Tokenizer == nil {
		return superseded, err
	}
	if err := m.Tokenizer.Save(dir); err != nil {
		return nil, err
	}
	return append(superseded, missing(dir, tokenizer.FileNames())...), nil
}

// A storage says how weights stand in a file: as which tensors, and with which metadata.
type storage func(weights []safetensors.Entry) ([]safetensors.Entry, map[string]string, error)

// denseFile is the file of any Hugging Face model.
func denseFile(weights []safetensors.Entry) ([]safetensors.Entry, map[string]string, error) {
	return weights, map[string]string{"format": "pt"}, nil
}

// stored are the tensors and the metadata of the model's file.
func (m *Model) stored(numbers precision, store storage) ([]safetensors.Entry, map[string]string, error) {
	params := m.Weights()
	entries := make([]safetensors.Entry, len(params))
	savedName := m.savedNames()
	for i, p := range params {
		values, _, err := m.Weight(p.Name)
		if err != nil {
			return nil, nil, err
		}
		entries[i] = safetensors.Entry{Name: savedName(p.Name), Shape: p.Shape, DType: cmp.Or(p.DType, numbers.dtype()), Values: values}
	}
	carried, err := m.carriedEntries(numbers)
	if err != nil {
		return nil, nil, err
	}
	entries, metadata, err := store(entries)
	return append(entries, carried...), metadata, err
}

// savedNames gives a weight the name that it has in transformers: a bare BertModel has no "bert." prefix. An ALBERT has names of its
// own.
func (m *Model) savedNames() func(name string) string {
	shape, albert := m.Config.albert()
	bare := m.Config.Head == NoHead || m.Config.Head == OwnHead && m.bare
	return func(name string) string {
		prefix := "bert."
		if albert {
			prefix, name = "albert.", shape.file(name)
		}
		if bare {
			return strings.TrimPrefix(name, prefix)
		}
		return name
	}
}

func (m *Model) configFile(numbers precision) ([]byte, error) {
	config := m.Config.Clone()
	family := "Bert"
	if _, ok := config.albert(); ok {
		family = "Albert"
	}
	if config.extra == nil {
		config.extra = map[string]json.RawMessage{}
	}
	set := map[string]any{"architectures": config.savedArchitectures(family), "torch_dtype": numbers.name()}
	delete(config.extra, "dtype") // of transformers 5, where it would count before torch_dtype
	if n := m.NumLabels(); n > 0 {
		if len(config.Labels) != n {
			config.Labels = make([]string, n)
			for i := range config.Labels {
				config.Labels[i] = fmt.Sprintf("LABEL_%d", i)
			}
		}
		delete(config.extra, "num_labels")
	}
	for key, value := range set {
		encoded, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		config.extra[key] = encoded
	}
	compact, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, compact, "", "  "); err != nil {
		return nil, err
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}

// missing are the names that no file of a folder has.
func missing(dir string, names []string) []string {
	return slices.DeleteFunc(names, func(name string) bool {
		_, err := os.Lstat(filepath.Join(dir, name))
		return err == nil
	})
}

// writeText writes a file of a folder that is being saved.
func writeText(path string, text []byte) error {
	return files.WriteSynced(path, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
