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

// Health says what is here and what would be used, found without network and without starting a backend in this process.
type Health struct {
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	CPUs     int               `json:"cpus"`
	Versions map[string]string `json:"versions"` // by module
	Backend  string            `json:"backend"`
	Reason   string            `json:"reason"`
	Device   string            `json:"device"`
	Devices  []backend.Device  `json:"devices"` // of the backend; --devices takes so many of them
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
	h.list(ctx, t.Devices)
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

// listing is how long a backend may take to start for the list of its devices: a GPU's takes seconds.
const listing = 20 * time.Second

// list fills in the devices of the backend, which another process starts: a plugin that is broken may end it.
func (h *Health) list(ctx context.Context, devices func(ctx context.Context) ([]backend.Device, error)) {
	h.Devices = []backend.Device{}
	if devices == nil || h.Details.Missing != "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, listing)
	defer cancel()
	list, err := devices(ctx)
	if err != nil {
		h.note("the devices of %s cannot be listed: %v", h.Backend, err)
		return
	}
	h.Devices = list
}

// ListDevices starts the backend, and lists its devices.
func (t *Tools) ListDevices(ctx context.Context) ([]backend.Device, error) {
	b, _, err := backend.Open(ctx, backend.Options{Name: t.Backend, Offline: true})
	if err != nil {
		return nil, err
	}
	defer b.Finalize()
	return backend.Devices(b), nil
}

// device names what would compute, as far as that shows without starting a backend.
func device(report backend.Report) string {
	if report.Choice.Name == "xla:cuda" {
		return strings.TrimSpace("NVIDIA GPU, driver " + report.GPU.Driver)
	}
	return experiment.Machine()
}
