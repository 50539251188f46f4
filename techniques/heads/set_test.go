package heads

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"bertlab/gbert/surgery"
)

// drawSet draws a set of heads of a model with the given dimensions.
func drawSet(t *rapid.T, layers, heads int) Set {
	var list []Head
	for l := range layers {
		for h := range heads {
			if rapid.Bool().Draw(t, Head{l, h}.String()) {
				list = append(list, Head{l, h})
			}
		}
	}
	return NewSet(list...)
}

func same(a, b Set) bool { return maps.EqualFunc(a, b, slices.Equal[[]int]) }

func TestASetIsReadAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := drawSet(t, 5, 12)
		again, err := ParseSet(set.String())
		if err != nil || !same(again, set) {
			t.Fatalf("%q is read as %v, %v", set, again, err)
		}
		if list := set.Heads(); len(list) != set.Len() || !same(NewSet(list...), set) {
			t.Fatalf("%q has the heads %v, Len %d", set, list, set.Len())
		}
	})
}

func TestParseSetSortsAndLeavesOutRepetitions(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " ; ": "", "2:1;0:5,3": "0:3,5;2:1", " 0 : 3 , 3 ; 0:1 ": "0:1,3",
	} {
		if got := parse(t, text).String(); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestParseSetSaysWhatIsWrong(t *testing.T) {
	for text, mentions := range map[string]string{
		"0-3": `"0-3"`, "x:1": `"x:1"`, "-1:0": `"-1:0"`, "1": `"1"`, "0:": `"0:"`, "0:1,": `""`, "0:a": `"a"`, "0:-1": `"-1"`,
		"0:1;2:99999999999999999999": "99999999999999999999",
	} {
		if _, err := ParseSet(text); err == nil || !strings.Contains(err.Error(), mentions) || !strings.Contains(err.Error(), "0:3,5;2:1") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCheckNamesHeadsThatTheModelDoesNotHave(t *testing.T) {
	model := remove(t, classifier(t, 2, 1), "1:0,2")
	for _, test := range []struct {
		set      Set
		mentions string
	}{
		{Set{2: {0}}, "no layer 2: the model has layers 0…1"}, {Set{-1: {0}}, "no layer -1"},
		{Set{0: {3}}, "heads 0…2: there is no head 3"}, {Set{0: {-1}}, "no head -1"}, {Set{1: {1, 2}}, "head 2 of layer 1 was removed already; what is left there: [1]"},
	} {
		if err := test.set.Check(model.Config); err == nil || !strings.Contains(err.Error(), test.mentions) {
			t.Errorf("%v: %v", test.set, err)
		}
		if _, err := test.set.Mask(model.Config); err == nil {
			t.Errorf("%v has a mask", test.set)
		}
		if _, err := surgery.RemoveHeads(model, test.set); err == nil {
			t.Errorf("%v can be removed", test.set)
		}
	}
}

func TestAMaskIsZeroForTheHeadsOfTheSetAlone(t *testing.T) {
	config := classifier(t, 2, 1).Config
	rapid.Check(t, func(t *rapid.T) {
		set := drawSet(t, 2, tinyHeads)
		mask, err := set.Mask(config)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range All(config) {
			want := float32(1)
			if slices.Contains(set[h.Layer], h.Head) {
				want = 0
			}
			if mask[h.Layer][h.Head] != want {
				t.Fatalf("%v: ξ of %v is %g", set, h, mask[h.Layer][h.Head])
			}
		}
	})
}
