package backend

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/installer"

	"bertlab/gbert/hub/fetch"
	"bertlab/gbert/hub/registry"
)

// fakeBackend stands for one that was made with a configuration.
type fakeBackend struct {
	compute.Backend
	config string
}

func (f fakeBackend) Description() string { return "fake " + f.config }

// world is a machine with folders of its own, a release host and a package registry, and no GPU.
type world struct {
	*machine
	env       map[string]string
	releases  atomic.Int32 // how often the release host was asked
	lookups   atomic.Int32 // how often the registry was
	downloads atomic.Int32
	release   []byte // what the release host serves; nil: it is away
	wheel     []byte // what the registry serves; nil: it is away
	broken    string // creating a backend whose configuration contains this fails
	server    *httptest.Server
}

func newWorld(t *testing.T) *world {
	w := &world{env: map[string]string{}}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.downloads.Add(1)
		if strings.HasSuffix(r.URL.Path, ".whl") {
			rw.Write(w.wheel)
		} else {
			rw.Write(w.release)
		}
	}))
	t.Cleanup(w.server.Close)
	root := t.TempDir()
	w.machine = &machine{
		goos: "linux", goarch: "amd64", home: filepath.Join(root, "home"), cache: filepath.Join(root, "cache"),
		systemLib: filepath.Join(root, "system"), loaderConf: filepath.Join(root, "ld.so.conf"), hasXLA: true,
		getenv: func(name string) string { return w.env[name] },
		setenv: func(name, value string) error { w.env[name] = value; return nil },
		gpu:    func(context.Context) GPU { return GPU{Why: "none in this test"} },
		python: func(context.Context) []string { return nil },
		now:    time.Now,
		upstream: func(context.Context) (string, error) {
			w.releases.Add(1)
			if w.release == nil {
				return "", errors.New("release host is away")
			}
			return w.server.URL + "/pjrt_cpu_linux_amd64.tar.gz", nil
		},
		create: func(config string) (compute.Backend, error) {
			if w.broken != "" && strings.Contains(config, w.broken) {
				return nil, errors.New("broken")
			}
			return fakeBackend{config: config}, nil
		},
	}
	w.registry = registry.Registry{Info: func(name string) (*installer.PipPackageInfo, error) {
		w.lookups.Add(1)
		if w.wheel == nil {
			return nil, errors.New("registry is away")
		}
		file := cpuWheels["linux_amd64"]
		return &installer.PipPackageInfo{Releases: map[string][]installer.PipReleaseInfo{
			file.Version: {{Filename: file.Name, URL: w.server.URL + "/" + file.Name}},
		}}, nil
	}}
	return w
}

// pin makes the wheel's hash the pinned one for the time of the test.
func (w *world) pin(t *testing.T, wheel []byte) {
	w.wheel = wheel
	old := cpuWheels["linux_amd64"]
	pinned := old
	pinned.SHA256 = hexSum(wheel)
	cpuWheels["linux_amd64"] = pinned
	t.Cleanup(func() { cpuWheels["linux_amd64"] = old })
}

func hexSum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func wheelOf(files map[string]string) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, body := range files {
		f, _ := w.Create(name)
		f.Write([]byte(body))
	}
	w.Close()
	return out.Bytes()
}

func wheelWith(plugin []byte) []byte {
	return wheelOf(map[string]string{"xla_plugins/xla_cpu_pjrt/" + cpuWheelMember: string(plugin)})
}

func releaseWith(plugin []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	w.WriteHeader(&tar.Header{Name: "./pjrt_c_api_cpu_v0.104.0_plugin.so", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(plugin))})
	w.Write(plugin)
	w.Close()
	z.Close()
	return out.Bytes()
}

func put(t *testing.T, content []byte, path ...string) string {
	t.Helper()
	full := filepath.Join(path...)
	if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, content, 0o644)); err != nil {
		t.Fatal(err)
	}
	return full
}

func (w *world) installedPath() string {
	return filepath.Join(w.home, ".local", "lib", "go-xla", "pjrt_c_api_cpu_plugin.so")
}

