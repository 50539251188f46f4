package jupyter

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bertlab/gbert/hub/fetch"
	"bertlab/internal/files"
)

// constraints pins every Python package that the virtual environment may get. The set was resolved for Python 3.10 and
// installs as wheels on 3.10 to 3.14.
//
//go:embed constraints.txt
var constraints string

// wanted are the packages asked for; their versions are in constraints.
var wanted = []string{"jupyterlab", "nbclient", "nbconvert"}

// oldest is the major version from which a Jupyter that is there already will do.
var oldest = map[string]int{"jupyterlab": 4, "nbclient": 0, "nbconvert": 7}

const (
	ownPython   = "python"      // the folder of the virtual environment
	pythonStamp = "python.json" // beside it, written last
	minorPython = 10            // Python 3.10
)

// interpreter is a Python that has JupyterLab, as the stamp file remembers it.
type interpreter struct {
	Path     string            `json:"path"`
	Version  string            `json:"version"`
	Versions map[string]string `json:"versions"`
	// Lab is the file of the jupyterlab package: while it is there, so is JupyterLab.
	Lab string `json:"lab"`
	// Own says that this is the virtual environment that Setup made, from the constraints with this hash.
	Own         bool   `json:"own"`
	Constraints string `json:"constraints,omitempty"`
}

func constraintsHash() string {
	sum := sha256.Sum256([]byte(constraints))
	return hex.EncodeToString(sum[:8])
}

// readyPython reads the stamp of an earlier Setup and checks, without starting anything, that it still holds.
func readyPython(o Options) (interpreter, bool) {
	var p interpreter
	text, err := files.Read(filepath.Join(o.Dir, pythonStamp), maxState)
	if err != nil || json.Unmarshal(text, &p) != nil {
		return p, false
	}
	if p.Own && p.Constraints != constraintsHash() {
		return p, false
	}
	if o.Python != "" && !p.Own && p.Path != o.Python {
		return p, false
	}
	for _, path := range []string{p.Path, p.Lab} {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			return p, false
		}
	}
	return p, true
}

// preparePython finds a Python with JupyterLab or makes one. The caller holds the lock.
func preparePython(ctx context.Context, o Options) (interpreter, error) {
	if p, ok := readyPython(o); ok {
		return p, nil
	}
	candidates, err := pythons(o)
	if err != nil {
		return interpreter{}, err
	}
	var base interpreter
	var problems []error
	for _, path := range candidates {
		p, err := probe(ctx, path)
		if ctx.Err() != nil {
			return interpreter{}, ctx.Err()
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if p.usable() {
			o.Log(fmt.Sprintf("JupyterLab %s of %s", p.Versions["jupyterlab"], p.Path))
			return p, p.save(o)
		}
		if base.Path == "" && p.recent() {
			base = p
		} else if !p.recent() {
			problems = append(problems, fmt.Errorf("%s is Python %s", path, p.Version))
		}
	}
	if base.Path == "" {
		return interpreter{}, fmt.Errorf("jupyter: JupyterLab wants Python 3.%d or later, and there is none: install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python): %w",
			minorPython, errors.Join(problems...))
	}
	if fetch.Offline() {
		return interpreter{}, fmt.Errorf("jupyter: there is no JupyterLab yet, and BERTLAB_OFFLINE forbids to fetch it: run this once without BERTLAB_OFFLINE, or install %s for %s", strings.Join(wanted, ", "), base.Path)
	}
	return makePython(ctx, o, base)
}

// pythons lists the interpreters to look at, the one of a jupyter on the PATH first.
func pythons(o Options) ([]string, error) {
	if o.Python != "" {
		path, err := exec.LookPath(o.Python)
		if err != nil {
			return nil, fmt.Errorf("jupyter: no such Python: %w", err)
		}
		return []string{path}, nil
	}
	var found []string
	for _, script := range []string{"jupyter-lab", "jupyter"} {
		if path, err := exec.LookPath(script); err == nil {
			if python := interpreterOf(path); python != "" {
				found = append(found, python)
			}
		}
	}
	for _, name := range []string{"python3", "python"} {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("jupyter: no Python on the PATH, and JupyterLab wants 3.%d or later: install it (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python)", minorPython)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(found, func(path string) bool {
		again := seen[path]
		seen[path] = true
		return again
	}), nil
}

// interpreterOf returns the Python that a script's first line names, or "".
func interpreterOf(script string) string {
	f, err := files.Open(script)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 512)
	n, _ := f.Read(head)
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	path, ok := strings.CutPrefix(line, "#!")
	path = strings.TrimSpace(path)
	if !ok || !filepath.IsAbs(path) || !strings.Contains(filepath.Base(path), "python") || strings.Contains(path, " ") {
		return ""
	}
	return path
}

// probeScript prints what an interpreter is and has, without importing any of it.
const probeScript = `
import importlib.metadata, importlib.util, json, sys
versions = {}
for name in sys.argv[1:]:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
lab = importlib.util.find_spec("jupyterlab")
print(json.dumps({"path": sys.executable, "version": sys.version.split()[0], "versions": versions, "lab": (lab and lab.origin) or ""}))
`

// probe asks an interpreter what it is and has.
func probe(ctx context.Context, path string) (interpreter, error) {
	cmd := exec.CommandContext(ctx, path, append([]string{"-c", probeScript}, wanted...)...)
	cmd.Env = pythonEnviron()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return interpreter{}, fmt.Errorf("%s does not run: %w: %s", path, err, lastLines(stderr.String(), 3))
	}
	var p interpreter
	if err := json.Unmarshal(out, &p); err != nil {
		return p, fmt.Errorf("%s is not a Python: it answered %.80q", path, out)
	}
	p.Path = path
	return p, nil
}

