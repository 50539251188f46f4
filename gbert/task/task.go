package task

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Names of metrics.
const (
	Accuracy = "accuracy"
	F1       = "f1"       // of class 1 where there are two classes, else the mean over the classes (macro); of entities; of answers' words
	Matthews = "matthews" // Matthews' correlation coefficient φ, for any number of classes
	Pearson  = "pearson"
	Spearman = "spearman"
)

// Task is what a data set asks for. Take one from [Lookup], or fill in the exported fields for one of your own: its files are
// then read by the names that [Columns] gives.
type Task struct {
	Name    string   `json:"name"`
	Title   string   `json:"title,omitempty"` // the name in papers
	Kind    Kind     `json:"kind"`
	Labels  []string `json:"labels,omitempty"` // class names by class number; empty for regression and spans
	Pair    bool     `json:"pair,omitempty"`   // two texts an example
	Metrics []string `json:"metrics"`          // the primary one first

	// Answers says how answers are found; for [Spans] alone.
	Answers Answers `json:"answers,omitzero"`

	// Low and High bound a regression's target or a rating; both 0: any finite number.
	Low  float64 `json:"low,omitempty"`
	High float64 `json:"high,omitempty"`

	textNames  [][]string // columns that hold the text (or both texts), first match wins
	bare       []bare     // layouts without a header
	emptyTexts bool       // the official file has a few empty texts
	agreement  bool       // the official files have rows on whose label the annotators did not agree: - or nothing
	brokenRows bool       // the official file has rows with too few columns, to be left out and counted
	hub        string     // its data set on the hub, if not nyu-mll/glue
	config     string     // its name in that
	folder     string     // its folder in the GLUE archive
	suffix     string     // "_matched" or "_mismatched" on every split but train
	ratings    string     // file of the sentiment archive
	groupID    func(id string) string

	tags []string // of a tagging whose classes have other names, see Dataset.ByNumber: those by which entities are found

	firstIsPositive bool // of two classes, the first is the one that F1 is of: they stand in a model's order, see Dataset.InOrder
}

// bare is a layout without a header: how many columns, and where things stand. rating marks a mean rating in the label's place.
type bare struct {
	columns, label, text, pair, id int // id and pair: -1 where there is none
	more                           bool
	rating                         bool
	names                          string
}

const glueID = "nyu-mll/glue"

var (
	pairNames = [][]string{{"sentence1", "sentence2"}, {"premise", "hypothesis"}, {"question1", "question2"}, {"question", "sentence"},
		{"#1 String", "#2 String"}, {"text_a", "text_b"}, {"text1", "text2"}}
	singleNames = [][]string{{"sentence"}, {"text"}}
	yesNo       = []string{"entailment", "not_entailment"}
	threeWay    = []string{"entailment", "neutral", "contradiction"}
	sentiment   = []string{"negative", "positive"}
	mnliBare    = []bare{{columns: 3, label: 0, text: 1, pair: 2, id: -1, names: "label, premise, hypothesis"}}
	ratingBare  = []bare{{columns: 3, id: 0, label: 1, text: 2, pair: -1, rating: true, names: "id, mean rating from -4 to 4, text"}}
)

// all lists the known tasks in the order of Names.
func all() []Task {
	tasks := []Task{
		{Name: "sst2", Title: "SST-2", Labels: sentiment, Metrics: []string{Accuracy}, config: "sst2", folder: "SST-2"},
		{Name: "cola", Title: "CoLA", Labels: []string{"unacceptable", "acceptable"}, Metrics: []string{Matthews, Accuracy}, config: "cola", folder: "CoLA",
			bare: []bare{{columns: 4, label: 1, text: 3, pair: -1, id: -1, names: "source, label, star, sentence"}}},
		{Name: "mrpc", Title: "MRPC", Pair: true, Labels: []string{"not_equivalent", "equivalent"}, Metrics: []string{Accuracy, F1}, config: "mrpc", folder: "MRPC"},
		{Name: "rte", Title: "RTE", Pair: true, Labels: yesNo, Metrics: []string{Accuracy}, config: "rte", folder: "RTE"},
		{Name: "stsb", Title: "STS-B", Pair: true, Kind: Regression, Metrics: []string{Pearson, Spearman}, High: 5, config: "stsb", folder: "STS-B",
			bare: []bare{{columns: 7, more: true, label: 4, text: 5, pair: 6, id: -1, names: "genre, file, year, id, score, sentence1, sentence2"}}},
		{Name: "qnli", Title: "QNLI", Pair: true, Labels: yesNo, Metrics: []string{Accuracy}, config: "qnli", folder: "QNLI",
			textNames: [][]string{{"question", "sentence"}}},
		{Name: "qqp", Title: "QQP", Pair: true, Labels: []string{"not_duplicate", "duplicate"}, Metrics: []string{Accuracy, F1}, config: "qqp", folder: "QQP", brokenRows: true, emptyTexts: true},
		{Name: "mnli", Title: "MNLI-m", Pair: true, Labels: threeWay, Metrics: []string{Accuracy}, config: "mnli", folder: "MNLI", suffix: "_matched", bare: mnliBare, agreement: true},
		{Name: "mnli-mm", Title: "MNLI-mm", Pair: true, Labels: threeWay, Metrics: []string{Accuracy}, config: "mnli", folder: "MNLI", suffix: "_mismatched", bare: mnliBare, agreement: true},
		{Name: "movies", Title: "Movie reviews (ICWSM 2014)", ratings: "movieReviewSnippets_GroundTruth.txt"},
		{Name: "products", Title: "Product reviews (ICWSM 2014)", ratings: "amazonReviewSnippets_GroundTruth.txt", groupID: beforeUnderscore},
		{Name: "editorials", Title: "News editorials (ICWSM 2014)", ratings: "nytEditorialSnippets_GroundTruth.txt", groupID: beforeUnderscore},
		{Name: "tweets", Title: "Tweets (ICWSM 2014)", ratings: "tweets_GroundTruth.txt"},
		{Name: "squad", Title: "SQuAD 1.1", Kind: Spans, Pair: true, Metrics: spanMetrics, hub: "rajpurkar/squad", config: "plain_text"},
		{Name: "squad2", Title: "SQuAD 2.0", Kind: Spans, Pair: true, Metrics: openSpanMetrics, Answers: Answers{None: true}, hub: "rajpurkar/squad_v2", config: "squad_v2"},
		{Name: "ner", Title: "NER", Kind: Tagging, Metrics: entityMetrics},
		{Name: "multilabel", Title: "multi-label", Kind: MultiLabel, Metrics: multiLabelMetrics},
		{Name: "custom", Title: "custom", Metrics: []string{Accuracy, F1}},
	}
	for i := range tasks {
		t := &tasks[i]
		if t.ratings != "" {
			t.Labels, t.Metrics, t.Low, t.High, t.bare = sentiment, []string{Accuracy}, -4, 4, ratingBare
		}
		t.Labels, t.Metrics = slices.Clone(t.Labels), slices.Clone(t.Metrics)
	}
	return tasks
}

