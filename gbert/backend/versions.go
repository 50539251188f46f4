package backend

import (
	"runtime"
	"runtime/debug"
	"sync"
)

// The modules whose versions a result depends on.
var provenance = []string{
	"github.com/gomlx/gomlx",
	"github.com/gomlx/compute",
	"github.com/gomlx/go-xla",
	"github.com/gomlx/go-huggingface",
	"github.com/janpfeifer/gonb",
	"gonum.org/v1/gonum",
}

// Versions tells what a result was computed with: "go" and the platform, the program's own version ("bertlab", with
// the commit where the build knows it), and the modules that compute, by module path. A module that is replaced by a
// local folder or that the program does not contain is named so or left out.
func Versions() map[string]string {
	v := versions()
	out := make(map[string]string, len(v))
	for name, version := range v {
		out[name] = version
	}
	return out
}

var versions = sync.OnceValue(func() map[string]string {
	v := map[string]string{"go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Path == "bertlab" && info.Main.Version != "" {
		v["bertlab"] = info.Main.Version
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			v["commit"] = setting.Value
		case "vcs.modified":
			if setting.Value == "true" {
				v["commit_modified"] = "true"
			}
		}
	}
	for _, module := range info.Deps {
		for _, path := range provenance {
			if module.Path != path {
				continue
			}
			v[path] = module.Version
			if module.Replace != nil {
				v[path] += " replaced by " + module.Replace.Path + " " + module.Replace.Version
			}
		}
	}
	return v
})
