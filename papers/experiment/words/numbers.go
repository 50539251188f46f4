package words

import (
	"fmt"
	"strings"

	"bertlab/figures"
)

// People makes of numbers ones that fmt writes for people; other values stay. Unsigned numbers stay as well: they are seeds, which are
// names.
func People(value any) any {
	switch value := value.(type) {
	case int:
		return whole(value)
	case int64:
		return whole(value)
	case float64:
		return real(value)
	case float32:
		return real(value)
	}
	return value
}

// whole is a whole number whose thousands are set apart.
type whole int64

// Format is part of fmt.Formatter.
func (w whole) Format(s fmt.State, verb rune) {
	text := fmt.Sprintf(fmt.FormatString(s, verb), int64(w))
	if verb == 'd' || verb == 'v' {
		text = figures.Group(text)
	}
	fmt.Fprint(s, text)
}

// real is a number whose thousands are set apart, and which has six significant digits where no precision is asked for.
type real float64

// Format is part of fmt.Formatter.
func (r real) Format(s fmt.State, verb rune) {
	format := fmt.FormatString(s, verb)
	if _, asked := s.Precision(); !asked && (verb == 'v' || verb == 'g') {
		format = strings.TrimSuffix(format, string(verb)) + ".6g"
	}
	fmt.Fprint(s, figures.Group(fmt.Sprintf(format, float64(r))))
}
