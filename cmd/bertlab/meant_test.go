package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMisspelledNamesAreMetWithTheNearestOnes(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 9)
	read, out := []string{"--model", model, "--task", "sst2", "--data", data}, filepath.Join(t.TempDir(), "out")
	write := append([]string{"--out", out}, read...)
	for meant, args := range map[string][]string{
		"did you mean sst2?":                  {"eval", "--model", model, "--data", data, "--task", "sst"},
		"did you mean movies?":                {"finetune", "--model", model, "--task", "movie", "--out", out},
		"did you mean heads?":                 {"reproduce", "head", "--quick"},
		"did you mean landscape?":             {"reproduce", "landscpe"},
		"did you mean layers-distil-float16?": append([]string{"recipe", "layers-distil-float"}, write...),
		"did you mean movement?":              append([]string{"movement", "--method", "movment", "--remaining", "0.5"}, write...),
		"did you mean soft?":                  append([]string{"movement", "--method", "sotf", "--lambda", "1"}, write...),
		"did you mean shared?":                append([]string{"tucker", "--form", "share", "--rank", "2"}, write...),
		"did you mean ffn_in?":                append([]string{"tucker", "--rank", "2", "--roles", "ffn-in"}, write...),
		"did you mean attention?":             append([]string{"share", "--what", "atention"}, write...),
		"did you mean best?":                  append([]string{"share", "--init", "bets"}, write...),
		"did you mean symmetric?":             append([]string{"layers", "drop", "--strategy", "symetric", "--k", "1"}, write...),
		"did you mean reverse?":               append([]string{"heads", "prune", "--fraction", "0.5", "--order", "revers"}, write...),
		"did you mean example?":               append([]string{"heads", "importance", "--variant", "exampel"}, read...),
		"did you mean mean?":                  append([]string{"layers", "similarity", "--pooling", "means"}, read...),
		"did you mean last?":                  append([]string{"finetune", "--keep", "lats"}, write...),
		"did you mean multilabel?":            append([]string{"eval", "--kind", "multi-label"}, read...),
		"did you mean train?":                 append([]string{"eval", "--split", "trian"}, read...),
		"did you mean middle?":                {"landscape", "--from", model, "--to", model, "--part", "midle"},
		"did you mean importance?":            {"heads", "importence"},
		"did you mean similarity?":            {"layers", "simalarity"},
		"Did you mean this?\n\tfinetune":      {"finetun", "--model", model},
		"did you mean --model":                {"eval", "--modle", model},
		"did you mean --max-length":           {"eval", "--max-lenght", "12"},
		"did you mean --granularity":          {"movement", "--granularty", "head"},
	} {
		t.Run(meant, func(t *testing.T) { bertlab(t, args...).fails(exitWrongCall, meant) })
	}
	for _, args := range [][]string{append([]string{"eval", "--split", "poetry"}, read...), {"reproduce", "elephant"}, {"heads", "xyzzy"}, {"eval", "--xyzzy"}} {
		if c := bertlab(t, args...); strings.Contains(strings.ToLower(c.stderr), "did you mean") {
			t.Errorf("%q: %s", args, c.stderr)
		}
	}
}

