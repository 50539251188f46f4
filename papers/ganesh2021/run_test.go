package ganesh2021

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/internal/testbed"
	"bertlab/papers/experiment"
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

func TestTheExperimentFromEndToEnd(t *testing.T) {
	_, dir := tiny(t)
	env := environment(t)
	result, err := Run(t.Context(), env, small(dir))
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Profile.Cells) != 4 || len(result.Claims) != 7 || result.Device != CPU || result.Base != nil || result.Other != nil {
		t.Errorf("%d cells, %d claims, %s, %v, %v", len(result.Profile.Cells), len(result.Claims), result.Device, result.Base, result.Other)
	}
	if file := result.Profile.Parameters.File; file == nil || !file.Agrees {
		t.Errorf("the file: %+v", file)
	}
	files, err := result.Write(env.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if last := files[len(files)-1]; filepath.Base(last) != "profile.html" {
		t.Errorf("the last file is %s", last)
	}
	for _, name := range []string{"profile.json", "profile.ko.html", "figures/profile-shares.png", "figures/profile-memory.svg", "figures/profile-sums.tex"} {
		if info, err := os.Stat(filepath.Join(env.Dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	again, err := Run(t.Context(), env, small(dir))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.Profile, result.Profile) || !reflect.DeepEqual(again.Claims, result.Claims) {
		t.Error("a replay has other numbers")
	}
}

func TestACompressedModelIsProfiledAndDrawn(t *testing.T) {
	model, _ := tiny(t)
	headless, err := heads.Remove(model, heads.Set{0: {0, 1}, 1: {0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	result, err := Run(t.Context(), environment(t), small(save(t, headless)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := result.Write(t.TempDir()); err != nil {
		t.Error(err)
	}
	if _, err := result.Figure("attention"); err == nil {
		t.Error("attention is drawn without heads")
	}
	if f, err := result.Figure("shares"); err != nil || f.Name != "profile-shares" || f.Caption.Korean == "" {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := result.Figure("nothing"); err == nil || !strings.Contains(err.Error(), "shares, base") {
		t.Errorf("a figure that is not there: %v", err)
	}
	if claim := result.claimAttention(); claim.Verdict.String() != "cannot be told here" {
		t.Errorf("without heads: %+v", claim)
	}
}

func TestAStoppedRunEndsWithItsError(t *testing.T) {
	_, dir := tiny(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, environment(t), small(dir)); !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
}

func TestAWrongProtocolIsRefused(t *testing.T) {
	_, dir := tiny(t)
	for name, change := range map[string]func(*Config){
		"no batches": func(c *Config) { c.Batches = nil }, "batch 0": func(c *Config) { c.Batches = []int{0} }, "one length": func(c *Config) { c.Lengths = []int{8} },
		"the same length twice": func(c *Config) { c.Lengths = []int{8, 8} }, "two rounds": func(c *Config) { c.Repeats = 2 },
		"half of a base": func(c *Config) { c.BaseBatches = []int{1} }, "too long": func(c *Config) { c.Lengths = []int{4, 17} },
	} {
		config := small(dir)
		change(&config)
		if _, err := Run(t.Context(), environment(t), config); err == nil {
			t.Errorf("%s: it runs", name)
		}
	}
	for name, config := range map[string]Config{"quick": Quick(), "full": Full()} {
		if err := config.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBERTBaseHasItsPublishedNumbers(t *testing.T) {
	counted, err := countBase()
	if err != nil {
		t.Fatal(err)
	}
	if counted.Parameters.Total != 109_482_240 || counted.Parameters.Of(profile.Embedding) != 23_837_184 {
		t.Errorf("%+v", counted.Parameters)
	}
	for i, want := range []int{11_173_625_856, 22_951_231_488, 48_318_382_080} {
		if got := counted.Lengths[i]; got.Encoder != want || got.Total != want+768*768 {
			t.Errorf("%d tokens: %d operations of the encoder, %d with the pooler; want %d", got.Length, got.Encoder, got.Total, want)
		}
	}
}

func TestEveryCellOfEveryTableIsANumber(t *testing.T) {
	_, dir := tiny(t)
	result, err := Run(t.Context(), environment(t), small(dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range result.Tables() {
		if strings.Contains(table.Table.CSV(), "NaN") {
			t.Errorf("%s has a NaN:\n%s", table.Name, table.Table.CSV())
		}
	}
}
