package experiment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"bertlab/gbert"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// sumProtocol is that of an experiment that adds numbers.
type sumProtocol struct {
	A, B, Plus int
}

type sumResult struct {
	Measured[sumProtocol]
	Sum    int     `json:"sum"`
	Labels int     `json:"labels"`
	Ratio  float64 `json:"ratio"`
}

type sumEdition struct {
	numbered
	*sumResult
}

func (e sumEdition) Claims() ([]Claim, error) {
	return Judge(words.English, Statement{Text: "It is positive.", Rule: Superior(0, Plain), Evidence: One(stats.Counted(float64(e.Sum)))}), nil
}

// sums is the experiment over the steps of a toy, and, if a model is given, a step that makes one and one that reads it.
func (t *toy) sums(model *gbert.Model, labels *int) *Experiment[sumProtocol, sumResult] {
	classifier := &ModelDefinition[modelInputs, int]{Name: "classifier", Title: func(_ *words.Printer, _ modelInputs) string { return "classifier" },
		Run: func(ctx context.Context, w *Worker, in modelInputs) (*gbert.Model, int, error) {
			t.ran = append(t.ran, "model")
			model := w.Model(in.From)
			made, err := model.WithClassifier(*labels, nil, 1)
			return made, *labels, err
		}}
	count := &Definition[modelInputs, float64]{Name: "count", Title: func(_ *words.Printer, in modelInputs) string { return "count " + in.Name },
		Run: func(ctx context.Context, w *Worker, in modelInputs) (float64, error) {
			t.ran = append(t.ran, "count "+in.Name)
			model := w.Model(in.From)
			return float64(model.NumLabels()), nil
		}}
	return &Experiment[sumProtocol, sumResult]{
		Name: "sums", Ask: func(*sumProtocol, Request) {},
		Full: func() sumProtocol { return sumProtocol{1, 2, 3} }, Quick: func() sumProtocol { return sumProtocol{1, 1, 0} },
		Check: func(c *sumProtocol) error { return nil },
		Tell:  func(r *sumResult, _ Voice) Edition { return sumEdition{sumResult: r} },
		Plan: func(_ context.Context, p *Plan, c *sumProtocol, r *sumResult) error {
			sum := t.add.Of(p, addInputs{A: t.start.Of(p, startInputs{c.A}), B: t.start.Of(p, startInputs{c.B}), Plus: c.Plus})
			var counted *Node[float64]
			if model != nil {
				made := classifier.Of(p, modelInputs{From: &Pretrained{Model: model, SHA256: "a fingerprint"}})
				counted = count.Of(p, modelInputs{made, fmt.Sprint(c.Plus)})
			}
			Keep(p, &r.Sum, sum)
			p.Collect(func() error {
				if counted != nil {
					r.Labels = int(counted.Result())
				}
				return nil
			})
			return nil
		},
	}
}

// recordSums does the experiment by its full protocol, and writes the run down.
func recordSums(t *testing.T, e *Experiment[sumProtocol, sumResult]) (folder string, result *sumResult) {
	t.Helper()
	env := toyEnvironment(t.TempDir(), nil)
	if _, err := e.Record(t.Context(), env, Request{}, false); err == nil || !strings.Contains(err.Error(), "no result yet") {
		t.Errorf("a run that is not complete was recorded: %v", err)
	}
	result, err := e.Run(t.Context(), env, e.Full())
	if err != nil {
		t.Fatal(err)
	}
	recording, err := e.Record(t.Context(), env, Request{}, false)
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	if _, err := recording.Write(folder, false); err != nil {
		t.Fatal(err)
	}
	return folder, result
}

func TestARecordShowsItsResultWithoutComputing(t *testing.T) {
	steps := newToy(1)
	e := steps.sums(nil, nil)
	folder, want := recordSums(t, e)
	steps.ran = nil
	rs := NewRecordings(os.DirFS(folder))
	got, err := e.Recorded(rs, e.Full())
	if err != nil || got == nil {
		t.Fatal(got, err)
	}
	if got.Sum != want.Sum || !reflect.DeepEqual(got.Claims, want.Claims) || got.Provenance.Recorded.IsZero() || len(steps.ran) > 0 {
		t.Errorf("%+v, computed %v; want %+v", got, steps.ran, want)
	}
	if got, err := e.Recorded(rs, e.Quick()); got != nil || err != nil {
		t.Errorf("another protocol: %+v, %v", got, err)
	}
	if got, err := e.Recorded(nil, e.Full()); got != nil || err != nil {
		t.Errorf("without records: %+v, %v", got, err)
	}
	if list := rs.List(); len(list) != 1 || list[0].Experiment != "sums" || list[0].Steps != 3 || list[0].Refused != "" {
		t.Errorf("%+v", list)
	}
}

