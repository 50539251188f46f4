package tokenizer

import (
	"encoding/json"
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

// Load reads the tokenizer of a Hugging Face model folder: tokenizer.json, or
// else vocab.txt, or else an ALBERT's spiece.model; beside them, tokenizer_config.json (do_lower_case,
// strip_accents, tokenize_chinese_chars and the special tokens' names, which
// count before those of tokenizer.json, as in transformers),
// special_tokens_map.json and, for vocab.txt, added_tokens.json.
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
	t, err := fromFiles(contents)
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
func fromFiles(files map[string][]byte) (*Tokenizer, error) {
	t := &Tokenizer{
		files:  files,
		bert:   normalizer{clean: true, chinese: true, strip: true, lower: true},
		prefix: defaultPrefix,
	}
	config, err := readConfig(files[configName])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", configName, err)
	}
	special, err := readConfig(files[specialName])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", specialName, err)
	}
	names := specialNames{pad: "[PAD]", unk: "[UNK]", cls: "[CLS]", sep: "[SEP]", mask: "[MASK]"}
	if unigramFiles(files) {
		names.pad, names.unk = "<pad>", "<unk>"
	}
	names = config.apply(special.apply(names))

	source, maxRunes := vocabName, defaultMaxRunes
	added := config.added
	if text, ok := files[spieceName]; ok && files[jsonName] == nil && files[vocabName] == nil {
		source = spieceName
		pieces, err := t.setSpiece(text, config)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", spieceName, err)
		}
		added = slices.Concat(pieces, added)
	} else if text, ok := files[jsonName]; ok {
		source = jsonName
		parsed, err := t.setJSON(text, &names)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", jsonName, err)
		}
		maxRunes = parsed.Model.maxRunes()
		added = slices.Concat(parsed.AddedTokens, added)
	} else {
		if err := t.setLines(files[vocabName]); err != nil {
			return nil, fmt.Errorf("%s: %w", vocabName, err)
		}
		legacy, err := t.legacyAdded(files[addedName])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", addedName, err)
		}
		added = slices.Concat(added, legacy)
	}
	config.applyTo(&t.bert, source == jsonName)
	if err := t.finish(names, added, maxRunes); err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	return t, nil
}

// unigramFiles tells whether the files hold a Unigram model.
func unigramFiles(files map[string][]byte) bool {
	text, ok := files[jsonName]
	if !ok {
		return files[vocabName] == nil && files[spieceName] != nil
	}
	var parsed struct {
		Model jsonModel `json:"model"`
	}
	return json.Unmarshal(text, &parsed) == nil && parsed.Model.kind() == "Unigram"
}

// legacyAdded returns the tokens of an added_tokens.json: token → id.
func (t *Tokenizer) legacyAdded(text []byte) ([]addedToken, error) {
	if text == nil {
		return nil, nil
	}
	var ids map[string]int32
	if err := json.Unmarshal(text, &ids); err != nil {
		return nil, err
	}
	var added []addedToken
	for token, id := range ids {
		added = append(added, addedToken{ID: id, Content: token, Normalized: true})
	}
	slices.SortFunc(added, func(a, b addedToken) int { return int(a.ID) - int(b.ID) })
	return added, nil
}
