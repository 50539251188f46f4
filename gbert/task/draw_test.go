package task

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestADrawIsTheBeginningOfAPermutation(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, n, k int, seed uint64) {
		want := generator(seed).Perm(n)[:k]
		slices.Sort(want)
		if got := draw(n, k, seed); !slices.Equal(got, want) {
			t.Fatalf("%d of %d with seed %d: %v, want %v", k, n, seed, got, want)
		}
	}
	for _, n := range []int{1, 2, 1 << 16, 1<<16 + 1, 1<<16 + 2, 200_001} {
		check(t, n, min(n, 7), 3)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 400).Draw(t, "n")
		check(t, n, rapid.IntRange(0, n).Draw(t, "k"), rapid.Uint64().Draw(t, "seed"))
	})
}

func TestWhatIsDrawnWhileReadingIsWhatIsTakenFromTheWhole(t *testing.T) {
	dir := t.TempDir()
	var rows [2][]glueSST2
	text := "premise,hypothesis,gold_label\n\n"
	for i := range 40 {
		text += fmt.Sprintf("a%d,b,%s\n", i, []string{"neutral", "-", "entailment", "", "2"}[i%5])
		rows[i%2] = append(rows[i%2], glueSST2{fmt.Sprint("text ", i), int64(i % 2), int32(i)})
	}
	csv := filepath.Join(dir, "x.csv")
	if err := os.WriteFile(csv, []byte(text+"c,d\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	writeParquet(t, dir, "train-00000-of-00002.parquet", rows[0])
	writeParquet(t, dir, "train-00001-of-00002.parquet", rows[1])
	unlabelled := write(t, "test.tsv", "sentence\tlabel\n"+strings.Repeat("a\t-1\n", 9))
	for _, c := range []struct{ task, source string }{{"mnli", csv}, {"sst2", dir}, {"sst2", unlabelled}} {
		for _, keep := range []bool{false, true} {
			for n := range 45 {
				plan := mustLookup(t, c.task)
				columns := Columns{SkipMalformed: true}
				want, err := Load(t.Context(), nil, plan, "train", c.source, columns)
				if err != nil {
					t.Fatal(err)
				}
				if !keep {
					want = want.Judged()
				}
				if n > 0 {
					if want, err = want.Take(n, 5); err != nil {
						t.Fatal(err)
					}
				}
				got, err := LoadDraw(t.Context(), nil, plan, "train", c.source, columns, Draw{N: n, Seed: 5, Unlabelled: keep})
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("%s, %d rows, unlabelled %v:\n%+v\n%+v", c.source, n, keep, got, want)
				}
			}
		}
	}
	if _, err := LoadDraw(t.Context(), nil, mustLookup(t, "sst2"), "dev", csv, Columns{}, Draw{N: 3}); err == nil {
		t.Error("a file of other columns: no error")
	}
	if _, err := LoadDraw(t.Context(), nil, mustLookup(t, "sst2"), "dev", dir, Columns{}, Draw{N: -1}); err == nil {
		t.Error("a negative number: no error")
	}
}

func TestAFewOfManyRowsTakeMemoryForAFew(t *testing.T) {
	const rows = 400_000
	path := filepath.Join(t.TempDir(), "large.tsv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "sentence\tlabel")
	for i := range rows {
		fmt.Fprintf(w, "%060d\t%d\n", i, i%2)
	}
	for _, end := range []func() error{w.Flush, f.Close} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
	}
	most := peak(t, func() {
		d, err := LoadDraw(t.Context(), nil, mustLookup(t, "sst2"), "train", path, Columns{}, Draw{N: 10, Seed: 1})
		if err != nil || d.Len() != 10 {
			t.Errorf("%v, %v", d, err)
		}
	})
	if most > 16<<20 {
		t.Errorf("ten of %d rows took %d bytes at once", rows, most)
	}
}

// peak is the most memory that lives while f runs, beyond what lived before, looked at as often as the garbage is collected.
func peak(t *testing.T, f func()) uint64 {
	t.Helper()
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most := live(), uint64(0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	for {
		select {
		case <-done:
			return most
		default:
			if now := live(); now > before {
				most = max(most, now-before)
			}
		}
	}
}
