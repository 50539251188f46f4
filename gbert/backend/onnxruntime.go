package backend

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"bertlab/gbert/hub/fetch"
	"bertlab/gbert/hub/registry"
)

// RuntimeVariable is the environment variable that names ONNX Runtime's library, or the folder that it is in.
const RuntimeVariable = "BERTLAB_ONNXRUNTIME"

// runtimeWheels are the Python wheels with ONNX Runtime, by platform.
var runtimeWheels = map[string]registry.File{
	"linux_amd64": {
		Package: "onnxruntime", Version: "1.32.0",
		Name:   "onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_x86_64.whl",
		SHA256: "5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d",
	},
	"linux_arm64": {
		Package: "onnxruntime", Version: "1.32.0",
		Name:   "onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_aarch64.whl",
		SHA256: "2303372a85299b6757b0e11e1cbf13e410ddf7e10c37f4b37e99d1c90e7daf7c",
	},
}

const (
	runtimeWheelMember = "libonnxruntime.so.1.32.0" // inside the wheel
	runtimeFunction    = "OrtGetApiBase"            // what every ONNX Runtime has
	oldestRuntime      = 24                         // 1.24, the interface that bertlab speaks
)

// runtimeName is the name of ONNX Runtime's library with its version.
var runtimeName = regexp.MustCompile(`^libonnxruntime\.so(?:\.(1\.(\d+)(?:\.\d+)*))?$|^libonnxruntime(?:\.(1\.(\d+)(?:\.\d+)*))?\.dylib$`)

// ONNXRuntime finds ONNX Runtime's library, or brings it. The folder or file of [RuntimeVariable] comes first and alone; then what this
// function brought before, and the package onnxruntime of the python3 on the PATH.
func ONNXRuntime(ctx context.Context, o Options) (Plugin, error) {
	o.Offline = o.Offline || fetch.Offline()
	return thisMachine().onnxRuntime(ctx, o)
}

// FindONNXRuntime is [ONNXRuntime] without bringing anything.
func FindONNXRuntime(ctx context.Context) (Plugin, error) {
	return thisMachine().findRuntime(ctx)
}

// errNoRuntime says that there is no library, as opposed to one that cannot be used.
var errNoRuntime = errors.New("there is no ONNX Runtime on this machine")

func (m *machine) onnxRuntime(ctx context.Context, o Options) (Plugin, error) {
	found, err := m.findRuntime(ctx)
	if err == nil || !errors.Is(err, errNoRuntime) {
		return found, err
	}
	wheel, ok := runtimeWheels[m.platform()]
	switch {
	case !ok:
		return Plugin{}, fmt.Errorf("%w, and none is pinned for %s: install the Python package onnxruntime, or name its library with %s", errNoRuntime, m.platform(), RuntimeVariable)
	case o.Offline:
		return Plugin{}, fmt.Errorf("%w, and BERTLAB_OFFLINE is set: run `bertlab setup --onnxruntime` with network, or name the library with %s", errNoRuntime, RuntimeVariable)
	}
	dir, err := m.runtimeDir()
	if err != nil {
		return Plugin{}, err
	}
	unlock, err := fetch.Lock(ctx, filepath.Join(dir, ".bertlab.lock"), o.Log)
	if err != nil {
		return Plugin{}, err
	}
	defer unlock()
	if found, err := m.findRuntime(ctx); err == nil {
		return found, nil // another process was faster
	}
	sweep(dir)
	o.log("ONNX Runtime is missing: installing %s", wheel)
	if err := m.libraryFromWheel(ctx, filepath.Join(dir, runtimeWheelMember), runtimeFunction, wheel, runtimeWheelMember, o); err != nil {
		return Plugin{}, fmt.Errorf("ONNX Runtime could not be brought: %w", err)
	}
	return m.findRuntime(ctx)
}

// runtimeDir is the folder that ONNX Runtime is installed into, beside go-xla's.
func (m *machine) runtimeDir() (string, error) {
	plugins, err := m.installDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(plugins, "onnxruntime")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("backend: %w", err)
	}
	return dir, nil
}

func (m *machine) findRuntime(ctx context.Context) (Plugin, error) {
	if named := m.getenv(RuntimeVariable); named != "" {
		return m.namedRuntime(named)
	}
	for _, dir := range m.installDirs() {
		if p, ok := m.runtimeIn(filepath.Join(dir, "onnxruntime")); ok {
			return p, nil
		}
	}
	for _, dir := range m.python(ctx) {
		if p, ok := m.runtimeIn(filepath.Join(dir, "onnxruntime", "capi")); ok {
			return p, nil
		}
	}
	return Plugin{}, errNoRuntime
}

// namedRuntime is the library that the user named, or the one in the folder that the user named; nothing else stands in for it.
func (m *machine) namedRuntime(named string) (Plugin, error) {
	if info, err := os.Stat(named); err == nil && info.IsDir() {
		for _, dir := range []string{named, filepath.Join(named, "lib"), filepath.Join(named, "capi"), filepath.Join(named, "onnxruntime", "capi")} {
			if p, ok := m.runtimeIn(dir); ok {
				return p, nil
			}
		}
		return Plugin{}, fmt.Errorf("%s is %s: there is no libonnxruntime.so of version 1.%d or newer in it", RuntimeVariable, named, oldestRuntime)
	}
	p := m.lookRuntime(named)
	if !p.Usable() {
		return Plugin{}, fmt.Errorf("%s: %s", RuntimeVariable, p.Problem)
	}
	return p, nil
}

// runtimeIn is the newest usable library in a folder.
func (m *machine) runtimeIn(dir string) (best Plugin, ok bool) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if runtimeName.MatchString(entry.Name()) {
			if p := m.lookRuntime(filepath.Join(dir, entry.Name())); p.Usable() && (!ok || p.Version > best.Version) {
				best, ok = p, true
			}
		}
	}
	return best, ok
}

func (m *machine) lookRuntime(path string) Plugin {
	p := Plugin{Name: "onnxruntime", Path: path}
	info, err := os.Stat(path)
	if err == nil {
		p.Bytes = info.Size()
		err = m.plausible(path, runtimeFunction)
	}
	if err != nil {
		p.Problem = err.Error()
		return p
	}
	base := filepath.Base(path)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		base = filepath.Base(target)
	}
	if match := runtimeName.FindStringSubmatch(base); match != nil {
		version, minor := match[1]+match[3], match[2]+match[4]
		if n, err := strconv.Atoi(minor); err == nil && n < oldestRuntime {
			p.Problem = fmt.Sprintf("%s is ONNX Runtime %s; it must be 1.%d or newer", path, version, oldestRuntime)
		}
		p.Version = version
	}
	return p
}
