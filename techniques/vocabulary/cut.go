package vocabulary

import (
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
)

// HistoryName is the name of a smaller vocabulary in a model's history. Its arguments are "words", the number of those that stayed, and
// "min_count".
const HistoryName = "vocabulary.cut"

// Cut takes the words out of a model that are not among those chosen. The model is not changed.
func Cut(m *gbert.Model, choice *Choice) (*gbert.Model, error) {
	words, err := m.Tokenizer.Keep(choice.ids)
	if err != nil {
		return nil, fmt.Errorf("vocabulary: %w", err)
	}
	done := gbert.Operation{Name: HistoryName, Arguments: map[string]any{"words": choice.After, "min_count": choice.MinCount}}
	smaller, err := surgery.KeepWords(m, choice.rows(m.Config), words, done)
	if err != nil {
		return nil, fmt.Errorf("vocabulary: %w", err)
	}
	return smaller, nil
}
