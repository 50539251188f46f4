package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
)

// kindFiles are n examples of the toy language of each further kind of task, as files of three formats.
func kindFiles(t *testing.T, n int) map[string]string {
	t.Helper()
	var squad, sets strings.Builder
	var conll strings.Builder
	sets.WriteString("text,praise,blame,short\n")
	for i := range n {
		word := testWords[i%8]
		text := fmt.Sprintf("the film is %s%s .", strings.Repeat("very ", i%3), word)
		at := strings.Index(text, word)
		fmt.Fprintf(&squad, `{"id": "q%d", "question": "is the film very %s", "context": %q, "answers": {"text": [%q], "answer_start": [%d]}}`+"\n", i, testWords[(i+1)%8], text, word, at)
		flags := [3]int{}
		flags[i%8/4] = 1
		if i%3 == 0 {
			flags[2] = 1
		}
		fmt.Fprintf(&sets, "%s,%d,%d,%d\n", text, flags[0], flags[1], flags[2])
		for w := range strings.FieldsSeq(text) {
			tag := "O"
			if w == word {
				tag = []string{"B-PRAISE", "B-BLAME"}[i%8/4]
			}
			fmt.Fprintf(&conll, "%s\t%s\n", w, tag)
		}
		conll.WriteString("\n")
	}
	return map[string]string{"squad": write(t, "squad.jsonl", squad.String()), "ner": write(t, "ner.conll", conll.String()), "multilabel": write(t, "sets.csv", sets.String())}
}

func TestEveryKindIsTrainedJudgedPrunedAndExported(t *testing.T) {
	files := kindFiles(t, 24)
	for name, metric := range map[string]string{"squad": "f1", "ner": "f1", "multilabel": "f1_micro"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tuned, smaller, plain := filepath.Join(dir, "tuned"), filepath.Join(dir, "smaller"), filepath.Join(dir, "plain")
			args := []string{"--task", name, "--batch", "8"}
			if name == "multilabel" {
				args = append(args, "--labels", "praise,blame,short")
			}
			document := bertlab(t, append([]string{"finetune", "--model", tinyModel(t, 0), "--train", files[name], "--dev", files[name], "--epochs", "25", "--lr", "1e-2", "--out", tuned, "--json"}, args...)...).document()
			if best := number(t, document, "dev", "metrics", metric); best < 0.7 {
				t.Errorf("%s %g after training", metric, best)
			}
			args = args[:4]
			judge := func(model string) map[string]any {
				return bertlab(t, append([]string{"eval", "--model", model, "--data", files[name], "--json"}, args...)...).document()
			}
			before := judge(tuned)
			if got, want := number(t, before, "metrics", metric), number(t, document, "dev", "metrics", metric); got != want {
				t.Errorf("%s %g, %g after training", metric, got, want)
			}
			for _, command := range [][]string{{"heads", "importance"}, {"heads", "ablate"}, {"layers", "similarity"}} {
				bertlab(t, append(append(command, "--model", tuned, "--data", files[name], "--json"), args...)...).document()
			}
			bertlab(t, append([]string{"heads", "prune", "--model", tuned, "--data", files[name], "--fraction", "0.5", "--out", smaller, "--json"}, args...)...).document()
			bertlab(t, "export", "--dense", "--model", smaller, "--out", plain, "--json").document()
			if a, b := number(t, judge(smaller), "loss"), number(t, judge(plain), "loss"); a-b > 1e-4 || b-a > 1e-4 {
				t.Errorf("loss %g, %g when exported", a, b)
			}
			model, err := gbert.Load(plain)
			if err != nil {
				t.Fatal(err)
			}
			defer model.Close()
			if heads := map[string]gbert.Head{"squad": gbert.SpanHead, "ner": gbert.TokenHead, "multilabel": gbert.SequenceHead}; model.Head() != heads[name] {
				t.Errorf("the exported model has a head for %s", model.Head())
			}
			if many := model.Config.ProblemType == gbert.MultiLabel; many != (name == "multilabel") {
				t.Errorf("problem_type %q", model.Config.ProblemType)
			}
		})
	}
}

// trained is a model fine-tuned on one of the files, and the file.
func trained(t *testing.T, name string, more ...string) (model, file string) {
	t.Helper()
	model, file = filepath.Join(t.TempDir(), "tuned"), kindFiles(t, 16)[name]
	args := append([]string{"finetune", "--model", tinyModel(t, 0), "--train", file, "--task", name, "--batch", "8", "--epochs", "15", "--lr", "1e-2", "--out", model, "--json"}, more...)
	bertlab(t, args...).document()
	return model, file
}

func TestAnswersAreWrittenAsSQuADsScriptsReadThem(t *testing.T) {
	model, file := trained(t, "squad")
	answers, lines := filepath.Join(t.TempDir(), "answers.json"), filepath.Join(t.TempDir(), "answers.jsonl")
	for _, path := range []string{answers, lines} {
		bertlab(t, "eval", "--model", model, "--data", file, "--predictions", path, "--json").document()
	}
	var byID map[string]string
	content, err := os.ReadFile(answers)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &byID); err != nil || len(byID) != 16 {
		t.Fatalf("%d answers, %v in %s", len(byID), err, content)
	}
	content, err = os.ReadFile(lines)
	if err != nil {
		t.Fatal(err)
	}
	for text := range strings.Lines(string(content)) {
		var l struct {
			ID, Predicted string
			Label         []string
			Score         *float64
		}
		if err := json.Unmarshal([]byte(text), &l); err != nil || byID[l.ID] != l.Predicted || len(l.Label) != 1 || l.Score == nil {
			t.Errorf("%s, %v", text, err)
		}
	}
	if c := bertlab(t, "eval", "--model", model, "--data", file, "--task", "custom", "--kind", "spans", "--json"); number(t, c.document(), "examples") != 16 {
		t.Error("a custom task of spans is another one")
	}
}

