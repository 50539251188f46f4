package words

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// usage is what the papers' Go says: texts, formats, and every constant string, among which are the names.
type usage struct {
	texts, formats map[string]string // by the English: where it stands
	constants      map[string]bool
}

// told are the folders whose words are all said through a printer.
var told = []string{
	"..", "../../ganesh2021", "../../hao2019", "../../lan2020", "../../combined", "../../compare", "../../michel2019", "../../notebook", "../../sajjad2020", "../../sanh2020", "../../wang2022", "../../zafrir2019", "../../../recipes",
}

// rooms are the folders whose words the catalogue has, from this one.
var rooms = []string{"../..", "../../../recipes"}

// read parses the Go of a folder and of those below it.
func (u *usage) read(t *testing.T, root string) {
	t.Helper()
	packages := map[string][]*ast.File{}
	set := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, files := range packages {
		if here, _ := filepath.Abs(dir); strings.HasSuffix(filepath.ToSlash(here), "papers/experiment/words") {
			continue
		}
		constants := constantsOf(files)
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.BasicLit:
					if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
						u.constants[text] = true
					}
				case *ast.CallExpr:
					u.call(t, set, n, constants)
				}
				return true
			})
		}
	}
}

// call notes what a call says.
func (u *usage) call(t *testing.T, set *token.FileSet, call *ast.CallExpr, constants map[string]string) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) == 0 || !slices.Contains([]string{"T", "F", "Key"}, method.Sel.Name) {
		return
	}
	where := set.Position(call.Pos()).String()
	text, ok := constant(call.Args[0], constants)
	if !ok {
		if where := filepath.ToSlash(where); !strings.Contains(where, "/words/") {
			t.Errorf("%s: %s says something that is no constant: use Name", where, method.Sel.Name)
		}
		return
	}
	if method.Sel.Name == "F" {
		u.formats[text] = where
	} else {
		u.texts[text] = where
	}
}

// constantsOf are the constant strings of a package by their names.
func constantsOf(files []*ast.File) map[string]string {
	values := map[string]string{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, name := range spec.Names {
					if i < len(spec.Values) {
						if text, ok := constant(spec.Values[i], values); ok {
							values[name.Name] = text
						}
					}
				}
			}
			return true
		})
	}
	return values
}

// constant is the value of a constant string.
func constant(e ast.Expr, constants map[string]string) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		text, ok := constants[e.Name]
		return text, ok
	case *ast.BinaryExpr:
		left, ok := constant(e.X, constants)
		right, also := constant(e.Y, constants)
		return left + right, ok && also && e.Op == token.ADD
	}
	return "", false
}

func used(t *testing.T, rooms ...string) *usage {
	t.Helper()
	u := &usage{texts: map[string]string{}, formats: map[string]string{}, constants: map[string]bool{}}
	for _, room := range rooms {
		u.read(t, room)
	}
	if len(u.texts) < 100 || len(u.formats) < 30 {
		t.Fatalf("only %d texts and %d formats were found", len(u.texts), len(u.formats))
	}
	return u
}

