package main

import (
	"bytes"
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
)

// predicts calls predict with standard input, and gives its document.
func predicts(t *testing.T, stdin string, args ...string) (*workbench.Predicted, ended) {
	t.Helper()
	t.Setenv("BERTLAB_OFFLINE", "1")
	var stdout, stderr bytes.Buffer
	a := newApp(&stdout, &stderr)
	a.stdin = strings.NewReader(stdin)
	args = append([]string{"predict", "--backend", "go", "--json"}, args...)
	c := ended{t, args, a.run(t.Context(), args), stdout.String(), stderr.String()}
	var p workbench.Predicted
	if c.status == exitSuccess {
		if err := json.Unmarshal([]byte(c.stdout), &p); err != nil {
			t.Fatalf("%v\n%s", err, c.stdout)
		}
	}
	return &p, c
}

func TestPredictSaysWhatEvalWrites(t *testing.T) {
	model, data := namedModel(t, []string{"bad", "good"}, 1, 0), reviews(t, 9)
	file := t.TempDir() + "/said.jsonl"
	bertlab(t, "eval", "--model", model, "--task", "custom", "--labels", "bad,good", "--data", data, "--predictions", file, "--json").document()
	var texts []string
	for _, line := range strings.Split(strings.TrimSpace(contentOf(t, data)), "\n")[1:] {
		text, _, _ := strings.Cut(line, "\t")
		texts = append(texts, text)
	}
	p, c := predicts(t, "", append([]string{"--model", model}, texts...)...)
	if len(p.Texts) != len(texts) {
		t.Fatalf("%s", c.stderr)
	}
	for i, l := range readPredictions(t, file) {
		said := p.Texts[i].Said[0]
		good := 1 / (1 + math.Exp(l.Logits[1]-l.Logits[0])) // the model has good first
		best := said.Probabilities[0]
		if want := max(good, 1-good); p.Texts[i].Text != texts[i] || math.Abs(best.Probability-want) > 1e-6 || best.Label != said.Label || said.Label != l.PredictedName {
			t.Errorf("%q: %+v, eval says %+v", texts[i], said, l)
		}
	}
	fromLines, _ := predicts(t, strings.Join(texts, "\r\n")+"\n", "--model", model)
	if len(fromLines.Texts) != len(texts) || fromLines.Texts[3].Said[0].Label != p.Texts[3].Said[0].Label {
		t.Errorf("lines of standard input are %d other texts", len(fromLines.Texts))
	}
}

func TestPredictPutsModelsSideBySide(t *testing.T) {
	first, second := namedModel(t, []string{"bad", "good"}, 0, 1), namedModel(t, []string{"bad", "good"}, 1, 0)
	p, c := predicts(t, "", "--model", first, "--model", second, "the film is good")
	if len(p.Models) != 2 || len(p.Texts[0].Said) != 2 || p.Models[0].Title == p.Models[1].Title {
		t.Fatalf("%s\n%s", c.stdout, c.stderr)
	}
	for i, said := range p.Texts[0].Said[0].Probabilities { // the same model, its classes in another order
		if other := p.Texts[0].Said[1].Probabilities[i]; other.Label != said.Label || math.Abs(other.Probability-said.Probability) > 1e-6 {
			t.Errorf("%+v and %+v", said, other)
		}
	}
	tail := func(dir string) string { return filepath.Join(filepath.Base(filepath.Dir(dir)), filepath.Base(dir)) } // 002/tiny
	table := bertlab(t, "predict", "--model", first, "--model", second, "the film is good").stdout
	if strings.Count(table, "good 0.") != 2 || !strings.Contains(table, tail(first)) || !strings.Contains(table, tail(second)) || strings.Contains(table, first) {
		t.Errorf("%s", table)
	}
}

