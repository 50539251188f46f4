package zafrir2019

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/experimenttest"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/quantise"
)

// protocol is one of seconds: a random BERT of two layers on sentences whose words tell their class.
func protocol(t testing.TB) Config {
	t.Helper()
	return Config{
		Model: tiny.Pretrained(t, tiny.Shape{Layers: 2}), Tasks: []experiment.TaskData{{Name: "sst2", Data: tiny.Reviews(t, 32, 20, false)}, {Name: "cola", Data: asCoLA(t, tiny.Reviews(t, 24, 16, true)), Epochs: 2}},
		Seeds: []uint64{1, 2}, Tuning: experiment.Tuning{Epochs: 1, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2}, CalibrationExamples: 6,
		Inference: experiment.Inference{SpeedBatches: []int{2}, SpeedLength: 8, SpeedRepeats: 3},
	}
}

// timeless takes out what no two runs have in common.
func timeless(r *Result) {
	r.Speed.OverPortable, r.Speed.OverXLA = nil, nil
	r.Claims = slices.DeleteFunc(r.Claims, func(c experiment.Claim) bool { return strings.Contains(c.Text, "faster") })
}

func TestTheExperiment(t *testing.T) {
	result := experimenttest.Case[Config, Result]{
		Experiment: Experiment, Protocol: protocol(t), Seeds: func(c *Config) *[]uint64 { return &c.Seeds }, Timeless: timeless,
		Refused: map[string]func(*Config){
			"no seed":                 func(c *Config) { c.Seeds = nil },
			"at least one task":       func(c *Config) { c.Tasks = nil },
			"-1 epochs for sst2":      func(c *Config) { c.Tasks[0].Epochs = -1 },
			"have sst2 twice":         func(c *Config) { c.Tasks[1].Name = "sst2" },
			"for the speed":           func(c *Config) { c.SpeedRepeats = 0 },
			"negative number":         func(c *Config) { c.TestExamples = -1 },
			"to calibrate on":         func(c *Config) { c.CalibrationExamples = 0 },
			"a learning rate above 0": func(c *Config) { c.LearningRate = 0 },
		},
		Judged:  judgedResults,
		Decided: []string{"The model is four times smaller."},
		Names:   []string{"Zafrir", "Boudoukh", "Izsak", "Wasserblat", "ONNX", "Runtime", "Matthews", "Pearson", "cola", "int8"},
	}.Run(t)
	if len(result.Runs) != 2*2*5 || len(result.Sizes) != 5 || len(result.Maps.Maps) != 13 || len(result.Tasks) != 2 {
		t.Fatalf("%d runs, %d sizes, %d maps, %d tasks", len(result.Runs), len(result.Sizes), len(result.Maps.Maps), len(result.Tasks))
	}
	for _, run := range result.Runs {
		if want := map[string]int{"sst2": 20, "cola": 16}[run.Task]; len(run.Right) != want || !(run.Loss > 0) {
			t.Errorf("%+v", run)
		}
	}
	whole := result.bytes(Whole)
	for _, way := range []Way{Aware, Dynamic, Row} { // of so small a model the names of the stored ranges take more than its weights
		if small := result.bytes(way); small <= 0 || small >= whole {
			t.Errorf("%s: %d of %d bytes", way, small, whole)
		}
	}
	if result.bytes(Aware) != result.bytes(Dynamic) || result.bytes(Static) <= result.bytes(Row) {
		t.Errorf("sizes %v", result.Sizes)
	}
	for _, m := range result.Maps.Maps {
		if !(m.Error > 0) || m.Parameters == 0 {
			t.Errorf("%+v", m)
		}
	}
}

// answers are right in some share of 200 examples; mixed, one of twenty more and another one less.
func answers(share float64, mixed bool) stats.Answers {
	list := make(stats.Answers, 200)
	for i := range list {
		list[i] = float64(i%20) < 20*share
		if mixed && (i%20 == 0 || i%20 == 19) {
			list[i] = !list[i]
		}
	}
	return list
}

func runs(aware, dynamic stats.Answers) (list []Run) {
	for _, task := range []string{"a", "b"} {
		for seed := range uint64(3) {
			for way, right := range map[Way]stats.Answers{Whole: answers(0.8, false), Aware: aware, Dynamic: dynamic} {
				run := Run{Task: task, Seed: seed, Way: way}
				run.Right = right
				list = append(list, run)
			}
		}
	}
	return list
}

