package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"bertlab/cmd/bertlab/internal/output"
	"bertlab/gbert"
)

// kindFolder is a folder with a train and a dev split of a further kind of task.
func kindFolder(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	for split, n := range map[string]int{"train": 24, "dev": 12} {
		file := kindFiles(t, n)[name]
		if err := os.Rename(file, filepath.Join(dir, split+filepath.Ext(file))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRecipesCompressModelsOfEveryKind(t *testing.T) {
	recipe := write(t, "all.yaml", `steps:
 - fine-tune: {epochs: 4, batch: 8, learning-rate: 0.01, max-length: 32}
 - movement: {remaining: 0.5, attention: head, ffn: neuron, distil: true, epochs: 2, batch: 8, learning-rate: 0.01}
 - prune-heads: {fraction: 0.3, examples: 16}
 - drop-layers: {count: 1}
 - factorise: {rank: 2, maps: ffn, weighted: true, examples: 8}
 - distil: {epochs: 2, batch: 8, learning-rate: 0.01, max-length: 32}
`)
	for name, head := range map[string]gbert.Head{"squad": gbert.SpanHead, "ner": gbert.TokenHead, "multilabel": gbert.SequenceHead} {
		t.Run(name, func(t *testing.T) {
			data, out := kindFolder(t, name), filepath.Join(t.TempDir(), "small")
			args := []string{"--task", name, "--data", data, "--json"}
			if name == "multilabel" {
				args = append(args, "--labels", "praise,blame,short")
			}
			document := bertlab(t, append([]string{"recipe", recipe, "--model", tinyModel(t, 0), "--out", out}, args...)...).document()
			judged := bertlab(t, append([]string{"eval", "--model", out}, args...)...).document()
			if a, b := number(t, document, "loss"), number(t, judged, "loss"); math.Abs(a-b) > 1e-6 {
				t.Errorf("loss %g by the recipe, %g by eval", a, b)
			}
			if a, b := number(t, document, "score"), number(t, judged, "metrics", document["metric"].(string)); a != b {
				t.Errorf("%s %g by the recipe, %g by eval", document["metric"], a, b)
			}
			model, err := gbert.Load(out)
			if err != nil {
				t.Fatal(err)
			}
			defer model.Close()
			if many := model.Config.ProblemType == gbert.MultiLabel; model.Head() != head || many != (name == "multilabel") {
				t.Errorf("a head for %s, problem_type %q", model.Head(), model.Config.ProblemType)
			}
			if name == "multilabel" && !slices.Equal(model.Config.Labels, []string{"praise", "blame", "short"}) {
				t.Errorf("the labels are %v", model.Config.Labels)
			}
		})
	}
}

func TestARecipeTakesTheTagsOfBothSplits(t *testing.T) {
	data, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
	for name, text := range map[string]string{"train.conll": "the O\nfilm B-X\n", "dev.conll": "the O\nfilm B-Y\n"} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	recipe := write(t, "tune.yaml", "steps:\n - fine-tune: {batch: 2}\n")
	bertlab(t, "recipe", recipe, "--model", tinyModel(t, 0), "--task", "ner", "--data", data, "--out", out, "--json").document()
	model, err := gbert.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if !slices.Equal(model.Config.Labels, []string{"B-X", "B-Y", "O"}) {
		t.Errorf("the labels are %v", model.Config.Labels)
	}
}

func TestARecipeWithSoftTargetsSaysAtOnceThatARegressionHasNone(t *testing.T) {
	data := t.TempDir()
	for _, name := range []string{"train.csv", "dev.csv"} {
		if err := os.WriteFile(filepath.Join(data, name), []byte("sentence1,sentence2,score\nthe film,film,3.5\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"--model", tinyModel(t, 0), "--task", "stsb", "--data", data}
	taught := write(t, "taught.yaml", "steps:\n - fine-tune: {batch: 2}\n - distil: {batch: 2}\n")
	bertlab(t, append([]string{"recipe", taught, "--out", filepath.Join(t.TempDir(), "out")}, args...)...).fails(exitFailure, "soft targets need classes", "without distillation")
	plain := write(t, "plain.yaml", "steps:\n - fine-tune: {batch: 2}\n - prune-heads: {fraction: 0.5}\n")
	out := filepath.Join(t.TempDir(), "out")
	document := bertlab(t, append([]string{"recipe", plain, "--out", out, "--json"}, args...)...).document()
	if score, ok := document["score"]; !ok || score != nil || !output.Exists(filepath.Join(out, "recipe.json")) {
		t.Errorf("the correlation of one example with itself is %v", score)
	}
}

func TestOperationsOfAHeadThatReadsAllTokensCountThemAll(t *testing.T) {
	for name, all := range map[string]bool{"BertForTokenClassification": true, "BertForQuestionAnswering": true, "BertForMaskedLM": true, "BertForSequenceClassification": false} {
		source := filepath.Join(kindsFolder, "kinds", name)
		model, err := gbert.Load(source)
		if err != nil {
			t.Fatal(err)
		}
		length := model.Config.MaxPositionEmbeddings
		count := model.Config.MACs(length, !all)
		if all {
			count.Pooler = 0
		}
		want := float64(count.Total())
		if err := model.Close(); err != nil {
			t.Fatal(err)
		}
		dropped := bertlab(t, "layers", "drop", "--strategy", "list", "--layers", "1", "--model", source, "--out", filepath.Join(t.TempDir(), "out"), "--json").document()
		if got := number(t, dropped, "macs_before"); got != want {
			t.Errorf("%s: layers drop counts %g operations before, %g were expected", name, got, want)
		}
		for _, command := range [][]string{{"share"}, {"tucker", "--rank", "2"}} {
			document := bertlab(t, append(command, "--model", source, "--out", filepath.Join(t.TempDir(), "out"), "--json")...).document()
			counts := document["macs"].([]any)
			if got := number(t, counts[len(counts)-1].(map[string]any), "before"); got != want {
				t.Errorf("%s: %s counts %g operations before, %g were expected", name, command[0], got, want)
			}
		}
	}
}
