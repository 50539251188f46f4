package main

import (
	"strings"
	"testing"

	"bertlab/gbert/backend"
)

func TestVersionNamesTheProgramAndWhatComputes(t *testing.T) {
	text := bertlab(t, "version").stdout
	for _, want := range []string{"bertlab", backend.Versions()["go"], "github.com/gomlx/gomlx"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %q", want, text)
		}
	}
	if versions := bertlab(t, "version", "--json").document(); versions["github.com/gomlx/compute"] == nil {
		t.Errorf("%v", versions)
	}
}
