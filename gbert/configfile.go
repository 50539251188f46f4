package gbert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// configDocument is the object of a config.json: its keys, exactly as they are written there, with their values.
type configDocument struct {
	values map[string]json.RawMessage
	lines  map[string]int // of each key, from 1
}

// parseDocument reads the text of a config.json as Python's json does: with NaN, Infinity and -Infinity, and of a key that is there
// twice the last value. A byte order mark of UTF-8 is passed over.
func parseDocument(data []byte) (*configDocument, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return nil, errors.New("not a valid JSON configuration: it is UTF-16; save it as UTF-8")
	}
	data = tagFloats(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	document := &configDocument{lines: map[string]int{}}
	if err := json.Unmarshal(data, &document.values); err != nil {
		return nil, describeJSONError(data, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if _, err := decoder.Token(); err != nil {
		return nil, describeJSONError(data, err)
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, describeJSONError(data, err)
		}
		name, _ := key.(string)
		document.lines[name] = 1 + bytes.Count(data[:decoder.InputOffset()], []byte("\n"))
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, describeJSONError(data, err)
		}
	}
	return document, nil
}

// decode reads the keys that a struct's fields name, exactly: encoding/json would take "Hidden_Size" for "hidden_size", which
// transformers does not. What null stands for is left as it is.
func (d *configDocument) decode(into reflect.Value) error {
	for i := range into.NumField() {
		field := into.Type().Field(i)
		if field.Anonymous {
			if err := d.decode(into.Field(i)); err != nil {
				return err
			}
			continue
		}
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		value, ok := d.values[key]
		if !ok {
			continue
		}
		err := json.Unmarshal(value, into.Field(i).Addr().Interface())
		var mismatch *json.UnmarshalTypeError
		switch special, tagged := specialFloat(value); {
		case isNull(value) && field.Type.Kind() == reflect.Int:
			return fmt.Errorf("line %d: %s is null; it must be a number", d.lines[key], key)
		case err == nil:
		case tagged:
			return fmt.Errorf("line %d: %s is %s; it must be a finite number", d.lines[key], key, special)
		case errors.As(err, &mismatch) && mismatch.Field == "":
			return fmt.Errorf("line %d: %s is %s; it must be %s", d.lines[key], key, excerpt(value), kindInWords(field.Type))
		default:
			return fmt.Errorf("line %d: %s: %w", d.lines[key], key, err)
		}
	}
	return nil
}

// fillIn sets sizes that the file does not state to transformers' defaults, and gives their keys.
func (d *configDocument) fillIn(raw *configJSON) (missing []string) {
	defaults := bertSizes
	if raw.ModelType == "albert" {
		defaults = albertSizes
	}
	for i, key := range sizeKeys {
		if _, ok := d.values[key]; !ok {
			*raw.size(key) = defaults[i]
			missing = append(missing, fmt.Sprintf("%s (%d)", key, defaults[i]))
		}
	}
	return missing
}

// BERTBase is the shape of BERT-base.
func BERTBase() *Config {
	config, err := ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
		"intermediate_size": 3072, "hidden_act": "gelu", "max_position_embeddings": 512, "type_vocab_size": 2}`))
	if err != nil {
		panic(err) // it is a configuration
	}
	return config
}

// The sizes of a configuration and what transformers takes where a file does not state them.
var (
	sizeKeys    = []string{"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "max_position_embeddings", "type_vocab_size"}
	bertSizes   = []int{30522, 768, 12, 12, 3072, 512, 2}
	albertSizes = []int{30000, 4096, 12, 64, 16384, 512, 2}
)

// size is the field of one of sizeKeys.
func (c *configJSON) size(key string) *int {
	return map[string]*int{
		"vocab_size": &c.VocabSize, "hidden_size": &c.HiddenSize, "num_hidden_layers": &c.NumHiddenLayers,
		"num_attention_heads": &c.NumAttentionHeads, "intermediate_size": &c.IntermediateSize,
		"max_position_embeddings": &c.MaxPositionEmbeddings, "type_vocab_size": &c.TypeVocabSize,
	}[key]
}

// kindInWords is what a value of a type is in JSON.
func kindInWords(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int:
		return "a whole number, written without a decimal point"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice:
		return "a list"
	}
	return "an object"
}

// excerpt is the beginning of a value's text.
func excerpt(value json.RawMessage) string {
	const most = 60
	if text := []rune(string(value)); len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(value)
}

func isNull(value json.RawMessage) bool { return string(value) == "null" }

// floatTag is the key of the object by which transformers 5 writes a number that JSON has none for, such as {"__float__": "NaN"}.
const floatTag = "__float__"

// specialFloats are the values of floatTag, which are what Python's json writes bare.
var specialFloats = []string{"NaN", "Infinity", "-Infinity"}

// tagFloats puts transformers' objects in place of NaN, Infinity and -Infinity outside of texts.
func tagFloats(data []byte) []byte {
	if !bytes.Contains(data, []byte("NaN")) && !bytes.Contains(data, []byte("Infinity")) {
		return data
	}
	var tagged bytes.Buffer
	quoted := false
	for i := 0; i < len(data); i++ {
		if word := specialAt(data[i:]); !quoted && word != "" {
			fmt.Fprintf(&tagged, "{%q: %q}", floatTag, word)
			i += len(word) - 1
			continue
		}
		switch {
		case data[i] == '"':
			quoted = !quoted
		case quoted && data[i] == '\\' && i+1 < len(data):
			tagged.WriteByte(data[i])
			i++
		}
		tagged.WriteByte(data[i])
	}
	return tagged.Bytes()
}

// specialAt is the special number that a text begins with, empty without one.
func specialAt(text []byte) string {
	for _, word := range specialFloats {
		if bytes.HasPrefix(text, []byte(word)) {
			return word
		}
	}
	return ""
}

// specialFloat is the name of the number that an object of transformers stands for.
func specialFloat(value json.RawMessage) (name string, ok bool) {
	var tagged map[string]string
	if json.Unmarshal(value, &tagged) != nil || len(tagged) != 1 {
		return "", false
	}
	name = tagged[floatTag]
	return name, slices.Contains(specialFloats, name)
}
