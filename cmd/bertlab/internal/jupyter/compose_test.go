package jupyter

import (
	"strings"
	"testing"
)

const composedFirst = "// Set up.\n%noautoget\nimport (\n\t\"fmt\"\n\trnd \"math/rand/v2\"\n)\n\ntype head struct{}\n\nfunc (head) String() string { return \"head\" }\n\nvar at = fmt.Sprint(head{})\n\n%%\nfmt.Println(at)\n"

func TestComposeGivesEachCellTheImportsThatItUses(t *testing.T) {
	program, err := compose([]string{composedFirst, "import \"math/rand/v2\"\n%%\n_ = rnd.Int() + rand.Int()", "%%\n_ = at", "func unused() {}"})
	if err != nil {
		t.Fatal(err)
	}
	for name, imports := range map[string]string{"cell1.go": `fmt "fmt"`, "cell2.go": `rand "math/rand/v2";rnd "math/rand/v2"`, "cell3.go": "", "cell4.go": ""} {
		var got []string
		for line := range strings.Lines(string(program[name])) {
			if path, ok := strings.CutPrefix(line, "import "); ok {
				got = append(got, strings.TrimSpace(path))
			}
		}
		if strings.Join(got, ";") != imports {
			t.Errorf("%s imports %v, want %s", name, got, imports)
		}
	}
	if want := "//line cell1:14\n"; !strings.Contains(string(program["cell1.go"]), want) {
		t.Errorf("the body's line is not told by %q:\n%s", want, program["cell1.go"])
	}
	if len(program) != 5 {
		t.Errorf("%d files, want one a cell and main.go", len(program))
	}
}

func TestComposeRefusesWhatTheKernelWouldDoInAnotherWay(t *testing.T) {
	for name, c := range map[string]struct{ cell, want string }{
		"shell":           {"!ls", "a command of the kernel: !ls"},
		"flags":           {"%goflags -race\n%%\n", "a command of the kernel: %goflags -race"},
		"arguments":       {"%% -x\nfmt.Println()", "a command of the kernel: %% -x"},
		"twice":           {"func at() {}", "at is declared twice"},
		"variable":        {"var later = 1", "variables below the first cell"},
		"init":            {"func init() {}", "function init"},
		"method":          {"func (head) Later() {}", "method Later"},
		"other package":   {"import fmt \"os\"\n%%\nfmt.Exit(0)", "fmt is fmt and os"},
		"for its effects": {"import _ \"image/png\"", "imports image/png as _"},
		"widgets":         {"import \"github.com/janpfeifer/gonb/gonbui/widgets\"", "speaks with the kernel"},
		"no Go":           {"%%\nif {", "missing condition"},
		"open":            {"%%\n}\nfunc more() {", "main ends before"},
	} {
		t.Run(name, func(t *testing.T) {
			cells := []string{composedFirst, c.cell, "func more() {}"}
			if _, err := compose(cells); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
	_, err := compose([]string{"%%\nlater()", "func later() {}"})
	if err == nil || !strings.Contains(err.Error(), "cell 1: later is declared below it") {
		t.Errorf("error is %v", err)
	}
}
