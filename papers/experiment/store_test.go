package experiment

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"bertlab/figures/report"
	"bertlab/gbert/hub/fetch"
)

type outcome struct {
	Values []float64 `json:"values"`
	Hidden string    `json:"-"`
}

func open(t *testing.T, dir string, identity any) *Store {
	t.Helper()
	store, err := Open(t.Context(), dir, identity)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// counted is a step that counts how often it runs.
func counted(t *testing.T, store *Store, name string, runs *int) outcome {
	t.Helper()
	result, err := Step(store, name, func() (outcome, error) {
		*runs++
		return outcome{Values: []float64{1. / 3, 1e-300, float64(*runs)}, Hidden: "not kept"}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestAStepRunsOnceAndReplaysTheSameValues(t *testing.T) {
	dir, runs := t.TempDir(), 0
	first := counted(t, open(t, dir, "a"), "one", &runs)
	again := counted(t, open(t, dir, "a"), "one", &runs) // as another process would
	if runs != 1 || !reflect.DeepEqual(first, again) || first.Values[0] != 1./3 {
		t.Errorf("%d runs: %v, then %v", runs, first, again)
	}
	if first.Hidden != "" {
		t.Error("the first run sees what a replay does not")
	}
	if counted(t, open(t, dir, "a"), "two", &runs); runs != 2 {
		t.Error("another step does not run")
	}
}

func TestAFailedStepRunsAgain(t *testing.T) {
	store, runs := open(t, t.TempDir(), 1), 0
	broken := errors.New("broken")
	if _, err := Step(store, "one", func() (outcome, error) { return outcome{Values: []float64{1}}, broken }); !errors.Is(err, broken) {
		t.Errorf("it ended with %v", err)
	}
	if counted(t, store, "one", &runs); runs != 1 {
		t.Error("the failed step is remembered")
	}
}

func TestADamagedFileCountsAsNotRemembered(t *testing.T) {
	for _, damage := range []string{"", "{", `{"values": [1, 2`, `{"values": "many"}`, "\x00\x00"} {
		store, runs := open(t, t.TempDir(), 1), 0
		want := counted(t, store, "one", &runs)
		if err := os.WriteFile(filepath.Join(store.Dir(""), "one.json"), []byte(damage), 0o644); err != nil {
			t.Fatal(err)
		}
		if counted(t, store, "one", &runs); runs != 2 {
			t.Errorf("%q is taken for a result", damage)
		}
		if again := counted(t, store, "one", &runs); runs != 2 || again.Values[0] != want.Values[0] {
			t.Errorf("after %q: %d runs, %v", damage, runs, again)
		}
	}
}

func TestAResultThatJSONDoesNotHaveIsAnError(t *testing.T) {
	store := open(t, t.TempDir(), 1)
	if _, err := Step(store, "one", func() (func(), error) { return func() {}, nil }); err == nil {
		t.Error("a function is remembered")
	}
}

func TestEachIdentityHasItsOwnFolder(t *testing.T) {
	dir, folders := t.TempDir(), map[string]bool{}
	for _, identity := range []any{"a", "b", map[string]any{"seed": 1}, map[string]any{"seed": 2}, map[string]any{"seed": 1, "task": "x"}} {
		store := open(t, dir, identity)
		folders[store.Dir("")] = true
		if open(t, dir, identity).Dir("model") != filepath.Join(store.Dir(""), "model") {
			t.Errorf("%v has two folders", identity)
		}
		if text, err := os.ReadFile(store.Dir("identity.json")); err != nil || len(text) == 0 {
			t.Errorf("%v: %v", identity, err)
		}
	}
	if len(folders) != 5 {
		t.Errorf("5 identities have %d folders", len(folders))
	}
	if _, err := Open(t.Context(), dir, func() {}); err == nil {
		t.Error("a function is an identity")
	}
}

func TestVerdicts(t *testing.T) {
	if When(true) != report.Holds || When(false) != report.DoesNotHold {
		t.Error("When")
	}
	for _, test := range []struct {
		low, high float64
		want      report.Verdict
	}{
		{0.1, 0.2, report.Holds}, {0, 0.2, report.CannotTell}, {-0.1, 0.1, report.CannotTell}, {-0.1, 0, report.DoesNotHold}, {-2, -1, report.DoesNotHold},
	} {
		if got := ByInterval(test.low, test.high, 0); got != test.want {
			t.Errorf("[%g, %g]: %v, want %v", test.low, test.high, got, test.want)
		}
		if got := ByInterval(test.low+1, test.high+1, 1); got != test.want {
			t.Errorf("[%g, %g] against 1: %v, want %v", test.low+1, test.high+1, got, test.want)
		}
	}
}

func TestAClaimsBlockKeepsEveryField(t *testing.T) {
	claims := []Claim{{Text: "a", Korean: "가", Paper: "b", Measured: "c", Verdict: report.Holds, Explanation: "d"}}
	block := ClaimsBlock(claims)
	if want := (report.Claims{{Text: "a", Verdict: report.Holds, Paper: "b", Measured: "c", Explanation: "d"}}); !reflect.DeepEqual(block, want) {
		t.Errorf("%+v", block)
	}
}

func TestTwoProcessesDoAStepOnce(t *testing.T) {
	dir := t.TempDir()
	began, runs := make(chan struct{}), 0
	var first, second outcome
	var group sync.WaitGroup
	group.Go(func() {
		first, _ = Step(open(t, dir, 1), "one", func() (outcome, error) {
			close(began)
			time.Sleep(50 * time.Millisecond)
			runs++
			return outcome{Values: []float64{7}}, nil
		})
	})
	<-began
	group.Go(func() {
		second, _ = Step(open(t, dir, 1), "one", func() (outcome, error) {
			runs++
			return outcome{Values: []float64{8}}, nil
		})
	})
	group.Wait()
	if runs != 1 || !reflect.DeepEqual(first, second) {
		t.Errorf("%d runs: %v and %v", runs, first, second)
	}
}

func TestAStepThatAnotherProcessIsAtIsSaidAndItsWaitCanBeEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	store, err := Open(ctx, dir, "identity")
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := fetch.Lock(t.Context(), store.path("step")+".lock", nil) // a lock is an open file's: this is another process
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	store.Say = func(line string) { said = line; cancel() }
	ran := false
	_, err = Step(store, "step", func() (int, error) { ran = true; return 1, nil })
	if !errors.Is(err, context.Canceled) || ran || !strings.Contains(said, "another process is at the step step") {
		t.Errorf("%v, ran %v, said %q", err, ran, said)
	}

	again, err := Open(t.Context(), dir, "identity")
	if err != nil {
		t.Fatal(err)
	}
	again.Say = func(string) { unlock() }
	if got, err := Step(again, "step", func() (int, error) { return 7, nil }); got != 7 || err != nil {
		t.Errorf("%d, %v: the step did not run when the other process was gone", got, err)
	}
}
