package gbert

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bertlab/gbert/saves"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/testbed"
)

// committed is the folder of a save that is whole, but perhaps not yet in its place.
const committed = ".saved"

// edition is a model that differs from other editions in every file that is saved.
func edition(t testing.TB, n int) *Model {
	t.Helper()
	config := tinyConfig(func(c *Config) { c.LayerNormEps = float64(n+1) * 1e-6 })
	model := fresh(t, config)
	bias := make([]float32, 3)
	bias[0] = float32(n)
	if err := model.SetWeight("classifier.bias", []int{3}, bias); err != nil {
		t.Fatal(err)
	}
	words := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
	for i := range n + 1 {
		words = append(words, fmt.Sprintf("word%d", i))
	}
	var err error
	if model.Tokenizer, err = tokenizer.FromVocab(words, true); err != nil {
		t.Fatal(err)
	}
	return model
}

// editionOf says which edition a model is; files of different ones are an error.
func editionOf(model *Model) (int, error) {
	bias, _, err := model.Weight("classifier.bias")
	if err != nil {
		return 0, err
	}
	n := int(bias[0])
	if eps := float64(n+1) * 1e-6; model.Config.LayerNormEps < 0.99*eps || model.Config.LayerNormEps > 1.01*eps || model.Tokenizer.VocabSize() != 6+n {
		return 0, fmt.Errorf("weights of edition %d, LayerNorm's ε %g, %d tokens: files of different models", n, model.Config.LayerNormEps, model.Tokenizer.VocabSize())
	}
	return n, nil
}

// editionIn says which edition a folder has, and fails if its files are of different ones.
func editionIn(t *testing.T, dir string) int {
	t.Helper()
	model, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	n, err := editionOf(model)
	if err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".s*"))
	for _, name := range left {
		if filepath.Base(name) == committed {
			t.Errorf("%s is still there", name)
		}
	}
	return n
}

func TestASaveThatIsKilledBetweenTwoRenamesIsFinishedByTheNextReader(t *testing.T) {
	next := t.TempDir()
	if err := edition(t, 2).Save(next, Float32); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(next)
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for moved := range len(files) + 1 { // how many were in their place when it was killed
		dir := t.TempDir()
		if err := edition(t, 1).Save(dir, Float32); err != nil {
			t.Fatal(err)
		}
		ready := filepath.Join(dir, committed)
		if err := os.Mkdir(ready, 0o700); err != nil {
			t.Fatal(err)
		}
		for i, file := range files {
			text, err := os.ReadFile(filepath.Join(next, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			to := ready
			if i < moved {
				to = dir
			}
			if err := os.WriteFile(filepath.Join(to, file.Name()), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if n := editionIn(t, dir); n != 2 {
			t.Errorf("with %d files in place edition %d is read, want the new one", moved, n)
		}
	}
}

// savingChild saves editions 1, 2, 3 and 4 into a folder in turn for ever, and prints each before it does.
func savingChild(dir string) int {
	t := &testing.B{} // carries nothing but the failures of the set-up, which panic
	var editions []*Model
	for n := range 4 {
		editions = append(editions, edition(t, n+1))
	}
	for i := 0; ; i++ {
		fmt.Println(i%4 + 1)
		if err := editions[i%4].Save(dir, Float32); err != nil {
			fmt.Println(err)
			return 1
		}
	}
}

// TestReadersDuringSavesSeeOneModel has a process that saves without pause, and readers beside it.
func TestReadersDuringSavesSeeOneModel(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := edition(t, 1).Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	for range 2 { // two that save
		command := exec.CommandContext(t.Context(), executable)
		command.Env = append(os.Environ(), "GBERT_TEST_SAVING="+dir)
		command.Stdout = io.Discard
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = command.Process.Kill() // it never ends by itself
			_ = command.Wait()         // it was killed
		}()
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	seen := map[int]int{}
	until := time.Now().Add(3 * time.Second)
	for range 2 {
		group.Go(func() {
			for time.Now().Before(until) {
				model, err := Load(dir)
				if err != nil {
					t.Error(err)
					return
				}
				n, err := editionOf(model)
				if err != nil {
					t.Error(err)
					return
				}
				if err := model.Close(); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen[n]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(seen) < 2 {
		t.Errorf("editions that were read, and how often: %v", seen)
	}
}

func TestASaveLeavesNoTokenizerOfTheModelBefore(t *testing.T) {
	dir := t.TempDir()
	if err := edition(t, 3).Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tokenizer.json", "added_tokens.json", "special_tokens_map.json"} { // of another kind of tokenizer
		if err := os.WriteFile(filepath.Join(dir, name), []byte(`{"another": 9}`), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "README.md"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := edition(t, 2).Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	if n := editionIn(t, dir); n != 2 {
		t.Errorf("edition %d", n)
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		t.Error(err)
	}
}

func TestAKilledSaveLeavesOneWholeModel(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for round := range 10 {
		command := exec.CommandContext(t.Context(), executable)
		command.Env = append(os.Environ(), "GBERT_TEST_SAVING="+dir)
		output, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(output)
		for range 6 + round { // at least one save is finished
			if !lines.Scan() || strings.Contains(lines.Text(), " ") {
				t.Fatalf("the child ended: %s", lines.Text())
			}
		}
		for began := time.Now(); time.Since(began) < 200*time.Millisecond; { // kills it while it puts files in place, when it can
			if _, err := os.Stat(filepath.Join(dir, committed)); err == nil {
				break
			}
		}
		if err := command.Process.Kill(); err != nil { // kill -9
			t.Error(err)
		}
		_ = command.Wait() // it was killed
		if n := editionIn(t, dir); n < 1 || n > 4 {
			t.Errorf("round %d: edition %d", round, n)
		}
	}
}

func TestWhatCannotBePutInPlaceIsAnErrorThatSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	if err := edition(t, 1).Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	blocked := filepath.Join(dir, "model.safetensors")
	if err := os.Rename(blocked, blocked+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(blocked, "in the way"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := edition(t, 2).Save(dir, Float32); err == nil || !strings.Contains(err.Error(), "move those in") {
		t.Errorf("saving: %v", err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "move those in "+filepath.Join(dir, committed)+" to "+dir) {
		t.Errorf("loading: %v", err)
	}
	if err := os.RemoveAll(blocked); err != nil {
		t.Fatal(err)
	}
	if n := editionIn(t, dir); n != 2 {
		t.Errorf("edition %d", n)
	}
}

func TestWhatAKilledSaveWasWritingIsClearedAwayByTheNext(t *testing.T) {
	dir := t.TempDir()
	live, err := saves.Begin(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Discard()
	left := filepath.Join(dir, ".saving-1") // nobody holds its lock
	if err := os.Mkdir(left, 0o700); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, "thesis.txt"), []byte("three years"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, ".saving-2")); err != nil {
		t.Fatal(err)
	}
	if err := edition(t, 1).Save(dir, Float32); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed process left is still there")
	}
	if _, err := os.Stat(live.Dir); err != nil {
		t.Error("what another save is writing is gone")
	}
	if _, err := os.Stat(filepath.Join(elsewhere, "thesis.txt")); err != nil {
		t.Error("the folder that a link leads to was emptied")
	}
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("GBERT_TEST_SAVING"); dir != "" {
		os.Exit(savingChild(dir))
	}
	os.Exit(testbed.Main(m))
}
