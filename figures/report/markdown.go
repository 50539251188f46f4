package report

import (
	"bertlab/figures"
	"bytes"
	"regexp"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// Markdown is text with markup, as CommonMark with tables. Raw HTML in it is left out.
type Markdown string

// markdown turns Markdown into HTML; it is safe for use by several goroutines.
var markdown = goldmark.New(goldmark.WithExtensions(extension.Table))

// code is what Markdown shows as it is: between backquotes.
var code = regexp.MustCompile("(?s)`+[^`]*`+")

func (m Markdown) write(out *bytes.Buffer, _ *numbers) error {
	text, from := "", 0
	for _, at := range code.FindAllStringIndex(string(m), -1) {
		text += figures.Minus(string(m[from:at[0]])) + string(m[at[0]:at[1]])
		from = at[1]
	}
	return markdown.Convert([]byte(text+figures.Minus(string(m[from:]))), out)
}
