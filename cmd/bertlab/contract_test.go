package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type line struct {
	Index     int
	Label     *int
	Predicted int
	Logits    []float64

	LabelName     string   `json:"label_name"`
	PredictedName string   `json:"predicted_name"`
	LogitNames    []string `json:"logit_names"`
}

func readPredictions(t *testing.T, path string) []line {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []line
	for scanner := bufio.NewScanner(bytes.NewReader(content)); scanner.Scan(); {
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines
}

func sameLogits(t *testing.T, a, b []line, tolerance float64) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d and %d predictions", len(a), len(b))
	}
	for i := range a {
		for j := range a[i].Logits {
			if d := math.Abs(a[i].Logits[j] - b[i].Logits[j]); !(d <= tolerance) {
				t.Fatalf("example %d, logit %d: %g and %g differ by %g", i, j, a[i].Logits[j], b[i].Logits[j], d)
			}
		}
	}
}

func TestEvalPrintsOneDocumentThatAgreesWithItsPredictions(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 37)
	file := filepath.Join(t.TempDir(), "new", "predictions.jsonl")
	c := bertlab(t, "eval", "--model", model, "--task", "sst2", "--data", data, "--batch", "8", "--predictions", file, "--json")
	document := c.document()
	if n := number(t, document, "examples"); n != 37 {
		t.Errorf("examples = %g, want 37", n)
	}
	lines := readPredictions(t, file)
	if len(lines) != 37 {
		t.Fatalf("%d predictions, want 37", len(lines))
	}
	right, loss := 0, 0.0
	for i, l := range lines {
		if l.Index != i || l.Label == nil || *l.Label != 1-i%2 || len(l.Logits) != 2 {
			t.Fatalf("line %d is %+v", i, l)
		}
		if (l.Logits[1] > l.Logits[0]) != (l.Predicted == 1) {
			t.Errorf("line %d predicts %d with logits %v", i, l.Predicted, l.Logits)
		}
		if l.Predicted == *l.Label {
			right++
		}
		loss += math.Log(math.Exp(l.Logits[0])+math.Exp(l.Logits[1])) - l.Logits[*l.Label]
	}
	if got, want := number(t, document, "metrics", "accuracy"), float64(right)/37; math.Abs(got-want) > 1e-12 {
		t.Errorf("accuracy %g, but %g by the predictions", got, want)
	}
	if got, want := number(t, document, "loss"), loss/37; math.Abs(got-want) > 1e-5 {
		t.Errorf("loss %g, but %g by the logits", got, want)
	}
	for _, key := range []string{"model", "data", "backend", "versions", "seed"} {
		if document[key] == nil {
			t.Errorf("the document does not say %s", key)
		}
	}
}

func TestPrunedModelEqualsMaskedModelAndItsDenseExport(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 21)
	dir := t.TempDir()
	pruned, plain := filepath.Join(dir, "pruned"), filepath.Join(dir, "plain")
	const set = "0:3,1;2:0,1,2,3"
	removed := bertlab(t, "heads", "prune", "--model", model, "--remove", set, "--out", pruned, "--json").document()
	if number(t, removed, "parameters") >= number(t, removed, "model", "parameters") {
		t.Error("the pruned model is not smaller")
	}
	exported := bertlab(t, "export", "--dense", "--model", pruned, "--out", plain, "--json").document()
	if exported["plain"] != true {
		t.Error("the dense export is no plain BERT")
	}
	if config, err := os.ReadFile(filepath.Join(plain, "config.json")); err != nil || strings.Contains(string(config), `"bertlab"`) {
		t.Errorf("config.json of the dense export: %v\n%s", err, config)
	}
	eval := func(name, model string, more ...string) (float64, []line) {
		file := filepath.Join(dir, name+".jsonl")
		args := append([]string{"eval", "--model", model, "--task", "sst2", "--data", data, "--predictions", file, "--json"}, more...)
		return number(t, bertlab(t, args...).document(), "loss"), readPredictions(t, file)
	}
	fullLoss, _ := eval("full", model)
	maskedLoss, masked := eval("masked", model, "--mask-heads", set)
	prunedLoss, smaller := eval("pruned", pruned)
	plainLoss, dense := eval("plain", plain)
	if fullLoss == maskedLoss {
		t.Error("masking six heads changes nothing")
	}
	sameLogits(t, masked, smaller, 1e-5)
	sameLogits(t, masked, dense, 1e-5)
	if math.Abs(maskedLoss-prunedLoss) > 1e-5 || math.Abs(maskedLoss-plainLoss) > 1e-5 {
		t.Errorf("losses: masked %g, pruned %g, dense %g", maskedLoss, prunedLoss, plainLoss)
	}
}

