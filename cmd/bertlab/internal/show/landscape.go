package show

import (
	"fmt"
	"math"

	"bertlab/figures"
	"bertlab/techniques/landscape"
)

// LandscapeTable lists loss and error along a line.
func LandscapeTable(s *landscape.Surface) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{{Name: "α", Format: "%.3f"}, {Name: "loss", Format: "%.4f"}, {Name: "error", Format: "%.4f"}}}
	for i, a := range s.Alpha {
		table.Rows = append(table.Rows, []any{a, s.Sets[0].Loss[0][i], s.Sets[0].Error[0][i]})
	}
	return table
}

// Landscape draws the loss along a line as a curve, over a plane as contours.
func Landscape(s *landscape.Surface, caption string) (*figures.Figure, error) {
	frame, loss := landscapeFrame(s, caption), s.Sets[0].Loss
	if len(s.Beta) > 0 {
		return figures.Contour(figures.ContourOptions{Frame: frame, X: s.Alpha, Y: s.Beta, Values: positive(loss), Scale: figures.Log, Legend: "loss, nats", Marks: landscapeMarks()})
	}
	frame.YLabel = "loss, nats"
	return figures.Curves(figures.CurvesOptions{
		Frame: frame, Curves: []figures.Curve{{Name: "loss", X: s.Alpha, Y: loss[0]}},
		VLines: []figures.Reference{{Value: 0, Label: "before"}, {Value: 1, Label: "fine-tuned"}},
	})
}

// LandscapePage is a page with the loss over a plane, to be turned by hand.
func LandscapePage(s *landscape.Surface, caption string) (string, error) {
	return figures.SurfaceOptions{
		Frame: landscapeFrame(s, caption), X: s.Alpha, Y: s.Beta, Values: positive(s.Sets[0].Loss), Scale: figures.Log, ZLabel: "loss, nats, logarithmic", Marks: landscapeMarks(),
	}.InteractivePage("")
}

func landscapeFrame(s *landscape.Surface, caption string) figures.Frame {
	if n := s.Sets[0].Overflow; n > 0 {
		caption += fmt.Sprintf("; overflow at %d points counts as %.0f nats", n, landscape.LargestLoss)
	}
	return figures.Frame{Title: "The loss around the fine-tuned model", XLabel: "α, from --from to --to", YLabel: "β, along --other", Caption: caption}
}

func landscapeMarks() []figures.Mark {
	return []figures.Mark{{X: 1, Label: "fine-tuned"}, {Label: "before"}}
}

// positive lifts losses of 0, which have no logarithm, to a millionth of a nat.
func positive(table [][]float64) [][]float64 {
	lifted := make([][]float64, len(table))
	for j, row := range table {
		for _, v := range row {
			lifted[j] = append(lifted[j], math.Max(v, 1e-6))
		}
	}
	return lifted
}
