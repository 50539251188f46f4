package michel2019

import (
	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/heads"
)

// Result is everything that was measured, as plain data.
type Result struct {
	experiment.Measured[Config]
	// Layers and Heads are the model's.
	Layers int `json:"layers"`
	Heads  int `json:"heads"`
	// Metric is the task's primary metric; Majority the share of the test set's largest class.
	Metric   string  `json:"metric"`
	Majority float64 `json:"majority"`
	// Models are the fine-tuned models, one a seed.
	Models []FineTuned `json:"models"`
	// Importance is equation 2, ImportanceByToken the variant of the authors' code; Stability is Spearman's ρ of the importance
	// between two halves of the examples, Agreement ρ between the two variants; 0 where all heads are equally important.
	Importance        *heads.Importance `json:"importance"`
	ImportanceByToken *heads.Importance `json:"importance_by_token"`
	Stability         float64           `json:"stability"`
	Agreement         float64           `json:"agreement"`
	// Entropy is the mean entropy of each head's attention in nats, [layers][heads].
	Entropy [][]float64 `json:"entropy"`
	// Ablation is the effect of masking each head alone, on the test set.
	Ablation *Effects `json:"ablation"`
	// OneHead is the effect of keeping one head in a layer, one entry a layer, on the test set; the head is the best on the choice
	// examples.
	OneHead []heads.HeadEffect `json:"one_head"`
	// Curves are the pruning curves.
	Curves []Curve `json:"curves"`
	// Transfer are the effects of the same heads on the out-of-domain set; nil without one.
	Transfer *Transfer `json:"transfer,omitempty"`
	// Speed is that of the model with half of its heads removed.
	Speed *Speed `json:"speed"`
}

// FineTuned is one fine-tuned model.
type FineTuned struct {
	Seed      uint64  `json:"seed"`
	TrainLoss float64 `json:"train_loss"`
	TestLoss  float64 `json:"test_loss"`
	Score     float64 `json:"score"` // of the primary metric on the test set
	Seconds   float64 `json:"seconds"`
}

// Effects are the effects of heads on a data set.
type Effects struct {
	Examples int                `json:"examples"`
	Score    float64            `json:"score"` // of the model with all heads
	Loss     float64            `json:"loss"`
	Heads    []heads.HeadEffect `json:"heads"`
}

// Order names a pruning order.
type Order string

// The pruning orders.
const (
	ByImportance Order = "importance"         // the least important first, estimated once
	Recomputed   Order = "recomputed"         // the least important first, estimated before each step
	ByScore      Order = "score difference"   // the least loss of the metric first: an oracle, chosen on the test set
	AtRandom     Order = "random"             // drawn
	ByReverse    Order = "reverse importance" // the most important first
)

// Curve is one model, pruned in one order.
type Curve struct {
	Order Order  `json:"order"`
	Seed  uint64 `json:"seed"` // of the model
	Draw  int    `json:"draw"` // number of the random order
	// Points are the steps, from no head to all.
	Points []Point `json:"points"`
	// Areas are, for each test example, the share of steps at which the model was right: its part of the area under the curve.
	Areas []float64 `json:"areas"`
}

// Point is a step of a pruning curve.
type Point struct {
	Fraction float64 `json:"fraction"`
	Removed  string  `json:"removed"` // as heads.Set writes it
	Score    float64 `json:"score"`
	Loss     float64 `json:"loss"`
	// Right says of which test examples the class was predicted.
	Right stats.Answers `json:"right"`
}

// Transfer compares single-head effects in and out of domain.
type Transfer struct {
	Task string `json:"task"`
	// Effects are those on the out-of-domain set.
	Effects *Effects `json:"effects"`
	// R is Pearson's correlation of the differences of the metric, RLoss that of the loss, with 95 % intervals (Fisher's z).
	// Where no head has an effect they are undefined: 0, with the interval −1 to 1.
	R        float64 `json:"r"`
	RLow     float64 `json:"r_low"`
	RHigh    float64 `json:"r_high"`
	RLoss    float64 `json:"r_loss"`
	RLossLow float64 `json:"r_loss_low"`
	RLossHi  float64 `json:"r_loss_high"`
}

// relatedByLoss says that what heads change the loss by in one domain is surely related to what they do in the other.
func (t *Transfer) relatedByLoss() bool { return t.RLossLow > 0 || t.RLossHi < 0 }

// Speed is the speed of a model with heads removed against the whole model.
type Speed struct {
	Removed  string  `json:"removed"`
	Fraction float64 `json:"fraction"`
	Length   int     `json:"length"`
	Repeats  int     `json:"repeats"`
	experiment.SpeedUp
}