// beforeUnderscore gives the document of a sentence: sentences 12_1 and 12_2 stand in review or article 12.
func beforeUnderscore(id string) string {
	document, _, _ := strings.Cut(id, "_")
	return document
}

// Names lists the tasks that Lookup knows.
func Names() []string {
	var names []string
	for _, t := range all() {
		names = append(names, t.Name)
	}
	return names
}

// Lookup gives the task of a name; case, and a hyphen or underscore more or less, do not matter (SST-2 is sst2). The task is
// the caller's own copy.
func Lookup(name string) (*Task, error) {
	plain := strings.NewReplacer("-", "", "_", "")
	want := plain.Replace(strings.ToLower(name))
	for _, t := range all() {
		if plain.Replace(t.Name) == want {
			return &t, nil
		}
	}
	return nil, fmt.Errorf("task: no task is called %q: choose one of %s", name, strings.Join(Names(), ", "))
}

// allowed names the labels as an error shows them: 0 (negative), 1 (positive).
func (t *Task) allowed() string {
	parts := make([]string, len(t.Labels))
	for i, l := range t.Labels {
		parts[i] = fmt.Sprintf("%d (%s)", i, l)
	}
	list := strings.Join(parts, ", ")
	if len(t.Labels) > 0 && Unnamed(t.Labels) {
		list += ", which are not names: give the names with Columns.Labels, in the order of the class numbers"
	}
	return list
}

// label reads a class by its name or its number. A name comes first, as written before whatever its case, so that labels which are themselves numbers mean what
// they say; class numbers may be written as 1 or 1.0. -1 (GLUE's hub files) and - (MNLI without agreement) mean no label.
func (t *Task) label(s string) (int, error) {
	s = strings.TrimSpace(s)
	i, several := findName(t.Labels, s)
	if several {
		return 0, fmt.Errorf("label %s fits several of %s: write it with their case", quote(s), t.allowed())
	}
	if i >= 0 {
		return i, nil
	}
	numeric := slices.ContainsFunc(t.Labels, func(l string) bool { _, err := strconv.ParseFloat(l, 64); return err == nil })
	if s == "-" || s == "-1" {
		return -1, nil
	}
	if v, err := strconv.ParseFloat(s, 64); err == nil && !numeric {
		if v == math.Trunc(v) && v >= 0 && v < float64(len(t.Labels)) {
			return int(v), nil
		}
	}
	return 0, fmt.Errorf("label %s is not among %s", quote(s), t.allowed())
}

// target reads a regression's target or a rating; known is false for the -1 of GLUE's files without targets.
func (t *Task) target(s string) (v float64, known bool, err error) {
	s = strings.TrimSpace(s)
	v, err = strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false, fmt.Errorf("%s is not a number", quote(s))
	}
	if t.Low == t.High || v >= t.Low && v <= t.High {
		return v, true, nil
	}
	if v == -1 {
		return 0, false, nil
	}
	return 0, false, fmt.Errorf("%g is not from %g to %g", v, t.Low, t.High)
}

// quote shows a cell in an error, cut to a length that a terminal bears.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		return strconv.Quote(s[:most]) + "…"
	}
	return strconv.Quote(s)
}
