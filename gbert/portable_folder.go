package gbert

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bertlab/gbert/onnx"
	"bertlab/gbert/safetensors"
	"bertlab/gbert/saves"
)

// The graphs of a folder, by their usual names: that of the weights' own numbers, and that of eight-bit integers.
const (
	PortableName     = "onnx/" + onnx.FileName
	PortableInt8Name = "onnx/model_quantized.onnx"
)

// portableNames are all files of graphs.
func portableNames() []string {
	return []string{PortableName, PortableName + onnx.DataEnding, PortableInt8Name, PortableInt8Name + onnx.DataEnding}
}

// portableNote is the key in a graph's metadata that says that its constants have the names of [Model.Weights].
const portableNote = "bertlab"

// SavePortable writes the model to a folder for other runtimes: the graph of [Model.Portable] as onnx/model.onnx, and with int8 another
// one as onnx/model_quantized.onnx; config.json, and the tokenizer's files. [Load] reads such a folder. As with [Model.Save], a full disk
// or a kill leaves what was there or the whole new model. A folder that holds the safetensors of another model is an error.
func (m *Model) SavePortable(dir string, o PortableOptions, int8 bool) error {
	if err := m.savePortable(dir, o, int8); err != nil {
		return fmt.Errorf("gbert: saving to %s: %w", dir, err)
	}
	return nil
}

func (m *Model) savePortable(dir string, o PortableOptions, int8 bool) error {
	weights, err := m.belongs(dir)
	if err != nil {
		return err
	}
	numbers, err := o.Precision.numbers()
	if err != nil {
		return err
	}
	graphs := map[string]*onnx.Graph{}
	o.Int8 = false
	if graphs[PortableName], err = m.portable(o); err != nil {
		return err
	}
	if o.Int8 = int8; int8 {
		if graphs[PortableInt8Name], err = m.portable(o); err != nil {
			return err
		}
	}
	config, err := m.configFile(numbers)
	if err != nil {
		return err
	}
	staging, err := saves.Begin(dir)
	if err != nil {
		return err
	}
	defer staging.Discard()
	if err := os.Mkdir(filepath.Join(staging.Dir, filepath.Dir(PortableName)), 0o755); err != nil {
		return err
	}
	for name, graph := range graphs {
		graph.Note(portableNote, "constants have the names of weights; those that end in "+transposedEnding+" are transposed")
		if err := graph.Write(filepath.Join(staging.Dir, name), onnx.Options{Producer: "bertlab"}); err != nil {
			return err
		}
	}
	if err := writeText(filepath.Join(staging.Dir, configName), config); err != nil {
		return err
	}
	superseded, err := m.writeBeside(staging.Dir)
	if err != nil {
		return err
	}
	superseded = append(superseded, missing(staging.Dir, portableNames())...)
	if !weights {
		superseded = append(superseded, recordNames()...)
	}
	return staging.Commit(superseded...)
}

// PortableSizes are the bytes of the graphs in a folder that [Model.SavePortable] wrote, by their names, each with the file beside it that
// holds the constants of a large one.
func PortableSizes(dir string) map[string]int64 {
	sizes := map[string]int64{}
	for _, name := range []string{PortableName, PortableInt8Name} {
		for _, part := range []string{name, name + onnx.DataEnding} {
			if file, err := os.Stat(filepath.Join(dir, part)); err == nil {
				sizes[name] += file.Size()
			}
		}
	}
	return sizes
}

// belongs says whether a folder has the model's safetensors. Those of another model, whose config.json would be replaced, are an error.
func (m *Model) belongs(dir string) (weights bool, err error) {
	file, err := safetensors.OpenFolder(dir)
	switch _, noFolder := os.Stat(dir); {
	case noFolder != nil, errors.Is(err, safetensors.ErrNoWeights):
		return false, nil
	case err == nil:
		file.Close()
	}
	other, err := Load(dir)
	if err != nil {
		return true, fmt.Errorf("it holds a model that cannot be read, whose config.json would be replaced: %w", err)
	}
	defer other.Close()
	theirs, err := other.Fingerprint()
	if err != nil {
		return true, err
	}
	ours, err := m.Fingerprint()
	if err == nil && ours != theirs {
		err = errors.New("it holds the weights of another model, whose config.json would be replaced: choose another folder")
	}
	return true, err
}

// portableWeights are the weights of a graph that [Model.SavePortable] wrote; found says that there is one.
func portableWeights(dir string) (stored []storedWeight, found bool, err error) {
	path := filepath.Join(dir, PortableName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	file, err := onnx.Open(path)
	if err != nil {
		return nil, true, err
	}
	if _, ours := file.Metadata[portableNote]; !ours {
		return nil, true, fmt.Errorf("%s was written by %s: its weights have no names that say what they are; give the folder that it was made from", path, orUnknown(file.Producer))
	}
	for name, tensor := range file.Tensors {
		if weight, ok := untransposed(tensor); ok && !strings.HasPrefix(name, "constant/") {
			stored = append(stored, storedWeight{name: weight.Name, tensor: weight})
		}
	}
	slices.SortFunc(stored, func(a, b storedWeight) int { return strings.Compare(a.name, b.name) })
	return stored, true, nil
}

// orUnknown is a name, or what is said where there is none.
func orUnknown(name string) string {
	if name == "" {
		return "another program"
	}
	return name
}
