package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
)

// assembly is a tokenizer in the making.
type assembly struct {
	*Tokenizer
	of    family
	s     *settings
	json  *tokenizerJSON // nil: there is none
	files map[string][]byte
	unk   string // the model's unknown token
	runes int    // more characters make a word unknown
}

// assemble makes a tokenizer of the contents of a folder's files, as
// transformers does for a model of which facts is known.
func assemble(files map[string][]byte, facts modelFacts) (*Tokenizer, error) {
	a := &assembly{
		Tokenizer: &Tokenizer{files: files, facts: facts, prefix: defaultPrefix, decoder: wordPieceDecoder, PadID: -1, ClsID: -1, SepID: -1, MaskID: -1, UnkID: -1},
		files:     files, runes: defaultMaxRunes,
	}
	var tokens []addedToken
	if text := files[jsonName]; text != nil {
		a.json = &tokenizerJSON{}
		if err := json.Unmarshal(text, a.json); err != nil {
			return nil, fmt.Errorf("%s: %w", jsonName, err)
		}
		tokens = a.json.AddedTokens
	}
	var err error
	if a.s, err = readSettings(files, facts, tokens); err != nil {
		return nil, err
	}
	if a.of, err = familyOf(a.s.class, facts.Type); err != nil {
		return nil, fmt.Errorf("%s: %w", configName, err)
	}
	a.of = a.present(a.of)
	if err := a.model(); err != nil {
		return nil, err
	}
	if err := a.addTokens(); err != nil {
		return nil, err
	}
	if err := a.options(facts); err != nil {
		return nil, err
	}
	return a.Tokenizer, nil
}

// present is the family for the files that are there: where the class would read
// another vocabulary than the folder has, that which is there is read as what
// it is.
func (a *assembly) present(of family) family {
	has := func(name string) bool { return a.files[name] != nil }
	instead := of
	switch {
	case has(jsonName):
		return of
	case has(vocabName) && (of == general || of == albertFamily || of == xlmRobertaFamily):
		instead = bertFamily
	case !has(vocabName) && of != albertFamily:
		instead = albertFamily
	default:
		return of
	}
	if of != byFiles {
		name := map[family]string{bertFamily: vocabName + " is read as a BertTokenizer's", albertFamily: spieceName + " is read as an AlbertTokenizer's"}[instead]
		a.note("%s: transformers 5 finds no vocabulary for the class %s in this folder", name, a.s.className(of))
	}
	return instead
}

// source is the file of the vocabulary.
func (a *assembly) source() string {
	switch {
	case a.json != nil:
		return jsonName
	case a.files[vocabName] != nil:
		return vocabName
	}
	return spieceName
}

// model takes the vocabulary and the steps before it.
func (a *assembly) model() error {
	var err error
	switch {
	case a.of == general || a.of == byFiles && a.json != nil:
		err = a.fromJSON()
	case a.of == albertFamily || a.of == xlmRobertaFamily:
		err = a.albert()
	default:
		err = a.bert()
	}
	if err == nil {
		err = a.required()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", a.source(), err)
	}
	vocab := a.ids
	a.ids = maps.Clone(vocab) // tokens that are added only are not the model's
	a.registry = newRegistry(len(vocab))
	if a.unigram == nil {
		a.Tokenizer.model = newWordPiece(vocab, a.prefix, a.runes, vocab[a.unk])
	}
	return nil
}

// bert makes the class BertTokenizer.
func (a *assembly) bert() error {
	lower, err := a.s.flag("do_lower_case", true)
	if err != nil && a.of == bertFamily {
		return err
	}
	strip, err := a.s.optional("strip_accents")
	if err != nil {
		return err
	}
	chinese, err := a.s.flag("tokenize_chinese_chars", true)
	if err != nil && a.of == bertFamily {
		return err
	}
	a.normal = &normalizer{clean: true, chinese: chinese, lower: lower, strip: lower}
	if strip != nil {
		a.normal.strip = *strip
	}
	a.words, a.plain = []splitter{bertWords}, true
	a.unk = a.s.token("unk_token", "[UNK]")
	if a.json == nil {
		return a.setLines(a.files[vocabName])
	}
	if kind := a.json.Model.kind(); kind != "WordPiece" {
		return fmt.Errorf("the model is %s: supported are, with the class %s, a WordPiece model", kind, a.s.className(a.of))
	}
	a.overruled(a.json.unlikeBert(*a.normal, a.unk))
	return a.setVocabulary(a.json.Model.Vocab)
}

// overruled notes what tokenizer.json says and the class does not read.
func (a *assembly) overruled(differences string) {
	if differences != "" {
		a.note("%s says %s, which is not followed: transformers 5 makes a %s of %s and its own defaults (with the class PreTrainedTokenizerFast there it follows %s)",
			jsonName, differences, a.s.className(a.of), configName, jsonName)
	}
}

