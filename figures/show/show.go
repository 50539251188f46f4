// Package show puts figures and tables into a notebook's cell.
//
// In a cell of the GoNB kernel they become rich outputs, each shown before the call returns, so that outputs keep the order
// of the calls. Elsewhere (go run, go test) they print text, so a cell's code also works in a program.
//
// What a cell prints with fmt takes another way to the notebook, and may come before or after: let a cell print first and
// show last, or put words into the caption.
package show

import (
	"bytes"
	"fmt"
	imagepng "image/png"
	"io"
	"os"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"bertlab/figures"
)

// Figure shows a figure as PNG, the one picture format that every notebook viewer shows, with its description as the text
// beside it.
func Figure(f *figures.Figure) error {
	if !gonbui.IsNotebook {
		return printed(os.Stdout, f.Alt())
	}
	png, err := f.PNG()
	if err != nil {
		return err
	}
	return Picture(png, f.Alt())
}

// Picture shows a PNG of the resolution of figures, with its description as the text beside it.
func Picture(png []byte, alt string) error {
	if !gonbui.IsNotebook {
		return printed(os.Stdout, alt)
	}
	png, err := indexed(png)
	if err != nil {
		return err
	}
	header, err := imagepng.DecodeConfig(bytes.NewReader(png))
	if err != nil {
		return fmt.Errorf("show: %w", err)
	}
	return display(map[protocol.MIMEType]any{
		protocol.MIMEImagePNG:  png,
		protocol.MIMETextPlain: alt,
	}, map[string]any{"width": header.Width * screenDPI / figures.DPI})
}

// screenDPI is how many of a page's pixels are an inch: a figure is shown in the size that it has in print, and stays sharp
// on finer screens.
const screenDPI = 96

// Surface shows a surface as a picture and, below it, once more to be turned by hand. The second needs no network; a viewer that
// runs no scripts, such as a code host's, shows the picture alone. hint says how to turn it; "": in English.
func Surface(o figures.SurfaceOptions, hint string) error {
	static, err := figures.Surface(o)
	if err != nil {
		return err
	}
	if err := Figure(static); err != nil || !gonbui.IsNotebook {
		return err
	}
	turning, err := o.Interactive(hint)
	if err != nil {
		return err
	}
	return display(map[protocol.MIMEType]any{protocol.MIMETextHTML: turning, protocol.MIMETextPlain: "The same surface, to be turned by hand."}, nil)
}

// Stepped shows a grid with a slider, which needs no network. A viewer that runs no scripts shows nothing of it: a picture of the same
// numbers should stand above it.
func Stepped(o figures.SteppedOptions) error {
	piece, err := o.Interactive()
	if err != nil {
		return err
	}
	if !gonbui.IsNotebook {
		return printed(os.Stdout, o.Title)
	}
	return display(map[protocol.MIMEType]any{protocol.MIMETextHTML: piece, protocol.MIMETextPlain: o.Title}, nil)
}

// Table shows a table as HTML, with aligned text beside it.
func Table(t *figures.Table) error {
	if !gonbui.IsNotebook {
		return printed(os.Stdout, t.Text())
	}
	return display(map[protocol.MIMEType]any{
		protocol.MIMETextHTML:  t.HTML(),
		protocol.MIMETextPlain: t.Text(),
	}, nil)
}

// Markdown shows a text in Markdown: a number in its sentence, a formula between dollar signs.
func Markdown(text string) error {
	text = figures.Minus(text)
	if !gonbui.IsNotebook {
		return printed(os.Stdout, text)
	}
	return display(map[protocol.MIMEType]any{protocol.MIMETextMarkdown: text, protocol.MIMETextPlain: text}, nil)
}

// display sends one output in several formats, of which the viewer takes the richest, and waits until the kernel has it.
func display(formats map[protocol.MIMEType]any, metadata map[string]any) error {
	gonbui.SendData(&protocol.DisplayData{Data: formats, Metadata: metadata})
	gonbui.Sync()
	if err := gonbui.Error(); err != nil {
		return fmt.Errorf("show: the notebook's kernel does not answer: %w", err)
	}
	return nil
}

func printed(w io.Writer, text string) error {
	_, err := fmt.Fprintln(w, text)
	return err
}
