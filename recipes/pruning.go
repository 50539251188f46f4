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
	return now.trains()
}

func (s *Movement) add(c *course) (added, error) {
	in, err := c.trainInputs(s.Training)
	if err != nil {
		return added{}, err
	}
	pruning := s.options()
	in.Pruning = &pruning
	if s.Distil {
		if err := c.teach(&in, distill.Options{}); err != nil {
			return added{}, err
		}
	}
	return put(retraining, c.plan, in), nil
}

// shrinks reports whether the pruning leaves heads or neurons empty, which are then removed.
func shrinks(o *movement.Options) bool {
	return o.Attention.Unit == movement.Head || o.FFN.Unit == movement.Neuron
}

// pruning is the method that prunes a model while it is trained.
func (in *trainInputs) pruning(model *gbert.Model) (*finetune.Method, error) {
	if shrinks(in.Pruning) {
		if err := movement.CheckCarried(model); err != nil {
			return nil, err
		}
	}
	return movement.New(model, *in.Pruning)
}

// pruned counts what the pruning left of a model, and removes what is empty.
func (in *trainInputs) pruned(model *gbert.Model, note string) (*gbert.Model, string, error) {
	remaining, err := movement.Count(model)
	if err != nil {
		return nil, "", err
	}
	if model, err = movement.Record(model, *in.Pruning); err != nil {
		return nil, "", err
	}
	if shrinks(in.Pruning) {
		model, err = movement.RemoveEmpty(model)
	}
	return model, fmt.Sprintf("%s; %.1f %% of the encoder's weights remain", note, 100*remaining.Share()), err
}
