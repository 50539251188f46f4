package backend

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// mostIdle is how many compiled programs are kept that nobody holds. On a CPU the gradient of six layers takes about 65 MB, so they are
// not many: enough for models of two or three shapes in turn.
const mostIdle = 16

// programs is a backend that compiles equal programs once. GoMLX compiles for each of its executors; an experiment that
// fine-tunes and evaluates one model after another of the same shape would compile the same program for each of them, which
// takes longer than many a short run. The key is the text of the program that the backend is about to compile, so nothing but an
// equal program is ever used in its place. What nobody holds any more is kept for the next, up to mostIdle.
type programs struct {
	compute.Backend
	// text is the program of a builder whose main function is finished; ok is false where it cannot be had.
	text func(b compute.Builder) (text []byte, ok bool)
	// stored is where programs of earlier processes are; nil: nowhere.
	stored func() *store
	afresh atomic.Int32 // how many want programs compiled, not read

	mu    sync.Mutex
	byKey map[[sha256.Size]byte]*program
	idle  []*program // least recently used first
	count Compilations
}

// Compilations says what a backend has compiled.
type Compilations struct {
	// Programs were compiled, and Loaded ones were read from the store, both in Time; Reused times a program was there already.
	Programs int
	Loaded   int
	Reused   int
	Time     time.Duration
}

