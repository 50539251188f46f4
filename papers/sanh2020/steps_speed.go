package sanh2020

import (
	"context"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/movement"
)

// The steps about size and speed.

// storageInputs are a model whose file is measured. Removed means without the heads and neurons that are masked.
type storageInputs struct {
	Model   experiment.ModelSource
	Removed bool
	Name    func(say *words.Printer) string `json:"-"` // of the model, for the step's title
}

// measureStorage measures what a model takes as a file.
var measureStorage = &experiment.Definition[storageInputs, gbert.Sizes]{
	Name: "storage", Version: 1,
	Title: func(say *words.Printer, in storageInputs) string {
		return say.F("size of the file of: %s", in.Name(say))
	},
	Cost: func(_ storageInputs, c *gbert.Config) experiment.Cost {
		return experiment.Cost{Host: experiment.Storing(c)}
	},
	Run: func(ctx context.Context, w *experiment.Worker, in storageInputs) (_ gbert.Sizes, err error) {
		model := w.Model(in.Model)
		if in.Removed {
			if model, err = movement.RemoveEmpty(model); err != nil {
				return gbert.Sizes{}, err
			}
		}
		sizes, err := model.Sizes(ctx)
		if err != nil {
			return gbert.Sizes{}, err
		}
		return *sizes, nil
	},
}

// storageName says what is stored.
func storageName(say *words.Printer, v Pruning) string {
	switch {
	case v.Kind == "":
		return say.T("dense")
	case v.Structured:
		return say.F("heads and neurons removed, %g %% kept", 100*v.Remaining)
	}
	return say.F("%s, %g %% of the weights kept", say.Name(string(v.Kind)), 100*v.Remaining)
}

// storageName says in the edition's language what a result calls by an English name.
func (r edition) storageName(english string) string {
	for _, v := range append(r.Config.variants(r.Config.Seeds[0], true), Pruning{}) {
		if storageName(words.English, v) == english {
			return storageName(r.Printer, v)
		}
	}
	return english
}

// maskInputs are a fine-tuned model that is pruned without further training.
type maskInputs struct {
	Model   experiment.ModelSource
	Pruning movement.Options
	Name    func(say *words.Printer) string `json:"-"` // of the pruned model, for the step's title
}

// maskTuned prunes a fine-tuned model by magnitude.
var maskTuned = &experiment.ModelDefinition[maskInputs, struct{}]{
	Name: "fine-tuned model pruned by magnitude", Version: 1, Transient: true,
	Title: func(say *words.Printer, in maskInputs) string {
		return say.F("without training: %s", in.Name(say))
	},
	Run: func(ctx context.Context, w *experiment.Worker, in maskInputs) (*gbert.Model, struct{}, error) {
		model := w.Model(in.Model)
		masked, err := movement.Prune(model, in.Pruning)
		return masked, struct{}{}, err
	},
}

// judgeRemoved removes what is masked of a model and judges it.
var judgeRemoved = &experiment.Definition[experiment.Judging, experiment.Evaluated]{
	Name: "evaluation without masked heads and neurons", Version: 1,
	Title: func(say *words.Printer, in experiment.Judging) string {
		return say.F("evaluation on %s without the masked heads and neurons", say.Name(in.Sample.Task.Title))
	},
	Run: func(ctx context.Context, w *experiment.Worker, in experiment.Judging) (experiment.Evaluated, error) {
		model := w.Model(in.Model)
		smaller, err := movement.RemoveEmpty(model)
		if err != nil {
			return experiment.Evaluated{}, err
		}
		return in.EvaluateModel(ctx, w, smaller)
	},
}

// speedInputs are a pruned model that is timed beside the dense one, on batches of the words of the dense one's sample.
type speedInputs struct {
	experiment.Judging // of the dense model
	Pruned             experiment.ModelSource
	// Removed means that the heads and neurons which are masked are removed first.
	Removed bool
	experiment.Timing
	Name func(say *words.Printer) string `json:"-"` // of the pruned model, for the step's title
}

// measureSpeed times a pruned model beside the dense one, in turn. What the model has and computes is left 0 where nothing is removed.
var measureSpeed = &experiment.Definition[speedInputs, StructuredSpeed]{
	Name: "speed of a pruned model", Version: 2, Timed: true,
	Title: func(say *words.Printer, in speedInputs) string {
		return say.F("speed of: %s", in.Name(say))
	},
	Run: func(ctx context.Context, w *experiment.Worker, in speedInputs) (speed StructuredSpeed, err error) {
		masked := w.Model(in.Pruned)
		if !in.Removed {
			speed.Batches, err = in.timeBatches(ctx, w, masked, nil)
			return speed, err
		}
		dense := w.Model(in.Model)
		smaller, err := movement.RemoveEmpty(masked)
		if err != nil {
			return speed, err
		}
		for _, layer := range smaller.Config.Layers {
			speed.Heads, speed.Neurons = append(speed.Heads, len(layer.Heads)), append(speed.Neurons, layer.IntermediateSize)
		}
		speed.Count(dense, smaller, in.Tokens(dense.Config))
		speed.Batches, err = in.timeBatches(ctx, w, smaller, func(pruned *gbert.Session, batch *gbert.Batch) error {
			return speed.compare(w, pruned, masked, batch)
		})
		return speed, err
	},
}

// timeBatches times a pruned model beside the dense one at each batch size. check, if not nil, is given the first batch.
func (in *speedInputs) timeBatches(ctx context.Context, w *experiment.Worker, pruned *gbert.Model, check func(*gbert.Session, *gbert.Batch) error) ([]experiment.SpeedBatch, error) {
	dense, prepared, err := in.Open(w)
	if err != nil {
		return nil, err
	}
	return in.Pairs(ctx, w, dense, pruned, prepared.Encodings, func(session *gbert.Session, i int, batch *gbert.Batch) error {
		if check == nil || i > 0 {
			return nil
		}
		return check(session, batch)
	})
}

// compare says by how much the logits of a model differ from those of the one with zeros that it was made of.
func (s *StructuredSpeed) compare(w *experiment.Worker, pruned *gbert.Session, masked *gbert.Model, batch *gbert.Batch) error {
	session, err := gbert.NewSession(w.Backend(), masked)
	if err != nil {
		return err
	}
	defer session.Close()
	a, err := pruned.BatchLogits(batch, nil)
	if err != nil {
		return err
	}
	b, err := session.BatchLogits(batch, nil)
	if err == nil {
		s.Compare(b, a)
	}
	return err
}