// albert makes the classes AlbertTokenizer and XLMRobertaTokenizer.
func (a *assembly) albert() error {
	prefix, err := a.s.flag("add_prefix_space", true)
	if err != nil {
		return err
	}
	a.words = []splitter{whitespaceSplit, metaspaces{mark: metaspace, prefix: prefix}.split}
	a.decoder = metaspaceDecoder
	var pieces []scored
	var chars *charsmap
	var unknown int
	switch {
	case a.json != nil:
		if kind := a.json.Model.kind(); kind != "Unigram" {
			return fmt.Errorf("the model is %s: supported are, with the class %s, a Unigram model", kind, a.s.className(a.of))
		}
		if pieces, unknown, err = a.json.pieces(); err != nil {
			return err
		}
		if chars, err = a.json.charsmap(); err != nil {
			return err
		}
	case a.of == xlmRobertaFamily:
		return errors.New("the class XLMRobertaTokenizer needs tokenizer.json")
	default:
		if pieces, unknown, chars, err = a.spiece(); err != nil {
			return err
		}
	}
	if a.of == xlmRobertaFamily {
		if chars != nil {
			a.steps = append(a.steps, chars.apply)
		}
		return a.setPieces(pieces, unknown)
	}
	lower, err := a.s.flag("do_lower_case", true)
	if err != nil {
		return err
	}
	accents, err := a.s.flag("keep_accents", false)
	if err != nil {
		return err
	}
	a.albertSteps(lower, accents, chars)
	if a.json != nil {
		a.overruled(a.json.unlikeAlbert(lower, accents, chars != nil))
	}
	return a.setPieces(pieces, unknown)
}

// spiece reads a SentencePiece model. Its control and user-defined pieces are
// extra special tokens, if tokenizer_config.json lists none.
func (a *assembly) spiece() ([]scored, int, *charsmap, error) {
	parsed, err := parseSpiece(a.files[spieceName])
	if err != nil {
		return nil, 0, nil, err
	}
	var chars *charsmap
	if len(parsed.charsmap) > 0 {
		if chars, err = parseCharsmap(parsed.charsmap); err != nil {
			return nil, 0, nil, err
		}
	}
	if a.s.mapped { // transformers puts the pieces in their place
		a.s.extra, a.s.listed = nil, false
	}
	if !a.s.listed {
		for i, kind := range parsed.kinds {
			if kind == controlPiece || kind == userPiece {
				a.s.extra = append(a.s.extra, addedToken{ID: -1, Content: parsed.pieces[i].token, Special: kind == controlPiece})
			}
		}
	}
	return parsed.pieces, parsed.unknown, chars, nil
}

// fromJSON makes what tokenizer.json says.
func (a *assembly) fromJSON() error {
	j := a.json
	switch kind := j.Model.kind(); kind {
	case "Unigram":
		pieces, unknown, err := j.pieces()
		if err != nil {
			return err
		}
		if err := a.setPieces(pieces, unknown); err != nil {
			return err
		}
		a.decoder = metaspaceDecoder
	case "WordPiece":
		if err := a.setVocabulary(j.Model.Vocab); err != nil {
			return err
		}
		a.unk, a.runes = "[UNK]", j.Model.maxRunes()
		if j.Model.Unk != "" {
			a.unk = j.Model.Unk
		}
		if j.Model.Prefix != nil {
			a.prefix = *j.Model.Prefix
		}
	default:
		return fmt.Errorf("the model is %s: supported are WordPiece and Unigram", kind)
	}
	if err := a.jsonSteps(); err != nil {
		return err
	}
	for _, token := range j.AddedTokens {
		if token.ID < 0 {
			return fmt.Errorf("added token %q has the id %d, which is negative", token.Content, token.ID)
		}
	}
	return nil
}

// jsonSteps takes the normalizer and the pre_tokenizer.
func (a *assembly) jsonSteps() error {
	n, p, err := a.json.steps()
	if err != nil {
		return err
	}
	missing := a.of == byFiles && a.unigram == nil // a file without class and steps is BERT's
	bert := (n == nil && missing || n != nil && n.Type == "BertNormalizer") && a.unigram == nil
	switch {
	case bert && n == nil:
		a.normal = &normalizer{clean: true, chinese: true, strip: true, lower: true}
	case bert:
		normal := n.bert()
		a.normal = &normal
	case n != nil:
		if err := a.addNormalizer(*n, 0); err != nil {
			return err
		}
	}
	if a.of == byFiles && bert {
		if err := a.overrule(); err != nil {
			return err
		}
	}
	switch {
	case p != nil && p.Type == "BertPreTokenizer", p == nil && missing:
		a.words, a.plain = []splitter{bertWords}, bert
	case p != nil:
		return a.addPretokenizer(*p, 0)
	}
	return nil
}

// overrule lets tokenizer_config.json change BERT's normalizer, where no class
// is known.
func (a *assembly) overrule() error {
	for _, s := range []struct {
		key string
		to  []*bool
	}{{"do_lower_case", []*bool{&a.normal.lower, &a.normal.strip}}, {"strip_accents", []*bool{&a.normal.strip}}, {"tokenize_chinese_chars", []*bool{&a.normal.chinese}}} {
		value, err := a.s.optional(s.key)
		if err != nil {
			return err
		}
		for _, to := range s.to {
			if value != nil {
				*to = *value
			}
		}
	}
	return nil
}
