package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bertlab/gbert/hub/fetch"
	"bertlab/gbert/hub/registry"
	"bertlab/gbert/hub/unpack"
)

// cpuWheels are the Python wheels with the CPU plugin, by platform.
var cpuWheels = map[string]registry.File{
	"linux_amd64": {
		Package: "xla-cpu-pjrt", Version: "0.0.1",
		Name:   "xla_cpu_pjrt-0.0.1-py3-none-manylinux_2_27_x86_64.whl",
		SHA256: "55837b6b7b47daa717f2d9a5a03563ea0ceaa338d06a81a1e2d3f060d960decc",
	},
	"linux_arm64": {
		Package: "xla-cpu-pjrt", Version: "0.0.1",
		Name:   "xla_cpu_pjrt-0.0.1-py3-none-manylinux_2_27_aarch64.whl",
		SHA256: "8f613be6e891858f40d64f9799319502fff42689661944fc18a6ffd8210b30c9",
	},
}

// The plugin's file inside the wheel.
const cpuWheelMember = "xla_cpu_pjrt.so"

// temporary begins the names of folders that are being filled.
const temporary = ".installing-"

// retryAfter is how long a failed attempt to bring the plugin is remembered.
const retryAfter = 10 * time.Minute

// installCPU returns a CPU plugin, which it brings if there is none. The error lists all that was tried.
func (m *machine) installCPU(ctx context.Context, o Options) (Plugin, error) {
	dir, err := m.installDir()
	if err != nil {
		return Plugin{}, err
	}
	unlock, err := fetch.Lock(ctx, filepath.Join(dir, ".bertlab.lock"), o.Log)
	if err != nil {
		return Plugin{}, err
	}
	defer unlock()
	if p, ok := m.find("cpu"); ok {
		return p, nil // another process was faster
	}
	sweep(dir)
	first := m.cpuFromRelease(ctx, dir, o)
	if first == nil {
		return m.installed(dir)
	}
	if ctx.Err() != nil {
		return Plugin{}, ctx.Err()
	}
	second := m.cpuFromWheel(ctx, dir, o)
	if second == nil {
		return m.installed(dir)
	}
	return Plugin{}, errors.Join(
		fmt.Errorf("go-xla's release %s: %w", cpuRelease, first),
		fmt.Errorf("the Python wheel: %w", second))
}

// sweep removes the temporary folders of killed installations; the caller's lock says that none is at work.
func sweep(dir string) {
	left, _ := os.ReadDir(dir)
	for _, entry := range left {
		if strings.HasPrefix(entry.Name(), temporary) {
			os.RemoveAll(filepath.Join(dir, entry.Name()))
		}
	}
}

func (m *machine) installed(dir string) (Plugin, error) {
	p, ok := m.find("cpu")
	if !ok {
		return p, fmt.Errorf("backend: the CPU plugin was installed into %s and is not found there", dir)
	}
	return p, nil
}

// installDirs are the folders that plugins may be installed into, the preferred one first.
func (m *machine) installDirs() []string {
	var dirs []string
	if m.home != "" {
		dirs = append(dirs, filepath.Join(m.userLib(), "go-xla"))
	}
	if m.cache != "" {
		dirs = append(dirs, filepath.Join(m.cache, "pjrt"))
	}
	return dirs
}

// installDir is the folder that plugins are installed into: go-xla's own for this user, or one in bertlab's cache
// where that cannot be written.
func (m *machine) installDir() (string, error) {
	var problems []error
	for _, dir := range m.installDirs() {
		err := os.MkdirAll(dir, 0o755)
		if err == nil {
			var probe *os.File
			if probe, err = os.CreateTemp(dir, ".writable-"); err == nil {
				probe.Close()
				os.Remove(probe.Name())
				return dir, nil
			}
		}
		problems = append(problems, err)
	}
	return "", fmt.Errorf("backend: no folder to install the plugin into (set HOME or BERTLAB_CACHE to a writable one): %w", errors.Join(problems...))
}

// downloads is the folder of archives on their way.
func (m *machine) downloads(dir string) string {
	if m.cache != "" && os.MkdirAll(filepath.Join(m.cache, "downloads"), 0o755) == nil {
		return filepath.Join(m.cache, "downloads")
	}
	return dir
}