// usable reports whether all that is wanted is there and recent enough.
func (p interpreter) usable() bool {
	if p.Lab == "" || !p.recent() {
		return false
	}
	for _, name := range wanted {
		major, _, _ := strings.Cut(p.Versions[name], ".")
		n, err := strconv.Atoi(major)
		if err != nil || n < oldest[name] {
			return false
		}
	}
	return true
}

func (p interpreter) recent() bool {
	var major, minor int
	fmt.Sscanf(p.Version, "%d.%d", &major, &minor)
	return major == 3 && minor >= minorPython
}

// makePython makes the virtual environment and writes its stamp last: without the stamp it is never used.
func makePython(ctx context.Context, o Options, base interpreter) (interpreter, error) {
	stamp, dir := filepath.Join(o.Dir, pythonStamp), filepath.Join(o.Dir, ownPython)
	if err := errors.Join(removeIfThere(stamp), os.RemoveAll(dir)); err != nil {
		return interpreter{}, fmt.Errorf("jupyter: the half-made environment cannot be removed: %w", err)
	}
	o.Log(fmt.Sprintf("making a Python environment in %s (once: about 90 packages, 250 MB)", dir))
	if out, err := run(ctx, base.Path, "-m", "venv", dir); err != nil {
		hint := ""
		if strings.Contains(out, "ensurepip") || strings.Contains(out, "No module named venv") {
			hint = ": this Python lacks its venv module (Debian, Ubuntu: apt install python3-venv)"
		}
		return interpreter{}, fmt.Errorf("jupyter: %s -m venv failed%s: %w\n%s", base.Path, hint, err, lastLines(out, 8))
	}
	pins := filepath.Join(dir, "constraints.txt")
	if err := os.WriteFile(pins, []byte(constraints), 0o644); err != nil {
		return interpreter{}, fmt.Errorf("jupyter: %w", err)
	}
	o.Log("installing JupyterLab " + pinned("jupyterlab") + " with pip")
	python := filepath.Join(dir, "bin", "python")
	args := []string{"-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--prefer-binary", "--constraint", pins}
	if out, err := run(ctx, python, append(args, wanted...)...); err != nil {
		if ctx.Err() != nil {
			return interpreter{}, ctx.Err()
		}
		return interpreter{}, fmt.Errorf("jupyter: pip cannot install JupyterLab: %w: check the network and pip's configuration (pip config list), or install %s yourself\n%s",
			err, strings.Join(wanted, ", "), lastLines(out, 8))
	}
	if err := quietLab(dir); err != nil {
		return interpreter{}, err
	}
	p, err := probe(ctx, python)
	if err != nil {
		return p, fmt.Errorf("jupyter: the new environment does not work: %w", err)
	}
	if !p.usable() {
		return p, fmt.Errorf("jupyter: pip installed JupyterLab into %s, but it is not there: versions %v", dir, p.Versions)
	}
	p.Own, p.Constraints = true, constraintsHash()
	return p, p.save(o)
}

// quietLab turns off what JupyterLab would ask the network for at its start: news and updates.
func quietLab(dir string) error {
	settings := filepath.Join(dir, "share", "jupyter", "lab", "settings")
	if err := os.MkdirAll(settings, 0o755); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	const overrides = `{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}`
	if err := os.WriteFile(filepath.Join(settings, "overrides.json"), []byte(overrides+"\n"), 0o644); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	return nil
}

// save writes the stamp, whole or not at all.
func (p interpreter) save(o Options) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	if err := files.Write(filepath.Join(o.Dir, pythonStamp), append(text, '\n')); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	return nil
}

// pinned is the version of a package in the constraints.
func pinned(name string) string {
	for line := range strings.Lines(constraints) {
		if version, ok := strings.CutPrefix(strings.TrimSpace(line), name+"=="); ok {
			return version
		}
	}
	return ""
}
