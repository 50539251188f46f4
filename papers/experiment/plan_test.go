package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/experiment/words"
)

// toyEnvironment is one in which nothing is computed.
func toyEnvironment(dir string, said *[]string) *Environment {
	return &Environment{Choice: &backend.Choice{Name: "go"}, Dir: dir, Progress: func(p Progress) {
		if said != nil {
			*said = append(*said, p.Stage)
		}
	}}
}

type addInputs struct {
	A, B *Node[int]
	Plus int
	Hint int `json:"-"`
}

type startInputs struct{ Value int }

// toy is an experiment that adds numbers: sums of starts. It counts what is computed.
type toy struct {
	ran   []string
	start *Definition[startInputs, int]
	add   *Definition[addInputs, int]
}

func newToy(version int) *toy {
	t := &toy{}
	t.start = &Definition[startInputs, int]{
		Name: "start", Version: 1, Title: func(_ *words.Printer, in startInputs) string { return fmt.Sprint("start at ", in.Value) },
		Run: func(_ context.Context, _ *Worker, in startInputs) (int, error) {
			t.ran = append(t.ran, fmt.Sprint("start ", in.Value))
			return in.Value, nil
		},
	}
	t.add = &Definition[addInputs, int]{
		Name: "add", Version: version, Title: func(_ *words.Printer, in addInputs) string { return "add" },
		Run: func(_ context.Context, _ *Worker, in addInputs) (int, error) {
			t.ran = append(t.ran, fmt.Sprint("add ", in.Plus))
			return in.A.Result() + in.B.Result() + in.Plus, nil
		},
	}
	return t
}

// sum plans (a + b + plus) and runs it.
func (t *toy) sum(test *testing.T, dir string, a, b, plus int, said *[]string) (int, *Plan) {
	test.Helper()
	t.ran = nil
	p := NewPlan(toyEnvironment(dir, said))
	sum := t.add.Of(p, addInputs{A: t.start.Of(p, startInputs{a}), B: t.start.Of(p, startInputs{b}), Plus: plus})
	if err := p.Run(test.Context()); err != nil {
		test.Fatal(err)
	}
	return sum.Result(), p
}

func TestOnlyWhatReadsAChangedInputIsComputedAgain(t *testing.T) {
	dir, steps := t.TempDir(), newToy(1)
	for _, c := range []struct {
		a, b, plus int
		want       int
		ran        []string
	}{
		{1, 2, 3, 6, []string{"start 1", "start 2", "add 3"}},
		{1, 2, 3, 6, nil},
		{1, 2, 4, 7, []string{"add 4"}},
		{1, 5, 3, 9, []string{"start 5", "add 3"}},
		{1, 1, 0, 2, []string{"add 0"}}, // both are the same step
		{1, 2, 3, 6, nil},               // what was there before still is
	} {
		got, plan := steps.sum(t, dir, c.a, c.b, c.plus, nil)
		if got != c.want || !slices.Equal(steps.ran, c.ran) {
			t.Errorf("%d + %d + %d: %d, computed %v; want %d, %v", c.a, c.b, c.plus, got, steps.ran, c.want, c.ran)
		}
		if last := plan.nodes[len(plan.nodes)-1]; last.Level() != 1 {
			t.Errorf("the sum is on level %d", last.Level())
		}
	}
}

func TestAnotherVersionOfAFunctionIsComputedAgain(t *testing.T) {
	dir := t.TempDir()
	newToy(1).sum(t, dir, 1, 2, 3, nil)
	second := newToy(2)
	if second.sum(t, dir, 1, 2, 3, nil); !slices.Equal(second.ran, []string{"add 3"}) {
		t.Errorf("computed %v", second.ran)
	}
}

func TestAHintIsNotAnInput(t *testing.T) {
	p := NewPlan(toyEnvironment(t.TempDir(), nil))
	steps := newToy(1)
	a := steps.start.Of(p, startInputs{1})
	if one, two := steps.add.Of(p, addInputs{A: a, B: a, Hint: 1}), steps.add.Of(p, addInputs{A: a, B: a, Hint: 2}); one.node != two.node {
		t.Error("two steps")
	}
}

