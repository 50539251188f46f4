package jupyter

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if runtime.GOOS == "windows" {
		os.Exit(0) // the fakes are shell scripts, and the kernel does not run there
	}
	os.Exit(m.Run())
}

func TestSetupInstallsOnceAndThenOnlyLooks(t *testing.T) {
	m := newMachine(t)
	first := m.setup()
	want := map[string]int{"venv": 1, "pip": 1, "go": 3}
	if got := m.calls("venv", "pip", "go"); !maps.Equal(got, want) {
		t.Errorf("calls are %v, want %v", got, want)
	}
	if first.Python != filepath.Join(m.Dir, "python", "bin", "python") || first.Versions["jupyterlab"] != "4.6.6" {
		t.Errorf("the environment is %+v", first)
	}
	calls := m.read("calls")
	begun := time.Now()
	second := m.setup()
	if took := time.Since(begun); took > time.Second {
		t.Errorf("the second Setup took %v", took)
	}
	if m.read("calls") != calls {
		t.Errorf("the second Setup called %s", m.read("calls"))
	}
	if second.Python != first.Python || second.Kernel != first.Kernel {
		t.Errorf("the second Setup found %+v, the first made %+v", second, first)
	}
}

func TestSetupPinsEveryPackage(t *testing.T) {
	m := newMachine(t)
	m.setup()
	pip := ""
	for line := range strings.Lines(m.read("calls")) {
		if strings.HasPrefix(line, "pip") {
			pip = line
		}
	}
	if !strings.Contains(pip, "--constraint "+filepath.Join(m.Dir, "python", "constraints.txt")) || !strings.HasSuffix(pip, "jupyterlab nbclient nbconvert\n") {
		t.Errorf("pip was called as %s", pip)
	}
	for line := range strings.Lines(constraints) {
		if name, version, ok := strings.Cut(strings.TrimSpace(line), "=="); !ok || name == "" || version == "" {
			t.Errorf("constraints.txt has %q", line)
		}
	}
	for _, name := range wanted {
		if pinned(name) == "" {
			t.Errorf("%s has no version in constraints.txt", name)
		}
	}
}

func TestSetupOfTwoAtOnceInstallsOnce(t *testing.T) {
	m := newMachine(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if _, err := Setup(t.Context(), m.Options); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got, want := m.calls("venv", "pip", "go"), map[string]int{"venv": 1, "pip": 1, "go": 3}; !maps.Equal(got, want) {
		t.Errorf("calls are %v, want %v", got, want)
	}
}

func TestSetupNeverUsesAHalfMadeEnvironment(t *testing.T) {
	m := newMachine(t)
	m.write("jupyter/python/bin/python", fakePython) // as a kill in the middle of pip leaves it
	m.write("jupyter/python/bin/lab", "4.6.6")
	m.write("jupyter/python/half", "")
	m.write("jupyter/kernels/.new/bin/gonb", "half")
	m.setup()
	if got := m.calls("venv", "pip"); got["venv"] != 1 || got["pip"] != 1 {
		t.Errorf("calls are %v", got)
	}
	for _, left := range []string{"python/half", "kernels/.new"} {
		if _, err := os.Stat(filepath.Join(m.Dir, left)); err == nil {
			t.Errorf("%s of the killed Setup is still there", left)
		}
	}
}

func TestSetupGoesOnAfterAFailure(t *testing.T) {
	m := newMachine(t)
	m.write("no-network", "")
	if _, err := Setup(t.Context(), m.Options); err == nil {
		t.Fatal("no error without network")
	}
	os.Remove(filepath.Join(m.root(), "no-network"))
	m.write("no-build", "")
	if _, err := Setup(t.Context(), m.Options); err == nil {
		t.Fatal("no error when the kernel does not build")
	}
	os.Remove(filepath.Join(m.root(), "no-build"))
	m.setup()
	if got := m.calls("pip"); got["pip"] != 2 {
		t.Errorf("pip ran %d times, want 2: the environment that was whole is kept", got["pip"])
	}
}

func TestSetupUsesTheJupyterThatIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		version string
		own     bool
	}{
		"recent": {"4.2.0", false},
		"old":    {"3.6.8", true},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.write("bin/lab", c.version)
			e := m.setup()
			if own := strings.HasPrefix(e.Python, m.Dir); own != c.own {
				t.Errorf("with JupyterLab %s the Python is %s", c.version, e.Python)
			}
		})
	}
}

