package wang2022

import (
	"context"
	"encoding/json"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/distill"
	"bertlab/techniques/tucker"
)

// decomposeInputs are what a model is decomposed by.
type decomposeInputs struct {
	Whole  experiment.ModelSource
	Seed   uint64 // of the whole model
	Form   Form
	Ratio  float64
	Sweeps int    `json:",omitempty"` // of III and IV
	Model  string `json:",omitempty"` // the name of one that is decomposed as pretrained, which has no seed
}

// decomposed is what is known of a decomposed model: all of the variant but its operations, which follow from the configuration.
type decomposed struct {
	Variant Decomposition   `json:"variant"`
	Config  json.RawMessage `json:"config"`
}

// decompose makes the model of a form with a part of the matrices' parameters, and measures it.
var decompose = &experiment.ModelDefinition[decomposeInputs, decomposed]{
	Name: "decomposition", Version: 1, Transient: true,
	Title: func(say *words.Printer, in decomposeInputs) string {
		if in.Model != "" {
			return say.F("decomposing %s, form %s, %g of the parameters", in.Model, in.Form, in.Ratio)
		}
		return say.F("decomposing, form %s, %g of the parameters, seed %d", in.Form, in.Ratio, in.Seed)
	},
	Cost: func(_ decomposeInputs, c *gbert.Config) experiment.Cost {
		return experiment.Cost{Host: experiment.Decomposition(c)}
	},
	Run: func(ctx context.Context, w *experiment.Worker, in decomposeInputs) (small *gbert.Model, d decomposed, err error) {
		d = decomposed{Variant: Decomposition{Form: in.Form, Ratio: in.Ratio, Seed: in.Seed}}
		whole := w.Model(in.Whole)
		began := time.Now()
		var report *tucker.Factorisation
		if in.Form == II {
			small, report, err = tucker.Factorise(ctx, whole, tucker.FactoriseOptions{Ratio: in.Ratio, Progress: w.Progress()})
		} else {
			small, report, err = tucker.Bank(ctx, whole, bankOptions(in.Form, in.Ratio, in.Sweeps))
		}
		if err != nil {
			return nil, d, err
		}
		v := &d.Variant
		v.Seconds, v.Matrices, v.Parameters = time.Since(began).Seconds(), report.ParametersAfter, small.NumParameters()
		if v.Name = report.Name(); report.Bank != nil {
			v.Sweeps = report.Bank.Errors
		}
		if v.Error, v.ByRole, err = report.Error(whole); err != nil {
			return nil, d, err
		}
		d.Config, err = json.Marshal(small.Config)
		return small, d, err
	},
}

// bankOptions are those of the forms III and IV.
func bankOptions(form Form, ratio float64, sweeps int) tucker.BankOptions {
	o := tucker.BankOptions{Core: gbert.MixedCore, Ratio: ratio, Sweeps: sweeps}
	if form == III {
		o.Core = gbert.FullCore
	}
	if o.Sweeps == 0 {
		o.Sweeps = -1
	}
	return o
}

// recoverInputs are what a decomposed model learns again from. Whole and Logits are its teacher's, for distillation.
type recoverInputs struct {
	experiment.Judging // of the decomposed model
	Recovery           Recovery
	Examples           experiment.Sample
	Options            finetune.Options // of a stage
	Whole              experiment.ModelSource
	Logits             *experiment.Node[[][]float32]

	title func(say *words.Printer) string
}

// learnAgain lets a decomposed model learn again, and judges it.
var learnAgain = &experiment.Definition[recoverInputs, recovered]{
	Name: "learning again", Version: 1, Title: func(say *words.Printer, in recoverInputs) string { return in.title(say) },
	Cost: func(in recoverInputs, _ *gbert.Config) experiment.Cost {
		if in.Recovery == Tuned {
			return experiment.Cost{Slowness: 2} // twice the epochs
		}
		return experiment.Cost{Slowness: 2.5} // two stages, each compiled, and the teacher's passes in the first
	},
	Run: func(ctx context.Context, w *experiment.Worker, in recoverInputs) (recovered, error) {
		small := w.Model(in.Model)
		model, seconds, err := in.learn(ctx, w, small)
		if err != nil {
			return recovered{}, err
		}
		evaluated, err := in.EvaluateModel(ctx, w, model)
		return recovered{evaluated, seconds}, err
	},
}

// recovered is how a model does that has learned again, and how long it learned.
type recovered struct {
	experiment.Evaluated
	Seconds float64 `json:"seconds"`
}

// learn fine-tunes a model on the labels for both stages' epochs, or distils it.
func (in *recoverInputs) learn(ctx context.Context, w *experiment.Worker, small *gbert.Model) (*gbert.Model, float64, error) {
	stage := func(name string, from *gbert.Model, epochs int, method *finetune.Method) (*gbert.Model, float64, error) {
		o := in.Options
		o.Epochs, o.Method = epochs*o.Epochs, method
		result, done, err := w.Separate(name).Train(ctx, from, in.Examples.Dataset, nil, o)
		if err != nil {
			return nil, 0, err
		}
		return result.Model, done.Seconds, nil
	}
	if in.Recovery == Tuned {
		return stage("labels", small, 2, nil)
	}
	// The two stages of TinyBERT (Jiao et al. 2020), which the paper uses: attention and hidden states, then predictions.
	whole := w.Model(in.Whole)
	layers, err := distill.FromTeacher(whole, small, distill.Options{HiddenStates: 1, Attention: 1, LayersOnly: true})
	if err != nil {
		return nil, 0, err
	}
	half, first, err := stage("layers", small, 1, layers)
	if err != nil {
		return nil, 0, err
	}
	predictions, err := distill.SoftTargets(in.Logits.Result(), distill.Options{Temperature: 1, Alpha: 1})
	if err != nil {
		return nil, 0, err
	}
	model, second, err := stage("predictions", half, 1, predictions)
	return model, first + second, err
}
