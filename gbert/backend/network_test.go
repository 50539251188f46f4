package backend

import (
	"os"
	"path/filepath"
	"testing"
)

// With BERTLAB_NETWORK=1: one of the two real sources still gives a plugin that computes.
func TestTheRealPluginInstallsIntoAnEmptyHome(t *testing.T) {
	if os.Getenv("BERTLAB_NETWORK") != "1" {
		t.Skip("needs the network: set BERTLAB_NETWORK=1")
	}
	home := t.TempDir()
	m := thisMachine()
	m.home, m.cache, m.systemLib, m.loaderConf = home, filepath.Join(home, "cache"), home, filepath.Join(home, "none")
	m.getenv = func(string) string { return "" }
	b, c, err := m.open(t.Context(), Options{Name: "xla:cpu"})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	t.Logf("%+v", c)
	if filepath.Dir(c.PluginPath) != filepath.Join(m.userLib(), "go-xla") || c.PluginVersion == "" {
		t.Errorf("%+v", c)
	}
	square(t, b)
}
