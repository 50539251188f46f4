package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/gomlx/backends/default" // registers "xla" (where it can be built) and "go"

	"bertlab/gbert/hub/fetch"
)

// Choice says what was picked and why.
type Choice struct {
	Name          string `json:"name"`                     // "xla:cpu", "xla:cuda", "go", or what the user named
	Config        string `json:"config"`                   // what GoMLX was given, with the plugin's path, without what Open adds
	Reason        string `json:"reason"`                   // why this one
	Device        string `json:"device,omitempty"`         // what computes, as the backend describes it
	PluginPath    string `json:"plugin_path,omitempty"`    // the shared library of XLA; "" for pure Go
	PluginVersion string `json:"plugin_version,omitempty"` // its release, where known
	Warning       string `json:"warning,omitempty"`        // one line for the user; "" if all is well
}

func (c *Choice) String() string {
	s := c.Name + ": " + c.Reason
	if c.PluginPath != "" {
		s += " (" + c.PluginPath + ")"
	}
	return s
}

// plugin is the path of the plugin that will be loaded, also of one that the user named by its path; "" for pure Go.
func (c *Choice) plugin() string {
	if c.PluginPath != "" {
		return c.PluginPath
	}
	path, _, _ := strings.Cut(strings.TrimPrefix(c.Config, "xla:"), ",")
	if !filepath.IsAbs(path) {
		return ""
	}
	return path
}

// Options of [Open] and [Setup]. The zero value picks by itself.
type Options struct {
	// Name of the backend: "xla:cpu" (or "cpu"), "xla:cuda" (or "cuda"), "xla" (CUDA or CPU), "go", or any
	// configuration that GoMLX takes. "" means GOMLX_BACKEND, and where that is not set either, the best there is.
	Name string
	// Offline forbids the network, as does BERTLAB_OFFLINE=1.
	Offline bool
	// Progress of a download: what, and the bytes so far and in all (0: not known). It may be nil.
	Progress func(what string, done, total int64)
	// Log gets a line before something that takes a while. It may be nil.
	Log func(string)
}

func (o Options) progress(what string) func(done, total int64) {
	if o.Progress == nil {
		return nil
	}
	return func(done, total int64) { o.Progress(what, done, total) }
}

func (o Options) log(format string, args ...any) {
	if o.Log != nil {
		o.Log(fmt.Sprintf(format, args...))
	}
}

// Open makes the backend that o asks for, or the best there is, and says which. What the user named is made or answered
// with an error; what was picked by itself falls back, with a Choice.Warning, down to pure Go.
func Open(ctx context.Context, o Options) (compute.Backend, *Choice, error) {
	return thisMachine().open(ctx, o)
}

func (m *machine) open(ctx context.Context, o Options) (compute.Backend, *Choice, error) {
	o.Offline = o.Offline || fetch.Truthy(m.getenv("BERTLAB_OFFLINE"))
	// XLA's libraries log to standard error unless told otherwise before they are loaded.
	if m.getenv("TF_CPP_MIN_LOG_LEVEL") == "" {
		_ = m.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
	}
	w := m.wanted(o)
	switch w.kind {
	case anyBackend, anyXLA:
		return m.openBest(ctx, o, w)
	case cudaBackend:
		c, err := m.cuda(ctx, o, w)
		if err != nil {
			return nil, nil, fmt.Errorf("backend: %s was asked for (%s): %w", w.name, w.source, err)
		}
		return m.make(c)
	case cpuBackend:
		c, err := m.cpu(ctx, o, w, true)
		if err != nil {
			return nil, nil, fmt.Errorf("backend: %s was asked for (%s): %w", w.name, w.source, err)
		}
		return m.make(c)
	default:
		return m.make(&Choice{Name: w.name, Config: w.name, Reason: w.source})
	}
}

