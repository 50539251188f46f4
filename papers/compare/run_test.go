package compare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/vocabulary"
)

var environment = tiny.Environment

// contestants are a random classifier, the same in half precision, and the same without two of its four layers.
func contestants(t testing.TB) ([]Entry, Options) {
	t.Helper()
	config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 13, "hidden_size": 8, "num_hidden_layers": 4, "num_attention_heads": 2,
		"intermediate_size": 12, "hidden_act": "gelu", "max_position_embeddings": 16, "type_vocab_size": 2, "initializer_range": 0.3}`))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 3)
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "fine", "bad", "poor", "the", "film", "is", "very"}
	if model.Tokenizer, err = tokenizer.FromVocab(words, true); err != nil {
		t.Fatal(err)
	}
	if model, err = model.WithClassifier(2, nil, 1); err != nil {
		t.Fatal(err)
	}
	shallow, err := surgery.DropLayers(model, []int{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, err := range []error{
		model.Save(filepath.Join(dir, "original"), gbert.Float32), model.Save(filepath.Join(dir, "half"), gbert.Float16), shallow.Save(filepath.Join(dir, "shallow"), gbert.Float32),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	text := "sentence\tlabel\n"
	for i := range 60 {
		text += fmt.Sprintf("the %sfilm is %s\t%d\n", strings.Repeat("very ", i%5), []string{"good", "bad", "fine", "poor"}[i%4], 1-i%2)
	}
	data := filepath.Join(dir, "dev.tsv")
	if err := os.WriteFile(data, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	again := false
	return []Entry{{Name: "original", Dir: filepath.Join(dir, "original")}, {Name: "half", Dir: filepath.Join(dir, "half"), Retrained: &again}, {Name: "shallow", Dir: filepath.Join(dir, "shallow"), Combined: true}},
		Options{Task: "sst2", Data: data, Batches: []int{1, 4}, Length: 8, Repeats: 3, Resamples: 200, Pairs: [][2]string{{"half", "shallow"}}}
}

func compared(t testing.TB) *Comparison {
	t.Helper()
	entries, o := contestants(t)
	c, err := Run(t.Context(), environment(t, t.TempDir()), entries, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestModelsStandSideBySide(t *testing.T) {
	entries, o := contestants(t)
	jobs := 0
	in := func(dir string) *experiment.Environment {
		env := environment(t, dir)
		env.Memory = func(_ context.Context, job experiment.MemoryJob) (*experiment.Memory, error) {
			jobs++
			if job.Batch != 4 || job.Length != 8 || job.Backend != "go" {
				t.Errorf("%+v", job)
			}
			return &experiment.Memory{Peak: 5e6, Before: 4e6, Batch: job.Batch, Length: job.Length}, nil
		}
		return env
	}
	dir := t.TempDir()
	c, err := Run(t.Context(), in(dir), entries, o)
	if err != nil {
		t.Fatal(err)
	}
	original, half, shallow := c.Models[0], c.Models[1], c.Models[2]
	if c.Examples != 60 || c.Metric != "accuracy" || c.Majority != 0.5 || jobs != 3 || original.Against != nil || original.Drops != nil {
		t.Errorf("%d examples, %s, largest class %g, %d jobs, %+v", c.Examples, c.Metric, c.Majority, jobs, original)
	}
	if half.Parameters != original.Parameters || half.Sizes.Float32 != original.Sizes.Float32 || half.Sizes.Stored >= original.Sizes.Stored || !(half.Logits > 0 && half.Logits < 0.01) {
		t.Errorf("half precision: %+v of %+v, logits %g", half.Sizes, original.Sizes, half.Logits)
	}
	if shallow.Parameters >= original.Parameters || shallow.MACs >= original.MACs || shallow.Layers != 2 || !shallow.Combined || *half.Retrained || shallow.Retrained != nil {
		t.Errorf("%+v", shallow)
	}
	for i, m := range c.Models {
		if info, err := os.Stat(filepath.Join(entries[i].Dir, "model.safetensors")); err != nil || info.Size() != m.Sizes.Stored || m.Sizes.Gzip <= 0 {
			t.Errorf("%s: %+v, %v", m.Name, m.Sizes, err)
		}
		if !(m.Low <= m.Score && m.Score <= m.High) || len(m.Latency) != 2 || m.Memory == nil {
			t.Errorf("%s: %g [%g, %g], %d latencies", m.Name, m.Score, m.Low, m.High, len(m.Latency))
		}
		for _, l := range m.Latency {
			if len(l.Samples) != 3 || !(0 < l.Low && l.Low <= l.Seconds && l.Seconds <= l.High) || i == 0 && l.Speed != 1 {
				t.Errorf("%s: %+v", m.Name, l)
			}
		}
		if i > 0 && (math.Abs(m.Against.Metric.Value-(original.Score-m.Score)) > 1e-12 || len(m.Drops) != 200 || m.Against.McNemar == nil || m.Against.A != "original") {
			t.Errorf("%s: %+v", m.Name, m.Against)
		}
	}
	if p := c.Pairs[0]; p.A != "half" || math.Abs(p.Loss.Value-(half.Loss-shallow.Loss)) > 1e-9 {
		t.Errorf("%+v", c.Pairs)
	}
	again, err := Run(t.Context(), in(dir), entries, o)
	if err != nil {
		t.Fatal(err)
	}
	again.Provenance = c.Provenance
	if !reflect.DeepEqual(again, c) || jobs != 3 {
		t.Error("what was measured is measured again")
	}
	turned, err := Run(t.Context(), in(dir), []Entry{entries[0], entries[2], entries[1]}, o)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(turned.Models[1].Latency, c.Models[1].Latency) || !reflect.DeepEqual(turned.Models[1].Sizes, c.Models[2].Sizes) || jobs != 3 {
		t.Error("in another order, models have each other's times")
	}
}

// Its words have other numbers than the original's: it is timed on the same text as it reads it.
func TestAModelWithAVocabularyOfItsOwnIsCompared(t *testing.T) {
	entries, o := contestants(t)
	words := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "1", "2", "##1", "##2", "12", "good", "fine", "bad", "poor", "the", "film", "is", "very"}
	whole, err := gbert.Load(entries[0].Dir)
	if err != nil {
		t.Fatal(err)
	}
	config := *whole.Config
	config.VocabSize = len(words)
	model, err := gbert.New(&config, 3)
	if err != nil {
		t.Fatal(err)
	}
	if model.Tokenizer, err = tokenizer.FromVocab(words, true); err != nil {
		t.Fatal(err)
	}
	if model, err = model.WithClassifier(2, nil, 1); err != nil {
		t.Fatal(err)
	}
	var counts vocabulary.Counts
	counts.Add(model.Tokenizer, []tokenizer.Pair{{A: "the very film is good bad fine poor"}})
	choice, err := vocabulary.Choose(model, counts, 1)
	if err != nil {
		t.Fatal(err)
	}
	smaller, err := vocabulary.Cut(model, choice)
	if err != nil || smaller.Config.VocabSize >= len(words) {
		t.Fatal(err, smaller.Config.VocabSize)
	}
	dir := t.TempDir()
	for name, m := range map[string]*gbert.Model{"all": model, "fewer": smaller} {
		if err := m.Save(filepath.Join(dir, name), gbert.Float32); err != nil {
			t.Fatal(err)
		}
	}
	o.Pairs = nil
	c, err := Run(t.Context(), environment(t, t.TempDir()), []Entry{{Name: "all", Dir: filepath.Join(dir, "all")}, {Name: "fewer", Dir: filepath.Join(dir, "fewer")}}, o)
	if err != nil {
		t.Fatal(err)
	}
	if all, fewer := c.Models[0], c.Models[1]; fewer.Score != all.Score || fewer.Parameters >= all.Parameters || len(fewer.Latency) != 2 || !(fewer.Latency[1].Seconds > 0) {
		t.Errorf("%+v, %+v", all, fewer)
	}
}

func TestAComparisonIsPublishedAndReadBack(t *testing.T) {
	c := compared(t)
	dir := t.TempDir()
	if _, err := c.Publication().Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "compare.json")} {
		read, err := Read(path)
		if err != nil || !reflect.DeepEqual(read.Models, c.Models) {
			t.Errorf("%s is read back as something else: %v", path, err)
		}
	}
	report, err := os.ReadFile(filepath.Join(dir, "compare.ko.html"))
	if err != nil || !strings.Contains(string(report), "파일 크기") {
		t.Errorf("the Korean report: %v", err)
	}
	if rows := c.Table(words.Korean).Rows; len(rows) != 3 || rows[0][0] != "original" {
		t.Errorf("%v", rows)
	}
}

func TestWhatCannotBeComparedIsRefused(t *testing.T) {
	entries, o := contestants(t)
	bare, err := gbert.Load(entries[0].Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer bare.Close()
	three, err := bare.WithClassifier(3, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	wide := filepath.Join(t.TempDir(), "three")
	if err := three.Save(wide, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	for mentions, change := range map[string]func() ([]Entry, Options){
		"at least two models": func() ([]Entry, Options) { return entries[:1], o },
		"name of its own":     func() ([]Entry, Options) { return []Entry{entries[0], entries[0]}, o },
		"batch size 0":        func() ([]Entry, Options) { o := o; o.Batches = []int{0}; return entries, o },
		"three: ":             func() ([]Entry, Options) { return []Entry{entries[0], {Name: "three", Dir: wide}}, o },
		"no such model":       func() ([]Entry, Options) { o := o; o.Pairs = [][2]string{{"half", "quarter"}}; return entries, o },
		"nothing":             func() ([]Entry, Options) { return append(entries[:1:1], Entry{Name: "x", Dir: "/nothing/here"}), o },
	} {
		list, options := change()
		if _, err := Run(t.Context(), environment(t, t.TempDir()), list, options); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
	}
}

func TestAScoreThatIsNoNumberIsNamed(t *testing.T) {
	entries, o := contestants(t)
	model, err := gbert.Load(entries[0].Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	rating, err := model.WithClassifier(1, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := rating.Save(filepath.Join(dir, name), gbert.Float32); err != nil {
			t.Fatal(err)
		}
	}
	entries = []Entry{{Name: "a", Dir: filepath.Join(dir, "a")}, {Name: "b", Dir: filepath.Join(dir, "b")}}
	for name, rows := range map[string]string{"targets": "good\tbad\t3\nfine\tpoor\t3\n", "answers": "good\tbad\t3\ngood\tbad\t4\n", "one": "good\tbad\t3\n"} {
		o := o
		o.Task, o.Data, o.Pairs = "stsb", filepath.Join(dir, name+".tsv"), nil
		if err := os.WriteFile(o.Data, []byte("sentence1\tsentence2\tscore\n"+rows), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), environment(t, t.TempDir()), entries, o); err == nil || !strings.Contains(err.Error(), "a: its pearson on "+o.Data+" is not a number") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOfTwoComparisonsInAFolderTheLaterCounts(t *testing.T) {
	dir, made := t.TempDir(), compared(t)
	keep := func(name, task string, after time.Duration) {
		c := *made
		c.Task, c.Provenance.Began = task, c.Provenance.Began.Add(after)
		var document any = &c
		if name == "recipes.json" {
			document = map[string]any{"comparison": &c}
		}
		text, err := json.Marshal(document)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	keep("compare.json", "own", 0)
	for after, want := range map[time.Duration][2]string{time.Hour: {"recipes", "recipes.json"}, -time.Hour: {"own", "compare.json"}, 0: {"own", "compare.json"}} {
		keep("recipes.json", "recipes", after)
		c, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if advice, err := c.Advise(Limits{}); err != nil || c.Task != want[0] || advice.From != filepath.Join(dir, want[1]) {
			t.Errorf("%v after: %s, %+v, %v", after, c.Task, advice, err)
		}
	}
}

func TestIntervalsHaveOneMinusSignAndBatchesAreNamedOnce(t *testing.T) {
	c := *compared(t)
	c.Models = slices.Clone(c.Models)
	c.Models[0].Low, c.Models[0].High = -1, -0.25
	if got := c.Table(words.English).Rows[0][2]; got != "[−1.000,\u00a0−0.250]" {
		t.Errorf("%q", got)
	}
	if err := (Options{Batches: []int{1, 8, 1}}).Check(); err == nil || !strings.Contains(err.Error(), "batch size 1 is named twice") {
		t.Errorf("%v", err)
	}
}

func TestAFileThatIsNoComparisonIsRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(dir); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	if _, err := Read(filepath.Join(dir, "nothing")); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	path := filepath.Join(dir, "compare.json")
	for _, text := range []string{"", "[]", "{}", `{"models": [{"name": "a"}], "batches": [1]}`, `{"batches": [1], "models": [{"latency": [{}]}, {"latency": [{}]}]}`, `{"comparison": {}}`} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(dir); err == nil || errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "compare.json") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := os.WriteFile(path, []byte("sentence\tlabel\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || strings.Count(err.Error(), "invalid character") != 1 {
		t.Errorf("%v", err)
	}
}

func TestEveryTableSaysItsLanguage(t *testing.T) {
	c := compared(t)
	advice, err := c.Advise(Limits{Size: 40e6})
	if err != nil {
		t.Fatal(err)
	}
	for _, say := range words.Languages {
		tables := []*figures.Table{advice.Table(say), c.Excerpt(say, "half"), c.ConstraintTable(say, 1)}
		for _, named := range c.Tables(say) {
			tables = append(tables, named.Table)
		}
		for _, table := range tables {
			if table.Language != say.Tag() {
				t.Errorf("%q is in %q, not in %q", table.Title, table.Language, say.Tag())
			}
		}
	}
}

func TestExcerptsAndConstraintsStandOnTheMeasurements(t *testing.T) {
	c := compared(t)
	for _, say := range words.Languages {
		excerpt := c.Excerpt(say, "shallow", "nonesuch")
		if len(excerpt.Rows) != 2 || excerpt.Rows[1][0] != "shallow" || excerpt.Rows[1][6].(float64) >= 100 || excerpt.Rows[0][5].(float64) != 100 {
			t.Errorf("%v", excerpt.Rows)
		}
		table := c.ConstraintTable(say, 1)
		// Any drop is allowed: the shallow model takes the least operations; without retraining, half is the smaller file, since
		// nobody knows of the shallow one.
		if rows := table.Rows; rows[len(rows)-1][1] != "shallow" || rows[1][1] != "half" {
			t.Errorf("%v", rows)
		}
		for _, row := range c.ConstraintTable(say, -2).Rows { // nothing may lose so little
			if row[1] != "original" {
				t.Errorf("%v", row)
			}
		}
	}
}
