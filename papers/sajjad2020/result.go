package sajjad2020

import (
	"bertlab/papers/experiment"
	"bertlab/techniques/layerdrop"
)

// Result is everything that was measured, as plain data. Layers are numbered from 0 here, and from 1 in figures and tables.
type Result struct {
	Config     Config                `json:"config"`
	Provenance experiment.Provenance `json:"provenance"`
	// Layers is the number of the pretrained model's layers, Parameters that of its values without a head.
	Layers     int `json:"layers"`
	Parameters int `json:"parameters"`
	// Similarity compares the pretrained model's layers by [CLS], MeanSimilarity by the mean of the tokens.
	Similarity     *layerdrop.Similarity `json:"similarity"`
	MeanSimilarity *layerdrop.Similarity `json:"mean_similarity"`
	// Tasks are the results of each task.
	Tasks []*TaskResult `json:"tasks"`
	// Speed is the time of inference.
	Speed *Speed `json:"speed"`
	// Clock is the clock by which times are compared; times on the wall stand beside.
	Clock experiment.Clock `json:"clock"`
	// LeftOut are the optional tasks whose data were not found, and why.
	LeftOut []string `json:"left_out,omitempty"`
	// Claims are the paper's, with verdicts.
	Claims []experiment.Claim `json:"claims"`
}

// TaskResult is what was measured on one task.
type TaskResult struct {
	Task     string `json:"task"`
	Title    string `json:"title"`
	Pair     bool   `json:"pair"`
	Metric   string `json:"metric"`   // the primary one
	Examples int    `json:"examples"` // of the test set
	// Majority is the share of the test set's largest class.
	Majority float64 `json:"majority"`
	// Runs are the models, seed by seed.
	Runs []Trial `json:"runs"`
	// Travel is how far each layer of the whole model moved in fine-tuning, ‖θ−θ₀‖/‖θ₀‖, [seeds][layers].
	Travel [][]float64 `json:"travel"`
}

// When says when layers were dropped.
type When string

// The times of dropping.
const (
	Before      When = "before"      // of the pretrained model, which was then fine-tuned: the paper's way
	After       When = "after"       // of the fine-tuned model, which was not trained again
	Progressive When = "progressive" // one by one while fine-tuning
)

// Choice is a choice of layers to drop.
type Choice struct {
	// Strategy is empty for the whole model.
	Strategy layerdrop.Strategy `json:"strategy,omitempty"`
	// Threshold is that of the contribution-based strategy.
	Threshold float64 `json:"threshold,omitempty"`
	When      When    `json:"when,omitempty"`
	Dropped   []int   `json:"dropped"`
}

// K is the number of dropped layers.
func (c Choice) K() int { return len(c.Dropped) }

// Trial is one model on the test set.
type Trial struct {
	Choice
	Seed  uint64  `json:"seed"`
	Score float64 `json:"score"` // of the primary metric
	Loss  float64 `json:"loss"`
	// Right has a 1 for each test example whose class was predicted, else a 0.
	Right string `json:"right"`
	// Difference is the share of right examples minus that of the whole model with the same seed, Low and High its 95 % interval
	// (paired bootstrap), P McNemar's test.
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	P          float64 `json:"p"`
	Parameters int     `json:"parameters"`
	// TrainLoss, Seconds and StepSeconds are of fine-tuning: mean loss of the last epoch, time with compilation, and the median time
	// of a step that compiled nothing (0 if there was none), on the wall; StepClock is the same by the result's clock. All are 0
	// for a model that was not trained.
	TrainLoss   float64 `json:"train_loss,omitempty"`
	Seconds     float64 `json:"seconds,omitempty"`
	StepSeconds float64 `json:"step_seconds,omitempty"`
	StepClock   float64 `json:"step_clock,omitempty"`
}

// Speed is the time of inference with layers dropped. Every layer counts alike: sentence vectors, the mean of the tokens, need all
// positions of the last layer, too.
type Speed struct {
	Length  int          `json:"length"`
	Repeats int          `json:"repeats"`
	Batches []SpeedBatch `json:"batches"`
}

// SpeedBatch is the speed at one batch size. Embeddings is the median time of the embeddings alone by the result's clock, in seconds
// a batch.
type SpeedBatch struct {
	Size       int          `json:"size"`
	Embeddings float64      `json:"embeddings"`
	Models     []SpeedModel `json:"models"`
}

// SpeedModel is a model with K layers dropped; all models are timed in turn. Share is the encoder's time divided by that of the
// whole model by the result's clock, the time of the embeddings subtracted from both: the median of the pairs; Low and High are
// its quartiles. Seconds and Classifier are medians on the wall: of sentence vectors, and of a classifier, whose last layer
// computes [CLS] alone. MACs are the classifier's operations an example.
type SpeedModel struct {
	K          int     `json:"k"`
	Seconds    float64 `json:"seconds"`
	Share      float64 `json:"share"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Classifier float64 `json:"classifier"`
	MACs       int     `json:"macs"`
}
