package report

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/internal/files"
)

// Report is one HTML file that needs nothing else: no script, no font, no picture from elsewhere. It reads well from file://, on
// paper, and in light and dark.
type Report struct {
	Title, Subtitle string
	// Language of the prose, as in <html lang>; "": "en". Standing phrases, such as "Contents" and the verdicts, are English, or
	// Korean for "ko".
	Language string
	// Generator says in the head of the file what wrote it, so that a program knows its own pages again ([Report.Mark]); "": nothing does.
	Generator string
	// Links lead to the pages around this one; they stand above the title.
	Links    []Link
	Sections []Section
}

// Section is a heading, listed in the table of contents, with what stands under it.
type Section struct {
	Title  string
	Blocks []Block
}

// Block is a part of a section: [Paragraph], [Markdown], [Equations], [FigureBlock], [Picture], [TableBlock], [Claims], [Provenance], [Link],
// [Code], [Folded] or [HTML].
type Block interface {
	write(out *bytes.Buffer, n *numbers) error
}

// numbers counts figures and tables through the report, and knows its words.
type numbers struct {
	figures, tables int
	words           *phrases
}

// Paragraph is plain text. Nothing in it is markup: what looks like a tag is shown as it is.
type Paragraph string

// FigureBlock shows a figure with a caption below, as SVG (the default) or PNG.
type FigureBlock struct {
	Figure *figures.Figure
	// Text below the figure; "": only its number.
	Text string
	// Alt for readers who cannot see it; "": [figures.Figure.Alt].
	Alt string
	// Raster embeds a PNG: smaller than SVG where there are thousands of points.
	Raster bool
}

// TableBlock shows a table.
type TableBlock struct{ Table *figures.Table }

// Claim is what a paper says and what was measured here.
type Claim struct {
	Text    string
	Verdict Verdict
	// Paper and Measured are the two values as text, the measured one with its interval.
	Paper, Measured string
	// Estimand is what is estimated, Rule how it decides, Detectable the least difference that the sample could have shown.
	Estimand, Rule, Detectable string
	// Explanation says what else there is to say of the verdict.
	Explanation string
}

// Claims is a list of claims with their verdicts, preceded by a count of each.
type Claims []Claim

// KeyValue is a line of a [Provenance].
type KeyValue struct{ Key, Value string }

// Provenance says where the numbers come from; it is folded away on screen and open on paper.
type Provenance []KeyValue

// Link is a line that leads to another file, such as a report in the same folder: Target is a relative path or an https address.
type Link struct{ Text, Target string }

// Code is a listing, such as the command that made the report.
type Code string

