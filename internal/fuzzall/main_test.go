package main

import (
	"reflect"
	"testing"
)

func TestTargetsBelongToThePackageBelowThem(t *testing.T) {
	got := parseList("FuzzA\nFuzzB\nok  \tbertlab/gbert\t0.01s\n?   \tbertlab/bench\t[no test files]\nok  \tbertlab/figures\t0.1s\nFuzzC\nok  \tbertlab/recipes\t(cached)\n")
	want := []target{{"bertlab/gbert", "FuzzA"}, {"bertlab/gbert", "FuzzB"}, {"bertlab/recipes", "FuzzC"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	if got := lastCount("fuzz: elapsed: 3s, execs: 5 (1/sec)\nfuzz: elapsed: 6s, execs: 40 (9/sec), new interesting: 3 (total: 9)\nPASS\n"); got != "execs: 40 (9/sec), new interesting: 3 (total: 9)" {
		t.Errorf("%q", got)
	}
}
