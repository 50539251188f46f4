package gbert

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert/safetensors"
)

// floats is a tensor of n numbers.
func floats(name string, dtype safetensors.DType, shape ...int) safetensors.Entry {
	size := 1
	for _, dim := range shape {
		size *= dim
	}
	values := make([]float32, size)
	for i := range values {
		values[i] = float32(i)/8 - 1
	}
	return safetensors.Entry{Name: name, Shape: shape, DType: dtype, Values: values}
}

// kindFolder is a folder of testdata/kinds, changed.
func kindFolder(t *testing.T, name string, configure func(config map[string]any), change func([]safetensors.Entry) []safetensors.Entry) string {
	t.Helper()
	source := filepath.Join("testdata", "kinds", name)
	config, dir := configIn(t, source), t.TempDir()
	if configure != nil {
		configure(config)
	}
	file, err := safetensors.OpenFolder(source)
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
	if err := safetensors.Write(filepath.Join(dir, safetensors.WeightsName), entries, map[string]string{"format": "pt"}); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(config)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func without(prefixes ...string) func([]safetensors.Entry) []safetensors.Entry {
	return func(all []safetensors.Entry) []safetensors.Entry {
		return slices.DeleteFunc(all, func(e safetensors.Entry) bool {
			return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(e.Name, p) })
		})
	}
}

func with(more ...safetensors.Entry) func([]safetensors.Entry) []safetensors.Entry {
	return func(all []safetensors.Entry) []safetensors.Entry { return append(all, more...) }
}

// class names the architecture; an empty one takes it away.
func class(name string) func(map[string]any) {
	return func(config map[string]any) {
		if delete(config, "architectures"); name != "" {
			config["architectures"] = []any{name}
		}
	}
}

func TestTheHeadIsTheOneThatClassAndTensorsName(t *testing.T) {
	const sequence, token, span, mlm = "BertForSequenceClassification", "BertForTokenClassification", "BertForQuestionAnswering", "BertForMaskedLM"
	for name, c := range map[string]struct {
		kind   string
		class  string
		change func([]safetensors.Entry) []safetensors.Entry
		head   Head
		saved  string // the class of the model as it is saved
	}{
		"a pooler and no class":                 {sequence, "", nil, SequenceHead, sequence},
		"no pooler and no class":                {token, "", nil, TokenHead, token},
		"spans and no class":                    {span, "", nil, SpanHead, span},
		"words and no class":                    {mlm, "", nil, MaskedLMHead, mlm},
		"both pretraining heads and no class":   {"BertForPreTraining", "", nil, PretrainingHead, "BertForPreTraining"},
		"the next sentence and no class":        {"BertForNextSentencePrediction", "", nil, NextSentenceHead, "BertForNextSentencePrediction"},
		"nothing and no class":                  {"BertModel", "", nil, NoHead, "BertModel"},
		"tokens with a pooler":                  {sequence, token, nil, TokenHead, token},
		"a choice, not a regression":            {"BertForMultipleChoice", "BertForMultipleChoice", nil, MultipleChoiceHead, "BertForMultipleChoice"},
		"a bare class with a classifier":        {sequence, "BertModel", nil, SequenceHead, sequence},
		"a class whose head is missing":         {"BertModel", sequence, nil, NoHead, "BertModel"},
		"another class's head":                  {span, sequence, nil, SpanHead, span},
		"spans beside a classifier":             {span, span, with(floats("classifier.weight", safetensors.F32, 3, 8), floats("classifier.bias", safetensors.F32, 3)), SpanHead, span},
		"words beside a classifier":             {mlm, mlm, with(floats("classifier.weight", safetensors.F32, 3, 8), floats("classifier.bias", safetensors.F32, 3)), MaskedLMHead, mlm},
		"a decoder's class":                     {mlm, "BertLMHeadModel", nil, MaskedLMHead, "BertLMHeadModel"},
		"somebody's tagger":                     {token, "BertCRF", with(floats("crf.transitions", safetensors.F32, 3, 3)), TokenHead, "BertCRF"},
		"somebody's tagger with a pooler":       {sequence, "MyBertForTokenClassification", nil, TokenHead, "MyBertForTokenClassification"},
		"somebody's classifier of two texts":    {"BertModel", "BertRanker", with(floats("classifier.weight", safetensors.F32, 3, 16), floats("classifier.bias", safetensors.F32, 3)), OwnHead, "BertRanker"},
		"somebody's classifier without a bias":  {"BertModel", "BertRanker", with(floats("classifier.weight", safetensors.F32, 3, 8)), OwnHead, "BertRanker"},
		"somebody's head":                       {"BertModel", "ColBERT", with(floats("linear.weight", safetensors.F32, 4, 8)), OwnHead, "ColBERT"},
		"somebody's head and no class":          {"BertModel", "", with(floats("linear.weight", safetensors.F32, 4, 8)), OwnHead, "BertModel"},
		"words without a bias of their decoder": {mlm, mlm, without("cls.predictions.bias"), OwnHead, mlm},
	} {
		t.Run(name, func(t *testing.T) {
			source := kindFolder(t, c.kind, class(c.class), c.change)
			model, err := Load(source)
			if err != nil {
				t.Fatal(err)
			}
			defer model.Close()
			if model.Head() != c.head {
				t.Errorf("the head is %q", model.Head())
			}
			dir := t.TempDir()
			if err := model.Save(dir, Float32); err != nil {
				t.Fatal(err)
			}
			if got := configIn(t, dir)["architectures"].([]any)[0]; got != c.saved {
				t.Errorf("saved as %v", got)
			}
			if before, after := tensorsIn(t, source), tensorsIn(t, dir); !reflect.DeepEqual(before, after) {
				t.Errorf("%d tensors became %d, or others", len(before), len(after))
			}
			again, err := Load(dir)
			if err != nil || again.Head() != c.head {
				t.Errorf("loaded again: %v, %v", again, err)
			}
		})
	}
}

