package task

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// maxArticle is how many bytes of a SQuAD file are read for one article, or for anything beside the articles. SQuAD's longest has
// less than one MiB.
const maxArticle = 64 << 20

// The columns of questions, by the names that the Hugging Face data set squad gives them.
const (
	questionColumn = "question"
	contextColumn  = "context"
	answersColumn  = "answers"
	textsSuffix    = ".text"
	startsSuffix   = ".answer_start"
)

// squadTable reads SQuAD's own format as rows, one a question: {"data": [{"paragraphs": [{"context": …, "qas": [{"id": …, "question":
// …, "answers": [{"text": …, "answer_start": …}], "is_impossible": …}]}]}]}. One article is held at a time.
type squadTable struct {
	in       *allowance
	decoder  *json.Decoder
	started  bool
	ended    bool
	article  int
	question int
	rows     []record // of the present article
}

type squadArticle struct {
	Paragraphs []struct {
		Context   *string         `json:"context"`
		Questions []squadQuestion `json:"qas"`
	} `json:"paragraphs"`
}

type squadQuestion struct {
	ID         json.RawMessage `json:"id"`
	Question   *string         `json:"question"`
	Impossible bool            `json:"is_impossible"`
	Answers    *[]struct {
		Text  *string `json:"text"`
		Start *int    `json:"answer_start"`
	} `json:"answers"`
}

// allowance is a reader that stops after so many bytes, until it is given more.
type allowance struct {
	r    io.Reader
	left int
}

func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, fmt.Errorf("an article is longer than %d bytes", maxArticle)
	}
	n, err := a.r.Read(p[:min(len(p), a.left)])
	a.left -= n
	return n, err
}

func newSQuAD(r *bufio.Reader) table {
	in := &allowance{r: r, left: maxArticle}
	return &squadTable{in: in, decoder: json.NewDecoder(in)}
}

// isSQuAD says whether a file begins as a SQuAD document and not as a JSON object with a question: whether data comes first among
// the keys that either has.
func isSQuAD(head []byte) bool {
	d := json.NewDecoder(bytes.NewReader(head))
	for depth, key := 0, false; ; {
		token, err := d.Token()
		if err != nil {
			return false
		}
		switch v := token.(type) {
		case json.Delim:
			if v == '{' || v == '[' {
				depth++
			} else {
				depth--
			}
			key = depth == 1
		case string:
			if depth == 1 && key && (v == "data" || v == questionColumn || v == contextColumn || v == answersColumn) {
				return v == "data"
			}
			key = depth == 1 && !key
		default:
			key = depth == 1
		}
	}
}

func (t *squadTable) next() (record, error) {
	if !t.started {
		t.started = true
		if err := t.begin(); err != nil {
			return record{}, err
		}
		header := record{}
		for _, name := range []string{"id", questionColumn, contextColumn, answersColumn + textsSuffix, answersColumn + startsSuffix} {
			header.cells = append(header.cells, cell{text: name, kind: text})
		}
		return header, nil
	}
	for len(t.rows) == 0 {
		if t.ended {
			return record{}, io.EOF
		}
		if err := t.more(); err != nil {
			return record{}, err
		}
	}
	row := t.rows[0]
	t.rows = t.rows[1:]
	return row, nil
}

// begin reads up to the first article.
func (t *squadTable) begin() error {
	if token, err := t.decoder.Token(); err != nil || token != json.Delim('{') {
		return t.broken(err, "begins with %v; an object with data was expected", token)
	}
	for t.decoder.More() {
		key, err := t.decoder.Token()
		if err != nil {
			return t.broken(err, "")
		}
		if key == "data" {
			if token, err := t.decoder.Token(); err != nil || token != json.Delim('[') {
				return t.broken(err, "data is %v; a list of articles was expected", token)
			}
			return nil
		}
		var other json.RawMessage
		if err := t.decoder.Decode(&other); err != nil {
			return t.broken(err, "")
		}
	}
	return errors.New("has no data: a list of articles was expected")
}

func (t *squadTable) broken(err error, format string, args ...any) error {
	place := fmt.Sprintf("byte %d, article %d", t.decoder.InputOffset(), t.article)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("ends within the document, at %s", place)
	case err != nil:
		return fmt.Errorf("%s: %w", place, err)
	}
	return fmt.Errorf(place+": "+format, args...)
}