func TestEveryTextHasItsKorean(t *testing.T) {
	u := used(t, told...)
	var missing []string
	for _, said := range []map[string]string{u.texts, u.formats} {
		for text, where := range said {
			if korean := Korean.said().texts[text]; korean == "" {
				flag := ""
				if u.formats[text] != "" {
					flag = "#, go-format\n"
				}
				missing = append(missing, fmt.Sprintf("#. %s\n%smsgid %q\nmsgstr \"\"\n", where, flag, text))
			}
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		t.Errorf("ko.po lacks %d entries:\n\n%s", len(missing), strings.Join(missing, "\n"))
	}
	for text := range u.texts {
		if u.formats[text] != "" && strings.Contains(text, "%") {
			t.Errorf("%s: %q is a text here and a format in %s", u.texts[text], text, u.formats[text])
		}
	}
}

func TestTheCatalogueHasNothingThatNobodySays(t *testing.T) {
	u := used(t, rooms...)
	for text := range Korean.said().texts {
		if text != "" && u.texts[text] == "" && u.formats[text] == "" {
			t.Errorf("nobody says %q", text)
		}
	}
	for _, room := range []string{"../../../gbert", "../../../techniques"} { // metrics, components and methods have their names from there
		u.read(t, room)
	}
	for name := range Korean.said().names {
		if !u.constants[name] {
			t.Errorf("nothing is called %q", name)
		}
	}
}

// verb of a format: flags, width, precision, the number of the value in brackets, verb.
var verb = regexp.MustCompile(`%[-+# 0]*\d*(?:\.\d+)?(?:\[(\d+)\])?([a-zA-Z%])`)

// verbsOf are the verbs of a format by the number of their value, each as it is written without that number.
func verbsOf(format string) map[int][]string {
	verbs, next := map[int][]string{}, 1
	for _, found := range verb.FindAllStringSubmatch(format, -1) {
		if found[2] == "%" {
			continue
		}
		if found[1] != "" {
			next, _ = strconv.Atoi(found[1])
		}
		written := regexp.MustCompile(`\[\d+\]`).ReplaceAllString(found[0], "")
		if !slices.Contains(verbs[next], written) {
			verbs[next] = append(verbs[next], written)
			slices.Sort(verbs[next])
		}
		next++
	}
	return verbs
}

func TestTheKoreanOfAFormatHasItsVerbs(t *testing.T) {
	u := used(t, rooms...)
	for format, where := range u.formats {
		said, ok := Korean.said().texts[format]
		if !ok {
			continue
		}
		want, got := verbsOf(format), verbsOf(said)
		if fmt.Sprint(want) != fmt.Sprint(got) {
			t.Errorf("%s: %q has the verbs %v, and %q has %v", where, format, want, said, got)
		}
		if strings.Contains(verb.ReplaceAllString(said, ""), "%") {
			t.Errorf("%s: %q has a %% that is no verb", where, said)
		}
	}
	for text := range u.texts {
		if u.formats[text] == "" && strings.Contains(Korean.said().texts[text], "%%") && !strings.Contains(text, "%%") {
			t.Errorf("%q is no format: its Korean %q would show %%%%", text, Korean.said().texts[text])
		}
	}
}

func TestVerbsAreToldApart(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"%d of %s", "%[2]s 중 %[1]d개", true}, {"%d of %s", "%s 중 %d개", false}, {"%.1f %%", "%.1f%%", true}, {"%.1f", "%.2f", false},
		{"%d", "없음", false}, {"%d", "%d %[1]d", true}, {"%d %d", "%d", false},
	} {
		if got := fmt.Sprint(verbsOf(test.a)) == fmt.Sprint(verbsOf(test.b)); got != test.same {
			t.Errorf("%q and %q: %v", test.a, test.b, got)
		}
	}
}

// hangul is a letter of Korean.
var hangul = regexp.MustCompile(`\p{Hangul}`)

func TestGoHoldsNoKorean(t *testing.T) {
	for _, room := range told {
		err := filepath.WalkDir(room, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if found := hangul.FindIndex(text); found != nil {
				t.Errorf("%s holds Korean: it belongs into ko.po", path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// An entry that stands twice would hide one of its two translations.
func TestTheCatalogueHasEachTextOnce(t *testing.T) {
	seen := map[string]bool{}
	context := ""
	for line := range strings.Lines(korean) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			context = ""
		case strings.HasPrefix(line, "msgctxt "):
			context = line
		case strings.HasPrefix(line, "msgid ") && line != `msgid ""`:
			if seen[context+line] {
				t.Errorf("twice: %s", line)
			}
			seen[context+line] = true
		}
	}
	entries := 0
	for _, said := range []map[string]string{Korean.said().texts, Korean.said().names} {
		for english := range said {
			if english != "" {
				entries++
			}
		}
	}
	if len(seen) != entries {
		t.Errorf("%d entries stand in the file, %d were read", len(seen), entries)
	}
}