// cpuFromRelease installs the release that go-xla would. Its hash is not known to this package; the connection's
// encryption and the checks of the unpacked file stand in for it.
func (m *machine) cpuFromRelease(ctx context.Context, dir string, o Options) error {
	url, err := m.upstream(ctx)
	if err != nil {
		return err
	}
	archive := filepath.Join(m.downloads(dir), "pjrt_cpu_"+m.platform()+"_"+cpuRelease+filepath.Ext(url))
	err = fetch.File(ctx, fetch.Request{URL: url, Dest: archive, Client: m.client, Limit: 2 << 30, Log: o.Log, Progress: o.progress("XLA CPU plugin " + cpuRelease)})
	if err != nil {
		return err
	}
	defer os.Remove(archive)
	sum, err := fetch.SHA256(archive)
	if err != nil {
		return err
	}
	open := unpack.TarGz
	if filepath.Ext(archive) == ".zip" {
		open = unpack.Zip
	}
	pick := func(member string) string {
		if match := pluginName.FindStringSubmatch(filepath.Base(member)); match != nil && match[1] == "cpu" {
			return m.pluginFile("cpu")
		}
		return ""
	}
	return m.place(filepath.Join(dir, m.pluginFile("cpu")), pluginFunction, note{Package: "pjrt-cpu-binaries", Version: cpuRelease, Archive: sum}, func(tmp string) ([]string, error) {
		return open(unpack.Job{Archive: archive, Dir: tmp, Limit: 4 << 30, Select: pick})
	})
}

// cpuFromWheel installs the plugin out of the pinned Python wheel.
func (m *machine) cpuFromWheel(ctx context.Context, dir string, o Options) error {
	wheel, ok := cpuWheels[m.platform()]
	if !ok {
		return fmt.Errorf("there is none for %s", m.platform())
	}
	return m.libraryFromWheel(ctx, filepath.Join(dir, m.pluginFile("cpu")), pluginFunction, wheel, cpuWheelMember, o)
}

// libraryFromWheel takes one member with a function out of a wheel and places it at path.
func (m *machine) libraryFromWheel(ctx context.Context, path, function string, wheel registry.File, member string, o Options) error {
	archive := filepath.Join(m.downloads(filepath.Dir(path)), wheel.Name)
	if err := m.registry.Bring(ctx, wheel, archive, o.progress(wheel.String()), o.Log); err != nil {
		return err
	}
	defer os.Remove(archive)
	pick := func(name string) string {
		if filepath.Base(name) == member {
			return filepath.Base(path)
		}
		return ""
	}
	return m.place(path, function, note{Package: wheel.Package, Version: wheel.Version, Archive: wheel.SHA256}, func(tmp string) ([]string, error) {
		return unpack.Zip(unpack.Job{Archive: archive, Dir: tmp, Limit: 4 << 30, Select: pick})
	})
}

// place unpacks a library with a function into a temporary folder, checks it, and gives it its name: first the note, then the library,
// so that what carries its name is whole and known.
func (m *machine) place(to, function string, n note, unpackTo func(tmp string) ([]string, error)) error {
	tmp, err := os.MkdirTemp(filepath.Dir(to), temporary)
	if err != nil {
		return fmt.Errorf("backend: %w", err)
	}
	defer os.RemoveAll(tmp)
	files, err := unpackTo(tmp)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return fmt.Errorf("backend: the archive of %s %s has %d libraries, expected one", n.Package, n.Version, len(files))
	}
	from := filepath.Join(tmp, files[0])
	if err := m.plausible(from, function); err != nil {
		return fmt.Errorf("backend: %s %s: %w", n.Package, n.Version, err)
	}
	if err := os.Chmod(from, 0o755); err != nil {
		return fmt.Errorf("backend: %w", err)
	}
	text, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return fmt.Errorf("backend: %w", err)
	}
	noted := filepath.Join(tmp, "note")
	if err := os.WriteFile(noted, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("backend: %w", err)
	}
	if err := os.Rename(noted, to+noteEnding); err != nil {
		return fmt.Errorf("backend: %w", err)
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("backend: %w", err)
	}
	return nil
}

// A failed attempt is remembered by the time of an empty file in the cache.
func (m *machine) failedLately() bool {
	if m.cache == "" {
		return false
	}
	info, err := os.Stat(filepath.Join(m.cache, "plugin-unreachable"))
	return err == nil && m.now().Sub(info.ModTime()) < retryAfter && m.now().After(info.ModTime().Add(-time.Minute))
}

func (m *machine) rememberFailure(failed bool) {
	if m.cache == "" {
		return
	}
	stamp := filepath.Join(m.cache, "plugin-unreachable")
	if !failed {
		os.Remove(stamp)
		return
	}
	if os.MkdirAll(m.cache, 0o755) == nil {
		os.WriteFile(stamp, nil, 0o644)
		os.Chtimes(stamp, m.now(), m.now())
	}
}
