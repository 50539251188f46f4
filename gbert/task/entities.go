package task

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Metrics of tagging beside F1, which is over entities: micro averages as seqeval 1.2.2 has them in its default mode (Nakayama 2018,
// https://github.com/chakki-works/seqeval), which follows conlleval.
const (
	Precision = "precision" // the share of the predicted entities that are there, with these ends and this type
	Recall    = "recall"    // the share of the entities that are there that were predicted
)

// entityMetrics end with the share of the words whose tag is right.
var entityMetrics = []string{F1, Precision, Recall, Accuracy}

// Entity is a run of words of one type.
type Entity struct {
	Type        string
	First, Last int // words, from 0
}

// Entities finds the entities in the tags of a text, written as IOB1, IOB2, IOE or BIOES: B-PER, I-PER, E-PER, S-PER, O. A type may
// be missing; an entity may begin with I. It is seqeval's get_entities.
func Entities(tags []string) []Entity {
	var found []Entity
	begin, last, lastType := 0, 'O', ""
	for i := 0; i <= len(tags); i++ {
		tag, kind := 'O', "_"
		if i < len(tags) {
			tag, kind = splitTag(tags[i])
		}
		if ends(last, tag, lastType != kind) {
			found = append(found, Entity{lastType, begin, i - 1})
		}
		if begins(last, tag, lastType != kind) {
			begin = i
		}
		last, lastType = tag, kind
	}
	return found
}

// splitTag is the first character of a tag and its type: all after the first hyphen of the rest, or _ where there is none.
func splitTag(s string) (tag rune, kind string) {
	tag, size := utf8.DecodeRuneInString(s)
	kind = s[size:]
	if _, after, ok := strings.Cut(kind, "-"); ok {
		kind = after
	}
	if kind == "" {
		kind = "_"
	}
	return tag, kind
}

// ends says whether an entity ends before a tag, given the tag before it and whether their types differ.
func ends(before, tag rune, otherType bool) bool {
	switch before {
	case 'E', 'S':
		return true
	case 'B', 'I':
		if tag == 'B' || tag == 'S' || tag == 'O' {
			return true
		}
	}
	return before != 'O' && before != '.' && otherType
}

// begins says whether an entity begins with a tag.
func begins(before, tag rune, otherType bool) bool {
	switch tag {
	case 'B', 'S':
		return true
	case 'E', 'I':
		if before == 'E' || before == 'S' || before == 'O' {
			return true
		}
	}
	return tag != 'O' && tag != '.' && otherType
}

// entityCounts is what a text adds to the metrics.
type entityCounts struct{ right, predicted, gold, rightWords, words int }

func (s *Scorer) tags(predictions []Prediction, gold []Example) error {
	if err := s.task.checkNumbers(predictions, gold); err != nil {
		return err
	}
	each := make([]entityCounts, len(gold))
	for i := range gold {
		want, got := s.task.names(gold[i].Detail.Tags), s.task.names(predictions[i].Tags)
		c := &each[i]
		there := map[Entity]bool{}
		for _, e := range Entities(want) {
			there[e] = true
		}
		found := Entities(got)
		for _, e := range found {
			if there[e] {
				c.right++
			}
		}
		c.predicted, c.gold, c.words = len(found), len(there), len(want)
		for w := range want {
			if want[w] == got[w] {
				c.rightWords++
			}
		}
	}
	s.score = func(rows []int) Scores {
		var sum entityCounts
		for _, row := range rows {
			c := each[row]
			sum = entityCounts{sum.right + c.right, sum.predicted + c.predicted, sum.gold + c.gold, sum.rightWords + c.rightWords, sum.words + c.words}
		}
		return s.task.scores(sum.metric)
	}
	return nil
}

func (c entityCounts) metric(name string) float64 {
	switch name {
	case Precision:
		return share(c.right, c.predicted)
	case Recall:
		return share(c.right, c.gold)
	case Accuracy:
		return share(c.rightWords, c.words)
	}
	return share(2*c.right, c.predicted+c.gold)
}

// names are the tags of class numbers, as they say where entities are.
func (t *Task) names(numbers []int) []string {
	tags := t.Labels
	if t.tags != nil {
		tags = t.tags
	}
	names := make([]string, len(numbers))
	for i, n := range numbers {
		names[i] = tags[n]
	}
	return names
}

// checkNumbers reports class numbers that the task does not have, and tags that are not one for each word.
func (t *Task) checkNumbers(predictions []Prediction, gold []Example) error {
	for i := range gold {
		d, err := t.detail(i, &gold[i])
		if err != nil {
			return err
		}
		lists := [][]int{predictions[i].Classes, d.Classes}
		if t.Kind == Tagging {
			lists = [][]int{predictions[i].Tags, d.Tags}
			if len(lists[0]) != len(d.Words) || len(lists[1]) != len(d.Words) {
				return fmt.Errorf("task: %s: example %d (id %q) has %d words, %d tags and %d predictions", t.Name, i, gold[i].ID, len(d.Words), len(lists[1]), len(lists[0]))
			}
		}
		for _, list := range lists {
			for _, n := range list {
				if n < 0 || n >= len(t.Labels) {
					return fmt.Errorf("task: %s: example %d (id %q) has the class number %d: from 0 to %d were expected", t.Name, i, gold[i].ID, n, len(t.Labels)-1)
				}
			}
		}
	}
	return nil
}

// IsEntityTag says whether a tag is written as an entity's is, or O.
func IsEntityTag(tag string) bool {
	if len(tag) < 2 {
		return strings.ContainsAny(tag, "OBIES")
	}
	return strings.ContainsRune("BIES", rune(tag[0])) && tag[1] == '-'
}
