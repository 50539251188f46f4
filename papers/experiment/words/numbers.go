package words

import (
	"fmt"
	"reflect"
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
	case []int, []uint64, []float64, []string:
		return List(value)
	}
	return value
}

// List is a list of values with commas between them; a single value is a list of one.
func List(values any) string {
	v := reflect.ValueOf(values)
	if v.Kind() != reflect.Slice {
		return fmt.Sprint(People(values))
	}
	said := make([]string, v.Len())
	for i := range said {
		said[i] = fmt.Sprint(People(v.Index(i).Interface()))
	}
	return strings.Join(said, ", ")
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
