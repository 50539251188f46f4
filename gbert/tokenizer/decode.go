package tokenizer

import "strings"

// decoder is how tokens become text.
type decoder int

const (
	wordPieceDecoder decoder = iota
	untidyDecoder            // the same without tidying
	metaspaceDecoder
	blankDecoder // tokens with blanks between them
)

// Decode returns ids as text, as transformers' decode does: continuations are
// joined to what they continue, other tokens get a blank before them, except
// for . , ? and !. Special tokens are written out. Ids without a token are left
// out.
func (t *Tokenizer) Decode(ids []int32) string {
	if t.decoder == metaspaceDecoder {
		return t.decodePieces(ids)
	}
	var text strings.Builder
	for _, id := range ids {
		token, ok := t.tokens[id]
		if !ok {
			continue
		}
		if text.Len() > 0 {
			if rest, continues := strings.CutPrefix(token, t.prefix); continues && t.decoder != blankDecoder {
				token = rest
			} else {
				token = " " + token
			}
		}
		if t.decoder == wordPieceDecoder {
			for _, tidy := range tidying {
				token = strings.ReplaceAll(token, tidy.from, tidy.to)
			}
		}
		text.WriteString(token)
	}
	return text.String()
}

// tidying is what the reference replaces, in this order, in each token with
// the blank before it.
var tidying = []struct{ from, to string }{
	{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"},
	{" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
}

// decodePieces is [Tokenizer.Decode] for a Unigram model: metaspaces are blanks.
func (t *Tokenizer) decodePieces(ids []int32) string {
	var text strings.Builder
	for _, id := range ids {
		token := t.tokens[id]
		if text.Len() == 0 {
			token = strings.TrimPrefix(token, metaspace)
		}
		text.WriteString(strings.ReplaceAll(token, metaspace, " "))
	}
	return text.String()
}
