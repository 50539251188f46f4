package tokenizer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"bertlab/internal/files"
)

// The files of a tokenizer in a Hugging Face folder.
const (
	jsonName    = "tokenizer.json"
	vocabName   = "vocab.txt"
	spieceName  = "spiece.model"
	configName  = "tokenizer_config.json"
	specialName = "special_tokens_map.json"
	addedName   = "added_tokens.json"
)

// FileNames are the names of all the files that a tokenizer may consist of.
func FileNames() []string { return slices.Clone(fileNames) }

// maxFile bounds a file of a tokenizer; the largest of a public BERT, with half a million tokens, has 10 MB.
const maxFile = 64 << 20

// fileNames are all of them.
var fileNames = []string{jsonName, vocabName, spieceName, configName, specialName, addedName}

// maxConfig bounds a config.json.
const maxConfig = 16 << 20

// Load reads the tokenizer of a Hugging Face model folder as transformers 5
// does: tokenizer.json, vocab.txt or an ALBERT's spiece.model, with
// tokenizer_config.json, special_tokens_map.json and added_tokens.json beside
// it. The class, of tokenizer_config.json or else of config.json, says what
// counts: BertTokenizer and AlbertTokenizer take the vocabulary alone of
// tokenizer.json, and everything else from tokenizer_config.json and their own
// defaults; the general class PreTrainedTokenizerFast follows tokenizer.json.
// What is not followed so, [Tokenizer.Notes] tells; what cannot be followed is
// an error.
func Load(dir string) (*Tokenizer, error) {
	contents := map[string][]byte{}
	for _, name := range fileNames {
		switch text, err := files.Read(filepath.Join(dir, name), maxFile); {
		case err == nil:
			contents[name] = text
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("tokenizer: %w", err)
		}
	}
	if contents[jsonName] == nil && contents[vocabName] == nil && contents[spieceName] == nil {
		return nil, fmt.Errorf("tokenizer: no tokenizer in %s: looked for %s, %s and %s: %w", dir, jsonName, vocabName, spieceName, fs.ErrNotExist)
	}
	var facts modelFacts
	if text, err := files.Read(filepath.Join(dir, "config.json"), maxConfig); err == nil {
		facts = readFacts(text)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	t, err := assemble(contents, facts)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %s: %w", dir, err)
	}
	return t, nil
}

// Save writes the files that the tokenizer was made from to the folder dir,
// byte for byte, each one atomically.
func (t *Tokenizer) Save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("tokenizer: save: %w", err)
	}
	for _, name := range fileNames {
		text, ok := t.files[name]
		if !ok {
			continue
		}
		if err := files.Write(filepath.Join(dir, name), text); err != nil {
			return fmt.Errorf("tokenizer: save: %w", err)
		}
	}
	return nil
}

// fromFiles makes a tokenizer of the contents of a folder's files.
func fromFiles(files map[string][]byte) (*Tokenizer, error) { return assemble(files, modelFacts{}) }
