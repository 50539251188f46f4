// Package texcheck gives tests what tells whether LaTeX would set a table: rules that need no LaTeX, and LaTeX itself where it is installed.
package texcheck

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// texCommands are the commands that tables of LaTeX may use: all are of LaTeX itself or of the packages that a table names.
var texCommands = strings.Fields(`begin end centering caption label toprule midrule bottomrule addlinespace endfirsthead endhead endlastfoot
	small footnotesize scriptsize sloppy smallskip setlength tabcolsep raggedright raggedleft arraybackslash linewidth hspace
	textbackslash textasciitilde textasciicircum textless textgreater textbar ldots dag ddag S P copyright textregistered texttrademark
	texteuro pounds textyen textwon textcent ss ae AE oe OE o O l L i u r H v d c b
	circ times div pm mp leq geq neq approx equiv sim infty partial nabla sum prod int surd in notin subset subseteq cup cap emptyset
	forall exists neg wedge vee oplus otimes odot perp Vert mid langle rangle lceil rceil lfloor rfloor leftarrow to uparrow downarrow
	leftrightarrow Rightarrow Leftrightarrow mapsto propto ast cdot cdots ell bullet star frac mathbf alpha beta gamma delta varepsilon zeta
	eta theta iota kappa lambda mu nu xi pi rho varsigma sigma tau upsilon varphi chi psi omega epsilon phi vartheta Gamma Delta Theta Lambda
	Xi Pi Sigma Upsilon Phi Psi Omega`)

var (
	texCommand = regexp.MustCompile(`\\([A-Za-z]+)`)
	texEscaped = regexp.MustCompile(`\\[^A-Za-z]`)
	texWidth   = regexp.MustCompile(`p\{([0-9.]+)\\linewidth\}`)
	texNeeds   = regexp.MustCompile(`^% Needs \\usepackage\{([a-z,]+)\}\n`)
)

// Table fails if pdfLaTeX could not set a table: a character that it does not know, a command of no package, braces or dollars that
// do not match, columns wider than the page, no label.
func Table(t T, name, tex string) {
	t.Helper()
	needs := texNeeds.FindStringSubmatch(tex)
	if needs == nil {
		t.Errorf("%s does not say which packages it needs:\n%s", name, tex)
		return
	}
	for _, r := range tex {
		if r >= 0x7f && !(strings.Contains(needs[1], "kotex") && unicode.In(r, unicode.Hangul, unicode.Han, unicode.Katakana, unicode.Hiragana) || r >= 0x3000 && r <= 0xFFEF) {
			t.Errorf("%s: pdfLaTeX does not know %q", name, r)
		}
	}
	for _, command := range texCommand.FindAllStringSubmatch(tex, -1) {
		if !slices.Contains(texCommands, command[1]) && command[1] != "usepackage" {
			t.Errorf("%s: no package has %s", name, command[0])
		}
	}
	bare := texEscaped.ReplaceAllString(tex, "")
	if depth := strings.Count(bare, "{") - strings.Count(bare, "}"); depth != 0 {
		t.Errorf("%s: %d braces too many are open", name, depth)
	}
	for i, line := range strings.Split(bare, "\n") {
		if strings.Count(line, "$")%2 != 0 || i > 0 && strings.ContainsAny(line, "%#") {
			t.Errorf("%s, line %d: %q", name, i+1, line)
		}
	}
	if total := texShare(tex); total > 1 {
		t.Errorf("%s: the columns are %.3f of the page wide", name, total)
	}
	if strings.Count(tex, "\\label{tab:") != 1 {
		t.Errorf("%s has no label:\n%s", name, tex)
	}
}

func texShare(tex string) float64 {
	total := 0.0
	for _, w := range texWidth.FindAllStringSubmatch(tex, -1) {
		v, _ := strconv.ParseFloat(w[1], 64)
		total += v
	}
	return total
}

var (
	texOverfull = regexp.MustCompile(`Overfull \\[hv]box \(([0-9.]+)pt too (?:wide|high)\)[^\n]*`)
	texError    = regexp.MustCompile(`(?m)^(?:!|LaTeX Warning: (?:Label .* multiply|Float too large)).*\n?.*`)
)

// Compile sets tables, by their names, in one document with pdfLaTeX. It fails on an error, on a box more than a point too wide, on a
// table that is larger than its page and on a label that two tables have. Without pdflatex, or without kotex where a table needs it, it
// skips.
func Compile(t *testing.T, tables map[string]string) {
	t.Helper()
	pdflatex, err := exec.LookPath("pdflatex")
	if err != nil {
		t.Skip("no pdflatex (TeX Live: texlive-latex-recommended), which would compile the tables")
	}
	packages := "booktabs,array,longtable"
	for _, tex := range tables {
		if strings.Contains(strings.SplitN(tex, "\n", 2)[0], "kotex") {
			packages = "booktabs,array,longtable,kotex"
			if err := exec.Command("kpsewhich", "kotex.sty").Run(); err != nil {
				t.Skip("no kotex (TeX Live: texlive-lang-korean), which tables in Korean need")
			}
		}
	}
	dir := t.TempDir()
	var document strings.Builder
	fmt.Fprintf(&document, "\\documentclass{article}\n\\usepackage{%s}\n\\begin{document}\n", packages)
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		if err := os.WriteFile(filepath.Join(dir, name+".tex"), []byte(tables[name]), 0o644); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&document, "\\typeout{TABLE %s}\n\\input{%s.tex}\n\\clearpage\n", name, name)
	}
	document.WriteString("\\end{document}\n")
	if err := os.WriteFile(filepath.Join(dir, "document.tex"), []byte(document.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), pdflatex, "-interaction=nonstopmode", "document.tex")
	command.Dir, command.Env = dir, append(os.Environ(), "max_print_line=1000")
	log, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("pdflatex: %v", err)
	}
	for _, part := range strings.Split(string(log), "TABLE ")[1:] {
		name, said, _ := strings.Cut(part, "\n")
		for _, wrong := range texError.FindAllString(said, -1) {
			t.Errorf("%s: %s", name, wrong)
		}
		for _, box := range texOverfull.FindAllStringSubmatch(said, -1) {
			if wide, _ := strconv.ParseFloat(box[1], 64); wide > 1 {
				t.Errorf("%s: %s", name, box[0])
			}
		}
	}
}

// T is what a check needs of a test.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}
