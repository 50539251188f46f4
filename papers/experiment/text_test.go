package experiment

import "testing"

func TestANotebookSpeaksItsLanguage(t *testing.T) {
	for _, test := range []struct {
		variable, session string
		want              Language
	}{
		{"", "", English}, {"", "/home/x/00_overview.ipynb", English}, {"", "/home/x/00_overview.ko.ipynb", Korean},
		{"ko", "", Korean}, {"en", "/home/x/00_overview.ko.ipynb", English},
	} {
		t.Setenv(LanguageVariable, test.variable)
		t.Setenv("JPY_SESSION_NAME", test.session)
		if got := NotebookLanguage(); got != test.want {
			t.Errorf("%q, %q: %s", test.variable, test.session, got)
		}
	}
	if text := (Text{"word", "단어"}); text.In(Korean) != "단어" || text.In(English) != "word" || text.In("fr") != "word" || (Text{English: "word"}).In(Korean) != "word" {
		t.Error("a text is given in another language")
	}
}