// Compiled says what a backend that [Open] made has compiled so far. It is zero for a backend that compiles nothing.
func Compiled(b compute.Backend) Compilations {
	p, ok := b.(*programs)
	if !ok {
		return Compilations{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

func shareProgramsOf(b compute.Backend, text func(compute.Builder) ([]byte, bool)) compute.Backend {
	return &programs{Backend: b, text: text, stored: func() *store { return nil }, byKey: map[[sha256.Size]byte]*program{}}
}

// program is a compiled program and how many executables hold it.
type program struct {
	key     [sha256.Size]byte
	compile sync.Once
	inner   compute.Executable
	err     error
	holders int
}

// take gives the program of a key to a new holder; found says that it is not new.
func (p *programs) take(key [sha256.Size]byte) (it *program, found bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if it, found = p.byKey[key]; !found {
		it = &program{key: key}
		p.byKey[key] = it
	}
	if it.holders == 0 {
		p.idle = slices.DeleteFunc(p.idle, func(other *program) bool { return other == it })
	}
	it.holders++
	return it, found
}

// release takes it back from a holder.
func (p *programs) release(it *program) {
	p.mu.Lock()
	defer p.mu.Unlock()
	it.holders--
	switch {
	case it.holders > 0 || p.byKey[it.key] != it:
	case it.inner == nil: // it does not compile: the next one tries again
		delete(p.byKey, it.key)
	default:
		p.idle = append(p.idle, it)
		if len(p.idle) > mostIdle {
			p.idle[0].inner.Finalize()
			delete(p.byKey, p.idle[0].key)
			p.idle = p.idle[1:]
		}
	}
}

func (p *programs) counted(add Compilations) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count.Programs += add.Programs
	p.count.Loaded += add.Loaded
	p.count.Reused += add.Reused
	p.count.Time += add.Time
}

// Finalize implements [compute.Backend].
func (p *programs) Finalize() {
	p.mu.Lock()
	for _, it := range p.byKey {
		if it.inner != nil {
			it.inner.Finalize()
		}
	}
	p.byKey, p.idle = map[[sha256.Size]byte]*program{}, nil
	p.mu.Unlock()
	p.Backend.Finalize()
}

// Builder implements [compute.Backend].
func (p *programs) Builder(name string) compute.Builder {
	return &programBuilder{Builder: p.Backend.Builder(name), owner: p, inPlace: isInPlace(name)}
}

// programBuilder is a builder that looks whether its program is compiled already.
type programBuilder struct {
	compute.Builder
	owner   *programs
	placed  bool // on devices of its own, which the text does not say
	inPlace bool // see [InPlace]
}

func (b *programBuilder) DistributedSPMD(devices int) error {
	b.placed = true
	return b.Builder.DistributedSPMD(devices)
}

func (b *programBuilder) DistributedAutoSharding(meshes ...compute.Mesh) error {
	b.placed = true
	return b.Builder.DistributedAutoSharding(meshes...)
}

func (b *programBuilder) DeviceAssignment(devices ...compute.DeviceNum) error {
	b.placed = true
	return b.Builder.DeviceAssignment(devices...)
}

// CompileAfresh makes a backend compile programs although an earlier process has, until done is called: for whoever measures what a
// compilation takes, or asks about a program what only the compiler says.
func CompileAfresh(b compute.Backend) (done func()) {
	p, ok := b.(*programs)
	if !ok {
		return func() {}
	}
	p.afresh.Add(1)
	return sync.OnceFunc(func() { p.afresh.Add(-1) })
}

// compile compiles a program, or reads it from the store under its text.
func (b *programBuilder) compile(text []byte) (inner compute.Executable, err error) {
	store := b.owner.stored()
	began, did := time.Now(), Compilations{Programs: 1}
	defer func() {
		did.Time = time.Since(began)
		b.owner.counted(did)
	}()
	if b.owner.afresh.Load() > 0 {
		inner, err = b.Builder.Compile()
		return inner, err
	}
	if saved, ok := store.read(text); ok {
		var loaded bool
		if inner, loaded, err = loadProgram(b.Builder, saved); loaded || err != nil {
			did = Compilations{Loaded: 1}
			return inner, err
		}
		store.drop(text) // whole, but not for this plugin
	} else if inner, err = b.Builder.Compile(); err != nil {
		return nil, err
	}
	trim()
	if store != nil && time.Since(began) >= store.least {
		if saved, ok := saveProgram(inner); ok {
			store.write(text, saved)
		}
	}
	return inner, nil
}

// Compile implements [compute.Builder].
func (b *programBuilder) Compile() (compute.Executable, error) {
	if b.inPlace {
		workInPlace(b.Builder)
	}
	text, ok := b.owner.text(b.Builder)
	if !ok || b.placed {
		began := time.Now()
		inner, err := b.Builder.Compile()
		b.owner.counted(Compilations{Programs: 1, Time: time.Since(began)})
		if err != nil {
			return nil, err
		}
		return &programExecutable{Executable: inner, owner: b.owner, done: inner.Finalize}, nil
	}
	it, found := b.owner.take(sha256.Sum256(text))
	it.compile.Do(func() { it.inner, it.err = b.compile(text) })
	if it.err != nil {
		b.owner.release(it)
		return nil, it.err
	}
	if found {
		b.owner.counted(Compilations{Reused: 1})
	}
	return b.owner.hold(it), nil
}

// hold is a program as its holder sees it, to be released when the holder finalizes or forgets it.
func (p *programs) hold(it *program) *programExecutable {
	e := &programExecutable{Executable: it.inner, owner: p, done: sync.OnceFunc(func() { p.release(it) })}
	runtime.AddCleanup(e, func(done func()) { done() }, e.done)
	return e
}

// programExecutable is one holder's view of a program.
type programExecutable struct {
	compute.Executable
	owner *programs
	done  func()
}

// Finalize implements [compute.Executable].
func (e *programExecutable) Finalize() { e.done() }

// Execute implements [compute.Executable].
func (e *programExecutable) Execute(inputs []compute.Buffer, donate []bool, device compute.DeviceNum) ([]compute.Buffer, error) {
	inner := make([]compute.Buffer, len(inputs))
	for i, input := range inputs {
		ours, ok := input.(*buffer)
		if !ok {
			return nil, fmt.Errorf("backend: input %d is %T: not a buffer of this backend", i, input)
		}
		inner[i] = ours.Buffer
	}
	outputs, err := e.Executable.Execute(inner, donate, device)
	if err != nil {
		return nil, err
	}
	for i := range outputs {
		outputs[i] = &buffer{outputs[i], e.owner}
	}
	return outputs, nil
}

// buffer is a buffer that knows the backend that its holder knows: GoMLX compares them.
type buffer struct {
	compute.Buffer
	owner *programs
}

// Backend implements [compute.Buffer].
func (b *buffer) Backend() compute.Backend { return b.owner }

// CopyToDevice implements [compute.Buffer].
func (b *buffer) CopyToDevice(device compute.DeviceNum) (compute.Buffer, error) {
	inner, err := b.Buffer.CopyToDevice(device)
	if err != nil {
		return nil, err
	}
	return &buffer{inner, b.owner}, nil
}

// BufferFromFlatData implements [compute.DataInterface].
func (p *programs) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	inner, err := p.Backend.BufferFromFlatData(device, flat, shape)
	if err != nil {
		return nil, err
	}
	return &buffer{inner, p}, nil
}

// NewSharedBuffer implements [compute.DataInterface].
func (p *programs) NewSharedBuffer(device compute.DeviceNum, shape shapes.Shape) (compute.Buffer, any, error) {
	inner, flat, err := p.Backend.NewSharedBuffer(device, shape)
	if err != nil {
		return nil, nil, err
	}
	return &buffer{inner, p}, flat, nil
}
