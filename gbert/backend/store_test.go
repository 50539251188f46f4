package backend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// storing is XLA's CPU as a new process would have it, with a store in a folder that keeps every program.
func storing(t *testing.T, dir string) *programs {
	t.Helper()
	p := shareProgramsOf(openedXLA(t), stableHLO).(*programs)
	if dir == "off" {
		return p
	}
	if s := openStore(dir); s != nil {
		s.salt, s.least = []byte("of a test"), 0 // the real one has a plugin of a hundred megabytes to read
		p.stored = func() *store { return s }
	}
	return p
}

// openXLA opens XLA's CPU once, whose plugin is large.
var openXLA = sync.OnceValues(func() (compute.Backend, error) {
	b, _, err := Open(context.Background(), Options{Name: "xla:cpu", Offline: true})
	if err != nil {
		return nil, err
	}
	return b.(*programs).Backend, nil
})

func openedXLA(t *testing.T) compute.Backend {
	t.Helper()
	if _, ok := thisMachine().find("cpu"); !ok || !hasXLA {
		t.Skip("no XLA CPU plugin on this machine: run `bertlab setup`")
	}
	b, err := openXLA()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func needsStore(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("compiled programs are kept on Linux alone")
	}
}

// mixed is a graph with products, a softmax, a transcendental function, a reduction and a second output.
func mixed(x, w *Node) []*Node {
	y := DotGeneral(x, []int{1}, nil, w, []int{1}, nil)
	p := Softmax(y, -1)
	return []*Node{DotGeneral(p, []int{1}, nil, Tanh(w), []int{0}, nil), ReduceAllSum(Mul(p, Log(AddScalar(p, 1))))}
}

// computed are the bits of mixed on a backend.
func computed(t testing.TB, b compute.Backend, rows int) []uint32 {
	t.Helper()
	exec, err := NewExec(b, mixed)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	values := func(n int) []float32 {
		all := make([]float32, n)
		for i := range all {
			all[i] = float32(math.Sin(float64(7*i + 1)))
		}
		return all
	}
	const inner, columns = 24, 40
	outputs, err := exec.Call(tensors.FromFlatDataAndDimensions(values(rows*inner), rows, inner), tensors.FromFlatDataAndDimensions(values(columns*inner), columns, inner))
	if err != nil {
		t.Fatal(err)
	}
	var bits []uint32
	for _, output := range outputs {
		for _, v := range tensors.MustCopyFlatData[float32](output) {
			bits = append(bits, math.Float32bits(v))
		}
	}
	return bits
}

func programFiles(t testing.TB, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"+storeSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestAProgramOfAnEarlierProcessIsReadAndComputesTheSameBits(t *testing.T) {
	needsStore(t)
	without := storing(t, "off")
	want := computed(t, without, 6)
	dir := t.TempDir()
	first := storing(t, dir)
	if got := computed(t, first, 6); !slices.Equal(got, want) {
		t.Error("with a store other bits are computed")
	}
	if c := Compiled(first); c.Programs != 1 || c.Loaded != 0 || len(programFiles(t, dir)) != 1 {
		t.Fatalf("%+v, files %v", c, programFiles(t, dir))
	}
	second := storing(t, dir)
	if got := computed(t, second, 6); !slices.Equal(got, want) {
		t.Error("a program of an earlier process computes other bits")
	}
	if c := Compiled(second); c.Programs != 0 || c.Loaded != 1 {
		t.Errorf("%+v", c)
	}
	computed(t, second, 7)
	if c := Compiled(second); c.Programs != 1 || c.Loaded != 1 || len(programFiles(t, dir)) != 2 {
		t.Errorf("a program of another shape: %+v", c)
	}
	if c := Compiled(without); c.Programs != 1 || c.Loaded != 0 {
		t.Errorf("without a store: %+v", c)
	}
}

func TestDonatedInputsOfAStoredProgramAreUpdatedInPlace(t *testing.T) {
	needsStore(t)
	dir := t.TempDir()
	for range 2 {
		b := storing(t, dir)
		exec, err := NewExec(b, func(x, y *Node) *Node { return Add(Mul(x, x), y) })
		if err != nil {
			t.Fatal(err)
		}
		x := tensors.FromValue([]float32{1, 2, 3})
		for range 3 {
			if err := x.ToDevice(b, 0); err != nil {
				t.Fatal(err)
			}
			donated, err := DonateTensorBuffer(x, b, 0)
			if err != nil {
				t.Fatal(err)
			}
			outputs, err := exec.Call(donated, []float32{0, 1, 2})
			if err != nil {
				t.Fatal(err)
			}
			x = outputs[0]
		}
		if got := tensors.MustCopyFlatData[float32](x); !slices.Equal(got, wantDonated()) {
			t.Errorf("%v", got)
		}
		exec.Finalize()
	}
}

