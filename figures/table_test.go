package figures

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAnIntervalStaysOnOneLine(t *testing.T) {
	for cell, want := range map[string]string{
		"[−2.71, −0.42]":              "[−2.71,~−0.42]",
		"−3.39 [−4.73, −2.03] points": "−3.39 [−4.73,~−2.03] points",
		"0.643 to 0.685":              "0.643~to~0.685",
		"0.948 (0.893 to 1.005)":      "0.948 (0.893~to~1.005)",
		"49.9 [48.8, 51.2] %":         "49.9 [48.8,~51.2] %",
		"layers 1, 2, 3 of 6":         "layers 1, 2, 3~of~6",
		"1 epoch, then 2":             "1 epoch, then 2",
		"[CLS] at 12 places":          "[CLS] at 12 places",
	} {
		table := &Table{Columns: []Column{{Name: "x"}}, Rows: [][]any{{cell}}}
		if got := table.HTML(); !strings.Contains(got, ">"+strings.ReplaceAll(want, "~", "\u00a0")+"</td>") {
			t.Errorf("%s: %s", cell, got)
		}
		if !strings.Contains(table.Text(), cell) {
			t.Errorf("as text, %s is another: %s", cell, table.Text())
		}
	}
}

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

func TestCSVKeepsTenDigitsAndWholeNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, s := rapid.Float64().Draw(t, "v"), rapid.String().Draw(t, "s")
		s = strings.ReplaceAll(s, "\r", "") // csv reads \r\n as \n
		records, err := csv.NewReader(strings.NewReader((&Table{Columns: []Column{{Name: "v", Format: "%.1f"}, {Name: "s"}}, Rows: [][]any{{v, s}}}).CSV())).ReadAll()
		if err != nil || len(records) != 2 {
			t.Fatalf("%v, %v", records, err)
		}
		if got, err := strconv.ParseFloat(records[1][0], 64); err != nil || math.Abs(got-v) > 5.1e-10*math.Abs(v) || v == math.Trunc(v) && math.Abs(v) < 1<<53 && got != v || records[1][1] != strings.ReplaceAll(s, "−", "-") {
			t.Errorf("(%v, %q) came back as %q", v, s, records[1])
		}
	})
}

func TestCSVIsForPrograms(t *testing.T) {
	table := &Table{Columns: []Column{{Name: "low − high"}, {Name: "n"}}, Rows: [][]any{{"−5.00 points", 22713216}, {0.6249999999999978, 22713216.0}, {-1.0 / 3, int64(1) << 60}}}
	if got, want := table.CSV(), "low - high,n\n-5.00 points,22713216\n0.625,22713216\n-0.3333333333,1152921504606846976\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNumbersWithinATextGetTheirMinus(t *testing.T) {
	for text, want := range map[string]string{
		"from -10.00 to -5.00 points": "from −10.00 to −5.00 points", "[-0.01, +0.02]": "[−0.01, +0.02]", "r = -.5 (-3)": "r = −.5 (−3)", "α=-1": "α=−1", "-∞": "−∞",
		"IV-72-384, all-MiniLM-L6-v2, 2026-01-31, 2e-5, seeds 1-3": "IV-72-384, all-MiniLM-L6-v2, 2026-01-31, 2e-5, seeds 1-3",
		"--mask-heads 0:3, -, a -b":                                "--mask-heads 0:3, -, a -b", "": "", "-": "-", "x -": "x -",
		"-1 `f(-2)` -3 ``(-4)`` -5": "−1 `f(-2)` −3 ``(-4)`` −5", "a ` -1": "a ` −1",
	} {
		if got := Minus(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestThousandsAreSetApart(t *testing.T) {
	for n, want := range map[string]string{"0": "0", "999": "999", "1000": "1,000", "-1234567": "-1,234,567", "22713216": "22,713,216", "+1234.5678": "+1,234.5678", "1e+06": "1e+06", "": "", "x": "x"} {
		if got := Group(n); got != want {
			t.Errorf("%s became %q, want %q", n, got, want)
		}
	}
	for v, want := range map[float64]string{0.6249999999999978: "0.625", 1e-7: "10⁻⁷", 2.5e-7: "2.5·10⁻⁷", -1e-9: "-10⁻⁹", 1234567.5: "1,234,568", 1e6: "1,000,000", 3e20: "3·10²⁰", 0: "0", 0.000123456789: "0.000123457"} {
		if got := plain(v); got != want {
			t.Errorf("%v became %q, want %q", v, got, want)
		}
	}
}

func TestCellsAreWrittenForPeople(t *testing.T) {
	type named float32
	for want, c := range map[string]struct {
		v      any
		format string
	}{
		"–": {math.NaN(), "%.2f"}, "∞": {math.Inf(1), ""}, "−∞": {math.Inf(-1), "%.1f"}, "−0.50": {-0.5, "%.2f"}, "72": {72.0, "%d"}, "0.1": {float32(0.1), ""},
		"7": {7, ""}, "7.0": {7, "%.1f"}, "yes": {true, ""}, "no": {false, ""}, "coloured": {coloured{}, "%.2f"}, "": {nil, ""}, "a b": {"a\nb", ""}, "0.25": {named(0.25), ""}, "12 %": {12.0, "%d %%"},
		"22,713,216": {22713216, ""}, "−1,234.50": {-1234.5, "%.2f"}, "+1,000": {1000.4, "%+.0f"}, "0.625": {0.6249999999999978, ""}, "from −1 to 2": {"from -1 to 2", ""}, "1,235×": {1234.6, "%.0f×"},
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

// coloured is a cell with a look of its own.
type coloured struct{}

func (coloured) String() string { return "coloured" }
func (coloured) HTML() string   { return "<em>coloured</em>" }

func TestACellWithALookOfItsOwnHasItInHTMLAlone(t *testing.T) {
	table := &Table{Columns: []Column{{Name: "a"}}, Rows: [][]any{{coloured{}}}}
	if !strings.Contains(table.HTML(), "><em>coloured</em><") {
		t.Error(table.HTML())
	}
	for kind, text := range map[string]string{"Markdown": table.Markdown(), "LaTeX": table.LaTeX(), "CSV": table.CSV(), "text": table.Text()} {
		if !strings.Contains(text, "coloured") || strings.Contains(text, "em>") {
			t.Errorf("%s: %s", kind, text)
		}
	}
}
