package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/parquet-go/parquet-go"
	"google.golang.org/protobuf/encoding/protowire"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub/unpack"
	"bertlab/gbert/safetensors"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/files"
	"bertlab/internal/mutate/mutation"
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/papers/michel2019"
	"bertlab/recipes"
)

// A kind of file: how one that is right is made in a folder, with what belongs to it, which of the folder's files is changed, and who
// reads it.
type kind struct {
	name   string
	file   string
	make   func(dir string) error
	mutate mutation.Mutator
	read   func(dir string) error
}

// lay makes the folder and returns its file.
func (k *kind) lay(dir string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := k.make(dir); err != nil {
		return nil, fmt.Errorf("%s: %w", k.name, err)
	}
	return files.Read(filepath.Join(dir, k.file), 1<<20)
}

// base is the file that is changed.
func (k *kind) base() ([]byte, error) {
	dir, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	return k.lay(dir)
}

// texts makes files of these names and contents.
func texts(files ...string) func(dir string) error {
	return func(dir string) error {
		for i := 0; i < len(files); i += 2 {
			if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o600); err != nil {
				return err
			}
		}
		return nil
	}
}

const (
	configText = `{"model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": 12, "hidden_size": 8, "num_hidden_layers": 2,
 "num_attention_heads": 2, "intermediate_size": 12, "hidden_act": "gelu", "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "max_position_embeddings": 16,
 "type_vocab_size": 2, "initializer_range": 0.02, "layer_norm_eps": 1e-12, "pad_token_id": 0, "position_embedding_type": "absolute", "classifier_dropout": null,
 "id2label": {"0": "neg", "1": "pos"}, "label2id": {"neg": 0, "pos": 1}, "problem_type": "single_label_classification", "tie_word_embeddings": true, "torch_dtype": "float32",
 "pruned_heads": {}, "bertlab": {"version": 1, "history": [{"name": "finetune", "arguments": {"task": "sst2"}}]}}`
	vocabText     = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\n##s\na\ngood\n.\né\n"
	tokenizerText = `{"version": "1.0", "truncation": {"direction": "Right", "max_length": 16, "strategy": "LongestFirst", "stride": 0}, "padding": null,
 "added_tokens": [{"id": 0, "content": "[PAD]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}, {"id": 2, "content": "[CLS]", "special": true}],
 "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true}, "pre_tokenizer": {"type": "BertPreTokenizer"},
 "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
 "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
 "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}}, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
 "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
 "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "the": 5, "cat": 6, "##s": 7, "a": 8, "good": 9, ".": 10, "é": 11}}}`
	tokenizerConfigText = `{"tokenizer_class": "BertTokenizer", "do_lower_case": true, "strip_accents": null, "tokenize_chinese_chars": true, "model_max_length": 16, "padding_side": "right",
 "truncation_side": "right", "unk_token": "[UNK]", "sep_token": {"__type": "AddedToken", "content": "[SEP]"}, "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]", "additional_special_tokens": ["[E1]"],
 "extra_special_tokens": {}, "split_special_tokens": false, "model_input_names": ["input_ids", "token_type_ids", "attention_mask"], "never_split": ["cat"],
 "added_tokens_decoder": {"0": {"content": "[PAD]", "special": true}, "12": {"content": "[E1]", "lstrip": false, "rstrip": true, "normalized": false, "single_word": false, "special": true}}}`
	specialText = `{"unk_token": "[UNK]", "sep_token": {"content": "[SEP]", "lstrip": false}, "pad_token": "[PAD]", "cls_token": "[CLS]", "mask_token": "[MASK]", "additional_special_tokens": ["[E1]", {"content": "[E2]"}]}`
	recipeText  = "title: Small\ntitle-ko: 작게\nmodel: all-MiniLM-L6-v2\ntask: movies\nseed: 3\nsteps:\n  - fine-tune: {epochs: 2, batch: 8, learning-rate: 0.01, max-length: 16}\n" +
		"  - drop-layers: {strategy: top, count: 1}\n  - prune-heads: {fraction: 0.3}\n  - distil: {epochs: 1, temperature: 2}\n  - store: float16\n"
	squadText = `{"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": "The cat sat. Ünder the mat", "qas": [{"id": "1", "question": "Who sat?", "answers": [{"text": "cat", "answer_start": 4}, {"text": "The cat", "answer_start": 0}]},
 {"id": "2", "question": "Why?", "is_impossible": true, "answers": []}]}]}]}`
)

