package recipes

import (
	"errors"
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/techniques/distill"
	"bertlab/techniques/movement"
)

// Movement prunes the encoder while it trains (Sanh et al. 2020; heads and neurons: Lagunas et al. 2021). Embeddings stay as they
// are if nothing else is said. Pruned heads and neurons are removed afterwards; of all else zeros are left.
type Movement struct {
	Training
	// Method is magnitude, movement, soft or l0; movement.
	Method movement.Kind `json:"method"`
	// Remaining is the share of units that is kept.
	Remaining float64 `json:"remaining"`
	// Attention and FFN are the units of the attention and of the feed-forward maps: weight, block:32, row, column, none, and head
	// for attention, neuron for the feed-forward network; weight.
	Attention movement.Granularity `json:"attention"`
	FFN       movement.Granularity `json:"ffn"`
	// ScoreRate is the peak learning rate of the scores; 0.03, since a run here has hundreds of steps.
	ScoreRate float64 `json:"score_rate"`
	// Distil adds the soft targets of the teacher, with its usual temperature and weight.
	Distil bool `json:"distil,omitempty"`
}

func readMovement(f *fields) Operation {
	s := &Movement{
		Training: readTraining(f, true), Remaining: f.above("remaining", 0, 0, 1), ScoreRate: f.above("score-rate", 0.03, 0, 10), Distil: f.yes("distil", false),
		Method: movement.Kind(f.choice("method", string(movement.Movement), string(movement.Magnitude), string(movement.Movement), string(movement.Soft), string(movement.L0))),
	}
	if !f.has("remaining") {
		f.fail(f.line, "remaining, the share that is kept, is missing")
	}
	for name, to := range map[string]*movement.Granularity{"attention": &s.Attention, "ffn": &s.FFN} {
		text, line, ok := f.scalar(name)
		if !ok {
			text = "weight"
		}
		granularity, err := movement.ParseGranularity(text)
		if err != nil {
			f.fail(line, "%s: %v", name, err)
		}
		*to = granularity
	}
	if f.err == nil {
		if err := s.options().Check(); err != nil {
			f.fail(f.line, "%v", err)
		}
	}
	return s
}

func (s *Movement) options() movement.Options {
	return movement.Options{Kind: s.Method, Attention: s.Attention, FFN: s.FFN, Remaining: s.Remaining, ScoreLearningRate: s.ScoreRate}
}

func (s *Movement) plan(now *state) error {
	switch {
	case !now.tuned:
		return errors.New("it needs a classification head: a fine-tune comes before it")
	case now.tied || now.factored:
		return errors.New("only maps that are neither factored nor shared are pruned: prune first")
	}
	return nil
}
func (s *Movement) remembered() bool { return true }

func (s *Movement) do(c *cook, model *gbert.Model) (*gbert.Model, string, error) {
	o := s.options()
	shrinks := s.Attention.Unit == movement.Head || s.FFN.Unit == movement.Neuron
	if shrinks {
		if err := movement.CheckCarried(model); err != nil {
			return nil, "", err
		}
	}
	method, err := movement.New(model, o)
	if err != nil {
		return nil, "", err
	}
	if s.Distil {
		targets, err := softTargets(c, s.Training, distill.Options{})
		if err != nil {
			return nil, "", err
		}
		if method, err = finetune.Combine(method, targets); err != nil {
			return nil, "", err
		}
	}
	trained, note, err := s.train(c, model, method)
	if err != nil {
		return nil, "", err
	}
	remaining, err := movement.Count(trained)
	if err != nil {
		return nil, "", err
	}
	if trained, err = movement.Record(trained, o); err != nil {
		return nil, "", err
	}
	note = fmt.Sprintf("%s; %.1f %% of the encoder's weights remain", note, 100*remaining.Share())
	if shrinks {
		trained, err = movement.RemoveEmpty(trained)
	}
	return trained, note, err
}
