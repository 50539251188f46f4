package layerdrop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/gbert/task"
)

// Part is one part of a progressive training.
type Part struct {
	// Dropped are the layers that went before the part, by their numbers in the pretrained model; empty for the first part.
	Dropped []int `json:"dropped"`
	// Layers is the number of layers that are trained in it, Examples that of its training examples.
	Layers   int              `json:"layers"`
	Examples int              `json:"examples"`
	Training *finetune.Result `json:"training"`
}

// Progressive trains a model with a classification head and drops one layer after another on the way. The training set is dealt at
// random into len(order)+1 parts, so that all parts together are as many steps as a plain training. The model trains on the first
// part with all its layers; before each further part one more layer goes, in the given order (present numbers of the given model,
// from 0: 5, 4 drops the top layer of 6, then the one below). The result has all of them dropped.
//
// Each part is a [finetune.Train] with the given options: its learning rate rises and falls anew, and its moments begin at zero.
// dev, if not nil, judges the epochs of every part. With a checkpoint folder a run that was stopped goes on; when it is finished,
// the folder of the last part is left, for [finetune.RemoveCheckpoint].
func Progressive(ctx context.Context, backend compute.Backend, model *gbert.Model, train, dev *task.Dataset, order []int, o finetune.Options) (*gbert.Model, []Part, error) {
	if _, err := surgery.DropLayers(model, order); err != nil {
		return nil, nil, err
	}
	sets, err := deal(train, len(order)+1, o.Seed)
	if err != nil {
		return nil, nil, err
	}
	folder, progress := o.CheckpointDir, o.Progress
	present := All(model.Config) // the layers that are left, by their numbers in the given model
	var parts []Part
	for i, set := range sets {
		part := Part{Dropped: []int{}, Examples: set.Len()}
		if i > 0 {
			place := slices.Index(present, order[i-1])
			part.Dropped = surgery.Origins(model.Config, []int{place})
			if model, err = surgery.DropLayers(model, []int{place}); err != nil {
				return nil, nil, err
			}
			present = slices.Delete(present, place, place+1)
		}
		part.Layers = model.Config.NumHiddenLayers
		last := i == len(sets)-1
		o.CheckpointDir = folder
		if folder != "" && !last {
			o.CheckpointDir = partFolder(folder, i)
		}
		o.Progress = partProgress(progress, i, len(sets))
		if part.Training, err = finetune.Train(ctx, backend, model, set, dev, o); err != nil {
			return nil, nil, fmt.Errorf("layerdrop: part %d of %d: %w", i+1, len(sets), err)
		}
		model = part.Training.Model
		parts = append(parts, part)
	}
	if folder != "" {
		for i := range len(sets) - 1 {
			if err := finetune.RemoveCheckpoint(partFolder(folder, i)); err != nil {
				return nil, nil, fmt.Errorf("layerdrop: %w", err)
			}
		}
	}
	return model, parts, nil
}

func partFolder(folder string, part int) string { return fmt.Sprintf("%s-part%d", folder, part+1) }

// partProgress counts the steps of all parts as one run, as if they were equally long.
func partProgress(report func(finetune.Progress), part, parts int) func(finetune.Progress) {
	if report == nil {
		return nil
	}
	return func(p finetune.Progress) {
		if p.Phase != "evaluating" {
			p.Step, p.Steps = p.Step+part*p.Steps, p.Steps*parts
		}
		report(p)
	}
}

// deal cuts a data set into parts of examples drawn at random, of sizes that differ by one at most.
func deal(d *task.Dataset, parts int, seed uint64) ([]*task.Dataset, error) {
	if d.Len() < parts {
		return nil, fmt.Errorf("layerdrop: %d training examples for %d parts: at least one a part is needed", d.Len(), parts)
	}
	order := rand.New(rand.NewPCG(seed, 0x1a7e5)).Perm(d.Len())
	sets := make([]*task.Dataset, parts)
	for i := range sets {
		rows := slices.Clone(order[i*d.Len()/parts : (i+1)*d.Len()/parts])
		slices.Sort(rows)
		set, err := d.Subset(rows)
		if err != nil {
			return nil, err
		}
		sets[i] = set
	}
	return sets, nil
}
