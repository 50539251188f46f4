package experiment

import (
	"os"
	"testing"
)

// FuzzStep reads any bytes as a step's file: they are the result that was written, or the step runs.
func FuzzStep(f *testing.F) {
	f.Add([]byte(`{"sha256":"74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b","result":null}`))
	f.Add([]byte(`{"sha256":"","result":{"values":[1]}}`))
	f.Add([]byte(`{"values":[1]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		store := open(t, t.TempDir(), 1)
		store.Say = func(string) {}
		if err := os.WriteFile(store.path("one"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		runs := 0
		if _, err := Step(store, "one", func() (outcome, error) { runs++; return outcome{}, nil }); err != nil {
			t.Fatal(err)
		}
		if text, err := readStep(content); (err == nil) != (runs == 0) && err != nil {
			t.Fatalf("%q: %d runs, %v", text, runs, err)
		}
	})
}

// FuzzRecord reads any bytes as the record of a step of a plan.
func FuzzRecord(f *testing.F) {
	good := record{Version: recordVersion, Step: "one", Inputs: []byte(`{}`), Result: []byte(`[1]`), Seconds: 0.5}
	good.Sum = good.seal()
	f.Add([]byte(`{"version":1,"step":"one","inputs":{},"result":[1],"seconds":0.5,"sum":"` + good.Sum + `"}`))
	f.Add([]byte(`{"version":1,"step":"one"}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		store := &stepStore{dir: t.TempDir(), say: func(string, ...any) {}}
		n := &node{id: "one", name: "one", inputs: []byte(`{}`)}
		if err := os.WriteFile(store.path(n), content, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := store.read(n)
		if err != nil {
			t.Fatal(err)
		}
		if r != nil && r.Sum != r.seal() {
			t.Fatalf("%q is taken for a record", content)
		}
	})
}
