package heads

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/stats"
)

// HeadEffect is what one change of ξ does to the model on a data set. A metric that is undefined, such as the correlation of a
// model that predicts the same for all, is NaN here and null in JSON.
type HeadEffect struct {
	Head
	// Metric is the task's primary metric with the change, MetricDelta the difference to the model without it.
	Metric      float64 `json:"metric"`
	MetricDelta float64 `json:"metric_delta"`
	// Loss is the mean loss in nats, LossDelta the difference to the model without the change.
	Loss      float64 `json:"loss"`
	LossDelta float64 `json:"loss_delta"`
	// LossLow and LossHigh are the 95 % interval of LossDelta by the paired bootstrap.
	LossLow  float64 `json:"loss_delta_low"`
	LossHigh float64 `json:"loss_delta_high"`
	// OnlyBase and OnlyChanged count the examples that only the model without, or only the one with the change gets right.
	// PValue is McNemar's exact two-sided test of the two; NaN for a regression, which has none, and absent in JSON.
	OnlyBase    int     `json:"only_base_right"`
	OnlyChanged int     `json:"only_changed_right"`
	PValue      float64 `json:"p_value"`
}

// plainEffect is a [HeadEffect] for encoding/json, with what may be undefined as pointers: nil where it is.
type plainEffect struct {
	effectFields
	Metric      *float64 `json:"metric"`
	MetricDelta *float64 `json:"metric_delta"`
	PValue      *float64 `json:"p_value,omitempty"`
}

type effectFields HeadEffect

// MarshalJSON writes an undefined metric as null, and no test where there is none.
func (e HeadEffect) MarshalJSON() ([]byte, error) {
	plain := plainEffect{effectFields: effectFields(e)}
	if !math.IsNaN(e.Metric) {
		plain.Metric = &e.Metric
	}
	if !math.IsNaN(e.MetricDelta) {
		plain.MetricDelta = &e.MetricDelta
	}
	if !math.IsNaN(e.PValue) {
		plain.PValue = &e.PValue
	}
	return json.Marshal(plain)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *HeadEffect) UnmarshalJSON(data []byte) error {
	var plain plainEffect
	if err := json.Unmarshal(data, &plain); err != nil {
		return err
	}
	*e = HeadEffect(plain.effectFields)
	e.Metric, e.MetricDelta, e.PValue = math.NaN(), math.NaN(), math.NaN()
	if plain.Metric != nil {
		e.Metric = *plain.Metric
	}
	if plain.MetricDelta != nil {
		e.MetricDelta = *plain.MetricDelta
	}
	if plain.PValue != nil {
		e.PValue = *plain.PValue
	}
	return nil
}

// Ablation is the effect of each head's masking, one head at a time.
type Ablation struct {
	// Metric is the name of the task's primary metric.
	Metric string `json:"metric"`
	// Base is the model with all its heads.
	Base *finetune.Evaluation `json:"base"`
	// Heads are the effects by layer and head.
	Heads []HeadEffect `json:"heads"`
}

// Resamples is the number of bootstrap resamples behind the intervals of [HeadEffect].
const Resamples = 1000

// Ablate masks each head alone and evaluates the model on a data set (Michel et al. 2019, section 3.2).
func Ablate(ctx context.Context, s *gbert.Session, p *finetune.Prepared, progress func(done, total int)) (*Ablation, error) {
	return oneAtATime(ctx, s, p, func(row []float32, head int) { row[head] = 0 }, 1, progress)
}

// KeepOne keeps each head alone in its layer, with all heads of the other layers, and evaluates the model on a data set
// (section 3.3): the effect of a head is that of masking all others of its layer.
func KeepOne(ctx context.Context, s *gbert.Session, p *finetune.Prepared, progress func(done, total int)) (*Ablation, error) {
	return oneAtATime(ctx, s, p, func(row []float32, head int) { row[head] = 1 }, 0, progress)
}

// oneAtATime evaluates, for each head, a row of ξ that is rest everywhere and changed by change.
func oneAtATime(ctx context.Context, s *gbert.Session, p *finetune.Prepared, change func(row []float32, head int), rest float32, progress func(done, total int)) (*Ablation, error) {
	config := s.Model().Config
	list := All(config)
	variants := make([]variant, len(list))
	for i, h := range list {
		row := make([]float32, config.NumAttentionHeads)
		for j := range row {
			row[j] = rest
		}
		change(row, h.Head)
		variants[i] = variant{h.Layer, row}
	}
	baseLogits, swept, err := sweep(ctx, s, p, variants, progress)
	if err != nil {
		return nil, err
	}
	base, err := p.Judge(baseLogits)
	if err != nil {
		return nil, err
	}
	ablation := &Ablation{Metric: p.Dataset.Task.Metrics[0], Base: base, Heads: make([]HeadEffect, len(list))}
	for i, h := range list {
		changed, err := p.Judge(swept[i])
		if err != nil {
			return nil, err
		}
		if ablation.Heads[i], err = EffectOf(p.Dataset, h, base, changed); err != nil {
			return nil, err
		}
	}
	return ablation, nil
}

// EffectOf is the effect of a change: what changed does on a data set against what base does, example by example.
func EffectOf(d *task.Dataset, h Head, base, changed *finetune.Evaluation) (HeadEffect, error) {
	metric := d.Task.Metrics[0]
	effect := HeadEffect{
		Head: h, Metric: changed.Metrics[metric], MetricDelta: changed.Metrics[metric] - base.Metrics[metric],
		Loss: changed.Loss, LossDelta: changed.Loss - base.Loss, PValue: math.NaN(),
	}
	interval, err := stats.PairedBootstrap(changed.Losses, base.Losses, stats.Resampling{Resamples: Resamples, Seed: 1})
	if err != nil {
		return effect, fmt.Errorf("heads: %w", err)
	}
	effect.LossLow, effect.LossHigh = interval.Low, interval.High
	if d.Task.Kind.Discrete() {
		right, err := task.Right(d.Task, base.Predictions, d.Examples)
		if err != nil {
			return effect, fmt.Errorf("heads: %w", err)
		}
		changedRight, err := task.Right(d.Task, changed.Predictions, d.Examples)
		if err != nil {
			return effect, fmt.Errorf("heads: %w", err)
		}
		test, err := stats.McNemar(right, changedRight)
		if err != nil {
			return effect, fmt.Errorf("heads: %w", err)
		}
		effect.OnlyBase, effect.OnlyChanged, effect.PValue = test.OnlyA, test.OnlyB, test.P
	}
	return effect, nil
}