func TestAPluginThatIsThereNeedsNoNetwork(t *testing.T) {
	w := newWorld(t)
	w.pin(t, wheelWith(goodPlugin))
	path := put(t, goodPlugin, w.home, ".local/lib/go-xla/pjrt_c_api_cpu_v0.104.0_plugin.so")
	b, c, err := w.open(t.Context(), Options{})
	if err != nil || c.Name != "xla:cpu" || c.PluginPath != path || c.PluginVersion != "0.104.0" || c.Config != "xla:"+path || c.Warning != "" {
		t.Fatalf("%+v, %v", c, err)
	}
	if c.Device != "fake xla:"+path || b.(fakeBackend).config != "xla:"+path {
		t.Errorf("device %q", c.Device)
	}
	if w.releases.Load()+w.lookups.Load()+w.downloads.Load() != 0 {
		t.Error("the network was asked")
	}
	if w.env["TF_CPP_MIN_LOG_LEVEL"] != "3" {
		t.Error("XLA's log was not silenced")
	}
}

func TestTheReleaseIsTriedFirstAndThenTheWheel(t *testing.T) {
	for _, c := range []struct {
		what              string
		release, wheel    []byte
		name, version     string
		releases, lookups int32
	}{
		{"both there", releaseWith(goodPlugin), wheelWith(goodPlugin), "xla:cpu", "pjrt-cpu-binaries v0.114.0", 1, 0},
		{"release away", nil, wheelWith(goodPlugin), "xla:cpu", "xla-cpu-pjrt 0.0.1", 1, 1},
		{"release broken", releaseWith([]byte("<html>")), wheelWith(goodPlugin), "xla:cpu", "xla-cpu-pjrt 0.0.1", 1, 1},
		{"release without a plugin", wheelWith(goodPlugin), wheelWith(goodPlugin), "xla:cpu", "xla-cpu-pjrt 0.0.1", 1, 1},
		{"both away", nil, nil, "go", "", 1, 1},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t)
			w.release = c.release
			if c.wheel != nil {
				w.pin(t, c.wheel)
			}
			_, choice, err := w.open(t.Context(), Options{})
			if err != nil || choice.Name != c.name || choice.PluginVersion != c.version {
				t.Fatalf("%+v, %v", choice, err)
			}
			if w.releases.Load() != c.releases || w.lookups.Load() != c.lookups {
				t.Errorf("asked the release %d times, the registry %d times", w.releases.Load(), w.lookups.Load())
			}
			if (choice.Warning != "") != (c.name == "go") || strings.Contains(choice.Warning, "\n") {
				t.Errorf("warning %q", choice.Warning)
			}
			if c.name == "go" {
				return
			}
			if choice.PluginPath != w.installedPath() {
				t.Errorf("installed at %s", choice.PluginPath)
			}
			// The second time it is there.
			if _, _, err := w.open(t.Context(), Options{}); err != nil || w.releases.Load() != c.releases {
				t.Errorf("second time: %v, asked %d times", err, w.releases.Load())
			}
			w.expectOnlyInstalled(t)
		})
	}
}

// expectOnlyInstalled fails if anything but the plugin, its note and locks was left.
func (w *world) expectOnlyInstalled(t *testing.T) {
	t.Helper()
	for _, root := range []string{w.home, w.cache} {
		filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && !strings.HasPrefix(path, w.installedPath()) && !strings.HasSuffix(path, ".lock") {
				t.Errorf("left behind: %s", path)
			}
			if err == nil && entry.IsDir() && strings.HasPrefix(entry.Name(), temporary) {
				t.Errorf("left behind: %s", path)
			}
			return nil
		})
	}
}

func TestAWheelWithAnotherHashIsRefusedAndNothingStays(t *testing.T) {
	w := newWorld(t)
	w.wheel = wheelWith(goodPlugin) // not the pinned one
	_, err := w.setup(t.Context(), Options{})
	var hash *fetch.HashError
	if !errors.As(err, &hash) {
		t.Fatalf("error %v", err)
	}
	if len(w.plugins()) != 0 {
		t.Errorf("plugins: %v", w.plugins())
	}
	os.Remove(filepath.Join(w.cache, "plugin-unreachable"))
	w.expectOnlyInstalled(t)
}

