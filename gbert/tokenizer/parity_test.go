package tokenizer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goldenCase is a text or pair with the reference's ids.
type goldenCase struct {
	A, B    string
	Max     int
	IDs     []int32
	Types   []int32
	Decoded *string
}

func (c goldenCase) check(t *testing.T, tok *Tokenizer) {
	t.Helper()
	got := tok.Encode(c.A, c.B, c.Max)
	if !slices.Equal(got.IDs, c.IDs) || c.Types != nil && !slices.Equal(got.Types, c.Types) {
		t.Errorf("%q, %q, at most %d:\n got %v %v\nwant %v %v", c.A, c.B, c.Max, got.IDs, got.Types, c.IDs, c.Types)
	}
	if c.Decoded != nil {
		if got := tok.Decode(c.IDs); got != *c.Decoded {
			t.Errorf("%q decoded: got %q, want %q", c.A, got, *c.Decoded)
		}
	}
}

type goldenConfig struct {
	Options    json.RawMessage
	Characters struct{ Normalized, Split string }
	Random     string
	Cases      []goldenCase
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	if err := json.Unmarshal(readFile(t, path), into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// eachConfig runs a test with the small vocabulary in every configuration of
// golden.json.
func eachConfig(t *testing.T, run func(t *testing.T, tok *Tokenizer, alphabet []string, want goldenConfig)) {
	var golden struct {
		Alphabet []string
		Configs  map[string]goldenConfig
	}
	readJSON(t, "testdata/golden.json", &golden)
	vocab, err := os.ReadFile("testdata/vocab.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(golden.Configs)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := golden.Configs[name]
			tok, err := fromFiles(map[string][]byte{vocabName: vocab, configName: want.Options})
			if err != nil {
				t.Fatal(err)
			}
			run(t, tok, golden.Alphabet, want)
		})
	}
}

func TestNastyTextsHaveTheReferencesIds(t *testing.T) {
	eachConfig(t, func(t *testing.T, tok *Tokenizer, _ []string, want goldenConfig) {
		if len(want.Cases) < 50 {
			t.Fatalf("only %d cases", len(want.Cases))
		}
		for _, c := range want.Cases {
			c.check(t, tok)
		}
	})
}

func TestEveryCharacterIsNormalisedAndSplitAsInTheReference(t *testing.T) {
	eachConfig(t, func(t *testing.T, tok *Tokenizer, _ []string, want goldenConfig) {
		// Three answers tell how a, c, b was split: one word; a and b; a, c and b.
		kinds := map[int]byte{1: '-', 2: ' ', 3: 'p'}
		normalized, split := sha256.New(), sha256.New()
		for r := rune(0); r <= 0x10ffff; r++ {
			if 0xd800 <= r && r < 0xe000 {
				continue
			}
			normalized.Write(append(tok.normal.append(nil, "x"+string(r)+"y"), '\n'))
			words := 0
			eachWord([]byte("a"+string(r)+"b"), func(int, int) { words++ })
			split.Write([]byte{kinds[words]})
		}
		if got := sum(normalized); got != want.Characters.Normalized {
			t.Error("normalised characters differ from the reference's")
		}
		if got := sum(split); got != want.Characters.Split {
			t.Error("white space or punctuation differs from the reference's")
		}
	})
}

func TestRandomTextsHaveTheReferencesIds(t *testing.T) {
	eachConfig(t, func(t *testing.T, tok *Tokenizer, alphabet []string, want goldenConfig) {
		if got := randomTexts(tok, alphabet); got != want.Random {
			t.Errorf("got %s, want %s", got, want.Random)
		}
	})
}

// randomTexts is the hash over what becomes of the random texts.
func randomTexts(tok *Tokenizer, alphabet []string) string {
	digest := sha256.New()
	eachRandomText(alphabet, func(text string) { feed(digest, tok.Encode(text, "", 0)) })
	return sum(digest)
}

