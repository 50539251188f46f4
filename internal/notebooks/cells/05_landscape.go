package cells

import (
	"fmt"
	"math"

	"bertlab/papers/hao2019"
	"bertlab/papers/notebook"
)

var landscape = notebook.Of(hao2019.Experiment)

// Turn shows the training loss as a surface that can be turned by hand.
func Turn() {
	landscape.Turn(landscape.Result().TurningSurface())
}

// LowestPoint looks for the least training loss on the plane.
func LowestPoint() {
	s := landscape.Result().Surface
	table, a, b := s.Sets[0].Loss, 0, 0
	for j := range table {
		for i := range table[j] {
			if table[j][i] < table[b][a] {
				a, b = i, j
			}
		}
	}
	notebook.List(fmt.Sprintf("α = %.2f, β = %.2f: %.3f", s.Alpha[a], s.Beta[b], table[b][a]))
}

// WidthByTolerance lists the points of the line at which the loss is close to that of the trained model.
func WidthByTolerance() {
	c, tolerance := landscape.Result().Fine, 0.1
	var lines []string
	for i, loss := range c.Sets[0].Loss[0] {
		if loss <= c.Sets[0].End.Loss+tolerance*math.Log(2) {
			lines = append(lines, fmt.Sprintf("α = %.2f: %.3f", c.Alpha[i], loss))
		}
	}
	notebook.List(lines...)
}

// HalfOfTheWay lists the trajectory of fine-tuning.
func HalfOfTheWay() {
	var lines []string
	for _, w := range landscape.Result().Runs[0].Way {
		lines = append(lines, fmt.Sprintf("%d: α = %.2f, d = %.2f, %.3f", w.Step, w.Alpha, w.Orthogonal, w.Loss))
	}
	notebook.List(lines...)
}

// StepPoint moves a point over the plane by two sliders.
func StepPoint() {
	landscape.Step(landscape.Result().PointSteps(notebook.Words()))
}
