package wang2022

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/internal/tiny"
)

// protocol is one of seconds: a random BERT of two layers on sentences whose words tell their class.
func protocol(t testing.TB) Config {
	t.Helper()
	dir := tiny.Reviews(t, 48, 20, false)
	return Config{
		Model: tiny.Pretrained(t, tiny.Shape{Layers: 2}), Task: "sst2", Data: dir, Forms: []Form{II, III, IV}, Ratios: []float64{0.3, 0.6, 0.9}, Recovered: []float64{0.3, 0.6},
		Sweeps: 2, Seeds: []uint64{1, 2}, Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, RecoveryEpochs: 1, RecoveryRate: 1e-2,
		SpeedBatch: 2, SpeedLength: 8, SpeedRepeats: 3, SpeedRatios: []float64{0.3}, LayerRanks: []float64{0.25, 1},
	}
}

var environment = tiny.Environment

func TestTheExperimentFromEndToEnd(t *testing.T) {
	config, dir := protocol(t), t.TempDir()
	one := config
	one.Seeds = config.Seeds[:1]
	first, err := Run(context.Background(), environment(t, dir), one)
	if err != nil {
		t.Fatal(err)
	}
	result, err := Run(context.Background(), environment(t, dir), config)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(result.Trials[:len(first.Trials)], first.Trials) {
		t.Error("with a further seed the first one is done again")
	}
	if len(result.Whole) != 2 || len(result.Variants) != 2*9 || len(result.Trials) != 2*(9+3*2*2) || len(result.Speed) != 3 || len(result.Maps) != 6 || len(result.Claims) != 7 {
		t.Errorf("%d whole models, %d variants, %d trials, %d speeds, %d maps, %d claims", len(result.Whole), len(result.Variants), len(result.Trials), len(result.Speed), len(result.Maps), len(result.Claims))
	}
	for _, v := range result.Variants {
		if float64(v.Matrices) > v.Ratio*float64(result.Matrices) || result.Parameters-v.Parameters != result.Matrices-v.Matrices || !(v.Error > 0 && v.Error < 1) || !strings.HasPrefix(v.Name, string(v.Form)+"-") {
			t.Errorf("%+v", v)
		}
	}
	for _, trial := range result.Trials {
		if len(trial.Right) != 20 || (trial.Recovery == None) != (trial.Seconds == 0) {
			t.Errorf("%+v", trial)
		}
	}
	for _, s := range result.Speed {
		if !(s.Time.Ratio > 0 && s.Time.Low <= s.Time.High && s.MACRatio > 0) || s.Name == "" {
			t.Errorf("%+v", s)
		}
	}
	again, err := Run(context.Background(), environment(t, dir), config)
	if err != nil {
		t.Fatal(err)
	}
	again.Provenance = result.Provenance
	if !reflect.DeepEqual(again, result) {
		t.Error("it is replayed with other numbers")
	}
	checkWritten(t, result)
}

// checkWritten writes a result and looks at what is there.
func checkWritten(t *testing.T, result *Result) {
	t.Helper()
	dir := t.TempDir()
	paths, err := result.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"tucker.json", "figures/tucker-errors.png", "figures/tucker-accuracy-none.svg", "figures/tucker-accuracy-distilled.pdf", "figures/tucker-recovery.csv",
		"figures/tucker-speed.png", "figures/tucker-maps.png", "figures/tucker-roles.png", "figures/tucker-models.md", "figures/tucker-counts.tex",
	} {
		if !slices.Contains(paths, filepath.Join(dir, name)) {
			t.Errorf("%s is not there", name)
		}
	}
	for _, edition := range []string{"tucker.html", "tucker.ko.html"} {
		text, err := os.ReadFile(filepath.Join(dir, edition))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range result.Claims {
			words := c.Text
			if edition == "tucker.ko.html" {
				words = c.Korean
			}
			if words == "" || !strings.Contains(string(text), words) {
				t.Errorf("%s does not say: %s", edition, c.Text)
			}
		}
	}
}

func TestAProtocolThatCannotBeDoneIsRefused(t *testing.T) {
	for mentions, change := range map[string]func(*Config){
		"at least one form":       func(c *Config) { c.Seeds = nil },
		"they are II, III and IV": func(c *Config) { c.Forms = []Form{"V"} },
		"ascending":               func(c *Config) { c.Ratios = []float64{0.5, 0.3} },
		"above 0, at most 1":      func(c *Config) { c.Ratios = []float64{0.5, 1.3} },
		"must be among":           func(c *Config) { c.Recovered = []float64{0.5} },
		"for the speed":           func(c *Config) { c.SpeedBatch = 0 },
		"no epoch of recovery":    func(c *Config) { c.RecoveryEpochs = 0 },
		"at most 2":               func(c *Config) { c.LayerRanks = []float64{3} },
		"want 0.":                 func(c *Config) { c.Ratios, c.Recovered, c.SpeedRatios = []float64{0.01}, nil, nil },
	} {
		config := protocol(t)
		change(&config)
		if _, err := Run(context.Background(), environment(t, t.TempDir()), config); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
	}
}

func TestTheProtocolsCanBeDone(t *testing.T) {
	for name, config := range map[string]Config{"quick": Quick(), "full": Full()} {
		if err := config.check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEmbeddingsCanStayAsPretrained(t *testing.T) {
	for _, freeze := range []bool{true, false} {
		config := protocol(t)
		config.FreezeEmbeddings = freeze
		r := &run{config: config, env: environment(t, t.TempDir()), result: &Result{Config: config}}
		if err := r.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		start, err := r.pretrained.WithClassifier(r.train.Task.Outputs(), r.train.Task.Labels, 1)
		if err != nil {
			t.Fatal(err)
		}
		trained, _, err := r.learn(t.Context(), start, r.train, "whole", 1, config.Epochs, config.LearningRate, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tiny.SameWords(t, r.pretrained, trained) != freeze {
			t.Errorf("freeze %v: the word table as pretrained: %v", freeze, !freeze)
		}
	}
}
