// Command parity prints what gbert/tokenizer makes of texts, for parity.py beside it, which compares that with transformers and
// writes docs/parity.md.
//
// It reads lines of JSON, {"folder": DIR, "texts": [[text], [text, second], [text, second or null, most tokens], …]}, and answers each
// with a line: {"ids": […], "types": […], "offsets": […]} with a list for each text (offsets in characters, start and end by turns, where
// nothing is cut), or {"error": …}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"bertlab/gbert/tokenizer"
)

type question struct {
	Folder string  `json:"folder"`
	Texts  [][]any `json:"texts"`
}

type answer struct {
	IDs     [][]int32 `json:"ids,omitempty"`
	Types   [][]int32 `json:"types,omitempty"`
	Offsets [][]int   `json:"offsets,omitempty"`
	Notes   []string  `json:"notes,omitempty"`
	Error   string    `json:"error,omitempty"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "parity:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	lines := json.NewDecoder(bufio.NewReader(in))
	answers := json.NewEncoder(out)
	for {
		var q question
		if err := lines.Decode(&q); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		a, err := reply(q)
		if err != nil {
			a = answer{Error: err.Error()}
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
}

// reply encodes the texts of a question.
func reply(q question) (answer, error) {
	t, err := tokenizer.Load(q.Folder)
	if err != nil {
		return answer{}, err
	}
	a := answer{Notes: t.Notes()}
	for _, text := range q.Texts {
		p, most, err := input(text)
		if err != nil {
			return a, err
		}
		e := t.EncodeAll([]tokenizer.Pair{p}, most)[0]
		var offsets []int
		if most == 0 {
			if offsets, err = places(t, p); err != nil {
				return a, err
			}
		}
		a.IDs, a.Types, a.Offsets = append(a.IDs, e.IDs), append(a.Types, e.Types), append(a.Offsets, offsets)
	}
	return a, nil
}

// input is a text or pair of a question, and how many tokens it may have.
func input(text []any) (p tokenizer.Pair, most int, err error) {
	bad := fmt.Errorf("a text is not [text, second, most tokens]: %v", text)
	var ok bool
	if len(text) == 0 || len(text) > 3 {
		return p, 0, bad
	}
	if p.A, ok = text[0].(string); !ok {
		return p, 0, bad
	}
	if len(text) > 1 && text[1] != nil {
		if p.B, p.Both = text[1].(string); !p.Both {
			return p, 0, bad
		}
	}
	if len(text) > 2 {
		number, ok := text[2].(float64)
		if !ok {
			return p, 0, bad
		}
		most = int(number)
	}
	return p, most, nil
}

// places are the offsets of a text's tokens in characters.
func places(t *tokenizer.Tokenizer, p tokenizer.Pair) ([]int, error) {
	all, err := t.EncodeWith(p, tokenizer.Options{Offsets: true})
	if err != nil {
		return nil, err
	}
	out := make([]int, 0, 2*len(all[0].Offsets))
	for _, o := range all[0].Offsets {
		text := p.A
		if o.Text == 1 {
			text = p.B
		}
		if o.Text < 0 {
			text = ""
		}
		out = append(out, utf8.RuneCountInString(text[:o.Start]), utf8.RuneCountInString(text[:o.End]))
	}
	return out, nil
}
