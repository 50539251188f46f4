// Package floors is a test alone: imports run downward, as docs/architecture.md says.
package floors

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// A room is a row of the table: packages that may import one another. <method> and the like stand for any name, each a room of its own.
type room struct {
	floor int // aside: beside the house
	paths []string
}

// aside is the floor of what the house does not stand on: it may import anything, and only its like import it.
const aside = -1

var (
	row    = regexp.MustCompile(`(?m)^\| (\d+|–) \| (.*?) \|`)
	quoted = regexp.MustCompile("`([^`]+)`")
)

// readHouse reads the rooms from the text of docs/architecture.md.
func readHouse(text string) (house []room) {
	for _, match := range row.FindAllStringSubmatch(text, -1) {
		r := room{floor: aside}
		if floor, err := strconv.Atoi(match[1]); err == nil {
			r.floor = floor
		}
		for _, name := range quoted.FindAllStringSubmatch(match[2], -1) {
			r.paths = append(r.paths, name[1])
		}
		house = append(house, r)
	}
	return house
}

// roomOf is the room of a package, by the longest path that begins its own, and the room's name.
func roomOf(house []room, pkg string) (found *room, name string) {
	longest := 0
	for i := range house {
		for _, pattern := range house[i].paths {
			wanted, given := strings.Split(pattern, "/"), strings.Split(pkg, "/")
			literal := 0
			for j, part := range wanted {
				wild := strings.HasPrefix(part, "<")
				if j >= len(given) || !wild && part != given[j] {
					literal = -1
					break
				}
				if literal += 2; wild {
					literal--
				}
			}
			if literal > longest {
				longest, found, name = literal, &house[i], fmt.Sprint(i)
				if strings.Contains(pattern, "<") {
					name = strings.Join(given[:len(wanted)], "/")
				}
			}
		}
	}
	return found, name
}

// wrong says what is wrong with an import, or nothing.
func wrong(house []room, from, to string) string {
	a, here := roomOf(house, from)
	b, there := roomOf(house, to)
	switch {
	case a == nil:
		return from + " stands in no row of the table"
	case b == nil:
		return to + " stands in no row of the table"
	case here == there, a.floor == aside, b.floor != aside && b.floor < a.floor:
		return ""
	case b.floor == aside:
		return fmt.Sprintf("%s imports %s, which nothing stands on", from, to)
	case b.floor == a.floor:
		return fmt.Sprintf("%s imports %s sideways, on floor %d", from, to, a.floor)
	}
	return fmt.Sprintf("%s on floor %d imports %s above it, on floor %d", from, a.floor, to, b.floor)
}

// arrows are the imports of the packages below a folder, without their tests', from the module's packages to one another.
func arrows(t *testing.T, root string) map[[2]string]bool {
	t.Helper()
	found := map[[2]string]bool{}
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && file != root && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			if to, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "bertlab/"); ours {
				found[[2]string{path.Dir(filepath.ToSlash(inside)), to}] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestImportsRunDownward(t *testing.T) {
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	house, all := readHouse(string(text)), arrows(t, "../..")
	if len(house) < 15 || len(all) < 100 {
		t.Fatalf("%d rooms and %d imports were found: the table or the folder is read wrongly", len(house), len(all))
	}
	for arrow := range all {
		if why := wrong(house, arrow[0], arrow[1]); why != "" {
			t.Error(why)
		}
	}
	// What the table must say, whatever else it says.
	for _, arrow := range [][2]string{
		{"techniques/heads", "techniques/tucker"}, {"gbert", "techniques/heads"}, {"gbert/surgery", "techniques/heads"}, {"gbert", "gbert/surgery"},
		{"figures", "gbert"}, {"figures/report", "gbert/task"}, {"figures/show", "stats"}, {"stats", "gbert"}, {"stats", "tensor"}, {"tensor", "stats"}, {"tensor", "gbert/safetensors"},
		{"papers/michel2019", "papers/hao2019"}, {"papers/experiment", "papers/michel2019"}, {"techniques/heads", "papers/experiment"},
		{"recipes", "cmd/bertlab"}, {"gbert", "internal/tiny"},
	} {
		if wrong(house, arrow[0], arrow[1]) == "" {
			t.Errorf("the table allows that %s imports %s", arrow[0], arrow[1])
		}
	}
}

func TestArrowsUpwardSidewaysAndToNowhereAreWrong(t *testing.T) {
	house := readHouse("| floor | room | what |\n|---|---|---|\n| 2 | `cmd/x` | main |\n| 1 | `parts/<part>` | each |\n| 1 | `parts/base` | all |\n" +
		"| 0 | `files`, `disk` | `cmd/x` is not one |\n| – | `internal/tools` | tools |\n")
	for _, test := range []struct{ from, to, want string }{
		{"cmd/x", "parts/a", ""}, {"cmd/x", "files", ""}, {"cmd/x/internal/y", "cmd/x", ""}, {"parts/a/sub", "parts/a", ""},
		{"files", "disk", ""}, {"internal/tools/one", "internal/tools/two", ""}, {"internal/tools", "cmd/x", ""},
		{"parts/a", "parts/b", "parts/a imports parts/b sideways, on floor 1"}, {"parts/a", "parts/base", "sideways"}, {"parts/base", "parts/a", "sideways"},
		{"parts/a", "cmd/x", "parts/a on floor 1 imports cmd/x above it, on floor 2"}, {"files", "parts/a", "above it"},
		{"cmd/x", "internal/tools", "which nothing stands on"}, {"cmd/y", "files", "cmd/y stands in no row"}, {"cmd/x", "parts", "parts stands in no row"},
	} {
		if got := wrong(house, test.from, test.to); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s imports %s: %q, want %q", test.from, test.to, got, test.want)
		}
	}
	root := t.TempDir()
	for name, text := range map[string]string{
		"parts/a/a.go": "package a\n\nimport _ \"bertlab/parts/b\"\n", "parts/b/b.go": "package b\n\nimport _ \"os\"\n",
		"parts/b/b_test.go": "package b\n\nimport _ \"bertlab/cmd/x\"\n", "parts/b/testdata/c.go": "package c\n\nimport _ \"bertlab/cmd/x\"\n",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if all := arrows(t, root); len(all) != 1 || !all[[2]string{"parts/a", "parts/b"}] {
		t.Errorf("the imports of the folder are %v", all)
	}
}
