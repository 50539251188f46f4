package workbench

import (
	"cmp"
	"context"
	"slices"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert"
	"bertlab/techniques/sharing"
)

// Shared says what became of a model whose layers share weights. Layers have the numbers that they have in the model.
type Shared struct {
	*Written
	*sharing.Report
	// Embedding says what became of the word table; left out where it stays as it is.
	Embedding *sharing.EmbeddingReport `json:"embedding,omitempty"`
	// MACs count the model's operations for one example, by the number of its tokens: sharing leaves them as they were, a factorised word table adds to them.
	MACs []gbert.LengthMACs `json:"macs"`
}

// ShareNothing is the value of --what for a word table alone.
const ShareNothing sharing.What = "none"

// Sharing says what a model's layers share. Its fields are those of the flags.
type Sharing struct {
	sharing.Options
	EmbeddingSize int // of a factorised word table

	embed bool // --embedding was given
}

// Check reports flags that cannot be, or do not go together.
func (s *Sharing) Check(changed func(flag string) bool) error {
	s.embed = changed("embedding")
	if s.What == ShareNothing {
		if !s.embed {
			return call.Wrongf("--what %s leaves the model as it is: name an --embedding size, or share one of %v", s.What, sharing.Whats)
		}
		return call.Unread(changed, "layers that share, which --what none has not", "groups", "init", "keep-norms")
	}
	return cmp.Or(call.Choose("what", s.What, append(slices.Clone(sharing.Whats), ShareNothing)...), call.Choose("init", s.Init, sharing.Inits...))
}

// checkModel reports, as a wrong call, what is not possible for a model.
func (s *Sharing) checkModel(m *gbert.Model) error {
	if layers := m.Config.NumHiddenLayers; s.Groups < 1 || s.Groups > layers {
		return call.Wrongf("--groups %d: the model has %d layers, so the number of groups is 1…%d", s.Groups, layers, layers)
	}
	if s.embed {
		return checkEmbedding(m, s.EmbeddingSize)
	}
	if layers := m.Config.NumHiddenLayers; s.Groups == layers {
		return call.Wrongf("--groups %d: the model has as many layers, so that none would share with another", s.Groups)
	}
	return nil
}

// checkEmbedding reports an --embedding that a model's word table cannot have.
func checkEmbedding(m *gbert.Model, size int) error {
	if err := sharing.CheckEmbedding(m.Config, size); err != nil {
		return call.Wrongf("--embedding %d: %w", size, err)
	}
	return nil
}

// Share lets the layers of a model, by its name or folder, share their weights.
func (t *Tools) Share(ctx context.Context, name string, s *Sharing, to Destination) (*Shared, error) {
	model, info, err := t.OpenSource(ctx, name)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	if err := s.checkModel(model); err != nil {
		return nil, err
	}
	small, report := model, &sharing.Report{Options: s.Options, Groups: []sharing.Group{}, Layers: []sharing.Distance{}, Before: sharing.Count(model)}
	if s.What != ShareNothing {
		if small, report, err = sharing.Tie(model, s.Options); err != nil {
			return nil, err
		}
	}
	done := &Shared{Report: report}
	if s.embed {
		if small, done.Embedding, err = sharing.FactorEmbedding(small, s.EmbeddingSize); err != nil {
			return nil, err
		}
	}
	if done.Written, err = to.Save(small, info); err != nil {
		return nil, err
	}
	done.MACs = gbert.CompareMACs(model, small)
	return done, to.reread(func(written *gbert.Model) error { // the parameters are those that the file holds
		report.After = sharing.Count(written)
		return nil
	})
}
