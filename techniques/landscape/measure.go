package landscape

import (
	"fmt"
	"math"
	"slices"

	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/stats"
)

// Point is a place in the plane: α along the fine-tuning, β along that on the other data set.
type Point struct {
	Alpha float64 `json:"alpha"`
	Beta  float64 `json:"beta"`
}

// Farthest is the largest coordinate of a point.
const Farthest = 1e6

func (p Point) check() error {
	for _, v := range []float64{p.Alpha, p.Beta} {
		if !(math.Abs(v) <= Farthest) {
			return fmt.Errorf("landscape: point (%g, %g): coordinates from −%g to %g were expected", p.Alpha, p.Beta, Farthest, Farthest)
		}
	}
	return nil
}

// LargestLoss is what an example's loss counts as where it is larger or the logits are not finite: −ln of the smallest normal
// float32, the largest loss that a softmax in float32 can tell from infinity.
const LargestLoss = 87.336544

// Measure is what was found at a point on a data set.
type Measure struct {
	// Loss is the mean cross entropy in nats, Error the share of examples that are classified wrongly: see [task.Right].
	Loss  float64 `json:"loss"`
	Error float64 `json:"error"`
	// Overflow counts the examples whose logits are not finite or whose loss is above [LargestLoss]. They count with that loss;
	// those without finite logits count as wrong.
	Overflow int `json:"overflow,omitempty"`
	// Losses are the examples' own losses, Wrong says which of them are classified wrongly: the answers the other way round.
	Losses []float32     `json:"losses,omitempty"`
	Wrong  stats.Answers `json:"wrong,omitempty"`
}

// measure judges logits as [finetune.Prepared.Logits] gives them; where they or the loss are not finite it counts as the largest.
func measure(set *finetune.Prepared, logits [][]float32) (Measure, error) {
	d := set.Dataset
	broken := make([]bool, d.Len())
	for i, row := range logits {
		if slices.ContainsFunc(row, func(v float32) bool { return v != v }) { // of which there are no predictions
			broken[set.Example(i)] = true
			logits[i] = make([]float32, len(row))
		}
	}
	predictions, err := set.Predictions(logits)
	if err != nil {
		return Measure{}, err
	}
	losses, err := set.Losses(logits, predictions)
	if err != nil {
		return Measure{}, err
	}
	right, err := task.Right(d.Task, predictions, d.Examples)
	if err != nil {
		return Measure{}, err
	}
	m := Measure{Losses: make([]float32, len(losses)), Wrong: right.Not()}
	for i, loss := range losses {
		broken[i] = broken[i] || loss-loss != 0 // NaN or infinite
		if broken[i] || loss > LargestLoss {
			loss = LargestLoss
			m.Overflow++
		}
		m.Loss += loss / float64(len(losses))
		m.Losses[i] = float32(loss)
		m.Wrong[i] = m.Wrong[i] || broken[i]
	}
	m.Error = m.Wrong.Accuracy()
	return m, nil
}
