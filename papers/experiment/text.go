package experiment

import (
	"os"
	"strings"

	"bertlab/papers/experiment/words"
)

// Language is a language of reports and notebooks, by its tag in HTML.
type Language string

const (
	English Language = "en"
	Korean  Language = "ko"
)

// Text is a text in the languages of reports and notebooks.
type Text struct{ English, Korean string }

// In gives the text in a language; in English where it has no other.
func (t Text) In(lang Language) string {
	if lang == Korean && t.Korean != "" {
		return t.Korean
	}
	return t.English
}

// said is a text in all languages.
func said(in func(say *words.Printer) string) Text { return Text{in(words.English), in(words.Korean)} }

// LanguageVariable is the environment variable that names the language of a notebook, by its tag.
const LanguageVariable = "BERTLAB_LANGUAGE"

// NotebookLanguage is the language in which a notebook's cells should speak: that of BERTLAB_LANGUAGE, else Korean in a notebook
// whose name ends in .ko.ipynb, of which Jupyter tells the kernel, else English.
func NotebookLanguage() Language {
	if tag := os.Getenv(LanguageVariable); tag != "" {
		return Language(tag)
	}
	if strings.HasSuffix(os.Getenv("JPY_SESSION_NAME"), KoreanNotebook) {
		return Korean
	}
	return English
}

// KoreanNotebook is how the name of a notebook in Korean ends.
const KoreanNotebook = ".ko.ipynb"

// Limit says how many examples a protocol takes at most; 0 is all of them.
func Limit(say *words.Printer, n int) string {
	if n == 0 {
		return say.T("all")
	}
	return words.List(n)
}
