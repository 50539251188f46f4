package gbert

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// edited is the text of testdata/tiny/config.json with some keys replaced; nil removes a key.
func edited(t testing.TB, changes map[string]any) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/tiny/config.json")
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]any{}
	if err := json.Unmarshal(data, &fields); err != nil {
		t.Fatal(err)
	}
	for key, value := range changes {
		if fields[key] = value; value == nil {
			delete(fields, key)
		}
	}
	data, err = json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

type object = map[string]any

func TestConfigurationsThatCannotBeAreErrorsThatNameTheKey(t *testing.T) {
	layer := object{"origin": 0, "heads": []int{0, 1, 2, 3}, "intermediate_size": 24}
	layers := func(second object) object {
		return object{"bertlab": object{"version": 1, "layers": []object{layer, second}}}
	}
	form := func(role string, form object) object {
		return layers(object{"origin": 1, "heads": []int{0, 1, 2, 3}, "intermediate_size": 24, "forms": object{role: form}})
	}
	for name, c := range map[string]struct {
		changes object
		want    string
	}{
		"another model":            {object{"model_type": "roberta"}, `model_type is "roberta"; supported are "bert" and "albert"`},
		"no model type":            {object{"model_type": nil}, `model_type is ""`},
		"a model type of no sense": {object{"model_type": 7}, "model_type"},
		"relative positions":       {object{"position_embedding_type": "relative_key"}, `position_embedding_type is "relative_key"`},
		"a decoder":                {object{"is_decoder": true}, "is_decoder"},
		"a hidden size of null":    {object{"hidden_size": json.RawMessage("null")}, "hidden_size is null; it must be a number"},
		"no number of layers":      {object{"num_hidden_layers": json.RawMessage("null")}, "num_hidden_layers is null"},
		"a negative size":          {object{"intermediate_size": -1}, "intermediate_size is -1"},
		"a huge size":              {object{"vocab_size": 1 << 40}, "vocab_size is 1099511627776"},
		"a size beyond 64 bits":    {object{"vocab_size": json.RawMessage("1e30")}, "vocab_size"},
		"a fraction":               {object{"hidden_size": 16.5}, "hidden_size"},
		"a list":                   {object{"hidden_size": []int{16}}, "hidden_size"},
		"heads that do not divide": {object{"num_attention_heads": 3}, "hidden_size 16 is not a multiple of num_attention_heads 3; the nearest that divide it are [2 4]"},
		"no heads":                 {object{"num_attention_heads": 0}, "num_attention_heads is 0"},
		"too many layers":          {object{"num_hidden_layers": 1 << 30}, "num_hidden_layers is 1073741824"},
		"negative layers":          {object{"num_hidden_layers": -2}, "num_hidden_layers is -2"},
		"dropout of one":           {object{"hidden_dropout_prob": 1}, "hidden_dropout_prob is 1"},
		"negative dropout":         {object{"attention_probs_dropout_prob": -0.1}, "attention_probs_dropout_prob is -0.1"},
		"a huge epsilon":           {object{"layer_norm_eps": 1e9}, "layer_norm_eps"},
		"a pad token beyond":       {object{"pad_token_id": 60}, "pad_token_id is 60"},
		"an unknown activation":    {object{"hidden_act": "softmax"}, `hidden_act is "softmax"; supported are [gelu`},
		"labels with a gap":        {object{"id2label": object{"0": "a", "2": "b"}}, `id2label has the id "2"`},
		"a label id twice":         {object{"id2label": object{"1": "a", "01": "b"}}, `id2label has the id "01"`},
		"another version":          {object{"bertlab": object{"version": 2}}, "bertlab.version is 2"},
		"too few layers":           {object{"bertlab": object{"version": 1, "layers": []object{layer}}}, "describes 1 layers, num_hidden_layers is 2"},
		"a head beyond":            {layers(object{"origin": 1, "heads": []int{4}, "intermediate_size": 24}), "layers[1].heads has head 4"},
		"a head twice":             {layers(object{"origin": 1, "heads": []int{1, 1}, "intermediate_size": 24}), "ascending"},
		"a negative width":         {layers(object{"origin": 1, "heads": []int{1}, "intermediate_size": -4}), "layers[1].intermediate_size is -4"},
		"a negative origin":        {layers(object{"origin": -1, "heads": []int{1}, "intermediate_size": 4}), "layers[1].origin is -1"},
		"an unknown role":          {form("pooler", object{"kind": "dense"}), `names "pooler"`},
		"an unknown form":          {form("query", object{"kind": "hashed"}), `"hashed"`},
		"a form that is a number":  {layers(object{"origin": 1, "heads": []int{0, 1, 2, 3}, "intermediate_size": 24, "forms": object{"query": 5}}), "the form 5 must be an object"},
		"a form of no kind":        {form("query", object{}), `forms.query has the kind ""; the kinds are "dense", "factored", "tied", "banked" and "int8"`},
		"a kind that is a number":  {form("query", object{"kind": 5}), "kind of the form {\"kind\":5} must be a text"},
		"half a rank":              {form("query", object{"kind": "factored", "rank": 1.5}), "rank of the form"},
		"a size that is a text":    {object{"bertlab": object{"version": 1, "embedding": object{"kind": "factored", "size": "4"}}}, "size of the embedding"},
		"a bank that is missing":   {form("query", object{"kind": "banked", "slices": 1}), "there is no bertlab.bank"},
		"a factored LayerNorm":     {form("output_norm", object{"kind": "factored", "rank": 1}), "forms.output_norm has the kind"},
		"a LayerNorm tied to none": {form("attention_norm", object{"kind": "tied", "layer": 2}), "tied to layer 2"},
		"embeddings of a new kind": {object{"bertlab": object{"version": 1, "embedding": object{"kind": "hashed", "size": 4}}}, `"hashed"; the kinds are "factored", "projected" and "int8"`},
		"embeddings of no kind":    {object{"bertlab": object{"version": 1, "embedding": object{"size": 4}}}, "size 4 but no kind"},
		"embeddings of size zero":  {object{"bertlab": object{"version": 1, "embedding": object{"kind": "factored"}}}, "size 0; it must be between 1"},
		"embeddings beyond":        {object{"bertlab": object{"version": 1, "embedding": object{"kind": "projected", "size": 1 << 40}}}, "size 1099511627776"},
		"a rank of zero":           {form("query", object{"kind": "factored"}), "rank 0"},
		"a tie to itself":          {form("query", object{"kind": "tied", "layer": 1}), "tied to layer 1"},
		"a tie to nowhere":         {form("query", object{"kind": "tied", "layer": 9}), "tied to layer 9"},
		"a tie to another shape": {layers(object{"origin": 1, "heads": []int{1}, "intermediate_size": 24,
			"forms": object{"query": object{"kind": "tied", "layer": 0}}}), "is [4, 16], but is tied to layer 0 where it is [16, 16]"},
		"factors of nothing": {layers(object{"origin": 1, "heads": []int{}, "intermediate_size": 24,
			"forms": object{"query": object{"kind": "factored", "rank": 2}}}), "the map is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := ParseConfig(edited(t, c.changes))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v, want %q", config, err, c.want)
			}
		})
	}
}

