package figures

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// minus writes the sign as typographers do, as wide as a plus.
func minus(s string) string { return strings.ReplaceAll(s, "-", "−") }

// Minus writes the minus signs of numbers within a text as typographers do. Hyphens stay, and so does what stands between backquotes.
func Minus(text string) string {
	if !strings.Contains(text, "-") {
		return text
	}
	letters := []rune(text)
	quoted := false
	for i, r := range letters {
		if r == '`' && (i == 0 || letters[i-1] != '`') {
			quoted = !quoted && slices.Contains(letters[i+1:], '`')
		}
		if !quoted && r == '-' && i+1 < len(letters) && negative(letters[i+1:]) && (i == 0 || unicode.IsSpace(letters[i-1]) || strings.ContainsRune("([{,;:=<>≤≥≈±×·\"“|", letters[i-1])) {
			letters[i] = '−'
		}
	}
	return string(letters)
}

// negative reports whether what follows a sign is a number.
func negative(rest []rune) bool {
	if rest[0] == '.' && len(rest) > 1 {
		rest = rest[1:]
	}
	return rest[0] >= '0' && rest[0] <= '9' || rest[0] == '∞'
}

// Group puts commas between the thousands of a number that is written in full; what stands around it, such as an exponent, stays.
func Group(s string) string {
	from := strings.IndexFunc(s, isDigit)
	if from < 0 {
		return s
	}
	to := from + len(s[from:])
	if end := strings.IndexFunc(s[from:], func(r rune) bool { return !isDigit(r) }); end >= 0 {
		to = from + end
	}
	whole := s[from:to]
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return s[:from] + whole + s[to:]
}

// Count is a whole number with its thousands set apart.
func Count[N int | int64](n N) string { return Group(strconv.FormatInt(int64(n), 10)) }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// plain writes a number in six significant digits or, if it is whole, in all of them.
func plain(v float64) string {
	a := math.Abs(v)
	if v == math.Trunc(v) && a < 1e15 {
		return Group(strconv.FormatFloat(v, 'f', 0, 64))
	}
	if a >= 1e15 || a < 1e-5 {
		return scientific(v)
	}
	decimals := max(0, 5-int(math.Floor(math.Log10(a))))
	return Group(strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', decimals, 64), "0"), "."))
}

// scientific writes a number in up to six significant digits and a power of ten: 2.5·10⁻⁷, 10⁷.
func scientific(v float64) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', 5, 64), "e")
	mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	n, err := strconv.Atoi(exponent)
	if err != nil { // NaN, infinite
		return mantissa
	}
	power := "10" + strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹").Replace(strconv.Itoa(n))
	switch mantissa {
	case "1", "-1":
		return strings.TrimSuffix(mantissa, "1") + power
	}
	return mantissa + "·" + power
}

// Percent formats a share for an axis: 0.4 is "40 %".
func Percent(v float64) string {
	return minus(Group(strconv.FormatFloat(math.Round(v*1e5)/1e3, 'f', -1, 64))) + " %"
}

// Whole formats an axis on which only whole numbers mean something.
func Whole(v float64) string {
	if v != math.Trunc(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// Signed writes a change with one digit, and a sign that is as wide as a digit.
func Signed(change float64) string { return minus(fmt.Sprintf("%+.1f", change)) }

// Texts are values as groups of bars or lines of a grid are named by them, such as batch sizes.
func Texts[T any](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = fmt.Sprint(v)
	}
	return list
}

// FromZero numbers the lines of a grid or groups of bars, such as layers, from 0.
func FromZero(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	return list
}

// printed applies a fmt verb such as "%.2f" with a typographic minus.
func printed(format string, v float64) string {
	if !finite(v) {
		return "–"
	}
	s := Group(fmt.Sprintf(format, v))
	if !strings.ContainsAny(s, "123456789") { // a rounded zero has no sign
		s = strings.TrimLeft(s, "+-")
	}
	return clean(minus(s))
}
