package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
)

func TestThePageHasALineOfEveryFormAndAPlaceForEveryTable(t *testing.T) {
	p, err := readPage("../../docs/runtimes.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"logits", "accuracy", "time", "memory"} {
		_, rest, _ := strings.Cut(p.text, "<!-- "+table+" -->")
		text, _, ok := strings.Cut(rest, "<!-- end of "+table+" -->")
		if !ok {
			t.Fatalf("there is no place for %s", table)
		}
		for _, f := range forms {
			if strings.Count(text, "\n| "+f.name+" | ") != 1 {
				t.Errorf("%s: %q has no line of its own", table, f.name)
			}
		}
	}
	for _, model := range []string{"all-MiniLM-L6-v2", "bert-base-uncased"} {
		_, rest, _ := strings.Cut(p.text, "<!-- int8 "+model+" -->")
		if text, _, ok := strings.Cut(rest, "<!-- end of int8 "+model+" -->"); !ok || !strings.Contains(text, "\n| 32 × 32 | ") {
			t.Errorf("eight bits of %s: %s", model, text)
		}
	}
	for _, setting := range []string{"session.qdq_matmulnbits_accuracy_level", "INFERENCE_PRECISION_HINT", "DYNAMIC_QUANTIZATION_GROUP_SIZE"} {
		if !strings.Contains(p.text, setting) {
			t.Errorf("the page does not say %s", setting)
		}
	}
	if err := p.renew("nonesuch", ""); err == nil || !strings.Contains(err.Error(), "nonesuch") {
		t.Error(err)
	}
}

func TestLinesOfFormsThatWereNotMeasuredAgainStay(t *testing.T) {
	old := "| form | a |\n|---|--:|\n| whole | 1 |\n| ties | 2 |\n| factors | 3 |\n"
	table := "| form | a | b |\n|---|--:|--:|\n| ties | 4 | 5 |\n| float16 | 6 | 7 |\n"
	want := "| form | a | b |\n|---|--:|--:|\n| whole | 1 |\n| factors | 3 |\n| ties | 4 | 5 |\n| float16 | 6 | 7 |\n"
	if got := merged(old, table); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := merged("of before\n", "of now\n"); got != "of now\n" {
		t.Error(got)
	}
}

// made are two forms as measured: weights in eight bits that ONNX Runtime rounds by itself with its defaults, and OpenVINO with one setting
// alone.
func made() []row {
	cells := func(own, other float64) map[string]*cell {
		return map[string]*cell{
			xla: {seconds: []float64{0.01, 0.02, 0.04}, accuracy: 0.5, memory: 2e6}, onnxRT: {apart: own, seconds: []float64{0.02, 0.02, 0.02}, accuracy: 0.25},
			defaults: {apart: other}, openVINO: {apart: own, seconds: []float64{0.01, 0.02, 0.04}, others: map[string]float64{"f32": other, "defaults": 2e-2}},
		}
	}
	return []row{
		{form: form{name: "whole"}, cells: cells(1e-6, 1e-6), fromWhole: math.NaN(), weights: 1e6},
		{form: form{name: "weights", near: true, weightsOnly: true}, cells: cells(2e-6, 5e-2), fromWhole: 3e-2, weights: 5e5},
	}
}

func TestTablesMarkWhatARuntimeRoundsByItself(t *testing.T) {
	rows := made()
	got := logitsTable(rows)
	for _, line := range []string{
		"| whole | – | 1.0e-06 | 1.0e-06 | 1.0e-06 | 1.0e-06 | 2.0e-02 | – |\n",
		"| weights | 3.0e-02 | 2.0e-06 | 5.0e-02 † | 2.0e-06 | 5.0e-02 † | 2.0e-02 | – |\n",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("%s\nhas no line\n%s", got, line)
		}
	}
	shown := []string{xla, onnxRT, openVINO}
	if got := timeTable(rows, shown); !strings.Contains(got, "| whole | 20.0 | 1.00 (0.75–1.50) | 1.00 (1.00–1.00) |\n") {
		t.Error(got)
	}
	if got := accuracyTable(rows, shown); !strings.Contains(got, "| whole | 0.500 | 0.250 | 0.000 |\n") {
		t.Error(got)
	}
	if got := memoryTable(rows, shown); !strings.Contains(got, "| whole | 1.0 | – | 2.0 | – | – |\n") {
		t.Error(got)
	}
}

func TestARuntimesProcessAnswersWithLogitsAndTimes(t *testing.T) {
	testbed.ONNXRuntime(t)
	model, dir := tiny.Classifier(t, tiny.Shape{}, 3), t.TempDir()
	data := tiny.Sentences(12, 1)
	prepared := tiny.Prepare(t, model, data, 4)
	folder, graphs, file := filepath.Join(dir, "model"), filepath.Join(dir, "graph"), filepath.Join(dir, "batches.json")
	text, err := json.Marshal(append([]*gbert.Batch{prepared.Batches[0]}, prepared.Batches...))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{model.Save(folder, gbert.Float32), model.SavePortable(graphs, gbert.PortableOptions{}, false), os.WriteFile(file, text, 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := tiny.Logits(t, model, data)
	for _, runtime := range []string{"onnx", "go"} {
		var out bytes.Buffer
		in := strings.NewReader(`{"do": "open"}{"do": "logits"}{"do": "pass", "times": 2}`)
		if err := computeHere(t.Context(), []string{runtime, folder, filepath.Join(graphs, gbert.PortableName), file}, in, &out); err != nil {
			t.Fatal(err)
		}
		var answers []answer
		for decoder := json.NewDecoder(&out); decoder.More(); {
			var a answer
			if err := decoder.Decode(&a); err != nil {
				t.Fatal(err)
			}
			answers = append(answers, a)
		}
		if len(answers) != 4 || answers[1].Seconds <= 0 || answers[3].Seconds <= 0 || len(answers[2].Logits) != len(prepared.Batches) {
			t.Fatalf("%s: %+v", runtime, answers)
		}
		got := make([][]float32, data.Len())
		for i, batch := range prepared.Batches {
			for k, example := range batch.Index {
				got[example] = answers[2].Logits[i][k]
			}
		}
		if d := tiny.Apart(got, want); d > 1e-4 {
			t.Errorf("%s: logits are %g apart", runtime, d)
		}
	}
	if err := computeHere(t.Context(), []string{"onnx"}, nil, nil); err == nil {
		t.Error("a call without a model is accepted")
	}
}
