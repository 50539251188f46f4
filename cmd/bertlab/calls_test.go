package main

import (
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"bertlab/papers/experiment"
)

func TestWrongCallsEndWithTwoAndSayWhatIsPossible(t *testing.T) {
	model, data := tinyModel(t, 2), reviews(t, 9)
	eval := []string{"eval", "--model", model, "--data", data, "--task"}
	for name, test := range map[string]struct {
		args     []string
		mentions []string
	}{
		"unknown command":        {[]string{"evaluate"}, []string{"evaluate", "--help"}},
		"unknown flag":           {[]string{"eval", "--modle", "x"}, []string{"--modle"}},
		"flag of the wrong kind": {[]string{"eval", "--batch", "many"}, []string{"--batch", "many"}},
		"needless argument":      {[]string{"eval", "model"}, []string{"model"}},
		"heads alone":            {[]string{"heads"}, []string{"importance"}},
		"unknown heads command":  {[]string{"heads", "cut"}, []string{"cut"}},
		"unknown task":           {append(eval, "sst3"), []string{"sst3", "sst2", "movies"}},
		"data without a task":    {eval[:5], []string{"--task", "sst2"}},
		"layer out of range":     {append(eval, "sst2", "--mask-heads", "3:0"), []string{"layer 3", "0…2"}},
		"head out of range":      {append(eval, "sst2", "--mask-heads", "0:4"), []string{"0…3", "head 4"}},
		"heads badly written":    {append(eval, "sst2", "--mask-heads", "0-3"), []string{"0-3", "0:3,5;2:1"}},
		"length of two":          {append(eval, "sst2", "--max-length", "2"), []string{"--max-length"}},
		"no batch":               {append(eval, "sst2", "--batch", "0"), []string{"--batch"}},
		"prune nothing":          {[]string{"heads", "prune", "--model", model, "--out", "x"}, []string{"remove", "fraction"}},
		"prune twice":            {[]string{"heads", "prune", "--model", model, "--out", "x", "--remove", "0:1", "--fraction", "0.5"}, []string{"remove", "fraction"}},
		"prune too much":         {[]string{"heads", "prune", "--model", model, "--out", "x", "--fraction", "1.5"}, []string{"--fraction 1.5"}},
		"prune unknown head":     {[]string{"heads", "prune", "--model", model, "--out", "x", "--remove", "0:9"}, []string{"0…3"}},
		"data for named heads":   {[]string{"heads", "prune", "--model", model, "--out", "x", "--remove", "0:1", "--examples", "5"}, []string{"--examples", "--fraction"}},
		"order of named heads":   {[]string{"heads", "prune", "--model", model, "--out", "x", "--remove", "0:1", "--order", "random"}, []string{"--order", "--fraction"}},
		"importance at random":   {[]string{"heads", "prune", "--model", model, "--out", "x", "--fraction", "0.5", "--order", "random", "--variant", "token"}, []string{"--variant", "importance"}},
		"data for a position":    {[]string{"layers", "drop", "--model", model, "--out", "x", "--k", "1", "--examples", "5"}, []string{"--examples", "contribution"}},
		"data for plain factors": {[]string{"tucker", "--model", model, "--out", "x", "--rank", "4", "--split", "dev"}, []string{"--split", "--weighted"}},
		"calibrating nothing":    {[]string{"quantise", "--model", model, "--out", "x", "--calibrate", "5"}, []string{"--calibrate", "static", "auto"}},
		"groups of nothing":      {[]string{"share", "--model", model, "--out", "x", "--what", "none", "--embedding", "4", "--groups", "2"}, []string{"--groups", "none"}},
		"groups of one layer":    {[]string{"share", "--model", model, "--out", "x", "--groups", "3"}, []string{"--groups 3", "none would share"}},
		"unknown variant":        {[]string{"heads", "importance", "--variant", "word"}, []string{"example", "token"}},
		"figure of unknown kind": {[]string{"heads", "ablate", "--figure", "a.gif"}, []string{".png"}},
		"no epoch":               {[]string{"finetune", "--out", "x", "--epochs", "0"}, []string{"--epochs 0"}},
		"no learning rate":       {[]string{"finetune", "--out", "x", "--lr", "0"}, []string{"--lr 0"}},
		"unknown keep":           {[]string{"finetune", "--out", "x", "--keep", "first"}, []string{"best", "last"}},
		"unknown precision":      {[]string{"finetune", "--out", "x", "--precision", "bf61"}, []string{"--precision bf61", "float32, bf16", "did you mean bf16"}},
		"precision of pruning":   {[]string{"movement", "--remaining", "0.5", "--out", "x", "--precision", "float16"}, []string{"--precision float16", "float32"}},
		"one file for two sets":  {[]string{"finetune", "--model", model, "--task", "sst2", "--out", "x", "--data", data}, []string{"--train", "--dev"}},
		"landscape of one model": {[]string{"landscape", "--to", model}, []string{"--from", "--to"}},
		"landscape of one point": {[]string{"landscape", "--from", model, "--to", model, "--grid", "1"}, []string{"--grid 1", "2 to 1001"}},
		"range the wrong way":    {[]string{"landscape", "--from", model, "--to", model, "--range", "2,-1"}, []string{"--range 2,-1", "-1,2"}},
		"part that is none":      {[]string{"landscape", "--from", model, "--to", model, "--part", "left"}, []string{"low", "middle", "high"}},
		"turning a line":         {[]string{"landscape", "--from", model, "--to", model, "--turn", "x.html"}, []string{"--other"}},
		"unknown paper":          {[]string{"reproduce", "nonesuch"}, []string{"nonesuch"}},
	} {
		t.Run(name, func(t *testing.T) {
			bertlab(t, test.args...).fails(exitWrongCall, test.mentions...)
		})
	}
	if output.Exists("x") {
		t.Error("a wrong call wrote something")
	}
}

