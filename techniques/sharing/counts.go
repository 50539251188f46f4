package sharing

import (
	"math"
	"slices"
)

// Architecture is the shape of a BERT or an ALBERT, as far as its parameters go.
type Architecture struct {
	Vocab        int `json:"vocab"`
	Positions    int `json:"positions"`
	TokenTypes   int `json:"token_types"`
	Embedding    int `json:"embedding"` // E, the width of the tables
	Hidden       int `json:"hidden"`    // H
	Intermediate int `json:"intermediate"`
	Layers       int `json:"layers"`
	// Shared is what groups of layers share; empty for nothing. LayerNorms go with the part that they follow.
	Shared What `json:"shared,omitempty"`
	// Groups is the number of groups of layers that share; 1 when 0.
	Groups int `json:"groups,omitempty"`
	// WithoutPooler leaves the pooler out.
	WithoutPooler bool `json:"without_pooler,omitempty"`
}

// Parameters counts exactly. With V words, P positions, T token types, intermediate size I:
//
//	embeddings   (V + P + T)·E + 2E
//	projection   E·H + H, where E ≠ H
//	attention    a·4(H² + H)      a = groups where attention is shared, else layers
//	FFN          f·(2HI + I + H)  f = groups where the feed-forward network is shared, else layers
//	LayerNorms   (a + f)·2H
//	pooler       H² + H
func (a Architecture) Parameters() Parts {
	e, h, i := a.Embedding, a.Hidden, a.Intermediate
	groups := max(a.Groups, 1)
	attention, ffn := a.Layers, a.Layers
	if a.Shared == All || a.Shared == Attention {
		attention = groups
	}
	if a.Shared == All || a.Shared == FFN {
		ffn = groups
	}
	p := Parts{
		Embeddings: (a.Vocab+a.Positions+a.TokenTypes)*e + 2*e,
		Attention:  attention * 4 * (h*h + h),
		FFN:        ffn * (2*h*i + i + h),
		LayerNorms: (attention + ffn) * 2 * h,
	}
	if e != h {
		p.Projection = e*h + h
	}
	if !a.WithoutPooler {
		p.Pooler = h*h + h
	}
	return p
}

// CountRow is a model of Lan et al. 2020 and its parameters.
type CountRow struct {
	// Table is the number of the table that prints the model's parameters.
	Table        int          `json:"table"`
	Name         string       `json:"name"`
	Architecture Architecture `json:"architecture"`
	Parameters   Parts        `json:"parameters"`
	Total        int          `json:"total"`
}

// Counts are the models whose parameters Lan et al. 2020 print in tables 1, 3 and 4, in the order of the tables, with their exact
// numbers of parameters, pooler included. The vocabulary has 30,000 words, I = 4H, and there are 512 positions.
//
// The paper prints millions. Base and large models that share are printed as they are counted here; those that share nothing are
// printed as they are without the pooler. ALBERT xlarge and xxlarge, printed as 60 and 235 million, are 58.7 and 222.6.
func Counts() []CountRow {
	var rows []CountRow
	add := func(table int, name string, layers, hidden, embedding int, shared What) {
		a := Architecture{
			Vocab: 30000, Positions: 512, TokenTypes: 2, Embedding: embedding, Hidden: hidden, Intermediate: 4 * hidden, Layers: layers, Shared: shared,
		}
		p := a.Parameters()
		rows = append(rows, CountRow{Table: table, Name: name, Architecture: a, Parameters: p, Total: p.Total()})
	}
	add(1, "BERT base", 12, 768, 768, "")
	add(1, "BERT large", 24, 1024, 1024, "")
	add(1, "ALBERT base", 12, 768, 128, All)
	add(1, "ALBERT large", 24, 1024, 128, All)
	add(1, "ALBERT xlarge", 24, 2048, 128, All)
	add(1, "ALBERT xxlarge", 12, 4096, 128, All)
	for _, e := range []int{64, 128, 256, 768} {
		add(3, "not shared", 12, 768, e, "")
	}
	for _, e := range []int{64, 128, 256, 768} {
		add(3, "all shared", 12, 768, e, All)
	}
	for _, e := range []int{768, 128} {
		add(4, "all shared", 12, 768, e, All)
		add(4, "attention shared", 12, 768, e, Attention)
		add(4, "FFN shared", 12, 768, e, FFN)
		add(4, "not shared", 12, 768, e, "")
	}
	return rows
}

// printed are the millions of parameters of the rows of [Counts], as the paper prints them.
var printed = []float64{108, 334, 12, 18, 60, 235, 87, 89, 93, 108, 10, 12, 16, 31, 31, 83, 57, 108, 12, 64, 38, 89}

// Printed are the millions of parameters of rows of [Counts], as the paper prints them; NaN for others.
func Printed(rows []CountRow) []float64 {
	counts, list := Counts(), make([]float64, len(rows))
	for i, row := range rows {
		list[i] = math.NaN()
		at := slices.IndexFunc(counts, func(c CountRow) bool {
			return c.Table == row.Table && c.Name == row.Name && c.Architecture == row.Architecture
		})
		if at >= 0 {
			list[i] = printed[at]
		}
	}
	return list
}
