package report

import (
	"bertlab/figures"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestVerdictGoesThroughJSON(t *testing.T) {
	for _, v := range Verdicts {
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

func TestAReportSpeaksItsLanguage(t *testing.T) {
	page := demoReport(t)
	page.Language = "ko-KR"
	raw, err := page.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"차례", "그림 4.", "표 1.", "성립하지 않음", "여기서는 판단할 수 없음", "이 수치의 출처"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the Korean report lacks %q", want)
		}
	}
	for _, never := range []string{"holds</span>", "does not hold<", "Contents", "Table 1. "} {
		if strings.Contains(string(raw), never) {
			t.Errorf("the Korean report has %q", never)
		}
	}
}

func TestAVerdictIsACellInBothLanguages(t *testing.T) {
	for tag, want := range map[string]string{"": "does not hold", "en": "does not hold", "ko": "성립하지 않음"} {
		cell := DoesNotHold.In(tag)
		if cell.String() != want || !strings.Contains(cell.HTML(), want) || !strings.Contains(cell.HTML(), "✗") {
			t.Errorf("%q: %s, %s", tag, cell, cell.HTML())
		}
	}
}

// demoReport is a report of every kind of block, with invented numbers.
func demoReport(t testing.TB) *Report {
	t.Helper()
	drawn := func(f *figures.Figure, err error) *figures.Figure {
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	frame := func(title, x, y string) figures.Frame {
		return figures.Frame{Title: title, Caption: "all-MiniLM-L6-v2 · movie reviews (dev, n = 1,000) · seeds 1–3 · made-up numbers", XLabel: x, YLabel: y}
	}
	heads := [][]float64{{0.9, 0.1, -2.2}, {0.2, -3.1, 0.4}}
	importance := drawn(figures.Heatmap(figures.HeatmapOptions{Frame: frame("A few heads in each layer carry most of the importance", "head", "layer"), Values: heads, Legend: "importance"}))
	change := drawn(figures.Heatmap(figures.HeatmapOptions{Frame: frame("Only two heads cost more than two points", "head", "layer"), Values: heads, Palette: figures.Diverging, Legend: "points"}))
	curves := drawn(figures.Curves(figures.CurvesOptions{Frame: frame("Half of the heads can go", "heads removed", "accuracy"),
		Curves: []figures.Curve{{Name: "by importance", X: []float64{0, 0.5, 1}, Y: []float64{0.86, 0.85, 0.52}}}, XFormat: figures.Percent, YFormat: figures.Percent}))
	scatter := drawn(figures.Scatter(figures.ScatterOptions{Frame: frame("Heads that matter in domain matter out of domain", "movies", "products"), X: heads[0], Y: heads[1]}))
	table := &figures.Table{Title: "Accuracy", Columns: []figures.Column{{Name: "method"}, {Name: "accuracy", Unit: "%", Format: "%.1f"}, {Name: "claim"}},
		Rows: [][]any{{"whole model", 85.8, nil}, {"by importance", 84.1, Holds}, {"at random", 76.9, DoesNotHold}, {"중요도 역순", 65.2, CannotTell}}}
	return &Report{
		Title:    "Are sixteen heads really better than one?",
		Subtitle: "Michel, Levy and Neubig (2019), measured again on all-MiniLM-L6-v2 and movie reviews",
		Sections: []Section{
			{"What came out", []Block{
				Paragraph("Most heads can be removed one at a time without a significant change. The numbers on this page are invented: they show what a report looks like.\n\nText with <b>tags</b> & signs is shown as it is."),
				Claims{
					{
						Text: "Most heads can be removed alone without a loss of accuracy that counts.", Verdict: Holds, Paper: "8 of 96 heads matter (Table 1, recalled)",
						Estimand: "Accuracy without the head minus with it.", Rule: "Holds if the 95 % interval lies above -1 point.", Measured: "4 of 72 [1, 8]", Detectable: "0.6 points",
						Explanation: "1,000 examples a head.",
					},
					{Text: "A single head is enough in most layers.", Verdict: DoesNotHold, Paper: "all but 3 layers", Measured: "2 of 6 layers", Explanation: "Four layers lose more than two points (95 % intervals exclude zero)."},
					{Text: "Pruning half of the heads makes inference up to 17.5 % faster.", Verdict: CannotTell, Paper: "+17.5 % at batch 64", Measured: "+16.9 % [9.1, 24.0]", Explanation: "The interval holds both the paper's value and half of it."},
				},
			}},
			{"Which heads matter", []Block{
				FigureBlock{Figure: importance, Text: "Importance of each head, |∂L/∂ξ| averaged over the examples."},
				FigureBlock{Figure: change, Text: "Each head removed alone."},
			}},
			{"How many can go", []Block{
				FigureBlock{Figure: curves, Text: "Accuracy while heads are removed in steps of ten per cent."},
				TableBlock{table},
				FigureBlock{Figure: scatter, Text: "The same heads in and out of domain.", Raster: true},
			}},
			{"How this was made", []Block{
				Code("go run ./cmd/bertlab reproduce heads --quick --seed 1"),
				Provenance{{"model", "all-MiniLM-L6-v2, model.safetensors sha256 53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"}, {"task", "movie reviews, dev, 1,000 rows"}, {"seed", "1"}, {"backend", "XLA CPU, 2 threads"}, {"duration", "5 min 12 s"}},
			}},
		},
	}
}

func TestNumbersOfAReportHaveMinusSignsButCodeHasNone(t *testing.T) {
	raw, err := (&Report{Title: "t", Sections: []Section{{Title: "s", Blocks: []Block{
		Paragraph("a: -1.5 points"), Markdown("b: -2.5 of `f(-3.5)`, `x` and -4.5"), Claims{{Text: "c: -5.5", Measured: "-6.5 [-7.5, 1]", Explanation: "above -8.5"}}, Code("-9.5"), Provenance{{"protocol", "[-10.5]"}},
	}}}}).HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a: −1.5", "b: −2.5 of <code>f(-3.5)</code>", "and −4.5", "c: −5.5", "−6.5 [−7.5, 1]", "above −8.5", ">-9.5<", "[-10.5]"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
}

func TestEquationsAreSetAndWhatIsNoneStays(t *testing.T) {
	write := func(source string) (string, error) {
		var out bytes.Buffer
		err := Equations(source).write(&out, &numbers{words: phrasesOf("en")})
		return out.String(), err
	}
	got, err := write("It costs $5 and `$x$` or $6; $\\theta_1$ moves *far*, by\n\n$$\n\\frac{a}{b}\n$$\n\n```\n$$y$$\n```\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []string{"costs $5 and <code>$x$</code> or $6;", "<mi>θ</mi>", "<em>far</em>", "<mfrac>", "$$y$$"} {
		if !strings.Contains(got, wanted) {
			t.Errorf("no %q in %s", wanted, got)
		}
	}
	if _, err := write("$\\nosuchcommand x$"); err == nil || !strings.Contains(err.Error(), "nosuchcommand") {
		t.Errorf("a command that is not known: %v", err)
	}
}
