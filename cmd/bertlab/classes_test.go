package main

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
)

// namedModel is a tiny model whose output i is the class names[order[i]], with that class's weights: for the same names, all orders are the
// same model.
func namedModel(t *testing.T, names []string, order ...int) string {
	t.Helper()
	model, err := gbert.Load(tinyModel(t, len(names)))
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	model.Config.Labels = nil
	for _, i := range order {
		model.Config.Labels = append(model.Config.Labels, names[i])
	}
	for _, weight := range []string{"classifier.weight", "classifier.bias"} {
		values, shape, err := model.Weight(weight)
		if err != nil {
			t.Fatal(err)
		}
		width := len(values) / len(names)
		var permuted []float32
		for _, i := range order {
			permuted = append(permuted, values[i*width:(i+1)*width]...)
		}
		if err := model.SetWeight(weight, shape, permuted); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := model.Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	return dir
}

var nli = []string{"entailment", "neutral", "contradiction"}

// pairsOf writes n pairs with the given labels in turn.
func pairsOf(t *testing.T, n int, labels ...string) string {
	t.Helper()
	text := "sentence1\tsentence2\tlabel\n"
	for i := range n {
		text += fmt.Sprintf("the %sfilm is %s\t%s film\t%s\n", strings.Repeat("very ", i%4), testWords[i%7], testWords[(3*i+1)%7], labels[i%len(labels)])
	}
	return write(t, "pairs.tsv", text)
}

func TestTheOrderOfAModelsClassesChangesNoResult(t *testing.T) {
	straight, turned, data := namedModel(t, nli, 0, 1, 2), namedModel(t, nli, 2, 0, 1), pairsOf(t, 12, nli...)
	for _, command := range [][]string{
		{"eval", "--model", "MODEL"},
		{"heads", "importance", "--model", "MODEL"},
		{"heads", "importance", "--variant", "token", "--model", "MODEL"},
		{"heads", "ablate", "--model", "MODEL"},
		{"landscape", "--from", tinyModel(t, 0), "--to", "MODEL", "--grid", "3", "--range", "0,2"},
	} {
		t.Run(strings.Join(command[:2], " "), func(t *testing.T) {
			var results [2]map[string]any
			for i, model := range []string{straight, turned} {
				args := append(slices.Clone(command), "--task", "mnli", "--data", data, "--json")
				args[slices.Index(args, "MODEL")] = model
				c := bertlab(t, args...)
				results[i] = c.document()
				if said := strings.Contains(c.stderr, "matched by name"); said != (i == 1) {
					t.Errorf("model %d: %s", i, c.stderr)
				}
			}
			compared := 0
			for _, key := range []string{"metrics", "loss", "importance", "raw", "heads", "sets", "base", "baseline", "effects"} {
				if results[0][key] != nil {
					compared++
				}
				if !alike(results[0][key], results[1][key]) {
					t.Errorf("%s is %v and %v", key, results[0][key], results[1][key])
				}
			}
			if compared == 0 {
				t.Errorf("nothing was compared in %v", slices.Sorted(maps.Keys(results[0])))
			}
		})
	}
}

// alike compares decoded JSON, numbers to 1e-6.
func alike(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && math.Abs(a-b) < 1e-6
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, alike)
	case map[string]any:
		b, ok := b.(map[string]any)
		for key := range a {
			ok = ok && alike(a[key], b[key])
		}
		return ok && len(a) == len(b)
	}
	return a == b
}

func TestF1IsOfTheSameClassInAnyOrder(t *testing.T) {
	names, data := []string{"not_equivalent", "equivalent"}, pairsOf(t, 12, "1", "1", "0")
	a := bertlab(t, "eval", "--model", namedModel(t, names, 0, 1), "--task", "mrpc", "--data", data, "--json").document()
	b := bertlab(t, "eval", "--model", namedModel(t, names, 1, 0), "--task", "mrpc", "--data", data, "--json").document()
	if !alike(a["metrics"], b["metrics"]) || !alike(a["loss"], b["loss"]) {
		t.Errorf("%v and %v", a["metrics"], b["metrics"])
	}
}

