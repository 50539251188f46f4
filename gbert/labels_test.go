package gbert

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestNamesOfClassesAreReadAsTransformersMeansThem(t *testing.T) {
	type raw = json.RawMessage
	for name, c := range map[string]struct {
		id2label, label2id string
		want               []string
		note               string
	}{
		"numbers as texts":              {`{"0": "neg", "1": "pos", "2": "none"}`, `{"neg": "0", "pos": "1", "none": "2"}`, []string{"neg", "pos", "none"}, ""},
		"in another order":              {`{"2": "c", "0": "a", "1": "b"}`, `{"c": 2, "b": 1, "a": 0}`, []string{"a", "b", "c"}, ""},
		"blanks, zeros and a sign":      {`{" 0": "a", "01": "b", "+2": "c"}`, `null`, []string{"a", "b", "c"}, ""},
		"names that are numbers":        {`{"0": 5, "1": true, "2": null}`, `{"5": 0}`, []string{"5", "true", "null"}, ""},
		"numbers from 1":                {`{"1": "a", "2": "b", "3": "c"}`, `{"a": 1, "b": 2, "c": 3}`, []string{"a", "b", "c"}, "id2label numbers the classes from 1 to 3"},
		"label2id alone":                {`null`, `{"b": 1, "a": 0, "c": "2"}`, []string{"a", "b", "c"}, "the classes are named by label2id"},
		"label2id alone, from 1":        {`{}`, `{"b": 2, "a": 1, "c": 3}`, []string{"a", "b", "c"}, "label2id numbers the classes from 1 to 3"},
		"label2id alone, with a gap":    {`null`, `{"b": 5, "a": 0, "c": 3}`, nil, ""},
		"label2id alone, a class twice": {`null`, `{"b": 0, "a": 0, "c": 1}`, nil, ""},
		"a name twice":                  {`{"0": "a", "1": "a", "2": "b"}`, `{"a": 1, "b": 2}`, []string{"a", "a", "b"}, ""},
		"label2id turned":               {`{"0": "neg", "1": "pos", "2": "none"}`, `{"neg": 1, "pos": 0, "none": 2}`, []string{"neg", "pos", "none"}, `label2id gives "neg" the number 1`},
		"label2id beyond the classes":   {`{"0": "a", "1": "b", "2": "c"}`, `{"a": 0, "b": 1, "c": 3}`, []string{"a", "b", "c"}, `label2id gives "c" the number 3`},
		"label2id below the classes":    {`{"0": "a", "1": "b", "2": "c"}`, `{"a": "-1", "b": 1, "c": 2}`, []string{"a", "b", "c"}, `label2id gives "a" the number -1`},
		"label2id with another name":    {`{"0": "a", "1": "b", "2": "c"}`, `{"a": 0, "b": 1, "c": 2, "d": 2}`, []string{"a", "b", "c"}, ""},
		"nothing":                       {`null`, `null`, nil, ""},
	} {
		config, err := ParseConfig(edited(t, object{"id2label": raw(c.id2label), "label2id": raw(c.label2id)}))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if notes := strings.Join(config.Notes, "\n"); !slices.Equal(config.Labels, c.want) || !strings.Contains(notes, c.note) || (notes == "") != (c.note == "") {
			t.Errorf("%s: %q, noted %q", name, config.Labels, notes)
		}
	}
}

func TestNumbersFromOneWithNamesFromZeroAreNoContradiction(t *testing.T) {
	config, err := ParseConfig(edited(t, object{"id2label": json.RawMessage(`{"1": "a", "2": "b", "3": "c"}`), "label2id": json.RawMessage(`{"a": 0, "b": 1, "c": 2}`)}))
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(config.Notes, "\n"); strings.Contains(notes, "contradicts") || !strings.Contains(notes, "from 1 to 3") {
		t.Errorf("noted %q", notes)
	}
}