// model makes a classifier's folder by one of the ways to save it.
func model(change func(m *gbert.Model) (*gbert.Model, error), save func(m *gbert.Model, dir string) error) func(dir string) error {
	return func(dir string) error {
		config, err := gbert.ParseConfig([]byte(configText))
		if err != nil {
			return err
		}
		m, err := gbert.New(config, 1)
		if err == nil {
			m, err = m.WithClassifier(2, []string{"neg", "pos"}, 1)
		}
		if err == nil && change != nil {
			m, err = change(m)
		}
		if err == nil {
			m.Tokenizer, err = tokenizer.FromVocab(splitLines(vocabText), true)
		}
		if err != nil {
			return err
		}
		return save(m, dir)
	}
}

func splitLines(text string) []string {
	var lines []string
	for line := range bytes.Lines([]byte(text)) {
		lines = append(lines, string(bytes.TrimSpace(line)))
	}
	return lines
}

// sparseWeights sets most of a weight to zero.
func sparseWeights(m *gbert.Model) (*gbert.Model, error) {
	for _, spec := range m.Weights() {
		values, shape, err := m.Weight(spec.Name)
		if err != nil {
			return nil, err
		}
		kept := make([]float32, len(values))
		for i := 0; i < len(values); i += 7 {
			kept[i] = values[i]
		}
		if err := m.SetWeight(spec.Name, shape, kept); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func save(m *gbert.Model, dir string) error        { return m.Save(dir, gbert.Float32) }
func saveHalf(m *gbert.Model, dir string) error    { return m.Save(dir, gbert.Float16) }
func saveCompact(m *gbert.Model, dir string) error { return m.SaveCompact(dir, gbert.Float32) }

// saveSharded saves a model and splits its file under an index.
func saveSharded(m *gbert.Model, dir string) error {
	if err := save(m, dir); err != nil {
		return err
	}
	whole, err := safetensors.OpenFolder(dir)
	if err != nil {
		return err
	}
	defer whole.Close()
	index := map[string]string{}
	shards := map[string][]safetensors.Entry{}
	for i, name := range whole.Names() {
		shard := fmt.Sprintf("model-%05d-of-00002.safetensors", 1+i%2)
		tensor, _ := whole.Tensor(name)
		index[name] = shard
		shards[shard] = append(shards[shard], safetensors.Entry{Name: name, Shape: tensor.Shape, DType: tensor.DType, Raw: bytes.Clone(tensor.Data)})
	}
	for shard, entries := range shards {
		if err := safetensors.Write(filepath.Join(dir, shard), entries, nil); err != nil {
			return err
		}
	}
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{"total_size": 1}, "weight_map": index})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, safetensors.IndexName), text, 0o600); err != nil {
		return err
	}
	return os.Remove(filepath.Join(dir, safetensors.WeightsName))
}

// readModel loads a model and looks at all of it.
func readModel(dir string) error {
	m, err := gbert.Load(dir)
	if err != nil {
		return err
	}
	defer m.Close()
	if _, err := m.Fingerprint(); err != nil {
		return err
	}
	if _, err := m.Dense(); err != nil {
		return err
	}
	encode(m.Tokenizer)
	return nil
}

func readTokenizer(dir string) error {
	t, err := tokenizer.Load(dir)
	if err == nil {
		encode(t)
	}
	return err
}