func TestTagsAndSetsArePredictedByName(t *testing.T) {
	type line struct {
		Words, Label, Predicted []string
		Probabilities           map[string]float64
	}
	predict := func(model string, args ...string) []line {
		path := filepath.Join(t.TempDir(), "said.jsonl")
		bertlab(t, append([]string{"eval", "--model", model, "--predictions", path, "--json"}, args...)...).document()
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var lines []line
		for text := range strings.Lines(string(content)) {
			var l line
			if err := json.Unmarshal([]byte(text), &l); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, l)
		}
		return lines
	}
	model, file := trained(t, "ner")
	for _, l := range predict(model, "--data", file) {
		if len(l.Words) != len(l.Predicted) || len(l.Label) != len(l.Words) || !slices.Contains(l.Label, "O") {
			t.Errorf("%+v", l)
		}
	}
	words := write(t, "words.txt", "the\nfilm\n\nis\n")
	if lines := predict(model, "--data", words, "--split", "test"); len(lines) != 2 || lines[0].Label != nil || len(lines[0].Predicted) != 2 {
		t.Errorf("words without tags: %+v", lines)
	}
	model, file = trained(t, "multilabel", "--labels", "praise,blame,short")
	for _, l := range predict(model, "--data", file) {
		for name, p := range l.Probabilities {
			if (p > 0.5) != slices.Contains(l.Predicted, name) || len(l.Probabilities) != 3 {
				t.Errorf("%+v", l)
			}
		}
	}
}

func TestHeadsAndKindsThatDoNotFitAreRefused(t *testing.T) {
	files := kindFiles(t, 8)
	model, _ := trained(t, "ner")
	for want, args := range map[string][]string{
		"has a head for token classification, and the task squad needs one for question answering": {"eval", "--model", model, "--task", "squad", "--data", files["squad"]},
		"--kind poetry: choose one of":                                 {"eval", "--model", model, "--task", "custom", "--kind", "poetry", "--data", files["ner"]},
		"the task ner is one of tagging; --task custom takes any kind": {"eval", "--model", model, "--task", "ner", "--kind", "spans", "--data", files["ner"]},
		"--doc-stride -1":                    {"eval", "--model", model, "--task", "squad", "--doc-stride", "-1", "--data", files["squad"]},
		"is neither SQuAD's JSON, nor JSONL": {"finetune", "--model", model, "--task", "squad", "--train", files["ner"], "--out", filepath.Join(t.TempDir(), "x")},
	} {
		if c := bertlab(t, args...); c.status == 0 || !strings.Contains(c.stderr, want) {
			t.Errorf("%s: status %d, %s", want, c.status, c.stderr)
		}
	}
}

func TestEveryCommandTakesTheModelsOwnTaskWhereNoneIsNamed(t *testing.T) {
	model, data := filepath.Join(t.TempDir(), "model"), reviews(t, 16)
	bertlab(t, "finetune", "--model", tinyModel(t, 0), "--task", "sst2", "--train", data, "--epochs", "1", "--out", model, "--json").document()
	training := []string{"--model", model, "--train", data, "--epochs", "1", "--json", "--out"}
	for _, test := range []struct {
		name string
		args []string
		path []string // to the provenance in the document
	}{
		{"finetune", nil, nil},
		{"movement", []string{"--remaining", "0.5"}, nil},
		{"quantise", []string{"--method", "qat", "--inputs", "static", "--calibrate", "8"}, []string{"training"}},
	} {
		document := bertlab(t, append(append([]string{test.name}, test.args...), append(training, filepath.Join(t.TempDir(), "out"))...)...).document()
		for _, key := range test.path {
			document = document[key].(map[string]any)
		}
		if document["task"] != "sst2" {
			t.Errorf("%s takes the task %v", test.name, document["task"])
		}
	}
	compare := []string{"compare", model, model, "--data", data, "--batches", "1", "--length", "8", "--repeats", "1", "--no-memory", "--json", "--out", filepath.Join(t.TempDir(), "results")}
	if document := bertlab(t, compare...).document(); document["task"] != "sst2" {
		t.Errorf("compare takes the task %v", document["task"])
	}
	headless := tinyModel(t, 0)
	bertlab(t, "finetune", "--model", headless, "--train", data, "--out", filepath.Join(t.TempDir(), "out")).fails(exitWrongCall, "--task what the data are")
	bertlab(t, "compare", headless, headless, "--data", data).fails(exitWrongCall, "--task what the data are")
	bertlab(t, "finetune", "--model", "no-such-model", "--task", "sst3", "--out", filepath.Join(t.TempDir(), "out")).fails(exitWrongCall, "sst3")
	own, table := filepath.Join(t.TempDir(), "own"), write(t, "own.csv", "text,label\nthe film is good .,up\nthe film is bad .,down\n")
	bertlab(t, "finetune", "--model", headless, "--task", "custom", "--labels", "down,up", "--train", table, "--epochs", "1", "--out", own, "--json").document()
	if document := bertlab(t, "finetune", "--model", own, "--train", table, "--epochs", "1", "--out", filepath.Join(t.TempDir(), "out"), "--json").document(); document["task"] != "custom" {
		t.Errorf("a model of its own task is trained on %v", document["task"])
	}
}
