package gbert

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Head is what stands on a model's encoder: what its outputs are about.
type Head string

// The heads that are computed. Dimensions: B examples, S positions, D hidden size, n labels.
const (
	// NoHead is a bare encoder.
	NoHead Head = ""
	// SequenceHead classifies texts: classifier [n, D] on the pooler's output; logits [B, n]. With one label it is a regression.
	SequenceHead Head = "sequence classification"
	// TokenHead classifies tokens: classifier [n, D] on every position's hidden state; logits [B, S, n]. There is no pooler.
	TokenHead Head = "token classification"
	// SpanHead answers questions by a span of the text: qa_outputs [2, D] on every position's hidden state, the logits of the
	// span's beginning and of its end; [B, S, 2]. There is no pooler.
	SpanHead Head = "question answering"
	// MaskedLMHead predicts words: cls.predictions; see [Forward.PredictTokens].
	MaskedLMHead Head = "masked language model"
	// PretrainingHead is a [MaskedLMHead] beside the head of [NextSentenceHead], which is carried.
	PretrainingHead Head = "pretraining"
)

// The heads that are only carried (see [Model.Carried]): a model keeps them, and nothing is computed with them.
const (
	// NextSentenceHead says whether a text follows another: cls.seq_relationship [2, D]; an ALBERT's sop_classifier.
	NextSentenceHead Head = "next sentence prediction"
	// MultipleChoiceHead chooses among texts: classifier [1, D] on the pooler's output.
	MultipleChoiceHead Head = "multiple choice"
	// OwnHead is a head that transformers does not have.
	OwnHead Head = "head of its own"
)

// String is the head's name.
func (h Head) String() string {
	if h == NoHead {
		return "no head"
	}
	return string(h)
}

// PerToken reports whether the head has logits for every token, not for a text.
func (h Head) PerToken() bool { return h == TokenHead || h == SpanHead }

// ReadsCLS reports whether the head reads the last hidden state of [CLS] alone, so that the other positions of the last layer need
// not be computed.
func (h Head) ReadsCLS() bool { return !h.PerToken() && !h.predictsWords() }

// predictsWords reports whether the head has cls.predictions.
func (h Head) predictsWords() bool { return h == MaskedLMHead || h == PretrainingHead }

// classifies reports whether the head is classifier [n, D].
func (h Head) classifies() bool { return h == SequenceHead || h == TokenHead }

// A headTask is a head and how transformers' class names end, after "Bert" or "Albert".
type headTask struct {
	task string
	head Head
}

var headTasks = []headTask{
	{"ForSequenceClassification", SequenceHead}, {"ForTokenClassification", TokenHead}, {"ForQuestionAnswering", SpanHead},
	{"ForMaskedLM", MaskedLMHead}, {"LMHeadModel", MaskedLMHead}, {"ForPreTraining", PretrainingHead},
	{"ForNextSentencePrediction", NextSentenceHead}, {"ForMultipleChoice", MultipleChoiceHead}, {"Model", NoHead},
}

// task is the end of the class name of a model with this head.
func (h Head) task() string {
	for _, known := range headTasks {
		if known.head == h {
			return known.task
		}
	}
	return "Model"
}

// architecture is the class that config.json names first; empty if it names none.
func (c *Config) architecture() string {
	var names []string
	if json.Unmarshal(c.extra["architectures"], &names) != nil || len(names) == 0 {
		return ""
	}
	return names[0]
}

// knownArchitecture reports whether the class that config.json names is one of transformers'.
func (c *Config) knownArchitecture() bool {
	task := c.architectureTask()
	return task != "" && slices.ContainsFunc(headTasks, func(known headTask) bool { return known.task == task })
}

// architectureTask is what config.json's class name says after "Bert" or "Albert"; empty if it begins otherwise.
func (c *Config) architectureTask() string {
	for _, family := range []string{"Bert", "Albert"} {
		if task, ok := strings.CutPrefix(c.architecture(), family); ok {
			return task
		}
	}
	return ""
}

// declaredHead is the head that the architecture's name says; [OwnHead] for a class that transformers does not have, and whose name
// does not hold the name of such a head.
func (c *Config) declaredHead() Head {
	name := c.architecture()
	if name == "" {
		return NoHead
	}
	known := c.knownArchitecture()
	for _, k := range headTasks {
		task := strings.TrimPrefix(k.task, "For")
		if known && c.architectureTask() == k.task {
			return k.head
		}
		if !known && task != k.task && strings.Contains(name, task) {
			return k.head
		}
	}
	return OwnHead
}

// savedArchitectures are the class names of the model as it is saved, of the family "Bert" or "Albert": its own where its head is the
// one that they name, or none that is known.
func (c *Config) savedArchitectures(family string) []string {
	declared := c.declaredHead()
	switch {
	case c.knownArchitecture() && (declared == c.Head || c.Head == OwnHead):
		return []string{family + c.architectureTask()}
	case c.architecture() != "" && !c.knownArchitecture() && c.Head != NoHead && (declared == c.Head || declared == OwnHead):
		var names []string
		_ = json.Unmarshal(c.extra["architectures"], &names) // architecture has read them
		return names
	}
	return []string{family + c.Head.task()}
}

