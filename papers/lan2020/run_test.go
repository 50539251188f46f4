package lan2020

import (
	"slices"
	"strings"
	"testing"

	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/experimenttest"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/sharing"
)

// protocol is one of seconds: a random BERT of three layers on sentences whose words tell their class.
func protocol(t testing.TB) Config {
	t.Helper()
	dir := tiny.Reviews(t, 32, 20, false)
	return Config{
		Setup: experiment.Setup{
			OnTask: experiment.OnTask{Model: tiny.Pretrained(t, tiny.Shape{Layers: 3}), Task: "sst2", Data: dir}, Seeds: []uint64{1, 2},
			Tuning: experiment.Tuning{Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2},
		},
		Variants: []Scheme{
			shareAttention, shareFFN, shareAll, {What: sharing.All, Init: sharing.Mean}, {What: sharing.All, Groups: 2, Embedding: 4}, distilled(shareAll), {Embedding: 4},
		},
		EmbeddingSizes: []int{1, 4, 8}, TransitionExamples: 5,
		SpeedVariants: []Scheme{shareAll, {What: sharing.All, Embedding: 4}}, Inference: experiment.Inference{SpeedBatches: []int{2}, SpeedLength: 8, SpeedRepeats: 3},
	}
}

// timeless takes out what no two runs have in common.
func timeless(r *Result) {
	for i := range r.Runs {
		r.Runs[i].Seconds, r.Runs[i].StepSeconds = 0, 0
	}
	r.Speed.Training.Time = experiment.SpeedBatch{}
	for i := range r.Speed.Models {
		r.Speed.Models[i].Batches = nil
	}
	r.Claims = slices.DeleteFunc(r.Claims, func(c experiment.Claim) bool {
		return strings.Contains(c.Text, "faster") || strings.Contains(c.Text, "time")
	})
}

func TestTheExperiment(t *testing.T) {
	result := experimenttest.Case[Config, Result]{
		Experiment: Experiment, Protocol: protocol(t), Seeds: func(c *Config) *[]uint64 { return &c.Seeds }, Timeless: timeless,
		Refused: map[string]func(*Config){
			"no seed":                 func(c *Config) { c.Seeds = nil },
			"at least one variant":    func(c *Config) { c.Variants = nil },
			"always run":              func(c *Config) { c.Variants = append(c.Variants, Scheme{}) },
			"twice":                   func(c *Config) { c.Variants = append(c.Variants, shareFFN) },
			"number of groups is 1…3": func(c *Config) { c.Variants[0].Groups = 4 },
			"embedding size 9":        func(c *Config) { c.Variants[6].Embedding = 9 },
			"embedding size 0":        func(c *Config) { c.EmbeddingSizes = []int{0} },
			"not one of":              func(c *Config) { c.Variants[0].What = "embeddings" },
			"shares nothing":          func(c *Config) { c.Variants[6].Groups = 2 },
			"for the speed":           func(c *Config) { c.SpeedBatches = nil },
			"negative number":         func(c *Config) { c.TestExamples = -1 },
			"a learning rate above 0": func(c *Config) { c.LearningRate = 0 },
		},
		Judged: judged,
		Decided: []string{
			"Sharing all layers and a word table of size 128 leave 12 of 108 million parameters of a BERT base; table 4 has the steps between.",
			"ALBERT base, large, xlarge and xxlarge have 12, 18, 60 and 235 million parameters.",
		},
	}.Run(t)
	if len(result.Runs) != 2*8 || len(result.Cuts) != 2*3 || len(result.Distances) != 3 || len(result.Errors) != 8 || len(result.Claims) != 9 || len(result.Speed.Models) != 2 {
		t.Fatalf("%d runs, %d cuts, %d distances, %d errors, %d claims", len(result.Runs), len(result.Cuts), len(result.Distances), len(result.Errors), len(result.Claims))
	}
	whole := result.Runs[0]
	for _, run := range result.Runs {
		v := run.Variant
		if len(run.Right) != 20 || !(run.Low <= run.Difference && run.Difference <= run.High) || !(run.Seconds > 0) {
			t.Errorf("%s: %+v", v, run)
		}
		if (run.Converted != nil) != (v != Scheme{} && !v.Distilled) || (run.Transitions != nil) != (v == Scheme{} || v == shareAll) {
			t.Errorf("%s: converted %v, transitions %v", v, run.Converted, run.Transitions)
		}
		if v.What == sharing.All && v.Groups == 0 && 3*run.Parts.Encoder() != whole.Parts.Encoder() {
			t.Errorf("%s: the encoder has %d parameters, that of the whole model %d", v, run.Parts.Encoder(), whole.Parts.Encoder())
		}
		if v.Embedding == 0 != (run.MACs == whole.MACs) {
			t.Errorf("%s: %d operations, the whole model %d", v, run.MACs, whole.MACs)
		}
	}
	for _, cut := range result.Cuts {
		if cut.Size == 8 && (!slices.Equal(cut.Right, result.answers(Scheme{})[cut.Seed].Right) || cut.RelativeError > 1e-6) {
			t.Error("a word table of full size answers otherwise")
		}
	}
}

// What is the same conversion is one step, whatever asks for it.
func TestAConversionIsWrittenInOneWay(t *testing.T) {
	for _, pair := range [][2]Scheme{
		{shareAll, {What: sharing.All, Init: sharing.First, Groups: 1}}, {distilled(shareFFN), shareFFN}, {{Embedding: 4}, {Embedding: 4, Distilled: true}},
	} {
		if pair[0].conversion() != pair[1].conversion() {
			t.Errorf("%v and %v", pair[0], pair[1])
		}
	}
	if shareAll.conversion() == (Scheme{What: sharing.All, Init: sharing.Mean}).conversion() {
		t.Error("another beginning is the same conversion")
	}
}

func TestNamesOfVariantsAreTheirOwn(t *testing.T) {
	config := Full()
	seen := map[string]bool{}
	for _, v := range append(config.Variants, Scheme{}) {
		if seen[v.String()] {
			t.Errorf("%s", v)
		}
		seen[v.String()] = true
	}
	for want, v := range map[string]Scheme{
		"none": {}, "attention": shareAttention, "FFN, distilled": distilled(shareFFN), "E = 64": {Embedding: 64},
		"all, 2 groups, mean, E = 128": {What: sharing.All, Groups: 2, Init: sharing.Mean, Embedding: 128},
	} {
		if v.String() != want {
			t.Errorf("%q, want %q", v, want)
		}
	}
}

// english is a result told in English.
func english(r *Result) edition { return edition{r, experiment.Voice{Printer: words.English}} }
