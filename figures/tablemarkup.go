package figures

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// Styled is a cell that has a look of its own in HTML, and is its String elsewhere.
type Styled interface {
	fmt.Stringer
	// HTML is the cell's content, escaped.
	HTML() string
}

// HTML returns a table element of class "bertlab-table" with everything escaped. It carries no style of its own but the alignment.
func (t *Table) HTML() string {
	var out strings.Builder
	out.WriteString("<table class=\"bertlab-table\">\n")
	if t.Title != "" || t.Caption != "" {
		out.WriteString("<caption>")
		if t.Title != "" {
			out.WriteString("<strong>" + html.EscapeString(clean(t.Title)) + "</strong>")
		}
		if t.Caption != "" {
			out.WriteString(" <small>" + html.EscapeString(clean(t.Caption)) + "</small>")
		}
		out.WriteString("</caption>\n")
	}
	out.WriteString("<thead><tr>")
	for j, c := range t.Columns {
		unit := ""
		if c.Unit != "" {
			unit = ` <span class="unit">(` + html.EscapeString(clean(c.Unit)) + `)</span>`
		}
		fmt.Fprintf(&out, `<th scope="col" style="text-align:%s">%s%s</th>`, cssAlign(t.align(j)), html.EscapeString(clean(c.Name)), unit)
	}
	out.WriteString("</tr></thead>\n<tbody>\n")
	for i, r := range t.Rows {
		out.WriteString("<tr>")
		for j := range t.Columns {
			text := html.EscapeString(unbroken(t.cell(i, j)))
			if j < len(r) {
				if v, ok := r[j].(Styled); ok {
					text = v.HTML()
				}
			}
			fmt.Fprintf(&out, `<td style="text-align:%s">%s</td>`, cssAlign(t.align(j)), text)
		}
		out.WriteString("</tr>\n")
	}
	out.WriteString("</tbody>\n</table>\n")
	return out.String()
}

// twoNumbers is an interval in brackets, or two numbers with a word between them, as "0.64 to 0.69".
var twoNumbers = regexp.MustCompile(`\[[−+\d.,%]+ [−+\d.,%]+\]|[−+\d.,%]*\d%? \pL+ [−+]?\d[\d.,%]*`)

// unbroken keeps the ends of an interval on one line.
func unbroken(cell string) string {
	return twoNumbers.ReplaceAllStringFunc(cell, func(text string) string { return strings.ReplaceAll(text, " ", "\u00a0") })
}

func cssAlign(a Align) string {
	return map[Align]string{Left: "left", Right: "right", Center: "center"}[a]
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`)

// Markdown returns the table as GitHub writes it, with title above and caption below.
func (t *Table) Markdown() string {
	var out strings.Builder
	if t.Title != "" {
		out.WriteString("**" + markdownEscapes.Replace(clean(t.Title)) + "**\n\n")
	}
	line := func(cell func(j int) string) {
		out.WriteString("|")
		for j := range t.Columns {
			out.WriteString(" " + cell(j) + " |")
		}
		out.WriteString("\n")
	}
	line(func(j int) string { return markdownEscapes.Replace(clean(t.Columns[j].head())) })
	line(func(j int) string { return map[Align]string{Left: ":--", Right: "--:", Center: ":-:"}[t.align(j)] })
	for i := range t.Rows {
		line(func(j int) string { return markdownEscapes.Replace(t.cell(i, j)) })
	}
	if t.Caption != "" {
		out.WriteString("\n" + markdownEscapes.Replace(clean(t.Caption)) + "\n")
	}
	return out.String()
}
