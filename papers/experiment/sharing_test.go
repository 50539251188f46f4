package experiment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bertlab/papers/experiment/shard"
	"bertlab/papers/experiment/words"
)

// web is a plan of sums that stand on one another in levels, each of which takes a while. It says in a folder what was computed.
type web struct {
	add  *Definition[webInputs, int]
	last []*Node[int]
}

type webInputs struct {
	Number, Level int
	Of            []*Node[int]
	log           string
	takes         time.Duration
}

func newWeb(p *Plan, log string, takes time.Duration) *web {
	w := &web{add: &Definition[webInputs, int]{
		Name: "web", Version: 1, Title: func(_ *words.Printer, in webInputs) string {
			return fmt.Sprintf("sum %d on level %d", in.Number, in.Level)
		},
		Run: func(ctx context.Context, _ *Worker, in webInputs) (int, error) {
			if err := sleep(ctx, in.takes); err != nil {
				return 0, err
			}
			file, err := os.CreateTemp(in.log, fmt.Sprintf("%d-%d.", in.Level, in.Number))
			if err != nil {
				return 0, err
			}
			sum := in.Number
			for _, n := range in.Of {
				sum = 3*sum + n.Result()
			}
			return sum % 1_000_003, file.Close()
		},
	}}
	for level, width := range []int{1, 6, 9, 4} {
		var now []*Node[int]
		for i := range width {
			in := webInputs{Number: i, Level: level, log: log, takes: takes}
			for k := range min(2, len(w.last)) {
				in.Of = append(in.Of, w.last[(i+k)%len(w.last)])
			}
			now = append(now, w.add.Of(p, in))
		}
		w.last = now
	}
	return w
}

// shared runs the web as a shard.
func shared(ctx context.Context, dir, log string, s shard.Shard, patience shard.Patience, takes time.Duration) (*Plan, error) {
	env := toyEnvironment(dir, nil)
	board, err := shard.Join(BoardFolder(dir), s, patience)
	if err != nil {
		return nil, err
	}
	defer board.Leave()
	env.Sharing = &Sharing{s, board}
	p := NewPlan(env)
	newWeb(p, log, takes)
	return p, p.Run(ctx)
}

// resultsOf are the results of all steps of the web in a folder, in order; "" for those that are missing.
func resultsOf(t *testing.T, dir string) []string {
	t.Helper()
	p := NewPlan(toyEnvironment(dir, nil))
	newWeb(p, dir, 0)
	if err := p.recall(); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, n := range p.nodes {
		text := ""
		if n.record != nil {
			text = string(n.record.Result)
		}
		list = append(list, text)
	}
	return list
}

// alone are the results of one process.
func alone(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	p := NewPlan(toyEnvironment(dir, nil))
	newWeb(p, t.TempDir(), 0)
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return resultsOf(t, dir)
}

var quick = shard.Patience{Beat: 20 * time.Millisecond, Silence: 2 * time.Second}

