package experimenttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bertlab/internal/texcheck"
)

// latex tests the tables among the files that were written into a folder: plain pdfLaTeX knows all that is in them, and they compile,
// fit the page and have labels of their own.
func latex(t *testing.T, dir string, paths []string) {
	tables := map[string]string{}
	for _, path := range paths {
		if filepath.Ext(path) != ".tex" {
			continue
		}
		tex, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		name = strings.NewReplacer("/", "-", `\`, "-", ".", "-").Replace(strings.TrimSuffix(name, ".tex"))
		texcheck.Table(t, name, string(tex))
		tables[name] = string(tex)
	}
	if len(tables) == 0 {
		t.Error("there is none")
	}
	texcheck.Compile(t, tables)
}