// more reads the next article, or what follows the last one.
func (t *squadTable) more() error {
	t.in.left = maxArticle
	if !t.decoder.More() {
		return t.end()
	}
	t.article++
	var article squadArticle
	if err := t.decoder.Decode(&article); err != nil {
		return t.broken(err, "")
	}
	for p, paragraph := range article.Paragraphs {
		for _, q := range paragraph.Questions {
			t.question++
			rec := record{line: t.question}
			if paragraph.Context == nil || q.Question == nil {
				rec.bad = fmt.Sprintf("paragraph %d of article %d: the question or its context is not there", p+1, t.article)
			}
			rec.cells = []cell{{text: plainID(q.ID), kind: text}, textCell(q.Question), textCell(paragraph.Context), {}, {}}
			if q.Answers != nil {
				rec.cells[3], rec.cells[4] = cell{kind: nested, elements: []cell{}}, cell{kind: nested, elements: []cell{}}
			}
			for i := 0; q.Answers != nil && !q.Impossible && i < len(*q.Answers); i++ {
				a := (*q.Answers)[i]
				start := cell{}
				if a.Start != nil {
					start = cell{text: strconv.Itoa(*a.Start), kind: number}
				}
				rec.cells[3].elements = append(rec.cells[3].elements, textCell(a.Text))
				rec.cells[4].elements = append(rec.cells[4].elements, start)
			}
			t.rows = append(t.rows, rec)
		}
	}
	return nil
}

// end reads what follows the articles.
func (t *squadTable) end() error {
	for _, closing := range []json.Delim{']', '}'} {
		for closing == '}' && t.decoder.More() {
			if _, err := t.decoder.Token(); err != nil {
				return t.broken(err, "")
			}
			var other json.RawMessage
			if err := t.decoder.Decode(&other); err != nil {
				return t.broken(err, "")
			}
		}
		if token, err := t.decoder.Token(); err != nil || token != closing {
			return t.broken(err, "%v was expected, found %v", closing, token)
		}
	}
	if token, err := t.decoder.Token(); err != io.EOF {
		return t.broken(err, "the document is followed by %v", token)
	}
	t.ended = true
	return nil
}

func textCell(s *string) cell {
	if s == nil {
		return cell{}
	}
	return cell{text: *s, kind: text}
}

// plainID is an id, which may be a text or a number.
func plainID(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func (t *squadTable) named() bool     { return true }
func (t *squadTable) need([]int)      {}
func (t *squadTable) blanks() LeftOut { return LeftOut{} }
func (t *squadTable) unit() string    { return "question" }

// answers reads the right answers to a question about a text. Where they begin is counted in characters in the file, as Python does,
// and in bytes here.
func answers(context string, texts, starts []cell) ([]Answer, error) {
	if len(texts) != len(starts) {
		return nil, fmt.Errorf("has %d answers, and %d beginnings of answers", len(texts), len(starts))
	}
	var all []Answer
	for i, c := range texts {
		if c.kind != text {
			return nil, fmt.Errorf("answer %d is not a text", i+1)
		}
		at, err := strconv.Atoi(starts[i].text)
		if err != nil || at < 0 || starts[i].kind != number {
			return nil, fmt.Errorf("answer %d, %s, begins at %s; the number of a character of the context was expected", i+1, quote(c.text), quote(starts[i].text))
		}
		start := byteOf(context, at)
		if start < 0 || len(context)-start < len(c.text) || context[start:start+len(c.text)] != c.text {
			return nil, fmt.Errorf("answer %d, %s, does not stand at character %d of the context", i+1, quote(c.text), at)
		}
		if c.text == "" {
			return nil, fmt.Errorf("answer %d is empty", i+1)
		}
		all = append(all, Answer{c.text, start})
	}
	return all, nil
}

// byteOf is the byte at which the character of a number begins, −1 if there are fewer.
func byteOf(s string, character int) int {
	at := 0
	for ; character > 0; character-- {
		_, size := utf8.DecodeRuneInString(s[at:])
		if size == 0 {
			return -1
		}
		at += size
	}
	return at
}
