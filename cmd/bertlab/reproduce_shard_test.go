package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"bertlab/papers/experiment"
)

// sharedArgs reproduce the heads of a tiny model by a protocol of seconds.
func sharedArgs(t *testing.T) []string {
	dir := filepath.Dir(reviews(t, 60))
	for _, name := range []string{"train.tsv", "dev.tsv"} {
		if err := os.Link(filepath.Join(dir, "reviews.tsv"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	protocol := write(t, "protocol.json", `{"transfer": "", "train_examples": 32, "test_examples": 24, "importance_examples": 16, "choice_examples": 8, "step": 0.3, "speed_repeats": 1, "speed_batches": [1]}`)
	return []string{"reproduce", "heads", "--quick", "--protocol", protocol, "--model", tinyModel(t, 0), "--task", "sst2", "--data", dir}
}

func TestShardsAndTheirGatheringGiveWhatOneProcessGives(t *testing.T) {
	args, dir := sharedArgs(t), t.TempDir()
	one, shared := filepath.Join(dir, "one"), filepath.Join(dir, "shared")
	bertlab(t, append(append([]string{}, args...), "--out", one, "--json")...).document()
	with := func(more ...string) []string {
		return append(append([]string{}, args...), append(more, "--out", shared)...)
	}

	bertlab(t, with("--gather")...).fails(exitMissing, "no shard has begun")
	if c := bertlab(t, with("--shard", "1/3")...); c.status != exitSuccess || !strings.Contains(c.stdout, "shard 1/3") {
		t.Fatalf("it ended with %d\n%s%s", c.status, c.stdout, c.stderr)
	}
	bertlab(t, with("--gather")...).fails(exitMissing, "missing steps", "(shard 0/3)", "(shard 2/3)")
	bertlab(t, with("--shard", "0/4")...).fails(exitFailure, "number of shards is 4 here and was 3", "--out")
	bertlab(t, with("--shard", "0/3", "--seeds", "2")...).fails(exitFailure, "the request")

	var both sync.WaitGroup
	for _, part := range []string{"0/3", "2/3"} {
		command, stdout, stderr := program(with("--shard", part, "--json")...)
		both.Go(func() {
			if err := command.Run(); err != nil || !json.Valid(stdout.Bytes()) {
				t.Errorf("shard %s: %v\n%s%s", part, err, stdout, stderr)
			}
		})
	}
	both.Wait()
	if c := bertlab(t, with("--gather")...); c.status != exitSuccess || !strings.Contains(c.stdout, "heads.html") {
		t.Fatalf("it ended with %d\n%s%s", c.status, c.stdout, c.stderr)
	}
	want, got := resultOf(t, one), resultOf(t, shared)
	for _, r := range []map[string]any{want, got} {
		for _, model := range r["models"].([]any) {
			delete(model.(map[string]any), "seconds")
		}
	}
	for _, key := range []string{"config", "models", "importance", "curves", "ablation", "kept"} {
		if !reflect.DeepEqual(want[key], got[key]) {
			t.Errorf("%s differs from that of one process:\n%v\n%v", key, got[key], want[key])
		}
	}
	if left, err := filepath.Glob(filepath.Join(experiment.BoardFolder(shared), "*")); err != nil || len(left) > 0 {
		t.Errorf("after the gathering there are %v (%v)", left, err)
	}
}

func resultOf(t *testing.T, dir string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "heads.json"))
	if err != nil {
		t.Fatal(err)
	}
	var result map[string]any
	if err := json.Unmarshal(text, &result); err != nil {
		t.Fatal(err)
	}
	return result
}

func TestWrongShardsAreRefusedBeforeAnythingIsDone(t *testing.T) {
	args, out := sharedArgs(t), filepath.Join(t.TempDir(), "results")
	with := func(more ...string) []string {
		return append(append([]string{}, args...), append(more, "--out", out)...)
	}
	bertlab(t, with("--shard", "4/4")...).fails(exitWrongCall, "count from 0", "3/4")
	bertlab(t, with("--shard", "four")...).fails(exitWrongCall, "i/n")
	bertlab(t, with("--shard", "1/2", "--gather")...).fails(exitWrongCall, "--gather")
	bertlab(t, with("--shard", "1/2", "--patience", "1ms")...).fails(exitWrongCall, "--patience")
	t.Setenv("JOB_COMPLETION_INDEX", "1")
	bertlab(t, with()...).fails(exitWrongCall, "BERTLAB_SHARDS")
	t.Setenv("BERTLAB_SHARDS", "1")
	bertlab(t, with()...).fails(exitWrongCall, "count from 0")
	if _, err := os.Stat(out); err == nil {
		t.Error("something was made")
	}
}

func TestAPlanListsStepsAndComputesNothing(t *testing.T) {
	args, out := sharedArgs(t), filepath.Join(t.TempDir(), "results")
	with := func(more ...string) []string {
		return append(append([]string{}, args...), append(more, "--out", out)...)
	}
	c := bertlab(t, with("--plan", "--json")...)
	var plan []experiment.Forecast
	if err := json.Unmarshal([]byte(c.stdout), &plan); err != nil || c.status != exitSuccess || len(plan) != 1 {
		t.Fatalf("it ended with %d: %v\n%s%s", c.status, err, c.stdout, c.stderr)
	}
	if p := plan[0]; p.Missing != p.Count || p.Count != len(p.Steps) || p.Seconds <= 0 || p.Longest <= 0 || p.Longest >= p.Seconds || p.Memory <= 0 {
		t.Errorf("the outlook is %+v", p.Outlook)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was made")
	}
	bertlab(t, with("--shard", "1/3", "--quiet")...)
	if c := bertlab(t, with("--plan")...); c.status != exitSuccess || !strings.Contains(c.stdout, "done") || !strings.Contains(c.stdout, "to do") {
		t.Errorf("after a shard it ended with %d\n%s%s", c.status, c.stdout, c.stderr)
	}
	bertlab(t, with("--plan", "--gather")...).fails(exitWrongCall, "one of them")
}
