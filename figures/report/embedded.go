package report

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
)

// Picture is a PNG as it was drawn elsewhere, such as in a notebook.
type Picture struct {
	PNG []byte
	// Width on the page in pixels; 0: the picture's own.
	Width int
	// Alt is for readers who cannot see it.
	Alt string
}

func (p Picture) write(out *bytes.Buffer, n *numbers) error {
	width := ""
	if p.Width > 0 {
		width = fmt.Sprintf(" width=\"%d\"", p.Width)
	}
	fmt.Fprintf(out, "<figure>\n<img src=\"data:image/png;base64,%s\"%s alt=\"%s\">\n</figure>\n", base64.StdEncoding.EncodeToString(p.PNG), width, text(cmp.Or(p.Alt, n.words.figure)))
	return nil
}

// HTML is a part of a page as it is, scripts included: only what the laboratory has made itself may stand in one.
type HTML string

func (h HTML) write(out *bytes.Buffer, _ *numbers) error {
	fmt.Fprintf(out, "<div class=\"wide\">\n%s\n</div>\n", string(h))
	return nil
}

// Folded is a listing that is folded away behind a line.
type Folded struct {
	Summary string
	Code    string
}

func (f Folded) write(out *bytes.Buffer, n *numbers) error {
	fmt.Fprintf(out, "<details class=\"code\">\n<summary>%s</summary>\n<pre tabindex=\"0\"><code>%s</code></pre>\n</details>\n", prose(f.Summary), text(f.Code))
	return nil
}
