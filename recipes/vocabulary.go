package recipes

import (
	"context"
	"errors"
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/vocabulary"
)

// Vocabulary takes the words out of the model that the training examples do not use.
type Vocabulary struct {
	// MinCount is how often the examples use a word at least that stays; 1.
	MinCount int `json:"min_count"`
	// Examples is how many training examples are counted; 0: all.
	Examples int `json:"examples,omitempty"`
}

func readVocabulary(f *fields) Operation {
	return &Vocabulary{MinCount: f.whole("min-count", 1, 1, 1<<30), Examples: f.whole("examples", 0, 0, 1<<30)}
}

func (s *Vocabulary) plan(*state) error { return nil }

// vocabularyInputs are a model, and the examples whose words stay.
type vocabularyInputs struct {
	Model    experiment.ModelSource
	Sample   experiment.Sample
	MinCount int
	Title    title `json:"-"`
}

var cuttingWords = &experiment.ModelDefinition[vocabularyInputs, came]{
	Name: "vocabulary cut", Version: 1,
	Title: func(say *words.Printer, in vocabularyInputs) string { return in.Title(say) },
	Run: func(ctx context.Context, w *experiment.Worker, in vocabularyInputs) (*gbert.Model, came, error) {
		model := w.Model(in.Model)
		var counts vocabulary.Counts
		if model.Tokenizer != nil { // else Choose says so
			counts.Add(model.Tokenizer, textsOf(in.Sample.Dataset))
		}
		choice, err := vocabulary.Choose(model, counts, in.MinCount)
		if words := model.Config.VocabSize; errors.Is(err, vocabulary.ErrNothing) {
			return model, came{fmt.Sprintf("%d of %d words stay", words, words), model.NumParameters()}, nil
		}
		if err != nil {
			return nil, came{}, err
		}
		smaller, err := vocabulary.Cut(model, choice)
		if err != nil {
			return nil, came{}, err
		}
		return smaller, came{fmt.Sprintf("%d of %d words stay", choice.After, choice.Before), smaller.NumParameters()}, nil
	},
}

func (s *Vocabulary) add(c *course) (added, error) {
	sample, err := c.start.sample(s.Examples)
	if err != nil {
		return added{}, err
	}
	c.fewer = true
	return put(cuttingWords, c.plan, vocabularyInputs{c.model, sample, s.MinCount, c.title()}), nil
}

// textsOf are the texts of a data set as a model reads them.
func textsOf(d *task.Dataset) []tokenizer.Pair {
	pairs := make([]tokenizer.Pair, d.Len())
	for i, e := range d.Examples {
		pairs[i] = tokenizer.Pair{A: e.TextA, B: e.TextB}
	}
	return pairs
}