func TestPredictionsHaveTheTasksNumbersAndSayTheNames(t *testing.T) {
	data := pairsOf(t, 12, nli...)
	ask := func(model string) []line {
		file := filepath.Join(t.TempDir(), "p.jsonl")
		bertlab(t, "eval", "--model", model, "--task", "mnli", "--data", data, "--predictions", file, "--json").document()
		return readPredictions(t, file)
	}
	straight, turned := ask(namedModel(t, nli, 0, 1, 2)), ask(namedModel(t, nli, 2, 0, 1))
	for i, l := range turned {
		if *l.Label != i%3 || l.LabelName != nli[i%3] || l.Predicted != straight[i].Predicted || l.PredictedName != nli[l.Predicted] {
			t.Errorf("line %d: %+v, in the task's order %+v", i, l, straight[i])
		}
		if !slices.Equal(l.LogitNames, []string{"contradiction", "entailment", "neutral"}) || math.Abs(l.Logits[0]-straight[i].Logits[2]) > 1e-6 {
			t.Errorf("line %d: the logits %v of %q, in the task's order %v", i, l.Logits, l.LogitNames, straight[i].Logits)
		}
		if straight[i].LabelName != "" || straight[i].LogitNames != nil {
			t.Errorf("line %d in the task's order has names: %+v", i, straight[i])
		}
	}
}

func TestOtherClassesAreRefusedWithBothListsUnlessNumbersAreInsistedOn(t *testing.T) {
	model, data := namedModel(t, []string{"bad", "good"}, 0, 1), reviews(t, 6)
	lists := []string{`"bad", "good"`, `"negative", "positive"`, "--labels-by-number"}
	out := filepath.Join(t.TempDir(), "out")
	for _, command := range [][]string{
		{"eval", "--data", data}, {"heads", "importance", "--data", data}, {"heads", "ablate", "--data", data},
		{"heads", "prune", "--fraction", "0.3", "--data", data, "--out", out},
		{"finetune", "--keep-head", "--train", data, "--out", out}, {"movement", "--keep-head", "--remaining", "0.5", "--train", data, "--out", out},
	} {
		args := append(slices.Clone(command), "--model", model, "--task", "sst2", "--json")
		bertlab(t, args...).fails(exitFailure, lists...)
	}
	bertlab(t, "compare", model, model, "--task", "sst2", "--data", data, "--no-memory", "--out", t.TempDir(), "--json").fails(exitFailure, lists...)

	document := bertlab(t, "eval", "--model", model, "--task", "sst2", "--data", data, "--labels-by-number", "--json").document()
	number(t, document, "metrics", "accuracy")
	bertlab(t, "layers", "similarity", "--model", model, "--task", "sst2", "--data", data, "--json").document() // needs no classes
}

func TestKeepHeadKeepsTheNamesOfItsClasses(t *testing.T) {
	train := func(model, task, data string, more ...string) []string {
		out := filepath.Join(t.TempDir(), "out")
		args := append([]string{"finetune", "--keep-head", "--model", model, "--task", task, "--train", data, "--dev", data, "--epochs", "1", "--lr", "1e-12", "--out", out, "--json"}, more...)
		document := bertlab(t, args...).document()
		before := bertlab(t, append([]string{"eval", "--model", model, "--task", task, "--data", data, "--json"}, more...)...).document()
		if !alike(document["dev"].(map[string]any)["metrics"], before["metrics"]) {
			t.Errorf("a training that moves nothing changes %v to %v", before["metrics"], document["dev"])
		}
		trained, err := gbert.Load(out)
		if err != nil {
			t.Fatal(err)
		}
		defer trained.Close()
		return trained.Config.Labels
	}
	pairs, single := pairsOf(t, 12, nli...), reviews(t, 8)
	for _, c := range []struct {
		names      []string
		task, data string
		more       []string
		want       []string
	}{
		{[]string{"contradiction", "neutral", "entailment"}, "mnli", pairs, nil, []string{"contradiction", "neutral", "entailment"}},
		{[]string{"NEGATIVE", "POSITIVE"}, "sst2", single, nil, []string{"NEGATIVE", "POSITIVE"}},
		{[]string{"POSITIVE", "NEGATIVE"}, "sst2", single, nil, []string{"POSITIVE", "NEGATIVE"}},
		{[]string{"LABEL_0", "LABEL_1"}, "sst2", single, nil, []string{"negative", "positive"}},
		{[]string{"down", "up"}, "sst2", single, []string{"--labels-by-number"}, []string{"down", "up"}},
	} {
		if got := train(namedModel(t, c.names, byNumber(len(c.names))...), c.task, c.data, c.more...); !slices.Equal(got, c.want) {
			t.Errorf("%q trained on %s is %q, want %q", c.names, c.task, got, c.want)
		}
	}
}

