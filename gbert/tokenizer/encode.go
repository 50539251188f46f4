package tokenizer

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// An Encoding is what the model is fed with for one sentence or pair; all
// slices have the length of the sequence, without padding.
type Encoding struct {
	IDs     []int32  // [CLS] a [SEP], or [CLS] a [SEP] b [SEP]
	Types   []int32  // 0 up to and with the first [SEP], then 1
	Offsets []Offset // where each token stands; nil unless [Options.Offsets] asks for them
	Cut     bool     // tokens of the texts are left out, to keep to a length
}

// An Offset says which part of which text a token stands for: bytes Start to
// End, End excluded, of A for the Text 0 and of B for 1. The special tokens
// around the texts have the Text −1 and the bounds 0 and 0. The places are
// those of Hugging Face's tokenizers (return_offsets_mapping), which counts
// characters where this counts bytes.
type Offset struct {
	Start, End int32
	Text       int8
}

// A Pair is an input of [Tokenizer.EncodeAll]: a single sentence if B is
// empty, unless Both is set.
type Pair struct {
	A, B string
	Both bool // B counts even if it is empty
}

// A Truncation says which text is cut where both are too long together.
type Truncation int

// The strategies of transformers: longest_first, only_first, only_second.
const (
	LongestFirst Truncation = iota
	OnlyFirst
	OnlySecond
)

// Options are those of [Tokenizer.EncodeWith]. The zero value cuts nothing.
type Options struct {
	MaxLength  int        // tokens of a sequence at most, special ones too; 0: any number
	Truncation Truncation // which text is cut
	Windows    bool       // what is cut off is encoded, too, in further windows over the text that is cut
	Stride     int        // how many tokens of that text a window shares with the one before
	Offsets    bool       // the encodings have their Offsets
}

// Encode returns the ids of [CLS] a [SEP], or of [CLS] a [SEP] b [SEP] if b is
// not empty.
//
// A positive maxLength bounds the length of the sequence: the end of the
// longer text is cut until both are equally long, then the ends of both; when
// one token is left over, it goes to the text that was the longer one (to b if
// they were equal). That is what transformers does for truncation=True. The
// special tokens always stay, so that a maxLength below 2 (3 for a pair) counts
// as that. With maxLength ≤ 0 nothing is cut.
func (t *Tokenizer) Encode(a, b string, maxLength int) Encoding {
	return t.encode(Pair{A: a, B: b}, maxLength)
}

// EncodeAll encodes all pairs as [Tokenizer.Encode] does, on all processors.
// Element i of the result is that of pairs[i].
func (t *Tokenizer) EncodeAll(pairs []Pair, maxLength int) []Encoding {
	out := make([]Encoding, len(pairs))
	const chunk = 64
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(pairs)+chunk-1)/chunk) {
		wg.Go(func() {
			for {
				start := int(next.Add(chunk)) - chunk
				if start >= len(pairs) {
					return
				}
				for i := start; i < min(start+chunk, len(pairs)); i++ {
					out[i] = t.encode(pairs[i], maxLength)
				}
			}
		})
	}
	wg.Wait()
	return out
}