func TestFailuresEndWithOneAndNameTheFile(t *testing.T) {
	model, data, headless := tinyModel(t, 2), reviews(t, 9), tinyModel(t, 0)
	broken := tinyModel(t, 2)
	if err := os.Truncate(filepath.Join(broken, "model.safetensors"), 1000); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "nothing")
	for name, test := range map[string]struct {
		model, task, data string
		mentions          []string
	}{
		"no such model":         {missing, "sst2", data, []string{missing}},
		"no such data":          {model, "sst2", missing, []string{missing}},
		"model cut short":       {broken, "sst2", data, []string{"model.safetensors"}},
		"model without a head":  {headless, "sst2", data, []string{"finetune", headless}},
		"head of another size":  {model, "mnli", write(t, "mnli.tsv", "sentence1\tsentence2\tgold_label\na\tb\tneutral\n"), []string{"2", "3", "mnli"}},
		"empty file":            {model, "sst2", write(t, "empty.tsv", ""), []string{"empty.tsv"}},
		"binary file":           {model, "sst2", write(t, "binary.tsv", "a\x00b\x01\n"), []string{"binary.tsv"}},
		"label out of range":    {model, "sst2", write(t, "label.tsv", "sentence\tlabel\ngood\t2\n"), []string{"label.tsv", "line 2"}},
		"row without a label":   {model, "sst2", write(t, "row.tsv", "sentence\tlabel\ngood\n"), []string{"row.tsv", "line 2"}},
		"header without labels": {model, "sst2", write(t, "header.tsv", "sentence\ngood\n"), []string{"header.tsv", "label"}},
	} {
		t.Run(name, func(t *testing.T) {
			bertlab(t, "eval", "--model", test.model, "--task", test.task, "--data", test.data, "--json").fails(exitFailure, test.mentions...)
		})
	}
}

func TestInterruptedCommandEndsWithOne(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	bertlabContext(t, ctx, "eval", "--model", tinyModel(t, 2), "--task", "sst2", "--data", reviews(t, 9), "--json").fails(exitFailure, "interrupted")
}

func TestOnlyWorkThatCanGoOnLaterSaysSoWhenItIsInterrupted(t *testing.T) {
	for resumes, want := range map[bool][2]string{
		false: {"interrupted: stopping; Ctrl-C again", "eval: interrupted"},
		true:  {"interrupted: stopping where the work can go on later; Ctrl-C again", "eval: interrupted; repeat the command to go on"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		a := newApp(io.Discard, io.Discard)
		a.resumes.Store(resumes)
		cancel()
		if got := a.plain(ctx, fmt.Errorf("eval: %w", ctx.Err())); got != want[1] || !strings.Contains(a.stopping(), want[0]) {
			t.Errorf("%q, %q", got, a.stopping())
		}
	}
	if help := newApp(io.Discard, io.Discard).root().Long; !strings.Contains(help, "3 where reproduce --gather misses steps") {
		t.Errorf("%s", help)
	}
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	var visit func(*cobra.Command)
	visit = func(command *cobra.Command) {
		if command.Short == "" || command.Long == "" || !strings.Contains(command.Example, command.CommandPath()) {
			t.Errorf("%s: %q, example %q", command.CommandPath(), command.Short, command.Example)
		}
		for _, child := range command.Commands() {
			if child.Name() != "help" && child.Name() != "completion" {
				visit(child)
			}
		}
	}
	visit(newApp(os.Stdout, os.Stderr).root())
}

func TestPapersAreChosenByNameInTheOrderAsked(t *testing.T) {
	all := []experiment.Paper{fake{name: "heads"}, fake{name: "movement"}}
	if chosen, err := workbench.ChoosePapers(all, nil); err != nil || len(chosen) != 2 {
		t.Errorf("no name gives %d papers, %v", len(chosen), err)
	}
	if chosen, err := workbench.ChoosePapers(all, []string{"movement"}); err != nil || len(chosen) != 1 || chosen[0] != all[1] {
		t.Errorf("movement gives %v, %v", chosen, err)
	}
	if _, err := workbench.ChoosePapers(all, []string{"feet"}); err == nil || !strings.Contains(err.Error(), "heads, movement") {
		t.Errorf("the error names no papers: %v", err)
	}
}
