package gbert

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert/safetensors"
	"bertlab/gbert/tokenizer"
)

// tinyFolder is a copy of testdata/tiny with another configuration (nil: the same) and other weights.
func tinyFolder(t testing.TB, config []byte, change func(entries []safetensors.Entry) []safetensors.Entry) string {
	t.Helper()
	dir := t.TempDir()
	if config == nil {
		config = edited(t, nil)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Open("testdata/tiny/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var entries []safetensors.Entry
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		entries = append(entries, safetensors.Entry{Name: name, Shape: tensor.Shape, DType: tensor.DType, Raw: tensor.Data})
	}
	if change != nil {
		entries = change(entries)
	}
	if err := safetensors.Write(filepath.Join(dir, safetensors.WeightsName), entries, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestFoldersWhoseFilesDoNotFitTogetherAreErrorsThatNameThem(t *testing.T) {
	type entries = []safetensors.Entry
	without := func(part string) func(entries) entries {
		return func(all entries) (kept entries) {
			for _, e := range all {
				if !strings.Contains(e.Name, part) {
					kept = append(kept, e)
				}
			}
			return kept
		}
	}
	replaced := func(name string, entry safetensors.Entry) func(entries) entries {
		return func(all entries) entries {
			entry.Name = name
			return append(without(name)(all), entry)
		}
	}
	added := func(name string) func(entries) entries {
		return func(all entries) entries {
			return append(all, safetensors.Entry{Name: name, Shape: []int{60, 16}, DType: safetensors.F32, Values: make([]float32, 960)})
		}
	}
	for name, c := range map[string]struct {
		config  object
		weights func(entries) entries
		want    string
	}{
		"another model":        {object{"model_type": "roberta"}, nil, `config.json: model_type is "roberta"; supported are "bert" and "albert"`},
		"another vocabulary":   {object{"vocab_size": 61}, nil, "bert.embeddings.word_embeddings.weight has shape [60 16]; the configuration asks for [61 16]"},
		"another width":        {object{"hidden_size": 32}, nil, "the configuration asks for [60 32]"},
		"a width of 2^24":      {object{"hidden_size": 1 << 24, "vocab_size": 1 << 24}, nil, "the configuration asks for [16777216 16777216]"},
		"a thousand layers":    {object{"num_hidden_layers": 1000}, nil, "15968 of the model's weights are missing, among them bert.encoder.layer.2."},
		"a missing weight":     {nil, without("layer.1.attention.self.key.bias"), "missing, among them bert.encoder.layer.1.attention.self.key.bias"},
		"no pooler":            {nil, without("pooler"), "missing, among them bert.pooler.dense.weight"},
		"no classifier's bias": {nil, without("classifier.bias"), "missing, among them classifier.bias"},
		"nothing of a BERT":    {nil, without("."), "missing, among them"},
		"integers":             {nil, replaced("classifier.bias", safetensors.Entry{Shape: []int{3}, DType: safetensors.I32, Raw: make([]byte, 12)}), "classifier.bias is stored as I32"},
		"a flat classifier":    {nil, replaced("classifier.weight", safetensors.Entry{Shape: []int{48}, DType: safetensors.F32, Values: make([]float32, 48)}), "classifier.weight has shape [48]; it must be [labels, 16]"},
		"a scalar classifier":  {nil, replaced("classifier.weight", safetensors.Entry{DType: safetensors.F32, Values: make([]float32, 1)}), "classifier.weight has shape []"},
		"an empty classifier":  {nil, replaced("classifier.weight", safetensors.Entry{Shape: []int{0, 16}, DType: safetensors.F32}), "classifier.weight has shape [0 16]"},
		"a wide classifier":    {nil, replaced("classifier.weight", safetensors.Entry{Shape: []int{1 << 60, 0}, DType: safetensors.F32}), "classifier.weight has shape [1152921504606846976 0]"},
		"a weight twice":       {nil, added("embeddings.word_embeddings.weight"), `the tensors "bert.embeddings.word_embeddings.weight" and "embeddings.word_embeddings.weight" are the same weight`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tinyFolder(t, edited(t, c.config), c.weights)
			model, err := Load(dir)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("got %v, %v, want the folder and %q", model, err, c.want)
			}
		})
	}
}

func TestTensorsThatAreNotComputedWithAreCarriedAndNamed(t *testing.T) {
	dir := tinyFolder(t, nil, func(entries []safetensors.Entry) []safetensors.Entry {
		more := func(name string) safetensors.Entry {
			return safetensors.Entry{Name: name, Shape: []int{1}, DType: safetensors.I64, Raw: make([]byte, 8)}
		}
		return append(entries, more("lora.a"), more("bert.embeddings.position_ids"), more("cls.seq_relationship.weight"), more("cls.predictions.decoder.bias"))
	})
	model, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if want := []string{"cls.predictions.decoder.bias", "cls.seq_relationship.weight", "lora.a"}; !slices.Equal(model.Carried(), want) {
		t.Errorf("carried %v, want %v", model.Carried(), want)
	}
}

func TestAnAddedTokenBeyondTheWordTableIsNoted(t *testing.T) {
	dir := tinyFolder(t, nil, nil)
	text := "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"
	for i := 5; i < 60; i++ {
		text += "w" + strings.Repeat("x", i) + "\n"
	}
	for name, content := range map[string]string{"vocab.txt": text, "added_tokens.json": `{"zzz": 60}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	model, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if notes := strings.Join(model.Config.Notes, "\n"); !strings.Contains(notes, `the word table 60 rows (vocab_size): texts with "zzz" cannot be read`) {
		t.Errorf("notes %q", notes)
	}
	with := PadBatch([]tokenizer.Encoding{model.Tokenizer.Encode("zzz", "", 0)}, []int{0}, 1, nil, 0)
	if err := with.Check(model.Config); err == nil || !strings.Contains(err.Error(), "token id 60") {
		t.Errorf("a text with the token: %v", err)
	}
	without := PadBatch([]tokenizer.Encoding{model.Tokenizer.Encode("wxxxxx", "", 0)}, []int{0}, 1, nil, 0)
	if err := without.Check(model.Config); err != nil {
		t.Errorf("a text without the token: %v", err)
	}
}

func TestATokenizerLargerThanTheModelIsAnError(t *testing.T) {
	dir := tinyFolder(t, nil, nil)
	write := func(tokens int) {
		text := "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"
		for i := 5; i < tokens; i++ {
			text += "w" + strings.Repeat("x", i) + "\n"
		}
		if err := os.WriteFile(filepath.Join(dir, "vocab.txt"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(61)
	wide, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(wide.Notes(), "\n"); wide.Tokenizer.VocabSize() != 61 || !strings.Contains(notes, "the tokenizer has 61 tokens with those that were added, and the word table 60 rows (vocab_size): texts with \"wxxx") {
		t.Errorf("noted %q", notes)
	}
	wide.Close()
	write(60)
	model, err := Load(dir)
	if err != nil || model.Tokenizer == nil {
		t.Fatalf("got %v", err)
	}
	defer model.Close()
	out := t.TempDir() // the tokenizer goes where the model goes
	if err := model.Save(out, Float32); err != nil {
		t.Fatal(err)
	}
	if again, err := Load(out); err != nil || again.Tokenizer == nil || again.Tokenizer.VocabSize() != 60 {
		t.Errorf("after saving: %v", err)
	}
}

func TestALabelListOfAnotherHeadIsDropped(t *testing.T) {
	dir := tinyFolder(t, edited(t, object{"id2label": object{"0": "a", "1": "b"}}), nil)
	model, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if model.NumLabels() != 3 || len(model.Config.Labels) != 0 {
		t.Errorf("%d labels named %v", model.NumLabels(), model.Config.Labels)
	}
}

// loadBytes loads testdata/tiny with other bytes in the place of its weights, and uses what it gets.
func loadBytes(t testing.TB, dir string, data []byte) {
	t.Helper()
	path := filepath.Join(dir, safetensors.WeightsName)
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) { // never under a mapping
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	model, err := Load(dir)
	if err != nil {
		if !strings.Contains(err.Error(), dir) {
			t.Errorf("the error does not name the folder: %v", err)
		}
		return
	}
	defer model.Close()
	if err := model.Check(); err != nil {
		t.Errorf("a loaded model is not whole: %v", err)
	}
	if _, err := model.Fingerprint(); err != nil {
		t.Error(err)
	}
}

// tinyBytes are the folder and weights of testdata/tiny, and the length of their header.
func tinyBytes(t testing.TB) (dir string, data []byte, header int) {
	t.Helper()
	data, err := os.ReadFile("testdata/tiny/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return tinyFolder(t, nil, nil), data, 8 + int(binary.LittleEndian.Uint64(data))
}

func TestDamagedWeightsAreAnErrorOrAWholeModelNeverAPanic(t *testing.T) {
	dir, data, header := tinyBytes(t)
	for _, n := range []int{0, 1, 7, 8, 9, 100, header - 1, header, header + 1, len(data) / 2, len(data) - 1} {
		loadBytes(t, dir, data[:n])
		if _, err := Load(dir); err == nil {
			t.Errorf("%d of %d bytes load", n, len(data))
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 400 {
		flipped := bytes.Clone(data)
		for range 1 + rng.IntN(3) {
			at := rng.IntN(header)
			flipped[at] ^= 1 << rng.IntN(8)
		}
		loadBytes(t, dir, flipped)
	}
}

func FuzzLoadOfAnyWeights(f *testing.F) {
	dir, data, header := tinyBytes(f)
	f.Add(data)
	f.Add(data[:header])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) { loadBytes(t, dir, data) })
}

func TestAHugeConfigurationAllocatesNothingBeforeTheWeightsAreSeen(t *testing.T) {
	for name, change := range map[string]object{
		"wide":  {"hidden_size": 1 << 24, "vocab_size": 1 << 24, "intermediate_size": 1 << 24, "max_position_embeddings": 1 << 24, "num_attention_heads": 1},
		"deep":  {"num_hidden_layers": maxLayers},
		"heads": {"hidden_size": 1 << 24, "num_attention_heads": 1 << 14},
	} {
		dir := tinyFolder(t, edited(t, change), nil)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Load(dir)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: loaded", name)
		}
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 64<<20 {
			t.Errorf("%s: allocated %d MB", name, allocated>>20)
		}
	}
	config := tinyConfig(func(c *Config) { c.HiddenSize, c.VocabSize = 1<<24, 1<<24 })
	if _, err := New(config, 1); err == nil || !strings.Contains(err.Error(), "hidden_size 16777216") {
		t.Errorf("a new model of 2⁴⁸ values: %v", err)
	}
}

func TestBatchesThatTheModelCannotReadAreErrors(t *testing.T) {
	model := load(t, "tiny")
	s := session(t, goBackend(t), model)
	for name, c := range map[string]struct {
		change func(b *Batch)
		want   string
	}{
		"too long":      {func(b *Batch) { *b = *PadBatch(nil, nil, 1, []int{33}, 0) }, "length 33, but the model has embeddings for 32"},
		"an id beyond":  {func(b *Batch) { b.IDs[13] = 60 }, "row 1, position 1 of a batch has the token id 60"},
		"a negative id": {func(b *Batch) { b.IDs[0] = -1 }, "token id -1"},
		"a type beyond": {func(b *Batch) { b.Types[0] = 2 }, "token type 2"},
		"too few ids":   {func(b *Batch) { b.IDs = b.IDs[1:] }, "47 ids"},
		"no rows":       {func(b *Batch) { *b = Batch{} }, "0 rows"},
	} {
		batch := readGolden().batch()
		c.change(batch)
		if _, err := s.BatchLogits(batch, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	batch := readGolden().batch()
	nan := NewHeadMask(model.Config)
	nan[0][0] = float32(math.NaN())
	for name, mask := range map[string]HeadMask{"layers": NewHeadMask(model.Config)[:1], "heads": {{1, 1, 1}, {1, 1, 1, 1}}, "NaN": nan} {
		if _, err := s.BatchLogits(batch, mask); err == nil || !strings.Contains(err.Error(), "head mask") {
			t.Errorf("a mask with wrong %s: %v", name, err)
		}
	}
	headless := session(t, goBackend(t), load(t, "tiny-bare"))
	if _, err := headless.BatchLogits(batch, nil); err == nil || !strings.Contains(err.Error(), "no classification head") {
		t.Errorf("without a head: %v", err)
	}
}

func TestANewModelDependsOnItsSeedAlone(t *testing.T) {
	print := func(seed uint64) string {
		model, err := New(tinyConfig(func(*Config) {}), seed)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := model.Fingerprint()
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	first, again, other := print(1), print(1), print(2)
	if first != again || first == other {
		t.Error("the same seed gives other weights, or another seed the same")
	}
}

func TestTheOperationsOfAModelLeaveItAsItIs(t *testing.T) {
	model := load(t, "tiny-mlm")
	before, err := model.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	classifier, err := model.WithClassifier(2, []string{"a", "b"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if classifier.HasMaskedLM() || !classifier.HasPooler() || classifier.NumLabels() != 2 || classifier.Check() != nil {
		t.Error("the new head is not whole")
	}
	clone := model.Clone()
	clone.DeleteWeight("cls.predictions.bias")
	clone.Config.Labels = []string{"x"}
	for _, count := range []int{0, -1} {
		if _, err := model.WithClassifier(count, nil, 1); err == nil {
			t.Errorf("a classifier of %d labels", count)
		}
	}
	if _, err := model.WithClassifier(2, []string{"a"}, 1); err == nil {
		t.Error("one name for two labels")
	}
	if err := clone.SetWeight("classifier.bias", []int{3}, []float32{1}); err == nil {
		t.Error("one value for three")
	}
	if after, err := model.Fingerprint(); err != nil || after != before {
		t.Errorf("the model changed: %v", err)
	}
	if text, err := json.Marshal(classifier.Config); err != nil || !strings.Contains(string(text), `"label2id":{"a":0,"b":1}`) {
		t.Errorf("%s, %v", text, err)
	}
}
