package figures

import (
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"testing"
)

func steppedGrid() SteppedOptions {
	return SteppedOptions{
		Frame:  Frame{Title: "Heads </script> go", XLabel: "head", YLabel: "layer"},
		Values: [][]float64{{1, 2, 3}, {4, math.NaN(), 5}}, Step: "masked (%)", Measure: "accuracy",
		Series: []SteppedSeries{
			{Name: "first", Steps: []SteppedCells{{At: 0, Measured: 0.9, Label: "all"}, {At: 50, Measured: 0.5, Label: "-1 point", Empty: [][2]int{{0, 2}, {1, 0}}}}},
			{Name: "second", Steps: []SteppedCells{{At: 100, Measured: 0.7}}},
		},
	}
}

func TestAGridInStepsHoldsItsNumbersAndNothingEndsItsScript(t *testing.T) {
	piece, err := steppedGrid().Interactive()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := steppedGrid().Interactive(); err != nil || again != piece {
		t.Error("the same options give other bytes")
	}
	if strings.Count(piece, "</script>") != 1 {
		t.Error("a label ends the script")
	}
	found := regexp.MustCompile(`var d = (\{.*\}), root`).FindStringSubmatch(piece)
	if found == nil {
		t.Fatal("no data")
	}
	var data struct {
		Cells  [][]*float64
		Values [][]string
		Series []struct {
			Name  string
			Steps []struct {
				At, Height float64
				Label      string
				Empty      [][2]int
			}
		}
	}
	if err := json.Unmarshal([]byte(found[1]), &data); err != nil {
		t.Fatal(err)
	}
	if data.Cells[1][1] != nil || *data.Cells[0][0] != 0 || *data.Cells[1][2] != 1 || data.Values[1][0] != "4" {
		t.Errorf("cells %v, values %v", data.Cells, data.Values)
	}
	first := data.Series[0].Steps
	if first[0].At != 0 || first[1].At != 0.5 || data.Series[1].Steps[0].At != 1 || first[0].Height <= data.Series[1].Steps[0].Height || first[1].Height >= 0.1 {
		t.Errorf("%+v", data.Series)
	}
	if len(first[1].Empty) != 2 || first[1].Empty[0] != [2]int{0, 2} || len(first[0].Empty) != 0 || first[1].Label != "−1 point" {
		t.Errorf("%+v", first)
	}
}

func TestAGridInStepsThatCannotBeDrawnIsAnError(t *testing.T) {
	for says, change := range map[string]func(o *SteppedOptions){
		"needs cells":              func(o *SteppedOptions) { o.Values = nil },
		"has rows of":              func(o *SteppedOptions) { o.Values[1] = o.Values[1][:2] },
		"needs a serie":            func(o *SteppedOptions) { o.Series = nil },
		"has no steps":             func(o *SteppedOptions) { o.Series[1].Steps = nil },
		"a step at":                func(o *SteppedOptions) { o.Series[1].Steps[0].Measured = math.NaN() },
		"empties or marks":         func(o *SteppedOptions) { o.Series[0].Steps[1].Empty[0] = [2]int{2, 0} },
		"names for":                func(o *SteppedOptions) { o.Columns = []string{"a"} },
		"and there are names for":  func(o *SteppedOptions) { o.Places = []string{"a"} },
		"begins with":              func(o *SteppedOptions) { o.First = 2 },
		"another number than 2: 1": func(o *SteppedOptions) { o.Series[0].Steps[0].Values = o.Values[:1] },
	} {
		o := steppedGrid()
		change(&o)
		if _, err := o.Interactive(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	o := steppedGrid()
	o.Series = o.Series[1:] // one step alone: a scale without extent
	if piece, err := o.Interactive(); err != nil || strings.Contains(piece, "NaN") || strings.Contains(piece, "Inf") {
		t.Errorf("one step: %v", err)
	}
}

func TestStepsMayHaveCellsAndNamesOfTheirOwn(t *testing.T) {
	o := steppedGrid()
	o.Rows, o.Columns, o.Places, o.Legend, o.Across = []string{"a", "b"}, []string{"x", "y", "z"}, []string{"one", "two"}, "kept", "seed"
	o.Series = []SteppedSeries{{Name: "1", Steps: []SteppedCells{
		{At: 0, Measured: 0.1, Values: [][]float64{{0, 5, 10}, {1, 1, 1}}, Marked: [][2]int{{1, 2}}}, {At: 1, Measured: 0.2},
	}}}
	piece, err := o.Interactive()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"cells":[[0,0.5,1],[0.1,0.1,0.1]]`, `"marked":[[1,2]]`, `"places":[[0,"one"],[1,"two"]]`, `"rows":["a","b"]`, `"columns":["x","y","z"]`, `"legend":"kept"`, `"across":"seed"`,
		`"cells":[[0.1,0.2,0.3],[0.4,null,0.5]]`, // the grid's own, in the range of all
	} {
		if !strings.Contains(piece, part) {
			t.Errorf("%s is not in %s", part, piece[strings.Index(piece, "var d = "):][:900])
		}
	}
	o.Scale, o.Values, o.Series[0].Steps[0].Values = Log, [][]float64{{1, 10, 100}, {1, 1, 1}}, nil
	if piece, err = o.Interactive(); err != nil || !strings.Contains(piece, `"cells":[[0,0.5,1],[0,0,0]]`) {
		t.Errorf("a logarithmic scale: %v", err)
	}
}
