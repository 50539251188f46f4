package gbert

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// readLabels are the names of the classes that id2label gives, in order of their numbers, and where it is missing label2id. notes
// say where the two can be taken otherwise.
func readLabels(d *configDocument) (labels, notes []string, err error) {
	byNumber, err := readID2Label(d.values["id2label"])
	if err != nil {
		return nil, nil, err
	}
	byName, err := readLabel2ID(d.values["label2id"])
	if err != nil {
		return nil, nil, err
	}
	if labels, notes, err = orderLabels("id2label", byNumber); err != nil || len(labels) > 0 {
		return labels, append(notes, noteContradiction(labels, byNumber, byName)...), err
	}
	inverted := map[int]string{}
	for _, label := range slices.Sorted(maps.Keys(byName)) {
		inverted[byName[label]] = label
	}
	if len(inverted) < len(byName) {
		return nil, nil, nil // several names of one class: transformers ignores label2id without id2label
	}
	if labels, notes, err = orderLabels("label2id", inverted); err != nil {
		return nil, nil, nil
	}
	if len(labels) > 0 {
		notes = append(notes, "config.json has label2id but no id2label: the classes are named by label2id, which transformers ignores")
	}
	return labels, notes, nil
}

// noteContradiction names a class to which label2id gives another number than id2label does.
func noteContradiction(labels []string, byNumber map[int]string, byName map[string]int) []string {
	for _, label := range labels {
		n, named := byName[label]
		if !named || byNumber[n] == label || n >= 0 && n < len(labels) && labels[n] == label {
			continue
		}
		return []string{fmt.Sprintf("config.json contradicts itself: label2id gives %q the number %d, id2label another: the classes are those of id2label, as in transformers", label, n)}
	}
	return nil
}

// orderLabels are the names of classes in order of their numbers, which begin at 0, or, with a note, at 1.
func orderLabels(key string, named map[int]string) (labels, notes []string, err error) {
	numbers := slices.Sorted(maps.Keys(named))
	if len(numbers) == 0 {
		return nil, nil, nil
	}
	first, last := numbers[0], numbers[len(numbers)-1]
	if first == 1 && last == len(numbers) {
		notes = append(notes, fmt.Sprintf("%s numbers the classes from 1 to %d: they are taken for the head's outputs 0 to %d, in this order", key, last, last-1))
	} else if first != 0 || last != len(numbers)-1 {
		odd := last
		if first < 0 {
			odd = first
		}
		return nil, nil, fmt.Errorf("%s has the id %q; with %d labels the ids are 0…%d", key, strconv.Itoa(odd), len(numbers), len(numbers)-1)
	}
	for _, n := range numbers {
		labels = append(labels, named[n])
	}
	return labels, notes, nil
}

// readID2Label reads an object from numbers as texts to names.
func readID2Label(value json.RawMessage) (map[int]string, error) {
	entries, err := objectOf("id2label", value)
	if err != nil {
		return nil, err
	}
	named := map[int]string{}
	keys := slices.SortedFunc(maps.Keys(entries), func(a, b string) int { // "1" before "01"
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	for _, key := range keys {
		n, ok := pythonInt(key)
		if !ok {
			return nil, fmt.Errorf("id2label has the id %q; with %d labels the ids are 0…%d", key, len(entries), len(entries)-1)
		}
		if _, twice := named[n]; twice {
			return nil, fmt.Errorf("id2label has the id %q, which is %d again", key, n)
		}
		if named[n], ok = scalarText(entries[key]); !ok {
			return nil, fmt.Errorf("id2label names class %s by %s; a name must be a text", key, excerpt(entries[key]))
		}
	}
	return named, nil
}

// readLabel2ID reads an object from names to numbers, which may be texts.
func readLabel2ID(value json.RawMessage) (map[string]int, error) {
	entries, err := objectOf("label2id", value)
	if err != nil {
		return nil, err
	}
	numbers := map[string]int{}
	for _, label := range slices.Sorted(maps.Keys(entries)) {
		text, ok := scalarText(entries[label])
		if ok {
			numbers[label], ok = pythonInt(text)
		}
		if !ok {
			return nil, fmt.Errorf("label2id gives %q the number %s; it must be a whole number", label, excerpt(entries[label]))
		}
	}
	return numbers, nil
}

// objectOf are the entries of a JSON object; none for null and for nothing.
func objectOf(key string, value json.RawMessage) (map[string]json.RawMessage, error) {
	if len(value) == 0 {
		return nil, nil
	}
	var entries map[string]json.RawMessage
	if json.Unmarshal(value, &entries) != nil {
		return nil, fmt.Errorf("%s is %s; it must be an object", key, excerpt(value))
	}
	return entries, nil
}

// pythonInt reads a number as Python's int does: with blanks around, a sign, and zeros before.
func pythonInt(text string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	return n, err == nil
}

// scalarText is the text of a JSON text, and what stands there of a number, true, false or null.
func scalarText(value json.RawMessage) (string, bool) {
	var text string
	switch value[0] {
	case '"':
		return text, json.Unmarshal(value, &text) == nil
	case '{', '[':
		return "", false
	}
	return string(value), true
}

// writeLabels sets id2label and label2id. What the file said stays as it was, as long as the names are the same.
func (c *Config) writeLabels(fields map[string]any) {
	id2label, label2id := map[string]string{}, map[string]int{}
	for i, label := range c.Labels {
		id2label[strconv.Itoa(i)] = label
		label2id[label] = i
	}
	keep := c.statesLabels()
	for key, value := range map[string]any{"id2label": id2label, "label2id": label2id} {
		switch stated, ok := c.extra[key]; {
		case len(c.Labels) == 0:
			delete(fields, key)
		case !keep || !ok || isNull(stated) || sameJSON(stated, value):
			fields[key] = value
		}
	}
}

// statesLabels reports whether the file's id2label names the classes as they are named now, by their numbers from 0.
func (c *Config) statesLabels() bool {
	named, err := readID2Label(c.extra["id2label"])
	if err != nil || len(named) != len(c.Labels) {
		return false
	}
	for i, label := range c.Labels {
		if stated, ok := named[i]; !ok || stated != label {
			return false
		}
	}
	return true
}

// sameJSON reports whether a text is the JSON of a value, in another order perhaps.
func sameJSON(text json.RawMessage, value any) bool {
	encoded, err := json.Marshal(value)
	if err != nil {
		return false
	}
	var a, b any
	return json.Unmarshal(text, &a) == nil && json.Unmarshal(encoded, &b) == nil && reflect.DeepEqual(a, b)
}

// fitLabels drops names of classes that are not those of the head, and notes where config.json contradicts the head's rows, which
// count.
func (c *Config) fitLabels(rows int) {
	if rows == 0 {
		return
	}
	if n := len(c.Labels); n > 0 && n != rows {
		c.Notes = append(c.Notes, fmt.Sprintf("config.json names %d classes, but the head has %d rows: the classes stay without names", n, rows))
		c.Labels = nil
	}
	if n, ok := pythonInt(string(c.extra["num_labels"])); ok && n != rows {
		c.Notes = append(c.Notes, fmt.Sprintf("config.json says num_labels %d, but the head has %d rows, which count", n, rows))
	}
}
