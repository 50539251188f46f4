package show

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"bertlab/cmd/bertlab/internal/workbench"
)

// Health writes what is here and what would be used.
func Health(w io.Writer, h *workbench.Health) {
	fmt.Fprintf(w, "go\t%s %s\n", h.Go, h.Platform)
	for _, module := range slices.Sorted(maps.Keys(h.Versions)) {
		if module != "go" && module != "platform" {
			fmt.Fprintf(w, "%s\t%s\n", module, h.Versions[module])
		}
	}
	fmt.Fprintf(w, "backend\t%s: %s\n", h.Backend, h.Reason)
	fmt.Fprintf(w, "device\t%s\n", h.Device)
	for _, device := range h.Devices {
		memory := ""
		if device.Memory > 0 {
			memory = fmt.Sprintf(", %.1f GiB", float64(device.Memory)/(1<<30))
		}
		fmt.Fprintf(w, "device %d\t%s%s\n", device.Number, device.Kind, memory)
	}
	if h.Plugin.Path != "" {
		fmt.Fprintf(w, "plugin\t%s %s\n", h.Plugin.Path, h.Plugin.Version)
	}
	fmt.Fprintf(w, "ONNX Runtime\t%s\n", orNone(strings.TrimSpace(h.Runtime.Path+" "+h.Runtime.Version)))
	fmt.Fprintf(w, "kernel\t%s\n", orNone(h.Kernel.Kernel))
	fmt.Fprintf(w, "cache of the Hub\t%s\n", orNone(h.Caches.HubCache))
	fmt.Fprintf(w, "cache of bertlab\t%s\n", orNone(h.Caches.Cache))
	fmt.Fprintf(w, "model\t%s: %s\n", h.Model.Name, orNone(h.Model.Dir))
	fmt.Fprintf(w, "data\t%s: %s\n", h.Data.Name, orNone(h.Data.Dir))
	for _, problem := range h.Problems {
		fmt.Fprintf(w, "note\t%s\n", problem)
	}
}

func orNone(text string) string { return cmp.Or(text, "none") }

// Fetched writes what commands find on this machine from now on.
func Fetched(w io.Writer, f *workbench.Fetched) {
	fmt.Fprintf(w, "backend\t%s\n", f.Backend)
	fmt.Fprintf(w, "model\t%s (%s)\n", f.Model.Dir, f.Model.Source)
	for _, data := range f.Data {
		fmt.Fprintf(w, "data\t%s\n", data)
	}
	if f.Runtime != nil {
		fmt.Fprintf(w, "ONNX Runtime\t%s %s\n", f.Runtime.Path, f.Runtime.Version)
	}
}
