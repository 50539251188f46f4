package lan2020

import (
	"bertlab/papers/experiment"
	"bertlab/techniques/sharing"
)

// Result is everything that was measured, as plain data. Layers are numbered from 0.
type Result struct {
	experiment.Measured[Config]
	// Layers and Hidden are the pretrained model's numbers of layers and hidden units, Vocab its number of words.
	Layers int `json:"layers"`
	Hidden int `json:"hidden"`
	Vocab  int `json:"vocab"`
	// Title is that of the task.
	Title string `json:"title"`
	experiment.TestSet
	// Counts are the parameters of the paper's models, counted exactly.
	Counts []sharing.CountRow `json:"counts"`
	// Distances are how far the pretrained model's layers are from their mean, by the parts of a layer, [layers].
	Distances []sharing.Distance `json:"distances"`
	// Runs are the models, seed by seed, the whole one first.
	Runs []Trial `json:"runs"`
	// Inits are the fine-tuned whole models after their layers were made to share all, by what that began with, not trained further.
	Inits []Initialised `json:"inits"`
	// Errors are the relative errors of the pretrained word table at sizes E = 1, 2, …
	Errors []float64 `json:"errors"`
	// Cuts are the fine-tuned whole models with a smaller word table, not trained further, seed by seed.
	Cuts []Cut `json:"cuts"`
	// Speed is the time of inference, and of training.
	Speed *Speed `json:"speed"`
}

// Trial is one model, converted and then trained.
type Trial struct {
	Variant Scheme `json:"variant"`
	Seed    uint64 `json:"seed"`
	experiment.Answers
	// Converted are the answers of the fine-tuned whole model after the same conversion, without further training; nil where that
	// says nothing new.
	Converted *experiment.Answers `json:"converted,omitempty"`
	experiment.Change
	// Parts count the parameters, MACs the operations for one example of 128 tokens (or as many as the model takes).
	Parts sharing.Parts `json:"parts"`
	MACs  int           `json:"macs"`
	// Transitions are how far each layer moves its input; of the variants without and with all layers shared.
	Transitions *sharing.Transitions `json:"transitions,omitempty"`
	// TrainLoss, Seconds and StepSeconds are of fine-tuning: mean loss of the last epoch, time with compilation, and the median time
	// of a step that compiled nothing (0 if there was none).
	TrainLoss   float64 `json:"train_loss"`
	Seconds     float64 `json:"seconds"`
	StepSeconds float64 `json:"step_seconds"`
	// Machine is the one that trained it, as far as that is known.
	Machine string `json:"machine,omitempty"`
}

// Initialised is a fine-tuned model of which all layers then share their weights, beginning with what Init makes of them.
type Initialised struct {
	Init sharing.Init `json:"init"`
	Seed uint64       `json:"seed"`
	experiment.Answers
}

// Cut is a fine-tuned model whose word table was cut to size E.
type Cut struct {
	Size int    `json:"size"`
	Seed uint64 `json:"seed"`
	experiment.Answers
	// RelativeError is that of the fine-tuned word table, Parameters what the product holds.
	RelativeError float64 `json:"relative_error"`
	Parameters    int     `json:"parameters"`
}

// Speed is the time of converted models beside the whole one, timed in turn.
type Speed struct {
	Length  int          `json:"length"`
	Repeats int          `json:"repeats"`
	Models  []SpeedModel `json:"models"`
	// Training is that of a training step of the model that shares all; nil where it was not run.
	Training *TrainingSpeed `json:"training,omitempty"`
}

// TrainingSpeed is the time of a step of training beside the whole model's, timed in turn on the batch of median length, of so many tokens a row.
type TrainingSpeed struct {
	Length int                   `json:"length"`
	Time   experiment.SpeedBatch `json:"time"`
}

// SpeedModel is a converted model at each batch size.
type SpeedModel struct {
	Variant    Scheme                  `json:"variant"`
	Parameters int                     `json:"parameters"`
	Batches    []experiment.SpeedBatch `json:"batches"`
}
