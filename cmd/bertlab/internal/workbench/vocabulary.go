package workbench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/gomlx/compute"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/stats"
	"bertlab/techniques/vocabulary"
)

// Words says which words of a vocabulary stay.
type Words struct {
	From, Other []string // data whose words stay, and others
	MinCount    int      // how often the first use a word at least that stays
}

// Check reports what is wrong with the values of flags.
func (w Words) Check() error {
	switch {
	case len(w.From) == 0:
		return call.Wrongf("name the data whose words stay with --from")
	case w.MinCount < 1:
		return call.Wrongf("--min-count %d: at least 1 is needed", w.MinCount)
	}
	return nil
}

// FewerWords says what became of a vocabulary.
type FewerWords struct {
	*vocabulary.Choice
	Other []OtherWords `json:"other"`
}

// KeepWords takes the words out of a model that data do not use.
func (t *Tools) KeepWords(ctx context.Context, model *gbert.Model, r *Reading, w Words) (*gbert.Model, *FewerWords, error) {
	if model.Tokenizer == nil {
		return nil, nil, errors.New("the model has no tokenizer: there is no vocabulary to make smaller")
	}
	counts, err := t.countWords(ctx, model, r, w.From)
	if err != nil {
		return nil, nil, err
	}
	choice, err := vocabulary.Choose(model, counts, w.MinCount)
	if err != nil {
		return nil, nil, err
	}
	smaller, err := vocabulary.Cut(model, choice)
	if err != nil {
		return nil, nil, err
	}
	others, err := t.compareWords(ctx, model, smaller, r, w.Other)
	return smaller, &FewerWords{choice, others}, err
}

// countWords counts the words of data: names of tasks, files and folders of their train split, or files of plain text.
func (t *Tools) countWords(ctx context.Context, model *gbert.Model, r *Reading, sources []string) (counts vocabulary.Counts, err error) {
	for _, source := range sources {
		before := counts.Texts
		if isFile(source) && task.IsCorpus(source) {
			err = task.ReadCorpus(source, func(texts []string) error {
				pairs := make([]tokenizer.Pair, len(texts))
				for i, text := range texts {
					pairs[i].A = text
				}
				counts.Add(model.Tokenizer, pairs)
				return ctx.Err()
			})
		} else {
			var data *task.Dataset
			if data, err = t.wordData(ctx, model, r, source, "train"); err == nil {
				counts.Add(model.Tokenizer, pairsOf(data))
			}
		}
		if err == nil && counts.Texts == before {
			err = fmt.Errorf("%s holds no text", source)
		}
		if err != nil {
			return counts, err
		}
	}
	return counts, nil
}

// wordData reads data by the name of a task, or a file or folder of the task that is read.
func (t *Tools) wordData(ctx context.Context, model *gbert.Model, r *Reading, source, split string) (*task.Dataset, error) {
	reading, place := *r, source
	reading.Headless = true
	if named, err := task.Lookup(source); err == nil && !exists(source) {
		reading.Task, place = named.Name, ""
	}
	of, err := LookupTask(reading.Task, model, place != "")
	if err != nil {
		return nil, err
	}
	if place != "" && !exists(place) {
		return nil, call.Wrongf("%s is no file, no folder and no task: the tasks are %v", source, task.Names())
	}
	if of, err = reading.taskFor(of, model, reading.Task != ""); err != nil {
		return nil, err
	}
	if !reading.named(of) {
		reading.Columns.Labels = finetune.LabelsOf(model)
	}
	return t.load(ctx, &reading, of, split, place, r.Examples)
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// pairsOf are the texts of data.
func pairsOf(data *task.Dataset) []tokenizer.Pair {
	pairs := make([]tokenizer.Pair, data.Len())
	for i, e := range data.Examples {
		pairs[i] = tokenizer.Pair{A: e.TextA, B: e.TextB}
	}
	return pairs
}

// OtherWords says what a smaller vocabulary does to data.
type OtherWords struct {
	Data string `json:"data"`
	vocabulary.Comparison
	// Metric is what the model is judged by, where it has a head for the data and these have labels: Before and After, and where answers
	// are right or wrong, Difference, after minus before on paired examples.
	Metric     string            `json:"metric,omitempty"`
	Before     float64           `json:"before,omitempty"`
	After      float64           `json:"after,omitempty"`
	Difference *stats.Difference `json:"difference,omitempty"`
}

// compareWords says what a smaller vocabulary does to data, and judges both models where they can be. Without sources, these are the data
// that are read otherwise, or those of the task that the model was fine-tuned on.
func (t *Tools) compareWords(ctx context.Context, model, smaller *gbert.Model, r *Reading, sources []string) ([]OtherWords, error) {
	usual := len(sources) == 0
	if usual {
		sources = slices.DeleteFunc([]string{cmp.Or(r.Data, r.Task, trainedOn(model))}, func(name string) bool { return name == "" })
	}
	all := []OtherWords{}
	var backend compute.Backend
	for _, source := range sources {
		data, err := t.wordData(ctx, model, r, source, "dev")
		if err != nil && usual && r.Data == "" {
			t.Meter.Warn("note: nothing is judged, name other data with --other: %v", err)
			continue
		} else if err != nil {
			return nil, err
		}
		other := OtherWords{Data: data.String(), Comparison: vocabulary.Compare(model.Tokenizer, smaller.Tokenizer, pairsOf(data))}
		if model.Head() == finetune.HeadFor(data.Task.Kind) && data.Unlabelled() < data.Len() && finetune.CheckHead(model, data.Task) == nil {
			if backend == nil {
				if backend, _, err = t.OpenBackend(ctx); err != nil {
					return nil, err
				}
				defer backend.Finalize()
			}
			if err := t.judgeWords(ctx, backend, model, smaller, r, data.Labelled(), &other); err != nil {
				return nil, fmt.Errorf("%s: %w", source, err)
			}
		}
		all = append(all, other)
	}
	return all, nil
}

// judgeWords judges both models on data.
func (t *Tools) judgeWords(ctx context.Context, backend compute.Backend, model, smaller *gbert.Model, r *Reading, data *task.Dataset, other *OtherWords) error {
	data, err := t.match(model, data, r.Columns.LabelsByNumber)
	if err != nil {
		return err
	}
	other.Metric = data.Task.Metrics[0]
	var answers [2]stats.Answers
	for i, m := range []*gbert.Model{model, smaller} {
		evaluation, err := t.evaluate(ctx, backend, m, r, data)
		if err != nil {
			return err
		}
		*[]*float64{&other.Before, &other.After}[i] = evaluation.Metrics[other.Metric]
		if data.Task.Kind.Discrete() {
			if answers[i], err = task.Right(data.Task, evaluation.Predictions, data.Examples); err != nil {
				return err
			}
		}
	}
	if !data.Task.Kind.Discrete() {
		return nil
	}
	_, difference, err := answers[1].Against(answers[0])
	other.Difference = &difference
	return err
}

// evaluate judges a model on data.
func (t *Tools) evaluate(ctx context.Context, backend compute.Backend, model *gbert.Model, r *Reading, data *task.Dataset) (*finetune.Evaluation, error) {
	prepared, err := finetune.Prepare(backend, model, data, t.length(r, data.Task.Kind, model), r.Batch, 1)
	if err != nil {
		return nil, err
	}
	session, err := gbert.NewSession(backend, model)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return prepared.Evaluate(ctx, session, nil, t.Meter.Count("judging", "examples"))
}
