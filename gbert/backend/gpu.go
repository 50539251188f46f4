package backend

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"bertlab/internal/files"
)

// GPU says whether an NVIDIA card is here.
type GPU struct {
	Present bool   `json:"present"`
	Why     string `json:"why"`              // what told
	Driver  string `json:"driver,omitempty"` // the kernel module's version
}

var driverVersion = regexp.MustCompile(`Kernel Module[^0-9]*([0-9.]+)`)

// detectGPU looks for device files, and where there are none (as under WSL) asks nvidia-smi, not for long.
func detectGPU(ctx context.Context) GPU {
	if devices, _ := filepath.Glob("/dev/nvidia[0-9]*"); len(devices) > 0 {
		g := GPU{Present: true, Why: strings.Join(devices, ", ")}
		if text, err := os.ReadFile("/proc/driver/nvidia/version"); err == nil {
			if match := driverVersion.FindSubmatch(text); match != nil {
				g.Driver = string(match[1])
			}
		}
		return g
	}
	path, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return GPU{Why: "no /dev/nvidia* and no nvidia-smi"}
	}
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--list-gpus")
	cmd.WaitDelay = 100 * time.Millisecond
	out, err := cmd.Output()
	if first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n"); err == nil && strings.HasPrefix(first, "GPU") {
		name, _, _ := strings.Cut(first, " (UUID")
		return GPU{Present: true, Why: name}
	}
	return GPU{Why: "nvidia-smi is here and lists no GPU"}
}

// sitePackages lists Python's package folders, in which JAX may have left a CUDA plugin: of the active environments
// and of the python3 on the PATH.
func (m *machine) sitePackages(ctx context.Context) []string {
	var dirs []string
	for _, prefix := range []string{m.getenv("VIRTUAL_ENV"), m.getenv("CONDA_PREFIX")} {
		if prefix != "" {
			pythons, _ := files.Match(filepath.Join(prefix, "lib"), "python3*")
			for _, python := range pythons {
				dirs = append(dirs, filepath.Join(python, "site-packages"))
			}
		}
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		return dirs
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-c", "import site\nfor p in site.getsitepackages()+[site.getusersitepackages()]: print(p)")
	cmd.WaitDelay = 100 * time.Millisecond
	out, err := cmd.Output()
	if err != nil {
		return dirs
	}
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); filepath.IsAbs(line) {
			dirs = append(dirs, line)
		}
	}
	return dirs
}
