package report

import (
	"fmt"
	"html"

	"bertlab/figures"
)

// Verdict says what became of a claim.
type Verdict int

const (
	// CannotTell is the zero value: nothing was shown either way.
	CannotTell Verdict = iota
	// Holds means that the measured numbers support the claim.
	Holds
	// DoesNotHold means that they contradict it.
	DoesNotHold
	// Informative is said of a statement that the paper does not make: it is neither right nor wrong about it.
	Informative
)

// Verdicts are all of them, in the order in which they are counted.
var Verdicts = []Verdict{Holds, DoesNotHold, CannotTell, Informative}

var verdictText = map[Verdict]string{CannotTell: "cannot be told here", Holds: "holds", DoesNotHold: "does not hold", Informative: "for information"}

// String returns "holds", "does not hold", "cannot be told here" or "for information".
func (v Verdict) String() string {
	if s, ok := verdictText[v]; ok {
		return s
	}
	return fmt.Sprintf("Verdict(%d)", int(v))
}

// MarshalText writes the words of [Verdict.String], also in JSON.
func (v Verdict) MarshalText() ([]byte, error) {
	if _, ok := verdictText[v]; !ok {
		return nil, fmt.Errorf("report: %d is no verdict", int(v))
	}
	return []byte(v.String()), nil
}

// UnmarshalText reads what MarshalText writes.
func (v *Verdict) UnmarshalText(b []byte) error {
	for k, s := range verdictText {
		if s == string(b) {
			*v = k
			return nil
		}
	}
	return fmt.Errorf("report: verdict %q: wanted %q, %q, %q or %q", b, Holds, DoesNotHold, CannotTell, Informative)
}

// class is the verdict's name in style sheets.
func (v Verdict) class() string {
	switch v {
	case Holds:
		return "holds"
	case DoesNotHold:
		return "fails"
	case Informative:
		return "information"
	}
	return "open"
}

// HTML is the verdict as a coloured word with a sign, so that it does not depend on the colour.
func (v Verdict) HTML() string { return spoken{v, &english}.HTML() }

// In is the verdict as a table's cell in a language, by its tag.
func (v Verdict) In(language string) figures.Styled { return spoken{v, phrasesOf(language)} }

// spoken is a verdict in the words of a language.
type spoken struct {
	verdict Verdict
	words   *phrases
}

func (s spoken) String() string { return s.words.verdict(s.verdict) }

func (s spoken) HTML() string {
	sign := map[Verdict]string{Holds: "✓", DoesNotHold: "✗", Informative: "·"}[s.verdict]
	if sign == "" {
		sign = "?"
	}
	return fmt.Sprintf(`<span class="verdict %s"><span aria-hidden="true">%s</span> %s</span>`, s.verdict.class(), sign, html.EscapeString(s.String()))
}
