package backend

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// sharing is the pure Go backend with programs that are equal when their builders' names are.
func sharing(t *testing.T) *programs {
	t.Helper()
	inner, err := create("go")
	if err != nil {
		t.Fatal(err)
	}
	b := shareProgramsOf(inner, func(b compute.Builder) ([]byte, bool) { return []byte(b.Name()), b.Name() != "" }).(*programs)
	t.Cleanup(b.Finalize)
	return b
}

// double is an executor of 2·x on a backend, under a name.
func double(t *testing.T, b compute.Backend, name string) *Exec {
	t.Helper()
	exec, err := NewExec(b, func(x *Node) *Node { return MulScalar(x, 2) })
	if err != nil {
		t.Fatal(err)
	}
	return exec.WithName(name)
}

// doubles checks that an executor computes 2·x.
func doubles(t *testing.T, exec *Exec, x float32) {
	t.Helper()
	outputs, err := exec.Call(x)
	if err != nil {
		t.Error(err)
		return
	}
	if got := tensors.ToScalar[float32](outputs[0]); got != 2*x {
		t.Errorf("2·%g = %g", x, got)
	}
}

func TestEqualProgramsAreCompiledOnce(t *testing.T) {
	b := sharing(t)
	first, second, other := double(t, b, "a"), double(t, b, "a"), double(t, b, "b")
	doubles(t, first, 1)
	doubles(t, second, 2)
	doubles(t, other, 3)
	if c := Compiled(b); c.Programs != 2 || c.Reused != 1 {
		t.Errorf("compiled %d programs, used %d again, want 2 and 1", c.Programs, c.Reused)
	}
	first.Finalize() // takes nothing from the second
	doubles(t, second, 4)
	second.Finalize()
	doubles(t, double(t, b, "a"), 5) // kept, though nobody held it
	if c := Compiled(b); c.Programs != 2 || c.Reused != 2 {
		t.Errorf("compiled %d programs, used %d again, want 2 and 2", c.Programs, c.Reused)
	}
}

func TestProgramsThatNobodyHoldsAreKeptUpToANumber(t *testing.T) {
	b := sharing(t)
	name := func(i int) string { return "p" + string(rune('ⅰ'+i)) }
	for i := range mostIdle + 2 {
		exec := double(t, b, name(i))
		doubles(t, exec, 1)
		exec.Finalize()
	}
	if len(b.idle) != mostIdle || len(b.byKey) != mostIdle {
		t.Errorf("%d programs are kept, %d of them held by nobody, want %d", len(b.byKey), len(b.idle), mostIdle)
	}
	doubles(t, double(t, b, name(0)), 1)          // the oldest went
	doubles(t, double(t, b, name(mostIdle+1)), 1) // the newest did not
	if c := Compiled(b); c.Programs != mostIdle+3 || c.Reused != 1 {
		t.Errorf("compiled %d programs, used %d again", c.Programs, c.Reused)
	}
}

func TestAForgottenExecutorReleasesItsProgram(t *testing.T) {
	b := sharing(t)
	doubles(t, double(t, b, "a"), 1)
	for range 100 {
		runtime.GC()
		b.mu.Lock()
		idle := len(b.idle)
		b.mu.Unlock()
		if idle == 1 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the program is held by nobody, but not released")
}

func TestProgramsAreSharedBetweenGoroutines(t *testing.T) {
	b := sharing(t)
	var wait sync.WaitGroup
	for i := range 16 {
		wait.Go(func() {
			exec := double(t, b, "a")
			doubles(t, exec, float32(i))
			exec.Finalize()
		})
	}
	wait.Wait()
	if c := Compiled(b); c.Programs != 1 || c.Reused != 15 {
		t.Errorf("compiled %d programs, used %d again, want 1 and 15", c.Programs, c.Reused)
	}
}

// brokenBuilder fails to compile as often as it is told.
type brokenBuilder struct {
	compute.Builder
	failures *int
}

func (b brokenBuilder) Compile() (compute.Executable, error) {
	if *b.failures > 0 {
		*b.failures--
		return nil, errors.New("out of memory")
	}
	return b.Builder.Compile()
}

type brokenBackend struct {
	compute.Backend
	failures int
}

func (b *brokenBackend) Builder(name string) compute.Builder {
	return brokenBuilder{b.Backend.Builder(name), &b.failures}
}

func TestAProgramThatDidNotCompileIsTriedAgain(t *testing.T) {
	b := sharing(t)
	b.Backend = &brokenBackend{b.Backend, 1}
	if _, err := double(t, b, "a").Call(float32(1)); err == nil {
		t.Error("a failed compilation is no error")
	}
	if len(b.byKey) != 0 {
		t.Error("a program that did not compile is kept")
	}
	doubles(t, double(t, b, "a"), 1)
}

func TestXLACompilesEqualProgramsOnce(t *testing.T) {
	t.Setenv(StoreVariable, "off")
	m := thisMachine()
	if _, ok := m.find("cpu"); !ok || !m.hasXLA {
		t.Skip("no XLA CPU plugin on this machine: run `bertlab setup`")
	}
	b, _, err := Open(t.Context(), Options{Name: "xla:cpu", Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	doubles(t, double(t, b, "a"), 1)
	doubles(t, double(t, b, "another name"), 2)
	triple, err := NewExec(b, func(x *Node) *Node { return MulScalar(x, 3) })
	if err != nil {
		t.Fatal(err)
	}
	if out := triple.WithName("a").MustCall(float32(2))[0]; tensors.ToScalar[float32](out) != 6 {
		t.Errorf("3·2 = %v", out)
	}
	if c := Compiled(b); c.Programs != 2 || c.Reused != 1 {
		t.Errorf("compiled %d programs, used %d again, want 2 and 1: does go-xla still have the program where it is looked for?", c.Programs, c.Reused)
	}
}
