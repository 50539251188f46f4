package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/jupyter"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/papers/experiment"
)

// doctorDocument is what doctor prints: what is here and what would be used, found without network and without starting a
// backend.
type doctorDocument struct {
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	CPUs     int               `json:"cpus"`
	Versions map[string]string `json:"versions"` // by module
	Backend  string            `json:"backend"`
	Reason   string            `json:"reason"`
	Device   string            `json:"device"`
	Plugin   pluginInfo        `json:"plugin"`
	Runtime  pluginInfo        `json:"onnxruntime"`
	Kernel   jupyter.Report    `json:"kernel"` // Jupyter and its Go kernel
	Caches   hub.Places        `json:"caches"`
	Model    found             `json:"model"` // the default one, or that of --model
	Data     found             `json:"data"`  // the default set
	Problems []string          `json:"problems"`
	Details  backend.Report    `json:"details"`
	Seconds  float64           `json:"seconds"`
}

type pluginInfo struct {
	Path    string `json:"path"` // "" where none is needed or none is here
	Version string `json:"version"`
}

// found says whether something is on this machine.
type found struct {
	Name   string `json:"name"`
	Found  bool   `json:"found"`
	Dir    string `json:"dir,omitempty"`
	Source string `json:"source,omitempty"`
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Show what is installed and what would be used",
		Long: `Show what is installed and what would be used: Go, module versions, backend, device and plugin, the notebook kernel, caches, the
default model and data. It does not use the network and answers within a second.`,
		Example: `  bertlab doctor
  bertlab doctor --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			document := a.examine(command.Context())
			return a.print(document, document.human)
		}),
	}
}

func (a *app) examine(ctx context.Context) *doctorDocument {
	began := time.Now()
	report := backend.Inspect(backend.Options{Name: a.Backend})
	client := hub.New(hub.Options{Offline: true})
	document := &doctorDocument{
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(), Versions: backend.Versions(),
		Backend: report.Choice.Name, Reason: report.Choice.Reason, Device: device(report),
		Plugin: pluginInfo{Path: report.Choice.PluginPath, Version: report.Choice.PluginVersion},
		Kernel: jupyter.Find(jupyter.Options{}), Caches: hub.New(hub.Options{}).Places(), Details: report, Problems: []string{},
		Model: found{Name: hub.DefaultModel}, Data: found{Name: workbench.DefaultTask},
	}
	if a.model != "" {
		document.Model.Name = a.model
	}
	note := func(format string, args ...any) {
		document.Problems = append(document.Problems, fmt.Sprintf(format, args...))
	}
	if model, err := client.Model(ctx, a.model); err == nil {
		document.Model = found{Name: model.Name, Found: true, Dir: model.Dir, Source: model.Source}
	} else {
		note("the model %s is not here: bertlab setup brings it", document.Model.Name)
	}
	if library, err := backend.FindONNXRuntime(ctx); err == nil {
		document.Runtime = pluginInfo{Path: library.Path, Version: library.Version}
	} else if os.Getenv(backend.RuntimeVariable) != "" {
		note("%v", err)
	}
	if data, err := client.Sentiment(ctx); err == nil {
		document.Data = found{Name: workbench.DefaultTask, Found: true, Dir: data.Dir, Source: data.Source}
	} else {
		note("the default data are not here: bertlab setup brings them")
	}
	if report.Choice.Warning != "" {
		note("%s", report.Choice.Warning)
	}
	for _, plugin := range report.Plugins {
		if !plugin.Usable() {
			note("the plugin %s cannot be used: %s", plugin.Path, plugin.Problem)
		}
	}
	for _, missing := range document.Kernel.Missing {
		note("%s", missing)
	}
	document.Seconds = time.Since(began).Seconds()
	return document
}

func (d *doctorDocument) human(w io.Writer) {
	fmt.Fprintf(w, "go\t%s %s\n", d.Go, d.Platform)
	for _, module := range slices.Sorted(maps.Keys(d.Versions)) {
		if module != "go" && module != "platform" {
			fmt.Fprintf(w, "%s\t%s\n", module, d.Versions[module])
		}
	}
	fmt.Fprintf(w, "backend\t%s: %s\n", d.Backend, d.Reason)
	fmt.Fprintf(w, "device\t%s\n", d.Device)
	if d.Plugin.Path != "" {
		fmt.Fprintf(w, "plugin\t%s %s\n", d.Plugin.Path, d.Plugin.Version)
	}
	fmt.Fprintf(w, "ONNX Runtime\t%s\n", orNone(strings.TrimSpace(d.Runtime.Path+" "+d.Runtime.Version)))
	fmt.Fprintf(w, "kernel\t%s\n", orNone(d.Kernel.Kernel))
	fmt.Fprintf(w, "cache of the Hub\t%s\n", orNone(d.Caches.HubCache))
	fmt.Fprintf(w, "cache of bertlab\t%s\n", orNone(d.Caches.Cache))
	fmt.Fprintf(w, "model\t%s: %s\n", d.Model.Name, orNone(d.Model.Dir))
	fmt.Fprintf(w, "data\t%s: %s\n", d.Data.Name, orNone(d.Data.Dir))
	for _, problem := range d.Problems {
		fmt.Fprintf(w, "note\t%s\n", problem)
	}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// device names what would compute, as far as that shows without starting a backend.
func device(report backend.Report) string {
	if report.Choice.Name == "xla:cuda" {
		return strings.TrimSpace("NVIDIA GPU, driver " + report.GPU.Driver)
	}
	return experiment.Machine()
}