// eachRandomText calls do with the texts of a linear congruential generator, which the scripts in testdata have, too (Knuth's MMIX).
func eachRandomText(alphabet []string, do func(text string)) {
	state := uint64(1)
	for range 20000 {
		var text strings.Builder
		for i := range 24 {
			state = state*6364136223846793005 + 1442695040888963407
			draw := int(state >> 33)
			if i >= 4 && draw%16 == 0 {
				break
			}
			text.WriteString(alphabet[draw/16%len(alphabet)])
		}
		do(text.String())
	}
}

func feed(digest hash.Hash, e Encoding) {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(e.IDs)))
	b, _ = binary.Append(b, binary.LittleEndian, e.IDs)
	b, _ = binary.Append(b, binary.LittleEndian, e.Types)
	digest.Write(b)
}

func sum(digest hash.Hash) string { return hex.EncodeToString(digest.Sum(nil)) }

// goldenData is data.json: hashes of all ids of real data files.
type goldenData struct {
	Files []struct {
		File         string
		Skip, Rows   int
		Columns      []int
		Whole, Max32 string
	}
	Cases []goldenCase
}

// sharedData returns the folder of real data sets, or skips the test.
func sharedData(t testing.TB) string {
	t.Helper()
	shared := os.Getenv("BERTLAB_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	dir := filepath.Join(shared, "data")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no real data sets (BERTLAB_SHARED or ../shared): %v", err)
	}
	return dir
}

// realTokenizer loads the tokenizer of a real model, or skips the test. The
// two have one vocabulary; bert-base-uncased may have vocab.txt alone.
func realTokenizer(t testing.TB, model string) *Tokenizer {
	t.Helper()
	dir := os.Getenv("BERTLAB_MODELS")
	if dir == "" {
		t.Skip("BERTLAB_MODELS is not set: it names a folder with all-MiniLM-L6-v2 and bert-base-uncased")
	}
	if _, err := os.Stat(filepath.Join(dir, model)); err != nil {
		t.Skip(err)
	}
	tok, err := Load(filepath.Join(dir, model))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

var realModels = []string{"all-MiniLM-L6-v2", "bert-base-uncased"}

func TestEverySentenceOfTheDataSetsHasTheReferencesIds(t *testing.T) {
	var golden goldenData
	readJSON(t, "testdata/data.json", &golden)
	dir := sharedData(t)
	for _, model := range realModels {
		tok := realTokenizer(t, model)
		for _, file := range golden.Files {
			t.Run(model+"/"+file.File, func(t *testing.T) {
				text, err := os.ReadFile(filepath.Join(dir, file.File))
				if err != nil {
					t.Fatal(err)
				}
				lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))[file.Skip:]
				if len(lines) != file.Rows {
					t.Fatalf("%d rows, want %d", len(lines), file.Rows)
				}
				pairs := make([]Pair, len(lines))
				for i, line := range lines {
					cells := strings.Split(string(line), "\t")
					cell := func(column int) string {
						if column < len(cells) {
							return cells[column]
						}
						return ""
					}
					pairs[i].A = cell(file.Columns[0])
					if len(file.Columns) == 2 {
						pairs[i].B, pairs[i].Both = cell(file.Columns[1]), true
					}
				}
				for most, want := range map[int]string{0: file.Whole, 32: file.Max32} {
					digest := sha256.New()
					for _, e := range tok.EncodeAll(pairs, most) {
						feed(digest, e)
					}
					if got := sum(digest); got != want {
						t.Errorf("at most %d tokens: the ids differ from the reference's", most)
					}
				}
			})
		}
	}
}

func TestNastyTextsHaveTheReferencesIdsWithTheRealVocabulary(t *testing.T) {
	var golden goldenData
	readJSON(t, "testdata/data.json", &golden)
	for _, model := range realModels {
		t.Run(model, func(t *testing.T) {
			tok := realTokenizer(t, model)
			for _, c := range golden.Cases {
				c.check(t, tok)
			}
		})
	}
}