// encode divides texts that a tokenizer may stumble over.
func encode(t *tokenizer.Tokenizer) {
	if t == nil {
		return
	}
	for _, text := range []string{"the cats. Good café", "", "[CLS] the [E1]x[E2]\x00\xff ,,,", "中文 ￼ é é", string(bytes.Repeat([]byte("abc"), 200))} {
		t.Encode(text, "", 0)
		t.Encode(text, "a cat", 8)
	}
}

// readData reads a file as data sets of all kinds of task.
func readData(name string) func(dir string) error {
	return func(dir string) error {
		var refused error
		accepted := false
		for _, task := range append(lookUp("sst2", "mnli", "stsb", "qqp", "movies", "squad", "squad2", "ner", "multilabel"), custom) {
			for _, columns := range []columns{{}, {Unlabelled: true, SkipMalformed: true}} {
				if task.Labels == nil && task.Name == "custom" {
					columns.Labels = []string{"0", "1"}
				}
				if err := readAs(task, filepath.Join(dir, name), columns); err != nil {
					refused = err
				} else {
					accepted = true
				}
			}
		}
		if accepted {
			return nil
		}
		return refused
	}
}

type columns = task.Columns

var custom = &task.Task{Name: "custom", Metrics: []string{task.Accuracy}}

func readAs(t *task.Task, path string, c columns) error {
	_, err := task.ReadFile(t, path, c)
	return err
}

func lookUp(names ...string) []*task.Task {
	var list []*task.Task
	for _, name := range names {
		if t, err := task.Lookup(name); err == nil {
			list = append(list, t)
		}
	}
	return list
}

// makeParquet writes a small Parquet file, with a compression and pages that hold nulls, texts and numbers.
func makeParquet(dir string) error {
	type row struct {
		Sentence string   `parquet:"sentence,snappy,dict"`
		Premise  string   `parquet:"premise,zstd"`
		Other    *string  `parquet:"hypothesis,optional,gzip"`
		Label    int64    `parquet:"label,delta"`
		Score    *float32 `parquet:"score,optional"`
		Good     bool     `parquet:"good"`
	}
	rows := make([]row, 40)
	for i := range rows {
		rows[i] = row{Sentence: fmt.Sprint("text ", i%5), Premise: fmt.Sprint("long ", i), Label: int64(i % 2), Good: i%3 == 0}
		if i%2 == 0 {
			other, score := "other", float32(i)
			rows[i].Other, rows[i].Score = &other, &score
		}
	}
	return parquet.WriteFile(filepath.Join(dir, "x.parquet"), rows)
}

// makeSpiece writes a small SentencePiece model.
func makeSpiece(dir string) error {
	var model []byte
	for i, piece := range []string{"<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]", "▁the", "▁", "a", "é", "cat", "s"} {
		inner := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), piece)
		inner = protowire.AppendFixed32(protowire.AppendTag(inner, 2, protowire.Fixed32Type), uint32(0xc0000000+i))
		inner = protowire.AppendVarint(protowire.AppendTag(inner, 3, protowire.VarintType), uint64(1+i%4))
		model = protowire.AppendBytes(protowire.AppendTag(model, 1, protowire.BytesType), inner)
	}
	trainer := protowire.AppendVarint(protowire.AppendTag(nil, 40, protowire.VarintType), 1)
	model = protowire.AppendBytes(protowire.AppendTag(model, 2, protowire.BytesType), trainer)
	normalizer := protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), []byte{8, 0, 0, 0, 0, 255, 3, 0, 'a', 1, 0, 0, 'x', 0})
	model = protowire.AppendBytes(protowire.AppendTag(model, 3, protowire.BytesType), normalizer)
	return os.WriteFile(filepath.Join(dir, "spiece.model"), model, 0o600)
}

