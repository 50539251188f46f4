package figures

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"gonum.org/v1/gonum/floats"
)

// LaTeX returns the table for a document of LaTeX, with a caption, a label and everything escaped. Its first line names the packages
// that it needs: booktabs, array where columns wrap, longtable where it is longer than a page, kotex for Korean. It fits \linewidth
// from the 345 points of the class article on: where its words are too many for that, they are set smaller, and columns wrap.
func (t *Table) LaTeX() string {
	l := t.layLaTeX()
	var out strings.Builder
	begin, end := "\\begin{table}[htbp]\n\\centering"+l.size+"\\sloppy\n", "\\end{tabular}\n\\end{table}\n"
	open := "\\begin{tabular}"
	if l.long {
		begin, end, open = "{"+l.size+"\\sloppy\n", "\\end{longtable}\n}\n", "\\begin{longtable}"
	}
	fmt.Fprintf(&out, "%% Needs \\usepackage{%s}\n%s", strings.Join(l.packages(), ","), begin)
	if l.separation != normalSeparation {
		fmt.Fprintf(&out, "\\setlength{\\tabcolsep}{%gpt}\n", l.separation)
	}
	caption := ""
	if l.caption != "" {
		caption = "\\caption{" + latexBreakable(broken(l.caption, pageWidth/40)) + "}"
	}
	caption += "\\label{" + t.latexLabel() + "}"
	head := "\\toprule\n" + l.row(l.heads) + "\\midrule\n"
	if l.long {
		fmt.Fprintf(&out, "%s{@{}%s@{}}\n%s\\\\\n%s\\endfirsthead\n%s\\endhead\n\\bottomrule\n\\endlastfoot\n", open, l.columns, caption, head, head)
	} else {
		fmt.Fprintf(&out, "%s\n\\smallskip\n\n%s{@{}%s@{}}\n%s", caption, open, l.columns, head)
	}
	for i, cells := range l.cells {
		if i > 0 && l.wrapped {
			out.WriteString("\\addlinespace\n")
		}
		out.WriteString(l.row(cells))
	}
	if !l.long {
		out.WriteString("\\bottomrule\n")
	}
	out.WriteString(end)
	return out.String()
}

// latexCaption is the title, as a sentence, and the caption, not yet escaped.
func (t *Table) latexCaption() string {
	title := oneLine(t.Title)
	if title != "" && t.Caption != "" && !strings.ContainsAny(title[len(title)-1:], ".?!") {
		title += "."
	}
	return strings.TrimSpace(title + " " + oneLine(t.Caption))
}