func TestNamesOfClassesThatCannotBeAreErrors(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"id2label", `["a", "b", "c"]`, `id2label is ["a","b","c"]; it must be an object`},
		{"id2label", `"a"`, "it must be an object"},
		{"id2label", `{"a": "0"}`, `id2label has the id "a"`},
		{"id2label", `{"0.0": "a"}`, `id2label has the id "0.0"`},
		{"id2label", `{"0": "a", "1": "b", "5": "c"}`, `id2label has the id "5"; with 3 labels the ids are 0…2`},
		{"id2label", `{"-1": "a", "0": "b", "1": "c"}`, `id2label has the id "-1"`},
		{"id2label", `{"2": "a", "3": "b"}`, `id2label has the id "3"`},
		{"id2label", `{"0": "a", " 0": "b"}`, `id2label has the id " 0", which is 0 again`},
		{"id2label", `{"0": ["a"]}`, `id2label names class 0 by ["a"]; a name must be a text`},
		{"label2id", `[0, 1, 2]`, "label2id is [0,1,2]; it must be an object"},
		{"label2id", `{"a": "first"}`, `label2id gives "a" the number "first"; it must be a whole number`},
		{"label2id", `{"a": 0.5}`, "it must be a whole number"},
		{"label2id", `{"a": {}}`, "it must be a whole number"},
	} {
		if _, err := ParseConfig(edited(t, object{c.key: json.RawMessage(c.value)})); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %s: %v, want %q", c.key, c.value, err, c.want)
		}
	}
}

func TestWhatAModelSaysOfItsClassesStaysWhileTheyKeepTheirNames(t *testing.T) {
	written := func(c *Config) (id2label, label2id any) {
		t.Helper()
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var fields object
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		return fields["id2label"], fields["label2id"]
	}
	stated := object{"id2label": object{"0": "a", "1": 7, "2": "c"}, "label2id": object{"a": "0", "seven": 1, "c": 2, "another": 1}}
	config, err := ParseConfig(edited(t, stated))
	if err != nil {
		t.Fatal(err)
	}
	want := object{"id2label": object{"0": "a", "1": 7.0, "2": "c"}, "label2id": object{"a": "0", "seven": 1.0, "c": 2.0, "another": 1.0}}
	if a, b := written(config); !reflect.DeepEqual(a, want["id2label"]) || !reflect.DeepEqual(b, want["label2id"]) {
		t.Errorf("became %v, %v", a, b)
	}
	config.Labels = []string{"x", "y"}
	if a, b := written(config); !reflect.DeepEqual(a, object{"0": "x", "1": "y"}) || !reflect.DeepEqual(b, object{"x": 0.0, "y": 1.0}) {
		t.Errorf("with other names: %v, %v", a, b)
	}
	if config, err = ParseConfig(edited(t, object{"id2label": object{"1": "a", "2": "b", "3": "c"}})); err != nil {
		t.Fatal(err)
	}
	if a, _ := written(config); !reflect.DeepEqual(a, object{"0": "a", "1": "b", "2": "c"}) {
		t.Errorf("numbered from 1: %v", a)
	}
}

func TestANumberOfLabelsThatContradictsTheHeadIsNoted(t *testing.T) {
	for _, c := range []struct {
		changes object
		note    string
	}{
		{object{"num_labels": 3}, ""},
		{object{"num_labels": nil}, ""},
		{object{"num_labels": 5}, "config.json says num_labels 5, but the head has 3 rows, which count"},
		{object{"id2label": object{"0": "a", "1": "b"}}, "config.json names 2 classes, but the head has 3 rows: the classes stay without names"},
		{object{"id2label": object{"0": "a", "1": "b", "2": "c", "3": "d"}}, "config.json names 4 classes, but the head has 3 rows"},
	} {
		model, err := Load(tinyFolder(t, edited(t, c.changes), nil))
		if err != nil {
			t.Fatal(err)
		}
		if notes := strings.Join(model.Config.Notes, "\n"); !strings.Contains(notes, c.note) || (notes == "") != (c.note == "") || model.NumLabels() != 3 {
			t.Errorf("%v: noted %q, want %q", c.changes, notes, c.note)
		}
		model.Close()
	}
}
