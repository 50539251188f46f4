package workbench

import (
	"cmp"
	"context"
	"os"
	"path/filepath"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/safetensors"
	"bertlab/techniques/movement"
)

// Moved says what is left of a model that was pruned while it was trained. Remaining, Parameters and Bytes are those of the file that was
// written.
type Moved struct {
	*Trained
	Pruning    movement.Options    `json:"pruning"`
	Remaining  *movement.Remaining `json:"remaining"`
	Share      float64             `json:"remaining_share"`
	Parameters int                 `json:"parameters"`
	Bytes      int64               `json:"bytes"`
	Compact    bool                `json:"compact,omitempty"`
	History    []gbert.Operation   `json:"history,omitempty"`
}

// Moving says what is pruned while a model is trained. Its fields are those of the flags.
type Moving struct {
	Pruning   movement.Options
	Unit, FFN string // granularities, see [movement.ParseGranularities]
	KeepShape bool   // pruned heads and neurons stay as zeros
}

// options are the options that the flags ask for. In the library a zero means the default, so "none" is negative.
func (m *Moving) options() (movement.Options, error) {
	o := m.Pruning
	if err := cmp.Or(call.Choose("method", o.Kind, movement.Magnitude, movement.Movement, movement.Soft, movement.L0), call.Choose("scope", o.Scope, movement.Local, movement.Global),
		call.Choose("score-optimizer", o.ScoreOptimizer, "", finetune.AdamW, finetune.SGD)); err != nil {
		return o, err
	}
	var err error
	if o.Attention, o.FFN, err = movement.ParseGranularities(m.Unit, m.FFN); err != nil {
		return o, call.Wrongf("--granularity %s%s: %w", m.Unit, map[bool]string{true: " --granularity-ffn " + m.FFN}[m.FFN != ""], err)
	}
	for _, share := range []*float64{&o.WarmupShare, &o.CoolDownShare} {
		if !(*share >= 0 && *share < 1) {
			return o, call.Wrongf("--prune-warmup %g and --cool-down %g: each must be at least 0 and below 1", m.Pruning.WarmupShare, m.Pruning.CoolDownShare)
		}
		if *share == 0 {
			*share = -1
		}
	}
	return o, call.Wrap(o.Check())
}

// Prepare makes a training one that prunes, and gives the options of the pruning.
func (m *Moving) Prepare(r *Training) (movement.Options, error) {
	o, err := m.options()
	if err != nil {
		return o, err
	}
	r.Options.Keep = finetune.KeepLast
	shrinks := !m.KeepShape && o.Shrinks()
	r.Method = func(model *gbert.Model) (*finetune.Method, error) {
		if shrinks {
			if err := movement.CheckCarried(model); err != nil {
				return nil, err
			}
		}
		return movement.New(model, o)
	}
	r.Advice = o.Advice
	r.Finish = func(trained *gbert.Model) (*gbert.Model, error) {
		recorded, err := movement.Record(trained, o)
		if err != nil || !shrinks {
			return recorded, err
		}
		return movement.RemoveEmpty(recorded)
	}
	return o, nil
}

// TrainPruned runs a training that [Moving.Prepare] made, and says what is left.
func (t *Tools) TrainPruned(ctx context.Context, r *Training, o movement.Options) (*Moved, error) {
	trained, err := t.Train(ctx, r)
	if err != nil {
		return nil, err
	}
	done := &Moved{Trained: trained, Pruning: o, Compact: r.Compact}
	if err := r.destination().reread(func(written *gbert.Model) (err error) {
		if done.Remaining, err = movement.Count(written); err != nil {
			return err
		}
		done.Share, done.Parameters, done.History = done.Remaining.Share(), written.NumParameters(), written.Config.History
		return nil
	}); err != nil {
		return nil, err
	}
	file, err := os.Stat(filepath.Join(r.Out, safetensors.WeightsName))
	if err != nil {
		return nil, err
	}
	done.Bytes = file.Size()
	return done, output.WriteJSON(filepath.Join(r.Out, TrainingRecord), done)
}
