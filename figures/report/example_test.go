package report_test

import (
	"log"

	"bertlab/figures"
	"bertlab/figures/report"
)

func Example() {
	curve := figures.Curve{Name: "by importance", X: []float64{0, 0.5, 1}, Y: []float64{0.82, 0.81, 0.54}}
	pruning, err := figures.Curves(figures.CurvesOptions{
		Frame:  figures.Frame{Title: "Half of the heads can go", XLabel: "heads removed", YLabel: "accuracy"},
		Curves: []figures.Curve{curve}, XFormat: figures.Percent, YFormat: figures.Percent,
	})
	if err != nil {
		log.Fatal(err)
	}
	page := report.Report{Title: "Which heads does a BERT need?", Language: "en", Sections: []report.Section{{
		Title: "Results",
		Blocks: []report.Block{
			report.Markdown("Half of the heads can go."),
			report.FigureBlock{Figure: pruning, Text: "Accuracy against the share of heads that are removed."},
			report.Claims{{Text: "Half of the heads can go.", Verdict: report.Holds, Measured: "−0.4 points [−1.1, 0.3]"}},
		},
	}}}
	if err := page.Write("heads.html"); err != nil {
		log.Fatal(err)
	}
}