func TestAWheelWhosePluginIsNoneIsRefused(t *testing.T) {
	for what, plugin := range map[string][]byte{
		"text": []byte(strings.Repeat("text", 100)), "other processor": sharedLibrary(elf.EM_AARCH64, "GetPjrtApi"),
		"other function": sharedLibrary(elf.EM_X86_64, "main"), "cut": goodPlugin[:len(goodPlugin)-10],
	} {
		w := newWorld(t)
		w.pin(t, wheelWith(plugin))
		if c, err := w.setup(t.Context(), Options{}); err == nil {
			t.Errorf("%s: %+v", what, c)
		}
		if len(w.plugins()) != 0 {
			t.Errorf("%s: plugins %v", what, w.plugins())
		}
	}
}

func TestOfflineNothingIsAsked(t *testing.T) {
	for _, o := range []Options{{Offline: true}, {}} {
		w := newWorld(t)
		w.pin(t, wheelWith(goodPlugin))
		w.release = releaseWith(goodPlugin)
		if !o.Offline {
			w.env["BERTLAB_OFFLINE"] = "1"
		}
		_, c, err := w.open(t.Context(), o)
		if err != nil || c.Name != "go" || !strings.Contains(c.Warning, "BERTLAB_OFFLINE") {
			t.Errorf("%+v, %v", c, err)
		}
		o.Name = "xla:cpu"
		if _, _, err := w.open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "bertlab setup") {
			t.Errorf("named: %v", err)
		}
		if _, err := w.setup(t.Context(), o); err == nil {
			t.Error("setup succeeded offline")
		}
		if w.releases.Load()+w.lookups.Load()+w.downloads.Load() != 0 {
			t.Error("the network was asked")
		}
	}
}

func TestAFailureIsRememberedExceptBySetup(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		if _, c, err := w.open(t.Context(), Options{}); err != nil || c.Name != "go" {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	if n := w.releases.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	w.now = func() time.Time { return time.Now().Add(retryAfter + time.Second) }
	w.open(t.Context(), Options{})
	if n := w.releases.Load(); n != 2 {
		t.Errorf("asked %d times after %v", n, retryAfter)
	}
	w.pin(t, wheelWith(goodPlugin))
	if c, err := w.setup(t.Context(), Options{}); err != nil || c.Name != "xla:cpu" {
		t.Fatalf("setup: %+v, %v", c, err)
	}
	if w.failedLately() {
		t.Error("the failure is still remembered")
	}
}

func TestWhatTheUserNamesIsMadeOrAnError(t *testing.T) {
	for _, c := range []struct{ option, variable, config, reason string }{
		{"go", "", "go", "--backend"},
		{"", "go", "go", "GOMLX_BACKEND"},
		{"cpu", "go", "xla:PLUGIN", "--backend"},
		{"", "xla:cpu,shared_buffers=false", "xla:PLUGIN,shared_buffers=false", "GOMLX_BACKEND"},
		{"xla", "", "xla:PLUGIN", "no GPU"},
		{"auto", "", "xla:PLUGIN", "no GPU"},
		{"xla:/some/plugin.so", "", "xla:/some/plugin.so", "--backend"},
		{"cuda", "", "", "no NVIDIA GPU"},
	} {
		w := newWorld(t)
		path := put(t, goodPlugin, w.home, ".local/lib/go-xla/pjrt_c_api_cpu_plugin.so")
		w.env["GOMLX_BACKEND"] = c.variable
		_, choice, err := w.open(t.Context(), Options{Name: c.option})
		if c.config == "" {
			if err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("%q: %+v, %v", c.option, choice, err)
			}
			continue
		}
		want := strings.ReplaceAll(c.config, "PLUGIN", path)
		if err != nil || choice.Config != want || !strings.Contains(choice.Reason, c.reason) {
			t.Errorf("%q, %q: %+v, %v", c.option, c.variable, choice, err)
		}
	}
	w := newWorld(t)
	put(t, goodPlugin, w.home, ".local/lib/go-xla/pjrt_c_api_cpu_plugin.so")
	w.broken = "xla"
	if _, _, err := w.open(t.Context(), Options{Name: "xla:cpu"}); err == nil {
		t.Error("a named backend that does not start was replaced")
	}
	if _, _, err := w.open(t.Context(), Options{Name: "xla"}); err == nil {
		t.Error("a named backend that does not start was replaced")
	}
	if _, c, err := w.open(t.Context(), Options{}); err != nil || c.Name != "go" || !strings.Contains(c.Warning, "did not start") {
		t.Errorf("picked: %+v, %v", c, err)
	}
}