func TestShardsDoEachStepOnceAndWhatOneProcessDoes(t *testing.T) {
	dir, log := t.TempDir(), t.TempDir()
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			if _, err := shared(t.Context(), dir, log, shard.Shard{Index: i, Of: 4}, quick, 10*time.Millisecond); err != nil {
				t.Errorf("shard %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if got, want := resultsOf(t, dir), alone(t); !slices.Equal(got, want) {
		t.Errorf("the results are %v, of one process %v", got, want)
	}
	computed, err := os.ReadDir(log)
	if err != nil || len(computed) != 20 {
		t.Errorf("%d computations of 20 steps (%v)", len(computed), err)
	}
}

// Of two at a time, the first do not wait for those that have not begun; one alone does its part and what that stands on.
func TestAShardWaitsForNobodyWhoIsNotThere(t *testing.T) {
	dir, log := t.TempDir(), t.TempDir()
	part, err := shared(t.Context(), dir, log, shard.Shard{Index: 1, Of: 4}, shard.Patience{Silence: time.Hour}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range part.nodes {
		if part.dealtToMe(n) && n.record == nil {
			t.Errorf("its step %s is missing", n.title.English)
		}
	}
	if got := resultsOf(t, dir); !slices.Contains(got, "") {
		t.Error("it did the parts of the others, too")
	}
}

// A shard that was killed at a step that others need does not keep them for ever.
func TestTheStepOfADeadShardIsDoneByWhoNeedsIt(t *testing.T) {
	dir, log := t.TempDir(), t.TempDir()
	p := NewPlan(toyEnvironment(dir, nil))
	newWeb(p, log, 0)
	board := BoardFolder(dir)
	if err := os.MkdirAll(board, 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		post := fmt.Sprintf(`{"process":"killed","count":3,"step":%q}`, p.nodes[i].id)
		if err := os.WriteFile(filepath.Join(board, fmt.Sprintf("at-%d.json", i)), []byte(post), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	_, err := shared(t.Context(), dir, log, shard.Shard{Index: 3, Of: 4}, shard.Patience{Beat: 20 * time.Millisecond, Silence: 300 * time.Millisecond}, 0)
	if took := time.Since(began); err != nil || took < 300*time.Millisecond {
		t.Errorf("it took %v: %v", took, err)
	}
}

func TestAWaitingShardCanBeInterrupted(t *testing.T) {
	dir, log := t.TempDir(), t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	p := NewPlan(toyEnvironment(dir, nil))
	newWeb(p, log, 0)
	other, err := shard.Join(BoardFolder(dir), shard.Shard{Index: 1, Of: 2}, quick)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Leave()
	if err := other.At(p.nodes[0].id); err != nil {
		t.Fatal(err)
	}
	if _, err := shared(ctx, dir, log, shard.Shard{Index: 0, Of: 2}, quick, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
}

func TestRecallComputesNothingAndNamesWhatIsMissing(t *testing.T) {
	dir, log := t.TempDir(), t.TempDir()
	if _, err := shared(t.Context(), dir, log, shard.Shard{Index: 2, Of: 4}, quick, 0); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadDir(log)
	env := toyEnvironment(dir, nil)
	env.Recall = true
	p := NewPlan(env)
	newWeb(p, log, 0)
	missing := new(MissingError)
	if err := p.Run(t.Context()); !errors.As(err, &missing) || !strings.Contains(err.Error(), "sum ") {
		t.Fatalf("the error is %v", err)
	}
	if after, _ := os.ReadDir(log); len(after) != len(before) {
		t.Error("it computed")
	}
	if want := len(slices.DeleteFunc(resultsOf(t, dir), func(s string) bool { return s != "" })); len(missing.Steps) != want {
		t.Errorf("%d are missing, want %d", len(missing.Steps), want)
	}
}

// Four processes are killed at random moments, and begun again, until they have been killed twenty times: what they leave is what one
// process leaves, with no step wrong or lost.
func TestKilledShardsLeaveNoWrongOrLostStep(t *testing.T) {
	dir, log := t.TempDir(), t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	start := func(index int) *exec.Cmd {
		child := exec.Command(os.Args[0], "-test.run", "^TestChildIsAShard$")
		child.Env = append(os.Environ(), "BERTLAB_TEST_SHARD="+fmt.Sprint(index), "BERTLAB_TEST_DIR="+dir, "BERTLAB_TEST_LOG="+log)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		return child
	}
	var running [4]*exec.Cmd
	for i := range running {
		running[i] = start(i)
	}
	for range 20 {
		time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
		i := random.IntN(len(running))
		_ = running[i].Process.Kill()
		_ = running[i].Wait() // it was killed
		running[i] = start(i)
	}
	for i, child := range running {
		if err := child.Wait(); err != nil {
			t.Errorf("shard %d: %v", i, err)
		}
	}
	if got, want := resultsOf(t, dir), alone(t); !slices.Equal(got, want) {
		t.Errorf("the results are %v, of one process %v", got, want)
	}
}

// TestChildIsAShard is a process that [TestKilledShardsLeaveNoWrongOrLostStep] kills.
func TestChildIsAShard(t *testing.T) {
	dir, log := os.Getenv("BERTLAB_TEST_DIR"), os.Getenv("BERTLAB_TEST_LOG")
	var index int
	if _, err := fmt.Sscan(os.Getenv("BERTLAB_TEST_SHARD"), &index); err != nil {
		t.Skip("it is run by another test")
	}
	if _, err := shared(t.Context(), dir, log, shard.Shard{Index: index, Of: 4}, shard.Patience{Beat: 20 * time.Millisecond, Silence: 300 * time.Millisecond}, 60*time.Millisecond); err != nil {
		t.Fatal(err)
	}
}
