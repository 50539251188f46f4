package experiment

import (
	"os"
	"testing"
)

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
