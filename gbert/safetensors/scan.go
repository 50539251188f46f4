package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
)

// scanner reads JSON from front to back. encoding/json would let a second
// value for a name replace the first, and takes some 1,500 bytes for an entry
// of 55.
type scanner struct {
	text []byte
	at   int
}

// errEnd is for JSON that is cut off.
var errEnd = errors.New("the JSON ends too early")

// peek returns the next byte that is not white space, or 0 at the end.
func (s *scanner) peek() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// expect takes the byte want.
func (s *scanner) expect(want byte) error {
	switch c := s.peek(); {
	case s.at == len(s.text):
		return errEnd
	case c != want:
		return fmt.Errorf("expected %q, found %q", string(want), s.text[s.at:s.at+1])
	}
	s.at++
	return nil
}

// list calls element before each element of the array or object that the bytes
// opening and closing stand around.
func (s *scanner) list(opening, closing byte, element func() error) error {
	if err := s.expect(opening); err != nil {
		return err
	}
	if s.peek() == closing {
		s.at++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if s.peek() == closing {
			s.at++
			return nil
		}
		if err := s.expect(','); err != nil {
			return err
		}
	}
}

// object calls member with each key of an object, before its value.
func (s *scanner) object(what string, member func(key string) error) error {
	return s.list('{', '}', func() error {
		key, err := s.string(what)
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := member(key); err != nil {
			return fmt.Errorf("%q: %w", key, err)
		}
		return nil
	})
}

// string takes a string; what says what it is.
func (s *scanner) string(what string) (string, error) {
	if c := s.peek(); s.at < len(s.text) && c != '"' {
		return "", fmt.Errorf("expected %s, found %q", what, s.text[s.at:s.at+1])
	}
	start := s.at
	escaped, err := s.skipString()
	if err != nil {
		return "", err
	}
	if !escaped {
		return string(s.text[start+1 : s.at-1]), nil
	}
	var unescaped string
	err = json.Unmarshal(s.text[start:s.at], &unescaped)
	return unescaped, err
}

// skipString moves behind the string that begins here, and tells whether it
// holds escapes.
func (s *scanner) skipString() (escaped bool, err error) {
	for s.at++; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return escaped, nil
		case c == '\\':
			escaped = true
			s.at++
		case c < ' ':
			return escaped, fmt.Errorf("control character %#x in a string", c)
		}
	}
	s.at = len(s.text)
	return escaped, errEnd
}

// number takes a whole number that is not negative.
func (s *scanner) number() (int64, error) {
	s.peek()
	start := s.at
	for s.at < len(s.text) {
		c := s.text[s.at]
		if ('0' > c || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			break
		}
		s.at++
	}
	digits := string(s.text[start:s.at])
	switch {
	case digits == "" && s.at == len(s.text):
		return 0, errEnd
	case digits == "":
		return 0, fmt.Errorf("expected a number, found %q", s.text[s.at:s.at+1])
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || digits[0] == '-' || digits[0] == '+' || digits[0] == '0' && len(digits) > 1 {
		return 0, fmt.Errorf("%s is not a whole number from 0 to %d", digits, int64(math.MaxInt64))
	}
	return n, nil
}

// numbers takes an array of at most most whole numbers.
func (s *scanner) numbers(most int) ([]int64, error) {
	list := make([]int64, 0, 2)
	err := s.list('[', ']', func() error {
		if len(list) == most {
			return fmt.Errorf("more than %d numbers", most)
		}
		n, err := s.number()
		list = append(list, n)
		return err
	})
	return list, err
}

// skip takes a value of any kind.
func (s *scanner) skip() error {
	s.peek()
	start, depth := s.at, 0
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			if _, err := s.skipString(); err != nil {
				return err
			}
			continue
		case c == '{' || c == '[':
			depth++
		case depth == 0 && (c == ',' || c == '}'):
			if !json.Valid(s.text[start:s.at]) {
				return errors.New("not a JSON value")
			}
			return nil
		case c == '}' || c == ']':
			depth--
		}
		s.at++
	}
	return errEnd
}