// EncodeWith encodes one text or pair with more options than
// [Tokenizer.Encode] has. It returns one encoding, or with Options.Windows one
// for each window, the first of which is what Encode's way of cutting keeps.
//
// A pair whose only cut text would have no token left, a stride that is not
// below the number of tokens that a window has for its text, and windows of a
// pair whose texts are both cut are errors.
func (t *Tokenizer) EncodeWith(p Pair, o Options) ([]Encoding, error) {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	a, b, pair := t.texts(s, p, o.Offsets)
	ranges, err := t.windows(o, a.len(), b.len(), pair)
	if err != nil {
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	out := make([]Encoding, len(ranges))
	for i, r := range ranges {
		out[i] = t.frame(a.slice(r.a), b.slice(r.b), pair)
	}
	return out, nil
}

// bounds of the tokens that a window has of a text.
type bounds struct{ from, to int }

// window is what one encoding has of both texts.
type window struct{ a, b bounds }

// kept is what stays when texts of na and nb tokens are cut to ka and kb.
func (t *Tokenizer) kept(na, ka, nb, kb int) window {
	if t.cutsLeft {
		return window{bounds{na - ka, na}, bounds{nb - kb, nb}}
	}
	return window{bounds{0, ka}, bounds{0, kb}}
}

// windows are the parts of two texts of na and nb tokens that are encoded.
func (t *Tokenizer) windows(o Options, na, nb int, pair bool) ([]window, error) {
	special := t.special(pair)
	most := max(0, o.MaxLength-special)
	over := na + nb - most
	switch {
	case o.MaxLength <= 0 || over <= 0:
		return []window{{bounds{0, na}, bounds{0, nb}}}, nil
	case o.Truncation == OnlySecond && !pair:
		return nil, errors.New("only the second text may be cut, and there is none")
	case o.Truncation == LongestFirst && pair && o.Windows:
		return nil, errors.New("windows over a pair need OnlyFirst or OnlySecond: which of the texts they go over")
	case !o.Windows && (most == 0 || o.Truncation == LongestFirst):
		ka, kb := longestFirst(na, nb, most)
		return []window{t.kept(na, ka, nb, kb)}, nil
	}
	second := o.Truncation == OnlySecond
	n := na
	if second {
		n = nb
	}
	room := n - over
	if room <= 0 {
		return nil, fmt.Errorf("at most %d tokens leave none for the text that may be cut: %d tokens are special, and %d are the other text's", o.MaxLength, special, na+nb-n)
	}
	if o.Windows && (o.Stride < 0 || o.Stride >= room) {
		return nil, fmt.Errorf("the stride is %d tokens: want 0 to %d, less than a window has of its text", o.Stride, room-1)
	}
	var all []window
	for _, part := range t.parts(n, room, o.Stride) {
		w := window{part, bounds{0, nb}}
		if second {
			w = window{bounds{0, na}, part}
		}
		all = append(all, w)
		if !o.Windows {
			break
		}
	}
	return all, nil
}

// parts are the windows of room tokens over a text of n, of which neighbours
// share stride.
func (t *Tokenizer) parts(n, room, stride int) []bounds {
	var all []bounds
	for done := 0; ; done += room - stride {
		part := bounds{done, min(n, done+room)}
		if t.cutsLeft {
			part = bounds{n - part.to, n - part.from}
		}
		all = append(all, part)
		if done+room >= n {
			return all
		}
	}
}

// tokens are those of a text, without special tokens around it.
type tokens struct {
	ids     []int32
	located bool
	ends    []int  // where each token of the present piece ends in it, if located
	spans   []span // where each token came from, if located
}

// add appends a token that ends before byte end of its piece.
func (t *tokens) add(id int32, end int) {
	t.ids = append(t.ids, id)
	if t.located {
		t.ends = append(t.ends, end)
	}
}

func (t *tokens) len() int { return len(t.ids) }

func (t *tokens) slice(b bounds) tokens {
	part := tokens{ids: t.ids[b.from:b.to], located: t.located}
	if t.located {
		part.spans = t.spans[b.from:b.to]
	}
	return part
}

// scratch is the memory of one encoding, reused by the next.
type scratch struct {
	text []byte
	a, b tokens
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// texts are the tokens of both texts of a pair.
func (t *Tokenizer) texts(s *scratch, p Pair, located bool) (a, b *tokens, pair bool) {
	for _, text := range []*tokens{&s.a, &s.b} {
		*text = tokens{ids: text.ids[:0], ends: text.ends[:0], spans: text.spans[:0], located: located}
	}
	t.appendText(&s.a, p.A, s)
	pair = p.B != "" || p.Both
	if pair {
		t.appendText(&s.b, p.B, s)
	}
	return &s.a, &s.b, pair
}

func (t *Tokenizer) encode(p Pair, maxLength int) Encoding {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	a, b, pair := t.texts(s, p, false)
	w := window{bounds{0, a.len()}, bounds{0, b.len()}}
	if maxLength > 0 {
		na, nb := longestFirst(a.len(), b.len(), max(0, maxLength-t.special(pair)))
		w = t.kept(a.len(), na, b.len(), nb)
	}
	e := t.frame(a.slice(w.a), b.slice(w.b), pair)
	e.Cut = w.a.to-w.a.from < a.len() || w.b.to-w.b.from < b.len()
	return e
}

// special is the number of special tokens around one text, or two.
func (t *Tokenizer) special(pair bool) int {
	if pair {
		return special(t.pair)
	}
	return special(t.single)
}

// frame puts the special tokens around the texts.
func (t *Tokenizer) frame(a, b tokens, pair bool) Encoding {
	slots := t.single
	if pair {
		slots = t.pair
	}
	n := t.special(pair) + a.len() + b.len()
	memory := make([]int32, 2*n)
	e := Encoding{IDs: memory[:0:n], Types: memory[n:]}
	for _, s := range slots {
		from := len(e.IDs)
		switch s.text {
		case 0:
			e.IDs = append(e.IDs, a.ids...)
		case 1:
			e.IDs = append(e.IDs, b.ids...)
		default:
			e.IDs = append(e.IDs, s.ids...)
		}
		if s.kind != 0 {
			for i := from; i < len(e.IDs); i++ {
				e.Types[i] = s.kind
			}
		}
	}
	if a.located {
		e.locate(slots, a, b)
	}
	return e
}

// locate sets the offsets of the tokens.
func (e *Encoding) locate(slots []slot, a, b tokens) {
	e.Offsets = make([]Offset, 0, len(e.IDs))
	for _, s := range slots {
		spans := a.spans
		switch s.text {
		case 1:
			spans = b.spans
		case -1:
			for range s.ids {
				e.Offsets = append(e.Offsets, Offset{Text: -1})
			}
			continue
		}
		for _, place := range spans {
			e.Offsets = append(e.Offsets, Offset{place.start, place.end, s.text})
		}
	}
}

// longestFirst returns to how many tokens two texts of na and nb tokens are
// cut so that they have at most most together.
func longestFirst(na, nb, most int) (int, int) {
	if na+nb <= most {
		return na, nb
	}
	shorter := min(na, nb)
	longer := max(shorter, most-shorter)
	if shorter > most {
		longer = shorter
	}
	if shorter+longer > most {
		shorter = most / 2
		longer = most - shorter
	}
	if na > nb {
		return longer, shorter
	}
	return shorter, longer
}
