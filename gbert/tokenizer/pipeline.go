package tokenizer

// appendText appends the tokens of a text without the special tokens around
// it: added tokens are found in the text as it is, then the normalizer, added
// tokens in its result, the pre-tokenizer and the model follow.
func (t *Tokenizer) appendText(out *tokens, text string, s *scratch) {
	located := out.located
	t.raw.split(text, func(start, end int) {
		if t.plain && !located {
			t.appendPlain(out, text[start:end], s)
			return
		}
		a := newAligned(text, start, end, located || t.located)
		t.normalize(&a)
		t.normalized.split(string(a.text), func(start, end int) {
			t.appendPieces(out, a.slice(start, end))
		}, func(id int32, start, end int) {
			out.ids = append(out.ids, id)
			if located {
				out.spans = append(out.spans, a.span(start, end))
			}
		})
	}, func(id int32, start, end int) {
		out.ids = append(out.ids, id)
		if located {
			out.spans = append(out.spans, span{int32(start), int32(end)})
		}
	})
}

// normalize applies the normalizer.
func (t *Tokenizer) normalize(a *aligned) {
	if t.normal != nil {
		t.normal.align(a)
	}
	for _, step := range t.steps {
		step(a)
	}
}

// appendPieces appends the tokens of normalised text.
func (t *Tokenizer) appendPieces(out *tokens, text aligned) {
	pieces := []aligned{text}
	for _, split := range t.words {
		var next []aligned
		for _, piece := range pieces {
			next = split(next, piece)
		}
		pieces = next
	}
	for _, piece := range pieces {
		t.appendPiece(out, piece)
	}
}

func (t *Tokenizer) appendPiece(out *tokens, piece aligned) {
	out.ends = out.ends[:0]
	if t.unigram != nil {
		t.unigram.appendPiece(out, piece.text)
	} else {
		t.model.appendPiece(out, piece.text)
	}
	if !out.located {
		return
	}
	from := 0
	for _, end := range out.ends {
		out.spans = append(out.spans, piece.span(from, end))
		from = end
	}
}

// appendPlain is appendText for BERT's kind of tokenizer without alignment and
// without memory of its own.
func (t *Tokenizer) appendPlain(out *tokens, text string, s *scratch) {
	words := func(text []byte) {
		eachWord(text, func(start, end int) { t.model.appendPiece(out, text[start:end]) })
	}
	s.text = t.normal.append(s.text[:0], text)
	if !t.normalized.any {
		words(s.text)
		return
	}
	normal := string(s.text)
	t.normalized.split(normal, func(start, end int) { words([]byte(normal[start:end])) }, func(id int32, _, _ int) { out.ids = append(out.ids, id) })
}