// makeJSON writes a value as a file.
func makeJSON(name string, v any) func(dir string) error {
	return func(dir string) error {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name), text, 0o600)
	}
}

// A step is remembered in the folder steps below the results; its file stands beside that here, and is put there to be read.
type stepResult struct {
	Values []float64         `json:"values"`
	Names  map[string]string `json:"names"`
	Inner  *stepResult       `json:"inner,omitempty"`
}

var oneStep = &experiment.Definition[struct{}, stepResult]{
	Name: "one", Title: func(*words.Printer, struct{}) string { return "one" },
	Run: func(context.Context, *experiment.Worker, struct{}) (stepResult, error) {
		return stepResult{Values: []float64{1, 0.5, 1e-300}, Names: map[string]string{"a": "b"}, Inner: &stepResult{}}, nil
	},
}

// planStep plans the step, whose file is the path.
func planStep(dir string) (plan *experiment.Plan, n *experiment.Node[stepResult], path string) {
	plan = experiment.NewPlan(&experiment.Environment{Choice: &backend.Choice{Name: "go"}, Dir: filepath.Join(dir, "results")})
	n = oneStep.Of(plan, struct{}{})
	return plan, n, filepath.Join(dir, "results", "steps", n.ID()+".json")
}

func makeStep(dir string) error {
	plan, _, path := planStep(dir)
	if err := plan.Run(context.Background()); err != nil {
		return err
	}
	return os.Rename(path, filepath.Join(dir, "one.json"))
}

func readStep(dir string) error {
	plan, n, path := planStep(dir)
	if err := os.Rename(filepath.Join(dir, "one.json"), path); err != nil {
		return err
	}
	err := plan.Run(context.Background())
	if err == nil && len(n.Result().Values) != 3 {
		panic(fmt.Sprintf("a damaged step was taken for a result: %+v", n.Result()))
	}
	return err
}

// someComparison is small and right.
func someComparison() *compare.Comparison {
	c := &compare.Comparison{Task: "sst2", Metric: "accuracy", Examples: 2, Length: 8, Batches: []int{1}, Repeats: 2}
	c.Models = make([]compare.Measurement, 1)
	c.Models[0].Name, c.Models[0].Dir = "a", "b"
	c.Models[0].Latency = make([]compare.Latency, 1)
	return c
}

func readProtocol(dir string) error {
	text, err := files.Read(filepath.Join(dir, "protocol.json"), 1<<24)
	if err != nil {
		return err
	}
	_, err = michel2019.Experiment.Protocol(experiment.Request{Quick: true, Protocol: text})
	return err
}

func readRecipe(dir string) error {
	recipe, err := recipes.ReadFile(filepath.Join(dir, "mine.yaml"))
	if err != nil {
		return err
	}
	return recipe.Check(6)
}

