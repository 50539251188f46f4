package hao2019

import (
	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/landscape"
)

// Result is what the experiment found: plain data.
type Result struct {
	experiment.Measured[Config]
	Layers  int `json:"layers"`
	Classes int `json:"classes"`
	// Prior is the loss, on the training examples that are evaluated, of a model that knows the shares of the classes and no more.
	Prior float64 `json:"prior_loss"`
	// Majority is the share of the largest class among the dev examples of the rollback.
	Majority float64 `json:"majority"`
	// Runs are the trained models: fine-tuned, fine-tuned on the other task, from scratch, and perhaps from scratch on the other task.
	Runs []Training `json:"runs"`

	// Fine and Scratch are the curves along the way from pretrained and from random weights; WidthDifference is by how much the first
	// optimum is wider.
	Fine            Curve          `json:"curve"`
	Scratch         Curve          `json:"scratch_curve"`
	WidthDifference stats.Interval `json:"width_difference"`
	// More are the widths of further trainings with other seeds.
	More []Width `json:"more_widths,omitempty"`
	// Surface is the plane of the two fine-tunings: training loss and dev error. ScratchSurface is nil where it was not asked for.
	Surface        *Surface `json:"surface"`
	ScratchSurface *Surface `json:"scratch_surface,omitempty"`
	// Parts are the surfaces of the training loss when only low, middle or high layers move.
	Parts []*landscape.Surface `json:"parts"`
	// Rollback is the fine-tuned model, then with each part set back.
	Rollback []Rollback `json:"rollback"`
	// LowAgainst is what accuracy is higher by with the low layers rolled back than with the middle and the high ones.
	LowAgainst []stats.Interval `json:"rollback_low_against"`
	// Geometry has lengths and angles of the two fine-tunings, unit by unit; Whole is all of it, Cosine that of the two directions.
	Geometry []landscape.Geometry `json:"geometry"`
	Whole    landscape.Geometry   `json:"geometry_whole"`
	Cosine   stats.Interval       `json:"cosine"`
}

// Training is a model that was trained.
type Training struct {
	// Start is "pretrained" or "random", Task what it was trained on.
	Start string `json:"start"`
	Task  string `json:"task"`
	Steps int    `json:"steps"`
	// TrainLoss is the mean loss of the last epoch, with dropout.
	TrainLoss float64 `json:"train_loss"`
	Seconds   float64 `json:"seconds"`
	// Way is the trajectory, from the start to the last step; nil for the models that only give a direction.
	Way []Waypoint `json:"way,omitempty"`
}

// Waypoint is the model on the way.
type Waypoint struct {
	Step int `json:"step"`
	landscape.Projection
	// Loss is that of the model as it was at the step, on the training examples that are evaluated; LearnedHead that of its weights
	// with the head of the last step, which is what a surface shows on its line.
	Loss        float64 `json:"loss"`
	LearnedHead float64 `json:"loss_with_learned_head"`
}

// Curve is the training loss along a line, with what follows from it; the tolerance of its width is [Tolerance]·ln(classes).
type Curve struct {
	*landscape.Surface
	landscape.Valley
}

// Width is by how much the optimum of a training from pretrained weights is wider than that of one from scratch. Learned says that both
// have learned, Open that the second reaches the end of the curve.
type Width struct {
	Seed       uint64  `json:"seed"`
	Fine       float64 `json:"fine"`
	Scratch    float64 `json:"scratch"`
	Difference float64 `json:"difference"`
	Learned    bool    `json:"learned"`
	Open       bool    `json:"open,omitempty"`
}

// end is the loss at the trained weights.
func (c Curve) end() float64 { return c.Sets[0].End.Loss }

// Surface is a plane with the agreement of its two tables: Spearman's ρ of training loss and dev error over the grid.
type Surface struct {
	*landscape.Surface
	Consistency stats.Interval `json:"consistency"`
}

// Rollback is the fine-tuned model with a part set back to the pretrained weights, on dev examples.
type Rollback struct {
	Name   string `json:"name"`
	Layers string `json:"layers"`
	// Accuracy and Loss of the model, Change of the accuracy against the model as it was trained with the interval of the paired
	// bootstrap, and P of McNemar's test.
	Accuracy float64        `json:"accuracy"`
	Loss     float64        `json:"loss"`
	Change   stats.Interval `json:"change"`
	P        float64        `json:"p"`
	// Right says of which examples the class was predicted.
	Right stats.Answers `json:"right"`
}
