package compare

import (
	"fmt"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
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
// the paired difference from the original.
func (c *Comparison) ParetoFigure(cost Cost) (*figures.Figure, error) {
	largest := len(c.Batches) - 1
	label := map[Cost]string{
		Size: "file of weights as stored, MB", Time: fmt.Sprintf("time of a batch of %d, ms", c.Batches[largest]), Compute: fmt.Sprintf("operations at %d tokens, millions", c.Length),
	}[cost]
	o := figures.ParetoOptions{
		Groups: []string{"original", "one technique", "several"}, YFormat: figures.Percent,
		HLines: []figures.Reference{{Value: c.Models[0].Score, Label: "original"}},
	}
	for i, m := range c.Models {
		x := map[Cost]float64{Size: float64(m.Sizes.Stored) / 1e6, Time: 1000 * m.Latency[largest].Seconds, Compute: float64(m.MACs) / 1e6}[cost]
		point := figures.ParetoPoint{Name: m.Name, X: x, Y: m.Score}
		if i > 0 {
			point.Group = 1
			if m.Combined {
				point.Group = 2
			}
			point.Lo, point.Hi = c.Models[0].Score-m.Against.Metric.High, c.Models[0].Score-m.Against.Metric.Low
		}
		o.Points = append(o.Points, point)
	}
	o.Frame = figures.Frame{
		Title: c.paretoTitle(cost, o.Points), XLabel: label, YLabel: c.Metric,
		Caption: fmt.Sprintf("%s, %d test examples, %s; whiskers: 95 %% interval of the paired difference from the original", c.Task, c.Examples, c.Provenance.Machine),
	}
	return figures.Pareto(o)
}

// ParetoCaption describes [Comparison.ParetoFigure].
func ParetoCaption(cost Cost) experiment.Text {
	switch cost {
	case Time:
		return experiment.Text{
			English: "Metric against measured time. What lies on the front is not beaten by any other model here.",
			Korean:  "실측 시간과 평가 지표. 경계선(파레토 프런트) 위의 모델은 여기서 다른 어떤 모델에도 지지 않는다.",
		}
	case Compute:
		return experiment.Text{
			English: "Metric against operations. Operations are not time: compare with the figure of measured times.",
			Korean:  "연산량과 평가 지표. 연산량은 시간이 아니다. 실측 시간 그림과 견주어 보라.",
		}
	}
	return experiment.Text{
		English: "Metric against the size of the file as it is stored. What lies on the front is not beaten by any other model here.",
		Korean:  "저장된 파일 크기와 평가 지표. 경계선(파레토 프런트) 위의 모델은 여기서 다른 어떤 모델에도 지지 않는다.",
	}
}

// paretoTitle says what the cheapest model on the front that loses at most two points saves.
func (c *Comparison) paretoTitle(cost Cost, points []figures.ParetoPoint) string {
	front := figures.ParetoFront(points)
	best := -1
	for i, p := range points {
		if front[i] && c.Models[0].Score-p.Y <= 0.02 && (best < 0 || p.X < points[best].X) {
			best = i
		}
	}
	noun := map[Cost]string{Size: "space", Time: "time", Compute: "computation"}[cost]
	if best <= 0 || points[best].X >= points[0].X {
		return fmt.Sprintf("Within two points of %s, nothing takes less %s", c.Metric, noun)
	}
	change := strings.Replace(fmt.Sprintf("%+.1f", 100*(points[best].Y-c.Models[0].Score)), "-", "−", 1)
	return fmt.Sprintf("%s: %.0f %% of the %s, %s points", points[best].Name, 100*points[best].X/points[0].X, noun, change)
}
