package tokenizer

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// folders are those of testdata/folders.json.gz, once they have been read.
var folders *goldenFolders

// readFolders reads testdata/folders.json.gz.
func readFolders(t *testing.T) *goldenFolders {
	t.Helper()
	if folders != nil {
		return folders
	}
	reader, err := gzip.NewReader(bytes.NewReader(readFile(t, "testdata/folders.json.gz")))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	var golden goldenFolders
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	folders = &golden
	return folders
}

// pairs are the texts of a folder.
func (g *goldenFolders) pairs(f goldenFolder) (pairs []Pair) {
	texts := f.Texts
	if texts == nil {
		texts = g.Texts
	}
	for _, text := range texts {
		p := Pair{A: text[0].(string)}
		if len(text) > 1 && text[1] != nil {
			p.B, p.Both = text[1].(string), true
		}
		pairs = append(pairs, p)
	}
	return pairs
}

// keptFor is a tokenizer with the tokens that texts have and those that are needed.
func keptFor(tok *Tokenizer, pairs []Pair) (*Tokenizer, []int32, error) {
	ids := tok.Needed()
	for _, e := range tok.EncodeAll(pairs, 0) {
		ids = append(ids, e.IDs...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	smaller, err := tok.Keep(ids)
	return smaller, ids, err
}

// sameTokens compares the tokens of texts, by their names, with those of a smaller vocabulary.
func sameTokens(t *testing.T, name string, tok, smaller *Tokenizer, ids []int32, pairs []Pair) {
	t.Helper()
	got := smaller.EncodeAll(pairs, 0)
	for i, want := range tok.EncodeAll(pairs, 0) {
		renamed := make([]int32, len(got[i].IDs))
		for j, id := range got[i].IDs {
			renamed[j] = ids[id]
		}
		if !slices.Equal(renamed, want.IDs) || !slices.Equal(got[i].Types, want.Types) {
			t.Errorf("%s: %+v: got %v, want %v", name, pairs[i], renamed, want.IDs)
			return
		}
	}
}

func TestTextsKeepTheirTokensInTheVocabularyThatTheyUse(t *testing.T) {
	golden := readFolders(t)
	compared := 0
	for _, f := range golden.Folders {
		tok, err := golden.load(t, f)
		if err != nil {
			continue
		}
		pairs := golden.pairs(f)
		smaller, ids, err := keptFor(tok, pairs)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		compared++
		if smaller.Size() != len(ids) || smaller.Size() > tok.Size() || smaller.MaxLength() != tok.MaxLength() {
			t.Errorf("%s: %d of %d tokens, want %d", f.Name, smaller.Size(), tok.Size(), len(ids))
		}
		sameTokens(t, f.Name, tok, smaller, ids, pairs)
	}
	if compared < 250 {
		t.Errorf("only %d folders were cut", compared)
	}
}

// unknowns counts the unknown tokens of texts.
func unknowns(tok *Tokenizer, text string) (n int) {
	for _, id := range tok.Encode(text, "", 0).IDs {
		if id == tok.UnkID {
			n++
		}
	}
	return n
}

// drawn are texts of pieces of a vocabulary and characters, put together at random.
func drawn(tok *Tokenizer, n int, seed uint64) (texts []string) {
	rng := rand.New(rand.NewPCG(seed, 1))
	alphabet := []rune("abcdefghijklmnopqrstuvwxyz0123456789#▁.,-'éßЖ中한🙂 ")
	for range n {
		var text strings.Builder
		for range 1 + rng.IntN(12) {
			switch piece := tok.Token(int32(rng.IntN(tok.VocabSize()))); {
			case rng.IntN(3) == 0:
				text.WriteRune(alphabet[rng.IntN(len(alphabet))])
			default:
				text.WriteString(strings.TrimPrefix(strings.ReplaceAll(piece, metaspace, " "), "##"))
			}
			if rng.IntN(3) == 0 {
				text.WriteByte(' ')
			}
		}
		texts = append(texts, text.String())
	}
	return texts
}

func TestNoTextBecomesUnknownWithTheTokensThatAreNeeded(t *testing.T) {
	golden := readFolders(t)
	smallest := 0
	for i, f := range golden.Folders {
		tok, err := golden.load(t, f)
		if err != nil || tok.UnkID < 0 || i%3 != 0 { // a third of them, for the time
			continue
		}
		smaller, err := tok.Keep(tok.Needed())
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		if smaller.Size() < tok.Size() {
			smallest++
		}
		for _, text := range drawn(tok, 40, uint64(i)) {
			if before, now := unknowns(tok, text), unknowns(smaller, text); before == 0 && now > 0 {
				t.Errorf("%s: %q has %d unknown tokens, and had none", f.Name, text, now)
				break
			}
		}
	}
	if smallest < 20 {
		t.Errorf("only %d vocabularies became smaller", smallest)
	}
}

// A character without a token of its own: words with it stay as they are, in this script alone.
func TestTokensStayWhoseCharactersCannotBeSpelled(t *testing.T) {
	letters := strings.Split("a,b,c,##a,##b,##c", ",")
	vocab := slices.Concat([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]"}, letters, strings.Split("ab,##bc,abc,ж,##ж,жя,##яж,xy,##yx", ","))
	tok, err := FromVocab(vocab, true)
	if err != nil {
		t.Fatal(err)
	}
	smaller, err := tok.Keep(tok.Needed())
	if err != nil {
		t.Fatal(err)
	}
	for token, stays := range map[string]bool{"ab": false, "##bc": false, "abc": false, "жя": true, "##яж": true, "ж": true, "xy": true, "##yx": true, "##c": true} {
		if _, ok := smaller.ID(token); ok != stays {
			t.Errorf("%q stays: %v, want %v", token, ok, stays)
		}
	}
}

func TestWhatCannotBeKeptIsRefused(t *testing.T) {
	tok, err := FromVocab(strings.Split("[PAD],[UNK],[CLS],[SEP],a,b", ","), true)
	if err != nil {
		t.Fatal(err)
	}
	for want, ids := range map[string][]int32{
		`the token "[SEP]" would be lost`: {0, 1, 2, 4}, "no token has the id 9": {0, 1, 2, 3, 9}, "ids are ascending": {0, 2, 1, 3},
	} {
		if _, err := tok.Keep(ids); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", ids, err, want)
		}
	}
	other, err := fromFiles(map[string][]byte{jsonName: []byte(`{"model":{"type":"WordPiece","vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"a":4}}}`), vocabName: []byte("[PAD]\n[UNK]\n[CLS]\n[SEP]\nb\n")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Keep([]int32{0, 1, 2, 3, 4}); err == nil || !strings.Contains(err.Error(), "remove the file that is wrong") {
		t.Errorf("files that contradict each other: %v", err)
	}
}
