package sharing

import (
	"math"
	"slices"
	"testing"
)

// millions are the parameters that Lan et al. 2020 print, in the order of Counts.
var millions = []float64{
	108, 334, 12, 18, 60, 235, // table 1
	87, 89, 93, 108, 10, 12, 16, 31, // table 3
	31, 83, 57, 108, 12, 64, 38, 89, // table 4
}

func TestCountsAreThePapers(t *testing.T) {
	rows := Counts()
	if len(rows) != len(millions) {
		t.Fatalf("%d rows, the tables have %d", len(rows), len(millions))
	}
	for i, row := range rows {
		architecture := row.Architecture
		architecture.WithoutPooler = architecture.Shared == ""
		got := math.Round(float64(architecture.Parameters().Total()) / 1e6)
		switch want := millions[i]; row.Name {
		case "ALBERT xlarge", "ALBERT xxlarge": // printed larger than they are
			if got >= want || got < 0.94*want {
				t.Errorf("%s: %g million, printed as %g", row.Name, got, want)
			}
		default:
			if got != want {
				t.Errorf("table %d, %s, E = %d: %g million, printed as %g", row.Table, row.Name, architecture.Embedding, got, want)
			}
		}
		if row.Total != row.Parameters.Total() {
			t.Errorf("%s: total %d of %d", row.Name, row.Total, row.Parameters.Total())
		}
	}
}

func TestEachRowIsPrintedAsInThePaper(t *testing.T) {
	rows := Counts()
	if got := Printed(rows); !slices.Equal(got, millions) {
		t.Errorf("%v", got)
	}
	rows[1].Architecture.Layers++
	if got := Printed(rows[:2]); got[0] != 108 || !math.IsNaN(got[1]) {
		t.Errorf("a model that the paper does not have is printed as %g", got[1])
	}
}

func TestTheClosedFormCountsTheModel(t *testing.T) {
	for _, groups := range []int{1, 2, 4} {
		for _, what := range append([]What{""}, Whats...) {
			model := classifier(t, 4, 1)
			c := model.Config
			a := Architecture{
				Vocab: c.VocabSize, Positions: c.MaxPositionEmbeddings, TokenTypes: c.TypeVocabSize, Embedding: c.HiddenSize, Hidden: c.HiddenSize,
				Intermediate: c.IntermediateSize, Layers: c.NumHiddenLayers, Shared: what, Groups: groups,
			}
			shared := model
			if what != "" {
				shared, _ = tie(t, model, Options{What: what, Groups: groups})
			}
			want, got := a.Parameters(), Count(shared)
			want.Head = 2*c.HiddenSize + 2
			if got != want || got.Total() != shared.NumParameters() {
				t.Errorf("%s in %d groups: %+v, the closed form gives %+v; %d in all", what, groups, got, want, shared.NumParameters())
			}
		}
	}
}