func TestAnUnknownNameIsAnErrorAndNoPanic(t *testing.T) {
	if _, _, err := Open(t.Context(), Options{Name: "abacus"}); err == nil || !strings.Contains(err.Error(), "abacus") {
		t.Errorf("error %v", err)
	}
}

func TestCUDAGoesFirstWhereThereAreAGPUAndAPlugin(t *testing.T) {
	gpu := func(context.Context) GPU { return GPU{Present: true, Why: "/dev/nvidia0"} }
	w := newWorld(t)
	cpu := put(t, goodPlugin, w.home, ".local/lib/go-xla/pjrt_c_api_cpu_plugin.so")
	site := filepath.Join(t.TempDir(), "site-packages")
	jax := put(t, goodPlugin, site, "jax_plugins/xla_cuda13/xla_cuda_plugin.so")
	os.MkdirAll(filepath.Join(site, "nvidia", "cu13"), 0o755)
	w.python = func(context.Context) []string { return []string{"/nowhere", site} }
	if _, c, _ := w.open(t.Context(), Options{}); c.PluginPath != cpu {
		t.Errorf("CUDA without a GPU: %+v", c)
	}
	w.gpu = gpu
	_, c, err := w.open(t.Context(), Options{})
	if err != nil || c.Name != "xla:cuda" || c.PluginPath != jax || c.Warning != "" {
		t.Errorf("JAX's plugin: %+v, %v", c, err)
	}
	if want := "--xla_gpu_cuda_data_dir=" + filepath.Join(site, "nvidia", "cu13"); w.env["XLA_FLAGS"] != want {
		t.Errorf("XLA_FLAGS %q, expected %q", w.env["XLA_FLAGS"], want)
	}
	own := put(t, goodPlugin, w.home, ".local/lib/go-xla/nvidia/pjrt_c_api_cuda_plugin.so")
	if _, c, _ := w.open(t.Context(), Options{}); c.PluginPath != own {
		t.Errorf("go-xla's own folder: %+v", c)
	}
	w.broken = "cuda"
	if _, c, err := w.open(t.Context(), Options{}); err != nil || c.PluginPath != cpu || !strings.Contains(c.Warning, "CUDA did not start") {
		t.Errorf("broken CUDA: %+v, %v", c, err)
	}
	if _, _, err := w.open(t.Context(), Options{Name: "xla:cuda"}); err == nil {
		t.Error("named, broken CUDA was replaced")
	}
	w = newWorld(t)
	put(t, goodPlugin, w.home, ".local/lib/go-xla/pjrt_c_api_cpu_plugin.so")
	w.gpu = gpu
	if _, c, err := w.open(t.Context(), Options{}); err != nil || c.Name != "xla:cpu" || !strings.Contains(c.Warning, "setup") || w.lookups.Load() != 0 {
		t.Errorf("a GPU without a plugin: %+v, %v, %d look-ups", c, err, w.lookups.Load())
	}
}

