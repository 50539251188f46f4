package experiment

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