// kinds are all of them.
func kinds() []*kind {
	vocabulary := texts("vocab.txt", vocabText, "tokenizer_config.json", tokenizerConfigText, "special_tokens_map.json", specialText)
	// An added_tokens_decoder would keep special_tokens_map.json from being read.
	special := texts("vocab.txt", vocabText, "tokenizer_config.json", `{"tokenizer_class": "BertTokenizer"}`, "special_tokens_map.json", specialText)
	fast := texts("tokenizer.json", tokenizerText, "tokenizer_config.json", tokenizerConfigText, "special_tokens_map.json", specialText)
	jsonOrBytes := mutation.Several(mutation.JSON)
	data := func(name, content, separator string, more ...mutation.Mutator) *kind {
		change := append(more, mutation.Lines(separator), mutation.Bytes)
		return &kind{"data " + name, name, texts(name, content), mutation.Several(change...), readData(name)}
	}
	protocol := michel2019.Experiment.Quick()
	return []*kind{
		{"config.json", "config.json", model(nil, save), jsonOrBytes, readModel},
		{"config.json, written", "config.json", texts("config.json", configText), jsonOrBytes, func(dir string) error { _, err := gbert.ReadConfig(dir); return err }},
		{"tokenizer.json", "tokenizer.json", fast, jsonOrBytes, readTokenizer},
		{"tokenizer_config.json", "tokenizer_config.json", vocabulary, jsonOrBytes, readTokenizer},
		{"tokenizer_config, fast", "tokenizer_config.json", fast, jsonOrBytes, readTokenizer},
		{"special_tokens_map.json", "special_tokens_map.json", special, jsonOrBytes, readTokenizer},
		{"added_tokens.json", "added_tokens.json", texts("vocab.txt", vocabText, "added_tokens.json", `{"[E1]": 12, "x y": 13}`), jsonOrBytes, readTokenizer},
		{"vocab.txt", "vocab.txt", vocabulary, mutation.Several(mutation.Lines("#"), mutation.Bytes), readTokenizer},
		{"spiece.model", "spiece.model", makeSpiece, mutation.Several(mutation.Protobuf), readTokenizer},
		{"safetensors", safetensors.WeightsName, model(nil, save), mutation.Several(mutation.Safetensors), readModel},
		{"safetensors, float16", safetensors.WeightsName, model(nil, saveHalf), mutation.Several(mutation.Safetensors), readModel},
		{"safetensors, compact", safetensors.WeightsName, model(sparseWeights, saveCompact), mutation.Several(mutation.Safetensors), readModel},
		{"index of shards", safetensors.IndexName, model(nil, saveSharded), jsonOrBytes, readModel},
		{"a shard", "model-00001-of-00002.safetensors", model(nil, saveSharded), mutation.Several(mutation.Safetensors), readModel},
		{"parquet", "x.parquet", makeParquet, mutation.Several(mutation.Parquet), readData("x.parquet")},
		data("x.csv", "sentence,label\n\"a, b\",1\nc,0\n", ","),
		data("x.tsv", "sentence1\tsentence2\tscore\na\tb\t2.5\nc\td\t0\n", "\t"),
		data("x.jsonl", `{"sentence": "a", "label": 1}`+"\n"+`{"sentence": "b c", "label": "0", "labels": [0, 1]}`+"\n", " ", mutation.Line(mutation.JSON)),
		data("tags.txt", "-DOCSTART- -X- O O\n\nThe DT O O\ncat NN B-NP B-PER\nsat VB O I-PER\n\n. . O O\n", " "),
		{"squad", "x.json", texts("x.json", squadText), jsonOrBytes, readData("x.json")},
		{"recipe", "mine.yaml", texts("mine.yaml", recipeText), mutation.YAML, readRecipe},
		{"record of a recipe", recipes.RecordName, texts(recipes.RecordName, `{"recipe": "small", "retrained": true, "steps": [{"kind": "store"}], "score": 0.5}`), jsonOrBytes,
			func(dir string) error { _, err := recipes.ReadRecord(dir); return err }},
		{"protocol", "protocol.json", makeJSON("protocol.json", protocol), jsonOrBytes, readProtocol},
		{"checkpoint", checkpointFile, goOn, mutation.Several(mutation.Safetensors), readCheckpoint},
		{"step", "one.json", makeStep, jsonOrBytes, readStep},
		{"comparison", "compare.json", makeJSON("compare.json", someComparison()), jsonOrBytes, func(dir string) error { _, err := compare.Read(dir); return err }},
		{"marker of a folder", unpack.Marker, texts(unpack.Marker, `{"source": "x", "files": {"a": 1}, "stamps": {"a": {"sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", "modified_ns": 5}}}`, "a", "x"), jsonOrBytes, unpack.Complete},
	}
}

func kindNames() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

func kindNamed(name string) (*kind, error) {
	for _, k := range kinds() {
		if k.name == name {
			return k, nil
		}
	}
	return nil, fmt.Errorf("there is no kind %q: %q", name, kindNames())
}
