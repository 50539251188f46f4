package finetune

import (
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
)

// SpanLength is the usual number of tokens of a question with a window of its context, transformers' run_qa's.
const SpanLength = 384

// window says what an encoding shows of an example, where that is not all of it or the tokens have a meaning of their own.
type window struct {
	example int
	// words are, for each token of a tagging, the word whose first piece it is; −1 for the other pieces and the special tokens.
	words []int32
	// first and last are the tokens of the first right answer to a question; both 0, [CLS], where the window does not hold it.
	first, last int32
}

// read encodes a data set with the model's tokenizer: one encoding an example, cut to maxLength tokens, or as many windows as its words
// or its context take. The result has no batches.
func read(model *gbert.Model, d *task.Dataset, maxLength int) (*Prepared, error) {
	if model.Tokenizer == nil {
		return nil, fmt.Errorf("finetune: the model has no tokenizer: its folder needs tokenizer.json or vocab.txt")
	}
	if d.Len() == 0 {
		return nil, fmt.Errorf("finetune: %s has no examples", d.Source)
	}
	maxLength = min(maxLength, model.Config.MaxPositionEmbeddings)
	p := &Prepared{Dataset: d}
	var err error
	switch d.Task.Kind {
	case task.Tagging:
		err = p.each(func(e *task.Example) ([]tokenizer.Encoding, []window, error) {
			return wordWindows(model.Tokenizer, e, maxLength)
		})
	case task.Spans:
		err = p.each(func(e *task.Example) ([]tokenizer.Encoding, []window, error) {
			return contextWindows(model.Tokenizer, e, maxLength, d.Task.Answers.Filled().Stride)
		})
	default:
		p.Encodings = model.Tokenizer.EncodeAll(pairs(d), maxLength)
	}
	if err != nil {
		return nil, err
	}
	if err := checkTypes(d.Task.Name, p.Encodings, model.Config.TypeVocabSize); err != nil {
		return nil, err
	}
	return p, p.checkWords(model)
}

// checkTypes reports a token type that the model does not have.
func checkTypes(name string, encodings []tokenizer.Encoding, types int) error {
	for _, e := range encodings {
		for _, kind := range e.Types {
			if int(kind) >= types {
				return fmt.Errorf("finetune: the texts of %s get the token type %d, but the model has types 0 to %d (type_vocab_size %d): it was not made for pairs of texts, "+
					"or its tokenizer_config.json should have model_input_names without token_type_ids", name, kind, types-1, types)
			}
		}
	}
	return nil
}

// checkWords reports a text with a token for which the model's word table has no row, as a tokenizer may have that was given tokens
// without resize_token_embeddings.
func (p *Prepared) checkWords(model *gbert.Model) error {
	rows := model.Config.VocabSize
	if model.Tokenizer.VocabSize() <= rows {
		return nil
	}
	for i, encoding := range p.Encodings {
		for _, id := range encoding.IDs {
			if int(id) < rows {
				continue
			}
			example := i
			if p.windows != nil {
				example = p.windows[i].example
			}
			return fmt.Errorf("finetune: example %d (id %q) of %s has the token %q, whose number is %d, but the model's word table has rows 0…%d: the model does not know this token", example, p.Dataset.Examples[example].ID, p.Dataset.Source, model.Tokenizer.Token(id), id, rows-1)
		}
	}
	return nil
}

func pairs(d *task.Dataset) []tokenizer.Pair {
	pairs := make([]tokenizer.Pair, d.Len())
	for i, example := range d.Examples {
		pairs[i] = tokenizer.Pair{A: example.TextA, B: example.TextB, Both: d.Task.Pair}
	}
	return pairs
}

