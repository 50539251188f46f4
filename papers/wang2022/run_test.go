package wang2022

import (
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/experimenttest"
	"bertlab/papers/experiment/words"
)

// protocol is one of seconds: a random BERT of two layers on sentences whose words tell their class.
func protocol(t testing.TB) Config {
	t.Helper()
	dir := tiny.Reviews(t, 48, 20, false)
	return Config{
		Setup: experiment.Setup{
			OnTask: experiment.OnTask{Model: tiny.Pretrained(t, tiny.Shape{Layers: 2}), Task: "sst2", Data: dir}, Seeds: []uint64{1, 2},
			Tuning: experiment.Tuning{Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2},
		},
		Forms: []Form{II, III, IV}, Ratios: []float64{0.3, 0.6, 0.9}, Recovered: []float64{0.3, 0.6}, Sweeps: 2, RecoveryEpochs: 1, RecoveryRate: 1e-2,
		Pretrained: tiny.Pretrained(t, tiny.Shape{Layers: 1}), PretrainedRatios: []float64{0.4, 0.8},
		SpeedBatch: 2, SpeedLength: 8, SpeedRepeats: 3, SpeedRatios: []float64{0.3}, LayerRanks: []float64{0.25, 1},
	}
}

// timeless takes out what no two runs have in common.
func timeless(r *Result) {
	for _, list := range [][]Trial{r.Whole, r.Trials} {
		for i := range list {
			list[i].Seconds = 0
		}
	}
	for i := range r.Variants {
		r.Variants[i].Seconds = 0
	}
	for i := range r.Pretrained.Variants {
		r.Pretrained.Variants[i].Seconds = 0
	}
	for i := range r.Speed {
		r.Speed[i].Time = experiment.SpeedBatch{}
	}
	for i := range r.Maps {
		m := &r.Maps[i]
		m.Dense, m.Factored, m.Ratio, m.Low, m.High, m.Ratios, m.Processors = 0, 0, 0, 0, 0, nil, 0
	}
	r.Claims = slices.DeleteFunc(r.Claims, func(c experiment.Claim) bool {
		return strings.Contains(c.Text, "faster") || strings.Contains(c.Text, "time") || strings.Contains(c.Text, "operations")
	})
}

func TestTheExperiment(t *testing.T) {
	result := experimenttest.Case[Config, Result]{
		Experiment: Experiment, Protocol: protocol(t), Seeds: func(c *Config) *[]uint64 { return &c.Seeds }, Timeless: timeless,
		Refused: map[string]func(*Config){
			"at least one form":       func(c *Config) { c.Forms = nil },
			"no seed":                 func(c *Config) { c.Seeds = nil },
			"they are II, III and IV": func(c *Config) { c.Forms = []Form{"V"} },
			"ascending":               func(c *Config) { c.Ratios = []float64{0.5, 0.3} },
			"above 0, at most 1":      func(c *Config) { c.Ratios = []float64{0.5, 1.3} },
			"must be among":           func(c *Config) { c.Recovered = []float64{0.5} },
			"one goes with the other": func(c *Config) { c.Pretrained = "" },
			"must be above 0":         func(c *Config) { c.PretrainedRatios = []float64{0.8, 0.4} },
			"at a ratio of 0.02":      func(c *Config) { c.PretrainedRatios = []float64{0.02} },
			"for the speed":           func(c *Config) { c.SpeedBatch = 0 },
			"no epoch of recovery":    func(c *Config) { c.RecoveryEpochs = 0 },
			"of recovery above 0":     func(c *Config) { c.RecoveryRate = 0 },
			"at most 2":               func(c *Config) { c.LayerRanks = []float64{3} },
			"form II at":              func(c *Config) { c.Forms, c.Ratios, c.Recovered, c.SpeedRatios = []Form{II}, []float64{0.01}, nil, nil },
			"form IV at":              func(c *Config) { c.Forms, c.Ratios, c.Recovered, c.SpeedRatios = []Form{IV}, []float64{0.01}, nil, nil },
		},
		Judged:  judged,
		Decided: []string{"IV-72-384 has 1/7 of the encoder parameters of BERT-base, and the tiny forms have under 2 million (1/48)."},
	}.Run(t)
	if len(result.Whole) != 2 || len(result.Variants) != 2*9 || len(result.Trials) != 2*(9+3*2*2) || len(result.Speed) != 3 || len(result.Maps) != 6 || len(result.Claims) != 7 {
		t.Errorf("%d whole models, %d variants, %d trials, %d speeds, %d maps, %d claims", len(result.Whole), len(result.Variants), len(result.Trials), len(result.Speed), len(result.Maps), len(result.Claims))
	}
	for _, v := range result.Variants {
		if float64(v.Matrices) > v.Ratio*float64(result.Matrices) || result.Parameters-v.Parameters != result.Matrices-v.Matrices || !(v.Error > 0 && v.Error < 1) || !strings.HasPrefix(v.Name, string(v.Form)+"-") {
			t.Errorf("%+v", v)
		}
	}
	if p := result.Pretrained; p.SHA256 == result.Provenance.ModelSHA256 || len(p.Variants) != 3*2 {
		t.Errorf("%+v", p)
	}
	for _, v := range result.Pretrained.Variants {
		if p := result.Pretrained; float64(v.Matrices) > v.Ratio*float64(p.Matrices) || !(v.Error > 0 && v.Error < 1) || v.Parameters == 0 || v.MACs == 0 || p.at(v.Form, v.Ratio).Name != v.Name {
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
		config.FreezeEmbeddings, config.Seeds = freeze, config.Seeds[:1]
		p := experiment.NewPlan(tiny.Environment(t, t.TempDir()))
		var provenance experiment.Provenance
		pretrained, samples, err := config.Begin(t.Context(), p, &provenance, config.fits, experiment.SampleSizes{})
		if err != nil {
			t.Fatal(err)
		}
		err = p.With(t.Context(), config.FineTune(p, pretrained, samples.Train, 1), func(trained *gbert.Model) error {
			if tiny.SameWords(t, pretrained.Model, trained) != freeze {
				t.Errorf("freeze %v: the word table as pretrained: %v", freeze, !freeze)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// english is a result told in English.
func english(r *Result) edition { return edition{r, experiment.Voice{Printer: words.English}} }
