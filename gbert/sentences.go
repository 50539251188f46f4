package gbert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"bertlab/internal/files"
)

// The files by which the library sentence-transformers makes an embedder of a model. Modules lists what follows the encoder, each with
// its folder: 1_Pooling, 2_Normalize and so on.
const (
	modulesName  = "modules.json"
	sentenceName = "sentence_bert_config.json"
	libraryName  = "config_sentence_transformers.json"
	poolingName  = "1_Pooling/config.json"
)

// sentenceNames are those beside config.json.
func sentenceNames() []string { return []string{modulesName, sentenceName, libraryName} }

// moduleFolder is the name of a module's folder.
var moduleFolder = regexp.MustCompile(`^[0-9]{1,3}_[A-Za-z]{1,40}$`)

// maxModule bounds a file of a module: a map from 1,024 to 1,024 has 4 MB.
const maxModule = 64 << 20

// A Pooling says how the vector of a text is made of its tokens' hidden states.
type Pooling string

// The poolings that are computed.
const (
	CLSPooling  Pooling = "cls"  // that of the first token
	MeanPooling Pooling = "mean" // the mean over all tokens, special ones included, as sentence-transformers has it
)

// IsEmbedder says whether the model's folder has the files of an embedder of sentence-transformers, which are kept.
func (m *Model) IsEmbedder() bool { return m.sentence[modulesName] != nil }

// Pooling is how an embedder's vectors are made; further names modules behind it that are not computed here, but for a normalisation,
// which leaves cosines as they are. An error says that the model is no embedder, or one of another pooling.
func (m *Model) Pooling() (pooling Pooling, further []string, err error) {
	if !m.IsEmbedder() {
		return "", nil, errors.New("gbert: the model has no modules.json, which says how an embedder makes its vectors")
	}
	var modes struct {
		CLS  bool   `json:"pooling_mode_cls_token"`
		Mean bool   `json:"pooling_mode_mean_tokens"`
		Mode string `json:"pooling_mode"` // of newer files
	}
	if err := json.Unmarshal(m.sentence[poolingName], &modes); err != nil {
		return "", nil, fmt.Errorf("gbert: %s: %w", poolingName, err)
	}
	var modules []struct{ Path, Type string }
	if err := json.Unmarshal(m.sentence[modulesName], &modules); err != nil {
		return "", nil, fmt.Errorf("gbert: %s: %w", modulesName, err)
	}
	for _, module := range modules {
		if kind := module.Type[bytes.LastIndexByte([]byte(module.Type), '.')+1:]; !slices.Contains([]string{"Transformer", "Pooling", "Normalize"}, kind) {
			further = append(further, module.Type)
		}
	}
	switch {
	case modes.Mean && !modes.CLS, modes.Mode == "mean":
		return MeanPooling, further, nil
	case modes.CLS && !modes.Mean, modes.Mode == "cls":
		return CLSPooling, further, nil
	}
	return "", further, fmt.Errorf("gbert: %s names another pooling than cls or mean", poolingName)
}

// readSentence reads the files of an embedder from a folder: those beside config.json, and those in the folders that modules.json names.
// What cannot be kept is said in notes.
func readSentence(dir string) (sentence map[string][]byte, notes []string, err error) {
	sentence = map[string][]byte{}
	for _, name := range sentenceNames() {
		switch text, err := files.Read(filepath.Join(dir, name), maxConfigBytes); {
		case err == nil:
			sentence[name] = text
		case !errors.Is(err, fs.ErrNotExist):
			return nil, nil, fmt.Errorf("gbert: %w", err)
		}
	}
	if sentence[modulesName] == nil {
		return nil, nil, nil
	}
	var modules []struct{ Path string }
	if err := json.Unmarshal(sentence[modulesName], &modules); err != nil {
		return nil, []string{fmt.Sprintf("%s is not kept: it is no list of modules (%v)", modulesName, err)}, nil
	}
	for _, module := range modules {
		if module.Path == "" {
			continue // the model itself
		}
		if !moduleFolder.MatchString(module.Path) {
			notes = append(notes, fmt.Sprintf("the module %q of %s is not kept: its folder has no name such as 1_Pooling", module.Path, modulesName))
			continue
		}
		if err := readModule(dir, module.Path, sentence); err != nil {
			notes = append(notes, fmt.Sprintf("the module %s is not kept: %v", module.Path, err))
		}
	}
	return sentence, notes, nil
}

// readModule reads the files of a module's folder, which may be missing: sentence-transformers writes none for some.
func readModule(dir, folder string, into map[string][]byte) error {
	entries, err := os.ReadDir(filepath.Join(dir, folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			return fmt.Errorf("%s/%s is a folder", folder, entry.Name())
		}
		text, err := files.Read(filepath.Join(dir, folder, entry.Name()), maxModule)
		if err != nil {
			return err
		}
		into[folder+"/"+entry.Name()] = text
	}
	return nil
}

// writeSentence writes the files of an embedder into the folder of a save, and returns the names of those that a model before may have
// left.
func (m *Model) writeSentence(dir string) (superseded []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(m.sentence)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		text := m.sentence[name]
		if name == sentenceName {
			text = within(text, "max_seq_length", m.Config.MaxPositionEmbeddings)
		}
		if err := writeText(path, text); err != nil {
			return nil, err
		}
	}
	return missing(dir, sentenceNames()), nil
}

// within is the text of a JSON object in which a number is no larger than a limit.
func within(text []byte, key string, limit int) []byte {
	var object map[string]json.RawMessage
	var number float64
	if json.Unmarshal(text, &object) != nil || json.Unmarshal(object[key], &number) != nil || number <= float64(limit) {
		return text
	}
	object[key] = fmt.Appendf(nil, "%d", limit)
	smaller, err := json.MarshalIndent(object, "", "  ")
	if err != nil {
		return text
	}
	return append(smaller, '\n')
}
