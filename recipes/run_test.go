package recipes

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/internal/tiny"
	"bertlab/papers/experiment"
)

const training = "{epochs: 2, batch: 8, max-length: 16, learning-rate: 0.01}"

var everyStep = `steps:
  - fine-tune: ` + training + `
  - movement: {remaining: 0.5, attention: head, ffn: neuron, distil: true, epochs: 2, batch: 8, learning-rate: 0.01}
  - prune-heads: {fraction: 0.3, examples: 16}
  - drop-layers: {strategy: symmetric, count: 1}
  - factorise-embedding: {size: 5}
  - factorise: {rank: 2, maps: ffn, weighted: true, examples: 8}
  - share: {what: ffn, groups: 3}
  - distil: ` + training + `
  - store: float16
`

func TestEveryStepFollowsTheOthers(t *testing.T) {
	env, o := begin(t, t.TempDir())
	o.Out = filepath.Join(t.TempDir(), "out")
	var said []string
	o.Say = func(line string) { said = append(said, line) }
	result, err := Run(t.Context(), env, parsed(t, everyStep), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Steps) != 9 || len(said) != 9 || !result.Retrained || result.Examples != 20 || result.Metric != "accuracy" {
		t.Errorf("%+v", result)
	}
	written, err := gbert.Load(o.Out)
	if err != nil {
		t.Fatal(err)
	}
	defer written.Close()
	if written.NumParameters() != result.Parameters || result.Parameters >= result.Before || written.Config.NumHiddenLayers != 3 || written.NumLabels() != 2 {
		t.Errorf("%d parameters of %d, %d layers", result.Parameters, result.Before, written.Config.NumHiddenLayers)
	}
	if info, err := os.Stat(filepath.Join(o.Out, "model.safetensors")); err != nil || info.Size() != result.Bytes || result.Bytes > int64(2*result.Parameters+20000) {
		t.Errorf("%d bytes of %d parameters in half precision, %v", result.Bytes, result.Parameters, err)
	}
	record, err := ReadRecord(o.Out)
	if err != nil || record == nil || record.Recipe != "test" || !record.Retrained {
		t.Errorf("%+v, %v", record, err)
	}
	for i, step := range result.Steps[:len(result.Steps)-1] {
		if step.Note == "" || step.Parameters == 0 {
			t.Errorf("step %d: %+v", i+1, step)
		}
	}
	if !(result.Score >= 0 && result.Score <= 1 && result.Loss > 0) {
		t.Errorf("%s %g, loss %g", result.Metric, result.Score, result.Loss)
	}
}

func TestWordsGoAndEightBitsStayAtTheEnd(t *testing.T) {
	env, o := begin(t, t.TempDir())
	o.Model = tiny.Pretrained(t, tiny.Shape{Layers: 4, More: append(tiny.Spelling(), "plot", "##ing")})
	o.Out = filepath.Join(t.TempDir(), "out")
	result, err := Run(t.Context(), env, parsed(t, `steps:
 - fine-tune: {examples: 8, batch: 8}
 - vocabulary: {min-count: 2}
 - movement: {remaining: 0.5, attention: head, ffn: neuron, distil: true, examples: 8, batch: 8}
 - distil: {examples: 8, batch: 8, int8: true}
 - quantise
 - store: float16`), o)
	if err != nil {
		t.Fatal(err)
	}
	written, err := gbert.Load(o.Out)
	if err != nil {
		t.Fatal(err)
	}
	defer written.Close()
	if words := written.Config.VocabSize; words >= 67 || result.Steps[1].Note == "" || !strings.HasPrefix(result.Steps[1].Note, strconv.Itoa(words)+" of 67 words stay") {
		t.Errorf("%d words: %q", words, result.Steps[1].Note)
	}
	if _, ok := written.Tokenizer.ID("plot"); ok || !gbert.IsInt8Words(written.Config.Embedding) || !strings.HasSuffix(result.Steps[4].Note, "maps and the word table in eight bits") {
		t.Errorf("%s; %+v", result.Steps[4].Note, written.Config.Embedding)
	}
	again, err := Run(t.Context(), env, parsed(t, "steps:\n - fine-tune: {examples: 8, batch: 8}\n - vocabulary: {min-count: 1}"), Options{Model: begun(t), Task: o.Task, Data: o.Data, Out: filepath.Join(t.TempDir(), "all")})
	if err != nil || again.Steps[1].Note != "13 of 13 words stay" {
		t.Errorf("a vocabulary of which nothing goes: %+v, %v", again, err)
	}
}

