package techniques

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/internal/tiny"
)

// TestGraphsOfEveryTechniqueInPythonsRuntimes gives the graph of each technique's model to onnx's checker, ONNX Runtime and OpenVINO.
func TestGraphsOfEveryTechniqueInPythonsRuntimes(t *testing.T) {
	python := os.Getenv("BERTLAB_PEER_PYTHON")
	if python == "" {
		t.Skip("BERTLAB_PEER_PYTHON is not set: it names a Python with onnx, onnxruntime and openvino")
	}
	dir := t.TempDir()
	whole := classifier(t, 3, 1)
	write := func(name string, model *gbert.Model, o gbert.PortableOptions) {
		t.Helper()
		folder := filepath.Join(dir, name)
		if err := model.SavePortable(folder, o, false); err != nil {
			t.Fatal(err)
		}
		batch := tiny.Prepare(t, model, tiny.Sentences(7, 5), 4).Batches[1]
		all := logits(t, model)
		want := make([][]float32, len(batch.Index))
		for row, example := range batch.Index {
			want[row] = all[example]
		}
		table := func(values []int32) (rows [][]int32) {
			for ; len(values) > 0; values = values[batch.Length:] {
				rows = append(rows, values[:batch.Length])
			}
			return rows
		}
		mask := make([]int32, len(batch.Mask))
		for i, m := range batch.Mask {
			mask[i] = int32(m)
		}
		text, err := json.Marshal(map[string]any{"input_ids": table(batch.IDs), "token_type_ids": table(batch.Types), "attention_mask": table(mask), "logits": want})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "batch.json"), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("whole", whole, gbert.PortableOptions{})
	for _, opset := range []int{13, 15, 18, 20, 21} {
		write("whole-opset-"+string(rune('a'+opset-13)), whole, gbert.PortableOptions{Opset: opset})
	}
	compared := 0
	for _, o := range operations {
		if o.rounds { // each runtime in its own way
			continue
		}
		compared++
		model, err := o.apply(whole, whole)
		if err != nil {
			t.Fatal(err)
		}
		for _, tokens := range []int{1, 100000} { // banks in other orders
			write(o.name+"-"+map[bool]string{true: "one", false: "many"}[tokens == 1], model, gbert.PortableOptions{Tokens: tokens})
		}
	}
	for _, activation := range gbert.Activations() {
		write("act-"+activation, tiny.Classifier(t, tiny.Shape{Layers: 1, Activation: activation}, 3), gbert.PortableOptions{})
	}
	output, err := exec.Command(python, filepath.Join("testdata", "portable.py"), dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if lines := strings.Count(string(output), "onnxruntime"); lines < 6+2*compared+len(gbert.Activations()) {
		t.Errorf("only %d graphs were compared:\n%s", lines, output)
	}
	t.Logf("%s", output)
}
