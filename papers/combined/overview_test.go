package combined

import (
	"math"
	"testing"

	"bertlab/gbert"
	"bertlab/papers/experiment/experimenttest"
	"bertlab/papers/experiment/words"
)

func TestArchitecturesHaveTheirPublishedNumbers(t *testing.T) {
	table, err := ArchitectureTable(words.English)
	if err != nil {
		t.Fatal(err)
	}
	for row, want := range map[int]struct{ parameters float64 }{1: {109.48224}, 3: {22.713216}} {
		got := table.Rows[row]
		if math.Abs(got[2].(float64)-want.parameters) > 1e-9 {
			t.Errorf("%v: %v million parameters, want %v", got[0], got[2], want.parameters)
		}
		if row == 1 && math.Abs(got[4].(float64)-11.174) > 0.001 {
			t.Errorf("%v: %v billion operations", got[0], got[4])
		}
	}
	if korean, err := ArchitectureTable(words.Korean); err != nil || korean.Title == table.Title || len(korean.Rows) != len(table.Rows) {
		t.Errorf("in Korean: %v", err)
	}
}

func TestSharesOfTheFigureAddUpToTheWhole(t *testing.T) {
	config := protocol(t)
	model, err := gbert.Load(config.Model)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	figure, err := PartsFigure(model, 8, words.English)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]float64{}
	for _, row := range figure.Figure.Data().Rows {
		sums[row[1].(string)] += row[2].(float64)
	}
	// LayerNorms are too few to have a bar, but count.
	if math.Abs(sums["operations"]-100) > 1e-9 || sums["parameters"] > 100 || sums["parameters"] < 85 || figure.Caption == "" {
		t.Errorf("%v", sums)
	}
	korean, err := PartsFigure(model, 8, words.Korean)
	if err != nil {
		t.Fatal(err)
	}
	if foreign := experimenttest.Foreign(korean.Figure.Alt() + korean.Caption + korean.Figure.Data().CSV()); len(foreign) > 0 {
		t.Errorf("in Korean it says %q", foreign)
	}
}