// latexLabel is tab: and the table's name, or what of its title can stand in a label.
func (t *Table) latexLabel() string {
	words := strings.FieldsFunc(strings.ToLower(t.Name), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	if len(words) == 0 {
		words = strings.FieldsFunc(strings.ToLower(t.Title), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	}
	if len(words) == 0 {
		sum := sha256.Sum256([]byte(t.Title + t.Caption))
		words = []string{fmt.Sprintf("%x", sum[:4])}
	}
	return "tab:" + strings.Join(words, "-")
}

func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// latexLayout is how a table stands on a page.
type latexLayout struct {
	caption    string
	heads      []string
	cells      [][]string
	widths     []float64 // of the columns in points; nil: as wide as their cells
	columns    string    // of the tabular
	size       string    // a command such as \small, or ""
	separation float64   // \tabcolsep in points
	wrapped    bool      // some cell is of several lines
	long       bool      // it is longer than a page
}

const (
	pageWidth        = 345.0 // \textwidth of article at 10 points
	pageHeight       = 480.0 // of its 550 points, with room for the caption
	normalSeparation = 6.0
)

// latexSizes are the sizes of text, from which the first that fits is taken. em is how wide a text is that is as wide as 1 in latexWidth:
// Computer Modern's small sizes are wider than their names say. 4 % are for what latexWidth does not know.
var latexSizes = []struct {
	command                 string
	em, leading, separation float64
	wrap                    bool // columns may wrap
}{
	{"", 10.4, 12, normalSeparation, false}, {"\\small", 9.6, 11, normalSeparation, false}, {"\\footnotesize", 8.85, 9.5, 5, false},
	{"\\small", 9.6, 11, normalSeparation, true}, {"\\footnotesize", 8.85, 9.5, 5, true}, {"\\footnotesize", 8.85, 9.5, 3, true}, {"\\scriptsize", 8.3, 8, 2.5, true},
}

func (t *Table) layLaTeX() *latexLayout {
	l := &latexLayout{caption: oneLine(t.latexCaption()), heads: make([]string, len(t.Columns)), cells: make([][]string, len(t.Rows))}
	for j, c := range t.Columns {
		l.heads[j] = oneLine(c.head())
	}
	for i := range t.Rows {
		l.cells[i] = make([]string, len(t.Columns))
		for j := range t.Columns {
			l.cells[i][j] = oneLine(t.cell(i, j))
		}
	}
	least, most := make([]float64, len(l.heads)), make([]float64, len(l.heads)) // widths at size 1: of the longest word, of the longest cell
	for _, row := range append([][]string{l.heads}, l.cells...) {
		for j, cell := range row {
			most[j] = math.Max(most[j], latexWidth(cell))
			for _, w := range strings.Fields(cell) {
				least[j] = math.Max(least[j], latexWidth(w))
			}
		}
	}
	lines := len(l.cells) + 2
	for i, s := range latexSizes {
		l.size, l.separation = s.command, s.separation
		room := pageWidth - 2*s.separation*float64(len(l.heads)-1)
		if !s.wrap && floats.Sum(most)*s.em <= room {
			l.long = float64(lines)*s.leading*1.1 > pageHeight
			l.columns = l.specification(t)
			return l
		}
		if s.wrap && (floats.Sum(least)*s.em <= room || i == len(latexSizes)-1) {
			l.widths = share(floats.ScaleTo(make([]float64, len(least)), s.em, least), floats.ScaleTo(make([]float64, len(most)), s.em, most), math.Max(room, 1))
			l.long = l.height(s.em, s.leading) > pageHeight
			l.columns = l.specification(t)
			l.fitWords(s.em)
			return l
		}
	}
	return l
}

// specification is the list of columns for tabular.
func (l *latexLayout) specification(t *Table) string {
	var out strings.Builder
	if len(l.heads) == 0 {
		return "l"
	}
	for j := range l.heads {
		a := t.align(j)
		if l.widths == nil {
			out.WriteString(map[Align]string{Left: "l", Right: "r", Center: "c"}[a])
			continue
		}
		to := map[Align]string{Left: "\\raggedright", Right: "\\raggedleft", Center: "\\centering"}[a]
		fmt.Fprintf(&out, ">{%s\\arraybackslash}p{%.4f\\linewidth}", to, math.Floor(l.widths[j]/pageWidth*1e4)/1e4)
	}
	return out.String()
}

// share gives each column its longest word, and what room is left in proportion to what it lacks for its longest cell. If there is no
// room for the longest words, all columns are cut to one width.
func share(least, most []float64, room float64) []float64 {
	widths := slices.Clone(least)
	if over := floats.Sum(widths) - room; over > 0 {
		lo, hi := 0.0, slices.Max(widths)
		for range 60 {
			mid := (lo + hi) / 2
			total := 0.0
			for _, w := range least {
				total += math.Min(w, mid)
			}
			if total > room {
				hi = mid
			} else {
				lo = mid
			}
		}
		for j := range widths {
			widths[j] = math.Min(widths[j], lo)
		}
		return widths
	}
	lacking := floats.Sum(most) - floats.Sum(least)
	left := room - floats.Sum(widths)
	for j := range widths {
		if lacking > 0 {
			widths[j] += (most[j] - least[j]) * math.Min(1, left/lacking)
		}
	}
	return widths
}

// height of the wrapped table in points.
func (l *latexLayout) height(em, leading float64) float64 {
	total := 2 * leading
	for _, row := range append([][]string{l.heads}, l.cells...) {
		lines := 1.0
		for j, cell := range row {
			lines = math.Max(lines, math.Ceil(latexWidth(cell)*em*1.1/math.Max(l.widths[j], 1)))
		}
		total += lines*leading + leading/2
	}
	return total
}

// breakable is where a word that is wider than its column may be broken.
const breakable = '\u200b'

// fitWords lets words break that are wider than their column, and finds out whether any cell takes several lines.
func (l *latexLayout) fitWords(em float64) {
	for i, row := range append([][]string{l.heads}, l.cells...) {
		for j, cell := range row {
			l.wrapped = l.wrapped || i > 0 && latexWidth(cell)*em > l.widths[j]*1.0001
			row[j] = broken(cell, l.widths[j]*1.0001/em)
		}
	}
}

// broken lets the words of a text break that are wider than width: after signs, and elsewhere where that is not enough.
func broken(text string, width float64) string {
	words := strings.Fields(text)
	for i, word := range words {
		if latexWidth(word) <= width {
			continue
		}
		var out strings.Builder
		piece := ""
		for _, r := range word {
			if piece != "" && latexWidth(piece+string(r)) > width*0.95 {
				out.WriteRune(breakable)
				piece = ""
			}
			out.WriteRune(r)
			if piece += string(r); strings.ContainsRune("/_=:,;+·@-", r) {
				out.WriteRune(breakable)
				piece = ""
			}
		}
		words[i] = strings.TrimRight(out.String(), string(breakable))
	}
	return strings.Join(words, " ")
}

// latexBreakable escapes a text and lets it break where it may.
func latexBreakable(text string) string {
	pieces := strings.Split(text, string(breakable))
	for i := range pieces {
		pieces[i] = latexText(pieces[i])
	}
	return strings.Join(pieces, "\\hspace{0pt}")
}

func (l *latexLayout) row(cells []string) string {
	written := make([]string, len(cells))
	for j, cell := range cells {
		written[j] = latexBreakable(cell)
		if j == 0 && strings.HasPrefix(written[j], "[") { // else \\ would read it as an argument
			written[j] = "{}" + written[j]
		}
	}
	return strings.Join(written, " & ") + " \\\\\n"
}

// packages that the table needs.
func (l *latexLayout) packages() []string {
	list := []string{"booktabs"}
	if l.widths != nil {
		list = append(list, "array")
	}
	if l.long {
		list = append(list, "longtable")
	}
	for _, row := range append([][]string{l.heads, {l.caption}}, l.cells...) {
		if strings.ContainsFunc(strings.Join(row, ""), asian) {
			return append(list, "kotex")
		}
	}
	return list
}

// latexWidth is about how wide a text is in Computer Modern, at size 1.
func latexWidth(s string) float64 {
	font, err := defaultFont()
	if err != nil {
		return 0.6 * float64(len([]rune(s)))
	}
	width := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("+−=<>≤≥≈×±→←&Δ", r):
			width += 0.8
		case strings.ContainsRune("/·|\"", r):
			width += 0.5
		case r == 'W' || r == 'M' || asian(r):
			width += 1.03
		case unicode.IsUpper(r):
			width += 1.06 * font.width(string(r), 1, false)
		default:
			width += font.width(string(r), 1, false)
		}
	}
	return width
}