// timed is a speed-up of which most pairs lie between two ratios.
func timed(low, high float64) *Speed {
	b := experiment.SpeedBatch{Size: 32, Ratio: (low + high) / 2, Seconds: (low + high) / 2, PrunedSeconds: 1}
	for i := range 15 {
		b.Ratios = append(b.Ratios, low+(high-low)*float64(i)/14)
	}
	return &Speed{Repeats: 15, OverPortable: []experiment.SpeedBatch{b}, OverXLA: []experiment.SpeedBatch{b}}
}

// judgedResults are the claims of synthetic results: one in which integers are as the paper says, one in which they are not, and one that says
// nothing.
func judgedResults(t *testing.T) [][]experiment.Claim {
	var list [][]experiment.Claim
	for _, r := range []*Result{
		{Runs: runs(answers(0.9, false), answers(0.6, false)), Sizes: []Size{{Whole, 400}, {Dynamic, 100}}, Speed: timed(1.8, 2.2)},
		{Runs: runs(answers(0.6, false), answers(0.8, false)), Sizes: []Size{{Whole, 400}, {Dynamic, 200}}, Speed: timed(0.5, 0.7)},
		{Runs: runs(answers(0.8, true), answers(0.8, false)), Sizes: []Size{{Whole, 400}, {Dynamic, 100}}, Speed: timed(0.5, 1.7)},
	} {
		r.Tasks = []Task{{Name: "a", Metric: "accuracy"}, {Name: "b", Metric: "accuracy"}}
		r.Config.Seeds, r.Maps = []uint64{0, 1, 2}, &quantise.Sensitivities{}
		claims, err := english(r).Claims()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, claims)
	}
	return list
}

// english is a result told in English.
func english(r *Result) edition { return edition{r, experiment.Voice{Printer: words.English}} }

func TestOneTaskOfTheUsersTakesThePlaceOfAll(t *testing.T) {
	c := Full()
	c.ask(experiment.Request{Task: "sst2", Data: "folder", Model: "mine", Runs: 2})
	if !slices.Equal(c.Tasks, []experiment.TaskData{{Name: "sst2", Data: "folder"}}) || c.Model != "mine" || len(c.Seeds) != 2 {
		t.Errorf("%+v", c)
	}
	for _, c := range []Config{Quick(), Full()} {
		if err := c.check(); err != nil || len(c.Tasks) < 2 {
			t.Error(err)
		}
	}
}

// asCoLA writes the same sentences in the format of CoLA, a second task.
func asCoLA(t testing.TB, dir string) string {
	t.Helper()
	out := t.TempDir()
	for _, name := range []string{"train.tsv", "dev.tsv"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var lines strings.Builder
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			if sentence, label, ok := strings.Cut(line, "\t"); ok && i > 0 {
				fmt.Fprintf(&lines, "x\t%s\t\t%s\n", label, sentence)
			}
		}
		if err := os.WriteFile(filepath.Join(out, name), []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// The first task with data takes the place of one without: its model is the one whose matrices, speed and file are measured.
func TestAnOptionalTaskWithoutDataIsLeftOutAndNamed(t *testing.T) {
	config, env := protocol(t), tiny.Environment(t, t.TempDir())
	config.Seeds = config.Seeds[:1]
	config.Tasks[0] = experiment.TaskData{Name: "mrpc", Data: t.TempDir(), Optional: true}
	result, err := Experiment.Run(t.Context(), env, config)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Tasks) != 1 || result.Tasks[0].Name != "cola" || len(result.LeftOut) != 1 || !strings.HasPrefix(result.LeftOut[0], "mrpc: ") {
		t.Errorf("tasks %+v, left out %q", result.Tasks, result.LeftOut)
	}
	if len(result.Runs) != len(Ways) || len(result.Sizes) != len(Ways) || result.Maps == nil || result.Speed == nil {
		t.Errorf("%d runs, %d sizes, maps %v, speed %v", len(result.Runs), len(result.Sizes), result.Maps, result.Speed)
	}
	outcome, err := Experiment.Publish(t.TempDir(), result)
	if err != nil {
		t.Fatal(err)
	}
	if report, err := os.ReadFile(outcome.Report); err != nil || !strings.Contains(string(report), "for lack of data: mrpc") {
		t.Errorf("the report does not say what was left out (%v)", err)
	}
	config.Tasks[0].Optional = false
	if _, err := Experiment.Run(t.Context(), env, config); err == nil {
		t.Error("a task without data is no error")
	}
	config.Tasks = []experiment.TaskData{{Name: "mrpc", Data: t.TempDir(), Optional: true}}
	if _, err := Experiment.Run(t.Context(), env, config); err == nil || !strings.Contains(err.Error(), "no task of the protocol has data: mrpc") {
		t.Errorf("without any data: %v", err)
	}
}
