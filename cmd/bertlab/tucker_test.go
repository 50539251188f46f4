package main

import (
	"bertlab/cmd/bertlab/internal/output"
	"path/filepath"
	"reflect"
	"testing"
)

func TestAFactoredModelIsJudgedExportedAndPrunedAsAnyOther(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 21)
	dir := t.TempDir()
	low, plain, full := filepath.Join(dir, "low"), filepath.Join(dir, "plain"), filepath.Join(dir, "full")
	document := bertlab(t, "tucker", "--form", "svd", "--ratio", "0.5", "--model", model, "--out", low, "--json").document()
	total := func(key string) float64 {
		sum := 0.0
		for _, count := range document[key].(map[string]any) {
			sum += count.(float64)
		}
		return sum
	}
	before, after := total("parts_before"), total("parts")
	if before != number(t, document, "model", "parameters") || after != number(t, document, "parameters") || before-after != number(t, document, "maps_parameters_before")-number(t, document, "maps_parameters_after") || after >= before {
		t.Errorf("%g parameters before, %g after: %v", before, after, document)
	}
	if after := number(t, document, "maps_parameters_after"); after > 0.5*number(t, document, "maps_parameters_before") {
		t.Errorf("%g parameters are left in the maps", after)
	}
	if maps := document["maps"].([]any); len(maps) != 18 || number(t, maps[0].(map[string]any), "relative_error") <= 0 || document["rank_by"] != "ratio:0.5" {
		t.Errorf("%v", document["maps"])
	}
	if macs := document["macs"].([]any); len(macs) != 1 || number(t, macs[0].(map[string]any), "length") != 32 || number(t, macs[0].(map[string]any), "after") >= number(t, macs[0].(map[string]any), "before") {
		t.Errorf("operations %v", document["macs"])
	}
	exported := bertlab(t, "export", "--dense", "--model", low, "--out", plain, "--json").document()
	if exported["plain"] != true || number(t, exported, "parameters") != before {
		t.Errorf("the dense export is %v", exported)
	}
	eval := func(name, model string) []line {
		file := filepath.Join(dir, name+".jsonl")
		bertlab(t, "eval", "--model", model, "--task", "sst2", "--data", data, "--predictions", file, "--json").document()
		return readPredictions(t, file)
	}
	sameLogits(t, eval("low", low), eval("plain", plain), 1e-5)
	bertlab(t, "tucker", "--rank", "16", "--model", model, "--out", full, "--json").document()
	sameLogits(t, eval("full", full), eval("model", model), 1e-5)
	pruned := bertlab(t, "heads", "prune", "--remove", "0:1;2:0,1,2,3", "--model", low, "--out", filepath.Join(dir, "pruned"), "--json").document()
	if number(t, pruned, "parameters") >= after || len(pruned["history"].([]any)) != 2 {
		t.Errorf("heads removed from a factored model: %v", pruned)
	}
}

func TestABankIsJudgedTrainedExportedAndPrunedAsAnyOtherModel(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 21)
	for name, arguments := range map[string][]string{
		"IV-9-8": {"--form", "bank", "--rank", "9-8"}, "III-8": {"--form", "shared", "--rank", "8", "--sweeps", "0"}, "III-diagonal-16": {"--form", "shared", "--core", "diagonal", "--rank", "16"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			low, plain, pruned := filepath.Join(dir, "low"), filepath.Join(dir, "plain"), filepath.Join(dir, "pruned")
			document := bertlab(t, append([]string{"tucker", "--model", model, "--out", low, "--json"}, arguments...)...).document()
			shared := document["bank"].(map[string]any)
			parts := document["parts"].(map[string]any)
			if shared["name"] != name || number(t, parts, "bank") != number(t, shared, "shared_parameters") || len(document["maps"].([]any)) != 18 {
				t.Errorf("%v", document)
			}
			lost := number(t, document, "model", "parameters") - number(t, document, "parameters")
			if lost <= 0 || lost != number(t, document, "maps_parameters_before")-number(t, document, "maps_parameters_after") {
				t.Errorf("%g parameters less", lost)
			}
			bertlab(t, "export", "--dense", "--model", low, "--out", plain, "--json").document()
			eval := func(model string) []line {
				file := filepath.Join(t.TempDir(), "predictions.jsonl")
				bertlab(t, "eval", "--model", model, "--task", "sst2", "--data", data, "--predictions", file, "--json").document()
				return readPredictions(t, file)
			}
			sameLogits(t, eval(low), eval(plain), 1e-5)
			bertlab(t, "heads", "prune", "--remove", "0:1;2:0,1,2,3", "--model", low, "--out", pruned, "--json").document()
			eval(pruned)
		})
	}
}

func TestWeightedFactorsSayWhatTheyWereMeasuredOn(t *testing.T) {
	model, data := tinyModel(t, 0), reviews(t, 21)
	document := bertlab(t, "tucker", "--rank-by", "energy:0.5", "--weighted", "--roles", "ffn_in,ffn_out", "--layers", "0,2", "--model", model, "--task", "sst2", "--data", data, "--out", filepath.Join(t.TempDir(), "out"), "--json").document()
	maps := document["maps"].([]any)
	if len(maps) != 4 || document["weighted"] != true || number(t, document, "tokens") <= 21 || document["weighted_on"] == nil {
		t.Fatalf("%v", document)
	}
	for _, m := range maps {
		if number(t, m.(map[string]any), "output_error") <= 0 {
			t.Errorf("%v", m)
		}
	}
	again := bertlab(t, "tucker", "--rank-by", "evbmf", "--model", model, "--out", filepath.Join(t.TempDir(), "out"), "--json").document()
	if want := map[string]any{"rank_by": "evbmf", "weighted": false}; !reflect.DeepEqual(again["history"].([]any)[0].(map[string]any)["arguments"], want) {
		t.Errorf("history %v", again["history"])
	}
}