func TestTextThatIsNoConfigurationIsAnErrorWithItsPlace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.json")
	if _, err := ReadConfig(dir); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "there is no config.json") {
		t.Errorf("no file: %v", err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":         {"", "JSON"},
		"binary":          {"\x00\x01\xff", "JSON"},
		"truncated":       {"{\n\"model_type\": \"bert\",\n\"hidden", "line 3"},
		"a list":          {"[1, 2]", "JSON"},
		"null":            {"null", "model_type"},
		"deep":            {strings.Repeat(`{"a":`, 100000), "depth"},
		"text for number": {"{\n\"model_type\": \"bert\",\n\"hidden_size\": \"16\"}", "line 3"},
		"huge":            {`{"a": "` + strings.Repeat("x", maxConfigBytes) + `"}`, "larger than 16 MB"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadConfig(dir)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want the path and %q", name, err, c.want)
		}
	}
}

func TestAConfigurationComesBackWithKeysThatAreNotOurs(t *testing.T) {
	data := edited(t, object{"use_cache": true, "something_else": object{"deep": []int{1, 2}}, "classifier_dropout": 0.25, "layer_norm_eps": 1e-7})
	config, err := ParseConfig(data)
	if err != nil {
		t.Fatal(err)
	}
	if config.LayerNormEps != 1e-7 || config.ClassifierDropout != 0.25 || config.HeadSize() != 4 || len(config.Labels) != 3 {
		t.Errorf("%+v", config)
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	again.extra, config.extra = nil, nil
	if !reflect.DeepEqual(again, config) {
		t.Errorf("%+v\nbecame\n%+v", config, again)
	}
	var before, after object
	if json.Unmarshal(data, &before) != nil || json.Unmarshal(text, &after) != nil {
		t.Fatal("no JSON")
	}
	for key, value := range before {
		if !reflect.DeepEqual(after[key], value) {
			t.Errorf("%s: %v became %v", key, value, after[key])
		}
	}
	if _, ok := after["bertlab"]; ok {
		t.Error("a plain model's configuration has the key bertlab")
	}
}

func TestACloneSharesNothingThatCanChange(t *testing.T) {
	config := compressedConfig()
	before, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	clone := config.Clone()
	clone.Labels = append(clone.Labels[:0], "x")
	clone.Layers[0].Heads[0] = 3
	clone.Layers[1].Forms[Query] = Form{}
	clone.History[0].Name = "other"
	if after, _ := json.Marshal(config); string(after) != string(before) {
		t.Errorf("%s\nbecame\n%s", before, after)
	}
}

// read is a configuration without what is known of its file alone.
func read(c *Config) *Config {
	c = c.Clone()
	c.extra, c.file, c.unstated, c.Notes, c.pruned = nil, nil, nil, nil, false
	return c
}

func FuzzParseConfig(f *testing.F) {
	f.Add(edited(f, nil))
	compressed, err := json.Marshal(compressedConfig())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(compressed)
	for _, config := range bankedConfigs() {
		if compressed, err = json.Marshal(config); err != nil {
			f.Fatal(err)
		}
		f.Add(compressed)
	}
	for _, name := range []string{"tiny-albert", "tiny-albert-inner"} {
		albert, err := os.ReadFile("testdata/" + name + "/config.json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(albert)
	}
	f.Add([]byte(`{"model_type":"bert","vocab_size":9,"hidden_size":4,"num_hidden_layers":2,"num_attention_heads":2,"intermediate_size":3,"max_position_embeddings":5,"type_vocab_size":1,
		"bertlab":{"version":1,"embedding":{"kind":"projected","size":3},"history":[{"name":"x"}]}}`))
	f.Add([]byte(`{"model_type":"bert"}`))
	f.Add([]byte(`{"model_type":"bert","vocab_size":1,"hidden_size":1,"num_attention_heads":1,"intermediate_size":1,"max_position_embeddings":1,"type_vocab_size":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := ParseConfig(data)
		if err != nil {
			return
		}
		text, err := json.Marshal(config)
		if err != nil {
			t.Fatalf("cannot be written: %v", err)
		}
		again, err := ParseConfig(text)
		if err != nil {
			t.Fatalf("%s\nwritten as\n%s\ncannot be read: %v", data, text, err)
		}
		again, config = read(again), read(config)
		if fmt.Sprint(again) != fmt.Sprint(config) {
			t.Fatalf("%+v became %+v", config, again)
		}
		model := &Model{Config: config}
		if model.Check() == nil {
			t.Fatal("a model without weights is complete")
		}
	})
}
