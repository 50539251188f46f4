package finetune

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/task"
)

// download copies what was trained from the device.
func (r *run) download() (map[string][]float32, error) {
	values := map[string][]float32{}
	for _, p := range r.stepper.trained {
		flat, err := tensors.CopyFlatData[float32](p.value)
		if err != nil {
			return nil, err
		}
		values[p.spec.Name] = flat
	}
	return values, nil
}

// present is the model with the weights as they are on the device.
func (r *run) present() (*gbert.Model, error) {
	values, err := r.download()
	if err != nil {
		return nil, err
	}
	return r.withValues(values)
}

// withValues is the model with other values of its trained weights.
func (r *run) withValues(values map[string][]float32) (*gbert.Model, error) {
	model := r.model.Clone()
	for _, p := range r.stepper.trained {
		if !p.weight {
			continue
		}
		if err := model.SetWeight(p.spec.Name, p.spec.Shape, values[p.spec.Name]); err != nil {
			return nil, err
		}
	}
	return model, nil
}

func (r *run) finish() (*Result, error) {
	values := r.best
	if values == nil {
		var err error
		if values, err = r.download(); err != nil {
			return nil, fmt.Errorf("finetune: %w", err)
		}
	}
	result := &Result{
		Options: r.options, Epochs: r.state.Epochs, Kept: r.state.Best, Steps: r.state.Step,
		RealTokens: r.state.Real, ComputedTokens: r.state.Computed, Resumed: r.resumed, Cut: r.read.Cut(),
	}
	if r.devPrepared != nil {
		result.DevCut = r.devPrepared.Cut()
	}
	trained, err := r.withValues(values)
	if err != nil {
		return nil, err
	}
	for _, p := range r.stepper.trained {
		if slices.ContainsFunc(values[p.spec.Name], func(x float32) bool { return x-x != 0 }) {
			return nil, fmt.Errorf("finetune: %s is not finite after the last step: the run has diverged; a smaller learning rate or a longer warm-up helps", p.spec.Name)
		}
		if !p.weight {
			if result.Parameters == nil {
				result.Parameters = map[string][]float32{}
			}
			result.Parameters[strings.TrimPrefix(p.spec.Name, parameterPrefix)] = values[p.spec.Name]
		}
	}
	if r.train.Task.Kind.Named() && task.Unnamed(trained.Config.Labels) {
		trained.Config.Labels = append([]string(nil), r.train.Task.Labels...)
	}
	arguments := map[string]any{
		"task": r.train.Task.Name, "examples": r.train.Len(), "epochs": r.options.Epochs, "batch_size": r.options.BatchSize,
		"learning_rate": r.options.LearningRate, "max_length": r.options.MaxLength, "seed": r.options.Seed, "kept_epoch": r.state.Best,
	}
	if r.options.Method != nil {
		arguments["method"], arguments["arguments"] = r.options.Method.Name, r.options.Method.Arguments
	}
	trained.Config.History = append(trained.Config.History, gbert.Operation{Name: "finetune", Arguments: arguments})
	result.Model = trained
	if r.options.Method == nil || r.options.Method.Weight == nil {
		return result, nil
	}
	result.Raw = trained
	if result.Model, err = r.transformed(trained, values); err != nil {
		return nil, fmt.Errorf("finetune: %w", err)
	}
	return result, nil
}

// transformed is the model with the weights that the method makes of the kept values.
func (r *run) transformed(raw *gbert.Model, kept map[string][]float32) (*gbert.Model, error) {
	if r.best != nil {
		for _, p := range r.stepper.trained {
			p.value.MustFinalizeAll()
			p.value = tensors.FromFlatDataAndDimensions(slices.Clone(kept[p.spec.Name]), p.spec.Shape...)
		}
	}
	effective, err := r.stepper.effectiveWeights(r.state.Step, r.steps())
	if err != nil {
		return nil, err
	}
	defer effective.Close()
	model := raw.Clone()
	for _, p := range r.stepper.weights() {
		tensor, ok := effective[p.spec.Name]
		if !ok {
			continue
		}
		values, err := tensors.CopyFlatData[float32](tensor)
		if err != nil {
			return nil, err
		}
		if err := model.SetWeight(p.spec.Name, p.spec.Shape, values); err != nil {
			return nil, err
		}
	}
	return model, nil
}
