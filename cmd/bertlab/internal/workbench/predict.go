package workbench

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gomlx/compute"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// Predicted is what models say of texts.
type Predicted struct {
	Models   []*Asked          `json:"models"`
	Texts    []Text            `json:"texts"`
	Backend  *backend.Choice   `json:"backend"`
	Runtime  *Runtime          `json:"runtime,omitempty"` // that computed in place of the backend
	Versions map[string]string `json:"versions"`
	Seconds  float64           `json:"seconds"` // of the whole command
}

// Text is a text, or a pair of texts, with what each of the models says of it, in their order; an empty line, of which none says anything,
// keeps its place.
type Text struct {
	Text string            `json:"text"`
	Pair string            `json:"pair,omitempty"`
	Said []finetune.Saying `json:"said"`
}

// Asked is a model that was asked.
type Asked struct {
	*ModelInfo
	Title     string    `json:"title"` // how tables name it
	Kind      task.Kind `json:"kind"`
	MaxLength int       `json:"max_length"`
	Truncated int       `json:"truncated,omitempty"` // texts that are longer, and were cut
}

// Texts are what models are asked about.
type Texts struct {
	List      [][2]string // the second text is empty unless there are Pairs; both are of an empty line
	Pairs     bool
	Questions bool // the first text of a pair is a question about the second
}

// Predict asks models, by their folders or names, about texts.
func (t *Tools) Predict(ctx context.Context, models []string, r *Reading, texts Texts) (*Predicted, error) {
	began := time.Now()
	p := &Predicted{Versions: backend.Versions(), Texts: make([]Text, len(texts.List))}
	all := texts.List
	texts.List = nil
	var places []int // of the texts that are asked about
	for i, text := range all {
		p.Texts[i] = Text{Text: text[0], Pair: text[1], Said: []finetune.Saying{}}
		if text != [2]string{} {
			places, texts.List = append(places, i), append(texts.List, text)
		}
	}
	loaded := make([]*gbert.Model, len(models))
	for i, name := range models {
		model, info, err := t.OpenModel(ctx, name)
		if err != nil {
			return nil, err
		}
		defer model.Close()
		loaded[i] = model
		p.Models = append(p.Models, &Asked{ModelInfo: info})
	}
	for i, title := range titles(models) {
		p.Models[i].Title = title
	}
	b, choice, err := t.OpenBackend(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Finalize()
	p.Backend = choice
	for i, model := range loaded {
		said, used, err := t.ask(ctx, b, model, p.Models[i], r, texts)
		if err != nil {
			return nil, err
		}
		p.Runtime = used
		for k, place := range places {
			p.Texts[place].Said = append(p.Texts[place].Said, said[k])
		}
	}
	p.Seconds = time.Since(began).Seconds()
	return p, nil
}

// titles are short names of models: the last of each path, and as much before it as tells it from the others. A path that is there again
// has a number.
func titles(paths []string) []string {
	parts := make([][]string, len(paths))
	for i, path := range paths {
		parts[i] = strings.Split(filepath.ToSlash(filepath.Clean(path)), "/")
	}
	last := func(i, n int) string { return strings.Join(parts[i][max(0, len(parts[i])-n):], "/") }
	list, times := make([]string, len(paths)), map[string]int{}
	for i := range paths {
		whole, n := last(i, len(parts[i])), 1
		for j := range paths {
			for last(j, len(parts[j])) != whole && n < len(parts[i]) && last(j, n) == last(i, n) {
				n++
			}
		}
		list[i] = last(i, n)
		if times[whole]++; times[whole] > 1 {
			list[i] = fmt.Sprintf("%s (%d)", list[i], times[whole])
		}
	}
	return list
}

// ask asks one model, and fills in what is known of it.
func (t *Tools) ask(ctx context.Context, b compute.Backend, model *gbert.Model, asked *Asked, r *Reading, texts Texts) ([]finetune.Saying, *Runtime, error) {
	of, err := t.textTask(model, asked, r, texts)
	if err != nil {
		return nil, nil, err
	}
	data, err := finetune.TextsOf(of, texts.List, wordsOf(model))
	if err != nil {
		return nil, nil, err
	}
	t.notePairs(model, data)
	asked.Kind, asked.MaxLength = of.Kind, t.length(r, of.Kind, model)
	prepared, err := finetune.Prepare(b, model, data, asked.MaxLength, r.Batch, 1)
	if err != nil {
		return nil, nil, err
	}
	if asked.Truncated = prepared.Cut(); asked.Truncated > 0 {
		t.Meter.Warn("%s: %d of the %d texts are longer than %d tokens and were cut", asked.Title, asked.Truncated, data.Len(), min(asked.MaxLength, model.Config.MaxPositionEmbeddings))
	}
	session, err := gbert.NewSession(b, model)
	if err != nil {
		return nil, nil, err
	}
	defer session.Close()
	runner, used, closeRunner, err := t.runner(ctx, session, r.Runtime)
	if err != nil {
		return nil, nil, err
	}
	defer closeRunner()
	logits, err := prepared.Logits(ctx, runner, nil, t.Meter.Count("asking "+asked.Title, "texts"))
	if err != nil {
		return nil, nil, err
	}
	said, err := prepared.Sayings(logits)
	return said, used, err
}

// textTask is what a model is asked, with the names of its classes.
func (t *Tools) textTask(model *gbert.Model, asked *Asked, r *Reading, texts Texts) (*task.Task, error) {
	trained, err := LookupTask(r.Task, model, false)
	if err != nil {
		return nil, err
	}
	of, err := finetune.TaskOf(model, trained)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; train one: bertlab finetune --model %s --task TASK --out DIR", asked.Dir, err, asked.Name)
	}
	names := r.Columns.Labels
	if names == nil && r.Task != "" && task.Unnamed(of.Labels) && len(trained.Labels) == len(of.Labels) {
		names = trained.Labels
	}
	if names != nil {
		if of.Labels, err = named(of.Labels, names, asked.Dir); err != nil {
			return nil, err
		}
	}
	switch {
	case of.Kind == task.Spans && !texts.Pairs:
		return nil, call.Wrongf("%s answers questions: ask one with --question, of the texts, or give questions and texts by turns with --pair", asked.Dir)
	case of.Kind == task.Spans:
		none := of.Answers.None || r.Answers.Threshold != 0
		of.Answers = r.Answers
		of.Answers.None = none
		return of, nil
	case texts.Questions:
		return nil, call.Wrongf("%s answers no questions: its head is for %s; leave out --question and --context", asked.Dir, of.Kind)
	case of.Kind == task.Tagging && texts.Pairs:
		return nil, call.Wrongf("%s tags the words of single texts: leave out --pair", asked.Dir)
	}
	if of.Pair = texts.Pairs; trained.Pair && !texts.Pairs {
		t.Meter.Warn("note: %s was trained on pairs of texts (%s); --pair takes the texts two by two", asked.Title, trained.Name)
	}
	return of, nil
}

