package figures

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestHTMLAndMarkdownAndLaTeXEscapeWhatIsMarkup(t *testing.T) {
	table := &Table{Title: "a < b", Columns: []Column{{Name: "x|y"}, {Name: "n", Unit: "%"}}, Rows: [][]any{{"<script>", 1}, {"50 % & _more_ $5 #1 \\x {y}", 2}, {"[b]", 3}}}
	for kind, c := range map[string]struct{ got, want, never string }{
		"HTML":     {table.HTML(), "&lt;script&gt;", "<script>"},
		"Markdown": {table.Markdown(), `x\|y`, "<script>"},
		"LaTeX":    {table.LaTeX(), `50 \% \& \_more\_ \$5 \#1 \textbackslash{}x \{y\}`, "50 % "},
	} {
		if !strings.Contains(c.got, c.want) || strings.Contains(c.got, c.never) {
			t.Errorf("%s: want %q and not %q in\n%s", kind, c.want, c.never, c.got)
		}
	}
	if !strings.Contains(table.LaTeX(), "{}[b]") {
		t.Error("a bracket at the start of a LaTeX row is read as the argument of the line before")
	}
}

func TestTextAlignsWideCharacters(t *testing.T) {
	lines := strings.Split(strings.TrimSpace((&Table{Columns: []Column{{Name: "이름"}, {Name: "n"}}, Rows: [][]any{{"주의", 1}, {"attention", 10}, {"e\u0301", 100}}}).Text()), "\n")
	for _, l := range lines[1:] {
		if places(l) != places(lines[1]) {
			t.Errorf("%q takes %d places, the rule %d", l, places(l), places(lines[1]))
		}
	}
}

func TestCSVKeepsFullPrecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, s := rapid.Float64().Draw(t, "v"), rapid.String().Draw(t, "s")
		s = strings.ReplaceAll(s, "\r", "") // csv reads \r\n as \n
		records, err := csv.NewReader(strings.NewReader((&Table{Columns: []Column{{Name: "v", Format: "%.1f"}, {Name: "s"}}, Rows: [][]any{{v, s}}}).CSV())).ReadAll()
		if err != nil || len(records) != 2 {
			t.Fatalf("%v, %v", records, err)
		}
		if got, err := strconv.ParseFloat(records[1][0], 64); err != nil || got != v || records[1][1] != s {
			t.Errorf("(%v, %q) came back as %q", v, s, records[1])
		}
	})
}

func TestCellsAreWrittenForPeople(t *testing.T) {
	type named float32
	for want, c := range map[string]struct {
		v      any
		format string
	}{
		"–": {math.NaN(), "%.2f"}, "∞": {math.Inf(1), ""}, "−∞": {math.Inf(-1), "%.1f"}, "−0.50": {-0.5, "%.2f"}, "72": {72.0, "%d"}, "0.1": {float32(0.1), ""},
		"7": {7, ""}, "7.0": {7, "%.1f"}, "yes": {true, ""}, "no": {false, ""}, "does not hold": {DoesNotHold, "%.2f"}, "": {nil, ""}, "a b": {"a\nb", ""}, "0.25": {named(0.25), ""}, "12 %": {12.0, "%d %%"},
	} {
		if got := (&Table{Columns: []Column{{Format: c.format}}, Rows: [][]any{{c.v}}}).cell(0, 0); got != want {
			t.Errorf("%v with %q is %q, want %q", c.v, c.format, got, want)
		}
	}
}

func TestTableSavesEachFormatAndRejectsLongRows(t *testing.T) {
	dir := t.TempDir()
	for ext, want := range map[string]string{".html": "<table class=\"bertlab-table\"", ".md": "| Method |", ".tex": "\\toprule", ".csv": "Method,Heads left", ".txt": "Method"} {
		path := filepath.Join(dir, "t"+ext)
		if err := demoTable().Save(path); err != nil {
			t.Fatal(err)
		}
		if raw, err := os.ReadFile(path); err != nil || !strings.Contains(string(raw), want) {
			t.Errorf("%s: %v, no %q", ext, err, want)
		}
	}
	if err := demoTable().Save(filepath.Join(dir, "t.xls")); err == nil {
		t.Error("an unknown format was saved")
	}
	if err := (&Table{Rows: [][]any{{1}}}).Save(filepath.Join(dir, "t.md")); err == nil || !strings.Contains(err.Error(), "row 0 has 1 cells for 0 columns") {
		t.Errorf("a row longer than the table: %v", err)
	}
}

func TestVerdictGoesThroughJSON(t *testing.T) {
	for _, v := range []Verdict{Holds, DoesNotHold, CannotTell} {
		raw, err := json.Marshal(v)
		var back Verdict
		if err != nil || string(raw) != `"`+v.String()+`"` || json.Unmarshal(raw, &back) != nil || back != v {
			t.Errorf("%v became %s and %v (%v)", v, raw, back, err)
		}
	}
	var v Verdict
	if err := json.Unmarshal([]byte(`"maybe"`), &v); err == nil {
		t.Error(`"maybe" was taken for a verdict`)
	}
}

func TestReportNeedsNothingElseAndEscapes(t *testing.T) {
	raw, err := demoReport(t).HTML()
	if err != nil {
		t.Fatal(err)
	}
	again, _ := demoReport(t).HTML()
	if !bytes.Equal(raw, again) {
		t.Error("the same report gives different bytes")
	}
	s := string(raw)
	if bad := regexp.MustCompile(`(src|href)="(?:[^#d]|d[^a])|url\(|@import|<script|<link`).FindString(s); bad != "" {
		t.Errorf("the report refers to something else: %q", bad)
	}
	for _, want := range []string{"&lt;b&gt;tags&lt;/b&gt; &amp; signs", `href="#s2"`, `<section id="s2">`, "cannot be told here", "<details>", "Figure 4.", "Table 1.", "prefers-color-scheme: dark", `alt="A few heads`, "data:image/png;base64,", "data:image/svg+xml;base64,", "@media print"} {
		if !strings.Contains(s, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := demoReport(t).Write(path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, raw) {
		t.Errorf("the file differs from HTML(): %v", err)
	}
}

func TestReportSaysWhichBlockIsWrong(t *testing.T) {
	for want, r := range map[string]*Report{
		"needs a title":        {},
		`section "S", block 1`: {Title: "T", Sections: []Section{{"S", []Block{Paragraph("p"), FigureBlock{}}}}},
		"block 0 is nil":       {Title: "T", Sections: []Section{{"S", []Block{nil}}}},
		"without a table":      {Title: "T", Sections: []Section{{"S", []Block{TableBlock{}}}}},
	} {
		if err := r.Write(filepath.Join(t.TempDir(), "r.html")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestLinksLeadToTheSameFolderOrToTheWeb(t *testing.T) {
	report := func(target string) ([]byte, error) {
		return (&Report{Title: "t", Sections: []Section{{Title: "s", Blocks: []Block{Link{"a <b>", target}}}}}).HTML()
	}
	for _, target := range []string{"heads.html", "sub/a b.html", "https://arxiv.org/abs/1905.10650"} {
		if raw, err := report(target); err != nil || !strings.Contains(string(raw), "<p><a href=") || strings.Contains(string(raw), "<b>") {
			t.Errorf("%s: %v", target, err)
		}
	}
	for _, target := range []string{"", "javascript:alert(1)", "http://example.org", "/etc/passwd", "//example.org/x", "file:///etc/passwd"} {
		if _, err := report(target); err == nil {
			t.Errorf("%q is a target", target)
		}
	}
}