func byNumber(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

func TestModelsWithClassesInAnotherOrderCompareAsTheSame(t *testing.T) {
	straight, turned := namedModel(t, nli, 0, 1, 2), namedModel(t, nli, 2, 0, 1)
	document := bertlab(t, "compare", straight, turned, "--task", "mnli", "--data", pairsOf(t, 12, nli...), "--no-memory", "--batches", "1", "--length", "8", "--repeats", "1", "--out", t.TempDir(), "--json").document()
	models := document["models"].([]any)
	a, b := models[0].(map[string]any), models[1].(map[string]any)
	if apart, _ := b["logits"].(float64); apart > 1e-6 {
		t.Errorf("logits differ by %g", apart)
	}
	if !alike(a["score"], b["score"]) || !alike(a["loss"], b["loss"]) || a["score"] == nil {
		t.Errorf("%v and %v", a["score"], b["score"])
	}
}

func TestRowsWithoutAgreementAreLeftOutAndCounted(t *testing.T) {
	model, text := namedModel(t, nli, 0, 1, 2), ""
	for i, label := range []string{`"entailment"`, `"-"`, `"neutral"`, `""`, "null", "-1", "2"} {
		text += fmt.Sprintf(`{"gold_label":%s,"sentence1":"the film is %s","sentence2":"%s"}`+"\n", label, testWords[i], testWords[i+1])
	}
	data := write(t, "snli.jsonl", text)
	document := bertlab(t, "eval", "--model", model, "--task", "mnli", "--data", data, "--json").document()
	left := document["data"].(map[string]any)["left_out"].([]any)[0].(map[string]any)
	if number(t, document, "examples") != 3 || left["rows"] != 4.0 {
		t.Errorf("%v examples, left out %v", document["examples"], left)
	}
	file := filepath.Join(t.TempDir(), "p.jsonl")
	predicted := bertlab(t, "eval", "--model", model, "--task", "mnli", "--data", data, "--predictions", file, "--json").document()
	if lines := readPredictions(t, file); len(lines) != 7 || lines[1].Label != nil || *lines[6].Label != 2 || !alike(predicted["metrics"], document["metrics"]) {
		t.Errorf("%d predictions, %v for %v", len(lines), predicted["metrics"], document["metrics"])
	}
	for _, command := range [][]string{{"heads", "importance"}, {"heads", "ablate"}} {
		bertlab(t, append(command, "--model", model, "--task", "mnli", "--data", data, "--json")...).document()
	}
	trained := bertlab(t, "finetune", "--model", model, "--task", "mnli", "--train", data, "--dev", data, "--epochs", "1", "--out", filepath.Join(t.TempDir(), "out"), "--json").document()
	if number(t, trained, "dev", "examples") != 3 {
		t.Errorf("trained and judged on %v", trained["dev"])
	}
	none := write(t, "test.tsv", "sentence1\tsentence2\tlabel\ngood\tbad\t-1\n")
	bertlab(t, "eval", "--model", model, "--task", "mnli", "--data", none).fails(exitFailure, "1 of the 1 examples", "--predictions")
}

func TestCutTextsAreCounted(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 10) // of 7 to 11 tokens
	long := bertlab(t, "eval", "--model", model, "--task", "sst2", "--data", data, "--json")
	if doc := long.document(); doc["truncated"] != nil || strings.Contains(long.stderr, "cut") {
		t.Errorf("nothing is cut: %v, %s", doc["truncated"], long.stderr)
	}
	for _, command := range [][]string{{"eval"}, {"heads", "importance"}, {"layers", "similarity"}} {
		short := bertlab(t, append(command, "--model", model, "--task", "sst2", "--data", data, "--max-length", "8", "--json", "--quiet")...)
		if doc := short.document(); doc["truncated"] != 6.0 || !strings.Contains(short.stderr, "6 of the 10 examples are longer than 8 tokens") {
			t.Errorf("%v: %v, %s", command, doc["truncated"], short.stderr)
		}
	}
	trained := bertlab(t, "finetune", "--model", model, "--task", "sst2", "--train", data, "--dev", reviews(t, 5), "--max-length", "8", "--epochs", "1", "--out", filepath.Join(t.TempDir(), "out"), "--json")
	if doc := trained.document(); doc["truncated"] != 6.0 || doc["dev_truncated"] != 3.0 || !strings.Contains(trained.stderr, "3 of the 5 dev examples") {
		t.Errorf("%v, %v, %s", doc["truncated"], doc["dev_truncated"], trained.stderr)
	}
}
