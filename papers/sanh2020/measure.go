package sanh2020

import (
	"context"
	"fmt"
	"math"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/experiment"
	"bertlab/techniques/movement"
)

// measureDrift compares the encoder's matrices of two models of the same shape.
func measureDrift(before, after *gbert.Model, focus float64) (*Drift, error) {
	drift := &Drift{ByMatrix: make([][]float64, after.Config.NumHiddenLayers)}
	var moved, size float64
	var total, signs, top, stayed int
	for layer := range drift.ByMatrix {
		for _, role := range gbert.LayerRoles {
			a, _, err := before.DenseMap(layer, role)
			if err != nil {
				return nil, err
			}
			b, _, err := after.DenseMap(layer, role)
			if err != nil {
				return nil, err
			}
			var distance, norm float64
			for i := range a {
				x, y := float64(a[i]), float64(b[i])
				distance += (y - x) * (y - x)
				norm += x * x
				if x*y < 0 {
					signs++
				}
			}
			drift.ByMatrix[layer] = append(drift.ByMatrix[layer], math.Sqrt(distance/norm))
			moved, size, total = moved+distance, size+norm, total+len(a)
			x, y := largest(a, focus), largest(b, focus)
			for i := range x {
				if y[i] {
					top++
					if x[i] {
						stayed++
					}
				}
			}
		}
	}
	drift.Distance = math.Sqrt(moved / size)
	drift.SignShare = float64(signs) / float64(max(total, 1))
	drift.Overlap = float64(stayed) / float64(max(top, 1))
	return drift, nil
}

// largest marks the share of values of largest magnitude; of equal ones at the border, the first.
func largest(values []float32, share float64) []bool {
	magnitude := make([]float32, len(values))
	for i, v := range values {
		magnitude[i] = max(v, -v)
	}
	marks := make([]bool, len(values))
	count := int(share * float64(len(values)))
	if count == 0 {
		return marks
	}
	sorted := slices.Sorted(slices.Values(magnitude))
	threshold := sorted[len(sorted)-count]
	equal := count // of those at the threshold, how many are taken
	for i := len(sorted) - 1; sorted[i] > threshold; i-- {
		equal--
	}
	for i, m := range magnitude {
		switch {
		case m > threshold:
			marks[i] = true
		case m == threshold && equal > 0:
			marks[i], equal = true, equal-1
		}
	}
	return marks
}

// measureStorage measures the files of the dense model and of those that were kept.
func (s *seedRun) measureStorage(ctx context.Context) error {
	models := []prunedModel{{s.result.Dense[0], s.dense}}
	models = append(models, s.models...)
	for i, m := range models {
		name := m.trained.Variant.String()
		storage, err := experiment.Step(s.store, "storage-"+name, func() (Storage, error) {
			model := m.model
			if m.trained.Variant.Structured {
				var err error
				if model, err = movement.RemoveEmpty(model); err != nil {
					return Storage{}, err
				}
			}
			s.env.Report(experiment.Progress{Stage: "storage", Done: i + 1, Total: len(models)})
			sizes, err := model.Sizes(ctx)
			if err != nil {
				return Storage{}, err
			}
			return Storage{Name: storageName(m.trained.Variant), Kept: m.trained.Kept, Sizes: *sizes}, nil
		})
		if err != nil {
			return err
		}
		s.result.Storage = append(s.result.Storage, storage)
	}
	return nil
}

func storageName(v Variant) string {
	switch {
	case v.Kind == "":
		return "dense"
	case v.Structured:
		return fmt.Sprintf("heads and neurons removed, %g %% kept", 100*v.Remaining)
	}
	return fmt.Sprintf("%s, %g %% of the weights kept", v.Kind, 100*v.Remaining)
}

