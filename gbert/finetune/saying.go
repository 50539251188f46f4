package finetune

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/task"
)

// Saying is what a model says of one text, with probabilities. Which of the fields are filled, the kind of the task decides.
type Saying struct {
	Label         string   `json:"label,omitempty"`         // classification: the most probable class
	Labels        []string `json:"labels,omitempty"`        // multi-label: the classes that are more probable than not
	Probabilities []Chance `json:"probabilities,omitempty"` // of both: all classes, most probable first
	Value         *float64 `json:"value,omitempty"`         // regression
	Words         []Tagged `json:"words,omitempty"`         // tagging
	Answer        *string  `json:"answer,omitempty"`        // spans; empty: the text does not have one
	Probability   *float64 `json:"probability,omitempty"`   // of the answer
	Truncated     bool     `json:"truncated,omitempty"`     // the text is longer than what was read of it
}

// Chance is a class with its probability.
type Chance struct {
	Label       string  `json:"label"`
	Probability float64 `json:"probability"`
}

// Tagged is a word with its most probable tag.
type Tagged struct {
	Word        string  `json:"word"`
	Label       string  `json:"label"`
	Probability float64 `json:"probability"`
}

// TaskOf is a task without data of its own, for texts that a model is asked about: of the kind of its head, with its classes. trained is
// the task that the model was fine-tuned on, if that is known, which says whether questions may have no answer; it may be nil.
func TaskOf(m *gbert.Model, trained *task.Task) (*task.Task, error) {
	t, err := task.Own(KindOf(m))
	if err != nil {
		return nil, err
	}
	if t.Kind.Named() {
		t.Labels = LabelsOf(m)
	}
	if trained != nil && trained.Kind == t.Kind {
		t.Answers = trained.Answers
	}
	return t, CheckHead(m, t)
}

// Sayings turns the logits that [Prepared.Logits] gives into what the model says of each example: [Prepared.Predictions] with
// probabilities. That of a class is the softmax of its logit, in a task of several labels the logistic function of it; that of a tag the
// softmax at the word's first piece; that of an answer the product of the softmaxes at its first and its last token, over the tokens of
// the text and [CLS] in its window.
func (p *Prepared) Sayings(logits [][]float32) ([]Saying, error) {
	predictions, err := p.Predictions(logits)
	if err != nil {
		return nil, err
	}
	said, cut := make([]Saying, len(predictions)), p.isCut()
	for i, prediction := range predictions {
		said[i] = p.saying(&prediction)
		said[i].Truncated = cut[i]
	}
	switch p.Dataset.Task.Kind {
	case task.Tagging:
		p.sayTags(said, predictions, logits)
	case task.Spans:
		for i, found := range p.spans(logits) {
			probability := p.spanProbability(logits[found.encoding], &found)
			said[i].Probability = &probability
		}
	}
	return said, nil
}

// saying is what a prediction says by itself.
func (p *Prepared) saying(prediction *task.Prediction) (s Saying) {
	t := p.Dataset.Task
	switch t.Kind {
	case task.Regression:
		s.Value = &prediction.Value
		return s
	case task.Spans:
		s.Answer = &prediction.Answer
		return s
	case task.Tagging:
		return s
	case task.MultiLabel:
		s.Labels = []string{}
		for _, class := range prediction.Classes {
			s.Labels = append(s.Labels, t.Labels[class])
		}
	default:
		s.Label = t.Labels[prediction.Label]
	}
	for class, probability := range t.Probabilities(prediction.Logits) {
		s.Probabilities = append(s.Probabilities, Chance{t.Labels[class], probability})
	}
	slices.SortStableFunc(s.Probabilities, func(a, b Chance) int { return cmp.Compare(b.Probability, a.Probability) })
	return s
}

