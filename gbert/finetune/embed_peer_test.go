package finetune

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/internal/testbed"
	"bertlab/stats"
)

// embedderFolder is all-MiniLM-L6-v2 with the files that sentence-transformers publishes beside it.
func embedderFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(testbed.RealModel(t, "all-MiniLM-L6-v2"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "1_Pooling"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"modules.json": `[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
			{"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
			{"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]`,
		"sentence_bert_config.json": `{"max_seq_length": 256, "do_lower_case": false}`,
		"1_Pooling/config.json":     `{"word_embedding_dimension": 384, "pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestCosinesAreThoseOfSentenceTransformers writes an embedder and its graph, which sentence-transformers reads.
func TestCosinesAreThoseOfSentenceTransformers(t *testing.T) {
	python, shared := os.Getenv("BERTLAB_PEER_PYTHON"), os.Getenv("BERTLAB_SHARED")
	if python == "" || shared == "" {
		t.Skip("BERTLAB_PEER_PYTHON or BERTLAB_SHARED is not set: they name a Python with sentence-transformers, and a folder with STS-B")
	}
	model, err := gbert.Load(embedderFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	of, err := task.Lookup("stsb")
	if err != nil {
		t.Fatal(err)
	}
	data, err := task.LoadDraw(t.Context(), nil, of, "dev", filepath.Join(shared, "data", "STS-B"), task.Columns{}, task.Draw{N: 150, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	written, graph := filepath.Join(t.TempDir(), "written"), filepath.Join(t.TempDir(), "graph")
	if err := model.Save(written, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	if err := model.SavePortable(graph, gbert.PortableOptions{}, false); err != nil {
		t.Fatal(err)
	}
	cosines, rho := cosinesOf(t, model, data)
	peer := sentenceTransformers(t, python, data, written, graph)
	for i, want := range peer.Cosines {
		if math.Abs(cosines[i]-want) > 2e-6 {
			t.Errorf("pair %d has the cosine %g, and %g in sentence-transformers", i, cosines[i], want)
		}
	}
	if math.Abs(rho-peer.Torch) > 1e-6 || peer.ONNX != 0 && math.Abs(rho-peer.ONNX) > 1e-4 {
		t.Errorf("Spearman %g, in sentence-transformers %g, by its ONNX backend %g", rho, peer.Torch, peer.ONNX)
	}
	t.Logf("Spearman %.6f on %d pairs, in sentence-transformers %.6f, by its ONNX backend %.6f", rho, data.Len(), peer.Torch, peer.ONNX)
}

func cosinesOf(t *testing.T, model *gbert.Model, data *task.Dataset) (cosines []float64, rho float64) {
	t.Helper()
	texts, err := SingleTexts(data)
	if err != nil {
		t.Fatal(err)
	}
	backend := testbed.XLA(t)
	session, err := gbert.NewSession(backend, model)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	prepared, err := Prepare(backend, model, texts, 128, 16, 1)
	if err != nil {
		t.Fatal(err)
	}
	pooling, _, err := model.Pooling()
	if err != nil {
		t.Fatal(err)
	}
	vectors, err := prepared.Embed(context.Background(), session, model.Config, pooling, nil)
	if err != nil {
		t.Fatal(err)
	}
	var targets []float64
	for i, e := range data.Examples {
		cosines, targets = append(cosines, Cosine(vectors[i], vectors[data.Len()+i])), append(targets, e.Value)
	}
	return cosines, stats.Spearman(cosines, targets)
}

type embedPeer struct {
	Torch, ONNX float64
	Cosines     []float64
}

func sentenceTransformers(t *testing.T, python string, data *task.Dataset, written, graph string) (peer embedPeer) {
	t.Helper()
	var pairs [][3]any
	for _, e := range data.Examples {
		pairs = append(pairs, [3]any{e.TextA, e.TextB, e.Value})
	}
	text, err := json.Marshal(pairs)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pairs.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(python, filepath.Join("testdata", "embed.py"), written, graph, file)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%v (it takes sentence-transformers)", err)
	}
	if err := json.Unmarshal(output[max(0, lastLine(output)):], &peer); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return peer
}

// lastLine is where the last line of a text begins.
func lastLine(text []byte) int {
	for i := len(text) - 2; i >= 0; i-- {
		if text[i] == '\n' {
			return i + 1
		}
	}
	return 0
}
