package wang2022

import (
	"bertlab/papers/experiment"
	"bertlab/techniques/tucker"
)

// Result is everything that was measured, as plain data.
type Result struct {
	experiment.Measured[Config]
	experiment.TestSet
	// Parameters, Matrices and MACs are those of the whole model: all of it, its encoder's matrices, and operations of a classifier.
	Parameters int `json:"parameters"`
	Matrices   int `json:"matrices"`
	MACs       int `json:"macs"`
	// Pretrained is the model that was decomposed as it is; nil without one.
	Pretrained *Pretrained `json:"pretrained,omitempty"`
	// Whole are the fine-tuned models that were decomposed, one a seed.
	Whole []Trial `json:"whole"`
	// Variants are the decomposed models, by seed, form and ratio.
	Variants []Decomposition `json:"variants"`
	// Trials are their accuracies, by way of recovery.
	Trials []Trial `json:"trials"`
	// Speed times the decomposed models of the first seed, Maps single linear maps.
	Speed []Speed    `json:"speed"`
	Maps  []MapSpeed `json:"maps"`
	// Counts are the parameters of the paper's models.
	Counts []tucker.Count `json:"counts"`
}

// Pretrained is a model that was decomposed as it is.
type Pretrained struct {
	Model  string `json:"model"`
	SHA256 string `json:"sha256"` // of configuration and weights
	// Matrices and MACs are as those of the [Result], but without a classifier.
	Matrices int `json:"matrices"`
	MACs     int `json:"macs"`
	// Variants are its decompositions, by form and ratio; they have no seed.
	Variants []Decomposition `json:"variants"`
}

// Decomposition is a decomposed model.
type Decomposition struct {
	Form  Form    `json:"form"`
	Ratio float64 `json:"ratio"` // that was asked for
	Seed  uint64  `json:"seed"`  // of the fine-tuning
	// Name has the ranks: III-123, IV-36-192; of II the smallest and the largest.
	Name string `json:"name"`
	// Matrices and Parameters count what is left of the encoder's matrices, and of the model.
	Matrices   int `json:"matrices"`
	Parameters int `json:"parameters"`
	// Error is ‖W − Ŵ‖ / ‖W‖ over all matrices together; Start the same of the stack before HOOI, Sweeps after each sweep.
	Error  float64   `json:"error"`
	Sweeps []float64 `json:"sweeps,omitempty"`
	// ByRole are the errors of the matrices of each role.
	ByRole map[string]float64 `json:"by_role"`
	// MACs are a classifier's operations for one example of SpeedLength tokens, BatchMACs for a batch of SpeedBatch.
	MACs      int `json:"macs"`
	BatchMACs int `json:"batch_macs"`
	// Seconds is the time of the decomposition.
	Seconds float64 `json:"seconds"`
}

// Recovery is how a decomposed model learned again.
type Recovery string

// The ways of recovery.
const (
	None      Recovery = "none"
	Tuned     Recovery = "fine-tuned" // on the labels
	Distilled Recovery = "distilled"  // attention and hidden states of the whole model, then its predictions
)

// Trial is one model on the test set. Form is empty for a whole model.
type Trial struct {
	Form     Form     `json:"form,omitempty"`
	Ratio    float64  `json:"ratio,omitempty"`
	Recovery Recovery `json:"recovery,omitempty"`
	Seed     uint64   `json:"seed"`
	experiment.Answers
	// Seconds is the time of the training, with compilation.
	Seconds float64 `json:"seconds,omitempty"`
}

// Speed is a decomposed model's time beside the whole one's, timed in turn. Ratio is whole/decomposed of the pairs' median, with
// quartiles; MACRatio the same of the counted operations for the batch.
type Speed struct {
	Form     Form                  `json:"form"`
	Target   float64               `json:"target"` // of the parameters
	Name     string                `json:"name"`
	Time     experiment.SpeedBatch `json:"time"`
	MACRatio float64               `json:"mac_ratio"`
}

// MapSpeed is the time of a factored linear map beside its dense one, timed in turn: all layers' maps of a role one after the other.
type MapSpeed struct {
	Role      string  `json:"role"`
	Out       int     `json:"out"`
	In        int     `json:"in"`
	BreakEven int     `json:"break_even"` // rank
	Rank      int     `json:"rank"`
	Part      float64 `json:"part"` // of the break-even rank
	// Dense and Factored are median seconds a pass; Ratio is dense/factored with quartiles, MACRatio that of the operations.
	Dense    float64 `json:"dense"`
	Factored float64 `json:"factored"`
	Ratio    float64 `json:"ratio"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	MACRatio float64 `json:"mac_ratio"`
	// Ratios are those of all pairs; Processors how many processors the process had, 0 where the system does not tell.
	Ratios     []float64 `json:"ratios"`
	Processors float64   `json:"processors,omitempty"`
	// MACs are the dense pass's operations, of all layers.
	MACs int `json:"macs"`
}

// rates are 10⁹ operations (multiply and add count as one) a second, dense and factored: how well each uses the processor.
func (m MapSpeed) rates() (dense, factored float64) {
	return float64(m.MACs) / m.Dense / 1e9, float64(m.MACs) / m.MACRatio / m.Factored / 1e9
}
