package sajjad2020

import (
	"context"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"bertlab/internal/tiny"
	"bertlab/techniques/layerdrop"
)

// protocol is one of seconds: a random BERT of four layers on sentences whose words tell their class.
func protocol(t testing.TB) Config {
	t.Helper()
	dir := tiny.Reviews(t, 48, 20, false)
	return Config{
		Model: tiny.Pretrained(t, tiny.Shape{Layers: 4}), Tasks: []Task{{Name: "sst2", Data: dir}}, Drops: []int{1, 3}, Strategies: layerdrop.ByPosition, Progressive: true,
		Seeds: []uint64{1, 2}, Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, SpeedBatches: []int{2}, SpeedLength: 8, SpeedRepeats: 3,
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
	if !reflect.DeepEqual(result.Tasks[0].Runs[:len(first.Tasks[0].Runs)], first.Tasks[0].Runs) {
		t.Error("with a further seed the first one is done again")
	}
	// Two seeds of the whole model and, for 1 and 3 of 4 layers, the strategies that can drop them, before and after; top also
	// one by one. No alternate strategy drops 3 of 4.
	if runs := result.Tasks[0].Runs; len(runs) != 2*(1+2*(5+3)+2) {
		t.Errorf("%d runs", len(runs))
	}
	for _, run := range result.Tasks[0].Runs {
		if len(run.Right) != 20 || !(run.Low <= run.Difference && run.Difference <= run.High) || run.When != After && !(run.Seconds > 0) {
			t.Errorf("%+v", run)
		}
	}
	for _, model := range result.Speed.Batches[0].Models {
		if !(model.Seconds > 0 && model.Classifier > 0 && model.Low <= model.High) {
			t.Errorf("%+v", model)
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
	if len(result.Claims) != 7 {
		t.Errorf("%d claims", len(result.Claims))
	}
	checkWritten(t, result)
}

func TestLayersThatAreNamedAreDroppedAndListedOneByOne(t *testing.T) {
	config := protocol(t)
	config.Lists = [][]int{{2, 0}, {1, 3}}
	config.Strategies, config.Seeds, config.Drops, config.Epochs, config.Progressive = config.Strategies[:1], config.Seeds[:1], []int{1}, 1, false
	result, err := Run(context.Background(), environment(t, t.TempDir()), config)
	if err != nil {
		t.Fatal(err)
	}
	table, err := result.ScoreTable(result.Tasks[0])
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, row := range table.Rows {
		rows = append(rows, fmt.Sprint(row[0], " ", row[1], " ", row[3]))
	}
	want := []string{"whole model  ", "top before 4", "top after 4", "list before 1, 3", "list after 1, 3", "list before 2, 4", "list after 2, 4"}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("%q, want %q", rows, want)
	}
	for _, run := range result.Tasks[0].Runs {
		for _, row := range table.Rows { // two lists of as many layers are not averaged
			if run.Strategy == layerdrop.List && row[1] == string(run.When) && row[3] == fromOne(run.Dropped) && math.Abs(row[5].(float64)-100*run.Difference) > 1e-9 {
				t.Errorf("%v: difference %v in the table, %g by itself", run.Dropped, row[5], 100*run.Difference)
			}
		}
	}
	config.Lists = [][]int{{0, 4}}
	if _, err := Run(context.Background(), environment(t, t.TempDir()), config); err == nil || !strings.Contains(err.Error(), "layer 4") {
		t.Error(err)
	}
}

func TestAnOptionalTaskWithoutDataIsLeftOutAndNamed(t *testing.T) {
	config := protocol(t)
	config.Tasks = append(config.Tasks, Task{Name: "mrpc", Data: t.TempDir(), Optional: true})
	config.Strategies, config.Seeds, config.Drops, config.Epochs, config.Progressive = config.Strategies[:2], config.Seeds[:1], []int{1}, 1, false
	result, err := Run(context.Background(), environment(t, t.TempDir()), config)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Tasks) != 1 || len(result.LeftOut) != 1 || !strings.HasPrefix(result.LeftOut[0], "mrpc: ") {
		t.Errorf("%d tasks, left out %q", len(result.Tasks), result.LeftOut)
	}
	paths, err := result.Write(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if report, err := os.ReadFile(paths[len(paths)-1]); err != nil || !strings.Contains(string(report), "for lack of data: mrpc") {
		t.Errorf("the report does not say what was left out (%v)", err)
	}
	config.Tasks = config.Tasks[1:]
	if _, err := Run(context.Background(), environment(t, t.TempDir()), config); err == nil || !strings.Contains(err.Error(), "no task of the protocol has data") {
		t.Error(err)
	}
	config.Tasks[0].Optional = false
	if _, err := Run(context.Background(), environment(t, t.TempDir()), config); err == nil {
		t.Error("a task without data is no error")
	}
}

func TestAProtocolThatCannotBeDoneIsRefused(t *testing.T) {
	for mentions, change := range map[string]func(*Config){
		"1…3": func(c *Config) { c.Drops = []int{4} }, "at least one task": func(c *Config) { c.Seeds = nil }, "for the speed": func(c *Config) { c.SpeedBatches = nil },
	} {
		config := protocol(t)
		change(&config)
		if _, err := Run(context.Background(), environment(t, t.TempDir()), config); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
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
		data := r.tasks[0]
		start, err := r.pretrained.WithClassifier(data.train.Task.Outputs(), data.train.Task.Labels, 1)
		if err != nil {
			t.Fatal(err)
		}
		trained, _, err := r.train(t.Context(), start, data, 1, "whole", nil)
		if err != nil {
			t.Fatal(err)
		}
		if tiny.SameWords(t, r.pretrained, trained) != freeze {
			t.Errorf("freeze %v: the word table as pretrained: %v", freeze, !freeze)
		}
	}
}
