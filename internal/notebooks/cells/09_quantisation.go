package cells

import (
	"fmt"
	"math"
	"math/rand/v2"

	"bertlab/papers/notebook"
	"bertlab/papers/zafrir2019"
)

var quantisation = notebook.Of(zafrir2019.Experiment)

// ChangedAnswers counts the examples that only one of two models gets right.
func ChangedAnswers() {
	r, way := quantisation.Result(), zafrir2019.Dynamic
	var lines []string
	for _, whole := range r.Runs {
		for _, small := range r.Runs {
			if whole.Way != zafrir2019.Whole || small.Way != way || small.Task != whole.Task || small.Seed != whole.Seed {
				continue
			}
			lost, won := 0, 0
			for i, right := range whole.Right {
				if right && !small.Right[i] {
					lost++
				} else if !right && small.Right[i] {
					won++
				}
			}
			lines = append(lines, fmt.Sprintf("%s, %d: −%d, +%d / %d", whole.Task, whole.Seed, lost, won, len(whole.Right)))
		}
	}
	notebook.List(lines...)
}

// ErrorsAddUp compares the squares of what all matrices change the logits by, one by one and together.
func ErrorsAddUp() {
	maps, sum := quantisation.Result().Maps, 0.0
	for _, m := range maps.Maps {
		sum += m.Error * m.Error
	}
	notebook.List(fmt.Sprintf("√Σ = %.4f", math.Sqrt(sum)), fmt.Sprintf("%.4f", maps.All.Error))
}

// FewerBits rounds numbers to codes of fewer and fewer bits.
func FewerBits() {
	draw, row := rand.New(rand.NewPCG(1, 1)), make([]float64, 1000)
	largest := 0.0
	for i := range row {
		row[i] = draw.NormFloat64()
		largest = max(largest, math.Abs(row[i]))
	}
	var lines []string
	for bits := 8; bits >= 2; bits-- {
		step, wrong, norm := largest/float64(int(1)<<(bits-1)-1), 0.0, 0.0
		for _, w := range row {
			wrong += math.Pow(step*math.Round(w/step)-w, 2)
			norm += w * w
		}
		lines = append(lines, fmt.Sprintf("%d: %.4f", bits, math.Sqrt(wrong/norm)))
	}
	notebook.List(lines...)
}

// StepWays goes through the ways to quantise by a slider.
func StepWays() {
	quantisation.Step(quantisation.Result().WaySteps(notebook.Words()))
}