// A flipped byte, another format, another step's file and a folder in its place are never a result.
func TestADamagedFileOfAStepIsNamedAndNotUsed(t *testing.T) {
	dir, steps := t.TempDir(), newToy(1)
	_, plan := steps.sum(t, dir, 1, 2, 3, nil)
	path := plan.store.path(plan.nodes[2])
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(plan.store.path(plan.nodes[0]))
	if err != nil {
		t.Fatal(err)
	}
	damaged := map[string][]byte{
		"older": []byte(strings.Replace(string(whole), `"version":1`, `"version":0`, 1)), "another's": other, "empty": nil, "half": whole[:len(whole)/2],
		"result": []byte(strings.Replace(string(whole), `"result":6`, `"result":7`, 1)), "no JSON": []byte("{"), "null": []byte("null"),
	}
	for i := range whole {
		flipped := slices.Clone(whole)
		flipped[i] ^= 1 << (i % 7)
		damaged[fmt.Sprint("byte ", i)] = flipped
	}
	for name, text := range damaged {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		var said []string
		if got, _ := steps.sum(t, dir, 1, 2, 3, &said); got != 6 {
			t.Errorf("%s: %d", name, got)
		}
		named := slices.ContainsFunc(said, func(line string) bool { return strings.Contains(line, path) })
		if recomputed := len(steps.ran) > 0; recomputed != named {
			t.Errorf("%s: computed %v, said %q", name, steps.ran, said)
		} else if !recomputed && !sameJSON(t, text, whole) {
			t.Errorf("%s: was used", name)
		}
	}
}

// sameJSON reports whether two texts are the same document: the case of a key's letter does not matter to encoding/json.
func sameJSON(t *testing.T, a, b []byte) bool {
	var x, y record
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	return x.seal() == y.seal()
}

// A step that stood on a result counts no more when that result is another.
func TestAStepStandsOnTheResultsThatItWasMadeOf(t *testing.T) {
	dir := t.TempDir()
	value := 1
	run := func() (int, []string) {
		var ran []string
		source := &Definition[struct{}, int]{Name: "source", Title: func(_ *words.Printer, _ struct{}) string { return "source" },
			Run: func(context.Context, *Worker, struct{}) (int, error) { ran = append(ran, "source"); return value, nil }}
		double := &Definition[struct{ Of *Node[int] }, int]{Name: "double", Title: func(_ *words.Printer, _ struct{ Of *Node[int] }) string { return "double" },
			Run: func(_ context.Context, _ *Worker, in struct{ Of *Node[int] }) (int, error) {
				ran = append(ran, "double")
				return 2 * in.Of.Result(), nil
			}}
		p := NewPlan(toyEnvironment(dir, nil))
		s := source.Of(p, struct{}{})
		d := double.Of(p, struct{ Of *Node[int] }{s})
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(p.store.path(s.node)); err != nil {
			t.Fatal(err)
		}
		return d.Result(), ran
	}
	if got, ran := run(); got != 2 || len(ran) != 2 {
		t.Errorf("%d, computed %v", got, ran)
	}
	if got, ran := run(); got != 2 || !slices.Equal(ran, []string{"source"}) {
		t.Errorf("the same result again: %d, computed %v", got, ran)
	}
	value = 10
	if got, ran := run(); got != 20 || !slices.Equal(ran, []string{"source", "double"}) {
		t.Errorf("another result: %d, computed %v", got, ran)
	}
}

func TestAFailedStepIsNamedAndRunAgain(t *testing.T) {
	dir, fail := t.TempDir(), true
	d := &Definition[struct{}, int]{Name: "fails", Title: func(_ *words.Printer, _ struct{}) string { return "what fails at first" },
		Run: func(context.Context, *Worker, struct{}) (int, error) {
			if fail {
				return 0, errors.New("no luck")
			}
			return 3, nil
		}}
	for _, want := range []string{"what fails at first: no luck", ""} {
		p := NewPlan(toyEnvironment(dir, nil))
		n := d.Of(p, struct{}{})
		err := p.Run(t.Context())
		if got := fmt.Sprint(err); want != "" && got != want || want == "" && (err != nil || n.Result() != 3) {
			t.Errorf("%v", err)
		}
		fail = false
	}
}