func TestCarriedTensorsKeepTheirTypeAndHalfPrecisionRoundsNumbersAlone(t *testing.T) {
	counts := safetensors.Entry{Name: "steps", Shape: []int{1}, DType: safetensors.I64, Raw: binary.LittleEndian.AppendUint64(nil, 7)}
	double := safetensors.Entry{Name: "own.double", Shape: []int{1}, DType: safetensors.F64, Raw: binary.LittleEndian.AppendUint64(nil, math.Float64bits(1.0/3))}
	source := kindFolder(t, "BertForSequenceClassification", nil, with(counts, double, floats("own.brain", safetensors.BF16, 3),
		floats("own.LayerScale.gamma", safetensors.F32, 2), floats("bert.encoder.layer.1.output.dense.mask_scores", safetensors.F32, 8, 12)))
	model, err := Load(source)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	want := []string{"bert.encoder.layer.1.output.dense.mask_scores", "own.LayerScale.gamma", "own.brain", "own.double", "steps"}
	if !slices.Equal(model.Carried(), want) || !slices.Equal(model.CarriedInside(), want[:1]) {
		t.Errorf("carried %v, inside %v", model.Carried(), model.CarriedInside())
	}
	if notes := strings.Join(model.Notes(), "; "); !strings.Contains(notes, strings.Join(want, ", ")) {
		t.Errorf("the notes are %q", notes)
	}
	plain, err := Load("testdata/kinds/BertForSequenceClassification")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if model.NumParameters() != plain.NumParameters() || len(plain.Notes()) > 0 {
		t.Errorf("%d parameters, %d without what is carried; notes %q", model.NumParameters(), plain.NumParameters(), plain.Notes())
	}
	before := tensorsIn(t, source)
	for name, save := range map[string]func(m *Model, dir string) error{
		"dense": func(m *Model, dir string) error { return m.Save(dir, Float32) }, "compact": func(m *Model, dir string) error { return m.SaveCompact(dir, Float32) },
	} {
		dir := t.TempDir()
		if err := save(model, dir); err != nil {
			t.Fatal(err)
		}
		after := tensorsIn(t, dir)
		for _, tensor := range want {
			if before[tensor] != after[tensor] {
				t.Errorf("%s: %s became %q", name, tensor, after[tensor])
			}
		}
	}
	half := t.TempDir()
	if err := model.Save(half, Float16); err != nil {
		t.Fatal(err)
	}
	for name, tensor := range tensorsIn(t, half) {
		if name == "steps" && tensor != before[name] || name != "steps" && !strings.HasPrefix(tensor, "F16") {
			t.Errorf("in half precision %s is %.4q", name, tensor)
		}
	}
}