// each makes the windows of all examples, on all processors.
func (p *Prepared) each(windows func(*task.Example) ([]tokenizer.Encoding, []window, error)) error {
	n := p.Dataset.Len()
	encodings, shown := make([][]tokenizer.Encoding, n), make([][]window, n)
	var group errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		group.Go(func() error {
			for i := w; i < n; i += workers {
				e := &p.Dataset.Examples[i]
				if e.Detail == nil {
					return fmt.Errorf("finetune: example %d of %s has no Detail, which the kind %s needs", i, p.Dataset.Source, p.Dataset.Task.Kind)
				}
				var err error
				if encodings[i], shown[i], err = windows(e); err != nil {
					return fmt.Errorf("finetune: example %d (id %q) of %s: %w", i, e.ID, p.Dataset.Source, err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i := range n {
		for k := range shown[i] {
			shown[i][k].example = i
		}
		p.Encodings, p.windows = append(p.Encodings, encodings[i]...), append(p.windows, shown[i]...)
	}
	return nil
}

// wordWindows encodes words, each by itself as transformers does with is_split_into_words. A text that is longer than maxLength
// tokens is parted between words; each word stands in one window. A word that is longer than a window alone is cut.
func wordWindows(t *tokenizer.Tokenizer, e *task.Example, maxLength int) (encodings []tokenizer.Encoding, windows []window, err error) {
	front, back := t.Around()
	special := len(front) + len(back)
	room := maxLength - special
	if room < 1 {
		return nil, nil, fmt.Errorf("%d tokens leave none for words beside the special ones: at least %d are needed", maxLength, special+1)
	}
	var ids, words []int32
	cut := false
	flush := func() {
		n := len(ids) + special
		all, of := append(append(append(make([]int32, 0, n), front...), ids...), back...), make([]int32, n)
		for i := range of {
			of[i] = -1
		}
		copy(of[len(front):], words)
		encodings = append(encodings, tokenizer.Encoding{IDs: all, Types: make([]int32, n), Cut: cut})
		windows = append(windows, window{words: of})
		ids, words, cut = ids[:0], words[:0], false
	}
	for w, word := range e.Detail.Words {
		pieces := t.Encode(word, "", 0).IDs
		pieces = pieces[len(front) : len(pieces)-len(back)]
		long := len(pieces) > room
		pieces = pieces[:min(len(pieces), room)]
		if len(ids)+len(pieces) > room {
			flush()
		}
		cut = cut || long
		for i, id := range pieces {
			ids = append(ids, id)
			if words = append(words, -1); i == 0 {
				words[len(words)-1] = int32(w)
			}
		}
	}
	flush()
	return encodings, windows, nil
}

// contextWindows encodes a question with its context, of which windows that overlap by stride tokens are taken, as transformers'
// run_qa does. Of a question that is longer than half of maxLength the rest is left out; a window has room for at least as many
// tokens that are new as for those that are not.
func contextWindows(t *tokenizer.Tokenizer, e *task.Example, maxLength, stride int) ([]tokenizer.Encoding, []window, error) {
	question := e.TextA
	alone, err := t.EncodeWith(tokenizer.Pair{A: question}, tokenizer.Options{Offsets: true})
	if err != nil {
		return nil, nil, err
	}
	special := t.Special(true)
	front, _ := t.Around()
	tokens := len(alone[0].IDs) - t.Special(false)
	most := max((maxLength-special)/2, 1)
	cut := tokens > most
	if cut {
		question, tokens = question[:alone[0].Offsets[len(front)+most-1].End], most
	}
	room := maxLength - special - tokens
	if room < 1 {
		return nil, nil, fmt.Errorf("%d tokens leave none for the text in which the answer stands", maxLength)
	}
	encodings, err := t.EncodeWith(tokenizer.Pair{A: question, B: e.TextB, Both: true}, tokenizer.Options{
		MaxLength: maxLength, Truncation: tokenizer.OnlySecond, Windows: true, Stride: min(stride, room/2), Offsets: true,
	})
	if err != nil {
		return nil, nil, err
	}
	windows := make([]window, len(encodings))
	for i, encoding := range encodings {
		encodings[i].Cut = cut
		windows[i].first, windows[i].last = answerTokens(encoding.Offsets, e.Detail.Answers)
	}
	return encodings, windows, nil
}

// answerTokens are the first and last token of the first answer, or 0 and 0 where the context of a window does not hold all of it.
func answerTokens(offsets []tokenizer.Offset, answers []task.Answer) (first, last int32) {
	from, to := contextTokens(offsets)
	if len(answers) == 0 || from > to {
		return 0, 0
	}
	begin := int32(answers[0].Start)
	end := begin + int32(len(answers[0].Text))
	if offsets[from].Start > begin || offsets[to].End < end {
		return 0, 0
	}
	for from+1 < len(offsets) && offsets[from+1].Text == 1 && offsets[from+1].Start <= begin {
		from++
	}
	for offsets[to-1].Text == 1 && offsets[to-1].End >= end {
		to--
	}
	return int32(from), int32(to)
}

// contextTokens are the first and last token of the second text; from > to where a window has none.
func contextTokens(offsets []tokenizer.Offset) (from, to int) {
	from, to = len(offsets), -1
	for i, o := range offsets {
		if o.Text == 1 {
			from, to = min(from, i), i
		}
	}
	return from, to
}

// Example is the number of the example that an encoding is of.
func (p *Prepared) Example(encoding int) int {
	if p.windows == nil {
		return encoding
	}
	return p.windows[encoding].example
}
