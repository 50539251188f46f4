package call

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

var bytesPattern = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([kKMG]i?)?B?$`)

// ParseSize reads a number of bytes such as 40MB, 1.5GiB or 500000.
func ParseSize(text string) (int64, error) {
	parts := bytesPattern.FindStringSubmatch(text)
	if parts == nil {
		return 0, errors.New("a size was expected, such as 40MB, 500kB or 1.5GiB")
	}
	value, err := strconv.ParseFloat(parts[1], 64)
	if err != nil {
		return 0, err
	}
	step := 1000.0
	if strings.HasSuffix(parts[2], "i") {
		step = 1024
	}
	if unit := strings.TrimSuffix(parts[2], "i"); unit != "" {
		for range 1 + strings.Index("kmg", strings.ToLower(unit)) {
			value *= step
		}
	}
	if value < 1 || value > 1<<50 {
		return 0, errors.New("a size of 1 byte to 1 PiB was expected")
	}
	return int64(value), nil
}

// Size is the value of a flag that is a number of bytes.
type Size int64

// Set reads it, as [ParseSize] does.
func (s *Size) Set(text string) error {
	n, err := ParseSize(text)
	*s = Size(n)
	return err
}

// String is "" for a flag that was not given.
func (s *Size) String() string {
	if *s == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Type names what a flag takes, in its help.
func (s *Size) Type() string { return "size" }