func TestWrongCallsOfTuckerSayWhatIsPossible(t *testing.T) {
	model := tinyModel(t, 2)
	with := func(more ...string) []string {
		return append([]string{"tucker", "--model", model, "--out", "x"}, more...)
	}
	for name, test := range map[string]struct {
		args     []string
		mentions []string
	}{
		"no rank":                    {with(), []string{"rank", "ratio", "rank-by"}},
		"two rules":                  {with("--rank", "2", "--ratio", "0.5"), []string{"rank", "ratio"}},
		"unknown form":               {with("--form", "cp", "--rank", "2"), []string{"cp", "svd"}},
		"rank 0":                     {with("--rank", "0"), []string{"--rank 0", "1…16"}},
		"rank that is no number":     {with("--rank", "2-4"), []string{"--rank 2-4", "are for a bank"}},
		"bank with one rank":         {with("--form", "bank", "--rank", "4"), []string{"--rank 4", "such as 36-192"}},
		"bank of layer rank 0":       {with("--form", "bank", "--rank", "0-4"), []string{"--rank 0-4", "a layer rank of 1…"}},
		"bank of too high a rank":    {with("--form", "bank", "--rank", "2-17"), []string{"--rank 2-17", "a width rank of 1…16"}},
		"bank of too many layers":    {with("--form", "bank", "--rank", "99-4"), []string{"--rank 99-4", "a layer rank of 1…"}},
		"bank of width rank 0":       {with("--form", "bank", "--rank", "2-0"), []string{"--rank 2-0", "a layer rank of 1…", "a width rank of 1…16"}},
		"bank of ratio 0":            {with("--form", "bank", "--ratio", "0"), []string{"--ratio 0", "…1"}},
		"bank of too low a ratio":    {with("--form", "bank", "--ratio", "0.0001"), []string{"0.0001", "…1"}},
		"shared of rank 0":           {with("--form", "shared", "--rank", "0"), []string{"--rank 0", "1…16"}},
		"shared of an unknown core":  {with("--form", "shared", "--core", "mixed", "--rank", "2"), []string{"--core mixed", "full", "diagonal"}},
		"energy of diagonals":        {with("--form", "shared", "--core", "diagonal", "--rank-by", "evbmf"), []string{"want a rank or a ratio"}},
		"core of a bank":             {with("--form", "bank", "--core", "full", "--rank", "2-2"), []string{"--core goes with --form shared"}},
		"weights of a bank":          {with("--form", "bank", "--weighted", "--rank", "2-2"), []string{"--weighted goes with --form svd"}},
		"sweeps of an SVD":           {with("--sweeps", "2", "--rank", "2"), []string{"--sweeps goes with"}},
		"sweeps below 0":             {with("--form", "bank", "--sweeps", "-2", "--rank", "2-2"), []string{"--sweeps -2"}},
		"rank below 0":               {with("--rank", "-3"), []string{"-3", "1…16"}},
		"rank above the dimension":   {with("--rank", "17"), []string{"17", "1…16"}},
		"ratio 0":                    {with("--ratio", "0"), []string{"0.125…1"}},
		"ratio that no rank reaches": {with("--ratio", "0.01"), []string{"0.01", "0.125…1"}},
		"ratio above 1":              {with("--ratio", "2"), []string{"0.125…1"}},
		"unknown rule":               {with("--rank-by", "luck"), []string{"luck", "evbmf", "energy:0.95"}},
		"energy without a number":    {with("--rank-by", "energy"), []string{"energy:0.95"}},
		"energy 0":                   {with("--rank-by", "energy:0"), []string{"above 0 and at most 1"}},
		"least rank 0":               {with("--rank-by", "evbmf", "--min-rank", "0"), []string{"--min-rank 0", "at least 1"}},
		"least rank above a side":    {with("--rank-by", "evbmf", "--min-rank", "17"), []string{"17", "1…16"}},
		"least rank of a rank":       {with("--rank", "2", "--min-rank", "2"), []string{"--min-rank goes with --rank-by"}},
		"unknown role":               {with("--rank", "2", "--roles", "pooler"), []string{"pooler", "ffn_in"}},
		"layer that is not there":    {with("--rank", "2", "--layers", "3"), []string{"layer 3", "0…2"}},
		"ridge without data":         {with("--rank", "2", "--ridge", "1"), []string{"--weighted"}},
		"ridge below 0":              {with("--rank", "2", "--weighted", "--ridge", "-1"), []string{"--ridge -1"}},
		"weighted, rank too high":    {with("--rank", "17", "--weighted"), []string{"1…16"}},
		"no model":                   {[]string{"tucker", "--rank", "2", "--out", "x"}, []string{"--model"}},
		"no target":                  {[]string{"tucker", "--rank", "2", "--model", model}, []string{"--out"}},
	} {
		t.Run(name, func(t *testing.T) {
			bertlab(t, test.args...).fails(exitWrongCall, test.mentions...)
		})
	}
	if output.Exists("x") {
		t.Error("a wrong call wrote something")
	}
}
