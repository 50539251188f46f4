package jupyter

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"bertlab/gbert/hub/fetch"
	"bertlab/internal/files"
)

// KernelName is the name of the Go kernel in a notebook's metadata.
const KernelName = "gonb"

// The programs that a kernel consists of, both tools of go.mod. GoNB runs goimports on every cell.
const (
	gonbPackage      = "github.com/janpfeifer/gonb"
	goimportsPackage = "golang.org/x/tools/cmd/goimports"
)

// kernelLayout changes when the files of a kernel's folder do, so that older ones are made anew.
const kernelLayout = "1"

// A kernel is the folder <dir>/kernels/<hash of the module's path>:
//
//	module.json               the stamp: which module, from which go.mod and Go
//	bin/goimports             found by the kernel first on its PATH
//	kernels/gonb/gonb         the kernel
//	kernels/gonb/kernel.json  how Jupyter starts it
type kernel struct {
	dir   string
	stamp kernelStamp
	// goflags are the user's GOFLAGS as the kernel can use them.
	goflags string
}

// kernelStamp says what a kernel was made from: an equal stamp is an equal kernel.
type kernelStamp struct {
	Module string `json:"module"`
	GoMod  string `json:"go_mod_sha256"`
	Go     string `json:"go"`
	Flags  string `json:"go_flags"`
	Layout string `json:"layout"`
}

// wantedKernel says which kernel the module needs.
func wantedKernel(ctx context.Context, o Options) (kernel, error) {
	mod, err := files.Read(filepath.Join(o.Module, "go.mod"), maxState)
	if err != nil {
		return kernel{}, fmt.Errorf("jupyter: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOFLAGS")
	cmd.Dir = o.Module
	out, err := cmd.Output()
	if err != nil {
		return kernel{}, fmt.Errorf("jupyter: go env failed in %s: %w", o.Module, err)
	}
	version, flags, _ := strings.Cut(strings.TrimRight(string(out), "\n"), "\n")
	flags = workspaceFlags(flags)
	sum := sha256.Sum256(mod)
	return kernel{
		dir:     kernelDir(o),
		goflags: flags,
		stamp: kernelStamp{
			Module: o.Module, GoMod: hex.EncodeToString(sum[:]), Go: version, Flags: flags, Layout: kernelLayout,
		},
	}, nil
}

func kernelDir(o Options) string {
	sum := sha256.Sum256([]byte(o.Module))
	return filepath.Join(o.Dir, "kernels", hex.EncodeToString(sum[:6]))
}

// workspaceFlags are GOFLAGS without -mod (a workspace, which the kernel works in, takes no -mod=mod), and with -s for the
// linker unless the user has flags for it: without symbols and DWARF, which tracebacks do not need, a cell that imports XLA links in two thirds of the time.
func workspaceFlags(flags string) string {
	fields := strings.Fields(flags)
	fields = slices.DeleteFunc(fields, func(f string) bool {
		return strings.HasPrefix(f, "-mod=") || strings.HasPrefix(f, "--mod=")
	})
	if !strings.Contains(flags, "-ldflags") {
		fields = append(fields, "-ldflags=-s")
	}
	return strings.Join(fields, " ")
}

// readKernelStamp reads the stamp of a kernel's folder.
func readKernelStamp(dir string) (kernelStamp, bool) {
	var s kernelStamp
	text, err := files.Read(filepath.Join(dir, "module.json"), maxState)
	return s, err == nil && json.Unmarshal(text, &s) == nil
}

// ready reports whether the kernel is there, whole and from the same go.mod.
func (k kernel) ready() bool {
	have, ok := readKernelStamp(k.dir)
	if !ok || have != k.stamp {
		return false
	}
	for _, name := range []string{"bin/goimports", "kernels/gonb/gonb", "kernels/gonb/kernel.json"} {
		if _, err := os.Stat(filepath.Join(k.dir, name)); err != nil {
			return false
		}
	}
	return true
}

// prepare builds the kernel beside its place and then puts it there. The caller holds the lock.
func (k kernel) prepare(ctx context.Context, o Options) error {
	if k.ready() {
		return nil
	}
	fresh := filepath.Join(o.Dir, "kernels", ".new")
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	defer os.RemoveAll(fresh)
	bin := filepath.Join(fresh, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	o.Log("building the Go kernel (GoNB) from this module's go.mod")
	gonb := filepath.Join(bin, "gonb")
	if err := k.build(ctx, o, "-o", gonb, gonbPackage); err != nil {
		return err
	}
	if err := k.build(ctx, o, "-o", filepath.Join(bin, "goimports"), goimportsPackage); err != nil {
		return err
	}
	if err := k.install(ctx, o, fresh, gonb); err != nil {
		return err
	}
	o.Log("compiling the packages that notebooks import")
	if err := k.build(ctx, o, "./..."); err != nil {
		o.Log("they do not all compile, and cells that import them will say so: " + err.Error())
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	stamp, err := json.MarshalIndent(k.stamp, "", "  ")
	if err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	if err := os.WriteFile(filepath.Join(fresh, "module.json"), append(stamp, '\n'), 0o644); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	if err := os.RemoveAll(k.dir); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	if err := os.Rename(fresh, k.dir); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	return nil
}

// build runs go build in the module; offline it may not ask for modules.
func (k kernel) build(ctx context.Context, o Options, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"build"}, args...)...)
	cmd.Dir = o.Module
	cmd.Env = append(os.Environ(), "GOFLAGS="+k.goflags, "GOWORK=off")
	if fetch.Offline() {
		cmd.Env = append(cmd.Env, "GOPROXY=off", "GOTOOLCHAIN=local")
	}
	terminateOnCancel(cmd)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("jupyter: go build %s failed in %s: %w\n%s", args[len(args)-1], o.Module, err, lastLines(out.String(), 12))
	}
	return nil
}

