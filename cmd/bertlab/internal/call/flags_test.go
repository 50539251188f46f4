package call

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// unreachable are names in messages that no call of the program can bring up: they tell programmers of a mistake in their program.
var unreachable = []string{"Dataset.InOrder", "PruneOptions.Rank", "Options.WarmupSteps", "Options.CoolDownSteps", "Options.Initial", "Prepared.Predictions", "Prepared.Judge", "Dataset.Labelled"}

func TestEveryFieldThatAnErrorNamesHasAFlag(t *testing.T) {
	root, found := "../../../..", map[string]bool{}
	for _, room := range []string{"gbert", "techniques", "recipes", "papers"} {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(node ast.Node) bool {
				text, ok := node.(*ast.BasicLit)
				if !ok || text.Kind != token.STRING || strings.HasPrefix(text.Value, "`") {
					return true
				}
				value, _ := strconv.Unquote(text.Value) // the parser has read it
				for _, name := range fieldName.FindAllString(value, -1) {
					if named(name) && fields[name] == "" && !slices.Contains(unreachable, name) {
						t.Errorf("%s names %s, which is no flag:\n%s", path, name, value)
					}
					found[name] = true
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range fields {
		if !found[name] {
			t.Errorf("no message names %s any more", name)
		}
	}
}

// named says whether a name is one of the types whose fields are filled by flags.
func named(name string) bool {
	kind, _, _ := strings.Cut(name, ".")
	return slices.Contains([]string{"Columns", "Options", "PruneOptions", "FactoriseOptions", "BankOptions", "Draw", "Answers", "Limits", "Model", "Dataset", "Prepared"}, kind)
}

func TestMessagesNameFlagsInPlaceOfFields(t *testing.T) {
	has := func(flag string) bool { return flag != "label-column" }
	for message, want := range map[string]string{
		"name the labels with Columns.Labels, in order":        "name the labels with --labels, in order",
		"name it with Columns.Label; or Columns.Text":          "name it with --label-column of bertlab eval; or --text-column",
		"data without labels are read with Columns.Unlabelled": "data without labels are read with --split test",
		"Options.WarmupShare 1 and Options.CoolDownShare 0.5":  "--prune-warmup 1 and --cool-down 0.5",
		"write it out in full (Model.Dense)":                   "write it out in full (bertlab export --dense)",
		"a file Columns.Csv and U.S. Labels":                   "a file Columns.Csv and U.S. Labels",
	} {
		if got := Flags(message, has); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTheNearestChoicesAreNamed(t *testing.T) {
	choices := []string{"sst2", "stsb", "movies", "movement", "magnitude"}
	for word, want := range map[string]string{
		"sst": "; did you mean sst2?", "ss2": "; did you mean sst2?", "MOVIE": "; did you mean movies?", "mov": "; did you mean movies or movement?", "moviez": "; did you mean movies?",
		"magnitdue": "; did you mean magnitude?", "poetry": "", "": "", "x": "",
	} {
		if got := Meant(word, choices); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	if err := Choose("method", "movment", choices...); err == nil || !strings.Contains(err.Error(), "--method movment: choose one of sst2, ") || !strings.HasSuffix(err.Error(), "did you mean movement?") {
		t.Errorf("%v", err)
	}
	if Choose("method", "movies", choices...) != nil || Wrap(nil) != nil {
		t.Error("what is right is an error")
	}
}
