package show

import (
	"fmt"
	"io"
	"math"

	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/techniques/landscape"
)

// Landscape writes the ends, the lowest point and, for a line, the curve.
func Landscape(w io.Writer, d *workbench.Landscape) {
	set := d.Sets[0]
	fmt.Fprintf(w, "moves\t%s, ‖δ₁‖ = %.3f, ‖δ₁‖/‖θ₀‖ = %.4f\n", d.Part.Name, d.Geometry.First, d.Geometry.Travel())
	if d.Cosine != nil {
		fmt.Fprintf(w, "directions\tcosine %+.4f, ‖δ₂‖ = %.3f before it is rescaled\n", *d.Cosine, d.Geometry.Second)
	}
	fmt.Fprintf(w, "at θ₀\tloss %.4f, error %.4f\n", set.Start.Loss, set.Start.Error)
	fmt.Fprintf(w, "at θ₁\tloss %.4f, error %.4f\n", set.End.Loss, set.End.Error)
	best, at := d.Lowest(0)
	fmt.Fprintf(w, "lowest\tloss %.4f at α = %g, β = %g\n", best, at.Alpha, at.Beta)
	if set.Overflow > 0 {
		fmt.Fprintf(w, "overflow\tat %d points, counted as %.1f nats\n", set.Overflow, landscape.LargestLoss)
	}
	if len(d.Beta) == 0 {
		fmt.Fprintf(w, "\n%s\n", landscapeTable(d.Surface).Text())
	}
	Provenance(w, d.Provenance)
}

// landscapeTable lists loss and error along a line.
func landscapeTable(s *landscape.Surface) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{{Name: "α", Format: "%.3f"}, {Name: "loss", Format: "%.4f"}, {Name: "error", Format: "%.4f"}}}
	for i, a := range s.Alpha {
		table.Rows = append(table.Rows, []any{a, s.Sets[0].Loss[0][i], s.Sets[0].Error[0][i]})
	}
	return table
}

// LandscapeMap draws the loss along a line as a curve, over a plane as contours.
func LandscapeMap(d *workbench.Landscape) (*figures.Figure, error) {
	s := d.Surface
	frame, loss := landscapeFrame(s, d.Caption()), s.Sets[0].Loss
	if len(s.Beta) > 0 {
		return figures.Contour(figures.ContourOptions{Frame: frame, X: s.Alpha, Y: s.Beta, Values: positive(loss), Scale: figures.Log, Legend: "loss, nats", Marks: landscapeMarks()})
	}
	frame.YLabel = "loss, nats"
	return figures.Curves(figures.CurvesOptions{
		Frame: frame, Curves: []figures.Curve{{Name: "loss", X: s.Alpha, Y: loss[0]}},
		VLines: []figures.Reference{{Value: 0, Label: "before"}, {Value: 1, Label: "fine-tuned"}},
	})
}

// LandscapePage writes a page with the loss over a plane, to be turned by hand, to a file.
func LandscapePage(path string, d *workbench.Landscape) error {
	s := d.Surface
	page, err := figures.SurfaceOptions{
		Frame: landscapeFrame(s, d.Caption()), X: s.Alpha, Y: s.Beta, Values: positive(s.Sets[0].Loss), Scale: figures.Log, ZLabel: "loss, nats, logarithmic", Marks: landscapeMarks(),
	}.InteractivePage("")
	if err != nil {
		return err
	}
	return output.WriteFile(path, []byte(page))
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