// begun is a pretrained model whose words all stay.
func begun(t *testing.T) string { return tiny.Pretrained(t, tiny.Shape{Layers: 1}) }

func TestMatricesAreDecomposedTogetherAndTaughtByTheSameTeacher(t *testing.T) {
	env, o := begin(t, t.TempDir())
	asked := map[string]bool{} // the forms for which the teacher was run
	for _, form := range []string{"{form: bank, ratio: 0.4}", "{form: shared, rank: 3, maps: attention}"} {
		o.Out = filepath.Join(t.TempDir(), "out")
		env.Progress = func(p experiment.Progress) {
			asked[form] = asked[form] || strings.Contains(p.Stage, "predictions on")
		}
		result, err := Run(t.Context(), env, parsed(t, "steps:\n - fine-tune: {examples: 8, batch: 8}\n - factorise: "+form+"\n - distil: {examples: 8, batch: 8}"), o)
		if err != nil {
			t.Fatal(err)
		}
		if result.Steps[1].Parameters >= result.Steps[0].Parameters || result.Parameters != result.Steps[1].Parameters {
			t.Errorf("%s: %+v", form, result.Steps)
		}
	}
	if len(asked) != 2 || !asked["{form: bank, ratio: 0.4}"] || asked["{form: shared, rank: 3, maps: attention}"] {
		t.Errorf("the teacher was run for %v", asked)
	}
}

// fingerprint is that of the model in a folder.
func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	model, err := gbert.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	return tiny.Fingerprint(t, model)
}

func TestAStoppedRecipeGoesOnToTheSameModel(t *testing.T) {
	text := "steps:\n - fine-tune: " + training + "\n - drop-layers: {count: 1}\n - distil: " + training
	env, o := begin(t, t.TempDir())
	o.Out = filepath.Join(t.TempDir(), "straight")
	if _, err := Run(t.Context(), env, parsed(t, text), o); err != nil {
		t.Fatal(err)
	}
	straight := fingerprint(t, o.Out)

	ctx, stop := context.WithCancel(t.Context())
	broken := *env
	broken.Dir = t.TempDir()
	broken.Progress = func(p experiment.Progress) {
		if strings.Contains(p.Stage, "(3 of 3)") && p.Done == 3 {
			stop()
		}
	}
	o.Out = filepath.Join(t.TempDir(), "broken")
	if _, err := Run(ctx, &broken, parsed(t, text), o); !errors.Is(err, context.Canceled) {
		t.Fatalf("a stopped run ends with %v", err)
	}
	if _, err := os.Stat(filepath.Join(o.Out, "config.json")); err == nil {
		t.Error("a stopped run left a model")
	}
	broken.Progress = func(p experiment.Progress) {
		if strings.Contains(p.Stage, "(1 of 3)") || strings.Contains(p.Stage, "fine-tuning on") {
			t.Errorf("the first step is done again: %+v", p)
		}
		if strings.Contains(p.Stage, "(3 of 3)") && p.Done > 0 && p.Done < 3 && !strings.Contains(p.Detail, "compiling") {
			t.Errorf("the third step does not go on where it was: %+v", p)
		}
	}
	if _, err := Run(t.Context(), &broken, parsed(t, text), o); err != nil {
		t.Fatal(err)
	}
	if got := fingerprint(t, o.Out); got != straight {
		t.Error("a stopped recipe leads to another model")
	}
}

