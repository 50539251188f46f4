package tokenizer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

type goldenWindow struct {
	IDs, Types, Offsets []int32
	Texts               []int8
}

type goldenWindows struct {
	Strategy, Side, A, B string
	Most, Stride         int
	Windows              []goldenWindow
}

type goldenOffsets struct {
	Options json.RawMessage
	Random  string
	Cases   []struct {
		A            string
		IDs, Offsets []int32
	}
	Windows []goldenWindows
}

// eachOffsets runs a test with every configuration of offsets.json.
func eachOffsets(t *testing.T, run func(t *testing.T, tok *Tokenizer, alphabet []string, want goldenOffsets)) {
	var golden struct {
		Configs map[string]goldenOffsets
	}
	var texts struct {
		Alphabet []string
	}
	readJSON(t, "testdata/offsets.json", &golden)
	readJSON(t, "testdata/golden.json", &texts)
	spiece := unzipped(t, "spiece.model.gz")
	for _, name := range slices.Sorted(maps.Keys(golden.Configs)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := golden.Configs[name]
			files := map[string][]byte{vocabName: readFile(t, "testdata/vocab.txt"), configName: want.Options}
			if strings.HasPrefix(name, "albert") {
				files = map[string][]byte{spieceName: spiece, configName: want.Options}
			}
			tok, err := fromFiles(files)
			if err != nil {
				t.Fatal(err)
			}
			run(t, tok, texts.Alphabet, want)
		})
	}
}

// inCharacters counts offsets as the reference does, start and end by turns.
func inCharacters(e Encoding, texts ...string) []int32 {
	out := []int32{}
	for _, o := range e.Offsets {
		if o.Text < 0 {
			out = append(out, 0, 0)
			continue
		}
		text := texts[o.Text]
		out = append(out, int32(utf8.RuneCountInString(text[:o.Start])), int32(utf8.RuneCountInString(text[:o.End])))
	}
	return out
}

func located(t *testing.T, tok *Tokenizer, text string) Encoding {
	t.Helper()
	all, err := tok.EncodeWith(Pair{A: text}, Options{Offsets: true})
	if err != nil || len(all) != 1 {
		t.Fatalf("%q: %v, %v", text, all, err)
	}
	return all[0]
}

func TestOffsetsAreTheReferences(t *testing.T) {
	eachOffsets(t, func(t *testing.T, tok *Tokenizer, alphabet []string, want goldenOffsets) {
		if len(want.Cases) < 60 {
			t.Fatalf("only %d cases", len(want.Cases))
		}
		for _, c := range want.Cases {
			e := located(t, tok, c.A)
			if got := inCharacters(e, c.A); !slices.Equal(got, c.Offsets) || !slices.Equal(e.IDs, c.IDs) {
				t.Errorf("%q:\n got %v %v\nwant %v %v", c.A, e.IDs, got, c.IDs, c.Offsets)
			}
		}
		digest := sha256.New()
		eachRandomText(alphabet, func(text string) {
			e := located(t, tok, text)
			b := binary.LittleEndian.AppendUint32(nil, uint32(len(e.IDs)))
			b, _ = binary.Append(b, binary.LittleEndian, e.IDs)
			b, _ = binary.Append(b, binary.LittleEndian, inCharacters(e, text))
			digest.Write(b)
		})
		if got := sum(digest); got != want.Random {
			t.Errorf("random texts: got %s, want %s", got, want.Random)
		}
	})
}

func TestIdsDoNotDependOnWhetherOffsetsAreAskedFor(t *testing.T) {
	eachOffsets(t, func(t *testing.T, tok *Tokenizer, alphabet []string, _ goldenOffsets) {
		n := 0
		eachRandomText(alphabet, func(text string) {
			if n++; n > 4000 {
				return
			}
			text += "\xff" + text
			plain, e := tok.Encode(text, "", 0), located(t, tok, text)
			if !slices.Equal(plain.IDs, e.IDs) {
				t.Errorf("%q: %v without offsets, %v with", text, plain.IDs, e.IDs)
			}
			for _, o := range e.Offsets {
				if o.Start > o.End || int(o.End) > len(text) {
					t.Errorf("%q of %d bytes: %v", text, len(text), e.Offsets)
				}
			}
		})
	})
}

func TestWindowsOverLongTextsAreTheReferences(t *testing.T) {
	strategies := map[string]Truncation{"longest_first": LongestFirst, "only_first": OnlyFirst, "only_second": OnlySecond}
	eachOffsets(t, func(t *testing.T, tok *Tokenizer, _ []string, want goldenOffsets) {
		for _, w := range want.Windows {
			tok := *tok
			tok.cutsLeft = w.Side == "left"
			got, err := tok.EncodeWith(Pair{A: w.A, B: w.B}, Options{MaxLength: w.Most, Truncation: strategies[w.Strategy], Windows: true, Stride: w.Stride, Offsets: true})
			if err != nil || len(got) != len(w.Windows) {
				t.Errorf("%s, %s, %d, %d: %d windows, want %d (%v)", w.Strategy, w.Side, w.Most, w.Stride, len(got), len(w.Windows), err)
				continue
			}
			for i, e := range got {
				texts := make([]int8, len(e.Offsets))
				for j, o := range e.Offsets {
					texts[j] = o.Text
				}
				want := w.Windows[i]
				if offsets := inCharacters(e, w.A, w.B); !slices.Equal(e.IDs, want.IDs) || !slices.Equal(e.Types, want.Types) || !slices.Equal(offsets, want.Offsets) || !slices.Equal(texts, want.Texts) {
					t.Errorf("%s, %s, %d, %d, window %d:\n got %v %v %v\nwant %v", w.Strategy, w.Side, w.Most, w.Stride, i, e, offsets, texts, want)
				}
			}
			first, err := tok.EncodeWith(Pair{A: w.A, B: w.B}, Options{MaxLength: w.Most, Truncation: strategies[w.Strategy]})
			if err != nil || len(first) != 1 || !slices.Equal(first[0].IDs, got[0].IDs) || first[0].Offsets != nil {
				t.Errorf("without windows: %v, %v, want the ids of the first of them", first, err)
			}
		}
	})
}

func TestWindowsThatCannotBeAreErrors(t *testing.T) {
	tok, err := FromVocab(tinyVocab, true)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("cat ", 20)
	for name, c := range map[string]struct {
		pair Pair
		o    Options
		want string
	}{
		"no room":           {Pair{A: "the cat", B: long}, Options{MaxLength: 5, Truncation: OnlySecond}, "leave none for the text"},
		"stride too large":  {Pair{A: "the", B: long}, Options{MaxLength: 8, Truncation: OnlySecond, Windows: true, Stride: 4}, "the stride is 4 tokens: want 0 to 3"},
		"negative stride":   {Pair{A: long}, Options{MaxLength: 8, Windows: true, Stride: -1}, "the stride is -1"},
		"no second text":    {Pair{A: long}, Options{MaxLength: 8, Truncation: OnlySecond}, "there is none"},
		"windows over both": {Pair{A: long, B: long}, Options{MaxLength: 8, Windows: true}, "OnlyFirst or OnlySecond"},
	} {
		if _, err := tok.EncodeWith(c.pair, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
}
