package backend

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/gomlx/compute"
)

// inner reads a field of GoMLX's pure Go backend.
func inner(t *testing.T, b compute.Backend, name string) reflect.Value {
	t.Helper()
	v := reflect.Indirect(reflect.ValueOf(b)).FieldByName(name)
	if !v.IsValid() {
		t.Fatalf("%T has no field %s: this version of GoMLX runs its operations in another way; see createGo", b, name)
	}
	return v
}

func TestPureGoRunsOneOperationAfterAnother(t *testing.T) {
	const dynamic, beside, inTurn = 0, 1, 2 // as GoMLX numbers them
	for _, c := range []struct {
		name    string
		mode    int64
		slots   int // 0: GoMLX's default
		warning bool
	}{
		{"go", inTurn, 0, false},
		{"go:", inTurn, 0, false},
		{"go:ops_sequential", inTurn, 0, false},
		{"go:parallelism=3", inTurn, 3, false},
		{"go:parallelism=3,creation_order", inTurn, 3, false},
		{"go:creation_order,parallelism=-1", inTurn, -1, false},
		{"go:ops_parallel", beside, 0, true},
		{"go:parallelism=5,ops_parallel", beside, 5, true},
	} {
		b, choice, err := Open(t.Context(), Options{Name: c.name})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if mode := inner(t, b, "OpsExecutionType").Int(); mode != c.mode || mode == dynamic {
			t.Errorf("%s runs its operations in the mode %d, expected %d", c.name, mode, c.mode)
		}
		slots := inner(t, b, "Workers").Interface().(interface{ MaxParallelism() int }).MaxParallelism()
		if c.slots != 0 && slots != c.slots || slots == 0 {
			t.Errorf("%s has %d slots, expected %d", c.name, slots, c.slots)
		}
		if choice.Name != c.name || choice.Config != c.name || (choice.Warning != "") != c.warning {
			t.Errorf("%s: %+v", c.name, choice)
		}
		b.Finalize()
	}
}

func TestAWrongOptionOfPureGoIsAnErrorThatNamesIt(t *testing.T) {
	for name, says := range map[string]string{"go:paralelism=3": "paralelism", "go:parallelism=many": "many", "go:parallelism=": "number of slots"} {
		if _, _, err := Open(t.Context(), Options{Name: name}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, expected an error that says %q", name, err, says)
		}
	}
}

// A command's --json is one document on standard output, and nothing else.
func TestOpeningPureGoPrintsNothing(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	old := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = old }()
	for _, name := range []string{"go", "go:parallelism=2", "go:parallelism=2,ops_parallel"} {
		if b, _, err := Open(t.Context(), Options{Name: name}); err != nil {
			t.Error(err)
		} else {
			b.Finalize()
		}
	}
	w.Close()
	if printed, _ := io.ReadAll(r); len(printed) > 0 {
		t.Errorf("printed %q", printed)
	}
}

// GoMLX's own ways to make a backend know nothing of what this package does for it: the pure Go one stands still, the XLA one
// reads old weights. So all code of this module, tests too, goes through [Open].
func TestEveryBackendIsMadeHere(t *testing.T) {
	direct := regexp.MustCompile(`\b(compute|backends)\.(NewWithConfig|New|MustNew|NewOrErr)\(|\bgobackend\.(New|GetBackend)\(`)
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry != nil && entry.Name() == ".git" {
				return filepath.SkipDir
			}
			return err
		}
		if filepath.Ext(path) != ".go" || filepath.Dir(path) == filepath.Join(root, "gbert", "backend") {
			return nil
		}
		files++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			if direct.MatchString(line) {
				t.Errorf("%s:%d: %s: use backend.Open, in tests testbed.Go", path, i+1, strings.TrimSpace(line))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Errorf("only %d files were looked at", files)
	}
}