func TestRecipesThatBeginAlikeShareTheirBeginning(t *testing.T) {
	env, o := begin(t, t.TempDir())
	training := strings.Replace(training, "2", "20", 1)
	o.Out = filepath.Join(t.TempDir(), "first")
	if result, err := Run(t.Context(), env, parsed(t, "steps:\n - fine-tune: "+training), o); err != nil || result.Score < 0.9 { // a word tells the class
		t.Fatalf("%+v, %v", result, err)
	}
	trained := 0
	env.Progress = func(p experiment.Progress) {
		if strings.Contains(p.Stage, "fine-tuning on") {
			trained++
		}
	}
	o.Out = filepath.Join(t.TempDir(), "second")
	if _, err := Run(t.Context(), env, parsed(t, "steps:\n - fine-tune: "+training+"\n - drop-layers: {count: 2}"), o); err != nil {
		t.Fatal(err)
	}
	if trained > 0 {
		t.Error("the common beginning was trained again")
	}
	seed := uint64(2)
	o.Seed, o.Out = &seed, filepath.Join(t.TempDir(), "third")
	if _, err := Run(t.Context(), env, parsed(t, "steps:\n - fine-tune: "+training), o); err != nil {
		t.Fatal(err)
	}
	if trained == 0 {
		t.Error("another seed found the first one's model")
	}
}

func TestWhatAModelCannotFollowIsRefusedWithItsLine(t *testing.T) {
	env, o := begin(t, t.TempDir())
	o.Out = filepath.Join(t.TempDir(), "out")
	for text, mentions := range map[string]string{
		"steps:\n - fine-tune\n - drop-layers: {count: 4}":                                 "test.yaml:3",
		"steps:\n - fine-tune: {examples: 8, batch: 8}\n - factorise-embedding: {size: 9}": "test.yaml:3: factorise-embedding",
		"steps:\n - fine-tune: {examples: 8, batch: 8}\n - factorise: {rank: 300}":         "test.yaml:3: factorise",
	} {
		if _, err := Run(t.Context(), env, parsed(t, text), o); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := os.Stat(o.Out); err == nil {
		t.Error("a refused recipe left something")
	}
	o.Out = ""
	if _, err := Run(t.Context(), env, parsed(t, "steps: [fine-tune]"), o); err == nil {
		t.Error("no folder, no error")
	}
}

func TestFrozenEmbeddingsStayAsPretrainedUnlessTheyWereFactored(t *testing.T) {
	const frozen = "{epochs: 2, batch: 8, max-length: 16, learning-rate: 0.01, freeze-embeddings: true}"
	const words = "bert.embeddings.word_embeddings.weight"
	env, o := begin(t, t.TempDir())
	weight := func(dir, name string) []float32 {
		t.Helper()
		model, err := gbert.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		return slices.Clone(tiny.Values(t, model, name))
	}
	make := func(text string, quick bool) string {
		t.Helper()
		o.Quick, o.Out = quick, filepath.Join(t.TempDir(), "out")
		if _, err := Run(t.Context(), env, parsed(t, text), o); err != nil {
			t.Fatal(err)
		}
		return o.Out
	}
	pretrained := weight(o.Model, words)
	if !slices.Equal(weight(make("steps:\n - fine-tune: "+frozen, false), words), pretrained) {
		t.Error("frozen embeddings were trained")
	}
	if !slices.Equal(weight(make("steps:\n - fine-tune: "+training, true), words), pretrained) {
		t.Error("a quick recipe trains embeddings")
	}
	if slices.Equal(weight(make("steps:\n - fine-tune: "+training, false), words), pretrained) {
		t.Error("embeddings that are not frozen do not learn")
	}
	const u = "bert.embeddings.word_embeddings.weight_u"
	const factored = "steps:\n - fine-tune: " + frozen + "\n - factorise-embedding: {size: 5}"
	if slices.Equal(weight(make(factored, false), u), weight(make(factored+"\n - fine-tune: "+frozen, false), u)) {
		t.Error("a factored word table does not learn")
	}
}

func TestASmallShareOfTheHeadsIsOneHeadOrAnError(t *testing.T) {
	env, o := begin(t, t.TempDir())
	for fraction, want := range map[string]string{"0.1": "1 of 8 heads removed", "0.05": ""} {
		o.Out = filepath.Join(t.TempDir(), "out")
		result, err := Run(t.Context(), env, parsed(t, "steps:\n - fine-tune: {examples: 8, batch: 8}\n - prune-heads: {fraction: "+fraction+", examples: 8}"), o)
		switch {
		case want == "" && (err == nil || !strings.Contains(err.Error(), "a share of 0.05 of the model's 8 heads is less than half a head")):
			t.Errorf("%s: %v", fraction, err)
		case want != "" && (err != nil || result.Steps[1].Note != want):
			t.Errorf("%s: %+v, %v", fraction, result, err)
		}
	}
}