func wantDonated() []float32 {
	x := []float32{1, 2, 3}
	for range 3 {
		for i, y := range []float32{0, 1, 2} {
			x[i] = x[i]*x[i] + y
		}
	}
	return x
}

func TestADamagedFileIsNoProgramAndIsRemoved(t *testing.T) {
	s := openStore(ownTemp(t))
	s.salt = []byte("salt")
	compiled := bytes.Repeat([]byte("machine code "), 1000)
	s.write([]byte("other"), compiled)
	other, _ := s.path([]byte("other"))
	another, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	s.write([]byte("text"), compiled)
	path, _ := s.path([]byte("text"))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := s.read([]byte("text")); !ok || !bytes.Equal(got, compiled) {
		t.Fatal("a whole file is not read")
	}
	for name, content := range map[string][]byte{
		"a flipped bit at the end":    flipped(whole, len(whole)-1),
		"a flipped bit in the middle": flipped(whole, len(whole)/2),
		"a flipped bit in the sum":    flipped(whole, len(storeMagic)+3),
		"a flipped bit in the key":    flipped(whole, len(storeMagic)+40),
		"another format":              flipped(whole, 3),
		"half":                        whole[:len(whole)/2],
		"nothing":                     nil,
		"the magic alone":             storeMagic,
		"the head alone":              whole[:len(storeMagic)+40],
		"something after its end":     append(slices.Clone(whole), 0),
		"another program's file":      another,
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok := s.read([]byte("text")); ok {
			t.Errorf("%s: it is read", name)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: the file is still there", name)
		}
	}
}

func TestADamagedProgramIsCompiledAgainAndReplaced(t *testing.T) {
	needsStore(t)
	dir := t.TempDir()
	want := computed(t, storing(t, dir), 6)
	path := programFiles(t, dir)[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, flipped(whole, len(whole)*2/3), 0o600); err != nil {
		t.Fatal(err)
	}
	for loaded := range 2 { // compiled at first, then read
		b := storing(t, dir)
		if got := computed(t, b, 6); !slices.Equal(got, want) {
			t.Error("other bits")
		}
		if c := Compiled(b); c.Loaded != loaded || c.Programs != 1-loaded {
			t.Errorf("%+v", c)
		}
	}
}

func flipped(content []byte, at int) []byte {
	changed := slices.Clone(content)
	changed[at] ^= 4
	return changed
}

// A file can be whole and yet of no use to the plugin, such as one that a later bertlab wrote.
func TestAWholeFileThatThePluginRefusesIsCompiledAndReplaced(t *testing.T) {
	needsStore(t)
	dir := t.TempDir()
	first := storing(t, dir)
	want := computed(t, first, 6)
	path := programFiles(t, dir)[0]
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := first.stored()
	text := textOf(t, first, 6)
	if at, _ := s.path(text); at != path {
		t.Fatalf("the program lies at %s, not %s", path, at)
	}
	s.write(text, []byte("no program at all"))
	b := storing(t, dir)
	if got := computed(t, b, 6); !slices.Equal(got, want) {
		t.Error("other bits")
	}
	if c := Compiled(b); c.Programs != 1 || c.Loaded != 0 {
		t.Errorf("%+v", c)
	}
	if after, err := os.ReadFile(path); err != nil || len(after) < len(before)/2 {
		t.Errorf("%d bytes, %v", len(after), err)
	}
}

// textOf is the text of mixed as the store is asked for it.
func textOf(t *testing.T, p *programs, rows int) (text []byte) {
	t.Helper()
	spy := &programs{Backend: p.Backend, stored: func() *store { return nil }, byKey: map[[32]byte]*program{}}
	spy.text = func(b compute.Builder) ([]byte, bool) {
		found, ok := p.text(b)
		text = found
		return found, ok
	}
	computed(t, spy, rows)
	return text
}

