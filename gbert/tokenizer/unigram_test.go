package tokenizer

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// unzipped is a file of testdata/unigram.
func unzipped(t testing.TB, name string) []byte {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "unigram", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type unigramGolden struct {
	Options    json.RawMessage
	Cases      []goldenCase
	Random     string
	Characters []string
}

// eachUnigram runs a test for each configuration of testdata/unigram.json: the SentencePiece model in three ways, and tokenizer.json.
func eachUnigram(t *testing.T, run func(t *testing.T, tok *Tokenizer, alphabet []string, want unigramGolden)) {
	var golden struct {
		Alphabet []string
		Configs  map[string]unigramGolden
		JSON     unigramGolden
	}
	readJSON(t, "testdata/unigram.json", &golden)
	spiece := unzipped(t, "spiece.model.gz")
	for _, name := range slices.Sorted(maps.Keys(golden.Configs)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := golden.Configs[name]
			tok, err := fromFiles(map[string][]byte{spieceName: spiece, configName: want.Options})
			if err != nil {
				t.Fatal(err)
			}
			run(t, tok, golden.Alphabet, want)
		})
	}
	t.Run("tokenizer.json", func(t *testing.T) {
		t.Parallel()
		tok, err := fromFiles(map[string][]byte{jsonName: unzipped(t, "tokenizer.json.gz")})
		if err != nil {
			t.Fatal(err)
		}
		run(t, tok, golden.Alphabet, golden.JSON)
	})
}

func TestTextsHaveTransformersIdsOfASentencePieceModel(t *testing.T) {
	eachUnigram(t, func(t *testing.T, tok *Tokenizer, alphabet []string, want unigramGolden) {
		for _, c := range want.Cases {
			c.check(t, tok)
		}
		if got := randomTexts(tok, alphabet); got != want.Random {
			t.Errorf("random texts: got %s, want %s", got, want.Random)
		}
	})
}

func TestEveryCharacterIsDividedAsBySentencePieceInTransformers(t *testing.T) {
	eachUnigram(t, func(t *testing.T, tok *Tokenizer, _ []string, want unigramGolden) {
		if strings.HasSuffix(t.Name(), "/cased") || strings.HasSuffix(t.Name(), ".json") {
			return // the same steps as with the others
		}
		for block, sum := range want.Characters {
			digest := sha256.New()
			for r := rune(block * 4096); r < rune(block+1)*4096; r++ {
				if 0xd800 <= r && r < 0xe000 {
					continue
				}
				ids := tok.Encode("a"+string(r)+"b", "", 0).IDs
				b := binary.LittleEndian.AppendUint32(nil, uint32(len(ids)))
				b, _ = binary.Append(b, binary.LittleEndian, ids)
				digest.Write(b)
			}
			if got := hex.EncodeToString(digest.Sum(nil))[:16]; got != sum {
				t.Errorf("U+%X to U+%X differ", block*4096, block*4096+4095)
			}
		}
	})
}

func TestAUnigramTokenizerIsSavedAsItCame(t *testing.T) {
	model := unzipped(t, "spiece.model.gz")
	dir, copied := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, spieceName), model, 0o644); err != nil {
		t.Fatal(err)
	}
	tok, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Save(copied); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(filepath.Join(copied, spieceName)); err != nil || !bytes.Equal(again, model) {
		t.Errorf("the saved model differs (%v)", err)
	}
	if id, ok := tok.ID("[MASK]"); !ok || id != tok.MaskID || tok.PadID != 0 || tok.UnkID != 1 || tok.VocabSize() != 400 {
		t.Errorf("[MASK] %d, %v; pad %d, unknown %d, size %d", id, ok, tok.PadID, tok.UnkID, tok.VocabSize())
	}
}

func TestBrokenSentencePieceModelsAreErrors(t *testing.T) {
	model := unzipped(t, "spiece.model.gz")
	trainer := func(number protowire.Number, value uint64) []byte {
		inner := protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), value)
		return protowire.AppendBytes(protowire.AppendTag(slices.Clone(model), 2, protowire.BytesType), inner)
	}
	charsmap := func(table []byte) []byte {
		inner := protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), table)
		return protowire.AppendBytes(protowire.AppendTag(slices.Clone(model), 3, protowire.BytesType), inner)
	}
	for name, test := range map[string]struct {
		model []byte
		want  string
	}{
		"empty":             {[]byte{}, "no pieces"},
		"a text":            {[]byte("version 1\n"), "not a SentencePiece model"},
		"cut":               {model[:len(model)-7], "not a SentencePiece model"},
		"BPE":               {trainer(3, 2), "not Unigram"},
		"bytes":             {trainer(35, 1), "bytes"},
		"unknown beyond":    {trainer(40, 4000), "unknown token has the id 4000"},
		"a short table":     {charsmap([]byte{1}), "precompiled_charsmap"},
		"a table too large": {charsmap([]byte{255, 255, 255, 255, 0}), "precompiled_charsmap"},
		"no [CLS]":          {bytes.ReplaceAll(model, []byte("[CLS]"), []byte("[CLX]")), `has no "[CLS]"`},
	} {
		if _, err := fromFiles(map[string][]byte{spieceName: test.model}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, test.want)
		}
	}
}

func FuzzSpiece(f *testing.F) {
	small := func(charsmap []byte) []byte {
		var model []byte
		for i, piece := range []string{"<pad>", "<unk>", "[CLS]", "[SEP]", "▁the", "▁", "a", "é"} {
			inner := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), piece)
			inner = protowire.AppendFixed32(protowire.AppendTag(inner, 2, protowire.Fixed32Type), uint32(0xc0000000+i))
			inner = protowire.AppendVarint(protowire.AppendTag(inner, 3, protowire.VarintType), uint64(1+i%4))
			model = protowire.AppendBytes(protowire.AppendTag(model, 1, protowire.BytesType), inner)
		}
		inner := protowire.AppendVarint(protowire.AppendTag(nil, 40, protowire.VarintType), 1)
		model = protowire.AppendBytes(protowire.AppendTag(model, 2, protowire.BytesType), inner)
		inner = protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), charsmap)
		return protowire.AppendBytes(protowire.AppendTag(model, 3, protowire.BytesType), inner)
	}
	f.Add(small(nil), "the a\xffé")
	f.Add(small([]byte{8, 0, 0, 0, 0, 255, 3, 0, 'a', 1, 0, 0, 'x', 0}), "aa the")
	f.Fuzz(func(t *testing.T, model []byte, text string) {
		tok, err := fromFiles(map[string][]byte{spieceName: model})
		if err != nil {
			return
		}
		checkEncoding(t, tok, text, "the", 16)
	})
}
