package jupyter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"bertlab/gbert/hub/fetch"
	"bertlab/internal/files"
)

// Options say where the environment lives. The zero value is right for bertlab run inside its source tree.
type Options struct {
	// Dir is the folder of the environment; empty: "jupyter" in bertlab's cache folder ([fetch.CacheDir]).
	Dir string
	// Module is the root of the bertlab module that notebooks import; empty: found upwards from the working directory.
	Module string
	// Python is the interpreter to begin from: with JupyterLab it is used as it is, without it a virtual environment is
	// made with it. Empty: the one of the jupyter on the PATH, then python3, then python.
	Python string
	// Log gets one line for each thing that takes time, one at a time; nil: silence.
	Log func(line string)
}

// Environment is a Jupyter that is ready, with the kernel of one checkout.
type Environment struct {
	// Python is the interpreter with JupyterLab.
	Python string
	// Kernel is the folder of this checkout's kernel: a root of JUPYTER_PATH.
	Kernel string
	// Module is the root of the module that notebooks import.
	Module string
	// Versions of the Python packages, by name: jupyterlab, nbclient, nbconvert.
	Versions map[string]string

	kernel kernel
	dir    string
	log    func(string)
}

// Setup makes what is missing and returns the environment. It is idempotent: when nothing is missing it takes
// milliseconds and starts no Python. It needs the network once, for the Python packages (unless JupyterLab is there) and
// for the Go modules (unless they are in the module cache); with BERTLAB_OFFLINE=1 it says instead what is missing.
func Setup(ctx context.Context, o Options) (*Environment, error) {
	if runtime.GOOS == "windows" {
		return nil, errors.New("jupyter: the Go kernel GoNB does not run on Windows: use WSL 2")
	}
	o, err := o.resolve()
	if err != nil {
		return nil, err
	}
	if _, err := exec.LookPath("go"); err != nil {
		return nil, fmt.Errorf("jupyter: no go command on the PATH (notebook cells are compiled with it): install Go, or add its bin folder to PATH: %w", err)
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("jupyter: %w: set BERTLAB_CACHE to a writable folder", err)
	}
	want, err := wantedKernel(ctx, o)
	if err != nil {
		return nil, err
	}
	python, pythonReady := readyPython(o)
	if !pythonReady || !want.ready() {
		unlock, err := fetch.Lock(ctx, filepath.Join(o.Dir, ".lock"), func(string) { o.Log("another bertlab sets up Jupyter: waiting for it") })
		if err != nil {
			return nil, fmt.Errorf("jupyter: %w", err)
		}
		defer unlock()
		if python, err = preparePython(ctx, o); err != nil {
			return nil, err
		}
		if err := want.prepare(ctx, o); err != nil {
			return nil, err
		}
	}
	return &Environment{
		Python: python.Path, Kernel: want.dir, Module: o.Module, Versions: python.Versions,
		kernel: want, dir: o.Dir, log: o.Log,
	}, nil
}

// resolve fills in what the caller left open, with absolute paths.
func (o Options) resolve() (Options, error) {
	if o.Log == nil {
		o.Log = func(string) {}
	}
	if o.Dir == "" {
		cache, err := fetch.CacheDir()
		if err != nil {
			return o, fmt.Errorf("jupyter: %w", err)
		}
		o.Dir = filepath.Join(cache, "jupyter")
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return o, fmt.Errorf("jupyter: %w", err)
	}
	if o.Module == "" {
		if o.Module, err = FindModule(); err != nil {
			return o, err
		}
	} else if o.Module, err = filepath.Abs(o.Module); err != nil {
		return o, fmt.Errorf("jupyter: %w", err)
	} else if !isModule(o.Module) {
		return o, fmt.Errorf("jupyter: %s holds no go.mod of module bertlab: name the root of bertlab's source tree", o.Module)
	}
	if strings.Contains(o.Module, ",") {
		return o, fmt.Errorf("jupyter: the kernel cannot take a path with a comma: move %s", o.Module)
	}
	return o, nil
}

// FindModule goes up from the working directory to the root of the bertlab module.
func FindModule() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("jupyter: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if isModule(dir) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("jupyter: no go.mod of module bertlab in %s or above: run bertlab inside its source tree (notebooks import its packages)", start)
		}
	}
}

// isModule reports whether dir is the root of a module bertlab.
func isModule(dir string) bool {
	text, err := files.Read(filepath.Join(dir, "go.mod"), maxState)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return strings.Trim(strings.TrimSpace(name), `"`) == "bertlab"
		}
	}
	return false
}

// environ is the process environment for Jupyter: its own, the kernel's folder first on JUPYTER_PATH, connection files in
// a folder of our own (the home may be read-only), and then extra, which wins.
func (e *Environment) environ(extra ...string) []string {
	path := e.Kernel
	if users := os.Getenv("JUPYTER_PATH"); users != "" {
		path += string(os.PathListSeparator) + users
	}
	env := append(pythonEnviron(), "JUPYTER_PATH="+path, "JUPYTER_RUNTIME_DIR="+filepath.Join(e.dir, "runtime"))
	return append(env, extra...)
}
