package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/testbed"
)

func TestRatiosAreOfPairsAndNotOfMedians(t *testing.T) {
	got := spreadOf(ratios([]float64{1, 20, 3}, []float64{2, 10, 3}))
	if got.Median != 1 || got.Q1 != 0.75 || got.Q3 != 1.5 {
		t.Errorf("%+v", *got)
	}
}

func TestLineThroughStepsGivesTheEpochsTime(t *testing.T) {
	timings := []timing{{10, 1.5}, {20, 2.5}, {40, 4.5}}
	if got := fitLine(timings).total([]int{10, 30, 30}); math.Abs(got-8.5) > 1e-9 {
		t.Errorf("total %g, want 8.5", got)
	}
	if got := fitLine([]timing{{10, 1}, {10, 3}}).total([]int{10, 50}); got != 4 {
		t.Errorf("one length only: total %g, want 4", got)
	}
	totals := bootstrapTotals([][]timing{timings, timings}, [][]int{{10, 20}, {10, 20}}, 50)
	if !slices.Equal(totals[0], totals[1]) {
		t.Error("the same steps have other totals: the resamples are not paired")
	}
}

// encodings are n examples of 3 to 40 tokens, short ones more often.
func encodings(n int) []tokenizer.Encoding {
	out := make([]tokenizer.Encoding, n)
	for i := range out {
		length := 3 + (i*i*7)%38*((i%3)+1)/3
		out[i] = tokenizer.Encoding{IDs: make([]int32, length), Types: make([]int32, length)}
	}
	return out
}

func TestPlansDealEachExampleOnce(t *testing.T) {
	data := encodings(1003)
	real := 0
	for _, e := range data {
		real += len(e.IDs)
	}
	random := randomPlan(data, 8, 1)
	for name, p := range map[string]*plan{"gbert": gbertPlan(data, 8, 3, 1, gbert.CompilationCost(nil)), "random": random, "grouped": groupedPlan(data, 8, 1)} {
		all := slices.Concat(p.batches...)
		slices.Sort(all)
		for i, example := range all {
			if i != example {
				t.Fatalf("%s: example %d is not dealt once", name, i)
			}
		}
		if p.real != real || len(all) != len(data) || len(p.lengths) != 126 {
			t.Errorf("%s: %d real tokens, %d examples, %d batches", name, p.real, len(all), len(p.lengths))
		}
		if p.computed < real || name != "random" && p.computed >= random.computed {
			t.Errorf("%s computes %d tokens; random batches compute %d", name, p.computed, random.computed)
		}
	}
	sample := random.sample(10, 1)
	mean := func(index []int) (sum float64) {
		for _, i := range index {
			sum += float64(random.lengths[i]) / float64(len(index))
		}
		return sum
	}
	every := make([]int, len(random.lengths))
	for i := range every {
		every[i] = i
	}
	if len(sample) != 10 || math.Abs(mean(sample)-mean(every)) > 1 {
		t.Errorf("the sample's mean length is %g, the epoch's %g", mean(sample), mean(every))
	}
}

