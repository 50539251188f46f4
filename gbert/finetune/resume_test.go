package finetune

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/safetensors"
	"bertlab/gbert/task"
	"bertlab/internal/testbed"
)

// The run that the tests of this file interrupt: 4 epochs of 4 steps, the last of which has 2 examples.
const resumeExamples = 26

func resumeOptions(dir string) Options {
	return Options{Epochs: 4, BatchSize: 8, LearningRate: 1e-2, Seed: 3, CheckpointDir: dir, CheckpointEvery: 1}
}

func resumeDev() *task.Dataset { return sentiment(12, 2, task.Classification) }

// interrupted trains until a step, counted over the run, is done, and cancels it there.
func interrupted(t *testing.T, dir string, step int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := resumeOptions(dir)
	o.Progress = func(p Progress) {
		if p.Phase == "training" && p.Step == step {
			cancel()
		}
	}
	if _, err := train(t, ctx, learner(t, 2, 0.1), resumeExamples, resumeDev(), o); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled at step %d: %v", step, err)
	}
}

// sameRun compares everything of two runs but the time.
func sameRun(t *testing.T, got, want *Result) {
	t.Helper()
	if err := sameWeights(t, got.Model, want.Model); err != nil {
		t.Error(err)
	}
	print := func(r *Result) string {
		epochs := append([]Epoch(nil), r.Epochs...)
		for i := range epochs {
			epochs[i].Seconds = 0
		}
		text, err := json.Marshal(struct {
			Epochs                    []Epoch
			Kept, Steps, Real, Padded int
		}{epochs, r.Kept, r.Steps, r.RealTokens, r.ComputedTokens})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if print(got) != print(want) {
		t.Errorf("resumed:       %s\nuninterrupted: %s", print(got), print(want))
	}
}

func TestACancelledRunGoesOnToTheSameBits(t *testing.T) {
	want := mustTrain(t, learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(""))
	for _, step := range []int{1, 4, 6, 15, 16} { // 4 and 16 end an epoch: the evaluation is cancelled
		t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
			dir := t.TempDir()
			interrupted(t, dir, step)
			if step < 13 {
				interrupted(t, dir, step+3) // and once more
			}
			resumed := mustTrain(t, learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(dir))
			if !resumed.Resumed || want.Resumed {
				t.Error("the result does not say that it was resumed, or says so wrongly")
			}
			sameRun(t, resumed, want)
			// A finished run is not done again.
			steps := 0
			o := resumeOptions(dir)
			o.Progress = func(Progress) { steps++ }
			sameRun(t, mustTrain(t, learner(t, 2, 0.1), resumeExamples, resumeDev(), o), want)
			if steps > 0 {
				t.Errorf("%d reports of a run that was finished", steps)
			}
			if err := RemoveCheckpoint(dir); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("the checkpoint's folder is still there")
			}
		})
	}
}

// child trains in the process that TestAKilledRunGoesOnToTheSameBits kills, and prints each step. It waits to be killed before the
// report that follows the given one, so that it is killed between the two however busy the machine is.
func child(dir, last string) int {
	t := &testing.B{} // carries nothing but the failures of the set-up, which panic
	o := resumeOptions(dir)
	reached := false
	o.Progress = func(p Progress) {
		if reached {
			time.Sleep(time.Hour)
		}
		line := fmt.Sprintf("%s %d", p.Phase, p.Step)
		fmt.Println(line)
		reached = line == last
	}
	if _, err := Train(context.Background(), goBackend(t), learner(t, 2, 0.1), sentiment(resumeExamples, 1, task.Classification), resumeDev(), o); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func TestAKilledRunGoesOnToTheSameBits(t *testing.T) {
	want := mustTrain(t, learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(""))
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, line := range []string{"training 3", "evaluating 8", "training 10", "training 14"} {
		command := exec.CommandContext(t.Context(), executable)
		command.Env = append(os.Environ(), "FINETUNE_TEST_CHILD="+dir, "FINETUNE_TEST_LAST="+line)
		output, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		reached := false
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if reached = lines.Text() == line; reached {
				break
			}
		}
		if err := command.Process.Kill(); err != nil { // kill -9
			t.Error(err)
		}
		_ = command.Wait() // it was killed
		if !reached {
			t.Fatalf("the child ended before %q", line)
		}
		if command.ProcessState.Success() {
			t.Fatalf("the child was not killed at %q", line)
		}
	}
	resumed := mustTrain(t, learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(dir))
	if !resumed.Resumed {
		t.Error("began anew")
	}
	sameRun(t, resumed, want)
}

