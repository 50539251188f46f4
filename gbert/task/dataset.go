package task

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"
)

// Example is one text, or pair of texts, with what is to be found out about it.
type Example struct {
	ID    string  // from the file's id column, else the row's number from 0
	TextA string  // the text
	TextB string  // the second text of a pair
	Label int     // class number, -1 if unlabelled; for the other kinds 0 if what is right is known, else -1
	Value float64 // regression target, or the human rating that the label comes from

	// Detail is what an example of the kinds MultiLabel, Tagging and Spans has beyond; nil for the others. In a tagging TextA is
	// the words with blanks between them, in spans TextA is the question and TextB the text with the answer.
	Detail *Detail
}

// Detail is what an example has of which a class or a number does not say enough.
type Detail struct {
	Classes []int    // multi-label: the class numbers, ascending
	Words   []string // tagging: the words
	Tags    []int    // tagging: the class number of each word; nil if unlabelled
	Answers []Answer // spans: the right answers; none where the text has none
}

// Answer is a part of the text of a question.
type Answer struct {
	Text  string
	Start int // byte of the text at which it begins
}

// LeftOut counts rows of a file that are not in the data set, and says why.
type LeftOut struct {
	Reason string `json:"reason"`
	Rows   int    `json:"rows"`
	Lines  []int  `json:"lines,omitempty"` // the first few
}

// Dataset is a list of examples and where it comes from.
type Dataset struct {
	Task      *Task     `json:"task"`
	Split     string    `json:"split"`               // train, dev or test, as asked for; empty if nobody said
	Selection string    `json:"selection,omitempty"` // which of the source's examples these are, if not all
	Source    string    `json:"source"`              // file or files
	SHA256    string    `json:"sha256"`              // of the source's bytes (several files: one after another), in hexadecimal
	LeftOut   []LeftOut `json:"left_out,omitempty"`
	Examples  []Example `json:"-"`

	// named says that a class was read by its name: without one, the labels of a custom task only name the numbers in its file.
	named bool
}

// Len is the number of examples.
func (d *Dataset) Len() int { return len(d.Examples) }

// Sum is the SHA-256 of the examples as JSON, in hexadecimal: the same for the same examples, from whatever file they were read.
func (d *Dataset) Sum() (string, error) {
	hash := sha256.New()
	encoder := json.NewEncoder(hash)
	for i := range d.Examples {
		if err := encoder.Encode(&d.Examples[i]); err != nil {
			return "", fmt.Errorf("example %d of %s: %w", i, d.Source, err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Texts gives the first texts, and the second ones of a pair task (else nil).
func (d *Dataset) Texts() (a, b []string) {
	a = make([]string, d.Len())
	if d.Task.Pair {
		b = make([]string, d.Len())
	}
	for i, e := range d.Examples {
		a[i] = e.TextA
		if b != nil {
			b[i] = e.TextB
		}
	}
	return a, b
}

// Labels gives the class numbers.
func (d *Dataset) Labels() []int {
	labels := make([]int, d.Len())
	for i, e := range d.Examples {
		labels[i] = e.Label
	}
	return labels
}

// Entropy is that of the shares of the classes, in nats: the loss of whoever knows these and no more. All examples must have a class.
func (d *Dataset) Entropy() float64 {
	shares := make([]float64, d.Task.Outputs())
	for _, label := range d.Labels() {
		shares[label] += 1 / float64(d.Len())
	}
	return stat.Entropy(shares)
}

// Majority is the share of the largest class, which is right for whoever always says it; 0 without classes.
func (d *Dataset) Majority() float64 {
	if d.Task.Kind != Classification || d.Len() == 0 {
		return 0
	}
	count, most := map[int]int{}, 0
	for _, label := range d.Labels() {
		count[label]++
		most = max(most, count[label])
	}
	return float64(most) / float64(d.Len())
}

// Values gives the regression targets or ratings.
func (d *Dataset) Values() []float64 {
	values := make([]float64, d.Len())
	for i, e := range d.Examples {
		values[i] = e.Value
	}
	return values
}

// Unlabelled counts the examples without a label.
func (d *Dataset) Unlabelled() int {
	n := 0
	for _, e := range d.Examples {
		if e.Label < 0 {
			n++
		}
	}
	return n
}

const noLabel = "no label"

// Labelled gives the examples that have a label; the others are counted in LeftOut.
func (d *Dataset) Labelled() *Dataset {
	n := d.Unlabelled()
	if n == 0 {
		return d
	}
	out := d.with(nil, d.Selection)
	for _, e := range d.Examples {
		if e.Label >= 0 {
			out.Examples = append(out.Examples, e)
		}
	}
	out.LeftOut = append(slices.Clone(d.LeftOut), LeftOut{Reason: noLabel, Rows: n})
	return out
}

// Judged is the data set without the examples that have no label, which are counted in LeftOut, if others have one. A data set without any
// label, as GLUE's test splits are, stays what it is.
func (d *Dataset) Judged() *Dataset {
	if d.Unlabelled() == d.Len() {
		return d
	}
	return d.Labelled()
}

// with gives a data set of the same origin with other examples.
func (d *Dataset) with(examples []Example, selection string) *Dataset {
	out := *d
	out.Examples, out.Selection = examples, selection
	return &out
}

// describe adds a step to the selection.
func (d *Dataset) describe(format string, args ...any) string {
	step := fmt.Sprintf(format, args...)
	if d.Selection == "" {
		return step
	}
	return d.Selection + "; " + step
}

// Rows gives examples from up to but not to, in their order.
func (d *Dataset) Rows(from, to int) (*Dataset, error) {
	if from < 0 || to > d.Len() || from > to {
		return nil, fmt.Errorf("task: rows %d to %d of a data set of %d: give 0 ≤ from ≤ to ≤ %d", from, to, d.Len(), d.Len())
	}
	return d.with(slices.Clone(d.Examples[from:to]), d.describe("rows %d to %d", from, to-1)), nil
}

// Subset gives the examples of the given indices, in that order.
func (d *Dataset) Subset(indices []int) (*Dataset, error) {
	examples := make([]Example, len(indices))
	for i, j := range indices {
		if j < 0 || j >= d.Len() {
			return nil, fmt.Errorf("task: index %d of a data set of %d", j, d.Len())
		}
		examples[i] = d.Examples[j]
	}
	return d.with(examples, d.describe("%d chosen rows", len(indices))), nil
}

// Take gives n examples drawn at random without repetition, in the order of the data set; all of them if it has no more. The
// same seed always draws the same.
func (d *Dataset) Take(n int, seed uint64) (*Dataset, error) {
	if n < 0 {
		return nil, fmt.Errorf("task: cannot take %d examples", n)
	}
	if n >= d.Len() {
		return d, nil
	}
	out, err := d.Subset(draw(d.Len(), n, seed))
	if err != nil {
		return nil, err
	}
	out.Selection = d.describe("%s", describeDraw(n, d.Len(), seed))
	return out, nil
}

func generator(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// String is one line for logs and captions.
func (d *Dataset) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", d.Task.Name)
	if d.Split != "" {
		fmt.Fprintf(&b, " %s", d.Split)
	}
	fmt.Fprintf(&b, ": %d examples", d.Len())
	if n := d.Unlabelled(); n > 0 {
		fmt.Fprintf(&b, ", %d without a label", n)
	}
	for _, l := range d.LeftOut {
		fmt.Fprintf(&b, ", %d left out (%s)", l.Rows, l.Reason)
	}
	return b.String()
}
