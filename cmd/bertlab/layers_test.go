package main

import (
	"bertlab/cmd/bertlab/internal/output"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
)

func TestADroppedModelIsJudgedExportedAndTrainedAsAnyOther(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 21)
	dir := t.TempDir()
	shallow, plain := filepath.Join(dir, "shallow"), filepath.Join(dir, "plain")
	document := bertlab(t, "layers", "drop", "--strategy", "bottom", "--k", "1", "--model", model, "--out", shallow, "--json").document()
	if !reflect.DeepEqual(document["dropped"], []any{0.0}) || !reflect.DeepEqual(document["kept"], []any{1.0, 2.0}) {
		t.Errorf("dropped %v, kept %v", document["dropped"], document["kept"])
	}
	if number(t, document, "parameters") >= number(t, document, "model", "parameters") || number(t, document, "macs") >= number(t, document, "macs_before") || number(t, document, "bytes") <= 0 {
		t.Errorf("the model is not smaller: %v", document)
	}
	exported := bertlab(t, "export", "--dense", "--model", shallow, "--out", plain, "--json").document()
	if exported["plain"] != true || number(t, exported, "parameters") != number(t, document, "parameters") {
		t.Errorf("the dense export is %v", exported)
	}
	eval := func(name, model string) []line {
		file := filepath.Join(dir, name+".jsonl")
		bertlab(t, "eval", "--model", model, "--task", "sst2", "--data", data, "--predictions", file, "--json").document()
		return readPredictions(t, file)
	}
	sameLogits(t, eval("shallow", shallow), eval("plain", plain), 0)
	again := bertlab(t, "layers", "drop", "--strategy", "list", "--layers", "0", "--model", shallow, "--out", filepath.Join(dir, "one"), "--json").document()
	if !reflect.DeepEqual(again["dropped"], []any{1.0}) || !reflect.DeepEqual(again["kept"], []any{2.0}) || len(again["history"].([]any)) != 2 {
		t.Errorf("dropped from a dropped model: %v", again)
	}
}

func TestContributionDropsTheLayersThatSimilarityShows(t *testing.T) {
	model, data := tinyModel(t, 0), reviews(t, 21)
	figure := filepath.Join(t.TempDir(), "similarity.svg")
	document := bertlab(t, "layers", "similarity", "--model", model, "--task", "sst2", "--data", data, "--figure", figure, "--json").document()
	layers := document["layers"].([]any)
	if len(layers) != 3 || len(document["matrix"].([]any)) != 4 || !output.Exists(figure) {
		t.Fatalf("%v", document)
	}
	highest := 0
	for i := range layers {
		if layers[i].(float64) > layers[highest].(float64) {
			highest = i
		}
	}
	second := -1.0
	for i := range layers {
		if i != highest {
			second = max(second, layers[i].(float64))
		}
	}
	threshold := strconv.FormatFloat((second+layers[highest].(float64))/2, 'g', -1, 64)
	out := filepath.Join(t.TempDir(), "out")
	dropped := bertlab(t, "layers", "drop", "--strategy", "contribution", "--threshold", threshold, "--model", model, "--task", "sst2", "--data", data, "--out", out, "--json").document()
	if !reflect.DeepEqual(dropped["dropped"], []any{float64(highest)}) || dropped["chosen_by"] == nil || dropped["chosen_on"] == nil {
		t.Errorf("cosines %v, dropped %v", layers, dropped["dropped"])
	}
}

func TestWrongCallsOfLayersSayWhatIsPossible(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 9)
	drop := func(more ...string) []string {
		return append([]string{"layers", "drop", "--model", model, "--out", "x"}, more...)
	}
	for name, test := range map[string]struct {
		args     []string
		mentions []string
	}{
		"layers alone":              {[]string{"layers"}, []string{"drop", "similarity"}},
		"no number":                 {drop("--strategy", "top"), []string{"--k"}},
		"all layers":                {drop("--k", "3"), []string{"at least one layer stays", "0…2"}},
		"too many for alternate":    {drop("--strategy", "alternate-even", "--k", "2"), []string{"0…1 of 3"}},
		"unknown strategy":          {drop("--strategy", "middle"), []string{"symmetric", "contribution", "list"}},
		"list without layers":       {drop("--strategy", "list"), []string{"--layers"}},
		"a layer that is not there": {drop("--strategy", "list", "--layers", "3"), []string{"layer 3", "0…2"}},
		"layers badly written":      {drop("--strategy", "list", "--layers", "1-2"), []string{"1-2", "9,10,11"}},
		"a number for a list":       {drop("--strategy", "list", "--layers", "1", "--k", "1"), []string{"--k goes with"}},
		"a list for top":            {drop("--strategy", "top", "--layers", "1"), []string{"--layers goes with --strategy list"}},
		"no cosine":                 {drop("--strategy", "contribution", "--threshold", "1.5"), []string{"--threshold 1.5", "between -1 and 1"}},
		"nothing that alike":        {drop("--strategy", "contribution", "--threshold", "1", "--task", "sst2", "--data", data), []string{"highest cosine"}},
		"everything that alike":     {drop("--strategy", "contribution", "--threshold", "-1", "--task", "sst2", "--data", data), []string{"at least one layer stays"}},
		"unknown pooling":           {[]string{"layers", "similarity", "--pooling", "max"}, []string{"cls", "mean"}},
		"no model":                  {[]string{"layers", "drop", "--out", "x", "--k", "1"}, []string{"--model"}},
	} {
		t.Run(name, func(t *testing.T) {
			bertlab(t, test.args...).fails(exitWrongCall, test.mentions...)
		})
	}
	if output.Exists("x") {
		t.Error("a wrong call wrote something")
	}
}