// openBest goes down from CUDA to pure Go and takes the first that works.
func (m *machine) openBest(ctx context.Context, o Options, w want) (compute.Backend, *Choice, error) {
	c, warnings := m.pick(ctx, o, w)
	b, made, err := m.make(c)
	var flags *flagsError
	if errors.As(err, &flags) {
		return nil, nil, err
	}
	if err != nil && c.Name == "xla:cuda" && ctx.Err() == nil {
		warnings = append(warnings, "CUDA did not start ("+firstLine(err)+")")
		var cpuErr error
		if c, cpuErr = m.cpu(ctx, o, w, false); cpuErr == nil {
			b, made, err = m.make(c)
		} else {
			err = cpuErr
		}
	}
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if err != nil && (w.kind == anyXLA || c != nil && c.Name == "go") {
		return nil, nil, fmt.Errorf("backend: %w", err)
	}
	if err != nil {
		warnings = append(warnings, "XLA did not start ("+firstLine(err)+")")
		b, made, err = m.make(&Choice{Name: "go", Config: "go", Reason: "XLA cannot be used here"})
		if err != nil {
			return nil, nil, fmt.Errorf("backend: %w", err)
		}
	}
	if made.Name == "go" && w.kind == anyXLA {
		return nil, nil, fmt.Errorf("backend: %s was asked for (%s): %s", w.name, w.source, strings.Join(warnings, "; "))
	}
	if len(warnings) > 0 {
		warning := strings.Join(warnings, "; ") + ": using " + made.Name
		if made.Name == "go" {
			warning += ", about 20 times slower"
		}
		if made.Warning != "" {
			warning += "; " + made.Warning
		}
		made.Warning = warning
	}
	return b, made, nil
}

// pick chooses among what there is, and brings the CPU plugin if need be. It always chooses something.
func (m *machine) pick(ctx context.Context, o Options, w want) (*Choice, []string) {
	var warnings []string
	if !m.hasXLA {
		return &Choice{Name: "go", Config: "go", Reason: "XLA is not part of this program on " + m.platform()}, nil
	}
	noGPU := "no GPU here"
	if gpu := m.gpu(ctx); gpu.Present {
		if p, ok := m.findCUDA(ctx); ok {
			return m.choice(p, w, "a GPU ("+gpu.Why+") and a CUDA plugin are here"), nil
		}
		noGPU = "a GPU is here and no CUDA plugin"
		warnings = append(warnings, "there is a GPU and no CUDA plugin (`bertlab setup --backend xla:cuda` brings it)")
	}
	c, err := m.cpu(ctx, o, w, false)
	if err != nil {
		warnings = append(warnings, "XLA's CPU plugin is missing and could not be brought ("+firstLine(err)+")")
		return &Choice{Name: "go", Config: "go", Reason: noGPU + ", and no XLA CPU plugin"}, warnings
	}
	c.Reason = noGPU
	return c, warnings
}

// cpu finds or brings the CPU plugin. An explicit wish tries the network even shortly after a failure.
func (m *machine) cpu(ctx context.Context, o Options, w want, explicit bool) (*Choice, error) {
	if !m.hasXLA {
		return nil, fmt.Errorf("XLA is not part of this program on %s", m.platform())
	}
	p, ok := m.find("cpu")
	if !ok {
		switch {
		case o.Offline:
			return nil, errors.New("no plugin on this machine and BERTLAB_OFFLINE is set: run `bertlab setup` with network, " +
				"or put pjrt_c_api_cpu_plugin.so into a folder of PJRT_PLUGIN_LIBRARY_PATH")
		case !explicit && m.failedLately():
			return nil, fmt.Errorf("no source could be reached less than %v ago; `bertlab setup` tries again", retryAfter)
		}
		o.log("XLA's CPU plugin is missing: installing it")
		var err error
		p, err = m.installCPU(ctx, o)
		if ctx.Err() == nil {
			m.rememberFailure(err != nil)
		}
		if err != nil {
			return nil, fmt.Errorf("the CPU plugin could not be brought: %w", err)
		}
	}
	return m.choice(p, w, w.source), nil
}

// choice is the Choice that loads plugin p by its path. By the path, because a search by name loads every plugin that
// lies in go-xla's search path, and a broken one among them ends the process.
func (m *machine) choice(p Plugin, w want, reason string) *Choice {
	return &Choice{Name: "xla:" + p.Name, Config: "xla:" + p.Path + w.options, Reason: reason, PluginPath: p.Path, PluginVersion: p.Version}
}

