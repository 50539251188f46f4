package figures

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"codeberg.org/go-fonts/liberation/liberationserifregular"
	webfont "github.com/tdewolff/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// rule is a @font-face rule of an SVG: family, weight, font.
var rule = regexp.MustCompile(`@font-face\{font-family:([^;]+);font-weight:(\w+);src:url\(data:font/woff2;base64,([^)]+)\)`)

// titled is a small figure with a title.
func titled(t testing.TB, title string, font *Font) *Figure {
	t.Helper()
	f, err := Bars(BarsOptions{Frame: Frame{Title: title, XLabel: "층", YLabel: "정확도 (%)", Font: font}, Groups: []string{"긍정", "부정"}, Series: []BarSeries{{Values: []float64{1, -2}}}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func svgOf(t testing.TB, f *Figure) string {
	t.Helper()
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	return string(svg)
}

func TestTheFontInAnSVGHasTheOutlinesOfTheOriginal(t *testing.T) {
	font, err := defaultFont()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		face *face
		text string
	}{
		"regular":        {font.regular[0], " ABCxyz0123456789%·∙−–ÄŴφΣδ½²≤≥→∞\u00a0ﬁ"},
		"bold":           {font.bold[0], "Half of the heads can go, W∆Δ; é"},
		"Korean":         {korean(false), "정확도가 떨어지기 전에 헤드의 절반을 없앨 수 있다‖₀₁₂⁻⁹ᵀ「」"},
		"Korean in bold": {korean(true), "뷁똠펲햏가힣ㄱㅣ①㈜"},
		"one":            {korean(false), "가"},
	} {
		t.Run(name, func(t *testing.T) {
			chars := slices.Sorted(slices.Values([]rune(c.text)))
			packed, err := c.face.webFont(slices.Compact(chars))
			if err != nil {
				t.Fatal(err)
			}
			raw, err := webfont.ParseWOFF2(packed)
			if err != nil {
				t.Fatal(err)
			}
			part, err := sfnt.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range c.text {
				if got, want := glyphOf(t, part, r), glyphOf(t, c.face.source, r); got != want {
					t.Errorf("%q is %s, want %s", r, got, want)
				}
			}
			if g, err := part.GlyphIndex(nil, 'q'); err != nil || g != 0 {
				t.Errorf("it has a character that was not asked for (%v)", err)
			}
		})
	}
}

// glyphOf writes the outline and the advance of a character.
func glyphOf(t *testing.T, f *sfnt.Font, r rune) string {
	t.Helper()
	var buf sfnt.Buffer
	g, err := f.GlyphIndex(&buf, r)
	if err != nil || g == 0 {
		return "absent"
	}
	em := fixed.I(int(f.UnitsPerEm()))
	segments, err := f.LoadGlyph(&buf, g, em, nil)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(segments)
	advance, err := f.GlyphAdvance(&buf, g, em, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(text, advance)
}

func TestAnSVGCarriesTheGlyphsOfItsTextAndKeepsItWhole(t *testing.T) {
	const title = "헤드의 절반을 없애도 BERT의 정확도는 그대로다 (p < 0.05)"
	svg := svgOf(t, titled(t, title, nil))
	if !strings.Contains(svg, ">헤드의 절반을 없애도 BERT의 정확도는 그대로다 (p &lt; 0.05)</text>") {
		t.Error("the title is not one text")
	}
	rules := rule.FindAllStringSubmatch(svg, -1)
	size := 0
	var weights []string
	for _, r := range rules {
		size += len(r[3])
		weights = append(weights, r[2])
		if !strings.Contains(svg, `<g font-family="`) || !strings.Contains(svg, r[1]+",") {
			t.Errorf("nothing is written in %s", r[1])
		}
		if _, err := base64.StdEncoding.DecodeString(r[3]); err != nil {
			t.Error(err)
		}
	}
	if slices.Sort(weights); !slices.Equal(weights, []string{"bold", "bold", "normal", "normal"}) {
		t.Errorf("there are fonts of %v, want Latin and Korean in two weights", weights)
	}
	list := regexp.MustCompile(`<g font-family="([^"]*)"`).FindStringSubmatch(svg)
	names := strings.Split(html.UnescapeString(list[1]), ", ")
	for i, name := range names {
		if !regexp.MustCompile(`^([\w-]+|'[\w ]+')$`).MatchString(name) || slices.Contains(names[:i], name) {
			t.Errorf("%q in the list of families %q", name, list[1])
		}
	}
	if size > 40_000 {
		t.Errorf("the fonts take %d bytes", size)
	}
}

func TestTwoFiguresOfAPageDoNotTakeEachOthersFonts(t *testing.T) {
	families := func(f *Figure) []string {
		var list []string
		for _, r := range rule.FindAllStringSubmatch(svgOf(t, f), -1) {
			list = append(list, r[1])
		}
		return list
	}
	a, b := families(titled(t, "one", nil)), families(titled(t, "two", nil))
	for _, name := range a {
		if slices.Contains(b, name) {
			t.Errorf("both have the family %s with other glyphs", name)
		}
	}
}

func TestAFontOfTheUsersIsEmbeddedAndTheRestComesFromTheBuiltInOnes(t *testing.T) {
	serif, err := NewFont(liberationserifregular.TTF, nil)
	if err != nil {
		t.Fatal(err)
	}
	svg := svgOf(t, titled(t, "serif 제목", serif))
	rules := rule.FindAllStringSubmatch(svg, -1)
	if len(rules) != 4 || !strings.Contains(svg, rules[0][1]+", "+rules[2][1]+", &#39;Liberation Serif&#39;, &#39;Liberation Sans&#39;") {
		t.Errorf("%d fonts, %s", len(rules), regexp.MustCompile(`<g font-family=.*`).FindString(svg))
	}
}

func TestEverySyllableAndSignOfKoreanIsDrawnInBothWeights(t *testing.T) {
	font, err := defaultFont()
	if err != nil {
		t.Fatal(err)
	}
	need := []rune("₀₁₂₃₄₅₆₇₈₉₊₋ᵢₖₙ⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁱⁿᵀᵗˣ‖∈⊙·…≤≥±×−–—“”‘’「」『』、。〈〉①㈜℃※→←↑↓αβγδεθλμξρσφωΔΣΘΩℓ∂∇∞√∑∏½")
	for r := '가'; r <= '힣'; r++ {
		need = append(need, r)
	}
	for r := 'ㄱ'; r <= 'ㆎ'; r++ {
		need = append(need, r)
	}
	for _, bold := range []bool{false, true} {
		for _, r := range need {
			if font.faceOf(r, bold) == nil {
				t.Errorf("%q (U+%04X, bold %v) is a box", r, r, bold)
			}
		}
	}
}

func TestPartsOfSyllablesAreComposed(t *testing.T) {
	const apart = "\u110c\u1165\u11bc\u1112\u116a\u11a8\u1103\u1169 e\u0301" // 정확도 é
	if svg := svgOf(t, titled(t, apart, nil)); !strings.Contains(svg, ">정확도 é</text>") {
		t.Error("the title's syllables are in parts")
	}
}

func TestTextsSayTheirLength(t *testing.T) {
	f := titled(t, "제목 Title", nil)
	for _, w := range f.drawOn(blank{}).words {
		if w.text == "제목 Title" {
			if want := fmt.Sprintf(`textLength="%s"`, num(w.width())); !strings.Contains(svgOf(t, f), want) {
				t.Errorf("no text with %s", want)
			}
			return
		}
	}
	t.Error("the title is not drawn")
}

func TestTheTextOfAPDFCanBeCopied(t *testing.T) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("no pdftotext (poppler-utils), which reads the text of a PDF")
	}
	path := filepath.Join(t.TempDir(), "figure.pdf")
	if err := titled(t, "헤드의 절반을 없애도 BERT의 정확도는 그대로다: p₀ ≤ 0.05", nil).Save(path); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(tool, "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"헤드의 절반을 없애도 BERT의 정확도는 그대로다: p₀ ≤ 0.05", "긍정", "부정", "정확도", "−2"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%q is not in the text of the PDF:\n%s", want, text)
		}
	}
}

func TestAPDFHasOnlyTheGlyphsInUse(t *testing.T) {
	raw, err := titled(t, "헤드의 절반을 없애도 BERT의 정확도는 그대로다", nil).PDF()
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > 150_000 {
		t.Errorf("the PDF has %d bytes", len(raw))
	}
}

func TestAFigureKnowsWhatItsFontLacks(t *testing.T) {
	if lacking := titled(t, "정확도 Δ ≤ 10⁻⁹", nil).Undrawn(); lacking != "" {
		t.Errorf("%q is lacking", lacking)
	}
	if lacking := titled(t, "好 😀 好", nil).Undrawn(); lacking != "好😀" {
		t.Errorf("%q is lacking, want 好 and 😀", lacking)
	}
}
