package sanh2020

import (
	"cmp"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/movement"
)

// Result is everything that was measured, as plain data. Layers are numbered from 0.
type Result struct {
	experiment.Measured[Config]
	// Layers is the number of the model's layers.
	Layers int `json:"layers"`
	experiment.TestSet
	// MatrixSizes are the numbers of weights by layer and matrix, in the order of gbert.LayerRoles.
	MatrixSizes [][]int `json:"matrix_sizes"`
	// Steps is the number of optimizer steps of each run.
	Steps int `json:"steps"`
	// Dense are the models fine-tuned without pruning, one a seed; Runs the pruned ones.
	Dense []Trained `json:"dense"`
	Runs  []Trained `json:"runs"`
	// Agreement is how far the masks of each method agree between seeds; empty with one seed.
	Agreement []Agreement `json:"agreement,omitempty"`
	// Drift is how far fine-tuning without pruning moves the weights, with the first seed; Drifts are the distances with all.
	Drift  *movement.Drift `json:"drift"`
	Drifts []float64       `json:"drifts"`
	// Storage is what models take as files.
	Storage []Storage `json:"storage"`
	// Speed is that of pruned models against the dense one.
	Speed *Speed `json:"speed"`
}

// Pruning names a training run.
type Pruning struct {
	// Kind is the method; empty: dense.
	Kind movement.Kind `json:"kind,omitempty"`
	// Scope says among which weights Top_v selects.
	Scope movement.Scope `json:"scope,omitempty"`
	// Structured means heads and neurons instead of single weights.
	Structured bool `json:"structured,omitempty"`
	// Remaining is the share of weights, or of heads and neurons, to be kept.
	Remaining float64 `json:"remaining,omitempty"`
	// Rate is the peak learning rate of the scores; 0 without any.
	Rate float64 `json:"rate,omitempty"`
	// Distilled means with soft targets of the dense model.
	Distilled bool   `json:"distilled,omitempty"`
	Seed      uint64 `json:"seed"`
}

// warmUp is the same for runs that take the steps before the first cut alike: those of one method, whatever is to remain. Soft movement and
// L0 have penalties from the first step on, and a teacher is a loss of its own: their runs are taken as they are.
func (v Pruning) warmUp() Pruning {
	if v.Distilled || v.Kind != movement.Magnitude && v.Kind != movement.Movement {
		return v
	}
	v.Remaining, v.Scope = 0, ""
	return v
}

// title says to people what the run is.
func (v Pruning) title(say *words.Printer) string {
	var parts []string
	switch method := methodName(say, v.Kind); {
	case v.Kind == "":
		parts = append(parts, say.T("fine-tuning without pruning"))
	case v.Structured:
		parts = append(parts, say.F("%s, %g %% of heads and neurons kept", method, 100*v.Remaining))
	default:
		parts = append(parts, say.F("%s, %g %% of the weights kept", method, 100*v.Remaining))
	}
	if v.Scope == movement.Global {
		parts = append(parts, say.T("one selection for the whole model"))
	}
	if v.Rate > 0 {
		parts = append(parts, say.F("learning rate of scores %g", v.Rate))
	}
	if v.Distilled {
		parts = append(parts, say.T("with a teacher"))
	}
	return strings.Join(append(parts, say.F("seed %d", v.Seed)), ", ")
}

// Trained is one training run.
type Trained struct {
	Variant Pruning `json:"variant"`
	// Score is the primary metric on the test set, Loss the test loss in nats, TrainLoss that of the last epoch.
	Score     float64 `json:"score"`
	Loss      float64 `json:"loss"`
	TrainLoss float64 `json:"train_loss"`
	Seconds   float64 `json:"seconds"`
	// Kept is the share of the encoder's weights that are not zero, as counted; ByMatrix the same by layer and matrix, in the
	// order of gbert.LayerRoles.
	Kept     float64     `json:"kept"`
	ByMatrix [][]float64 `json:"by_matrix"`
	// Right are the answers to the test examples, as a list in JSON.
	Right []bool `json:"right"`
	// Sample are some of the weights; nil for most runs. Of seeds other than the first there is Kept alone, with its numbers.
	Sample *movement.Sample `json:"sample,omitempty"`
}

// Storage is what a model takes as a file.
type Storage struct {
	Name  string      `json:"name"`
	Kept  float64     `json:"kept"` // of the encoder's weights
	Sizes gbert.Sizes `json:"sizes"`
}

// Speed is the speed of pruned models against the dense one.
type Speed struct {
	Length  int `json:"length"`
	Repeats int `json:"repeats"`
	// Unstructured is the model with zeros, of Kept of the encoder's weights.
	Kept         float64                 `json:"kept"`
	Unstructured []experiment.SpeedBatch `json:"unstructured"`
	// Structured are models whose heads and neurons were removed.
	Structured []StructuredSpeed `json:"structured"`
}

// StructuredSpeed is a model whose heads and neurons were removed.
type StructuredSpeed struct {
	// Remaining is the share of heads and neurons; Trained is false where they were removed without training.
	Remaining float64 `json:"remaining"`
	Trained   bool    `json:"trained"`
	Score     float64 `json:"score"`
	// Heads and Neurons are what is left in each layer.
	Heads   []int `json:"heads"`
	Neurons []int `json:"neurons"`
	experiment.SpeedUp
}

// pick are the runs for which a condition holds.
func (r *Result) pick(condition func(Pruning) bool) []Trained {
	return experiment.Where(r.Runs, func(t Trained) bool { return condition(t.Variant) })
}

// plain are the runs of a method as in the curves: single weights, local, no teacher, the protocol's learning rate.
func (r *Result) plain(kind movement.Kind, remaining float64) []Trained {
	return r.pick(func(v Pruning) bool {
		return v.Kind == kind && v.Remaining == remaining && r.Config.isPlain(v)
	})
}

// global are the runs of a method with one selection for the whole model.
func (r *Result) global(kind movement.Kind, remaining float64) []Trained {
	return r.pick(func(v Pruning) bool { return v.Kind == kind && v.Remaining == remaining && v.Scope == movement.Global })
}

// distilled are the runs of a method with a teacher.
func (r *Result) distilled(kind movement.Kind, remaining float64) []Trained {
	return r.pick(func(v Pruning) bool { return v.Kind == kind && v.Remaining == remaining && v.Distilled })
}

// of are those of runs that have the seed.
func of(runs []Trained, seed uint64) []Trained {
	return experiment.Where(runs, func(t Trained) bool { return t.Variant.Seed == seed })
}

// remaining are the protocol's shares for which a condition holds, descending.
func (c Config) remaining(condition func(float64) bool) []float64 {
	list := experiment.Where(c.Remaining, condition)
	slices.SortFunc(list, func(a, b float64) int { return cmp.Compare(b, a) })
	return list
}

func scores(runs []Trained) []float64 { return experiment.Each(runs, score) }

func score(t Trained) float64 { return t.Score }

func mean(values []float64) float64 { return stat.Mean(values, nil) }
