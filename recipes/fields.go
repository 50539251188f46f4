package recipes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Error is a mistake in a recipe, with its place.
type Error struct {
	File string
	Line int // from 1; 0: the file as a whole
	Text string

	cause error
}

// Unwrap is the error of the step that could not be done; nil where the file itself is wrong.
func (e *Error) Unwrap() error { return e.cause }

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Text)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
}

// fields reads the arguments of a step, or of the recipe itself, by name, and keeps the first mistake. What nobody asked for is
// a mistake too.
type fields struct {
	file string
	what string // the step's name, for messages; empty for the recipe
	line int
	keys []*yaml.Node
	at   map[string]*yaml.Node
	read []string // the names that were asked for, in order
	err  *Error
}

// mapping reads a node as arguments. A node that is no mapping is one without arguments if it is empty.
func mapping(file, what string, node *yaml.Node) *fields {
	f := &fields{file: file, what: what, line: node.Line, at: map[string]*yaml.Node{}}
	if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
		return f
	}
	if node.Kind != yaml.MappingNode {
		f.fail(node.Line, "arguments such as {name: value} were expected")
		return f
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			f.fail(key.Line, "a name was expected")
			return f
		}
		if _, twice := f.at[key.Value]; twice {
			f.fail(key.Line, "%s is there twice", key.Value)
			return f
		}
		f.at[key.Value] = value
		f.keys = append(f.keys, key)
	}
	return f
}

func (f *fields) fail(line int, format string, args ...any) {
	if f.err != nil {
		return
	}
	text := fmt.Sprintf(format, args...)
	if f.what != "" {
		text = f.what + ": " + text
	}
	f.err = &Error{File: f.file, Line: line, Text: text}
}

// value is the node of a name; nil when it is not there.
func (f *fields) value(name string) *yaml.Node {
	f.read = append(f.read, name)
	return f.at[name]
}

// scalar is the text of a name.
func (f *fields) scalar(name string) (text string, line int, ok bool) {
	node := f.value(name)
	if node == nil {
		return "", 0, false
	}
	if node.Kind != yaml.ScalarNode {
		f.fail(node.Line, "%s: one value was expected", name)
		return "", 0, false
	}
	return node.Value, node.Line, true
}

// has reports whether a name is there, without asking for it.
func (f *fields) has(name string) bool { return f.at[name] != nil }

// whole is a whole number between least and most.
func (f *fields) whole(name string, otherwise, least, most int) int {
	text, line, ok := f.scalar(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		f.fail(line, "%s: %s: a whole number from %d to %d was expected", name, text, least, most)
	}
	return n
}

// seed is a whole number of any size from 0.
func (f *fields) seed(name string, otherwise uint64) uint64 {
	text, line, ok := f.scalar(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		f.fail(line, "%s: %s: a whole number from 0 was expected", name, text)
	}
	return n
}

// above is a number above low and at most high.
func (f *fields) above(name string, otherwise, low, high float64) float64 {
	text, line, ok := f.scalar(name)
	if !ok {
		return otherwise
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v > low && v <= high) {
		f.fail(line, "%s: %s: a number above %g and at most %g was expected", name, text, low, high)
	}
	return v
}

// choice is one of several words.
func (f *fields) choice(name, otherwise string, from ...string) string {
	text, line, ok := f.scalar(name)
	if !ok {
		return otherwise
	}
	if !slices.Contains(from, text) {
		f.fail(line, "%s: %q: choose from %s", name, text, strings.Join(from, ", "))
	}
	return text
}

// yes is a truth value.
func (f *fields) yes(name string, otherwise bool) bool {
	switch f.choice(name, strconv.FormatBool(otherwise), "true", "false") {
	case "true":
		return true
	}
	return false
}

// text is any text.
func (f *fields) text(name string) string {
	text, _, _ := f.scalar(name)
	return text
}

// list is a list of scalars, such as [4, 5], and its line.
func (f *fields) list(name string) (list []string, line int) {
	node := f.value(name)
	if node == nil {
		return nil, 0
	}
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		f.fail(node.Line, "%s: a list such as [4, 5] was expected", name)
		return nil, node.Line
	}
	for _, entry := range node.Content {
		if entry.Kind != yaml.ScalarNode {
			f.fail(entry.Line, "%s: the list's entries must be single values", name)
			return nil, node.Line
		}
		list = append(list, entry.Value)
	}
	return list, node.Line
}

// done reports the first mistake; a name that was not asked for is one.
func (f *fields) done() error {
	for _, key := range f.keys {
		if !slices.Contains(f.read, key.Value) {
			f.fail(key.Line, "there is no %q here: %s", key.Value, allowed(f.read))
		}
	}
	if f.err != nil {
		return f.err
	}
	return nil
}

func allowed(names []string) string {
	if len(names) == 0 {
		return "it takes no arguments"
	}
	return "choose from " + strings.Join(names, ", ")
}
