package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// Cost is what is to be small.
type Cost string

// The costs of a model.
const (
	Size    Cost = "size"    // of the file of weights as stored
	Time    Cost = "time"    // of a batch of the largest size
	Compute Cost = "compute" // operations of an example
)

// ParetoFigure shows the metric of all models against a cost, and the front that nothing beats. Whiskers are the 95 % interval of
// the paired difference from the original. Models that are no better than the largest class are named in the caption instead: they are no
// choice, and would press the others together.
func (c *Comparison) ParetoFigure(cost Cost, say *words.Printer) (*figures.Figure, error) {
	largest := len(c.Batches) - 1
	label := map[Cost]string{
		Size: say.T("file of weights as stored, MB"), Time: say.F("time of a batch of %d, ms", c.Batches[largest]), Compute: say.F("operations at %d tokens, millions", c.Length),
	}[cost]
	o := figures.ParetoOptions{
		Groups: []string{say.T("original"), say.T("one technique"), say.T("several")}, YFormat: figures.Percent,
		HLines: []figures.Reference{{Value: c.Models[0].Score, Label: say.T("original")}},
	}
	var runtimes []Runtime
	for _, m := range c.Models {
		if !slices.Contains(runtimes, m.Runtime) {
			runtimes = append(runtimes, m.Runtime)
		}
	}
	if len(runtimes) > 1 { // the colour says the runtime, the name the model
		o.Groups = nil
		for _, r := range runtimes {
			o.Groups = append(o.Groups, string(cmp.Or(r, XLA)))
		}
	}
	lost := c.Lost()
	for i, m := range c.Models {
		if slices.Contains(lost, m.Name) {
			continue
		}
		x := map[Cost]float64{Size: float64(m.Sizes.Stored) / 1e6, Time: 1000 * m.Latency[largest].Seconds, Compute: float64(m.MACs) / 1e6}[cost]
		point := figures.ParetoPoint{Name: m.Name, X: x, Y: m.Score}
		if i > 0 {
			point.Group = 1
			if m.Combined {
				point.Group = 2
			}
			point.Lo, point.Hi = c.Models[0].Score-m.Against.Metric.High, c.Models[0].Score-m.Against.Metric.Low
		}
		if len(runtimes) > 1 {
			point.Group = slices.Index(runtimes, m.Runtime)
		}
		o.Points = append(o.Points, point)
	}
	o.Frame = figures.Frame{
		Language: say.Tag(), Title: c.paretoTitle(cost, o.Points, say), XLabel: label, YLabel: say.Name(c.Metric),
		Caption: say.F("%s, %d test examples, %s; whiskers: 95 %% interval of the paired difference from the original", c.Task, c.Examples, c.Provenance.TimedIn(say)),
	}
	if len(lost) > 0 {
		o.Frame.Caption = experiment.Caption(o.Frame.Caption, say.F("not drawn, since no better than the largest class (%.3f): %s", c.Majority, strings.Join(lost, ", ")))
	}
	return figures.Pareto(o)
}

// Lost are the names of the models that answer no better than the largest class, where the original does.
func (c *Comparison) Lost() (names []string) {
	const rounding = 1e-9
	if c.Majority == 0 || c.Models[0].Score <= c.Majority+rounding { // no classes, or nothing was learned
		return nil
	}
	for _, m := range c.Models {
		if m.Score <= c.Majority+rounding {
			names = append(names, m.Name)
		}
	}
	return names
}

// paretoCaption describes [Comparison.ParetoFigure].
func paretoCaption(cost Cost, say *words.Printer) string {
	switch cost {
	case Time:
		return say.T("Metric against measured time. Models on the front are not beaten by any other model here.")
	case Compute:
		return say.T("Metric against operations. Operations are not time: compare with the figure of measured times.")
	}
	return say.T("Metric against the size of the file as it is stored. Models on the front are not beaten by any other model here.")
}

// paretoTitle says what the cheapest model on the front that loses at most two points saves.
func (c *Comparison) paretoTitle(cost Cost, points []figures.ParetoPoint, say *words.Printer) string {
	front := figures.ParetoFront(points)
	best := -1
	for i, p := range points {
		if front[i] && c.Models[0].Score-p.Y <= 0.02 && (best < 0 || p.X < points[best].X) {
			best = i
		}
	}
	if best <= 0 || points[best].X >= points[0].X {
		metric := say.Name(c.Metric)
		return map[Cost]string{
			Size: say.F("Within two points of %s, nothing takes less space", metric), Time: say.F("Within two points of %s, nothing takes less time", metric),
			Compute: say.F("Within two points of %s, nothing takes less computation", metric),
		}[cost]
	}
	name, share := points[best].Name, 100*points[best].X/points[0].X
	change := strings.Replace(fmt.Sprintf("%+.1f", 100*(points[best].Y-c.Models[0].Score)), "-", "−", 1)
	return map[Cost]string{
		Size: say.F("%s: %.0f %% of the space, %s points", name, share, change), Time: say.F("%s: %.0f %% of the time, %s points", name, share, change),
		Compute: say.F("%s: %.0f %% of the computation, %s points", name, share, change),
	}[cost]
}
