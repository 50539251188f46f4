package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/safetensors"
	"bertlab/internal/tiny"
)

// kindsFolder has a model of every kind that transformers saves as a BERT or an ALBERT: see gbert/testdata/make_kinds.py.
const kindsFolder = "../../gbert/testdata"

// A kind is what transformers computes with such a model.
type kind struct {
	Class   string               `json:"class"`
	Outputs map[string][]float32 `json:"outputs"`
}

func readKinds(t *testing.T) map[string]kind {
	t.Helper()
	var golden struct{ Kinds map[string]kind }
	readJSON(t, filepath.Join(kindsFolder, "kinds.json"), &golden)
	return golden.Kinds
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// writingCommands are those that write a model and leave its head as it is.
var writingCommands = []struct {
	name string
	args []string
	same bool // the written model computes the same
}{
	{"export", []string{"export"}, true},
	{"export dense", []string{"export", "--dense"}, true},
	{"export compact", []string{"export", "--compact"}, true},
	{"heads prune", []string{"heads", "prune", "--remove", "0:1;1:1"}, false},
	{"layers drop", []string{"layers", "drop", "--strategy", "list", "--layers", "1"}, false},
	{"tucker", []string{"tucker", "--rank", "2"}, false},
	{"tucker bank", []string{"tucker", "--form", "bank", "--rank", "2-4"}, false},
	{"share", []string{"share", "--groups", "1"}, false},
	{"share embedding", []string{"share", "--what", "none", "--embedding", "4"}, false},
}

// A written model is one that a command wrote, made dense.
type written struct {
	kind, command, dir string
	same               bool
}

func TestEveryKindOfModelKeepsItsHeadInEveryCommand(t *testing.T) {
	kinds, root := readKinds(t), t.TempDir()
	var all []written
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		source := filepath.Join(kindsFolder, "kinds", name)
		for _, c := range writingCommands {
			if c.name == "share embedding" && strings.HasPrefix(name, "Albert") {
				continue // its embeddings are factorised already
			}
			t.Run(name+" "+c.name, func(t *testing.T) {
				out, dense := filepath.Join(root, name, c.name, "out"), filepath.Join(root, name, c.name, "dense")
				made := bertlab(t, append(slices.Clone(c.args), "--model", source, "--out", out, "--json")...)
				made.document()
				bertlab(t, "export", "--dense", "--model", out, "--out", dense, "--json").document()
				checkKept(t, source, dense, made.stderr)
				all = append(all, written{name, c.name, dense, c.same})
			})
		}
	}
	t.Run("transformers", func(t *testing.T) { checkWithTransformers(t, kinds, all) })
}

// shapeKeys are the keys of a configuration that commands may change.
var shapeKeys = []string{"num_hidden_layers", "num_hidden_groups", "dtype", "torch_dtype"}

// checkKept compares what a written model says of itself, and the tensors of its heads and its pooler, with the model's before. Tensors
// that are not computed with must be named on standard error.
func checkKept(t *testing.T, source, dense, stderr string) {
	t.Helper()
	before, after := headTensors(t, source), headTensors(t, dense)
	if !reflect.DeepEqual(before, after) {
		t.Errorf("the tensors %v became %v, or others", slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
	}
	model, err := gbert.Load(source)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if carried := strings.Join(model.Carried(), ", "); carried != "" && !strings.Contains(stderr, carried) || carried == "" && strings.Contains(stderr, "carried") {
		t.Errorf("carried are %q, and the program said %q", carried, stderr)
	}
	var was, is map[string]any
	readJSON(t, filepath.Join(source, "config.json"), &was)
	readJSON(t, filepath.Join(dense, "config.json"), &is)
	for key, value := range was {
		if !slices.Contains(shapeKeys, key) && !reflect.DeepEqual(is[key], value) {
			t.Errorf("%s was %v and is %v", key, value, is[key])
		}
	}
	for _, key := range []string{"problem_type", "bertlab"} {
		if _, ok := was[key]; !ok && is[key] != nil {
			t.Errorf("%s is %v", key, is[key])
		}
	}
}

// headTensors are a folder's tensors outside encoder and embeddings.
func headTensors(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := allTensors(t, dir)
	maps.DeleteFunc(found, func(name, _ string) bool {
		return strings.Contains(name, "encoder.") || strings.Contains(name, "embeddings.")
	})
	return found
}

// allTensors are a folder's tensors, type and bytes.
func allTensors(t *testing.T, dir string) map[string]string {
	t.Helper()
	file, err := safetensors.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	found := map[string]string{}
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		found[name] = string(tensor.DType) + string(bytes.Clone(tensor.Data))
	}
	return found
}