func TestImportanceHasOneNumberAHeadAndChoosesWhatFractionRemoves(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 21)
	for _, variant := range []string{"example", "token"} {
		document := bertlab(t, "heads", "importance", "--model", model, "--task", "sst2", "--data", data, "--variant", variant, "--json").document()
		if document["variant"] != variant || number(t, document, "examples") != 21 {
			t.Errorf("variant %v of %v examples", document["variant"], document["examples"])
		}
		for _, key := range []string{"importance", "normalized"} {
			table := document[key].([]any)
			if len(table) != 3 {
				t.Fatalf("%s has %d layers, want 3", key, len(table))
			}
			for layer, row := range table {
				squares := 0.0
				for _, value := range row.([]any) {
					squares += value.(float64) * value.(float64)
				}
				if len(row.([]any)) != 4 || key == "normalized" && math.Abs(squares-1) > 1e-6 {
					t.Errorf("%s of layer %d: %v", key, layer, row)
				}
			}
		}
	}
	out := filepath.Join(t.TempDir(), "half")
	document := bertlab(t, "heads", "prune", "--model", model, "--task", "sst2", "--data", data, "--fraction", "0.5", "--out", out, "--json").document()
	type head struct {
		value float64
		name  string
	}
	var all []head
	for layer, row := range document["chosen_by"].(map[string]any)["normalized"].([]any) {
		for h, value := range row.([]any) {
			all = append(all, head{value.(float64), string(rune('0'+layer)) + ":" + string(rune('0'+h))})
		}
	}
	slices.SortFunc(all, func(a, b head) int {
		if a.value < b.value {
			return -1
		}
		return 1
	})
	removed := map[string]bool{}
	for part := range strings.SplitSeq(document["removed"].(string), ";") {
		layer, list, _ := strings.Cut(part, ":")
		for h := range strings.SplitSeq(list, ",") {
			removed[layer+":"+h] = true
		}
	}
	for i, h := range all {
		if removed[h.name] != (i < 6) {
			t.Errorf("head %s, number %d by importance, removed: %v", h.name, i, removed[h.name])
		}
	}
}

func TestAblationAgreesWithEvalOfTheSameMask(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 21)
	figure := filepath.Join(t.TempDir(), "ablation.svg")
	document := bertlab(t, "heads", "ablate", "--model", model, "--task", "sst2", "--data", data, "--figure", figure, "--json").document()
	effects := document["heads"].([]any)
	if len(effects) != 12 {
		t.Fatalf("%d heads, want 12", len(effects))
	}
	masked := bertlab(t, "eval", "--model", model, "--task", "sst2", "--data", data, "--mask-heads", "1:2", "--json").document()
	effect := effects[6].(map[string]any)
	if number(t, effect, "layer") != 1 || number(t, effect, "head") != 2 {
		t.Fatalf("effect 6 is that of %v:%v", effect["layer"], effect["head"])
	}
	if a, b := number(t, effect, "loss"), number(t, masked, "loss"); math.Abs(a-b) > 1e-5 {
		t.Errorf("loss without head 1:2: %g by ablation, %g by eval", a, b)
	}
	if info, err := os.Stat(figure); err != nil || info.Size() == 0 {
		t.Errorf("the figure: %v", err)
	}
}

func TestAblationOfARegressionHasNoTest(t *testing.T) {
	model, data := tinyModel(t, 1), write(t, "rated.csv", "text,label\nthe film is good .,0.5\nthe film is bad .,-1\nthe plot is dull .,-0.5\n")
	args := []string{"heads", "ablate", "--model", model, "--task", "custom", "--data", data}
	effects := bertlab(t, append(args, "--json")...).document()["heads"].([]any)
	if _, there := effects[0].(map[string]any)["p_value"]; there || len(effects) != 12 {
		t.Errorf("%v", effects[0])
	}
	lines := strings.Split(bertlab(t, args...).stdout, "\n")
	if got, want := len(strings.Fields(lines[2])), len(strings.Fields(lines[0]))-2; got != want { // "Δ loss" is two words, p has none
		t.Errorf("%d cells, want %d:\n%s", got, want, strings.Join(lines[:4], "\n"))
	}
}

func TestWithoutJSONResultsAreText(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 9)
	for _, args := range [][]string{
		{"eval"}, {"heads", "importance"}, {"heads", "ablate"}, {"heads", "ablate", "--keep-one"},
	} {
		c := bertlab(t, append(args, "--model", model, "--task", "sst2", "--data", data)...)
		if c.status != exitSuccess || json.Valid([]byte(c.stdout)) || !strings.Contains(c.stdout, "backend") {
			t.Errorf("bertlab %q ended with %d:\n%s%s", c.args, c.status, c.stdout, c.stderr)
		}
	}
}

func TestOutKeepsTheDocument(t *testing.T) {
	out := filepath.Join(t.TempDir(), "eval.json")
	c := bertlab(t, "eval", "--model", tinyModel(t, 2), "--task", "sst2", "--data", reviews(t, 9), "--out", out, "--json")
	c.document()
	if content, err := os.ReadFile(out); err != nil || string(content) != c.stdout {
		t.Errorf("--out holds something else than standard output: %v", err)
	}
}

func TestUnlabelledDataGivePredictionsAlone(t *testing.T) {
	model := tinyModel(t, 2)
	data := write(t, "test.tsv", "sentence\nthe film is good .\nthe plot is bad .\n")
	file := filepath.Join(t.TempDir(), "predictions.jsonl")
	document := bertlab(t, "eval", "--model", model, "--task", "sst2", "--split", "test", "--data", data, "--predictions", file, "--json").document()
	if _, ok := document["loss"]; ok {
		t.Error("a loss without labels")
	}
	lines := readPredictions(t, file)
	if len(lines) != 2 || lines[0].Label != nil {
		t.Errorf("predictions are %+v", lines)
	}
	bertlab(t, "eval", "--model", model, "--task", "sst2", "--split", "test", "--data", data).fails(exitFailure, "no label", "--predictions")
}
