package ganesh2021

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/gbert/surgery"
	"bertlab/internal/testbed"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/experimenttest"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/heads"
	"bertlab/techniques/profile"
)

// tiny writes a random BERT of two layers, and returns it with its folder.
func tiny(t *testing.T) (*gbert.Model, string) {
	t.Helper()
	config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 40, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
		"intermediate_size": 32, "hidden_act": "gelu", "max_position_embeddings": 16, "type_vocab_size": 2}`))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 3)
	if err != nil {
		t.Fatal(err)
	}
	return model, save(t, model)
}

func save(t *testing.T, m *gbert.Model) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	if err := m.Save(dir, gbert.Float32); err != nil {
		t.Fatal(err)
	}
	return dir
}

func environment(t *testing.T) *experiment.Environment {
	t.Helper()
	return &experiment.Environment{Backend: testbed.OwnGo(t), Choice: &backend.Choice{Name: "go"}, Hub: hub.New(hub.Options{Offline: true}), Dir: t.TempDir()}
}

func small(model string) Config {
	return Config{Model: model, Batches: []int{1, 2}, Lengths: []int{4, 16}, Repeats: 3}
}

// timeless takes out what no two runs have in common.
func timeless(r *Result) {
	for i, c := range r.Profile.Cells {
		r.Profile.Cells[i] = profile.Cell{Batch: c.Batch, Length: c.Length, MACs: c.MACs, GraphMACs: c.GraphMACs}
	}
	r.Profile.CallSeconds = 0
	r.Claims = r.Claims[:1] // the others are about times and memory
}

func TestTheExperiment(t *testing.T) {
	_, dir := tiny(t)
	result := experimenttest.Case[Config, Result]{
		Experiment: Experiment, Protocol: small(dir), Timeless: timeless, Judged: judged, Decided: []string{"The feed-forward networks hold more parameters than any other component."},
		Refused: map[string]func(*Config){
			"the batch sizes []": func(c *Config) { c.Batches = nil }, "the batch sizes [0]": func(c *Config) { c.Batches = []int{0} },
			"the lengths [8];": func(c *Config) { c.Lengths = []int{8} }, "the lengths [8 8]": func(c *Config) { c.Lengths = []int{8, 8} },
			"2 rounds": func(c *Config) { c.Repeats = 2 }, "wanted both or none": func(c *Config) { c.BaseBatches = []int{1} },
			"takes 16 tokens": func(c *Config) { c.Lengths = []int{4, 17} },
		},
	}.Run(t)
	if len(result.Profile.Cells) != 4 || len(result.Claims) != 7 || result.Device != CPU || result.Base != nil || result.Other != nil {
		t.Errorf("%d cells, %d claims, %s, %v, %v", len(result.Profile.Cells), len(result.Claims), result.Device, result.Base, result.Other)
	}
	if file := result.Profile.Parameters.File; file == nil || !file.Agrees {
		t.Errorf("the file: %+v", file)
	}
	for name, config := range map[string]Config{"quick": Quick(), "full": Full()} {
		if err := config.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Another length adds its own cells, and those that are there stay.
func TestAFurtherLengthKeepsTheOthers(t *testing.T) {
	_, dir := tiny(t)
	env := environment(t)
	first, err := Experiment.Run(t.Context(), env, small(dir))
	if err != nil {
		t.Fatal(err)
	}
	more := small(dir)
	more.Lengths = append(more.Lengths, 8)
	second, err := Experiment.Run(t.Context(), env, more)
	if err != nil {
		t.Fatal(err)
	}
	if len(second.Profile.Cells) != 6 || !reflect.DeepEqual(second.Profile.Cells[:2], first.Profile.Cells[:2]) {
		t.Errorf("%d cells, or the first are measured again", len(second.Profile.Cells))
	}
}

func TestACompressedModelIsProfiledAndDrawn(t *testing.T) {
	model, _ := tiny(t)
	headless, err := surgery.RemoveHeads(model, heads.Set{0: {0, 1}, 1: {0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	result, err := Experiment.Run(t.Context(), environment(t), small(save(t, headless)))
	if err != nil {
		t.Fatal(err)
	}
	publication := Experiment.Publication(result)
	if _, err := publication.Write(t.TempDir()); err != nil {
		t.Error(err)
	}
	published, err := publication.In(words.English)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range published.Figures {
		names = append(names, f.Name)
	}
	if slices.Contains(names, "profile-attention") || !slices.Contains(names, "profile-shares") {
		t.Errorf("without heads are drawn: %v", names)
	}
	if claim := (ruled{claim: edition.attention, r: result}).judge(); claim.Verdict.String() != "cannot be told here" {
		t.Errorf("without heads: %+v", claim)
	}
}

func TestEveryCellOfEveryTableIsANumber(t *testing.T) {
	_, dir := tiny(t)
	result, err := Experiment.Run(t.Context(), environment(t), small(dir))
	if err != nil {
		t.Fatal(err)
	}
	tables, err := english(result).Tables()
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if table.Table != nil && strings.Contains(table.Table.CSV(), "NaN") {
			t.Errorf("%s has a NaN:\n%s", table.Name, table.Table.CSV())
		}
	}
}

// Where the process had few processors the time is not the model's alone: such cells are marked, and the title is about the others.
func TestTheGridMarksWhatWasTimedWithFewProcessors(t *testing.T) {
	for name, test := range map[string]struct {
		processors  [4]float64 // of 1 × 4, 1 × 16, 2 × 4, 2 × 16
		device      Device
		title, says string
	}{
		"a quiet machine": {[4]float64{1.8, 1.9, 2, 1.3}, CPU, "A token costs 40.0 times as much at 1 × 4 as at 2 × 16", ""},
		"two cells":       {[4]float64{0.8, 1.9, 2, 1.1}, CPU, "A token costs 2.0 times as much at 1 × 16 as at 2 × 4", "1 × 4, 2 × 16: the process had as little as 0.80 processors there, elsewhere up to 2.00"},
		"not known":       {[4]float64{}, CPU, "A token costs 40.0 times as much at 1 × 4 as at 2 × 16", ""},
		"on a GPU":        {[4]float64{0.1, 1.9, 2, 0.1}, GPU, "A token costs 40.0 times as much at 1 × 4 as at 2 × 16", ""},
	} {
		r := &Result{Measured: experiment.Measured[Config]{Config: small("model")}, Device: test.device, Profile: &profile.Profile{}}
		for i, cell := range []profile.Cell{{Batch: 1, Length: 4}, {Batch: 1, Length: 16}, {Batch: 2, Length: 4}, {Batch: 2, Length: 16}} {
			cell.Seconds.Median = float64(cell.Batch*cell.Length) * []float64{40e-6, 10e-6, 5e-6, 1e-6}[i]
			cell.ProcessorSeconds.Median = test.processors[i] * cell.Seconds.Median
			r.Profile.Cells = append(r.Profile.Cells, cell)
		}
		figure, err := english(r).GridHeatmap()
		if err != nil {
			t.Fatal(err)
		}
		if figure.Title() != test.title || !strings.Contains(figure.Alt(), test.says) || strings.Contains(figure.Alt(), "as little as") != (test.says != "") {
			t.Errorf("%s: %s; %s", name, figure.Title(), figure.Alt())
		}
		if stars := strings.Contains(figure.Data().CSV(), "fewer processors"); stars != (test.says != "") {
			t.Errorf("%s: marked: %v", name, stars)
		}
	}
}

// english is a result told in English.
func english(r *Result) edition { return edition{r, experiment.Voice{Printer: words.English}} }