func TestSetupFindsThePythonOfJupyterOnThePath(t *testing.T) {
	m := newMachine(t)
	m.write("tools/bin/python3.12", fakePython)
	m.write("tools/bin/lab", "4.5.0")
	m.write("bin/jupyter-lab", "#!"+filepath.Join(m.root(), "tools/bin/python3.12")+"\nimport sys\n")
	if e := m.setup(); e.Python != filepath.Join(m.root(), "tools/bin/python3.12") {
		t.Errorf("the Python is %s", e.Python)
	}
}

func TestSetupMakesAnewWhatHasGoneOrChanged(t *testing.T) {
	for name, c := range map[string]struct {
		change func(m *machine)
		want   map[string]int
	}{
		"JupyterLab removed": {func(m *machine) { os.Remove(filepath.Join(m.Dir, "python/bin/lab")) }, map[string]int{"pip": 2, "go": 3}},
		"Python removed":     {func(m *machine) { os.RemoveAll(filepath.Join(m.Dir, "python")) }, map[string]int{"pip": 2, "go": 3}},
		"stamp garbled":      {func(m *machine) { m.write("jupyter/python.json", "{") }, map[string]int{"pip": 2, "go": 3}},
		"go.mod changed":     {func(m *machine) { m.write("mod $ule/go.mod", "module bertlab\n\ngo 1.26.6\n") }, map[string]int{"pip": 1, "go": 6}},
		"kernel removed":     {func(m *machine) { os.RemoveAll(filepath.Join(m.Dir, "kernels")) }, map[string]int{"pip": 1, "go": 6}},
		"another checkout":   {func(m *machine) { m.write("two/go.mod", "module bertlab\n"); m.Module = filepath.Join(m.root(), "two") }, map[string]int{"pip": 1, "go": 6}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.setup()
			c.change(m)
			m.setup()
			if got := m.calls("pip", "go"); !maps.Equal(got, c.want) {
				t.Errorf("calls are %v, want %v", got, c.want)
			}
		})
	}
}

func TestSetupErrorsSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(m *machine)
		want  string
	}{
		"no go":             {func(m *machine) { os.Remove(filepath.Join(m.bin, "go")); t.Setenv("PATH", m.bin) }, "install Go"},
		"no Python":         {func(m *machine) { os.Remove(filepath.Join(m.bin, "python3")); t.Setenv("PATH", m.bin) }, "apt install python3"},
		"old Python":        {func(m *machine) { m.write("old-python", ""); m.Python = filepath.Join(m.bin, "python3") }, "is Python 3.8.10"},
		"named but missing": {func(m *machine) { m.Python = "/no/such/python" }, "/no/such/python"},
		"no ensurepip":      {func(m *machine) { m.write("no-ensurepip", "") }, "apt install python3-venv"},
		"no network":        {func(m *machine) { m.write("no-network", "") }, "No matching distribution"},
		"offline":           {func(m *machine) { t.Setenv("BERTLAB_OFFLINE", "1") }, "BERTLAB_OFFLINE"},
		"no module":         {func(m *machine) { m.Module = m.bin }, "root of bertlab's source tree"},
		"comma":             {func(m *machine) { m.write("a,b/go.mod", "module bertlab"); m.Module = filepath.Join(m.root(), "a,b") }, "comma"},
		"kernel":            {func(m *machine) { m.write("no-build", "") }, "cannot find module"},
		"dir is a file":     {func(m *machine) { m.write("jupyter", "") }, "BERTLAB_CACHE"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			c.spoil(m)
			_, err := Setup(t.Context(), m.Options)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
}

func TestKernelStartsInAWorkspaceWithTheModule(t *testing.T) {
	m := newMachine(t)
	e := m.setup()
	var spec struct {
		Argv []string
		Env  map[string]string
	}
	text, err := os.ReadFile(filepath.Join(e.Kernel, "kernels", "gonb", "kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	if spec.Argv[0] != filepath.Join(e.Kernel, "kernels", "gonb", "gonb") {
		t.Errorf("the kernel is started as %q", spec.Argv)
	}
	if info, err := os.Stat(spec.Argv[0]); err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("%s is no program: %v", spec.Argv[0], err)
	}
	if !slices.Contains(spec.Argv, "-go_work="+m.Module) {
		t.Errorf("the kernel's arguments %q do not name the module", spec.Argv)
	}
	path := filepath.SplitList(spec.Env["PATH"])
	if len(path) < 3 || path[0] != filepath.Join(e.Kernel, "bin") || path[len(path)-1] != "${PATH}" {
		t.Errorf("the kernel's PATH is %q", path)
	}
	if got := spec.Env["GOFLAGS"]; got != "-tags=some -ldflags=-s" {
		t.Errorf("the kernel's GOFLAGS are %q: -mod does not go with a workspace", got)
	}
}

func TestOpenRunsJupyterLabOnTheFolderWithTheKernel(t *testing.T) {
	m := newMachine(t)
	e := m.setup()
	m.write("notebooks/a.ipynb", "{}")
	if err := e.Open(t.Context(), filepath.Join(m.root(), "notebooks"), []string{"BERTLAB_QUICK=1"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(m.read("calls"), "--ServerApp.root_dir="+filepath.Join(m.root(), "notebooks")) {
		t.Errorf("calls are %s", m.read("calls"))
	}
	if !strings.Contains(m.read("env"), "JUPYTER_PATH="+e.Kernel+":/users/own\n") {
		t.Errorf("the kernel is not first on JUPYTER_PATH, or the user's own are gone:\n%s", m.read("env"))
	}
	if !strings.Contains(m.read("env"), "BERTLAB_QUICK=1\n") {
		t.Errorf("the notebooks are not told to be quick:\n%s", m.read("env"))
	}
	for _, wrong := range []string{"notebooks/a.ipynb", "nowhere"} {
		if err := e.Open(t.Context(), filepath.Join(m.root(), wrong), nil); err == nil {
			t.Errorf("Open of %s is no error", wrong)
		}
	}
}

func TestFindSaysWhatIsThereAtOnce(t *testing.T) {
	m := newMachine(t)
	before := Find(m.Options)
	if before.Ready || len(before.Missing) != 2 || before.Python != filepath.Join(m.bin, "python3") {
		t.Errorf("before Setup: %+v", before)
	}
	e := m.setup()
	calls := m.read("calls")
	begun := time.Now()
	after := Find(m.Options)
	if took := time.Since(begun); took > 100*time.Millisecond {
		t.Errorf("Find took %v", took)
	}
	if !after.Ready || !after.Own || after.JupyterLab != "4.6.6" || after.Python != e.Python || after.KernelGo != "go1.26.5" {
		t.Errorf("after Setup: %+v", after)
	}
	if m.read("calls") != calls {
		t.Error("Find started a program")
	}
}

func TestFindModuleGoesUpToTheRoot(t *testing.T) {
	m := newMachine(t)
	m.write("mod $ule/notebooks/deep/x", "")
	t.Chdir(filepath.Join(m.Module, "notebooks", "deep"))
	if got, err := FindModule(); err != nil || got != m.Module {
		t.Errorf("the module is %q, %v; want %q", got, err, m.Module)
	}
	t.Chdir(m.bin)
	if _, err := FindModule(); err == nil {
		t.Error("no error outside the module")
	}
}