// Head is the model's head.
func (m *Model) Head() Head { return m.Config.Head }

// NumLabels is the number of outputs of the classification head, of texts or of tokens: 1 for regression, 0 without one.
func (m *Model) NumLabels() int {
	if w, ok := m.weights[classifierWeight]; ok && m.Config.Head.classifies() {
		return w.Shape[0]
	}
	return 0
}

// Outputs is how many logits the head gives: for each example, or for each token where the head is one of tokens or spans. A head
// that is not computed by [Forward.Logits] gives none.
func (m *Model) Outputs() int {
	if m.Config.Head == SpanHead {
		return 2
	}
	return m.NumLabels()
}

// WithClassifier returns the model with a fresh classification head of the given number of labels (1 for regression) in
// place of any head it has, as transformers' BertForSequenceClassification. A missing pooler is made anew too. labels may
// name the classes; none keep them unnamed.
func (m *Model) WithClassifier(count int, labels []string, seed uint64) (*Model, error) {
	if count < 1 {
		return nil, fmt.Errorf("gbert: a classifier needs at least one label, not %d", count)
	}
	if len(labels) > 0 && len(labels) != count {
		return nil, fmt.Errorf("gbert: %d labels are named for a classifier with %d", len(labels), count)
	}
	clone := m.withHead(SequenceHead, labels)
	clone.Config.ProblemType = SingleLabel
	if count == 1 {
		clone.Config.ProblemType = Regression
	}
	clone.initialize(classifierParameters(clone.Config, count), seed)
	if !clone.HasPooler() {
		clone.initialize(poolerParameters(clone.Config), seed)
	}
	return clone, nil
}

// WithTokenClassifier returns the model with a fresh head that gives every token one of the labels, in place of any head it has, as
// transformers' BertForTokenClassification. The pooler goes.
func (m *Model) WithTokenClassifier(labels []string, seed uint64) (*Model, error) {
	if len(labels) < 1 {
		return nil, fmt.Errorf("gbert: a token classifier needs at least one label")
	}
	clone := m.withHead(TokenHead, labels)
	clone.dropPooler()
	clone.initialize(classifierParameters(clone.Config, len(labels)), seed)
	return clone, nil
}

// WithSpanHead returns the model with a fresh head for question answering in place of any head it has, as transformers'
// BertForQuestionAnswering. The pooler goes.
func (m *Model) WithSpanHead(seed uint64) (*Model, error) {
	clone := m.withHead(SpanHead, nil)
	clone.dropPooler()
	clone.initialize(spanParameters(clone.Config), seed)
	return clone, nil
}

// WithoutHead is the bare model: the encoder, and the pooler if there is one.
func (m *Model) WithoutHead() *Model { return m.withHead(NoHead, nil) }

// withHead is the model without the weights of its heads, and with a configuration that names another.
func (m *Model) withHead(head Head, labels []string) *Model {
	clone := m.Clone()
	for _, name := range clone.headNames() {
		delete(clone.weights, name)
		delete(clone.carried, name)
	}
	for _, spec := range poolerParameters(clone.Config) {
		if carried, ok := clone.carried[spec.Name]; ok && !head.PerToken() { // one that a token's head did not read
			clone.weights[spec.Name] = carried.tensor
			delete(clone.carried, spec.Name)
		}
	}
	clone.Config.setHead(head)
	clone.Config.Labels = slices.Clone(labels)
	return clone
}

func (m *Model) dropPooler() {
	for _, spec := range poolerParameters(m.Config) {
		delete(m.weights, spec.Name)
	}
}

// setHead changes the head that the configuration speaks of. A class of somebody's own does not stay with another head.
func (c *Config) setHead(head Head) {
	c.Head, c.ProblemType = head, ""
	if !c.knownArchitecture() {
		delete(c.extra, "architectures")
	}
}

// HeadWeights are the names, as in the model's file, of the weights of its heads, those that are only carried included, in
// alphabetical order: what a new head takes the place of.
func (m *Model) HeadWeights() []string {
	saved := m.savedNames()
	var names []string
	for _, name := range m.headNames() {
		names = append(names, saved(name))
	}
	slices.Sort(names)
	return names
}

// headNames are the names here of all weights and carried tensors that belong to neither the encoder nor the pooler.
func (m *Model) headNames() []string {
	var names []string
	for name := range m.weights {
		if !strings.HasPrefix(name, "bert.") {
			names = append(names, name)
		}
	}
	for name := range m.carried {
		if isHeadName(name) {
			names = append(names, name)
		}
	}
	return names
}

// isHeadName reports whether a tensor belongs to a head, by its name here.
func isHeadName(name string) bool {
	return !strings.HasPrefix(name, "bert.") && !strings.HasPrefix(name, "albert.")
}