// sayTags gives each word its tag with the tag's probability. A word without pieces has the probability 1: nothing else was looked at.
func (p *Prepared) sayTags(said []Saying, predictions []task.Prediction, logits [][]float32) {
	labels := p.Dataset.Task.Labels
	for i, prediction := range predictions {
		for w, word := range p.Dataset.Examples[i].Detail.Words {
			said[i].Words = append(said[i].Words, Tagged{word, labels[prediction.Tags[w]], 1})
		}
	}
	n := len(labels)
	for i, row := range logits {
		example := p.windows[i].example
		for at, word := range p.windows[i].words {
			if word >= 0 {
				said[example].Words[word].Probability = task.Softmax(row[at*n : (at+1)*n])[predictions[example].Tags[word]]
			}
		}
	}
}

// spanProbability is the probability of a span, or of none, in its window; 0 where the window holds nothing of the text.
func (p *Prepared) spanProbability(row []float32, found *span) float64 {
	offsets := p.Encodings[found.encoding].Offsets
	var first, last []float32
	from, to := -1, -1
	for at := range offsets {
		if at > 0 && offsets[at].Text != 1 {
			continue
		}
		if at == found.first {
			from = len(first)
		}
		if at == found.last {
			to = len(last)
		}
		first, last = append(first, row[2*at]), append(last, row[2*at+1])
	}
	if from < 0 || to < 0 {
		return 0
	}
	return task.Softmax(first)[from] * task.Softmax(last)[to]
}

// isCut says of each example whether tokens of it are left out.
func (p *Prepared) isCut() []bool {
	cut := make([]bool, p.Dataset.Len())
	for i, e := range p.Encodings {
		cut[p.Example(i)] = cut[p.Example(i)] || e.Cut
	}
	return cut
}

// TextsOf is a data set of texts that nobody has labelled, for a task that [TaskOf] gives. Each entry is a text, or a pair of texts where
// the task has pairs: of a question and the text that may have the answer, for spans. The words to be tagged are those into
// which split parts a text.
func TextsOf(t *task.Task, texts [][2]string, split func(text string) []string) (*task.Dataset, error) {
	d := &task.Dataset{Task: t, Source: "texts of the call"}
	for i, text := range texts {
		e := task.Example{ID: fmt.Sprint(i), TextA: text[0], TextB: text[1], Label: -1}
		switch t.Kind {
		case task.Tagging:
			if e.Detail = (&task.Detail{Words: split(text[0])}); len(e.Detail.Words) == 0 {
				return nil, fmt.Errorf("finetune: text %d (%q) has no words to tag", i, text[0])
			}
		case task.Spans, task.MultiLabel:
			e.Detail = &task.Detail{}
		}
		d.Examples = append(d.Examples, e)
	}
	return d, nil
}

// span is the best answer to a question: an encoding with its first and last token; both 0, [CLS], where there is none.
type span struct {
	encoding, first, last int
	score                 float64 // −∞ where no window has a span that is allowed
}

// spans finds the best answer to each question as transformers' run_qa does: of the tokens of the context with the largest logits in each
// window, the first and last one whose logits have the largest sum. Where questions may have none, no answer scores the logits of [CLS],
// in the window where these are smallest.
func (p *Prepared) spans(logits [][]float32) []span {
	how := p.Dataset.Task.Answers.Filled()
	found, none := make([]span, p.Dataset.Len()), make([]span, p.Dataset.Len())
	for i := range found {
		found[i].score, none[i].score = math.Inf(-1), math.Inf(1)
	}
	for i, row := range logits {
		example, offsets := p.windows[i].example, p.Encodings[i].Offsets
		if null := float64(row[0]) + float64(row[1]); null < none[example].score {
			none[example] = span{encoding: i, score: null}
		}
		first, last, score := bestSpan(row, how, func(token int) bool { return offsets[token].Text == 1 })
		if score > found[example].score {
			found[example] = span{i, first, last, score}
		}
	}
	for i := range found {
		if how.None && none[i].score-found[i].score > how.Threshold {
			found[i] = none[i]
		}
	}
	return found
}
