package shard

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bertlab/gbert/backend"
)

func TestShardsAreReadOrRefused(t *testing.T) {
	for text, want := range map[string]Shard{
		"0/1": {0, 1}, "3/4": {3, 4}, "7/1,3,7": {2, 3}, "3/1,3,7": {1, 3}, "8/0-12:4%2": {2, 4}, "2/2-5": {0, 4}, "999/1000": {999, 1000},
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for text, word := range map[string]string{
		"": "i/n", "2": "i/n", "x/4": "i/n", "4/4": "count from 0", "-1/4": "count from 0", "0/0": "from 1 to", "0/1001": "from 1 to", "0/-4": "from 1 to", "1/x": "neither",
		"2/1,3": "not in the list", "1/1,1": "neither", "1/3-1": "neither", "1/1:2": "neither", "0/0-9999999": "neither", "1/1,": "neither",
	} {
		if got, err := Parse(text); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%q: %v, %v; want an error with %q", text, got, err, word)
		}
	}
}

func TestStepsAreDealtEvenlyAndOnceAndAlikeByAll(t *testing.T) {
	var steps []Step
	for i := range 41 {
		steps = append(steps, Step{fmt.Sprintf("%02x", i*37%256), i % 3})
	}
	for _, n := range []int{1, 3, 4, 50} {
		owner, counts := Deal(steps, n), make([]int, n)
		for _, s := range steps {
			counts[owner[s.ID]]++
		}
		if least, most := slices.Min(counts), slices.Max(counts); most-least > 1 {
			t.Errorf("of %d shards one has %d steps and one %d", n, most, least)
		}
		other := slices.Clone(steps)
		slices.Reverse(other)
		for id, shard := range Deal(other, n) {
			if owner[id] != shard {
				t.Errorf("in another order %s goes to %d, not %d", id, shard, owner[id])
			}
		}
	}
}

