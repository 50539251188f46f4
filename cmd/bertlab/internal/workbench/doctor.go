package workbench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"bertlab/cmd/bertlab/internal/jupyter"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/papers/experiment"
)

// Health says what is here and what would be used, found without network and without starting a backend.
type Health struct {
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	CPUs     int               `json:"cpus"`
	Versions map[string]string `json:"versions"` // by module
	Backend  string            `json:"backend"`
	Reason   string            `json:"reason"`
	Device   string            `json:"device"`
	Plugin   Library           `json:"plugin"`
	Runtime  Library           `json:"onnxruntime"`
	Kernel   jupyter.Report    `json:"kernel"` // Jupyter and its Go kernel
	Caches   hub.Places        `json:"caches"`
	Model    Found             `json:"model"` // the default one, or that of --model
	Data     Found             `json:"data"`  // the default set
	Problems []string          `json:"problems"`
	Details  backend.Report    `json:"details"`
	Seconds  float64           `json:"seconds"`
}

// Library is a library that computes.
type Library struct {
	Path    string `json:"path"` // "" where none is needed or none is here
	Version string `json:"version"`
}

// Found says whether something is on this machine.
type Found struct {
	Name   string `json:"name"`
	Found  bool   `json:"found"`
	Dir    string `json:"dir,omitempty"`
	Source string `json:"source,omitempty"`
}

// Examine looks at what is here; model is the folder or name of one, empty: the default one.
func (t *Tools) Examine(ctx context.Context, model string) *Health {
	began := time.Now()
	report := backend.Inspect(backend.Options{Name: t.Backend})
	h := &Health{
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(), Versions: backend.Versions(),
		Backend: report.Choice.Name, Reason: report.Choice.Reason, Device: device(report),
		Plugin: Library{Path: report.Choice.PluginPath, Version: report.Choice.PluginVersion},
		Kernel: jupyter.Find(jupyter.Options{}), Caches: hub.New(hub.Options{}).Places(), Details: report, Problems: []string{},
		Model: Found{Name: hub.DefaultModel}, Data: Found{Name: DefaultTask},
	}
	if model != "" {
		h.Model.Name = model
	}
	h.find(ctx, model)
	if report.Choice.Warning != "" {
		h.note("%s", report.Choice.Warning)
	}
	for _, plugin := range report.Plugins {
		if !plugin.Usable() {
			h.note("the plugin %s cannot be used: %s", plugin.Path, plugin.Problem)
		}
	}
	for _, missing := range h.Kernel.Missing {
		h.note("%s", missing)
	}
	h.Seconds = time.Since(began).Seconds()
	return h
}

func (h *Health) note(format string, args ...any) {
	h.Problems = append(h.Problems, fmt.Sprintf(format, args...))
}

// find looks for the model, ONNX Runtime and the default data in the caches.
func (h *Health) find(ctx context.Context, name string) {
	client := hub.New(hub.Options{Offline: true})
	if model, err := client.Model(ctx, name); err == nil {
		h.Model = Found{Name: model.Name, Found: true, Dir: model.Dir, Source: model.Source}
	} else {
		h.note("the model %s is not here: bertlab setup brings it", h.Model.Name)
	}
	if library, err := backend.FindONNXRuntime(ctx); err == nil {
		h.Runtime = Library{Path: library.Path, Version: library.Version}
	} else if os.Getenv(backend.RuntimeVariable) != "" {
		h.note("%v", err)
	}
	if data, err := client.Sentiment(ctx); err == nil {
		h.Data = Found{Name: DefaultTask, Found: true, Dir: data.Dir, Source: data.Source}
	} else {
		h.note("the default data are not here: bertlab setup brings them")
	}
}

// device names what would compute, as far as that shows without starting a backend.
func device(report backend.Report) string {
	if report.Choice.Name == "xla:cuda" {
		return strings.TrimSpace("NVIDIA GPU, driver " + report.GPU.Driver)
	}
	return experiment.Machine()
}
