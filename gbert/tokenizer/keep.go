package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Size is the number of tokens.
func (t *Tokenizer) Size() int { return len(t.tokens) }

// Keep returns the tokenizer without all tokens but those of ids, which are
// ascending: token ids[i] has the id i from then on. All files are written
// anew: the vocabulary, added tokens, what the post_processor puts around
// texts.
//
// Ids that are not [Tokenizer.Special] may go, but those of
// [Tokenizer.Needed] should stay. An id that no token has, a special one that
// is missing, and files that contradict each other are errors.
func (t *Tokenizer) Keep(ids []int32) (*Tokenizer, error) {
	k, err := t.keeping(ids)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	kept := map[string][]byte{}
	for name, text := range t.files {
		if rewrite := k.rewriter(name); rewrite != nil {
			if text, err = rewrite(text); err != nil {
				return nil, fmt.Errorf("tokenizer: %s: %w", name, err)
			}
		}
		kept[name] = text
	}
	smaller, err := assemble(kept, t.facts)
	if err == nil {
		err = k.check(smaller)
	}
	if err != nil {
		return nil, fmt.Errorf("tokenizer: the smaller vocabulary: %w", err)
	}
	return smaller, nil
}

// keeper writes files for the tokens that stay.
type keeper struct {
	of     *Tokenizer
	number map[int32]int32 // new ids by old ones
}

func (t *Tokenizer) keeping(ids []int32) (*keeper, error) {
	k := &keeper{t, make(map[int32]int32, len(ids))}
	for i, id := range ids {
		if i > 0 && id <= ids[i-1] {
			return nil, fmt.Errorf("id %d comes after %d: ids are ascending", id, ids[i-1])
		}
		if _, ok := t.tokens[id]; !ok {
			return nil, fmt.Errorf("no token has the id %d", id)
		}
		k.number[id] = int32(i)
	}
	for _, id := range t.SpecialIDs() {
		if _, ok := k.number[id]; !ok {
			return nil, fmt.Errorf("the token %q would be lost, which is special or added: it must stay", t.tokens[id])
		}
	}
	return k, nil
}

// rewriter is what writes a file anew; nil where it has no ids.
func (k *keeper) rewriter(name string) func(text []byte) ([]byte, error) {
	return map[string]func(text []byte) ([]byte, error){
		jsonName: k.json, vocabName: k.lines, spieceName: k.spiece, configName: k.config, addedName: k.added,
	}[name]
}

// check reports a tokenizer of the new files that is not the old one with
// other ids.
func (k *keeper) check(smaller *Tokenizer) error {
	for old, now := range k.number {
		if token := k.of.tokens[old]; smaller.tokens[now] != token {
			return fmt.Errorf("the files give the id %d to %q in place of %q: added tokens do not stand as they were read", now, smaller.tokens[now], token)
		}
	}
	if smaller.size != len(k.number) {
		return fmt.Errorf("the files have %d tokens in place of %d", smaller.size, len(k.number))
	}
	for _, id := range []struct{ old, now int32 }{
		{k.of.PadID, smaller.PadID}, {k.of.UnkID, smaller.UnkID}, {k.of.ClsID, smaller.ClsID}, {k.of.SepID, smaller.SepID}, {k.of.MaskID, smaller.MaskID},
	} {
		if id.old >= 0 && k.number[id.old] != id.now {
			return fmt.Errorf("the token %q has the id %d in place of %d", k.of.tokens[id.old], id.now, k.number[id.old])
		}
	}
	return nil
}

// lines writes a vocab.txt.
func (k *keeper) lines(text []byte) ([]byte, error) {
	var out bytes.Buffer
	id := int32(0)
	for line := range bytes.Lines(text) {
		if _, stays := k.number[id]; stays {
			token := strings.TrimRight(string(line), "\r\n")
			if has := k.of.tokens[id]; strings.TrimRightFunc(token, unicode.IsSpace) != strings.TrimRightFunc(has, unicode.IsSpace) {
				return nil, disagree(int(id), token, has)
			}
			out.WriteString(token)
			out.WriteByte('\n')
		}
		id++
	}
	return out.Bytes(), nil
}

// disagree is the error of a file whose vocabulary is not the one that counts.
func disagree(id int, has, want string) error {
	return fmt.Errorf("its token %d is %q, and %q in the tokenizer's other file: remove the file that is wrong", id, has, want)
}

// renumbered is the new id of a token.
func (k *keeper) renumbered(id int32) (int32, error) {
	now, ok := k.number[id]
	if !ok {
		return 0, fmt.Errorf("the id %d stands where a token must stay, and it goes", id)
	}
	return now, nil
}

// SpecialIDs are the ids that must stay whatever the texts are, ascending: the
// special tokens, those that are put around texts, all that were added, and
// what a SentencePiece model has as other than an ordinary piece.
func (t *Tokenizer) SpecialIDs() []int32 {
	ids := map[int32]bool{}
	add := func(list ...int32) {
		for _, id := range list {
			if _, ok := t.tokens[id]; ok {
				ids[id] = true
			}
		}
	}
	add(t.PadID, t.UnkID, t.ClsID, t.SepID, t.MaskID)
	add(t.added...)
	for _, s := range slices.Concat(t.single, t.pair) {
		add(s.ids...)
	}
	if t.unigram != nil {
		add(t.unigram.unknown)
	} else {
		add(t.model.unknown)
	}
	add(t.mentioned()...)
	return slices.Sorted(maps.Keys(ids))
}

// mentioned are the ids that the files name beside the vocabulary, followed or
// not. Of a file that cannot be read there are none.
func (t *Tokenizer) mentioned() (ids []int32) {
	var j tokenizerJSON
	if err := json.Unmarshal(t.files[jsonName], &j); err == nil {
		for _, token := range j.AddedTokens {
			ids = append(ids, token.ID)
		}
		if j.PostProcessor != nil {
			f, _ := j.PostProcessor.frames() // empty where it is none
			for _, s := range slices.Concat(f.single, f.pair) {
				ids = append(ids, s.ids...)
			}
		}
	}
	if parsed, err := parseSpiece(t.files[spieceName]); err == nil {
		for i, kind := range parsed.kinds {
			if kind != normalPiece {
				ids = append(ids, int32(i))
			}
		}
	}
	return ids
}
