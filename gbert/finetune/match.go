package finetune

import (
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/task"
)

// MatchLabels refuses data whose classes have other names than the model's. note says, for people, where the same names stand in another
// order; it is [Prepare] that brings the data into the model's order. byNumber gives the data's classes the model's names, number by
// number, whatever their own.
func MatchLabels(m *gbert.Model, data *task.Dataset, byNumber bool) (_ *task.Dataset, note string, err error) {
	model := m.Config.Labels
	if m.NumLabels() == 0 {
		return data, "", nil
	}
	if byNumber {
		data, err = data.ByNumber(model)
		return data, "", err
	}
	matched, err := data.InOrder(model)
	if err != nil {
		return nil, "", err
	}
	switch {
	case matched == data:
		return data, "", nil
	case data.Numbered(model):
		return matched, fmt.Sprintf("the model's classes are %q, the task's %q, and the data give numbers: they are matched by number", model, data.Task.Labels), nil
	}
	return data, fmt.Sprintf("the model's classes are %q, the task's %q: they are matched by name", model, data.Task.Labels), nil
}

// ReadLength is the number of tokens that a model is to read of a text where the user names none: the usual number, or what the model or
// its tokenizer is limited to, if that is less. why names the limit, for people; empty: the usual number counts.
func ReadLength(m *gbert.Model, usual int) (length int, why string) {
	length = usual
	if positions := m.Config.MaxPositionEmbeddings; positions < length {
		length, why = positions, "the model has no more positions (max_position_embeddings)"
	}
	if m.Tokenizer == nil {
		return length, why
	}
	if limit := m.Tokenizer.MaxLength(); limit > 0 && limit < length {
		length, why = limit, "so says the tokenizer (model_max_length)"
	}
	return length, why
}