type modelInputs struct {
	From ModelSource
	Name string
}

func TestAModelThatIsGoneIsMadeAgainOnlyWhereItIsNeeded(t *testing.T) {
	dir := t.TempDir()
	pretrained, err := gbert.Load("../../gbert/testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	defer pretrained.Close()
	var ran []string
	labels := 2
	classifier := &ModelDefinition[modelInputs, int]{Name: "classifier", Title: func(_ *words.Printer, _ modelInputs) string { return "classifier" },
		Run: func(ctx context.Context, w *Worker, in modelInputs) (*gbert.Model, int, error) {
			ran = append(ran, "model")
			model := w.Model(in.From)
			made, err := model.WithClassifier(labels, nil, 1)
			return made, labels, err
		}}
	count := &Definition[modelInputs, int]{Name: "count", Title: func(_ *words.Printer, in modelInputs) string { return "count " + in.Name },
		Run: func(ctx context.Context, w *Worker, in modelInputs) (int, error) {
			ran = append(ran, "count "+in.Name)
			model := w.Model(in.From)
			return model.NumLabels(), nil
		}}
	run := func(names ...string) (results []int, folder string) {
		ran = nil
		p := NewPlan(toyEnvironment(dir, nil))
		made := classifier.Of(p, modelInputs{From: &Pretrained{Model: pretrained, SHA256: "a fingerprint"}})
		var counts []*Node[int]
		for _, name := range names {
			counts = append(counts, count.Of(p, modelInputs{made, name}))
		}
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, n := range counts {
			results = append(results, n.Result())
		}
		if made.Result() != labels {
			t.Errorf("the model step returned %d", made.Result())
		}
		return results, p.store.folder(made.node)
	}
	expect := func(what string, got []int, want []int, computed ...string) {
		t.Helper()
		if !slices.Equal(got, want) || !slices.Equal(ran, computed) {
			t.Errorf("%s: %v, computed %v; want %v, %v", what, got, ran, want, computed)
		}
	}
	got, folder := run("a")
	expect("first", got, []int{2}, "model", "count a")
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	got, _ = run("a")
	expect("a replay needs no model", got, []int{2})
	got, _ = run("a", "b")
	expect("a new step needs it", got, []int{2, 2}, "model", "count b")
	if err := os.Truncate(filepath.Join(folder, "model.safetensors"), 100); err != nil {
		t.Fatal(err)
	}
	got, _ = run("a", "b", "c")
	expect("a damaged model", got, []int{2, 2, 2}, "model", "count c")
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	labels = 3 // as if another machine made another model of it
	got, _ = run("a", "b", "d")
	expect("a model that comes out otherwise", got, []int{3, 3, 3}, "model", "count a", "count b", "count d")
}

func TestASampleIsItsExamples(t *testing.T) {
	kind := &task.Task{Name: "toy", Labels: []string{"no", "yes"}}
	make := func(selection string, texts ...string) string {
		d := &task.Dataset{Task: kind, Selection: selection}
		for i, text := range texts {
			d.Examples = append(d.Examples, task.Example{TextA: text, Label: i % 2})
		}
		s, err := NewSample(d)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if make("drawn", "a", "b") != make("chosen", "a", "b") {
		t.Error("the same examples are another sample")
	}
	if make("", "a", "b") == make("", "b", "a") || make("", "a", "b") == make("", "a") {
		t.Error("other examples are the same sample")
	}
}

// A transient model is made again where a step needs it, and is not kept on the disk.
func TestATransientModelIsNotKept(t *testing.T) {
	dir := t.TempDir()
	pretrained, err := gbert.Load("../../gbert/testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	defer pretrained.Close()
	var ran []string
	head := &ModelDefinition[modelInputs, int]{Name: "head", Transient: true, Title: func(_ *words.Printer, _ modelInputs) string { return "head" },
		Run: func(ctx context.Context, w *Worker, in modelInputs) (*gbert.Model, int, error) {
			ran = append(ran, "model")
			model := w.Model(in.From)
			made, err := model.WithClassifier(3, nil, 1)
			return made, 3, err
		}}
	count := &Definition[modelInputs, int]{Name: "count", Title: func(_ *words.Printer, in modelInputs) string { return "count" },
		Run: func(ctx context.Context, w *Worker, in modelInputs) (int, error) {
			ran = append(ran, in.Name)
			return w.Model(in.From).NumLabels(), nil
		}}
	for _, c := range []struct {
		names []string
		want  []string
	}{{[]string{"a", "b"}, []string{"model", "a", "b"}}, {[]string{"a", "b"}, nil}, {[]string{"a", "b", "c"}, []string{"model", "c"}}} {
		ran = nil
		p := NewPlan(toyEnvironment(dir, nil))
		n := head.Of(p, modelInputs{From: &Pretrained{Model: pretrained, SHA256: "a fingerprint"}})
		var last *Node[int]
		for _, name := range c.names {
			last = count.Of(p, modelInputs{n, name})
		}
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if last.Result() != 3 || !slices.Equal(ran, c.want) {
			t.Errorf("%v: %d, computed %v", c.names, last.Result(), ran)
		}
		if _, err := os.Stat(p.store.folder(n.node)); err == nil {
			t.Error("the model was kept")
		}
	}
	if pretrained.NumParameters() == 0 {
		t.Error("the pretrained model was closed")
	}
	if _, _, err := pretrained.Weight("bert.pooler.dense.weight"); err != nil {
		t.Error(err)
	}
}

func TestWhatIsPartlyDoneStaysUntilTheStepIsDone(t *testing.T) {
	dir, stopped := t.TempDir(), errors.New("stopped")
	var found []bool
	halves := &Definition[startInputs, int]{
		Name: "in two halves", Version: 1, Title: func(_ *words.Printer, in startInputs) string { return fmt.Sprint("halves of ", in.Value) },
		Run: func(_ context.Context, w *Worker, in startInputs) (int, error) {
			file, folder := w.Partial("half.txt"), w.Partial("more")
			_, err := os.Stat(file)
			if found = append(found, err == nil); err == nil {
				return in.Value, nil
			}
			if err := os.MkdirAll(filepath.Join(folder, "below"), 0o755); err != nil {
				return 0, err
			}
			if err := os.WriteFile(file, []byte("half"), 0o644); err != nil {
				return 0, err
			}
			return 0, stopped
		},
	}
	run := func(value int) error {
		p := NewPlan(toyEnvironment(dir, nil))
		halves.Of(p, startInputs{value})
		return p.Run(t.Context())
	}
	if err := run(1); !errors.Is(err, stopped) {
		t.Fatal(err)
	}
	if err := run(2); !errors.Is(err, stopped) { // another step has its own
		t.Fatal(err)
	}
	if err := run(1); err != nil {
		t.Fatal(err)
	}
	if want := []bool{false, false, true}; !slices.Equal(found, want) {
		t.Errorf("what was done was there: %v, want %v", found, want)
	}
	left, err := filepath.Glob(filepath.Join(stepsFolder(dir), "*-partial-*"))
	if err != nil || len(left) != 2 {
		t.Errorf("beside that of the step that is not done there is left %v, %v", left, err)
	}
}

type hidden struct{ Of *Node[int] }

// A step that is among the JSON of the inputs, but cannot be found in them, would never be waited for.
func TestAStepInAStructThatIsNotExportedIsRefused(t *testing.T) {
	p := NewPlan(toyEnvironment(t.TempDir(), nil))
	source := newToy(1).start.Of(p, startInputs{1})
	d := &Definition[struct{ hidden }, int]{Name: "hides", Title: func(_ *words.Printer, _ struct{ hidden }) string { return "hides" },
		Run: func(_ context.Context, _ *Worker, in struct{ hidden }) (int, error) { return in.Of.Result(), nil }}
	d.Of(p, struct{ hidden }{hidden{source}})
	if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "not exported") {
		t.Errorf("%v", err)
	}
}

// A vocabulary that was changed is found as weights are: the model is made again.
func TestAFileBesideTheWeightsThatWasChangedIsMadeAgain(t *testing.T) {
	dir, runs := t.TempDir(), 0
	copied := &ModelDefinition[struct{}, int]{Name: "copy", Title: func(_ *words.Printer, _ struct{}) string { return "copy" },
		Run: func(context.Context, *Worker, struct{}) (*gbert.Model, int, error) {
			runs++
			model, err := gbert.Load("../../gbert/testdata/tiny")
			if err == nil {
				model.Tokenizer, err = tokenizer.FromVocab([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "word"}, true)
			}
			return model, 7, err
		}}
	open := func() (names []string, folder string) {
		t.Helper()
		p := NewPlan(toyEnvironment(dir, nil))
		n := copied.Of(p, struct{}{})
		if err := p.With(t.Context(), n, func(model *gbert.Model) error {
			if n.Result() != 7 || model.NumParameters() == 0 {
				t.Errorf("it knows %d", n.Result())
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(n.Folder())
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if entry.Type().IsRegular() {
				names = append(names, entry.Name())
			}
		}
		return names, n.Folder()
	}
	names, folder := open()
	if open(); runs != 1 || len(names) < 3 {
		t.Fatalf("%d runs, files %v", runs, names)
	}
	for n, name := range names {
		path := filepath.Join(folder, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		damaged := slices.Clone(whole)
		damaged[len(damaged)-2] ^= 1
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if open(); runs != 2+n {
			t.Errorf("%s: %d runs", name, runs)
		}
		if again, err := os.ReadFile(path); err != nil || string(again) != string(whole) {
			t.Errorf("%s was not written again: %v", name, err)
		}
	}
}

// Two processes that share a folder without locks do no harm: both end with the result, and nothing but results is left.
func TestTwoProcessesWithoutLocksBothEndWithTheResult(t *testing.T) {
	dir := t.TempDir()
	older := map[string]string{ // what an older version left
		filepath.Join(dir, "steps", "0123456789abcdef", "curve.json"):      `{"sha256":"00","result":[1]}`,
		filepath.Join(dir, "steps", "0123456789abcdef", "curve.json.lock"): "",
		filepath.Join(dir, "steps", "0123456789abcdef", "identity.json"):   `{}`,
	}
	for path, text := range older {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 20 {
				if got, _ := newToy(1).sum(t, dir, 1, 2, i, nil); got != 3+i {
					t.Errorf("1 + 2 + %d = %d", i, got)
				}
			}
		})
	}
	group.Wait()
	entries, err := os.ReadDir(stepsFolder(dir))
	if err != nil || len(entries) != 1+2+20 {
		t.Errorf("%d files, %v", len(entries), err)
	}
	for _, entry := range entries {
		if !entry.IsDir() && filepath.Ext(entry.Name()) != ".json" {
			t.Errorf("%s is left", entry.Name())
		}
	}
	for path, text := range older {
		if now, err := os.ReadFile(path); err != nil || string(now) != text {
			t.Errorf("%s was touched: %v", path, err)
		}
	}
}

// Of a step that another process has done meanwhile, the other's result stays, on which its further steps stand.
func TestAResultThatAnotherProcessHasLeftMeanwhileStays(t *testing.T) {
	dir, runs := t.TempDir(), 0
	plan := func(inside func()) (*Plan, *Node[int], *Node[int]) {
		timed := &Definition[struct{}, int]{Name: "timed", Title: func(_ *words.Printer, _ struct{}) string { return "timed" },
			Run: func(context.Context, *Worker, struct{}) (int, error) {
				runs++
				own := runs // no two runs measure the same
				inside()
				return own, nil
			}}
		steps := newToy(1)
		p := NewPlan(toyEnvironment(dir, nil))
		n := timed.Of(p, struct{}{})
		return p, n, steps.add.Of(p, addInputs{A: n, B: n})
	}
	first, n, sum := plan(func() {
		other, _, _ := plan(func() {})
		if err := other.Run(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if err := first.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n.Result() != 2 || sum.Result() != 4 || runs != 2 {
		t.Errorf("%d runs, the result is %d, and %d stands on it", runs, n.Result(), sum.Result())
	}
	if again, n, _ := plan(func() {}); again.Run(t.Context()) != nil || n.Result() != 2 || runs != 2 {
		t.Errorf("then it is done again: %d runs", runs)
	}
}

func TestWhatCannotBeRememberedIsAnError(t *testing.T) {
	p := NewPlan(toyEnvironment(t.TempDir(), nil))
	d := &Definition[struct{}, func()]{Name: "function", Title: func(_ *words.Printer, _ struct{}) string { return "function" },
		Run: func(context.Context, *Worker, struct{}) (func(), error) { return func() {}, nil }}
	d.Of(p, struct{}{})
	var failed *StepError
	if err := p.Run(t.Context()); !errors.As(err, &failed) || failed.Title.English != "function" {
		t.Errorf("a function is remembered: %v", err)
	}
	dir, steps := t.TempDir(), newToy(1)
	_, plan := steps.sum(t, dir, 1, 2, 3, nil)
	path := plan.store.path(plan.nodes[2])
	if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
		t.Fatal(err)
	}
	again := NewPlan(toyEnvironment(dir, nil))
	steps.add.Of(again, addInputs{A: steps.start.Of(again, startInputs{1}), B: steps.start.Of(again, startInputs{2}), Plus: 3})
	if err := again.Run(t.Context()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a folder in the place of a file: %v", err)
	}
}

// A plan tells of each step once, in order, whether it was computed or remembered.
func TestAPlanTellsOfEachStepOnce(t *testing.T) {
	dir, steps := t.TempDir(), newToy(1)
	for range 2 {
		p := NewPlan(toyEnvironment(dir, nil))
		a, b := steps.start.Of(p, startInputs{1}), steps.start.Of(p, startInputs{2})
		sum := steps.add.Of(p, addInputs{A: a, B: b})
		var told []string
		p.Watch = func(id string) { told = append(told, id) }
		if _, err := a.Now(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if err := p.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []string{a.ID(), b.ID(), sum.ID()}; !slices.Equal(told, want) {
			t.Errorf("%v, want %v", told, want)
		}
	}
}

// A model may be kept in a folder of its own, in a form of its own, which is what later steps read.
func TestAModelIsKeptWhereAndHowItsDefinitionSays(t *testing.T) {
	dir := t.TempDir()
	pretrained, err := gbert.Load("../../gbert/testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	defer pretrained.Close()
	half := &ModelDefinition[modelInputs, int]{Name: "half", Title: func(_ *words.Printer, _ modelInputs) string { return "half" },
		Folder: func(in modelInputs) string { return filepath.Join("models", in.Name) },
		Save:   func(_ modelInputs, model *gbert.Model, dir string) error { return model.Save(dir, gbert.Float16) },
		Run: func(ctx context.Context, w *Worker, in modelInputs) (*gbert.Model, int, error) {
			return w.Model(in.From), 1, nil
		}}
	p := NewPlan(toyEnvironment(dir, nil))
	n := half.Of(p, modelInputs{From: &Pretrained{Model: pretrained, SHA256: "a fingerprint"}, Name: "small"})
	if want := filepath.Join(dir, "models", "small"); n.Folder() != want {
		t.Fatalf("%s, want %s", n.Folder(), want)
	}
	read := ""
	if err := p.With(t.Context(), n, func(model *gbert.Model) (err error) { read, err = model.Fingerprint(); return err }); err != nil {
		t.Fatal(err)
	}
	written, err := gbert.Load(n.Folder())
	if err != nil {
		t.Fatal(err)
	}
	defer written.Close()
	whole, err := pretrained.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := written.Fingerprint(); err != nil || sum != read || sum != Fingerprint(n) || sum == whole {
		t.Errorf("%s was read, %s is written, %s is remembered: %v", read, sum, Fingerprint(n), err)
	}
}
