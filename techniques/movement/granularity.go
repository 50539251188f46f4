package movement

import (
	"fmt"
	"strconv"
	"strings"
)

// Unit is what is kept or pruned as a whole.
type Unit string

// The units.
const (
	Weight Unit = "weight" // a single weight
	Block  Unit = "block"  // a block of a matrix [out, in]
	Row    Unit = "row"    // a row of a matrix [out, in]: an output; its bias stays
	Column Unit = "column" // a column of a matrix [out, in]: an input
	Head   Unit = "head"   // an attention head: its rows of query, key and value with their biases, its columns of the output
	Neuron Unit = "neuron" // a neuron of a feed-forward network: its row of W_in with its bias, its column of W_out
	None   Unit = "none"   // nothing is pruned
)

// Granularity says in which units a part of the encoder is pruned. The zero value is single weights.
type Granularity struct {
	// Unit is [Weight] when empty.
	Unit Unit `json:"unit"`
	// Rows and Columns are the size of a [Block], of the output and of the input dimension.
	Rows    int `json:"rows,omitempty"`
	Columns int `json:"columns,omitempty"`
}

const granularities = `weight, block:32, block:32x16, row, column, head, neuron or none`

// ParseGranularity reads a granularity: weight, block:32 (squares), block:32x16 (rows by columns), row, column, head, neuron or
// none.
func ParseGranularity(text string) (Granularity, error) {
	unit, size, sized := strings.Cut(text, ":")
	g := Granularity{Unit: Unit(unit)}
	if sized {
		rows, columns, two := strings.Cut(size, "x")
		if !two {
			columns = rows
		}
		var errRows, errColumns error
		g.Rows, errRows = strconv.Atoi(rows)
		g.Columns, errColumns = strconv.Atoi(columns)
		if errRows != nil || errColumns != nil {
			return Granularity{}, fmt.Errorf("movement: granularity %q: %s was expected", text, granularities)
		}
	}
	if unit == "" {
		return Granularity{}, fmt.Errorf("movement: granularity %q: %s was expected", text, granularities)
	}
	return g, g.check()
}

// ParseGranularities reads the granularities of attention and feed-forward networks from one text for both, as [ParseGranularity] reads it;
// heads are of the attention alone, neurons of the feed-forward networks alone. ffn, if it is not empty, is the text for the latter.
func ParseGranularities(both, ffn string) (attention, network Granularity, err error) {
	if attention, err = ParseGranularity(both); err != nil {
		return attention, network, err
	}
	network = attention
	switch attention.Unit {
	case Head:
		network = Granularity{Unit: None}
	case Neuron:
		attention = Granularity{Unit: None}
	}
	if ffn != "" {
		network, err = ParseGranularity(ffn)
	}
	return attention, network, err
}

// String is the form that [ParseGranularity] reads.
func (g Granularity) String() string {
	switch {
	case g.Unit == "":
		return string(Weight)
	case g.Unit != Block:
		return string(g.Unit)
	case g.Rows == g.Columns:
		return fmt.Sprintf("block:%d", g.Rows)
	}
	return fmt.Sprintf("block:%dx%d", g.Rows, g.Columns)
}

func (g Granularity) check() error {
	switch g.Unit {
	case Block:
		if g.Rows < 1 || g.Columns < 1 {
			return fmt.Errorf("movement: a block of %d x %d weights: give both sides, each at least 1, such as block:32 or block:32x16", g.Rows, g.Columns)
		}
		return nil
	case "", Weight, Row, Column, Head, Neuron, None:
		if g.Rows != 0 || g.Columns != 0 {
			return fmt.Errorf("movement: granularity %s has no size; only a block has one", g.Unit)
		}
		return nil
	}
	return fmt.Errorf("movement: granularity %q: %s was expected", g.Unit, granularities)
}
