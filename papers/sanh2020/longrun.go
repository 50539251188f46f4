package sanh2020

import (
	_ "embed" // for the numbers of the long run
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/movement"
)

// longRun has what docs/protocols/movement-curves-sst2.json gave: of each method, the share of the encoder's weights that is really left, the
// accuracy as the mean of three seeds, and its range. docs/measurements.md has the same numbers.
//
//go:embed longrun.csv
var longRun string

// LongRun draws what four methods come to in a run that is longer than that of a notebook.
func LongRun(say *words.Printer) (experiment.NamedFigure, error) {
	drawn := experiment.NamedFigure{Name: "long-run", Caption: say.T("Two layers of all-MiniLM-L6-v2 on 16,000 phrases of SST-2, 4,000 steps, three seeds: the accuracy on dev against the weights that are left.")}
	r := &Result{Steps: 4000}
	r.Config.Model, r.Config.Task, r.Config.Layers, r.Config.Seeds = "all-MiniLM-L6-v2", "sst2", 2, []uint64{1, 2, 3}
	r.Metric, r.Examples = "accuracy", 872
	e := edition{r, experiment.Voice{Printer: say}}
	curves, dense, err := longCurves(say)
	if err != nil {
		return drawn, err
	}
	var parts []string
	for _, c := range curves {
		parts = append(parts, fmt.Sprintf("%s %.3f", c.Name, c.Y[0]))
	}
	var ticks []float64
	for _, percent := range []float64{3, 5, 10, 15, 50} {
		ticks = append(ticks, math.Log2(percent/100))
	}
	drawn.Figure, err = figures.Curves(figures.CurvesOptions{Frame: e.Frame(say.F("With %g %% of the weights: %s", 3.0, strings.Join(parts, ", ")),
		say.T("remaining weights of the encoder, counted (logarithmic)"), say.Name(e.Metric), e.caption(e.seeds(say.T("mean and range")))),
		Curves: curves, XFormat: doubled, XTicks: ticks, YFormat: figures.Percent, HLines: []figures.Reference{{Value: dense, Label: say.T("dense")}},
	})
	return drawn, err
}

// longCurves are the methods of the long run, and the accuracy without pruning.
func longCurves(say *words.Printer) (curves []figures.Curve, dense float64, err error) {
	lines, err := csv.NewReader(strings.NewReader(longRun)).ReadAll()
	if err != nil {
		return nil, 0, fmt.Errorf("sanh2020: longrun.csv: %w", err)
	}
	for i, line := range lines[1:] {
		var numbers [4]float64
		for k := range numbers {
			if numbers[k], err = strconv.ParseFloat(line[1+k], 64); err != nil {
				return nil, 0, fmt.Errorf("sanh2020: longrun.csv:%d: %w", i+2, err)
			}
		}
		if line[0] == "dense" {
			dense = numbers[1]
			continue
		}
		if name := curveName(say, movement.Kind(line[0])); len(curves) == 0 || curves[len(curves)-1].Name != name {
			curves = append(curves, figures.Curve{Name: name})
		}
		curves[len(curves)-1].Add(math.Log2(numbers[0]/100), numbers[1], numbers[2], numbers[3])
	}
	return curves, dense, nil
}
