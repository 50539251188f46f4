package backend

import (
	"context"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/installer"

	"bertlab/gbert/hub/fetch"
	"bertlab/gbert/hub/registry"
)

// cpuRelease is the release of the CPU plugin that go-xla v0.4.5 installs by default.
const cpuRelease = "v0.114.0"

// machine is all that this package asks of its surroundings, so that tests can give it others.
type machine struct {
	goos, goarch string
	home, cache  string // "" where there is none
	systemLib    string
	loaderConf   string
	minPlugin    int64
	hasXLA       bool // XLA is compiled in
	getenv       func(string) string
	gpu          func(ctx context.Context) GPU
	python       func(ctx context.Context) []string                // site-packages folders
	upstream     func(ctx context.Context) (url string, err error) // the CPU plugin's release
	registry     registry.Registry                                 //
	client       *http.Client                                      // nil: fetch.Client
	create       func(config string) (compute.Backend, error)      // makes the backend
	setenv       func(key, value string) error                     //
	now          func() time.Time                                  //
}

// boundInstaller gives bounds to go-xla's installer, which asks with Go's default client and takes no other: a server that sends without
// end, or nothing, would keep it for ever.
var boundInstaller = sync.OnceFunc(func() { http.DefaultClient = fetch.Bounded() })

// thisMachine is the real one.
func thisMachine() *machine {
	m := &machine{
		goos: runtime.GOOS, goarch: runtime.GOARCH,
		systemLib:  "/usr/local/lib",
		loaderConf: "/etc/ld.so.conf",
		minPlugin:  minPluginBytes,
		hasXLA:     hasXLA,
		getenv:     os.Getenv,
		setenv:     os.Setenv,
		gpu:        detectGPU,
		create:     create,
		now:        time.Now,
	}
	m.home, _ = os.UserHomeDir()
	m.cache, _ = fetch.CacheDir()
	m.python = m.sitePackages
	m.upstream = func(ctx context.Context) (string, error) {
		boundInstaller()
		return registry.Within(ctx, 8*time.Second, func() (string, error) {
			return installer.CPUGetDownloadURL(m.platform(), cpuRelease)
		})
	}
	return m
}