func TestPredictTagsAnswersAndNamesSets(t *testing.T) {
	tagger, _ := trained(t, "ner")
	p, _ := predicts(t, "the film is good.\n", "--model", tagger)
	if words := p.Texts[0].Said[0].Words; len(words) != 5 || words[3].Word != "good" || words[3].Label != "B-PRAISE" || words[4].Word != "." || !(words[3].Probability > 0.25 && words[3].Probability <= 1) {
		t.Errorf("words %+v", words)
	}
	p, _ = predicts(t, "the\u7535\u5f71 is\u597d\u3002\n", "--model", tagger)
	var chinese []string
	for _, word := range p.Texts[0].Said[0].Words {
		chinese = append(chinese, word.Word)
	}
	if want := []string{"the", "\u7535", "\u5f71", "is", "\u597d", "\u3002"}; !slices.Equal(chinese, want) {
		t.Errorf("the words are %q, not %q", chinese, want)
	}
	reader, _ := trained(t, "squad")
	for _, args := range [][]string{
		{"--question", "is the film very good", "the film is great ."}, {"--pair", "is the film very good", "the film is great ."},
		{"--question", "is the film very good", "--context", "the film is great ."}, {"--context", "the film is great .", "is the film very good"},
	} {
		p, c := predicts(t, "", append(args, "--model", reader)...)
		if c.status != exitSuccess {
			t.Fatalf("%q: %s", args, c.stderr)
		}
		if said := p.Texts[0].Said[0]; said.Answer == nil || !strings.Contains("the film is great .", *said.Answer) || !(*said.Probability > 0 && *said.Probability <= 1) {
			t.Errorf("%q: %+v", args, said)
		}
	}
	p, _ = predicts(t, "is it\tthe film is great .\nis it\tthe plot is dull .\n", "--pair", "--model", reader)
	if len(p.Texts) != 2 || p.Texts[1].Pair != "the plot is dull ." {
		t.Errorf("%+v", p.Texts)
	}
	moderator, _ := trained(t, "multilabel", "--labels", "praise,blame,short")
	p, _ = predicts(t, "", "--model", moderator, "the film is good .", "the film is very dull .")
	for _, text := range p.Texts {
		said := text.Said[0]
		for i, c := range said.Probabilities {
			if (c.Probability > 0.5) != (i < len(said.Labels)) || len(said.Probabilities) != 3 {
				t.Errorf("%+v", said)
			}
		}
	}
	_, c := predicts(t, "", "--model", tagger, "--pair", "a", "b")
	c.fails(exitWrongCall, "--pair")
	_, c = predicts(t, "", "--model", moderator, "--question", "who", "he")
	c.fails(exitWrongCall, "answers no questions", "--question")
	_, c = predicts(t, "", "--model", reader, "he")
	c.fails(exitWrongCall, "--question", "--pair")
}