// checkWithTransformers loads written models with transformers, each as the class of its kind. Nothing may be missing, and what they
// compute must be what bertlab computes with them, and for a command that changes nothing what the original computes.
func checkWithTransformers(t *testing.T, kinds map[string]kind, all []written) {
	python := os.Getenv("BERTLAB_PEER_PYTHON")
	if python == "" {
		t.Skip("BERTLAB_PEER_PYTHON does not name a Python with transformers")
	}
	arguments := []string{filepath.Join(kindsFolder, "make_kinds.py"), "--read"}
	for _, w := range all {
		arguments = append(arguments, kinds[w.kind].Class, w.dir)
	}
	command := exec.CommandContext(t.Context(), python, arguments...)
	command.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "OMP_NUM_THREADS=1")
	command.Stderr = &bytes.Buffer{}
	text, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, command.Stderr)
	}
	var results []struct {
		kind
		Missing, Unexpected, Mismatched []string
	}
	if err := json.Unmarshal(text, &results); err != nil || len(results) != len(all) {
		t.Fatalf("%v\n%s", err, text)
	}
	for i, w := range all {
		t.Run(w.kind+" "+w.command, func(t *testing.T) {
			r := results[i]
			if len(r.Missing)+len(r.Unexpected)+len(r.Mismatched) > 0 || r.Class != kinds[w.kind].Class {
				t.Errorf("as %s: missing %v, unexpected %v, mismatched %v", r.Class, r.Missing, r.Unexpected, r.Mismatched)
			}
			near(t, "last hidden states", hiddenStates(t, w.dir), r.Outputs["hidden"])
			if !w.same {
				return
			}
			for name, values := range kinds[w.kind].Outputs {
				near(t, name, r.Outputs[name], values)
			}
		})
	}
}

func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if d := tiny.Apart([][]float32{got}, [][]float32{want}); !(d <= 1e-5) || math.IsNaN(d) {
		t.Errorf("%s: differ by %g", what, d)
	}
}

