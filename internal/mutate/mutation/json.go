package mutation

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"strings"
)

// A value is a JSON value that keeps the order of its keys and may have one twice.
type value struct {
	kind     byte   // '{', '[' or 0
	text     string // of what is neither
	keys     []string
	children []*value
}

// parseJSON reads a value; nil where there is none.
func parseJSON(text []byte) *value {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	v, err := parseValue(decoder, 0)
	if err != nil {
		return nil
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil
	}
	return v
}

func parseValue(decoder *json.Decoder, depth int) (*value, error) {
	token, err := decoder.Token()
	if err != nil || depth > 100 {
		return nil, io.ErrUnexpectedEOF
	}
	delimiter, ok := token.(json.Delim)
	if !ok {
		text, err := json.Marshal(token)
		return &value{text: string(text)}, err
	}
	v := &value{kind: byte(delimiter)}
	for decoder.More() {
		if v.kind == '{' {
			key, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			text, err := json.Marshal(key)
			if err != nil {
				return nil, err
			}
			v.keys = append(v.keys, string(text))
		}
		child, err := parseValue(decoder, depth+1)
		if err != nil {
			return nil, err
		}
		v.children = append(v.children, child)
	}
	_, err = decoder.Token()
	return v, err
}

func (v *value) write(out *bytes.Buffer) {
	if v.kind == 0 {
		out.WriteString(v.text)
		return
	}
	out.WriteByte(v.kind)
	for i, child := range v.children {
		if i > 0 {
			out.WriteString(", ")
		}
		if v.kind == '{' {
			out.WriteString(v.keys[i] + ": ")
		}
		child.write(out)
	}
	out.WriteByte(v.kind + 2) // the closing one
}

// all lists a value and what is in it.
func (v *value) all(list []*value) []*value {
	list = append(list, v)
	for _, child := range v.children {
		list = child.all(list)
	}
	return list
}

// JSON removes, repeats, renames and exchanges the members of a JSON document, and puts values in place of others that no reader
// expects there. What is no JSON is changed by [Bytes].
func JSON(rng *rand.Rand, file []byte) []byte {
	root := parseJSON(file)
	if root == nil || rng.IntN(12) == 0 {
		return Bytes(rng, file)
	}
	nodes := root.all(nil)
	at, other := pick(rng, nodes), pick(rng, nodes)
	n := len(at.children)
	switch action := rng.IntN(8); {
	case action == 0 && n > 0:
		i := rng.IntN(n)
		at.children = append(at.children[:i:i], at.children[i+1:]...)
		if at.kind == '{' {
			at.keys = append(at.keys[:i:i], at.keys[i+1:]...)
		}
	case action == 1 && n > 0: // twice there, perhaps with another value
		child := at.children[rng.IntN(n)]
		if at.kind == '{' {
			at.keys = append(at.keys, pick(rng, at.keys))
			child = other.copy(0)
		}
		at.children = append(at.children, child)
	case action == 2 && at.kind == '{' && n > 0:
		at.keys[rng.IntN(n)] = pick(rng, []string{`""`, `"__metadata__"`, `"\u0000"`, `"a"`, strings.ToUpper(at.keys[0]), other.anyKey(rng)})
	case action == 3 && at.kind == '[' && n > 0: // very long
		child := at.children[rng.IntN(n)]
		for range rng.IntN(2000) {
			at.children = append(at.children, child)
		}
	case action == 4:
		*at = *other.copy(0)
	default:
		*at = value{text: pick(rng, values)}
	}
	var out bytes.Buffer
	root.write(&out)
	return out.Bytes()
}

func (v *value) anyKey(rng *rand.Rand) string {
	if len(v.keys) == 0 {
		return `"x"`
	}
	return pick(rng, v.keys)
}

// copy is a deep copy, cut where it is too deep or was put into itself.
func (v *value) copy(depth int) *value {
	if depth > 50 {
		return &value{text: "null"}
	}
	c := &value{kind: v.kind, text: v.text, keys: append([]string{}, v.keys...)}
	for _, child := range v.children {
		c.children = append(c.children, child.copy(depth+1))
	}
	return c
}

// values stand in the place of others.
var values = []string{
	"null", "true", "false", "0", "1", "-1", "2", "3", "0.5", "-0.0", "1e-400", "1e308", "1e400", "NaN", "Infinity", "-Infinity", "16777216", "16777217", "1048576", "2147483647",
	"2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551616", "00", "1.0", "12e0",
	`""`, `"0"`, `"-1"`, `"true"`, `"bert"`, `"albert"`, `"gelu"`, `"\ud800"`, `"\u0000"`, `"../../etc/passwd"`, `"a/b"`, `"[CLS]"`, `"` + strings.Repeat("a", 5000) + `"`,
	"[]", "{}", "[null]", "[[]]", `{"": null}`, `[0, 1, 2, 3, 4, 5, 6, 7]`, `{"0": 0, "1": 1}`, `{"content": 5}`, strings.Repeat("[", 3000) + strings.Repeat("]", 3000), strings.Repeat("[", 200000),
	strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000),
}