// install lets GoNB write its own kernel.json, and then has it name the final place and the kernel's environment.
func (k kernel) install(ctx context.Context, o Options, fresh, gonb string) error {
	cmd := exec.CommandContext(ctx, gonb, "-install", "-force_copy", "-force_deps", "-go_work="+o.Module)
	cmd.Env = append(os.Environ(), "JUPYTER_DATA_DIR="+fresh)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("jupyter: gonb -install failed: %w\n%s", err, lastLines(string(out), 8))
	}
	if err := os.Remove(gonb); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	path := filepath.Join(fresh, "kernels", KernelName, "kernel.json")
	text, err := files.Read(path, maxState)
	if err != nil {
		return fmt.Errorf("jupyter: gonb -install wrote no kernel.json: %w", err)
	}
	var spec map[string]any
	if err := json.Unmarshal(text, &spec); err != nil {
		return fmt.Errorf("jupyter: %s: %w", path, err)
	}
	argv, _ := spec["argv"].([]any)
	if len(argv) == 0 {
		return fmt.Errorf("jupyter: %s has no argv", path)
	}
	argv[0] = filepath.Join(k.dir, "kernels", KernelName, "gonb")
	spec["argv"], spec["env"] = argv, k.environ()
	if text, err = json.MarshalIndent(spec, "", "  "); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	return nil
}

// environ is the kernel's environment. Jupyter replaces ${PATH}; a dollar sign of our own is doubled.
func (k kernel) environ() map[string]string {
	path := []string{filepath.Join(k.dir, "bin")}
	if command, err := exec.LookPath("go"); err == nil {
		path = append(path, filepath.Dir(command))
	}
	for i := range path {
		path[i] = strings.ReplaceAll(path[i], "$", "$$")
	}
	return map[string]string{
		"PATH":    strings.Join(append(path, "${PATH}"), string(os.PathListSeparator)),
		"GOFLAGS": strings.ReplaceAll(k.goflags, "$", "$$"),
		"GOWORK":  "",
	}
}
