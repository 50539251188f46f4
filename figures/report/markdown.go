package report

import (
	"bertlab/figures"
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// Markdown is text with markup, as CommonMark with tables. Raw HTML in it is left out.
type Markdown string

// markdown turns Markdown into HTML; it is safe for use by several goroutines.
var markdown = goldmark.New(goldmark.WithExtensions(extension.Table))

func (m Markdown) write(out *bytes.Buffer, _ *numbers) error {
	return markdown.Convert([]byte(figures.Minus(string(m))), out)
}