// Write writes the report. The file appears whole or not at all.
func (r *Report) Write(path string) error {
	raw, err := r.HTML()
	if err != nil {
		return fmt.Errorf("%w (for %s)", err, path)
	}
	if err := files.Write(path, raw); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// HTML returns the report as a complete document.
func (r *Report) HTML() ([]byte, error) {
	if strings.TrimSpace(r.Title) == "" {
		return nil, errors.New("report: a report needs a title")
	}
	var out bytes.Buffer
	n := numbers{words: phrasesOf(r.Language)}
	fmt.Fprintf(&out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", text(cmp.Or(r.Language, "en")))
	out.WriteString("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n")
	out.WriteString(r.Mark())
	fmt.Fprintf(&out, "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<header>\n", prose(r.Title), reportStyle)
	if len(r.Links) > 0 {
		out.WriteString("<div class=\"links\">\n")
		for _, l := range r.Links {
			if err := l.write(&out, &n); err != nil {
				return nil, err
			}
		}
		out.WriteString("</div>\n")
	}
	fmt.Fprintf(&out, "<h1>%s</h1>\n", prose(r.Title))
	if r.Subtitle != "" {
		fmt.Fprintf(&out, "<p class=\"subtitle\">%s</p>\n", prose(r.Subtitle))
	}
	out.WriteString("</header>\n")
	if len(r.Sections) > 1 {
		fmt.Fprintf(&out, "<nav aria-label=\"%s\">\n<h2>%s</h2>\n<ol>\n", n.words.contents, n.words.contents)
		for i, s := range r.Sections {
			fmt.Fprintf(&out, "<li><a href=\"#s%d\">%s</a></li>\n", i+1, prose(s.Title))
		}
		out.WriteString("</ol>\n</nav>\n")
	}
	out.WriteString("<main>\n")
	for i, s := range r.Sections {
		fmt.Fprintf(&out, "<section id=\"s%d\">\n<h2>%s</h2>\n", i+1, prose(s.Title))
		for j, b := range s.Blocks {
			if b == nil {
				return nil, fmt.Errorf("report: section %q: block %d is nil", s.Title, j)
			}
			if err := b.write(&out, &n); err != nil {
				return nil, fmt.Errorf("%w (section %q, block %d)", err, s.Title, j)
			}
		}
		out.WriteString("</section>\n")
	}
	out.WriteString("</main>\n</body>\n</html>\n")
	return out.Bytes(), nil
}

// Mark is the line in the head of the file that names the generator; "": there is none.
func (r *Report) Mark() string {
	if r.Generator == "" {
		return ""
	}
	return fmt.Sprintf("<meta name=\"generator\" content=\"%s\">\n", text(r.Generator))
}

func text(s string) string { return html.EscapeString(strings.ToValidUTF8(s, "\uFFFD")) }

// prose is a text in which negative numbers have the sign that typographers give them.
func prose(s string) string { return text(figures.Minus(s)) }

func (p Paragraph) write(out *bytes.Buffer, _ *numbers) error {
	for _, part := range strings.Split(string(p), "\n\n") {
		if strings.TrimSpace(part) != "" {
			fmt.Fprintf(out, "<p>%s</p>\n", prose(strings.TrimSpace(part)))
		}
	}
	return nil
}

func (f FigureBlock) write(out *bytes.Buffer, n *numbers) error {
	if f.Figure == nil {
		return errors.New("report: figure block without a figure")
	}
	n.figures++
	kind, make := "image/svg+xml", f.Figure.SVG
	if f.Raster {
		kind, make = "image/png", f.Figure.PNG
	}
	raw, err := make()
	if err != nil {
		return err
	}
	size := f.Figure.Size()
	const screen = 96 // pixels of a page to an inch
	// Drawn at 8 inches wide the text has the size it was designed for; wider figures shrink to the page.
	fmt.Fprintf(out, "<figure>\n<img src=\"data:%s;base64,%s\" width=\"%.0f\" height=\"%.0f\" alt=\"%s\">\n<figcaption><b>%s %d.</b> %s</figcaption>\n</figure>\n",
		kind, base64.StdEncoding.EncodeToString(raw), size.Width*screen, size.Height*screen, text(cmp.Or(f.Alt, f.Figure.Alt())), n.words.figure, n.figures, prose(f.Text))
	return nil
}

func (t TableBlock) write(out *bytes.Buffer, n *numbers) error {
	if t.Table == nil {
		return errors.New("report: table block without a table")
	}
	if err := t.Table.Check(); err != nil {
		return err
	}
	n.tables++
	numbered := *t.Table
	numbered.Title = strings.TrimSpace(fmt.Sprintf("%s %d. %s", n.words.table, n.tables, t.Table.Title))
	numbered.Rows = make([][]any, len(t.Table.Rows))
	for i, row := range t.Table.Rows {
		numbered.Rows[i] = slices.Clone(row)
		for j, cell := range row {
			if v, ok := cell.(Verdict); ok {
				numbered.Rows[i][j] = spoken{v, n.words}
			}
		}
	}
	fmt.Fprintf(out, "<div class=\"wide\">\n%s</div>\n", numbered.HTML())
	return nil
}

func (c Claims) write(out *bytes.Buffer, n *numbers) error {
	count := map[Verdict]int{}
	for _, x := range c {
		count[x.Verdict]++
	}
	out.WriteString("<p class=\"tally\">")
	for _, v := range Verdicts {
		if count[v] > 0 {
			fmt.Fprintf(out, "<span>%d × %s</span> ", count[v], spoken{v, n.words}.HTML())
		}
	}
	out.WriteString("</p>\n<ol class=\"claims\">\n")
	for _, x := range c {
		fmt.Fprintf(out, "<li class=\"%s\">\n<p class=\"claim\">%s %s</p>\n<dl>\n", x.Verdict.class(), spoken{x.Verdict, n.words}.HTML(), prose(x.Text))
		for _, d := range []KeyValue{{n.words.paper, x.Paper}, {n.words.estimand, x.Estimand}, {n.words.rule, x.Rule}, {n.words.measured, x.Measured}, {n.words.detectable, x.Detectable}} {
			if d.Value != "" {
				fmt.Fprintf(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", d.Key, prose(d.Value))
			}
		}
		out.WriteString("</dl>\n")
		if x.Explanation != "" {
			fmt.Fprintf(out, "<p class=\"why\">%s</p>\n", prose(x.Explanation))
		}
		out.WriteString("</li>\n")
	}
	out.WriteString("</ol>\n")
	return nil
}

func (p Provenance) write(out *bytes.Buffer, n *numbers) error {
	fmt.Fprintf(out, "<details>\n<summary>%s</summary>\n<table class=\"provenance\"><tbody>\n", n.words.provenance)
	for _, kv := range p {
		fmt.Fprintf(out, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", text(kv.Key), text(kv.Value))
	}
	out.WriteString("</tbody></table>\n</details>\n")
	return nil
}

func (l Link) write(out *bytes.Buffer, _ *numbers) error {
	target, err := url.Parse(l.Target)
	if err != nil || l.Target == "" || target.Scheme != "https" && (target.Scheme != "" || target.Host != "" || strings.HasPrefix(l.Target, "/")) {
		return fmt.Errorf("report: link to %q: a relative path or an https address was expected", l.Target)
	}
	fmt.Fprintf(out, "<p><a href=\"%s\">%s</a></p>\n", text(target.String()), text(cmp.Or(l.Text, l.Target)))
	return nil
}

func (c Code) write(out *bytes.Buffer, _ *numbers) error {
	fmt.Fprintf(out, "<pre tabindex=\"0\"><code>%s</code></pre>\n", text(string(c)))
	return nil
}
