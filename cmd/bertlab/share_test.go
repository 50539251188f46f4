package main

import (
	"bertlab/cmd/bertlab/internal/output"
	"path/filepath"
	"testing"
)

func TestASharedModelIsJudgedExportedAndTrainedAsAnyOther(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 21)
	dir := t.TempDir()
	shared, plain, tuned := filepath.Join(dir, "shared"), filepath.Join(dir, "plain"), filepath.Join(dir, "tuned")
	document := bertlab(t, "share", "--what", "attention", "--groups", "2", "--init", "mean", "--model", model, "--out", shared, "--json").document()
	if number(t, document, "parts", "attention")*3 != number(t, document, "parts_before", "attention")*2 || number(t, document, "parts", "feed_forward") != number(t, document, "parts_before", "feed_forward") {
		t.Errorf("attention of three layers in two groups: before %v, after %v", document["parts_before"], document["parts"])
	}
	sum := 0.0
	for _, part := range document["parts"].(map[string]any) {
		sum += part.(float64)
	}
	if sum != number(t, document, "parameters") || sum >= number(t, document, "model", "parameters") {
		t.Errorf("the parts have %g parameters, the model %v", sum, document["parameters"])
	}
	if groups := document["groups"].([]any); len(groups) != 2 || len(document["layers"].([]any)) != 3 || len(document["history"].([]any)) != 1 {
		t.Errorf("%v", document)
	}
	exported := bertlab(t, "export", "--dense", "--model", shared, "--out", plain, "--json").document()
	if exported["plain"] != true || number(t, exported, "parameters") != number(t, document, "model", "parameters") {
		t.Errorf("the dense export is %v", exported)
	}
	eval := func(name, model string) []line {
		file := filepath.Join(dir, name+".jsonl")
		bertlab(t, "eval", "--model", model, "--task", "sst2", "--data", data, "--predictions", file, "--json").document()
		return readPredictions(t, file)
	}
	sameLogits(t, eval("shared", shared), eval("plain", plain), 1e-5)
	trained := bertlab(t, "finetune", "--model", shared, "--task", "sst2", "--train", data, "--dev", data, "--epochs", "1", "--out", tuned, "--json").document()
	if _, ok := trained["out"]; !ok {
		t.Errorf("%v", trained)
	}
	fewer := bertlab(t, "heads", "prune", "--remove", "0:1;1:1", "--model", shared, "--out", filepath.Join(dir, "fewer"), "--json").document()
	if number(t, fewer, "parameters") >= sum {
		t.Error("heads of shared layers cannot be removed")
	}
	words := bertlab(t, "share", "--what", "none", "--embedding", "3", "--model", model, "--out", filepath.Join(dir, "words"), "--json").document()
	saved := number(t, words, "model", "parameters") - number(t, words, "parameters")
	if saved != number(t, words, "embedding", "parameters_before")-number(t, words, "embedding", "parameters") || number(t, words, "embedding", "relative_error") <= 0 || number(t, words, "parts", "projection") == 0 {
		t.Errorf("a factorised word table: %v", words)
	}
	both := bertlab(t, "tucker", "--rank", "2", "--embedding", "3", "--model", shared, "--out", filepath.Join(dir, "both"), "--json").document()
	if number(t, both, "embedding", "parameters") != number(t, words, "embedding", "parameters") {
		t.Errorf("tucker --embedding: %v", both["embedding"])
	}
	if c := bertlab(t, "share", "--init", "best", "--model", model, "--out", filepath.Join(dir, "text")); c.status != exitSuccess {
		t.Errorf("%s%s", c.stdout, c.stderr)
	}
}

func TestWrongCallsOfShareSayWhatIsPossible(t *testing.T) {
	model := tinyModel(t, 2)
	share := func(more ...string) []string {
		return append([]string{"share", "--model", model, "--out", "x"}, more...)
	}
	for name, test := range map[string]struct {
		args     []string
		mentions []string
	}{
		"no groups":       {share("--groups", "0"), []string{"--groups 0", "1…3"}},
		"too many groups": {share("--groups", "4"), []string{"--groups 4", "3 layers", "1…3"}},
		"unknown what":    {share("--what", "embeddings"), []string{"all", "attention", "ffn"}},
		"unknown init":    {share("--init", "last"), []string{"first", "mean", "best"}},
		"no model":        {[]string{"share", "--out", "x"}, []string{"--model"}},
		"nothing":         {share("--what", "none"), []string{"--embedding", "attention"}},
		"embedding of 0":  {share("--embedding", "0"), []string{"embedding size 0", "1…"}},
		"embedding":       {share("--what", "none", "--embedding", "1000"), []string{"embedding size 1000", "1…"}},
		"tucker":          {[]string{"tucker", "--rank", "2", "--embedding", "1000", "--model", model, "--out", "x"}, []string{"embedding size 1000", "1…"}},
		"no folder":       {[]string{"share", "--model", model}, []string{"--out"}},
		"same folder":     {[]string{"share", "--model", model, "--out", model}, []string{"another one"}},
	} {
		t.Run(name, func(t *testing.T) {
			bertlab(t, test.args...).fails(exitWrongCall, test.mentions...)
		})
	}
	if output.Exists("x") {
		t.Error("a wrong call wrote something")
	}
}