func TestErrorsNameFlagsAndNotTheFieldsOfOptions(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 9)
	read, out := []string{"--model", model, "--task", "sst2", "--data", data}, filepath.Join(t.TempDir(), "out")
	write := append([]string{"--out", out}, read...)
	custom := func(text string) []string {
		return []string{"eval", "--model", model, "--task", "custom", "--data", write1(t, text)}
	}
	for names, args := range map[string][]string{
		"--label-column":                  custom("text,x\na,1\n"),
		"--text-column":                   custom("a,b,label\nc,1,2\n"),
		"--split test":                    {"eval", "--model", model, "--task", "sst2", "--data", write1(t, "sentence\tx\na\t1\n")},
		"--split test of bertlab eval":    {"finetune", "--model", model, "--task", "sst2", "--out", out, "--train", write1(t, "sentence\tx\na\t1\n")},
		"--labels-by-number":              {"eval", "--model", namedModel(t, []string{"yes", "no"}, 0, 1), "--task", "sst2", "--data", data},
		"--remaining":                     append([]string{"movement", "--remaining", "1.5"}, write...),
		"--lambda":                        append([]string{"movement", "--lambda", "-1", "--method", "soft"}, write...),
		"--threshold":                     append([]string{"movement", "--lambda", "1", "--method", "soft", "--threshold", "2"}, write...),
		"--score-lr":                      append([]string{"movement", "--remaining", "0.5", "--score-lr", "-1"}, write...),
		"--score-optimizer":               append([]string{"movement", "--method", "soft", "--lambda", "1", "--score-optimizer", "sgd"}, write...),
		"--granularity":                   append([]string{"movement", "--remaining", "0.5", "--granularity", "block:0"}, write...),
		"--granularity-ffn":               append([]string{"movement", "--remaining", "0.5", "--granularity-ffn", "head"}, write...),
		"--prune-warmup + --cool-down":    {"movement", "--model", model, "--task", "sst2", "--train", data, "--remaining", "0.5", "--prune-warmup", "0.6", "--cool-down", "0.5", "--out", out},
		"--rank 99":                       append([]string{"tucker", "--rank", "99"}, write...),
		"--rank 2-99":                     append([]string{"tucker", "--form", "bank", "--rank", "2-99"}, write...),
		"--ratio 1.5":                     append([]string{"tucker", "--ratio", "1.5"}, write...),
		"--layers 9":                      append([]string{"tucker", "--rank", "2", "--layers", "9"}, write...),
		"--layers x":                      append([]string{"tucker", "--rank", "2", "--layers", "x"}, write...),
		"--roles ffn_in, ffn_in":          append([]string{"tucker", "--rank", "2", "--roles", "ffn_in,ffn_in"}, write...),
		"--embedding 99":                  append([]string{"share", "--embedding", "99"}, write...),
		"--groups 9":                      append([]string{"share", "--groups", "9"}, write...),
		"--remove 0:9":                    append([]string{"heads", "prune", "--remove", "0:9"}, write...),
		"less than half a head":           append([]string{"heads", "prune", "--fraction", "0.01"}, write...),
		"--fraction 0.02: heads":          append([]string{"heads", "prune", "--fraction", "0.02", "--order", "random"}, write...),
		"--mask-heads 9:0":                append([]string{"eval", "--mask-heads", "9:0"}, read...),
		"--k 9":                           append([]string{"layers", "drop", "--strategy", "top", "--k", "9"}, write...),
		"--layers 9: ":                    append([]string{"layers", "drop", "--strategy", "list", "--layers", "9"}, write...),
		"--batches: batch size 0":         {"compare", model, model, "--batches", "0"},
		"--length 1":                      {"compare", model, model, "--length", "1"},
		"--repeats 0":                     {"compare", model, model, "--repeats", "0"},
		"--max-length 2":                  append([]string{"eval", "--max-length", "2"}, read...),
		"--doc-stride -1":                 append([]string{"eval", "--doc-stride", "-1"}, read...),
		"--range 2,-1: two ascending":     {"landscape", "--from", model, "--to", model, "--range", "2,-1"},
		"--turn":                          {"landscape", "--from", model, "--to", model, "--turn", "x.html"},
		"leave out --labels (x, y)":       append(custom("text,label\na,1\n"), "--kind", "regression", "--labels", "x,y"),
		"--text-column and --pair-column": append(custom("text,foo,label\na,b,1\n"), "--kind", "regression", "--pair-column", "foo"),
		"--labels, in the order of the":   {"finetune", "--model", model, "--task", "custom", "--out", out, "--train", write1(t, "text,label\na,0\nb,1\n")},
	} {
		c := bertlab(t, args...)
		if c.status == exitSuccess || !strings.Contains(c.stderr, names) {
			t.Errorf("%q: %d, %s; %q was expected", args, c.status, c.stderr, names)
		}
		for _, field := range []string{"Columns.", "Options.", "Dataset.", "Model."} {
			if strings.Contains(c.stderr, field) {
				t.Errorf("%q names a field: %s", args, c.stderr)
			}
		}
	}
}

// write1 writes a table: comma-separated, or with tabs.
func write1(t *testing.T, text string) string {
	t.Helper()
	if strings.Contains(text, "\t") {
		return write(t, "table.tsv", text)
	}
	return write(t, "table.csv", text)
}

func TestEveryCommandThatIsInterruptedSaysSoInPlainWords(t *testing.T) {
	good, data := tinyModel(t, 2), reviews(t, 64)
	folder, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
	for _, split := range []string{"train.tsv", "dev.tsv"} {
		if err := os.WriteFile(filepath.Join(folder, split), []byte(contentOf(t, data)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	commands := commandsWithModel(t, good, good, data, out)
	commands["predict"] = []string{"predict", "--model", good, "good"}
	commands["reproduce"] = []string{"reproduce", "heads", "--quick", "--model", good, "--task", "sst2", "--data", folder, "--out", filepath.Join(filepath.Dir(out), "results")}
	goesOn := map[string]bool{"finetune": true, "movement": true, "recipe": true, "compare": true, "compare first": true, "reproduce": true}
	for name, args := range commands {
		for _, after := range []time.Duration{0, 30 * time.Millisecond, 120 * time.Millisecond} {
			ctx, cancel := context.WithCancel(t.Context())
			if after == 0 {
				cancel()
			} else {
				time.AfterFunc(after, cancel)
			}
			c := bertlabContext(t, ctx, args...)
			cancel()
			if strings.Contains(c.stderr, "context canceled") {
				t.Errorf("%s after %v: %s", name, after, c.stderr)
			}
			if c.status == exitWrongCall && !strings.Contains(c.stderr, "--out") {
				t.Errorf("%s after %v ended with %d: %s", name, after, c.status, c.stderr)
			}
			if c.status == exitFailure && (!strings.Contains(c.stderr, "bertlab: ") || !strings.Contains(c.stderr[strings.LastIndex(c.stderr, "bertlab: "):], "interrupted") || goesOn[name] != strings.Contains(c.stderr, "repeat the command to go on")) {
				t.Errorf("%s after %v: %s", name, after, c.stderr)
			}
		}
	}
}
