package recipes

import (
	"context"
	"errors"
	"fmt"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/quantise"
)

// Quantise stores the maps of the encoder and the word table as eight-bit integers.
type Quantise struct {
	// Inputs are the numbers that what enters a map is multiplied as: dynamic, row, or float, where the weights alone are rounded.
	Inputs string `json:"inputs"`
}

// roundedInputs are the values of Inputs.
var roundedInputs = map[string]gbert.InputNumbers{"dynamic": gbert.DynamicInputs, "row": gbert.RowInputs, "float": gbert.FloatInputs}

func readQuantise(f *fields) Operation {
	return &Quantise{f.choice("inputs", "dynamic", "dynamic", "row", "float")}
}

func (s *Quantise) plan(now *state) error {
	if now.rounded {
		return errors.New("it is in eight bits already")
	}
	now.rounded, now.factored = true, true
	return nil
}

// quantiseInputs are a model, and the numbers of what enters its maps.
type quantiseInputs struct {
	Model  experiment.ModelSource
	Inputs gbert.InputNumbers
	Title  title `json:"-"`
}

var quantising = &experiment.ModelDefinition[quantiseInputs, came]{
	Name: "model in eight bits", Version: 1,
	Title: func(say *words.Printer, in quantiseInputs) string { return in.Title(say) },
	Run: func(ctx context.Context, w *experiment.Worker, in quantiseInputs) (*gbert.Model, came, error) {
		model := w.Model(in.Model)
		smaller, report, err := quantise.Quantise(model, quantise.Options{Inputs: in.Inputs})
		if err != nil {
			return nil, came{}, err
		}
		maps := 0
		for _, each := range report.Maps {
			if each.Int8 && each.Role != quantise.Words {
				maps++
			}
		}
		return smaller, came{fmt.Sprintf("%d maps and the word table in eight bits", maps), smaller.NumParameters()}, nil
	},
}

func (s *Quantise) add(c *course) (added, error) {
	return put(quantising, c.plan, quantiseInputs{c.model, roundedInputs[s.Inputs], c.title()}), nil
}
