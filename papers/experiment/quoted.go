package experiment

import (
	"fmt"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment/words"
)

// Origin says how a paper's number is known.
type Origin int

const (
	// Printed stands in the paper's text or in a table.
	Printed Origin = iota
	// ReadOff is read off a figure that has no numbers.
	ReadOff
	// Recalled was not at hand when it was written down.
	Recalled
)

// Quoted is a number of a paper, with the same of a result beside it.
type Quoted struct {
	// What is told, and of which model and data in the paper, where they are not those of the table's caption.
	What string
	// In is how both numbers are told.
	In Scale
	// Theirs is the paper's number, which it prints with so many Digits after the point; Says is what it says where that is no such number.
	Theirs float64
	Digits int
	Says   string
	// Place is where it stands, such as "table 2", and Origin how it is known.
	Place  string
	Origin Origin
	// Ours is the same here, of which the first counts; none: the protocol does not measure it. Here is said in its place where that is no
	// number.
	Ours []Evidence
	Here string
}

// QuotedTable holds a paper's numbers against those of a result. The caption says of which models and data both are.
func QuotedTable(say *words.Printer, caption string, list []Quoted) *figures.Table {
	t := NewTable(say, say.T("The paper and here, in numbers"), caption, []figures.Column{
		{Name: say.T("what")}, {Name: say.T("the paper"), Align: figures.Right}, {Name: say.T("where it stands")}, {Name: say.T("here"), Align: figures.Right},
	})
	for _, q := range list {
		t.Rows = append(t.Rows, []any{q.What, q.theirs(say), q.place(say), q.ours(say)})
	}
	return t
}

func (q Quoted) theirs(say *words.Printer) string {
	if q.Says != "" {
		return q.Says
	}
	in, sign := q.In, ""
	if strings.Contains(in.Verb, "+") {
		sign = "+"
	}
	in.Verb = fmt.Sprintf("%%%s.%df", sign, q.Digits)
	return in.text(say, q.Theirs)
}

func (q Quoted) place(say *words.Printer) string {
	switch q.Origin {
	case ReadOff:
		return say.F("%s, read off", q.Place)
	case Recalled:
		return say.F("%s, recalled", q.Place)
	}
	return q.Place
}

func (q Quoted) ours(say *words.Printer) string {
	switch {
	case q.Here != "":
		return q.Here
	case len(q.Ours) == 0:
		return say.T("not measured")
	case q.Ours[0].Open != "":
		return say.F("not comparable: %s", q.Ours[0].Open)
	}
	return q.In.interval(say, q.Ours[0].Effect)
}