func TestOfARecordOnlyWhatAChangedProtocolReadsIsComputed(t *testing.T) {
	pretrained, err := gbert.Load("../../gbert/testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	defer pretrained.Close()
	steps, labels := newToy(1), 2
	e := steps.sums(pretrained, &labels)
	folder, _ := recordSums(t, e)
	run := func(dir string, c sumProtocol) *sumResult {
		t.Helper()
		steps.ran = nil
		env := toyEnvironment(dir, nil)
		env.Recordings = NewRecordings(os.DirFS(folder))
		result, err := e.Run(t.Context(), env, c)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	dir := filepath.Join(t.TempDir(), "results")
	if run(dir, e.Full()); len(steps.ran) > 0 {
		t.Errorf("computed %v", steps.ran)
	}
	// The model is not in the record: who needs it makes it.
	if got := run(dir, sumProtocol{1, 2, 4}); got.Sum != 7 || got.Labels != 2 || !slices.Equal(steps.ran, []string{"add 4", "model", "count 4"}) {
		t.Errorf("%+v, computed %v", got, steps.ran)
	}
	labels = 3 // as if another machine made another model: what stands on the recorded one counts no more
	dir = filepath.Join(t.TempDir(), "results")
	if got := run(dir, sumProtocol{1, 2, 5}); got.Labels != 3 || !slices.Equal(steps.ran, []string{"add 5", "model", "count 5"}) {
		t.Errorf("%+v, computed %v", got, steps.ran)
	}
	if got := run(dir, e.Full()); got.Labels != 3 || !slices.Equal(steps.ran, []string{"count 3"}) {
		t.Errorf("%+v, computed %v", got, steps.ran)
	}
}

func TestAnUnfinishedRunGoesOnFromItsRecordOnAnotherMachine(t *testing.T) {
	steps := newToy(1)
	e := steps.sums(nil, nil)
	first := toyEnvironment(t.TempDir(), nil)
	first.Machine = "A, 2 cores, linux"
	if _, err := e.Record(t.Context(), first, Request{}, true); err == nil || !strings.Contains(err.Error(), "nothing to record") {
		t.Errorf("a run that was not begun was recorded: %v", err)
	}
	if _, err := e.Run(t.Context(), first, e.Quick()); err != nil { // shares the start at 1 with the full one
		t.Fatal(err)
	}
	if _, err := e.Record(t.Context(), first, Request{}, false); err == nil || !strings.Contains(err.Error(), "--unfinished") {
		t.Errorf("without being asked for: %v", err)
	}
	recording, err := e.Record(t.Context(), first, Request{}, true)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if _, err := recording.Write(folder, false); err != nil {
		t.Fatal(err)
	}
	rs := NewRecordings(os.DirFS(folder))
	if got, err := e.Recorded(rs, e.Full()); got != nil || err != nil {
		t.Errorf("it shows %+v, %v", got, err)
	}
	if list := rs.List(); len(list) != 1 || list[0].Steps != 1 || list[0].Missing != 2 || list[0].Machine != first.Machine || list[0].Refused != "" {
		t.Errorf("%+v", list)
	}
	onRecord := func(r Request, steps, absent int) {
		t.Helper()
		if done, missing, err := e.OnRecord(rs, r); done != steps || missing != absent || err != nil {
			t.Errorf("on record: %d, %d missing, %v; want %d and %d", done, missing, err, steps, absent)
		}
	}
	onRecord(Request{}, 1, 2)
	onRecord(Request{Quick: true}, 0, 0)

	steps.ran = nil
	second := toyEnvironment(t.TempDir(), nil)
	second.Machine, second.Recordings = "B, 8 cores, linux", rs
	result, err := e.Run(t.Context(), second, e.Full())
	if err != nil {
		t.Fatal(err)
	}
	if result.Sum != 6 || !slices.Equal(steps.ran, []string{"start 2", "add 3"}) {
		t.Errorf("%+v, computed %v", result, steps.ran)
	}
	machines := strings.Split(result.Provenance.Machine, machineSeparator)
	slices.Sort(machines)
	if !slices.Equal(machines, []string{first.Machine, second.Machine}) {
		t.Errorf("the numbers come from %q", result.Provenance.Machine)
	}
	whole, err := e.Record(t.Context(), second, Request{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := whole.Write(folder, false); err != nil {
		t.Fatal(err)
	}
	rs = NewRecordings(os.DirFS(folder))
	if got, err := e.Recorded(rs, e.Full()); err != nil || got == nil || got.Sum != 6 {
		t.Errorf("complete, it shows %+v, %v", got, err)
	}
	onRecord(Request{}, 3, 0)
	if _, err := recording.Write(folder, false); err == nil || !strings.Contains(err.Error(), "has 3 steps, more than the 1") {
		t.Errorf("the unfinished run took the place of the complete one: %v", err)
	}
	onRecord(Request{}, 3, 0)
	// Nor does one of another protocol, though it is complete.
	other := *whole
	other.Protocol = bytes.Replace(whole.Protocol, []byte("{"), []byte(`{"other":1,`), 1)
	if _, err := other.Write(folder, false); err == nil || !strings.Contains(err.Error(), "another protocol (3 steps; this run has 3)") {
		t.Errorf("a record of another protocol was replaced: %v", err)
	}
	onRecord(Request{}, 3, 0)
	if _, err := recording.Write(folder, true); err != nil {
		t.Error(err)
	}
	rs = NewRecordings(os.DirFS(folder))
	onRecord(Request{}, 1, 2)
}

func TestStepsThatWereRecordedWithoutTheirMachineHaveThatOfTheirRecord(t *testing.T) {
	e := newToy(1).sums(nil, nil)
	folder, _ := recordSums(t, e)
	r, err := readRecording(os.DirFS(folder), "sums")
	if err != nil {
		t.Fatal(err)
	}
	var result map[string]any
	if err := json.Unmarshal(r.Result, &result); err != nil {
		t.Fatal(err)
	}
	result["provenance"].(map[string]any)["machine"] = "of old, 2 cores, linux"
	if r.Result, err = json.Marshal(result); err != nil {
		t.Fatal(err)
	}
	for id, text := range r.Steps {
		step := new(record)
		if err := json.Unmarshal(text, step); err != nil {
			t.Fatal(err)
		}
		if step.Machine == "" {
			t.Fatal("a step does not name its machine")
		}
		step.Machine = ""
		step.Sum = step.seal()
		if r.Steps[id], err = json.Marshal(step); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Write(folder, false); err != nil {
		t.Fatal(err)
	}
	env := toyEnvironment(t.TempDir(), nil)
	env.Recordings = NewRecordings(os.DirFS(folder))
	again, err := e.Record(t.Context(), env, Request{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Write(folder, false); err != nil {
		t.Fatal(err)
	}
	rs := NewRecordings(os.DirFS(folder))
	got, err := e.Recorded(rs, e.Full())
	if err != nil || got == nil || got.Provenance.Machine != "of old, 2 cores, linux" {
		t.Errorf("written again it shows %+v, %v", got, err)
	}
	for id := range again.Steps {
		if step := rs.step(id); step == nil || step.Machine != "of old, 2 cores, linux" {
			t.Errorf("%+v", step)
		}
	}
}

// What is told of times names the machines that took them alone.
func TestTimesNameTheMachinesThatTookThem(t *testing.T) {
	const a, b = "A, 2 cores, linux", "B, 8 cores, linux"
	env := toyEnvironment(t.TempDir(), nil)
	env.Machine = a
	for name, test := range map[string]struct {
		nodes               []*node
		machines, timed, in string
	}{
		"nothing done":   {nil, a, "", a},
		"one machine":    {[]*node{{record: &record{Machine: b}}, {timed: true, record: &record{Machine: b}}}, b, "", b},
		"timed on one":   {[]*node{{record: &record{Machine: a, Seconds: 9}}, {timed: true, record: &record{Machine: b, Seconds: 1}}}, a + "; " + b, b, b},
		"timed on both":  {[]*node{{timed: true, record: &record{Machine: a, Seconds: 1}}, {timed: true, record: &record{Machine: b, Seconds: 9}}}, b + "; " + a, "", b + "; " + a},
		"nothing timed":  {[]*node{{record: &record{Machine: a, Seconds: 9}}, {record: &record{Machine: b, Seconds: 1}}}, a + "; " + b, "", a + "; " + b},
		"not yet timed":  {[]*node{{record: &record{Machine: b}}, {timed: true}}, b, "", b},
		"of several":     {[]*node{{record: &record{Machine: a + "; " + b, Seconds: 8}}, {record: &record{Machine: b, Seconds: 1}}}, b + "; " + a, "", b + "; " + a},
		"of old, unsaid": {[]*node{{record: &record{}}}, a, "", a},
	} {
		machines, timed := (&Plan{env: env, nodes: test.nodes}).machines()
		if machines != test.machines || timed != test.timed {
			t.Errorf("%s: %q, timed on %q", name, machines, timed)
		}
		if got := (Provenance{Machine: machines, Timed: timed}).TimedIn(words.English); got != test.in {
			t.Errorf("%s: timed in %q", name, got)
		}
	}
}

func TestTheMachinesOfARunAreToldApart(t *testing.T) {
	for machine, want := range map[string]string{
		"Xeon, 2 cores, linux":                       "Xeon, 2코어, linux",
		"Xeon, 2 cores, linux; EPYC, 4 cores, linux": "Xeon, 2코어, linux; EPYC, 4코어, linux",
		"Xeon, 1 core, linux":                        "Xeon, 1코어, linux",
		"a folder of old":                            "a folder of old",
	} {
		if got := (Provenance{Machine: machine}).MachineIn(words.Korean); got != want {
			t.Errorf("%q: %q, want %q", machine, got, want)
		}
		if got := (Provenance{Machine: machine}).MachineIn(words.English); got != machine {
			t.Errorf("%q: %q", machine, got)
		}
	}
}

func TestARecordThatIsDamagedForeignOrOlderIsRefusedByName(t *testing.T) {
	steps := newToy(1)
	e := steps.sums(nil, nil)
	folder, _ := recordSums(t, e)
	file := "sums" + recordingEnding
	packed, err := os.ReadFile(filepath.Join(folder, file))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := e.Recorded(NewRecordings(os.DirFS(folder)), e.Full())
	if err != nil {
		t.Fatal(err)
	}
	refused := func(name string, data []byte) {
		t.Helper()
		rs := NewRecordings(fstest.MapFS{file: {Data: data}})
		got, err := e.Recorded(rs, e.Full())
		if got != nil && reflect.DeepEqual(got, whole) {
			return // a bit that means nothing, such as a reserved one of the compression's header
		}
		var why *RefusedRecording
		if got != nil || !errors.As(err, &why) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if list := rs.List(); len(list) != 1 || list[0].Refused == "" {
			t.Errorf("%s: listed as %+v", name, list)
		}
	}
	for i := range packed {
		damaged := slices.Clone(packed)
		damaged[i] ^= 1 << (i % 8)
		refused(fmt.Sprintf("byte %d flipped", i), damaged)
	}
	for _, n := range []int{0, 1, len(packed) / 2, len(packed) - 1} {
		refused(fmt.Sprintf("cut after %d bytes", n), packed[:n])
	}
	rewritten := func(change func(r *Recording)) []byte {
		r, err := readRecording(os.DirFS(folder), "sums")
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		dir := t.TempDir()
		name := r.Experiment
		path, err := r.Write(dir, false)
		if err != nil {
			t.Fatal(err, name)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	refused("another format", rewritten(func(r *Recording) { r.Format++ }))
	refused("another experiment", rewritten(func(r *Recording) { r.Experiment = "heads" }))
	rs := NewRecordings(fstest.MapFS{file: {Data: rewritten(func(r *Recording) { r.Fields = "others" })}})
	if got, err := e.Recorded(rs, e.Full()); got != nil || err == nil || !strings.Contains(err.Error(), "other fields") {
		t.Errorf("other fields: %+v, %v", got, err)
	}
	if _, _, err := e.OnRecord(rs, Request{}); err == nil || !strings.Contains(err.Error(), "other fields") {
		t.Errorf("other fields are on record: %v", err)
	}
	rs = NewRecordings(fstest.MapFS{file: {Data: rewritten(func(r *Recording) { r.Result = json.RawMessage(`{"sum": "six"}`) })}})
	if got, err := e.Recorded(rs, e.Full()); got != nil || err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("a result of another shape: %+v, %v", got, err)
	}
}

func TestResultsWithOtherFieldsAreToldApart(t *testing.T) {
	type inner struct{ X float64 }
	type one struct {
		Measured[sumProtocol]
		List []inner `json:"list"`
	}
	type renamed struct {
		Measured[sumProtocol]
		List []inner `json:"lists"`
	}
	type wider struct {
		Measured[sumProtocol]
		List []struct{ X, Y float64 } `json:"list"`
	}
	type looped struct {
		Next *looped
		List []inner `json:"list"`
	}
	sums := map[string]bool{}
	for _, t := range []reflect.Type{reflect.TypeFor[one](), reflect.TypeFor[renamed](), reflect.TypeFor[wider](), reflect.TypeFor[looped]()} {
		sums[fieldsOf(t)] = true
	}
	if len(sums) != 4 {
		t.Errorf("%d of 4 are told apart", len(sums))
	}
}

func TestAResultOfTheUsersOwnIsNotReplacedByARecord(t *testing.T) {
	e := newToy(1).sums(nil, nil)
	folder, _ := recordSums(t, e)
	rs := NewRecordings(os.DirFS(folder))
	for what, c := range map[string]struct{ text, wanted string }{
		"the same protocol": {`{"config": {"A": 1, "B": 2, "Plus": 3}, "sum": 6}`, ""},
		"another protocol":  {`{"config": {"A": 9, "B": 2, "Plus": 3}, "sum": 6}`, "of your own"},
		"something else":    {`[1, 2`, "not replaced"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "sums.json")
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := e.Replay(dir, rs, Request{})
		if out != nil || c.wanted == "" && err != nil || c.wanted != "" && (err == nil || !strings.Contains(err.Error(), c.wanted)) {
			t.Errorf("%s: %+v, %v", what, out, err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != c.text {
			t.Errorf("%s: the file is now %s, %v", what, text, err)
		}
	}
}

func TestVerifyingComputesStepsAgainAndSaysHowFarTheyAre(t *testing.T) {
	pretrained, err := gbert.Load("../../gbert/testdata/tiny")
	if err != nil {
		t.Fatal(err)
	}
	defer pretrained.Close()
	steps, labels := newToy(1), 2
	e := steps.sums(pretrained, &labels)
	folder, _ := recordSums(t, e)
	verify := func(budget time.Duration) []Verified {
		t.Helper()
		steps.ran = nil
		env := toyEnvironment("", nil)
		env.Recordings = NewRecordings(os.DirFS(folder))
		done, err := e.Verify(t.Context(), env, VerifyOptions{Seed: 1, Budget: budget})
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	done := verify(time.Minute)
	for _, v := range done {
		if !v.Same || !v.Within || v.Difference != 0 || v.Remade {
			t.Errorf("%+v", v)
		}
	}
	if len(done) != 5 || len(steps.ran) < 5 {
		t.Errorf("%d steps were verified, computed %v", len(done), steps.ran)
	}
	labels = 3
	remade := 0
	for _, v := range verify(time.Minute) {
		if v.Remade && !v.Within {
			remade++
		}
	}
	if remade != 1 {
		t.Errorf("%d steps stand on a model that came out otherwise; the count should", remade)
	}
	env := toyEnvironment("", nil)
	env.Recordings = NewRecordings(os.DirFS(t.TempDir()))
	if _, err := e.Verify(t.Context(), env, VerifyOptions{}); err == nil || !strings.Contains(err.Error(), "no record") {
		t.Errorf("without a record: %v", err)
	}
}

func TestNumbersAreComparedWithATolerance(t *testing.T) {
	decode := func(text string) (v any) {
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		a, b string
		most float64
		at   string
	}{
		{`{"x": [1, 2], "seconds": 3}`, `{"x": [1, 2], "seconds": 9}`, 0, ""},
		{`{"x": [1, 2]}`, `{"x": [1, 2.5]}`, 0.2, ".x[1]"},
		{`{"x": 0.0001}`, `{"x": 0.0002}`, 1e-4, ".x"},
		{`{"known": {"loss": 1e3}, "sha256": "a"}`, `{"known": {"loss": 1.1e3}, "sha256": "b"}`, 100.0 / 1100, ".known.loss"},
	} {
		got, at := differ(decode(c.a), decode(c.b), "")
		if got-c.most > 1e-12 || c.most-got > 1e-12 || at != c.at {
			t.Errorf("%s and %s: %v at %q", c.a, c.b, got, at)
		}
	}
	for _, c := range [][2]string{{`[1]`, `[1, 2]`}, {`{"a": 1}`, `{"b": 1}`}, {`"x"`, `"y"`}, {`[1]`, `{"a": 1}`}, {`1`, `"1"`}} {
		if got, _ := differ(decode(c[0]), decode(c[1]), ""); got <= 1 {
			t.Errorf("%s and %s differ by %v", c[0], c[1], got)
		}
	}
}
