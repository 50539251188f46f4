package gbert

import (
	"errors"
	"fmt"
	"io/fs"
	"sort"

	"bertlab/gbert/safetensors"
	"bertlab/gbert/saves"
	"bertlab/gbert/tokenizer"
)

// Load reads a model from a Hugging Face folder: config.json, model.safetensors (or its shards with their index file), and
// the tokenizer where there is one. Names with and without the "bert." prefix, and gamma/beta for LayerNorm, are understood.
// Weights stay in the file until they are used, but for those that [Model.SaveCompact] wrote without their zeros: they are
// expanded into memory.
//
// A folder into which another process saves gives the model of one save or of the other, never the files of both.
func Load(dir string) (*Model, error) {
	names := append([]string{configName, safetensors.WeightsName, safetensors.IndexName}, tokenizer.FileNames()...)
	for range hurried {
		if err := saves.Finish(dir); err != nil {
			return nil, fmt.Errorf("gbert: %s: %w", dir, err)
		}
		before := saves.Look(dir, names)
		model, err := readFolder(dir)
		if saves.Look(dir, names).Same(before) {
			return model, err
		}
		if err == nil {
			_ = model.Close() // nothing was read from it
		}
	}
	var model *Model
	var failure error
	if err := saves.Locked(dir, func() error {
		model, failure = readFolder(dir)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("gbert: %s: %w", dir, err)
	}
	return model, failure
}

// hurried is how often [Load] tries to read a folder between two saves before it keeps the saves out.
const hurried = 3

// readFolder reads the files of a model folder as they are.
func readFolder(dir string) (*Model, error) {
	config, err := readConfig(dir)
	if err != nil {
		return nil, err
	}
	file, err := safetensors.OpenFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("gbert: %w", err)
	}
	model, err := fromFile(config, file)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("gbert: %s: %w", dir, err)
	}
	tok, err := tokenizer.Load(dir)
	switch {
	case err == nil:
		if tok.VocabSize() > config.VocabSize {
			file.Close()
			return nil, fmt.Errorf("gbert: %s: the tokenizer has %d tokens, but config.json says vocab_size %d: the files belong to different models", dir, tok.VocabSize(), config.VocabSize)
		}
		model.Tokenizer = tok
	case !errors.Is(err, fs.ErrNotExist):
		file.Close()
		return nil, fmt.Errorf("gbert: %w", err)
	}
	return model, nil
}

func fromFile(config *Config, file *safetensors.File) (*Model, error) {
	model := &Model{Config: config, weights: map[string]safetensors.Tensor{}, file: file}
	stored, err := storedWeights(file)
	if err != nil {
		return nil, err
	}
	found, packed := map[string]string{}, map[string]*packedWeight{}
	for _, weight := range stored {
		name := weight.tensor.Name
		canonical, needless := config.canonicalName(weight.name)
		if needless {
			if canonical == decoderWeight && !config.tied() {
				return nil, fmt.Errorf("tie_word_embeddings is false and the file has %q: a masked-language-model head with a decoder of its own is not supported; save the model without its head (transformers: model.bert.save_pretrained)", name)
			}
			continue
		}
		if other, ok := found[canonical]; ok {
			return nil, fmt.Errorf("the tensors %q and %q are the same weight", other, name)
		}
		found[canonical] = name
		model.weights[canonical] = weight.tensor
		packed[canonical] = weight.packed
	}
	if w, ok := model.weights["classifier.weight"]; ok && (len(w.Shape) != 2 || w.Shape[0] < 1) {
		return nil, fmt.Errorf("classifier.weight has shape %v; it must be [labels, %d]", w.Shape, config.HiddenSize)
	}
	if err := model.Check(); err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, p := range model.Weights() {
		wanted[p.Name] = true
		if dtype := model.weights[p.Name].DType; dtype != safetensors.F32 && dtype != safetensors.F16 && dtype != safetensors.BF16 && dtype != safetensors.F64 {
			return nil, fmt.Errorf("%s is stored as %s; weights must be F32, F16, BF16 or F64", found[p.Name], dtype)
		}
		if w := packed[p.Name]; w != nil {
			if model.weights[p.Name], err = w.expand(model.weights[p.Name]); err != nil {
				return nil, fmt.Errorf("%s: %w", found[p.Name], err)
			}
		}
	}
	for canonical, name := range found {
		if !wanted[canonical] {
			model.Ignored = append(model.Ignored, name)
			delete(model.weights, canonical)
		}
	}
	sort.Strings(model.Ignored)
	if n := model.NumLabels(); n > 0 && len(config.Labels) != n {
		config.Labels = nil // config.json speaks of another head than the file holds
	}
	return model, nil
}

// Close releases the mapped file. The model and every model made from it must not be used afterwards.
func (m *Model) Close() error {
	if m.file == nil {
		return nil
	}
	return m.file.Close()
}