func TestNamedCUDAIsInstalledInJAXsLayout(t *testing.T) {
	w := newWorld(t)
	w.gpu = func(context.Context) GPU { return GPU{Present: true, Why: "/dev/nvidia0"} }
	library := wheelOf(map[string]string{"nvidia/cu13/lib/libx.so": "lib", "nvidia/cu13/bin/ptxas": "tool", "nvidia/__init__.py": "", "x.dist-info/RECORD": "r"})
	plugin := wheelOf(map[string]string{"jax_plugins/xla_cuda13/xla_cuda_plugin.so": string(goodPlugin)})
	oldPlugin, oldLibraries := cudaWheel, nvidiaWheels
	t.Cleanup(func() { cudaWheel, nvidiaWheels = oldPlugin, oldLibraries })
	cudaWheel = registry.File{Package: "plugin", Version: "1", Name: "plugin.whl", SHA256: hexSum(plugin)}
	nvidiaWheels = []registry.File{{Package: "library", Version: "2", Name: "library.whl", SHA256: hexSum(library)}}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Write(map[string][]byte{"/plugin.whl": plugin, "/library.whl": library}[r.URL.Path])
	}))
	defer server.Close()
	w.registry.Info = func(name string) (*installer.PipPackageInfo, error) {
		version := map[string]string{"plugin": "1", "library": "2"}[name]
		return &installer.PipPackageInfo{Releases: map[string][]installer.PipReleaseInfo{
			version: {{Filename: name + ".whl", URL: server.URL + "/" + name + ".whl"}}}}, nil
	}
	_, c, err := w.open(t.Context(), Options{Name: "cuda"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(w.home, ".local", "lib", "go-xla")
	if c.PluginPath != filepath.Join(dir, "jax_plugins", "xla_cuda13", "xla_cuda_plugin.so") || c.PluginVersion != "plugin 1" {
		t.Errorf("%+v", c)
	}
	if info, err := os.Stat(filepath.Join(dir, "nvidia", "cu13", "bin", "ptxas")); err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("ptxas: %v, %v", info, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "nvidia", "cu13", "lib", "libx.so")); err != nil || info.Size() != 3 {
		t.Errorf("library: %v, %v", info, err)
	}
	if want := "--xla_gpu_cuda_data_dir=" + filepath.Join(dir, "nvidia", "cu13"); w.env["XLA_FLAGS"] != want {
		t.Errorf("XLA_FLAGS %q, expected %q", w.env["XLA_FLAGS"], want)
	}
	server.Close()
	if _, again, err := w.open(t.Context(), Options{}); err != nil || again.PluginPath != c.PluginPath {
		t.Errorf("the second time: %+v, %v", again, err)
	}
}

func TestBrokenPluginsArePassedOverAndReported(t *testing.T) {
	w := newWorld(t)
	first := filepath.Join(t.TempDir(), "first")
	w.env["PJRT_PLUGIN_LIBRARY_PATH"] = first + string(os.PathListSeparator) + "relative"
	put(t, goodPlugin[:len(goodPlugin)/2], first, "pjrt_c_api_cpu_plugin.so")
	good := put(t, goodPlugin, w.systemLib, "go-xla/pjrt_c_api_cpu_plugin.so")
	put(t, goodPlugin, w.systemLib, "go-xla/other.so")
	_, c, err := w.open(t.Context(), Options{})
	if err != nil || c.PluginPath != good {
		t.Errorf("%+v, %v", c, err)
	}
	r := w.inspect(Options{})
	if len(r.Plugins) != 2 || r.Plugins[0].Usable() || !r.Plugins[1].Usable() || r.Choice.PluginPath != good {
		t.Errorf("report %+v", r)
	}
}

func TestTheLoadersFoldersAreSearched(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	put(t, []byte("# comment\ninclude "+filepath.Join(dir, "*.conf")+"\n"), w.loaderConf)
	put(t, []byte(dir+"\n"), dir, "a.conf")
	good := put(t, goodPlugin, dir, "pjrt-plugin-cpu.so")
	if p, ok := w.find("cpu"); !ok || p.Path != good {
		t.Errorf("%+v", p)
	}
}

