package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// embedderFiles are those by which sentence-transformers makes an embedder of a model, as it writes them.
var embedderFiles = map[string]string{
	"modules.json":                      `[{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}, {"idx": 2, "path": "2_Dense", "type": "sentence_transformers.models.Dense"}]`,
	"sentence_bert_config.json":         `{"max_seq_length": 24, "do_lower_case": false}`,
	"config_sentence_transformers.json": `{"__version__": {"sentence_transformers": "2.0.0"}}`,
	"1_Pooling/config.json":             `{"word_embedding_dimension": 16, "pooling_mode_mean_tokens": true}`,
	"2_Dense/config.json":               `{"in_features": 16, "out_features": 8}`,
	"2_Dense/model.safetensors":         "\x00\xff weights",
}

// makeEmbedder puts such files beside a model.
func makeEmbedder(t *testing.T, dir string) {
	t.Helper()
	for name, text := range embedderFiles {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryCommandThatWritesKeepsAnEmbedder(t *testing.T) {
	model, data, dir := spelledModel(t), reviews(t, 20), t.TempDir()
	makeEmbedder(t, model)
	folder := filepath.Join(dir, "sst2")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, split := range []string{"train.tsv", "dev.tsv"} {
		if err := os.WriteFile(filepath.Join(folder, split), []byte(contentOf(t, data)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	recipe := write(t, "tune.yaml", "steps:\n - fine-tune: {batch: 8, examples: 8}\n - drop-layers: {count: 1}\n - store: float16\n")
	for name, args := range map[string]string{
		"heads": "heads prune --remove 0:1", "layers": "layers drop --k 1", "tucker": "tucker --rank 2", "bank": "tucker --form bank --ratio 0.5",
		"share": "share --what ffn", "words": "share --what none --embedding 4", "quantise": "quantise --method dynamic",
		"vocabulary": "vocabulary --task sst2 --from " + data + " --other " + data,
		"finetune":   "finetune --task sst2 --epochs 1 --train " + data, "movement": "movement --task sst2 --epochs 1 --remaining 0.5 --train " + data,
		"dense": "export --dense", "compact": "export --compact", "onnx": "export --onnx --int8", "recipe": "recipe " + recipe + " --task sst2 --data " + folder,
	} {
		out := filepath.Join(dir, "out-"+name)
		call := bertlab(t, append(strings.Fields(args), "--model", model, "--out", out)...)
		if call.status != exitSuccess {
			t.Errorf("%s: %s", args, call.stderr)
			continue
		}
		for file, text := range embedderFiles {
			if got, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(file))); err != nil || string(got) != text {
				t.Errorf("%s: %s is %q, %v", args, file, got, err)
			}
		}
		if left, err := filepath.Glob(filepath.Join(out, ".sav*")); err != nil || len(left) > 0 {
			t.Errorf("%s leaves %v, %v", args, left, err)
		}
	}
	plain := tinyModel(t, 2)
	bertlab(t, "heads", "prune", "--remove", "0:1", "--model", plain, "--out", filepath.Join(dir, "out-heads"), "--overwrite", "--json").document()
	if _, err := os.Stat(filepath.Join(dir, "out-heads", "modules.json")); err == nil {
		t.Error("a model that is no embedder has the modules of the one before")
	}
}

func TestSentenceEmbeddingsAreJudgedByTheirCosines(t *testing.T) {
	model := tinyModel(t, 0)
	data := write(t, "sts.tsv", "sentence1\tsentence2\tscore\nthe film is good\tthe film is good\t5\nthe film is good\ta plot\t1\nvery dull\tvery very dull\t4\na film\tthe plot is awful .\t2\n")
	call := func(args ...string) ended {
		return bertlab(t, append([]string{"eval", "--task", "stsb", "--data", data, "--model", model}, args...)...)
	}
	for _, pooling := range []string{"mean", "cls"} {
		document := call("--pooling", pooling, "--json").document()
		if rho := number(t, document, "metrics", "spearman"); rho != number(t, document, "spearman", "estimate") || rho < -1 || rho > 1 || number(t, document, "examples") != 4 || document["pooling"] != pooling {
			t.Errorf("%v", document)
		}
	}
	call("--pooling", "max").fails(exitWrongCall, "max", "cls", "mean", "own")
	call("--pooling", "own").fails(exitWrongCall, "has no modules.json", "give cls or mean")
	call("--pooling", "mean", "--predictions", filepath.Join(t.TempDir(), "p")).fails(exitWrongCall, "--predictions")
	bertlab(t, "eval", "--task", "sst2", "--data", reviews(t, 8), "--model", model, "--pooling", "mean").fails(exitFailure, "pairs of texts with a number")
	makeEmbedder(t, model)
	own := call("--pooling", "own")
	if own.status != exitSuccess || !strings.Contains(own.stdout, "mean") || !strings.Contains(own.stderr, "models.Dense") {
		t.Errorf("%s%s", own.stdout, own.stderr)
	}
}