func TestTwoProcessesMayWriteTheSameProgramAtOnce(t *testing.T) {
	dir := ownTemp(t)
	s := openStore(dir)
	s.salt = []byte("salt")
	contents := [][]byte{bytes.Repeat([]byte("a"), 1<<20), bytes.Repeat([]byte("b"), 1<<19)}
	var group sync.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for range 20 {
				s.write([]byte("text"), contents[i%2])
			}
		})
		group.Go(func() {
			for range 40 {
				if got, ok := s.read([]byte("text")); ok && !bytes.Equal(got, contents[0]) && !bytes.Equal(got, contents[1]) {
					t.Error("half of a program was read")
				}
			}
		})
	}
	group.Wait()
	if _, ok := s.read([]byte("text")); !ok || len(programFiles(t, dir)) != 1 {
		t.Error("the program is not there")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 {
		t.Errorf("%d files are left", len(entries))
	}
}

func TestTheStoreStaysWithinItsBoundAndKeepsWhatWasUsedLast(t *testing.T) {
	s := openStore(ownTemp(t))
	s.limit = 100_000
	text := func(i int) []byte { return fmt.Append(nil, "program ", i) }
	for i := range 30 {
		s.write(text(i), make([]byte, 10_000))
		then := time.Now().Add(time.Duration(i-1000) * time.Second)
		path, _ := s.path(text(i))
		if err := os.Chtimes(path, then, then); err != nil && i > 0 {
			t.Fatal(err)
		}
		if _, ok := s.read(text(0)); !ok && i < 5 {
			t.Error("what is read again and again is gone")
		}
		var total int64
		for _, path := range programFiles(t, s.dir) {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			total += info.Size()
		}
		if total > s.limit {
			t.Fatalf("%d bytes after %d programs", total, i+1)
		}
	}
	if _, ok := s.read(text(29)); !ok {
		t.Error("the newest program is gone")
	}
	if _, ok := s.read(text(0)); !ok {
		t.Error("the program that was read last is gone")
	}
	left := filepath.Join(s.dir, ".x"+storeSuffix+"123")
	then := time.Now().Add(-2 * time.Hour)
	if err := errors.Join(os.WriteFile(left, make([]byte, 10), 0o600), os.Chtimes(left, then, then)); err != nil {
		t.Fatal(err)
	}
	s.write(text(30), make([]byte, 10_000))
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed writer left is there")
	}
	if _, ok := s.read(text(3)); ok {
		t.Error("a program that was not used for long is there")
	}
	s.write(text(99), make([]byte, 60_000))
	if _, ok := s.read(text(99)); ok {
		t.Error("one program may take most of the store")
	}
}

func ownTemp(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "programs")
	if s := openStore(dir); s == nil {
		t.Skip("there is no store on this system")
	}
	return dir
}

func TestAFolderThatCannotBeUsedIsHarmless(t *testing.T) {
	needsStore(t)
	want := computed(t, storing(t, "off"), 6)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	open := t.TempDir()
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"a file": file, "below a file": filepath.Join(file, "x"), "of which others may write": open, "of the system": "/proc/self"} {
		b := storing(t, dir)
		if got := computed(t, b, 6); !slices.Equal(got, want) {
			t.Errorf("%s: other bits", name)
		}
		if c := Compiled(b); c.Programs != 1 || c.Loaded != 0 {
			t.Errorf("%s: %+v", name, c)
		}
		if len(programFiles(t, dir)) != 0 {
			t.Errorf("%s: programs were written", name)
		}
	}
}

func TestAReadOnlyStoreIsReadAndNotWritten(t *testing.T) {
	needsStore(t)
	dir := filepath.Join(t.TempDir(), "programs")
	want := computed(t, storing(t, dir), 6)
	before := programFiles(t, dir)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	b := storing(t, dir)
	if got := computed(t, b, 6); !slices.Equal(got, want) || Compiled(b).Loaded != 1 {
		t.Errorf("%+v", Compiled(b))
	}
	computed(t, b, 8)
	if Compiled(b).Programs != 1 {
		t.Errorf("%+v", Compiled(b))
	}
	if after := programFiles(t, dir); os.Getuid() != 0 && !slices.Equal(before, after) {
		t.Errorf("%v became %v", before, after)
	}
}