// named are the user's names for a model's classes, in the model's order: by their places where the model has no names, else by its names,
// of which the user's may differ in case alone.
func named(classes, names []string, dir string) ([]string, error) {
	if len(names) != len(classes) {
		return nil, call.Wrongf("--labels names %d classes; %s has %d", len(names), dir, len(classes))
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, call.Wrongf("--labels names %q twice", name)
		}
	}
	if task.Unnamed(classes) {
		return names, nil
	}
	order, err := task.MatchLabels(classes, names)
	if err != nil {
		return nil, call.Wrongf("--labels %s: %s has names for its classes, %q: leave out --labels, or give these", strings.Join(names, ","), dir, classes)
	}
	ordered := make([]string, len(order))
	for i, j := range order {
		ordered[i] = names[j]
	}
	return ordered, nil
}

// wordsOf parts a text into the words that a model tags.
func wordsOf(model *gbert.Model) func(text string) []string {
	alone := func(rune) bool { return false }
	if model.Tokenizer != nil {
		alone = model.Tokenizer.OneWord
	}
	return func(text string) []string { return splitWords(text, alone) }
}

// splitWords parts a text at blanks and around punctuation and characters that stand alone, as BERT's own tokenizer does before it looks
// for pieces: the words get the tokens that they have in the text.
func splitWords(text string, alone func(rune) bool) []string {
	var words []string
	for _, field := range strings.Fields(text) {
		start := 0
		for at, r := range field {
			if !isPunctuation(r) && !alone(r) {
				continue
			}
			if at > start {
				words = append(words, field[start:at])
			}
			start = at + len(string(r))
			words = append(words, field[at:start])
		}
		if start < len(field) {
			words = append(words, field[start:])
		}
	}
	return words
}

// isPunctuation has, beside Unicode's, all ASCII that is neither a letter nor a number, as BERT's tokenizer has.
func isPunctuation(r rune) bool {
	return unicode.IsPunct(r) || r > ' ' && r < unicode.MaxASCII && !unicode.IsLetter(r) && !unicode.IsNumber(r)
}
