package words

import (
	"strings"
	"testing"
	"text/template"
)

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for want, said := range map[string]string{
		"22,713,216 parameters":  English.F("%d parameters", 22713216),
		"seed 20260131":          English.F("seed %d", uint64(20260131)),
		"12,345.7 million":       English.F("%.1f million", 12345.678),
		"+1,234.50 [-2,000.00]":  English.F("%+.2f [%+.2f]", 1234.5, -2000.0),
		"0.625 of 999":           English.F("%v of %v", 0.6249999999999978, 999),
		"0.3 and 2e-05":          English.F("%g and %g", 0.1+0.2, 2e-5),
		"seeds 1, 2":             English.F("seeds %v", []uint64{1, 2}),
		"0.3, 0.6; one; top, 2":  List([]float64{0.1 + 0.2, 0.6}) + "; " + List("one") + "; " + List([]string{"top", "2"}),
		"  7|7  |007|x 1000":     English.F("%3d|%-3d|%03d|x %s", 7, 7, 7, "1000"),
		"1,000 of 2,000 (third)": English.F("%[2]d of %[1]d (%[3]s)", 2000, int64(1000), "third"),
	} {
		if said != want {
			t.Errorf("%q was said, want %q", said, want)
		}
	}
}

func TestNumbersOfANarrativeCanStillBeCompared(t *testing.T) {
	var out strings.Builder
	text := template.Must(template.New("").Parse("{{if gt .n 1000}}{{.n}}{{end}} {{if lt .x 0.5}}{{.x}}{{end}} {{printf \"%.1f\" .x}}"))
	if err := text.Execute(&out, map[string]any{"n": People(1418), "x": People(0.1 + 0.2)}); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "1,418 0.3 0.3" {
		t.Error(got)
	}
}