func TestTheKeySpeaksOfAllThatMachineCodeDependsOn(t *testing.T) {
	dir, plugin := t.TempDir(), filepath.Join(t.TempDir(), "plugin.so")
	if err := os.WriteFile(plugin, []byte("plugin"), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{}
	m := &machine{getenv: func(name string) string { return environment[name] }}
	choice := &Choice{Config: "xla:" + plugin, PluginPath: plugin}
	key := func(devices string) string {
		t.Helper()
		salt, ok := m.storeSalt(choice, dir, devices)
		if !ok {
			t.Skip("the processor does not tell its features here")
		}
		s := &store{salt: salt}
		path, _ := s.path([]byte("text"))
		return path
	}
	seen := map[string]string{key("1 of cpu"): "at first"}
	fresh := func(about, key string) {
		t.Helper()
		if other, twice := seen[key]; twice {
			t.Errorf("%s: the key is that %s", about, other)
		}
		seen[key] = about
	}
	if _, same := seen[key("1 of cpu")]; !same {
		t.Error("the key is another at every call")
	}
	fresh("with more devices", key("4 of cpu"))
	environment["XLA_FLAGS"] = "--xla_dump_to=/tmp/dumps"
	if _, ok := m.storeSalt(choice, dir, "1 of cpu"); ok {
		t.Error("programs are read where files of their compilation are asked for")
	}
	environment["XLA_FLAGS"] = "--xla_cpu_enable_fast_math=true"
	fresh("with flags", key("1 of cpu"))
	delete(environment, "XLA_FLAGS")
	environment["NPROC"] = "1"
	fresh("with fewer processors", key("1 of cpu"))
	delete(environment, "NPROC")
	choice.Config += ",tf32=false"
	fresh("with options", key("1 of cpu"))
	choice.Config = "xla:" + plugin
	time.Sleep(10 * time.Millisecond)
	if err := os.WriteFile(plugin, []byte("nigulp"), 0o600); err != nil {
		t.Fatal(err)
	}
	fresh("with another plugin of the same size", key("1 of cpu"))
	salted := &store{salt: []byte("ab")}
	a, _ := salted.path([]byte("c"))
	b, _ := (&store{salt: []byte("a")}).path([]byte("bc"))
	if a == b {
		t.Error("what is salt and what is text cannot be told apart")
	}
	if description, err := processor(); err == nil && runtime.GOOS == "linux" && !strings.Contains(description, "lags: ") && !strings.Contains(description, "eatures: ") {
		t.Errorf("the features are missing in %q", description)
	}
}

func TestWhoMeasuresCompilesAfresh(t *testing.T) {
	needsStore(t)
	dir := t.TempDir()
	computed(t, storing(t, dir), 6)
	b := storing(t, dir)
	done := CompileAfresh(b)
	computed(t, b, 6)
	if c := Compiled(b); c.Programs != 1 || c.Loaded != 0 {
		t.Errorf("%+v", c)
	}
	done()
	done()
	again := storing(t, dir)
	if computed(t, again, 6); Compiled(again).Loaded != 1 {
		t.Errorf("%+v", Compiled(again))
	}
	CompileAfresh(nil)()
}

func TestOpenReadsTheStoreOfTheVariable(t *testing.T) {
	needsStore(t)
	openedXLA(t)
	dir := filepath.Join(t.TempDir(), "programs")
	t.Setenv(StoreVariable, dir)
	b, _, err := Open(t.Context(), Options{Name: "xla:cpu", Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	s := b.(*programs).stored()
	if s == nil || s.dir != dir || s.least != worthStoring || s.limit != storeBytes {
		t.Errorf("%+v", s)
	}
	t.Setenv(StoreVariable, "off")
	off, _, err := Open(t.Context(), Options{Name: "xla:cpu", Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer off.Finalize()
	if off.(*programs).stored() != nil {
		t.Error("there is a store though it is switched off")
	}
}

func TestTheVariableNamesTheStoreOrSwitchesItOff(t *testing.T) {
	environment := map[string]string{}
	m := &machine{cache: "/home/x/.cache/bertlab", getenv: func(name string) string { return environment[name] }}
	for value, want := range map[string]string{"": "/home/x/.cache/bertlab/programs", "off": "", "0": "", " OFF ": "", "/data/store": "/data/store"} {
		if environment[StoreVariable] = value; m.storeFolder() != want {
			t.Errorf("%q: %q, want %q", value, m.storeFolder(), want)
		}
	}
}

func TestXLATellsTheSameOfAStoredProgram(t *testing.T) {
	needsStore(t)
	dir := t.TempDir()
	tell := func() (*ProgramMemory, *ProgramCost) {
		return AnalyseProgram(product(t, storing(t, dir), 48, 64, 80).Executable())
	}
	memory, cost := tell()
	if again, costAgain := tell(); memory == nil || again == nil || *memory != *again || cost == nil || costAgain == nil || *cost != *costAgain {
		t.Errorf("compiled: %+v, %+v; read: %+v, %+v", memory, cost, again, costAgain)
	}
}
