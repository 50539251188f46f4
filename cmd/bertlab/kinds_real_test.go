package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
)

// A readText is what transformers makes of texts with a model's folder.
type readText struct {
	Missing, Unexpected, Mismatched []string
	Class                           string
	Texts                           []string
	IDs                             [][]int32
	Outputs                         []map[string][]float32
}

func TestRealWeightsUnderEveryHeadReadRealTextsAsTransformersDoes(t *testing.T) {
	python := os.Getenv("BERTLAB_PEER_PYTHON")
	if python == "" {
		t.Skip("BERTLAB_PEER_PYTHON does not name a Python with transformers")
	}
	root := t.TempDir()
	script := func(arguments ...string) []byte {
		command := exec.CommandContext(t.Context(), python, append([]string{filepath.Join(kindsFolder, "make_kinds.py")}, arguments...)...)
		command.Env, command.Stderr = append(os.Environ(), "HF_HUB_OFFLINE=1", "OMP_NUM_THREADS=1"), &bytes.Buffer{}
		text, err := command.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, command.Stderr)
		}
		return text
	}
	script("--real", testbed.RealModel(t, "all-MiniLM-L6-v2"), root)
	classes, err := os.ReadDir(root)
	if err != nil || len(classes) != 8 {
		t.Fatalf("%d classes, %v", len(classes), err)
	}
	for _, class := range classes {
		t.Run(class.Name(), func(t *testing.T) {
			source := filepath.Join(root, class.Name())
			out, dense := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "dense")
			bertlab(t, "heads", "prune", "--remove", "0:1,5;3:2", "--model", source, "--out", out, "--json").document()
			bertlab(t, "export", "--dense", "--model", out, "--out", dense, "--json").document()
			var results []readText
			text := script("--texts", class.Name(), source, class.Name(), dense)
			if err := json.Unmarshal(text, &results); err != nil || len(results) != 2 {
				t.Fatalf("%v\n%s", err, text)
			}
			for i, dir := range []string{source, dense} {
				if r := results[i]; len(r.Missing)+len(r.Unexpected)+len(r.Mismatched) > 0 || r.Class != class.Name() {
					t.Errorf("as %s: missing %v, unexpected %v, mismatched %v", r.Class, r.Missing, r.Unexpected, r.Mismatched)
				}
				compareTexts(t, dir, results[i])
			}
			compareTexts(t, out, results[1]) // the small model computes what its dense one does
		})
	}
}

// compareTexts computes what transformers computed.
func compareTexts(t *testing.T, dir string, want readText) {
	t.Helper()
	model, err := gbert.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	session := tiny.Session(t, model)
	program, err := gbert.NewProgram[gbert.BatchOf[*tensors.Tensor]](session, "hidden", func(begin func(gbert.Taps) *gbert.Forward, in gbert.Input) []*Node {
		return []*Node{begin(gbert.Taps{}).Encode(in, false).Hidden}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range want.Texts {
		encoding := model.Tokenizer.Encode(text, "", 256)
		if !slices.Equal(encoding.IDs, want.IDs[i]) {
			t.Errorf("%q has the tokens %v, transformers' are %v", text, encoding.IDs, want.IDs[i])
			continue
		}
		batch := gbert.PadBatch([]tokenizer.Encoding{encoding}, []int{0}, 1, nil, 0)
		results, err := program.Consume(batch.Tensors().BatchOf)
		if err != nil {
			t.Fatal(err)
		}
		hidden, err := results.Values(0)
		results.Close()
		if err != nil {
			t.Fatal(err)
		}
		near(t, "last hidden states", hidden, want.Outputs[i]["hidden"])
		if logits, ok := want.Outputs[i]["logits"]; ok {
			rows, err := session.BatchLogits(batch, nil)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "logits", rows[0], logits)
		}
	}
}
