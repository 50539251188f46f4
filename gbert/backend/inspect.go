package backend

import (
	"context"

	"github.com/gomlx/compute"

	"bertlab/gbert/hub/fetch"
)

// Report is what [Inspect] sees.
type Report struct {
	Choice     Choice   `json:"choice"`  // what Open would pick without installing anything
	Plugins    []Plugin `json:"plugins"` // all plugins found, the usable and the broken ones
	GPU        GPU      `json:"gpu"`
	SearchPath []string `json:"search_path"`        // where plugins are looked for
	Install    string   `json:"install,omitempty"`  // where they are installed
	Missing    string   `json:"missing,omitempty"`  // what Open would have to bring first; "" for nothing
	Variable   string   `json:"variable,omitempty"` // GOMLX_BACKEND
	Offline    bool     `json:"offline"`            // BERTLAB_OFFLINE
}

// Inspect looks around without loading a plugin, making a backend or asking the network. It takes some tens of
// milliseconds, where a GPU is present a little more.
func Inspect(o Options) Report { return thisMachine().inspect(o) }

func (m *machine) inspect(o Options) (r Report) {
	ctx := context.Background()
	o.Offline = o.Offline || fetch.Truthy(m.getenv("BERTLAB_OFFLINE"))
	r = Report{
		GPU: m.gpu(ctx), SearchPath: m.searchPath(), Plugins: m.plugins(),
		Variable: m.getenv(compute.ConfigEnvVar), Offline: o.Offline,
	}
	if dir, err := m.installDir(); err == nil {
		r.Install = dir
	}
	defer func() {
		if warning := m.flagsWarning(&r.Choice); warning != "" && r.Choice.Warning == "" {
			r.Choice.Warning = warning
		}
	}()
	w := m.wanted(o)
	if w.kind == otherBackend {
		r.Choice = Choice{Name: w.name, Config: w.name, Reason: w.source}
		return r
	}
	if !m.hasXLA {
		r.Choice = Choice{Name: "go", Config: "go", Reason: "XLA is not part of this program on " + m.platform()}
		return r
	}
	reason := w.source
	if w.kind != cpuBackend && r.GPU.Present {
		if p, ok := m.findCUDA(ctx); ok {
			if !containsPath(r.Plugins, p.Path) {
				r.Plugins = append(r.Plugins, p)
			}
			r.Choice = *m.choice(p, w, "a GPU ("+r.GPU.Why+") and a CUDA plugin are here")
			return r
		}
		reason = "a GPU is here and no CUDA plugin"
	} else if w.kind == anyBackend || w.kind == anyXLA {
		reason = "no GPU here"
	}
	if w.kind == cudaBackend {
		r.Choice = Choice{Name: "xla:cuda", Reason: w.source, Warning: "there is no GPU"}
		if r.GPU.Present {
			r.Missing, r.Choice.Warning = "CUDA plugin", "the CUDA plugin is missing"
		}
		return r
	}
	if p, ok := m.find("cpu"); ok {
		r.Choice = *m.choice(p, w, reason)
		return r
	}
	r.Missing = "XLA CPU plugin"
	if o.Offline && w.kind == anyBackend {
		r.Choice = Choice{Name: "go", Config: "go", Reason: reason + ", and no XLA CPU plugin", Warning: "the pure Go backend is about 20 times slower than XLA"}
		return r
	}
	r.Choice = Choice{Name: "xla:cpu", Reason: reason, Warning: "its plugin is missing: `bertlab setup` brings it, or the first command that needs it"}
	return r
}

func containsPath(plugins []Plugin, path string) bool {
	for _, p := range plugins {
		if p.Path == path {
			return true
		}
	}
	return false
}
