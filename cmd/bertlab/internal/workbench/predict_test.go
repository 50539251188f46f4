package workbench

import (
	"slices"
	"testing"
)

func TestModelsAreToldApartByAsMuchOfTheirPathsAsItTakes(t *testing.T) {
	for _, c := range [][2][]string{
		{{"some/where/movies"}, {"movies"}},
		{{"a/t", "b/t", "c/t"}, {"a/t", "b/t", "c/t"}},
		{{"/x/a/t", "/x/b/t/", "/y/b/t", "other"}, {"a/t", "x/b/t", "y/b/t", "other"}},
		{{"t", "a/t", "./t"}, {"t", "a/t", "t (2)"}},
		{{"/t", "t"}, {"/t", "t"}},
		{{"a/t", "a/t", "a/s"}, {"t", "t (2)", "s"}},
	} {
		if got := titles(c[0]); !slices.Equal(got, c[1]) {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
}
