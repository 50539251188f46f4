package task

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// jsonlTable reads one JSON object a line. The columns are the keys of the first object; a key that a later object lacks is a
// missing cell, one that it has beyond them is not looked at.
type jsonlTable struct {
	lines
	keys  []string
	first *record
}

func newJSONL(r *bufio.Reader) (table, error) {
	return &jsonlTable{lines: lines{r: r}}, nil
}

func (t *jsonlTable) next() (record, error) {
	if t.first != nil {
		rec := *t.first
		t.first = nil
		return rec, nil
	}
	line, err := t.lines.next()
	if err != nil {
		return record{}, err
	}
	rec := record{line: t.line, bad: invalidUTF8(line)}
	var object map[string]json.RawMessage
	if rec.bad == "" {
		object, rec.bad = jsonObject(line)
	}
	if t.keys != nil {
		rec.cells = t.row(object)
		return rec, nil
	}
	if rec.bad != "" {
		return rec, fmt.Errorf("line %d %s", rec.line, rec.bad)
	}
	t.keys = slices.Sorted(maps.Keys(object))
	if _, ok := object[answersColumn]; ok {
		t.keys = append(t.keys, answersColumn+textsSuffix, answersColumn+startsSuffix)
	}
	header := record{line: rec.line}
	for _, k := range t.keys {
		header.cells = append(header.cells, cell{text: k, kind: text})
	}
	rec.cells = t.row(object)
	t.first = &rec
	return header, nil
}

// jsonObject reads one JSON object, or says what is wrong with it. A key that is there twice is refused: readers differ in which of its
// values they take.
func jsonObject(line []byte) (object map[string]json.RawMessage, bad string) {
	if err := json.Unmarshal(line, &object); err != nil || object == nil {
		bad = fmt.Sprintf("is not one JSON object: %s", quote(string(line)))
		if err != nil {
			bad += fmt.Sprintf(" (%v)", err)
		}
		return nil, bad
	}
	decoder, keys := json.NewDecoder(bytes.NewReader(line)), 0
	seen := make(map[string]bool, len(object))
	for _, err := decoder.Token(); decoder.More() && err == nil; keys++ {
		key, _ := decoder.Token() // the object was read above: no errors here
		name, _ := key.(string)
		if seen[name] {
			return nil, fmt.Sprintf("has the key %s twice: give it once", quote(name))
		}
		seen[name] = true
		var value json.RawMessage
		err = decoder.Decode(&value)
	}
	return object, ""
}

func (t *jsonlTable) row(object map[string]json.RawMessage) []cell {
	cells := make([]cell, len(t.keys))
	for i, k := range t.keys {
		if part, ok := strings.CutPrefix(k, answersColumn+"."); ok && object[k] == nil {
			cells[i] = jsonPart(object[answersColumn], part)
			continue
		}
		cells[i] = jsonCell(object[k])
	}
	return cells
}

// jsonPart reads a key's value in an object of lists, or its values in a list of objects, as a list.
func jsonPart(raw json.RawMessage, key string) cell {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) == nil {
		return jsonCell(object[key])
	}
	var objects []map[string]json.RawMessage
	if json.Unmarshal(raw, &objects) != nil {
		return cell{}
	}
	c := cell{kind: nested, elements: []cell{}}
	for _, o := range objects {
		c.elements = append(c.elements, jsonCell(o[key]))
	}
	return c
}

// jsonCell reads a JSON value: true and false are the class numbers 1 and 0.
func jsonCell(raw json.RawMessage) cell {
	if len(raw) == 0 {
		return cell{}
	}
	switch raw[0] {
	case 'n':
		return cell{kind: null}
	case 't':
		return cell{text: "1", kind: number}
	case 'f':
		return cell{text: "0", kind: number}
	case '[', '{':
		return cell{kind: nested, raw: raw}
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return cell{}
		}
		return cell{text: s, kind: text}
	}
	return cell{text: string(raw), kind: number}
}

func (t *jsonlTable) named() bool     { return true }
func (t *jsonlTable) need([]int)      {}
func (t *jsonlTable) blanks() LeftOut { return t.blank }
func (t *jsonlTable) unit() string    { return "line" }
