package gbert

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// With BERTLAB_PEER_PYTHON naming a Python with transformers 5 and torch: what it reads of odd configurations is read here, too, and
// computes the same.
func TestOddConfigurationsComputeWhatTransformersComputesOfThem(t *testing.T) {
	python := os.Getenv("BERTLAB_PEER_PYTHON")
	if python == "" {
		t.Skip("BERTLAB_PEER_PYTHON is not set: it names a Python with transformers 5 and torch")
	}
	type raw = json.RawMessage
	dirs := map[string]string{}
	for name, text := range map[string][]byte{
		"label2id of texts":       edited(t, object{"label2id": raw(`{"LABEL_0": "0", "LABEL_1": "1", "LABEL_2": "2"}`)}),
		"classes from 1":          edited(t, object{"id2label": raw(`{"1": "a", "2": "b", "3": "c"}`), "label2id": raw(`{"a": 1, "b": 2, "c": 3}`)}),
		"classes with zeros":      edited(t, object{"id2label": raw(`{"00": "a", " 1": "b", "+2": "c"}`)}),
		"names that are numbers":  edited(t, object{"id2label": raw(`{"0": 0, "1": 1, "2": 2}`)}),
		"a name twice":            edited(t, object{"id2label": raw(`{"0": "a", "1": "a", "2": "b"}`)}),
		"num_labels":              edited(t, object{"num_labels": 3}),
		"an infinite number":      rewritten(t, "something", "Infinity"),
		"a number that is none":   rewritten(t, "something", `[{"a": NaN}]`),
		"a tagged number":         rewritten(t, "something", `{"__float__": "-Infinity"}`),
		"no type_vocab_size":      edited(t, object{"type_vocab_size": nil}),
		"no padding":              rewritten(t, "pad_token_id", "null"),
		"padding from the end":    rewritten(t, "pad_token_id", "-1"),
		"no classifier dropout":   rewritten(t, "classifier_dropout", "null"),
		"no pruned heads":         rewritten(t, "pruned_heads", "{}"),
		"pruned heads of null":    rewritten(t, "pruned_heads", "null"),
		"pruned heads of a layer": rewritten(t, "pruned_heads", `{"0": []}`),
		"a key in capitals":       rewritten(t, "Hidden_Size", "99"),
		"hardswish":               edited(t, object{"hidden_act": "hardswish"}),
		"laplace":                 edited(t, object{"hidden_act": "laplace"}),
		"gelu_python_tanh":        edited(t, object{"hidden_act": "gelu_python_tanh"}),
		"sqrtsoftplus":            edited(t, object{"hidden_act": "sqrtsoftplus"}),
	} {
		dirs[name] = tinyFolder(t, text, nil)
	}
	folders, err := json.Marshal(dirs)
	if err != nil {
		t.Fatal(err)
	}
	job := filepath.Join(t.TempDir(), "folders.json")
	if err := os.WriteFile(job, folders, 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command(python, "-c", fmt.Sprintf(`import json, torch
from transformers import AutoModelForSequenceClassification
g = json.load(open("testdata/golden.json"))
inputs = {"input_ids": torch.tensor(g["ids"]), "token_type_ids": torch.tensor(g["types"]), "attention_mask": torch.tensor(g["mask"])}
with torch.no_grad():
    print(json.dumps({name: AutoModelForSequenceClassification.from_pretrained(dir).eval()(**inputs).logits.tolist() for name, dir in json.load(open(%q)).items()}))`, job)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var logits map[string][][]float32
	if err := json.Unmarshal(output, &logits); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	for name, dir := range dirs {
		model, err := Load(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		near(t, name, classified(t, model, nil), slices.Concat(logits[name]...), 1e-5)
		model.Close()
	}
}
