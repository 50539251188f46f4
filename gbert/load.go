package gbert

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

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
	names := slices.Concat([]string{configName, safetensors.WeightsName, safetensors.IndexName}, portableNames(), tokenizer.FileNames(), sentenceNames(), []string{poolingName})
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
	model, err := readWeights(dir, config)
	if err != nil {
		return nil, err
	}
	tok, err := tokenizer.Load(dir)
	switch {
	case err == nil:
		// BERT's class adds a mask token to a vocabulary without one: no text has it that was written for such a model.
		if n := tok.VocabSize(); n > config.VocabSize && !(n == config.VocabSize+1 && int(tok.MaskID) == config.VocabSize) {
			config.Notes = append(config.Notes, fmt.Sprintf("the tokenizer has %d tokens with those that were added, and the word table %d rows (vocab_size): texts with %q cannot be read",
				n, config.VocabSize, tok.Token(int32(config.VocabSize))))
		}
		model.Tokenizer = tok
	case !errors.Is(err, fs.ErrNotExist):
		_ = model.Close() // nothing was read from it
		return nil, fmt.Errorf("gbert: %w", err)
	}
	var notes []string
	if model.sentence, notes, err = readSentence(dir); err != nil {
		_ = model.Close() // nothing was read from it
		return nil, err
	}
	config.Notes = append(config.Notes, notes...)
	return model, nil
}

// readWeights makes a model of the weights of a folder: of its safetensors, or where it has none, of a graph that [Model.SavePortable]
// wrote.
func readWeights(dir string, config *Config) (*Model, error) {
	file, err := safetensors.OpenFolder(dir)
	if errors.Is(err, safetensors.ErrNoWeights) {
		if stored, found, err := portableWeights(dir); found {
			if err != nil {
				return nil, fmt.Errorf("gbert: %w", err)
			}
			return fromStored(config, nil, stored)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("gbert: %w", err)
	}
	stored, err := storedWeights(file)
	if err == nil {
		var model *Model
		if model, err = fromStored(config, file, stored); err == nil {
			return model, nil
		}
	}
	file.Close()
	return nil, fmt.Errorf("gbert: %s: %w", dir, err)
}

// fromStored makes a model of the tensors of a file. Those that its configuration asks for are its weights, the others are carried.
func fromStored(config *Config, file *safetensors.File, stored []storedWeight) (*Model, error) {
	model := &Model{Config: config, weights: map[string]safetensors.Tensor{}, file: file}
	found, err := model.take(stored)
	if err != nil {
		return nil, err
	}
	if err := model.settleHead(found); err != nil {
		return nil, err
	}
	for _, spec := range model.Weights() {
		if weight, ok := found[spec.Name]; ok {
			model.weights[spec.Name] = weight.tensor
		}
	}
	if err := model.Check(); err != nil {
		return nil, config.explain(err)
	}
	for _, spec := range model.Weights() {
		weight := found[spec.Name]
		switch dtype := weight.tensor.DType; {
		case spec.DType != "" && dtype != spec.DType:
			return nil, fmt.Errorf("%s is stored as %s; it must be %s", weight.tensor.Name, dtype, spec.DType)
		case spec.DType == "" && !dtype.IsFloat():
			return nil, fmt.Errorf("%s is stored as %s; weights must be F32, F16, BF16 or F64", weight.tensor.Name, dtype)
		}
		if weight.packed != nil {
			if model.weights[spec.Name], err = weight.packed.expand(weight.tensor); err != nil {
				return nil, fmt.Errorf("%s: %w", weight.tensor.Name, err)
			}
		}
		delete(found, spec.Name)
	}
	if err := model.checkValues(); err != nil {
		return nil, err
	}
	model.carryRest(found)
	config.fitLabels(model.NumLabels())
	return model, nil
}

// checkValues reports values of maps and words that their forms cannot have.
func (m *Model) checkValues() error {
	if err := m.Config.Embedding.form().checkValues(m); err != nil {
		return err
	}
	for l, shape := range m.Config.Layers {
		for role := range shape.Forms {
			of := linearMap{m.Config, l, role}
			if m.Config.Holder(l, role) != l || of.empty() {
				continue
			}
			if err := of.form().checkValues(m, of); err != nil {
				return err
			}
		}
	}
	return nil
}

// take gives the tensors of a file the names that they have here.
func (m *Model) take(stored []storedWeight) (map[string]storedWeight, error) {
	found := map[string]storedWeight{}
	for _, weight := range stored {
		name := m.Config.CanonicalName(weight.name)
		if isBuffer(name) || m.Config.emptyMap(name, weight.tensor.Shape) {
			continue
		}
		m.bare = m.bare || strings.HasPrefix(weight.name, "embeddings.")
		if other, ok := found[name]; ok {
			return nil, fmt.Errorf("the tensors %q and %q are the same weight", other.tensor.Name, weight.tensor.Name)
		}
		found[name] = weight
	}
	return found, nil
}

// carryRest keeps what is left of a file.
func (m *Model) carryRest(rest map[string]storedWeight) {
	carried := map[string]safetensors.Tensor{}
	for name, weight := range rest {
		if weight.packed == nil {
			carried[name] = weight.tensor
			continue
		}
		for _, part := range []safetensors.Tensor{weight.packed.shape, weight.packed.places, weight.packed.values} {
			carried[m.Config.CanonicalName(part.Name)] = part
		}
	}
	m.carry(carried)
}

// Close releases the mapped file. The model and every model made from it must not be used afterwards.
func (m *Model) Close() error {
	if m.file == nil {
		return nil
	}
	return m.file.Close()
}