// measureSpeed times the models that were kept beside the dense one.
func (s *seedRun) measureSpeed(ctx context.Context) error {
	length := min(s.config.SpeedLength, s.dense.Config.MaxPositionEmbeddings)
	s.result.Speed = &Speed{Length: length, Repeats: s.config.SpeedRepeats}
	prepared, err := finetune.Prepare(s.env.Backend, s.dense, s.test, s.config.MaxLength, s.config.BatchSize, 1)
	if err != nil {
		return err
	}
	timer := &timer{seedRun: s, examples: prepared.Encodings, length: length}
	for _, m := range s.models {
		name := s.config.speedName(m.trained.Variant.String())
		if !m.trained.Variant.Structured {
			s.result.Speed.Kept = m.trained.Kept
			s.result.Speed.Unstructured, err = experiment.Step(s.store, name, func() ([]experiment.SpeedBatch, error) { return timer.compare(ctx, m.model, nil, nil) })
		} else {
			err = timer.structured(ctx, name, m, true)
		}
		if err != nil {
			return err
		}
	}
	if s.config.StructuredUntrained == 0 {
		return nil
	}
	v := Variant{Kind: movement.Magnitude, Scope: movement.Local, Remaining: s.config.StructuredUntrained, Structured: true, Seed: s.config.Seeds[0]}
	pruned, err := movement.Prune(s.dense, s.config.options(v))
	if err != nil {
		return err
	}
	return timer.structured(ctx, s.config.speedName("untrained-"+v.String()), prunedModel{Trained{Variant: v}, pruned}, false)
}

// speedName names a step that times a model.
func (c Config) speedName(model string) string {
	return fmt.Sprintf("speed-%s-%v-%d-%d", model, c.SpeedBatches, c.SpeedLength, c.SpeedRepeats)
}

// timer times models on batches of the same tokens.
type timer struct {
	*seedRun
	examples []tokenizer.Encoding
	length   int
}

// structured removes what is masked of a model and times it. Without training the model is judged first.
func (t *timer) structured(ctx context.Context, name string, m prunedModel, trained bool) error {
	speed, err := experiment.Step(t.store, name, func() (StructuredSpeed, error) {
		speed := StructuredSpeed{Remaining: m.trained.Variant.Remaining, Trained: trained, Score: m.trained.Score}
		smaller, err := movement.RemoveEmpty(m.model)
		if err != nil {
			return speed, err
		}
		if !trained {
			evaluation, err := t.evaluate(ctx, smaller)
			if err != nil {
				return speed, err
			}
			speed.Score = evaluation.Metrics[t.result.Metric]
		}
		for _, layer := range smaller.Config.Layers {
			speed.Heads, speed.Neurons = append(speed.Heads, len(layer.Heads)), append(speed.Neurons, layer.IntermediateSize)
		}
		speed.MACs, speed.PrunedMACs = t.dense.Config.MACs(t.length, true).Total(), smaller.Config.MACs(t.length, true).Total()
		speed.Parameters, speed.PrunedParameters = t.dense.NumParameters(), smaller.NumParameters()
		speed.Batches, err = t.compare(ctx, smaller, m.model, &speed.MaskedDifference)
		return speed, err
	})
	t.result.Speed.Structured = append(t.result.Speed.Structured, speed)
	return err
}

// compare times a pruned model beside the dense one, at each batch size. masked, if not nil, is a model whose logits the pruned
// one must have: difference gets the largest distance.
func (t *timer) compare(ctx context.Context, pruned, masked *gbert.Model, difference *float64) ([]experiment.SpeedBatch, error) {
	var sessions []*gbert.Session
	for _, model := range []*gbert.Model{t.dense, pruned, masked} {
		if model == nil {
			continue
		}
		session, err := gbert.NewSession(t.env.Backend, model)
		if err != nil {
			return nil, err
		}
		defer session.Close()
		sessions = append(sessions, session)
	}
	var list []experiment.SpeedBatch
	for i, size := range t.config.SpeedBatches {
		batch := experiment.FilledBatch(t.examples, size, t.length, t.dense.Config.PadTokenID)
		if masked != nil && i == 0 {
			a, err := sessions[1].BatchLogits(batch, nil)
			if err != nil {
				return nil, err
			}
			b, err := sessions[2].BatchLogits(batch, nil)
			if err != nil {
				return nil, err
			}
			for row := range a {
				for label := range a[row] {
					*difference = max(*difference, math.Abs(float64(a[row][label]-b[row][label])))
				}
			}
		}
		timing, err := experiment.ComparePair(ctx, sessions[0], sessions[1], batch, t.config.SpeedRepeats)
		if err != nil {
			return nil, err
		}
		list = append(list, timing)
		t.env.Report(experiment.Progress{Stage: "speed", Done: i + 1, Total: len(t.config.SpeedBatches)})
	}
	return list, nil
}