func TestACheckpointOfAnotherRunIsRefused(t *testing.T) {
	dir := t.TempDir()
	interrupted(t, dir, 2)
	for name, change := range map[string]func(o *Options) (*gbert.Model, int){
		"learning rate": func(o *Options) (*gbert.Model, int) { o.LearningRate = 2e-2; return learner(t, 2, 0.1), resumeExamples },
		"seed":          func(o *Options) (*gbert.Model, int) { o.Seed = 4; return learner(t, 2, 0.1), resumeExamples },
		"epochs":        func(o *Options) (*gbert.Model, int) { o.Epochs = 5; return learner(t, 2, 0.1), resumeExamples },
		"data":          func(*Options) (*gbert.Model, int) { return learner(t, 2, 0.1), resumeExamples + 1 },
		"model":         func(*Options) (*gbert.Model, int) { return learner(t, 2, 0.2), resumeExamples },
	} {
		o := resumeOptions(dir)
		model, n := change(&o)
		_, err := train(t, t.Context(), model, n, resumeDev(), o)
		if err == nil || !strings.Contains(err.Error(), "another model, data or options; delete the folder") || !strings.Contains(err.Error(), dir) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	o := resumeOptions(dir)
	o.CheckpointEvery = 1 << 40 // how often is not part of what is computed
	if _, err := train(t, t.Context(), learner(t, 2, 0.1), resumeExamples, resumeDev(), o); err != nil {
		t.Errorf("the same run: %v", err)
	}
}

func TestARunGoesOnWithTheSameExamplesFromAnotherFile(t *testing.T) {
	dir := t.TempDir()
	interrupted(t, dir, 2)
	elsewhere := func(d *task.Dataset) *task.Dataset {
		copied := *d
		copied.Source, copied.SHA256, copied.Selection = "another.parquet", "another", "all, in another way"
		copied.Examples = slices.Clone(d.Examples)
		return &copied
	}
	examples, dev := elsewhere(sentiment(resumeExamples, 1, task.Classification)), elsewhere(resumeDev())
	for name, changed := range map[string]*task.Dataset{"training": examples, "dev": dev} {
		before := changed.Examples[3].TextA
		changed.Examples[3].TextA += " indeed"
		if _, err := Train(t.Context(), goBackend(t), learner(t, 2, 0.1), examples, dev, resumeOptions(dir)); err == nil || !strings.Contains(err.Error(), "another model, data or options") {
			t.Errorf("another %s example: %v", name, err)
		}
		changed.Examples[3].TextA = before
	}
	result, err := Train(t.Context(), goBackend(t), learner(t, 2, 0.1), examples, dev, resumeOptions(dir))
	if err != nil {
		t.Fatal(err)
	}
	if !result.Resumed {
		t.Error("began anew")
	}
}

func TestADamagedCheckpointIsAnErrorThatSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	interrupted(t, dir, 6)
	path := filepath.Join(dir, checkpointName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(name string, data []byte) {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := train(t, t.Context(), learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(dir))
		if err == nil || !strings.Contains(err.Error(), "delete the folder to begin anew") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, n := range []int{0, 5, 100, len(whole) / 2, len(whole) - 1} {
		try(fmt.Sprintf("%d of %d bytes", n, len(whole)), whole[:n])
	}
	for _, damage := range [][2]string{
		{`\"step\":6`, `\"step\":9`}, {`\"step\":6`, `\"step\":0`}, {`\"best\":1`, `\"best\":7`}, {`\"best\":1`, `\"best\":0`}, {`\"step\":6`, `\"step\":x`},
		{`m/classifier.bias`, `m/classifier.bios`},
	} {
		damaged := bytes.Replace(whole, []byte(damage[0]), []byte(damage[1]), 1)
		if bytes.Equal(damaged, whole) {
			t.Fatalf("the checkpoint has no %s", damage[0])
		}
		try(damage[1], damaged)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 100 { // anything but a panic
		damaged := bytes.Clone(whole)
		damaged[rng.IntN(4096)] ^= 1 << rng.IntN(8)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		restoreOnly(t, dir)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, bestName(1))); err != nil {
		t.Fatal(err)
	}
	if _, err := train(t, t.Context(), learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(dir)); err == nil || !strings.Contains(err.Error(), bestName(1)) || !strings.Contains(err.Error(), "delete the folder") {
		t.Errorf("without the best epoch's file: %v", err)
	}
}

// restoreOnly reads the checkpoint of a folder and trains nothing.
func restoreOnly(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := train(t, ctx, learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(dir)); err == nil {
		t.Error("a cancelled run has a result")
	}
}

func TestTwoRunsAtOnceInAFolderAreRefused(t *testing.T) {
	dir := t.TempDir()
	o := resumeOptions(dir)
	var second error
	o.Progress = func(p Progress) {
		if p.Phase == "training" && p.Step == 2 {
			_, second = train(t, t.Context(), learner(t, 2, 0.1), resumeExamples, resumeDev(), resumeOptions(dir))
		}
	}
	mustTrain(t, learner(t, 2, 0.1), resumeExamples, resumeDev(), o)
	if second == nil || !strings.Contains(second.Error(), "another run is using the checkpoint folder "+dir) {
		t.Errorf("got %v", second)
	}
}

func TestRemovingACheckpointKeepsWhatIsNotItsOwn(t *testing.T) {
	dir := t.TempDir()
	interrupted(t, dir, 6)
	note := filepath.Join(dir, "note.txt")
	if err := os.WriteFile(note, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := RemoveCheckpoint(dir); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 || files[0].Name() != "note.txt" {
		t.Errorf("left: %v (%v)", files, err)
	}
	if err := RemoveCheckpoint(filepath.Join(dir, "none")); err != nil {
		t.Errorf("of a folder that is not there: %v", err)
	}
}

func TestACheckpointsFolderIsNoPatternForThoseBesideIt(t *testing.T) {
	root := t.TempDir()
	dir, other := filepath.Join(root, "g[12]"), filepath.Join(root, "g1")
	var others []string
	if err := os.Mkdir(other, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{bestName(7), "." + checkpointName + "123456789", ".best-003.safetensors42"} {
		others = append(others, filepath.Join(other, name))
		if err := os.WriteFile(filepath.Join(other, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	interrupted(t, dir, 6)
	if err := os.WriteFile(filepath.Join(dir, bestName(9)), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	interrupted(t, dir, 12)
	if _, err := os.Stat(filepath.Join(dir, bestName(9))); err == nil {
		t.Error("the best of another epoch is still there")
	}
	if err := RemoveCheckpoint(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the checkpoint's folder is still there")
	}
	for _, file := range others {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}

func TestACheckpointHoldsWeightsAndMoments(t *testing.T) {
	dir := t.TempDir()
	interrupted(t, dir, 6)
	file, err := safetensors.Open(filepath.Join(dir, checkpointName))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if n, want := len(file.Names()), 3*len(learner(t, 2, 0.1).Weights()); n != want {
		t.Errorf("%d tensors, want %d", n, want)
	}
}

func TestACancelledRunGoesOnToTheSameBitsOnXLA(t *testing.T) {
	b := testbed.XLA(t)
	dir := t.TempDir()
	run := func(ctx context.Context, dir string, progress func(Progress)) (*Result, error) {
		o := resumeOptions(dir)
		o.Epochs, o.Progress = 2, progress
		return Train(ctx, b, learner(t, 2, 0.1), sentiment(resumeExamples, 1, task.Classification), nil, o)
	}
	want, err := run(t.Context(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := run(ctx, dir, func(p Progress) {
		if p.Step == 3 {
			cancel()
		}
	}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	got, err := run(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Resumed {
		t.Error("began anew")
	}
	sameRun(t, got, want)
}
