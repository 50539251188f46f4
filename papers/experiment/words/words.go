// Package words has what reports, figures and tables say in the languages of their editions.
//
// The English words stand in Go at the place where they are used; ko.po, a catalogue as gettext's, has the Korean of each:
//
//	say.T("share of heads")                           // a text
//	say.F("%d examples, seed %d", examples, seed)     // a format, whose verbs the Korean may put in another order: %[2]d
//	say.Name(metric)                                  // a word that comes from elsewhere, such as a metric, an order or a component
//
// Texts and formats are constants, so that a test finds all of them, and fails on one without Korean.
package words

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/leonelquinteros/gotext"
)

//go:embed ko.po
var korean string

// Printer says words in a language.
type Printer struct {
	tag  string
	said func() catalogue
}

// A catalogue has what is said by the English.
type catalogue struct{ texts, names map[string]string }

// The languages. A catalogue is read when somebody asks for it: most processes do not.
var (
	English = &Printer{tag: "en", said: func() catalogue { return catalogue{} }}
	Korean  = &Printer{tag: "ko", said: sync.OnceValue(func() catalogue { return read(korean) })}
)

// Languages are all of them.
var Languages = []*Printer{English, Korean}

// In is the printer of a language by its tag; English where there is no other.
func In(tag string) *Printer {
	if base, _, _ := strings.Cut(strings.ToLower(tag), "-"); base == Korean.tag {
		return Korean
	}
	return English
}

// names is the context of the catalogue's entries for [Printer.Name].
const names = "name"

// read reads a catalogue's file.
func read(file string) catalogue {
	po := gotext.NewPo()
	po.Parse([]byte(file))
	c := catalogue{texts: map[string]string{}, names: map[string]string{}}
	for id, entry := range po.GetDomain().GetTranslations() {
		c.texts[id] = entry.Get()
	}
	for id, entry := range po.GetDomain().GetCtxTranslations()[names] {
		c.names[id] = entry.Get()
	}
	return c
}

// Tag is that of the language in HTML: "en", "ko".
func (p *Printer) Tag() string { return p.tag }

// T says a text.
func (p *Printer) T(text string) string {
	if said, ok := p.said().texts[text]; ok {
		return said
	}
	return text
}

// F says a text with values in it, as [fmt.Sprintf], with the thousands of numbers set apart.
func (p *Printer) F(format string, values ...any) string {
	if said, ok := p.said().texts[format]; ok {
		format = said
	}
	written := make([]any, len(values))
	for i, v := range values {
		written[i] = People(v)
	}
	return fmt.Sprintf(format, written...)
}

// Name says a word that is not known where it is used. What the catalogue does not have, such as the name of a model, stays as it is.
func (p *Printer) Name(word string) string {
	if said, ok := p.said().names[word]; ok {
		return said
	}
	return word
}

// Names says several.
func Names[S ~string](p *Printer, list []S) []string {
	said := make([]string, len(list))
	for i, word := range list {
		said[i] = p.Name(string(word))
	}
	return said
}

// Key is a text that stands where no printer is.
type Key string

// In says the text.
func (k Key) In(p *Printer) string { return p.T(string(k)) }