func TestTheSchedulersVariablesNameTheShard(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		env  map[string]string
		want Shard
		word string // of the error
	}{
		"a whole array":        {env: map[string]string{"SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "3", "SLURM_ARRAY_TASK_STEP": "1"}, want: Shard{2, 4}},
		"from 1 on":            {env: map[string]string{"SLURM_ARRAY_TASK_ID": "4", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "4"}, want: Shard{3, 4}},
		"every third":          {env: map[string]string{"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "10", "SLURM_ARRAY_TASK_STEP": "3"}, want: Shard{2, 4}},
		"a count alone":        {env: map[string]string{"SLURM_ARRAY_TASK_ID": "2", "SLURM_ARRAY_TASK_COUNT": "4"}, want: Shard{2, 4}},
		"a part of an array":   {env: map[string]string{"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "1", CountVariable: "4"}, want: Shard{3, 4}},
		"an Indexed Job":       {env: map[string]string{"JOB_COMPLETION_INDEX": "1", CountVariable: "3"}, want: Shard{1, 3}},
		"no count":             {env: map[string]string{"JOB_COMPLETION_INDEX": "1"}, word: CountVariable},
		"no Slurm count":       {env: map[string]string{"SLURM_ARRAY_TASK_ID": "1"}, word: "SLURM_ARRAY_TASK_COUNT"},
		"no number":            {env: map[string]string{"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_COUNT": "many"}, word: "many"},
		"beyond the last":      {env: map[string]string{"JOB_COMPLETION_INDEX": "3", CountVariable: "3"}, word: "count from 0"},
		"beyond the last task": {env: map[string]string{"SLURM_ARRAY_TASK_ID": "9", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "7"}, word: "--shard"},
	} {
		got, err := Find("", func(key string) string { return c.env[key] }, dir)
		switch {
		case c.word != "":
			if err == nil || !strings.Contains(err.Error(), c.word) {
				t.Errorf("%s: %v, %v; want an error with %q", name, got, err, c.word)
			}
		case err != nil || got.Shard != c.want:
			t.Errorf("%s: %v, %v; want %v", name, got, err, c.want)
		}
	}
	if got, err := Find("", func(string) string { return "" }, dir); got != nil || err != nil {
		t.Errorf("without a scheduler: %v, %v", got, err)
	}
	if got, err := Find("1/2", func(string) string { return "7" }, dir); err != nil || got.Shard != (Shard{1, 2}) {
		t.Errorf("what is asked for goes before: %v, %v", got, err)
	}
}

// In an array with gaps each task has a place of its own, whichever comes first, and the same one when it is put back.
func TestTasksOfAnArrayWithGapsTakePlaces(t *testing.T) {
	dir := t.TempDir()
	find := func(task int) Shard {
		env := map[string]string{"SLURM_ARRAY_JOB_ID": "17", "SLURM_ARRAY_TASK_ID": fmt.Sprint(task), "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_MAX": "7", "SLURM_ARRAY_TASK_STEP": "1"}
		got, err := Find("", func(key string) string { return env[key] }, dir)
		if err != nil {
			t.Error(err)
			return Shard{}
		}
		return got.Shard
	}
	tasks := []int{7, 1, 3}
	places := make([]Shard, len(tasks))
	var all sync.WaitGroup
	for i, task := range tasks {
		all.Go(func() { places[i] = find(task) })
	}
	all.Wait()
	taken := map[int]bool{}
	for i, task := range tasks {
		if again := find(task); again != places[i] {
			t.Errorf("task %d was %v and is %v", task, places[i], again)
		}
		taken[places[i].Index] = places[i].Of == 3
	}
	if len(taken) != 3 || !taken[0] || !taken[1] || !taken[2] {
		t.Errorf("the places are %v", places)
	}
}

func TestABoardShowsWhoIsAtWhatAndForgetsTheSilent(t *testing.T) {
	dir, patience := t.TempDir(), Patience{Beat: 10 * time.Millisecond, Silence: 300 * time.Millisecond}
	boards := make([]*Board, 3)
	for i := range boards {
		var err error
		if boards[i], err = Join(dir, Shard{i, 3}, patience); err != nil {
			t.Fatal(err)
		}
	}
	if err := boards[1].At("a step"); err != nil {
		t.Fatal(err)
	}
	if got := boards[0].Others(); len(got) != 2 || got[1] != "a step" || got[2] != "" {
		t.Errorf("the others are at %v", got)
	}
	boards[2].Leave()
	if got := boards[0].Others(); len(got) != 1 {
		t.Errorf("after one left the others are at %v", got)
	}
	// What a killed process leaves: a post that changes no more, and whose clock was another.
	boards[1].Leave()
	path := boards[0].path(1)
	if err := os.WriteFile(path, []byte(`{"process":"killed","count":7,"step":"a step"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Now().Add(time.Hour), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := boards[0].Others(); got[1] != "a step" {
		t.Errorf("at first sight it may be alive: %v", got)
	}
	for began := time.Now(); len(boards[0].Others()) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("the dead are waited for without end")
		}
	}
	boards[0].Leave()
	if _, err := os.Stat(boards[0].path(0)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("who left is still there: %v", err)
	}
}

func TestABoardThatCannotBeWrittenIsAnError(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		dir := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(dir, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Join(dir, Shard{0, 2}, Patience{}); err == nil {
			t.Error("a file is no folder")
		}
		return
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := Join(dir, Shard{0, 2}, Patience{}); !errors.Is(err, os.ErrPermission) {
		t.Errorf("the error is %v", err)
	}
}

// The first shard says what all do; what differs is named.
func TestOtherWorkInTheSameFolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	work := Work{Of: 4, Plan: "abc", Request: "quick", Backend: backend.Choice{Name: "xla:cpu"}, Versions: map[string]string{"gomlx": "1"}, Machine: "A"}
	if err := Begin(dir, "heads", work); err != nil {
		t.Fatal(err)
	}
	if err := Begin(dir, "heads", work); err != nil {
		t.Errorf("the second shard: %v", err)
	}
	for word, change := range map[string]func(*Work){
		"number of shards is 3": func(w *Work) { w.Of = 3 }, "backend is xla:cuda": func(w *Work) { w.Backend.Name, w.Plan = "xla:cuda", "x" },
		"versions": func(w *Work) { w.Versions, w.Plan = nil, "x" }, "request is full": func(w *Work) { w.Request, w.Plan = "full", "x" },
		"machine": func(w *Work) { w.Machine, w.Plan = "B", "x" }, "model, data": func(w *Work) { w.Plan = "x" },
	} {
		other := work
		change(&other)
		if err := Begin(dir, "heads", other); !errors.Is(err, ErrOtherWork) || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", word, err)
		}
	}
	if err := Begin(dir, "layers", Work{Of: 3}); err != nil {
		t.Errorf("another experiment: %v", err)
	}
	if err := errors.Join(End(dir, "heads"), End(dir, "heads")); err != nil {
		t.Error(err)
	}
	if got, err := Begun(dir, "heads"); got != nil || err != nil {
		t.Errorf("it was ended: %v, %v", got, err)
	}
	if err := os.WriteFile(workPath(dir, "heads"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Begin(dir, "heads", work); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged file: %v", err)
	}
}
