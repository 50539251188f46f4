package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment/words"
)

// costed are inputs of every kind that work is reckoned from.
type costed struct {
	FineTuneInputs
	Test            *Judging
	Batches         []int
	Length, Repeats int
}

func costedPlan(t *testing.T, dir string) (*Plan, costed, *Definition[costed, int]) {
	t.Helper()
	config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 20, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 4,
		"intermediate_size": 24, "hidden_act": "gelu", "max_position_embeddings": 32, "type_vocab_size": 2, "layer_norm_eps": 1e-12}`))
	if err != nil {
		t.Fatal(err)
	}
	model, err := gbert.New(config, 1)
	if err != nil {
		t.Fatal(err)
	}
	sst2, err := task.Lookup("sst2")
	if err != nil {
		t.Fatal(err)
	}
	data := &task.Dataset{Task: sst2}
	for i := range 12 {
		data.Examples = append(data.Examples, task.Example{TextA: fmt.Sprint("a film of some words, number ", i)})
	}
	sample, err := NewSample(data)
	if err != nil {
		t.Fatal(err)
	}
	in := costed{FineTuneInputs: FineTuneInputs{From: &Pretrained{Model: model, SHA256: "a"}, Train: sample, Options: finetune.Options{Epochs: 1, MaxLength: 16, BatchSize: 4}}}
	return NewPlan(toyEnvironment(dir, nil)), in, &Definition[costed, int]{
		Name: "costed", Version: 1, Title: func(*words.Printer, costed) string { return "costed" },
		Run: func(context.Context, *Worker, costed) (int, error) { return 1, nil },
	}
}

func TestTheWorkOfAStepFollowsFromItsInputs(t *testing.T) {
	p, in, d := costedPlan(t, t.TempDir())
	work := func(in costed) float64 { return d.Of(p, in).expects().work }
	once := work(in)
	if once <= 0 {
		t.Fatal("a training is no work")
	}
	twice, judged, timed := in, in, in
	twice.Options.Epochs = 2
	judged.Test = &Judging{Model: in.From, Sample: in.Train, MaxLength: 16, BatchSize: 4}
	timed.Batches, timed.Length, timed.Repeats = []int{1, 4}, 8, 5
	if got := work(twice); got != 2*once {
		t.Errorf("two epochs are %g, one %g", got, once)
	}
	if got := work(judged); got <= once || got > 1.5*once {
		t.Errorf("with a judging after it it is %g, without %g", got, once)
	}
	more := work(timed)
	timed.Repeats = 12 // beside 2 that warm up
	if got := work(timed); more <= once || got-once != 2*(more-once) {
		t.Errorf("14 rounds are %g, 7 are %g", got-once, more-once)
	}
	d.Cost = func(_ costed, c *gbert.Config) Cost { return Cost{Passes: float64(c.NumHiddenLayers)} }
	sole := in.Train
	in.Train, judged.Train = Sample{}, Sample{}
	judged.Test.Sample = sole
	d.Name = "costed otherwise"
	three := work(judged)
	d.Name, d.Cost = "costed again", nil
	if one := work(judged); three != 3*one {
		t.Errorf("three passes are %g, one %g", three, one)
	}
	if small, large := d.Of(p, in).expects().memory, d.Of(p, twice).expects().memory; small <= finetune.IdleMemory || large <= small {
		t.Errorf("memory: %d without a training, %d with one", small, large)
	}
}

// What steps of a kind took is what others of the kind will take, by their work.
func TestAnEstimateIsMadeOfWhatWasMeasured(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "steps[12]") // a name that is no pattern
	p, in, d := costedPlan(t, dir)
	first := d.Of(p, in)
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	first.record.Seconds = 3
	if err := p.store.write(first.node, first.record); err != nil {
		t.Fatal(err)
	}
	p, _, _ = costedPlan(t, dir)
	done := d.Of(p, in)
	in.Options.Epochs = 4
	d.Of(p, in)
	steps, err := p.estimate(func() (float64, error) { t.Error("the machine was measured"); return 1, nil })
	if err != nil {
		t.Fatal(err)
	}
	if !steps[0].Done || steps[1].Done || steps[0].Seconds != 3 || steps[1].Seconds < 11.9 || steps[1].Seconds > 12.1 {
		t.Errorf("the steps: %+v", steps)
	}
	if done.expects().work != first.expects().work || steps[1].Memory < done.record.Memory {
		t.Errorf("the memory is %d, of the one that is done %d", steps[1].Memory, done.record.Memory)
	}
	if o := p.outlook(steps, map[string]bool{}); o.Count != 2 || o.Missing != 1 || o.Seconds != steps[1].Seconds || o.Longest != o.Seconds {
		t.Errorf("the outlook is %+v", o)
	}
}

func TestWithoutMeasurementsThePaceOfTheMachineCounts(t *testing.T) {
	p, in, d := costedPlan(t, t.TempDir())
	n := d.Of(p, in)
	steps, err := p.estimate(func() (float64, error) { return 1e-6, nil })
	if n.expects().once <= 0 {
		t.Error("a training compiles nothing")
	}
	if want := ownSeconds + 1e-6*(n.expects().work+n.expects().once); err != nil || steps[0].Seconds != want {
		t.Errorf("%v seconds, want %v (%v)", steps[0].Seconds, want, err)
	}
}

// What a step costs is no part of what it is remembered under: a better estimate makes no step anew.
func TestCostsAreNoPartOfAStepsIdentity(t *testing.T) {
	p, in, d := costedPlan(t, t.TempDir())
	plain := d.Of(p, in)
	q, _, _ := costedPlan(t, t.TempDir())
	d.Cost = func(costed, *gbert.Config) Cost { return Cost{Passes: 7, Work: 1e9, Slowness: 3, Host: 20} }
	dear := d.Of(q, in)
	if plain.ID() != dear.ID() {
		t.Errorf("%s costs nothing more, %s does", plain.ID(), dear.ID())
	}
	cheap, err := p.estimate(func() (float64, error) { return 1e-6, nil })
	if err != nil {
		t.Fatal(err)
	}
	steps, err := q.estimate(func() (float64, error) { return 1e-6, nil })
	if want := ownSeconds + 20 + 3*(cheap[0].Seconds-ownSeconds+1e3); err != nil || math.Abs(steps[0].Seconds-want) > 1e-6*want {
		t.Errorf("%v seconds, want %v (%v)", steps[0].Seconds, want, err)
	}
}

// Decompositions take what their matrices' sides say: that of twice the width takes eight times as long.
func TestDecompositionsTakeTheCubeOfTheWidth(t *testing.T) {
	config := func(width int) *gbert.Config {
		c, err := gbert.ParseConfig([]byte(fmt.Sprintf(`{"model_type": "bert", "vocab_size": 1000, "hidden_size": %d, "num_hidden_layers": 2, "num_attention_heads": 4,
			"intermediate_size": %d, "max_position_embeddings": 32, "type_vocab_size": 2}`, width, 4*width)))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	small, large := config(96), config(192)
	if a, b := Decomposition(small), Decomposition(large); a <= 0 || math.Abs(b/a-8) > 1e-9 {
		t.Errorf("%g and %g seconds", a, b)
	}
	if a, b := WordDecomposition(small), WordDecomposition(large); a <= 0 || math.Abs(b/a-4) > 1e-9 { // the table stays as long
		t.Errorf("%g and %g seconds for the word table", a, b)
	}
	if Storing(large) <= Storing(small) {
		t.Error("a larger file is stored faster")
	}
}

// A file that an earlier version wrote, without work and memory, counts; and no change of either passes.
func TestCostsAreUnderTheSealOfAStepsFile(t *testing.T) {
	dir := t.TempDir()
	p, in, d := costedPlan(t, dir)
	n := d.Of(p, in)
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	older := *n.record
	older.Work, older.Memory = 0, 0
	if err := p.store.write(n.node, &older); err != nil {
		t.Fatal(err)
	}
	if r, err := p.store.read(n.node); r == nil || err != nil {
		t.Errorf("an older file: %v, %v", r, err)
	}
	older.Memory = 17
	text, err := json.Marshal(older)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.store.path(n.node), text, 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err := p.store.read(n.node); r != nil || err != nil {
		t.Errorf("a changed file: %v, %v", r, err)
	}
}
