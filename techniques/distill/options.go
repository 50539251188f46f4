package distill

import (
	"fmt"
	"math"

	"bertlab/gbert"
)

// Options say what the student learns from its teacher. Zero values mean the defaults named with each field.
type Options struct {
	// Temperature is T, by which logits are divided; 2.
	Temperature float64 `json:"temperature"`
	// Alpha is the weight of the soft targets against the labels, at most 1; 0.9. Negative: none.
	Alpha float64 `json:"alpha"`
	// HiddenStates is the weight of the mean squared error of hidden states, the embeddings' output among them; 0: none.
	HiddenStates float64 `json:"hidden_states,omitempty"`
	// Attention is the weight of the mean squared error of attention probabilities; 0: none.
	Attention float64 `json:"attention,omitempty"`
	// LabelsByNumber matches the teacher's classes with the student's by their numbers; by name otherwise, see [task.MatchLabels].
	LabelsByNumber bool `json:"labels_by_number,omitempty"`
	// Layers are for each layer of the student the layer of the teacher that it learns from, both from 0; nil spreads the
	// student's evenly: layer i learns from ⌈(i+1)·L_teacher/L_student⌉−1, so that the last learns from the last.
	Layers []int `json:"layers,omitempty"`
	// LayersOnly leaves labels and soft targets out: TinyBERT's first stage.
	LayersOnly bool `json:"layers_only,omitempty"`
	// TokenOutputs is, for soft targets computed beforehand, how many logits a token has where they are those of tokens: a tagging's
	// labels, or 2 for spans; 0: they are those of texts.
	TokenOutputs int `json:"token_outputs,omitempty"`
	// ProjectionRate is the peak learning rate of the projection that is learnt where the widths of the two models differ; 1e-3.
	ProjectionRate float64 `json:"projection_rate,omitempty"`
}

func (o Options) withDefaults() (Options, error) {
	if o.Temperature == 0 {
		o.Temperature = 2
	}
	if o.Alpha == 0 {
		o.Alpha = 0.9
	}
	if o.ProjectionRate == 0 {
		o.ProjectionRate = 1e-3
	}
	finite := func(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }
	switch {
	case !(o.Temperature > 0 && finite(o.Temperature)):
		return o, fmt.Errorf("distill: the temperature is %g; it must be above 0", o.Temperature)
	case !(o.Alpha <= 1):
		return o, fmt.Errorf("distill: soft targets have the weight %g; it must be at most 1 (negative: none)", o.Alpha)
	case !(o.HiddenStates >= 0 && finite(o.HiddenStates)) || !(o.Attention >= 0 && finite(o.Attention)):
		return o, fmt.Errorf("distill: hidden states have the weight %g and attention %g; weights must be 0 or above", o.HiddenStates, o.Attention)
	case o.LayersOnly && o.HiddenStates == 0 && o.Attention == 0:
		return o, fmt.Errorf("distill: layers only, but hidden states and attention have the weight 0: one of them must be above 0")
	case o.TokenOutputs < 0:
		return o, fmt.Errorf("distill: a token has %d outputs; 0 or more were expected", o.TokenOutputs)
	case !(o.ProjectionRate > 0 && finite(o.ProjectionRate)):
		return o, fmt.Errorf("distill: the projection's learning rate is %g; it must be above 0", o.ProjectionRate)
	}
	o.Alpha = max(o.Alpha, 0)
	return o, nil
}

// arguments are what identifies the options in a checkpoint and a history.
func (o Options) arguments() map[string]any {
	arguments := map[string]any{"temperature": o.Temperature, "alpha": o.Alpha}
	if o.HiddenStates > 0 || o.Attention > 0 {
		arguments["hidden_states"], arguments["attention"], arguments["layers"], arguments["layers_only"] = o.HiddenStates, o.Attention, o.Layers, o.LayersOnly
	}
	return arguments
}

// layerMap checks the layers, or spreads them.
func (o Options) layerMap(teacher, student *gbert.Config) ([]int, error) {
	from, to := teacher.NumHiddenLayers, student.NumHiddenLayers
	if o.Layers == nil {
		layers := make([]int, to)
		for i := range layers {
			layers[i] = max(((i+1)*from+to-1)/to-1, 0)
		}
		if to > 0 && from == 0 {
			return nil, fmt.Errorf("distill: the teacher has no layer to learn from")
		}
		return layers, nil
	}
	if len(o.Layers) != to {
		return nil, fmt.Errorf("distill: %d layers are mapped, the student has %d", len(o.Layers), to)
	}
	for i, layer := range o.Layers {
		if layer < 0 || layer >= from {
			return nil, fmt.Errorf("distill: layer %d of the student is to learn from layer %d of the teacher, which has the layers 0 to %d", i, layer, from-1)
		}
	}
	return o.Layers, nil
}
