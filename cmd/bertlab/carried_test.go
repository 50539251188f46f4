package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/safetensors"
)

// carrying is a copy of a model whose file has one more tensor, of numbers.
func carrying(t *testing.T, kind, name string, shape ...int) string {
	t.Helper()
	dir := kindWithWords(t, kind)
	file, err := safetensors.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	size := 1
	for _, dim := range shape {
		size *= dim
	}
	values := make([]float32, size)
	for i := range values {
		values[i] = float32(i)
	}
	entries := []safetensors.Entry{{Name: name, Shape: shape, DType: safetensors.F32, Values: values}}
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		entries = append(entries, safetensors.Entry{Name: name, Shape: tensor.Shape, DType: tensor.DType, Raw: tensor.Data})
	}
	if err := safetensors.Write(filepath.Join(dir, safetensors.WeightsName), entries, map[string]string{"format": "pt"}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestATensorThatNothingIsComputedWithIsKeptOrTheCommandRefusedByName(t *testing.T) {
	const layer0, layer1 = "bert.encoder.layer.0.", "bert.encoder.layer.1."
	structured := []string{"movement", "--remaining", "0.5", "--granularity", "head", "--granularity-ffn", "neuron", "--epochs", "1"}
	training := []string{"--task", "custom", "--labels", "x,y", "--train", letterFile(t), "--quiet"}
	drop := []string{"layers", "drop", "--strategy", "list", "--layers", "0"}
	for name, c := range map[string]struct {
		kind   string
		tensor string
		shape  []int
		args   []string
		want   string // its name in the written model; empty: refused
	}{
		"scores of a feed-forward network, exported":      {"BertForSequenceClassification", layer0 + "output.dense.mask_scores", []int{8, 12}, []string{"export"}, layer0 + "output.dense.mask_scores"},
		"scores of a feed-forward network, heads removed": {"BertForSequenceClassification", layer0 + "output.dense.mask_scores", []int{8, 12}, []string{"heads", "prune", "--remove", "0:1"}, layer0 + "output.dense.mask_scores"},
		"scores of an attention, heads removed":           {"BertForSequenceClassification", layer0 + "attention.self.query.mask_scores", []int{8, 8}, []string{"heads", "prune", "--remove", "0:1"}, ""},
		"scores of another layer, heads removed":          {"BertForSequenceClassification", layer1 + "attention.self.query.mask_scores", []int{8, 8}, []string{"heads", "prune", "--remove", "0:1"}, layer1 + "attention.self.query.mask_scores"},
		"an adapter of a layer, heads removed":            {"BertForTokenClassification", layer0 + "adapter.down.weight", []int{2, 8}, []string{"heads", "prune", "--remove", "0:1"}, ""},
		"an adapter, a layer dropped":                     {"BertForQuestionAnswering", layer1 + "adapter.down.weight", []int{2, 8}, drop, layer0 + "adapter.down.weight"},
		"scores, factorised":                              {"BertForMaskedLM", layer0 + "intermediate.dense.mask_scores", []int{12, 8}, []string{"tucker", "--rank", "2"}, ""},
		"scores, in a bank":                               {"BertForMaskedLM", layer0 + "intermediate.dense.mask_scores", []int{12, 8}, []string{"tucker", "--form", "bank", "--rank", "2-4"}, ""},
		"scores, shared":                                  {"BertForMaskedLM", layer1 + "intermediate.dense.mask_scores", []int{12, 8}, []string{"share", "--groups", "1"}, ""},
		"scores of words, factorised":                     {"BertForPreTraining", "bert.embeddings.word_embeddings.mask_scores", []int{60, 8}, []string{"share", "--what", "none", "--embedding", "4"}, ""},
		"scores of words, heads removed":                  {"BertForPreTraining", "bert.embeddings.word_embeddings.mask_scores", []int{60, 8}, []string{"heads", "prune", "--remove", "0:1"}, "bert.embeddings.word_embeddings.mask_scores"},
		"a bare model's scores, exported":                 {"BertModel", "encoder.layer.0.output.dense.mask_scores", []int{8, 12}, []string{"export", "--dense"}, "encoder.layer.0.output.dense.mask_scores"},
		"an ALBERT's scores, exported":                    {"AlbertForSequenceClassification", "albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.mask_scores", []int{12, 8}, []string{"export"}, "albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.mask_scores"},
		"an ALBERT's adapter, heads removed":              {"AlbertForSequenceClassification", "albert.encoder.albert_layer_groups.0.albert_layers.0.adapter.weight", []int{2, 8}, []string{"heads", "prune", "--remove", "0:1;1:1"}, ""},
		"an ALBERT's scores, the first layer dropped":     {"AlbertForSequenceClassification", "albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.mask_scores", []int{12, 8}, drop, layer0 + "intermediate.dense.mask_scores"},
		"an ALBERT's scores of queries, a layer dropped":  {"AlbertForQuestionAnswering", "albert.encoder.albert_layer_groups.0.albert_layers.0.attention.query.mask_scores", []int{8, 8}, drop, layer0 + "attention.self.query.mask_scores"},
		"a layer of the file alone, a layer dropped":      {"BertForSequenceClassification", "bert.encoder.layer.2.output.dense.weight", []int{8, 12}, drop, "bert.encoder.layer.2.output.dense.weight"},
		"the last layer there can be, a layer dropped":    {"BertForMaskedLM", "bert.encoder.layer.1023.output.dense.weight", []int{8, 12}, drop, "bert.encoder.layer.1023.output.dense.weight"},
		"a layer of the file alone, heads removed":        {"BertModel", "encoder.layer.5.own", []int{3}, []string{"heads", "prune", "--remove", "0:1"}, "encoder.layer.5.own"},
		"a layer of the file alone, shared":               {"BertForTokenClassification", "bert.encoder.layer.2.own", []int{3}, []string{"share", "--groups", "1"}, "bert.encoder.layer.2.own"},
		"scores of the pooler, trained on":                {"BertForSequenceClassification", "bert.pooler.dense.mask_scores", []int{8, 8}, append([]string{"finetune", "--epochs", "1"}, training...), "bert.pooler.dense.mask_scores"},
		"something of the pooler, trained on":             {"AlbertForSequenceClassification", "albert.pooler.own", []int{3}, append([]string{"finetune", "--epochs", "1"}, training...), "albert.pooler.own"},
		"somebody's head, heads removed":                  {"BertModel", "linear.weight", []int{4, 8}, []string{"heads", "prune", "--remove", "0:1"}, "linear.weight"},
		"scores, trained on":                              {"BertForSequenceClassification", layer0 + "output.dense.mask_scores", []int{8, 12}, append([]string{"finetune", "--epochs", "1"}, training...), layer0 + "output.dense.mask_scores"},
		"scores, heads pruned by movement":                {"BertForSequenceClassification", layer0 + "output.dense.mask_scores", []int{8, 12}, append(slices.Clone(structured), training...), ""},
		"scores, zeros by movement":                       {"BertForSequenceClassification", layer0 + "output.dense.mask_scores", []int{8, 12}, append(append(slices.Clone(structured), "--keep-shape"), training...), layer0 + "output.dense.mask_scores"},
	} {
		t.Run(name, func(t *testing.T) {
			source, out := carrying(t, c.kind, c.tensor, c.shape...), filepath.Join(t.TempDir(), "out")
			made := bertlab(t, append(slices.Clone(c.args), "--model", source, "--out", out)...)
			if !strings.Contains(made.stderr, c.tensor) {
				t.Errorf("the tensor is not named: %q", made.stderr)
			}
			if c.want == "" {
				if made.status == exitSuccess || strings.Contains(made.stderr, "goroutine") {
					t.Errorf("ended with %d: %q", made.status, made.stderr)
				}
				if _, err := os.Stat(filepath.Join(out, safetensors.WeightsName)); err == nil {
					t.Error("a model was written")
				}
				return
			}
			if made.status != exitSuccess {
				t.Fatalf("ended with %d: %s", made.status, made.stderr)
			}
			before, after := allTensors(t, source), allTensors(t, out)
			if got, ok := after[c.want]; !ok || got != before[c.tensor] {
				t.Errorf("%s is not what it was, or not there", c.want)
			}
			model, err := gbert.Load(out)
			if err != nil {
				t.Fatal(err)
			}
			defer model.Close()
			if !slices.Contains(model.Carried(), c.want) {
				t.Errorf("loaded again it carries %v", model.Carried())
			}
		})
	}
}
