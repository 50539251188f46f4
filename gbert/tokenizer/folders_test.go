package tokenizer

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// goldenFolders are those of testdata/folders.py.
type goldenFolders struct {
	Bases   map[string]json.RawMessage
	Texts   [][]any
	Folders []goldenFolder

	loaded map[string]func() (*Tokenizer, error) // by their files: several tests ask for each, and none changes it
}

type goldenFolder struct {
	Name    string
	Files   map[string]json.RawMessage
	Refused string  // what bertlab says of the folder, which it does not support
	Error   string  // transformers' own
	Texts   [][]any // in place of those of all folders
	Answers []struct {
		IDs, Types []int32
		Error      string
	}
}

// goldenFile is a base with parts replaced.
type goldenFile struct {
	Base       string
	Top, Model map[string]json.RawMessage
	Tokens     []json.RawMessage
}

func (g *goldenFolders) content(t *testing.T, file json.RawMessage) []byte {
	t.Helper()
	var text string
	if json.Unmarshal(file, &text) == nil {
		return []byte(text)
	}
	var f goldenFile
	if err := json.Unmarshal(file, &f); err != nil {
		t.Fatal(err)
	}
	switch f.Base {
	case "spiece":
		return unzipped(t, "spiece.model.gz")
	case "vocab":
		if err := json.Unmarshal(g.Bases["vocab"], &text); err != nil {
			t.Fatal(err)
		}
		return []byte(text)
	}
	base := g.Bases["json"]
	if f.Base == "unigram" {
		base = unzipped(t, "tokenizer.json.gz")
	}
	var top, model map[string]json.RawMessage
	var tokens []json.RawMessage
	decode := func(text json.RawMessage, into any) {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	encode := func(value any) json.RawMessage {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	decode(base, &top)
	maps.Copy(top, f.Top)
	decode(top["model"], &model)
	maps.Copy(model, f.Model)
	decode(top["added_tokens"], &tokens)
	top["model"], top["added_tokens"] = encode(model), encode(append(tokens, f.Tokens...))
	return encode(top)
}

// load makes the tokenizer of a folder.
func (g *goldenFolders) load(t *testing.T, f goldenFolder) (*Tokenizer, error) {
	t.Helper()
	key, err := json.Marshal(f.Files)
	if err != nil {
		t.Fatal(err)
	}
	if loaded, ok := g.loaded[string(key)]; ok {
		return loaded()
	}
	tok, err := g.assemble(t, f)
	if g.loaded == nil {
		g.loaded = map[string]func() (*Tokenizer, error){}
	}
	g.loaded[string(key)] = func() (*Tokenizer, error) { return tok, err }
	return tok, err
}

func (g *goldenFolders) assemble(t *testing.T, f goldenFolder) (*Tokenizer, error) {
	t.Helper()
	files := map[string][]byte{}
	var facts modelFacts
	for name, file := range f.Files {
		if name == "config.json" {
			facts = readFacts(g.content(t, file))
			continue
		}
		files[name] = g.content(t, file)
	}
	return assemble(files, facts)
}

// check compares a folder's tokens with the reference's, and tells how many
// texts it compared.
func (g *goldenFolders) check(t *testing.T, f goldenFolder) int {
	t.Helper()
	tok, err := g.load(t, f)
	switch {
	case f.Refused != "":
		if err == nil || !strings.Contains(err.Error(), f.Refused) {
			t.Errorf("%s: got %v, want an error with %q", f.Name, err, f.Refused)
		}
		return 0
	case f.Error != "":
		if err == nil && len(tok.Notes()) == 0 && tok.PairNote() == "" {
			t.Errorf("%s: loads without a word, and not in transformers: %s", f.Name, f.Error)
		}
		return 0
	case err != nil:
		t.Errorf("%s: %v", f.Name, err)
		return 0
	}
	texts := f.Texts
	if texts == nil {
		texts = g.Texts
	}
	for i, text := range texts {
		want := f.Answers[i]
		if want.Error != "" {
			continue
		}
		p := Pair{A: text[0].(string)}
		most := 0
		if len(text) > 1 && text[1] != nil {
			p.B, p.Both = text[1].(string), true
		}
		if len(text) > 2 {
			most = int(text[2].(float64))
		}
		types := want.Types
		if types == nil {
			types = make([]int32, len(want.IDs))
		}
		if got := tok.EncodeAll([]Pair{p}, most)[0]; !slices.Equal(got.IDs, want.IDs) || !slices.Equal(got.Types, types) {
			t.Errorf("%s: %q, at most %d:\n got %v %v\nwant %v %v\nfiles %s", f.Name, text, most, got.IDs, got.Types, want.IDs, types, f.Files)
			return i
		}
	}
	return len(texts)
}

func TestFoldersInEveryLayoutHaveTheReferencesTokens(t *testing.T) {
	golden := readFolders(t)
	if len(golden.Folders) < 400 {
		t.Fatalf("only %d folders", len(golden.Folders))
	}
	for _, f := range golden.Folders {
		golden.check(t, f)
	}
}

func TestRandomFoldersHaveTheTokensOfTheInstalledTransformers(t *testing.T) {
	python := os.Getenv("BERTLAB_PEER_PYTHON")
	if python == "" {
		t.Skip("BERTLAB_PEER_PYTHON is not set: it names a Python with transformers and sentencepiece")
	}
	count := os.Getenv("BERTLAB_PEER_FOLDERS")
	if _, err := strconv.Atoi(count); err != nil {
		count = "60"
	}
	seed := os.Getenv("BERTLAB_PEER_SEED")
	if _, err := strconv.Atoi(seed); err != nil {
		seed = "1"
	}
	var failure bytes.Buffer
	command := exec.Command(python, "testdata/folders.py", "--random", seed, count)
	command.Stderr = &failure
	text, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, failure.Bytes())
	}
	var random goldenFolders
	if err := json.Unmarshal(text, &random); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, f := range random.Folders {
		compared += random.check(t, f)
	}
	t.Logf("%d folders, %d texts", len(random.Folders), compared)
}
