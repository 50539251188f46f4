package figures_test

import (
	"fmt"
	"math"

	"bertlab/figures"
)

var pruning = figures.Table{
	Title: "Accuracy after pruning",
	Columns: []figures.Column{
		{Name: "Method"},
		{Name: "Heads left"},
		{Name: "Accuracy", Unit: "%", Format: "%.1f"},
		{Name: "Change", Unit: "points", Format: "%+.1f"},
	},
	Rows: [][]any{
		{"whole model", 72, 85.8, math.NaN()},
		{"by importance", 36, 84.12, -1.68},
	},
}

func ExampleTable_Text() {
	fmt.Print(pruning.Text())
	// Output:
	// Accuracy after pruning
	//
	// Method         Heads left  Accuracy (%)  Change (points)
	// ─────────────  ──────────  ────────────  ───────────────
	// whole model            72          85.8                –
	// by importance          36          84.1             −1.7
}

func ExampleTable_Markdown() {
	fmt.Print(pruning.Markdown())
	// Output:
	// **Accuracy after pruning**
	//
	// | Method | Heads left | Accuracy (%) | Change (points) |
	// | :-- | --: | --: | --: |
	// | whole model | 72 | 85.8 | – |
	// | by importance | 36 | 84.1 | −1.7 |
}

func ExampleTable_LaTeX() {
	fmt.Print(pruning.LaTeX())
	// Output:
	// % Needs \usepackage{booktabs}
	// \begin{table}[htbp]
	// \centering\sloppy
	// \caption{Accuracy after pruning}\label{tab:accuracy-after-pruning}
	// \smallskip
	//
	// \begin{tabular}{@{}lrrr@{}}
	// \toprule
	// Method & Heads left & Accuracy (\%) & Change (points) \\
	// \midrule
	// whole model & 72 & 85.8 & -- \\
	// by importance & 36 & 84.1 & $-$1.7 \\
	// \bottomrule
	// \end{tabular}
	// \end{table}
}

func ExampleTable_CSV() {
	fmt.Print(pruning.CSV())
	// Output:
	// Method,Heads left,Accuracy (%),Change (points)
	// whole model,72,85.8,NaN
	// by importance,36,84.12,-1.68
}

func ExampleHeatmap() {
	f, err := figures.Heatmap(figures.HeatmapOptions{
		Frame: figures.Frame{
			Title:   "One head of layer 1 carries half of the importance",
			Caption: "tiny model, synthetic task, n = 100, seed 1",
			XLabel:  "head", YLabel: "layer",
		},
		Values: [][]float64{{0.2, 0.1}, {0.5, math.NaN()}},
		Legend: "importance", Missing: "removed",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Alt())
	fmt.Print(f.Data().CSV())
	// Output:
	// One head of layer 1 carries half of the importance. layer. head. tiny model, synthetic task, n = 100, seed 1
	// layer,head,importance
	// 0,0,0.2
	// 0,1,0.1
	// 1,0,0.5
	// 1,1,NaN
}