// hiddenStates are the last ones of a model for the golden inputs.
func hiddenStates(t *testing.T, dir string) []float32 {
	t.Helper()
	model, err := gbert.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	var golden struct {
		IDs, Types [][]int32
		Mask       [][]float32
	}
	readJSON(t, filepath.Join(kindsFolder, "golden.json"), &golden)
	batch := &gbert.Batch{Index: []int{0, 1, 2, 3}, Rows: len(golden.IDs), Length: len(golden.IDs[0])}
	batch.IDs, batch.Types, batch.Mask = slices.Concat(golden.IDs...), slices.Concat(golden.Types...), slices.Concat(golden.Mask...)
	session := tiny.Session(t, model)
	program, err := gbert.NewProgram[gbert.BatchOf[*tensors.Tensor]](session, "hidden", func(begin func(gbert.Taps) *gbert.Forward, in gbert.Input) []*Node {
		return []*Node{begin(gbert.Taps{}).Encode(in, false).Hidden}
	})
	if err != nil {
		t.Fatal(err)
	}
	results, err := program.Consume(batch.Tensors().BatchOf)
	if err != nil {
		t.Fatal(err)
	}
	defer results.Close()
	values, err := results.Values(0)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestAFreshHeadTakesThePlaceOfAnyOtherWithOneLine(t *testing.T) {
	for name := range readKinds(t) {
		t.Run(name, func(t *testing.T) {
			source := kindWithWords(t, name)
			out := filepath.Join(t.TempDir(), "out")
			made := bertlab(t, "finetune", "--model", source, "--task", "custom", "--labels", "x,y", "--train", letterFile(t), "--epochs", "1", "--out", out, "--quiet", "--json")
			made.document()
			model, err := gbert.Load(source)
			if err != nil {
				t.Fatal(err)
			}
			defer model.Close()
			if lines := strings.Count(made.stderr, "takes the place of"); (lines == 1) != (len(model.HeadWeights()) > 0) || lines > 1 {
				t.Errorf("%d lines about the head that goes: %q", lines, made.stderr)
			}
			trained, err := gbert.Load(out)
			if err != nil {
				t.Fatal(err)
			}
			defer trained.Close()
			if trained.Head() != gbert.SequenceHead || trained.NumLabels() != 2 || !trained.HasPooler() || len(trained.Carried()) > 0 {
				t.Errorf("%s with %d labels, a pooler: %v, carried %v", trained.Head(), trained.NumLabels(), trained.HasPooler(), trained.Carried())
			}
			if judged := bertlab(t, "eval", "--model", out, "--task", "custom", "--labels", "x,y", "--data", letterFile(t), "--json").document(); judged["examples"] != 4.0 {
				t.Errorf("judged %v", judged)
			}
		})
	}
}

func TestAPoolerThatTheNewHeadDoesNotHaveIsNamedOrCarried(t *testing.T) {
	tags := filepath.Join(t.TempDir(), "tags.conll")
	if err := os.WriteFile(tags, []byte("a B-X\nb I-X\n\nc O\nd B-X\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"BertModel": "the pooler goes", "BertForSequenceClassification": "the pooler goes", "AlbertForMultipleChoice": "the pooler goes",
		"BertForTokenClassification": "", "BertForMaskedLM": "",
	} {
		source, out := kindWithWords(t, name), filepath.Join(t.TempDir(), "out")
		made := bertlab(t, "finetune", "--model", source, "--task", "ner", "--train", tags, "--epochs", "1", "--out", out, "--quiet")
		if made.status != exitSuccess || strings.Count(made.stderr, "the pooler") != min(len(want), 1) || !strings.Contains(made.stderr, want) {
			t.Errorf("%s: ended with %d: %q", name, made.status, made.stderr)
		}
	}
	carried, out := carrying(t, "BertForTokenClassification", "bert.pooler.dense.weight", 8, 8), filepath.Join(t.TempDir(), "out")
	made := bertlab(t, "finetune", "--model", carried, "--task", "ner", "--train", tags, "--epochs", "1", "--out", out, "--quiet")
	if made.status != exitSuccess || allTensors(t, out)["bert.pooler.dense.weight"] != allTensors(t, carried)["bert.pooler.dense.weight"] {
		t.Errorf("ended with %d, or a pooler that is only carried is not what it was: %q", made.status, made.stderr)
	}
}

// kindWithWords is a copy of a model with a vocabulary of letters.
func kindWithWords(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(kindsFolder, "kinds", name))); err != nil {
		t.Fatal(err)
	}
	words := "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\n"
	if err := os.WriteFile(filepath.Join(dir, "vocab.txt"), []byte(words), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func letterFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "letters.csv")
	if err := os.WriteFile(path, []byte("text,label\na b,0\nb c,1\nc d,0\nd,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommandsThatNeedAnotherHeadSayWhichOneTheModelHas(t *testing.T) {
	for name, head := range map[string]string{
		"BertForQuestionAnswering": "question answering", "AlbertForTokenClassification": "token classification",
		"BertForMultipleChoice": "no classification head", "BertForPreTraining": "no classification head", "BertModel": "no classification head",
	} {
		source := kindWithWords(t, name)
		data := []string{"--model", source, "--task", "custom", "--labels", "x,y", "--data", letterFile(t)}
		for _, command := range [][]string{{"eval"}, {"heads", "importance"}, {"heads", "ablate"}, {"heads", "prune", "--fraction", "0.5", "--out", t.TempDir()}} {
			bertlab(t, append(command, data...)...).fails(exitFailure, head, "bertlab finetune")
		}
		bertlab(t, "profile", "--model", source, "--length", "8", "--json").document()
		bertlab(t, "layers", "similarity", "--model", source, "--task", "custom", "--labels", "x,y", "--data", letterFile(t), "--json").document()
	}
}
