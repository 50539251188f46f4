package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// kindFlags say what is asked for where a task of the user's own does not, and how answers are found.
type kindFlags struct {
	kind    string
	answers task.Answers
}

func (k *kindFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&k.kind, "kind", "", "what --task custom asks for: "+strings.Join(task.Kinds(), ", "))
	flags.IntVar(&k.answers.Stride, "doc-stride", 0, "for questions: tokens that two windows over a long text share (default 128)")
	flags.IntVar(&k.answers.Longest, "max-answer-length", 0, "for questions: tokens of an answer at most (default 30)")
	flags.Float64Var(&k.answers.Threshold, "null-threshold", 0, "for questions that may have no answer: by how much no answer must score above the best one")
}

func (k *kindFlags) check() error {
	if k.answers.Stride < 0 || k.answers.Longest < 0 {
		return wrongCallf("--doc-stride %d and --max-answer-length %d must not be negative", k.answers.Stride, k.answers.Longest)
	}
	if k.kind != "" && !slices.Contains(task.Kinds(), k.kind) {
		return wrongCallf("--kind %s: choose one of %s", k.kind, strings.Join(task.Kinds(), ", "))
	}
	return nil
}

// apply gives a task the kind of the flags, and says how answers are found. Without one a task custom is of the kind that the outputs of
// the model's head are for; where nobody asked for custom, because the model was fine-tuned on it, tokens' heads included.
func (k *kindFlags) apply(t *task.Task, model *gbert.Model, asked bool) (*task.Task, error) {
	kind := t.Kind
	switch {
	case k.kind != "" && t.Name != "custom":
		if k.kind != kind.String() {
			return nil, wrongCallf("--kind %s: the task %s is one of %s; --task custom takes any kind", k.kind, t.Name, kind)
		}
	case k.kind != "":
		if err := kind.UnmarshalText([]byte(k.kind)); err != nil {
			return nil, wrongCall{err}
		}
	case t.Name == "custom" && model != nil && (!asked || !model.Head().PerToken()):
		kind = finetune.KindOf(model)
	}
	if kind != t.Kind {
		own, err := task.Own(kind)
		if err != nil {
			return nil, err
		}
		t = own
	}
	if t.Kind == task.Spans {
		none := t.Answers.None
		t.Answers = k.answers
		t.Answers.None = none
	}
	return t, nil
}

// length is --max-length, or the task's usual one.
func (d *dataFlags) length(t *task.Task) int {
	if t.Kind == task.Spans && !d.flags.Changed("max-length") {
		return finetune.SpanLength
	}
	return d.maxLength
}
