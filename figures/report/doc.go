// Package report puts prose, figures, tables and the verdicts on claims into one HTML file that needs nothing else.
//
//	page := report.Report{Title: "Which heads does a BERT need?", Language: "en", Sections: []report.Section{{
//		Title: "What came out",
//		Blocks: []report.Block{
//			report.Markdown("Half of the heads can go."),
//			report.FigureBlock{Figure: pruning, Text: "Accuracy against the share of heads that are removed."},
//			report.Claims{{Text: "Half of the heads can go.", Verdict: report.Holds, Measured: "−0.4 points [−1.1, 0.3]"}},
//		},
//	}}}
//	err := page.Write("heads.html")
//
// Its standing phrases are in English and Korean. The same parts give the same bytes.
package report