func TestPlanIsTheOneThatTrainingFollows(t *testing.T) {
	plain, err := gbert.Load("../gbert/testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	model, err := plain.WithClassifier(2, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	if model.Tokenizer, err = tokenizer.FromVocab([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the"}, true); err != nil {
		t.Fatal(err)
	}
	b := testbed.OwnGo(t)
	sst2, err := task.Lookup("sst2")
	if err != nil {
		t.Fatal(err)
	}
	d := &task.Dataset{Task: sst2, Source: "test"}
	for i := range 30 {
		d.Examples = append(d.Examples, task.Example{TextA: strings.Repeat("the ", 1+i*i%11), Label: i % 2})
	}
	p, err := finetune.Prepare(nil, model, d, 16, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	o := finetune.Options{Epochs: 1, BatchSize: 4, MaxLength: 16, Seed: 5}
	result, err := finetune.Train(context.Background(), b, model, d, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	want := gbertPlan(p.Encodings, 4, 1, 5, gbert.CompilationCost(nil))
	if result.RealTokens != want.real || result.ComputedTokens != want.computed {
		t.Errorf("training computed %d tokens (%d real), the plan says %d (%d)", result.ComputedTokens, result.RealTokens, want.computed, want.real)
	}

	run := startTrainer(context.Background(), b, model, d, o)
	defer run.stop()
	for i := range 3 {
		step, err := run.next(i == 0)
		if err != nil {
			t.Fatal(err)
		}
		if step.seconds <= 0 || !(step.loss > 0) || i == 0 && !step.compiled {
			t.Errorf("step %d: %+v", i, step)
		}
	}
}

func TestTrainingThatFailsIsAnErrorAndNoWait(t *testing.T) {
	model, err := gbert.Load("../gbert/testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	run := startTrainer(context.Background(), nil, model, &task.Dataset{Task: &task.Task{Name: "empty"}}, finetune.Options{})
	defer run.stop()
	for _, first := range []bool{true, false} {
		if _, err := run.next(first); err == nil {
			t.Error("a step was reported")
		}
	}
}

func TestAnswersOfThePeer(t *testing.T) {
	var answer timed
	if err := readAnswer("forward", []byte(`{"seconds": 0.5, "logits": [[1, 2]]}`+"\n"), &answer); err != nil || answer.Seconds != 0.5 || answer.Logits[0][1] != 2 {
		t.Errorf("%+v, %v", answer, err)
	}
	for _, bad := range []string{`{"error": "no such batch"}`, `Traceback (most recent`, ``} {
		if err := readAnswer("forward", []byte(bad), &answer); err == nil || !strings.Contains(err.Error(), "forward") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestReportWithoutPeerHasNoRatios(t *testing.T) {
	r := &report{Machine: "m", Versions: map[string]string{}}
	s := suite{report: r, name: "a"}
	s.add("forward", "32 × 32", nil, &samples{ours: []float64{0.5, 0.25, 0.75}}, 2, nil)
	if text := r.Markdown(); !strings.Contains(text, "| a | forward | 32 × 32 | 0.500 s |  |  |  |  | 1.50 |  | 3 |") {
		t.Error(text)
	}
	path := filepath.Join(t.TempDir(), "r.json")
	if err := r.write(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !json.Valid(text) || strings.Contains(string(text), "ratio") {
		t.Errorf("%s, %v", text, err)
	}
	if _, err := os.Stat(strings.TrimSuffix(path, ".json") + ".md"); err != nil {
		t.Error(err)
	}
}

func TestResultsHaveTheNamesThatOthersRead(t *testing.T) {
	r := &report{Versions: map[string]string{}}
	s := suite{report: r, name: "all-MiniLM-L6-v2"}
	fast, slow := &peer{name: "onnxruntime"}, &peer{name: "torch"}
	taken := &samples{ours: []float64{1, 2, 3}, theirs: map[*peer][]float64{fast: {2, 2, 2}, slow: {4, 4, 4}}, busy: time.Second}
	s.add("forward", "1 × 16", []*peer{fast, slow}, taken, 5, map[*peer]float64{fast: 2, slow: 7})
	text, err := json.Marshal(r.Results)
	if err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"model": "all-MiniLM-L6-v2", "item": "forward", "case": "1 × 16", "peer": "onnxruntime", "ratio": map[string]any{"median": 1.0, "q1": 0.75, "q3": 1.25},
		"gbert_seconds": 2.0, "peer_seconds": 2.0, "compile_seconds": 3.0,
	}
	for key, value := range want {
		if fmt.Sprint(got[0][key]) != fmt.Sprint(value) {
			t.Errorf("%s: %v, want %v", key, got[0][key], value)
		}
	}
	if got[0]["aim"] != 0.9 || got[1]["peer"] != "torch" || got[1]["peer_compile_seconds"] != 3.0 {
		t.Errorf("%v", got)
	}
}

func TestEachPeerHasItsAim(t *testing.T) {
	for _, c := range []struct {
		item, model, of, peer string
		want                  float64
	}{
		{"forward", "all-MiniLM-L6-v2", "32 × 32", "onnxruntime", 1},
		{"forward", "bert-base-uncased", "1 × 128", "onnxruntime", 0.9},
		{"forward", "bert-base-uncased", "1 × 128", "openvino", 1.05},
		{"forward", "m", "32 × 32", "torch-compile", 0},
		{"step", "all-MiniLM-L6-v2", "32 × 32", "torch", 0.45},
		{"step", "bert-base-uncased", "32 × 32", "torch", 0.55},
		{"step", "bert-base-uncased", "32 × 32", "torch-compile", 0.85},
		{"epoch", "m", "against random batches", "torch", 0.28},
		{"epoch", "m", "against length-grouped", "torch", 0.7},
	} {
		if got := aimOf(c.item, c.model, c.of, c.peer); got != c.want {
			t.Errorf("%+v: %g", c, got)
		}
	}
}

func TestOnlyKnownItemsAndPeersAreMeasured(t *testing.T) {
	if o, err := parse([]string{"--only", "step,memory", "--models", "x", "--peers", "openvino,torch"}); err != nil || fmt.Sprint(o.only, o.models, o.peers) != "[step memory] [x] [openvino torch]" {
		t.Errorf("%+v, %v", o, err)
	}
	for _, bad := range [][]string{{"--only", "speed"}, {"--peers", "tensorflow"}, {"--peers", "torch,torch"}, {"--only", "step,step"}} {
		if _, err := parse(bad); err == nil || !strings.Contains(err.Error(), strings.Split(bad[1], ",")[0]) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestResultsThatCannotBeWrittenAreRefusedBeforeAnyWork(t *testing.T) {
	dir := t.TempDir()
	if err := checkOut(filepath.Join(dir, "r.json")); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	for _, bad := range []string{dir, filepath.Join(dir, "none", "r.json"), filepath.Join(dir, "r.md")} {
		if err := checkOut(bad); err == nil {
			t.Errorf("%s is no error", bad)
		}
	}
}

func TestAPeerThatComputesOnIsNotTimedAgainst(t *testing.T) {
	if _, err := os.Stat("/proc/self/schedstat"); err != nil {
		t.Skip("this system does not tell the time that a process has computed")
	}
	command := exec.Command("sh", "-c", "while :; do :; done")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = command.Process.Kill(), command.Wait() }()
	busy := suite{peers: []*peer{{name: "busy", command: command}}, patience: 200 * time.Millisecond}
	var found error
	for range 20 { // on a machine with much else to do it may not be given a processor for a while
		if found = busy.rest(); found != nil {
			break
		}
	}
	if found == nil {
		t.Error("a process that never rests is taken to be at rest")
	}
	still := exec.Command("sleep", "60")
	if err := still.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = still.Process.Kill(), still.Wait() }()
	quiet := suite{peers: []*peer{{name: "still", command: still}}, patience: time.Second}
	if err := quiet.rest(); err != nil {
		t.Error(err)
	}
}

func TestBothSidesComputeOnTheSameDevice(t *testing.T) {
	for config, want := range map[[2]string]device{
		{"xla:cpu", "xla:/lib/pjrt_c_api_cpu_plugin.so"}: {name: "cpu"},
		{"go", "go"}: {name: "cpu"},
		{"xla:cuda", "xla:/lib/xla_cuda_plugin.so"}:            {name: "cuda", tf32: true},
		{"xla:cuda", "xla:/lib/xla_cuda_plugin.so,tf32=false"}: {name: "cuda"},
	} {
		got := deviceOf(&backend.Choice{Name: config[0], Config: config[1]})
		if got != want {
			t.Errorf("%v: %+v, want %+v", config, got, want)
		}
		if exact := got.tolerance() == 1e-3; exact == got.tf32 {
			t.Errorf("%v: tolerance %g", config, got.tolerance())
		}
	}
}