func TestPredictSaysWhichTextsAreCut(t *testing.T) {
	model := tinyModel(t, 2)
	p, c := predicts(t, "", "--model", model, "good", strings.Repeat("very ", 60)+"bad", strings.Repeat("bad ", 31))
	if said := p.Texts; p.Models[0].Truncated != 2 || said[0].Said[0].Truncated || !said[1].Said[0].Truncated || !said[2].Said[0].Truncated {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(c.stderr, "2 of the 3 texts are longer than 32 tokens and were cut") || !strings.Contains(c.stderr, "max_position_embeddings") {
		t.Errorf("standard error: %s", c.stderr)
	}
}

func TestPredictRefusesWhatItCannotAsk(t *testing.T) {
	model := tinyModel(t, 2)
	for _, c := range []struct {
		stdin    string
		args     []string
		status   int
		mentions string
	}{
		{"", []string{"good"}, exitWrongCall, "--model"},
		{"", []string{"--model", model}, exitWrongCall, "standard input"},
		{" \n\n", []string{"--model", model}, exitWrongCall, "standard input"},
		{"", []string{"--model", model, " "}, exitWrongCall, "text 1 is empty"},
		{"", []string{"--model", model, "--pair", "a", "b", "c"}, exitWrongCall, "two by two, and 3"},
		{"a\nb\tc\td\n", []string{"--model", model, "--pair"}, exitFailure, "line 1 of standard input has 0 tabs"},
		{"", []string{"--model", model, "--labels", "a,b,c", "good"}, exitWrongCall, "--labels names 3 classes"},
		{"", []string{"--model", tinyModel(t, 0), "good"}, exitFailure, "finetune"},
		{"", []string{"--model", model, "--question", "a", "--context", "b", "c"}, exitWrongCall, `"c"`},
	} {
		_, e := predicts(t, c.stdin, c.args...)
		e.fails(c.status, c.mentions)
	}
	p, _ := predicts(t, "", "--model", model, "--labels", "yes,no", "good")
	if label := p.Texts[0].Said[0].Label; label != "yes" && label != "no" {
		t.Errorf("label %q", label)
	}
}

func TestLabelsNameTheClassesOfAModelThatHasNoNames(t *testing.T) {
	unnamed, named := tinyModel(t, 3), namedModel(t, []string{"toxic", "insult", "spam"}, 0, 1, 2)
	best := func(args ...string) string {
		p, c := predicts(t, "", append(args, "the film is good")...)
		if c.status != exitSuccess {
			t.Fatalf("%q: %s", args, c.stderr)
		}
		return p.Texts[0].Said[0].Label
	}
	own := best("--model", named) // the models have the same weights
	if got := best("--model", unnamed, "--labels", "toxic,insult,spam"); got != own {
		t.Errorf("%q by place, %q by name", got, own)
	}
	for _, labels := range []string{"toxic,insult,spam", "spam,toxic,insult"} {
		if got := best("--model", named, "--labels", labels); got != own {
			t.Errorf("--labels %s: %q, want %q", labels, got, own)
		}
	}
	if got := best("--model", named, "--labels", "SPAM,TOXIC,INSULT"); got != strings.ToUpper(own) {
		t.Errorf("in capitals: %q", got)
	}
	for labels, mention := range map[string]string{"a,a,b": "--labels names \"a\" twice", "a,b,c": "has names for its classes", "toxic,insult": "--labels names 2 classes"} {
		_, c := predicts(t, "", "--model", named, "--labels", labels, "good")
		c.fails(exitWrongCall, mention)
	}
	_, c := predicts(t, "", "--model", unnamed, "--labels", "a,a,b", "good")
	c.fails(exitWrongCall, "--labels names \"a\" twice")
}

func TestEveryLineOfStandardInputHasARow(t *testing.T) {
	model := namedModel(t, []string{"bad", "good"}, 0, 1)
	const lines = "the film is good\n\nthe film is bad\r\n \t\nthe plot is dull\n"
	p, _ := predicts(t, lines, "--model", model, "--model", model)
	if len(p.Texts) != 5 {
		t.Fatalf("%d texts of 5 lines", len(p.Texts))
	}
	for i, want := range []string{"the film is good", "", "the film is bad", "", "the plot is dull"} {
		if got := p.Texts[i]; got.Text != want || len(got.Said) != map[bool]int{true: 0, false: 2}[want == ""] {
			t.Errorf("line %d: %+v, want %q", i+1, got, want)
		}
		if want == "" {
			continue
		}
		alone, _ := predicts(t, "", "--model", model, want)
		if got := p.Texts[i].Said[1].Probabilities[0]; math.Abs(got.Probability-alone.Texts[0].Said[0].Probabilities[0].Probability) > 1e-6 {
			t.Errorf("line %d: %+v, alone %+v", i+1, got, alone.Texts[0].Said[0])
		}
	}
	_, c := predicts(t, "a\n\n", "--model", model)
	if !strings.Contains(c.stdout, `"said": []`) {
		t.Errorf("an empty line is %s", c.stdout)
	}
	tables := show.Predicted(p)
	if len(tables) != 1 || len(tables[0].Rows) != 5 || tables[0].Rows[1][0] != "" || strings.Count(tables[0].Text(), "\n") != 7 {
		t.Errorf("%s", tables[0].Text())
	}
	p, _ = predicts(t, "a\tb\n\nc\td\n", "--pair", "--model", model)
	if len(p.Texts) != 3 || p.Texts[2].Pair != "d" || len(p.Texts[1].Said) != 0 {
		t.Errorf("%+v", p.Texts)
	}
	_, c = predicts(t, "a\tb\n\t c\n", "--pair", "--model", model)
	c.fails(exitFailure, "line 2 of standard input has an empty text")
}
