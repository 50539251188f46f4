// Package call says what is wrong with a call of the program in the words of the command line: with the names of its flags, and with
// what may have been meant.
package call

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// Wrong marks an error of the caller: another call would work.
type Wrong struct{ error }

func (w Wrong) Unwrap() error { return w.error }

// Wrap marks an error; nil stays nil.
func Wrap(err error) error {
	if err == nil {
		return nil
	}
	return Wrong{err}
}

// Wrongf is a marked error.
func Wrongf(format string, args ...any) error { return Wrong{fmt.Errorf(format, args...)} }

// Choose reports a flag's value that is none of the choices.
func Choose[T ~string](flag string, value T, choices ...T) error {
	if slices.Contains(choices, value) {
		return nil
	}
	names := make([]string, len(choices))
	for i, choice := range choices {
		names[i] = string(choice)
	}
	return Wrongf("--%s %s: choose one of %s%s", flag, value, List(names), Meant(string(value), names))
}

// List is a list of words in a message.
func List(words []string) string { return strings.Join(words, ", ") }

// Meant is a hint at the choices that are nearest to a word, to stand at the end of a message; empty where none is near.
func Meant(word string, choices []string) string {
	near := Nearest(word, choices)
	if len(near) == 0 {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", strings.Join(near, " or "))
}

// Nearest are the choices that a word may stand for: those that it begins, or else that differ in a letter, or else in two. Cobra
// measures the distance.
func Nearest(word string, choices []string) []string {
	parent := &cobra.Command{}
	for _, choice := range choices {
		parent.AddCommand(&cobra.Command{Use: choice, Run: func(*cobra.Command, []string) {}})
	}
	for distance := 1; word != "" && distance <= max(1, min(2, len(word)/2)); distance++ {
		parent.SuggestionsMinimumDistance = distance
		if near := parent.SuggestionsFor(word); len(near) > 0 {
			return near[:min(len(near), 3)]
		}
	}
	return nil
}

// Unread reports the first of some flags that was given where none of them is read; with says what they go with, such as --weighted.
func Unread(changed func(flag string) bool, with string, flags ...string) error {
	for _, flag := range flags {
		if changed(flag) {
			return Wrongf("--%s goes with %s; nothing would read it here", flag, with)
		}
	}
	return nil
}