// make creates the backend of a choice and completes it with the device.
func (m *machine) make(c *Choice) (b compute.Backend, made *Choice, err error) {
	defer func() {
		if r := recover(); r != nil {
			b, made, err = nil, nil, fmt.Errorf("starting %s: %v", c.Config, r)
		}
	}()
	if c.Name == "xla:cpu" {
		keepFreedMemory()
	}
	warning := mayStall(c.Config)
	if c.plugin() != "" {
		if warning, err = m.setFlags(c); err != nil {
			return nil, nil, err
		}
	}
	b, err = m.create(c.Config)
	if err != nil {
		return nil, nil, fmt.Errorf("starting %s: %w", c.Config, err)
	}
	done := *c
	done.Device = b.Description()
	if warning != "" {
		done.Warning = warning
	}
	shared := sharePrograms(b)
	if p, ok := shared.(*programs); ok && c.Name == "xla:cpu" && canLoad(b) {
		p.stored = sync.OnceValue(func() *store { return m.openStore(c, p.Backend) })
	}
	return shared, &done, nil
}

// openStore opens the store of programs that a backend may read; nil: there is none.
func (m *machine) openStore(c *Choice, b compute.Backend) *store {
	dir := m.storeFolder()
	if dir == "" {
		return nil
	}
	s := openStore(dir)
	if s == nil {
		return nil
	}
	var ok bool
	if s.salt, ok = m.storeSalt(c, dir, fmt.Sprintf("%d of %s", b.NumDevices(), b.Description())); !ok {
		return nil
	}
	return s
}

type kind int

const (
	anyBackend kind = iota
	anyXLA
	cpuBackend
	cudaBackend
	otherBackend
)

// want is what the user asked for.
type want struct {
	kind    kind
	name    string // as given
	source  string // "named by GOMLX_BACKEND", …
	options string // ",tf32=false", given on to XLA
}

func (m *machine) wanted(o Options) want {
	w := want{name: strings.TrimSpace(o.Name), source: "named by --backend"}
	if w.name == "" {
		w.name, w.source = strings.TrimSpace(m.getenv(compute.ConfigEnvVar)), "named by "+compute.ConfigEnvVar
	}
	head, options, found := strings.Cut(w.name, ",")
	if found {
		w.options = "," + options
	}
	switch head {
	case "", "auto":
		w.kind, w.source = anyBackend, "picked automatically"
	case "xla":
		w.kind = anyXLA
	case "cpu", "xla:cpu":
		w.kind = cpuBackend
	case "cuda", "gpu", "xla:cuda":
		w.kind = cudaBackend
	default:
		w.kind = otherBackend
	}
	return w
}

// firstLine is an error on one line, for warnings.
func firstLine(err error) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " ")
}

// Setup brings what is missing for the backend that o names (none named: the CPU plugin, and CUDA's where a GPU is
// here and its name was given) and returns what [Open] would pick now. Unlike Open it tries the network even where that
// failed a moment ago, and a failure is an error.
func Setup(ctx context.Context, o Options) (*Choice, error) {
	return thisMachine().setup(ctx, o)
}

func (m *machine) setup(ctx context.Context, o Options) (*Choice, error) {
	o.Offline = o.Offline || fetch.Truthy(m.getenv("BERTLAB_OFFLINE"))
	w := m.wanted(o)
	switch {
	case w.kind == otherBackend:
		return &Choice{Name: w.name, Config: w.name, Reason: w.source}, nil
	case !m.hasXLA && w.kind == anyBackend:
		c, _ := m.pick(ctx, o, w)
		return c, nil
	case w.kind == cudaBackend:
		return m.cuda(ctx, o, w)
	}
	if _, err := m.cpu(ctx, o, w, true); err != nil {
		return nil, fmt.Errorf("backend: %w", err)
	}
	if w.kind == cpuBackend {
		return m.cpu(ctx, o, w, true)
	}
	c, warnings := m.pick(ctx, o, w)
	c.Warning = strings.Join(warnings, "; ")
	return c, nil
}

// firstFolder returns the first path that is a folder, or "".
func firstFolder(paths ...string) string {
	for _, path := range paths {
		if info, err := os.Stat(filepath.Clean(path)); err == nil && info.IsDir() {
			return filepath.Clean(path)
		}
	}
	return ""
}