func TestADecoderOfItsOwnIsComputedWithWhateverTheConfigurationSays(t *testing.T) {
	// transformers leaves a decoder alone that differs from the word table, though tie_word_embeddings is true.
	tied := func(config map[string]any) { config["tie_word_embeddings"] = true }
	for name, c := range map[string]struct {
		kind      string
		configure func(map[string]any)
		change    func([]safetensors.Entry) []safetensors.Entry
		want      string // the kind whose logits it has
	}{
		"as saved":                         {"BertForMaskedLM-untied", nil, nil, "BertForMaskedLM-untied"},
		"said to be tied":                  {"BertForMaskedLM-untied", tied, nil, "BertForMaskedLM-untied"},
		"an ALBERT's said to be tied":      {"AlbertForMaskedLM-untied", tied, nil, "AlbertForMaskedLM-untied"},
		"tied, the bias as the decoder's":  {"BertForMaskedLM", nil, renamed("cls.predictions.bias", "cls.predictions.decoder.bias"), "BertForMaskedLM"},
		"tied, the table as the decoder's": {"BertForMaskedLM", nil, renamed("bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight"), "BertForMaskedLM"},
		"untied, of transformers 4":        {"BertForMaskedLM-untied", nil, oneBias, "BertForMaskedLM-untied"},
	} {
		t.Run(name, func(t *testing.T) {
			model, err := Load(kindFolder(t, c.kind, c.configure, c.change))
			if err != nil {
				t.Fatal(err)
			}
			defer model.Close()
			sameOutputs(t, computed(t, model), readKinds()[c.want].Outputs)
			dir := t.TempDir()
			if err := model.Save(dir, Float32); err != nil {
				t.Fatal(err)
			}
			again, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			sameOutputs(t, computed(t, again), readKinds()[c.want].Outputs)
		})
	}
}

func renamed(from, to string) func([]safetensors.Entry) []safetensors.Entry {
	return func(all []safetensors.Entry) []safetensors.Entry {
		for i := range all {
			if all[i].Name == from {
				all[i].Name = to
			}
		}
		return all
	}
}

// oneBias leaves the decoder's bias alone, under the name of the head's: transformers 4 made the two one.
func oneBias(all []safetensors.Entry) []safetensors.Entry {
	return renamed("cls.predictions.decoder.bias", "cls.predictions.bias")(without("cls.predictions.bias")(all))
}