func TestManyProcessesInstallOnce(t *testing.T) {
	w := newWorld(t)
	w.pin(t, wheelWith(goodPlugin))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if c, err := w.setup(t.Context(), Options{Name: "xla:cpu"}); err != nil || c.PluginPath != w.installedPath() {
				t.Errorf("%+v, %v", c, err)
			}
		})
	}
	group.Wait()
	if n := w.downloads.Load(); n != 1 {
		t.Errorf("%d downloads", n)
	}
	w.expectOnlyInstalled(t)
}

func TestAnUnwritableHomeIsNoObstacle(t *testing.T) {
	w := newWorld(t)
	w.pin(t, wheelWith(goodPlugin))
	put(t, nil, w.home) // a file where the home folder should be
	_, c, err := w.open(t.Context(), Options{})
	if err != nil || c.PluginPath != filepath.Join(w.cache, "pjrt", "pjrt_c_api_cpu_plugin.so") {
		t.Errorf("%+v, %v", c, err)
	}
}

// A child process installs and is killed in the middle of the download; the next one finishes.
func TestAKilledInstallationLeavesNoPlugin(t *testing.T) {
	content := wheelWith(append(append([]byte{}, goodPlugin...), bytes.Repeat([]byte("x"), 300_000)...))
	if home := os.Getenv("BACKEND_TEST_HOME"); home != "" {
		w := newWorld(t)
		w.pin(t, content)
		w.home, w.cache = home, filepath.Join(home, "cache")
		file := cpuWheels["linux_amd64"]
		w.registry.Info = func(string) (*installer.PipPackageInfo, error) {
			return &installer.PipPackageInfo{Releases: map[string][]installer.PipReleaseInfo{
				file.Version: {{Filename: file.Name, URL: os.Getenv("BACKEND_TEST_URL")}}}}, nil
		}
		w.setup(t.Context(), Options{})
		return
	}
	halfway := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Length", fmt.Sprint(len(content)))
		rw.Write(content[:len(content)/2])
		rw.(http.Flusher).Flush()
		close(halfway)
		<-r.Context().Done()
	}))
	defer slow.Close()
	w := newWorld(t)
	child := exec.Command(os.Args[0], "-test.run=^TestAKilledInstallationLeavesNoPlugin$")
	child.Env = append(os.Environ(), "BACKEND_TEST_HOME="+w.home, "BACKEND_TEST_URL="+slow.URL+"/x.whl")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-halfway:
	case <-time.After(30 * time.Second):
		t.Error("the child did not ask for the wheel")
	}
	child.Process.Kill()
	child.Wait()
	if len(w.plugins()) != 0 {
		t.Fatalf("plugins: %v", w.plugins())
	}
	os.MkdirAll(filepath.Join(w.home, ".local/lib/go-xla", temporary+"left"), 0o755)
	w.cache = filepath.Join(w.home, "cache")
	w.pin(t, content)
	c, err := w.setup(t.Context(), Options{})
	if err != nil || c.PluginPath != w.installedPath() {
		t.Fatalf("%+v, %v", c, err)
	}
	w.cache = w.home
	w.expectOnlyInstalled(t)
}

func TestInspectSaysWhatOpenWouldDo(t *testing.T) {
	w := newWorld(t)
	w.pin(t, wheelWith(goodPlugin))
	if r := w.inspect(Options{}); r.Choice.Name != "xla:cpu" || r.Missing == "" || r.Choice.Warning == "" {
		t.Errorf("nothing there: %+v", r)
	}
	if r := w.inspect(Options{Offline: true}); r.Choice.Name != "go" || !r.Offline {
		t.Errorf("offline: %+v", r)
	}
	if r := w.inspect(Options{Name: "go"}); r.Choice.Name != "go" || r.Missing != "" {
		t.Errorf("go: %+v", r)
	}
	if w.releases.Load()+w.lookups.Load() != 0 {
		t.Error("Inspect asked the network")
	}
	_, c, err := w.open(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := w.inspect(Options{})
	c.Device = ""
	if r.Choice != *c || r.Missing != "" || len(r.Plugins) != 1 {
		t.Errorf("Inspect says %+v, Open did %+v", r.Choice, c)
	}
}