func TestWhatAModelSaysOfItselfStaysUntilAnotherHeadTakesItsPlace(t *testing.T) {
	for name, want := range map[string]any{
		"BertForSequenceClassification": nil, "BertForSequenceClassification-reranker": nil, "BertForSequenceClassification-multi-label": MultiLabel,
		"AlbertForSequenceClassification": nil, "BertForTokenClassification": nil, "BertForQuestionAnswering": nil,
	} {
		dir := t.TempDir()
		model := load(t, "kinds/"+name)
		if err := model.Save(dir, Float32); err != nil {
			t.Fatal(err)
		}
		if got := configIn(t, dir)["problem_type"]; got != want {
			t.Errorf("%s: problem_type is %v, not %v", name, got, want)
		}
		fresh, err := model.WithClassifier(1, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := fresh.Save(dir, Float32); err != nil {
			t.Fatal(err)
		}
		if got := configIn(t, dir); got["problem_type"] != Regression || !strings.HasSuffix(got["architectures"].([]any)[0].(string), "ForSequenceClassification") {
			t.Errorf("%s with a regression's head: %v, %v", name, got["problem_type"], got["architectures"])
		}
	}
	dir := t.TempDir()
	model, err := Load(kindFolder(t, "BertForSequenceClassification-reranker", func(c map[string]any) { c["problem_type"] = nil }, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if err := model.Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	if said, ok := configIn(t, dir)["problem_type"]; !ok || said != nil {
		t.Errorf("a problem_type of null became %v (%v)", said, ok)
	}
	if _, err := Load(kindFolder(t, "BertForSequenceClassification", func(c map[string]any) { c["problem_type"] = "ranking" }, nil)); err == nil || !strings.Contains(err.Error(), `"ranking"`) {
		t.Errorf("a problem_type that transformers does not have: %v", err)
	}
}

func TestANewHeadTakesThePlaceOfAllOthers(t *testing.T) {
	inside := floats("bert.encoder.layer.0.adapter.down", safetensors.F32, 2, 8)
	for name, tensors := range map[string][]string{
		"BertForSequenceClassification": {"classifier.bias", "classifier.weight"}, "BertForMultipleChoice": {"classifier.bias", "classifier.weight"},
		"BertForQuestionAnswering": {"qa_outputs.bias", "qa_outputs.weight"}, "BertForNextSentencePrediction": {"cls.seq_relationship.bias", "cls.seq_relationship.weight"},
		"BertForPreTraining": {"cls.predictions.bias", "cls.predictions.transform.LayerNorm.bias", "cls.predictions.transform.LayerNorm.weight", "cls.predictions.transform.dense.bias", "cls.predictions.transform.dense.weight", "cls.seq_relationship.bias", "cls.seq_relationship.weight"},
		"BertModel":          nil,
	} {
		model, err := Load(kindFolder(t, name, nil, with(inside)))
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		if !slices.Equal(model.HeadWeights(), tensors) {
			t.Errorf("%s: the heads' weights are %v", name, model.HeadWeights())
		}
		if line := model.Replaced(); (line == "") != (tensors == nil) || !strings.Contains(line, strings.Join(tensors, ", ")) {
			t.Errorf("%s: %q", name, line)
		}
		token, err := model.WithTokenClassifier([]string{"B", "I", "O"}, 1)
		if err != nil {
			t.Fatal(err)
		}
		span, err := token.WithSpanHead(1)
		if err != nil {
			t.Fatal(err)
		}
		sequence, err := span.WithClassifier(2, []string{"x", "y"}, 1)
		if err != nil {
			t.Fatal(err)
		}
		for head, m := range map[Head]*Model{TokenHead: token, SpanHead: span, SequenceHead: sequence, NoHead: sequence.WithoutHead()} {
			dir := t.TempDir()
			if err := m.Save(dir, Float32); err != nil {
				t.Fatalf("%s, %s: %v", name, head, err)
			}
			loaded, err := Load(dir)
			if err != nil {
				t.Fatalf("%s, %s: %v", name, head, err)
			}
			defer loaded.Close()
			if loaded.Head() != head || loaded.HasPooler() == head.PerToken() || len(loaded.Carried()) != 1 || len(loaded.Config.Labels) != m.NumLabels() {
				t.Errorf("%s, %s: %s, a pooler: %v, carried %v, labels %v", name, head, loaded.Head(), loaded.HasPooler(), loaded.Carried(), loaded.Config.Labels)
			}
		}
	}
}
