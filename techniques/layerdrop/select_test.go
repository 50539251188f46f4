package layerdrop

import (
	"slices"
	"strings"
	"testing"

	"bertlab/gbert/surgery"
)

func TestStrategiesDropTheLayersOfThePaper(t *testing.T) {
	for _, test := range []struct {
		strategy  Strategy
		layers, k int
		want      []int // counted from 1, as the paper does
	}{
		{Top, 12, 2, []int{11, 12}}, {Top, 12, 6, []int{7, 8, 9, 10, 11, 12}}, {Bottom, 12, 4, []int{1, 2, 3, 4}},
		{Symmetric, 12, 2, []int{6, 7}}, {Symmetric, 12, 4, []int{5, 6, 7, 8}}, {Symmetric, 12, 6, []int{4, 5, 6, 7, 8, 9}},
		{AlternateOdd, 12, 4, []int{5, 7, 9, 11}}, {AlternateEven, 12, 4, []int{6, 8, 10, 12}},
		{AlternateOdd, 12, 6, []int{1, 3, 5, 7, 9, 11}}, {AlternateEven, 12, 6, []int{2, 4, 6, 8, 10, 12}},
		{Symmetric, 6, 3, []int{3, 4, 5}}, {Symmetric, 6, 1, []int{4}}, {Symmetric, 5, 3, []int{2, 3, 4}}, {Symmetric, 2, 1, []int{2}},
		{AlternateOdd, 5, 2, []int{3, 5}}, {AlternateEven, 5, 2, []int{2, 4}}, {Top, 1, 0, nil}, {AlternateOdd, 1, 0, nil},
	} {
		got, err := Select(test.strategy, test.layers, test.k)
		for i := range got {
			got[i]++
		}
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s, %d of %d: %v, %v; want %v", test.strategy, test.k, test.layers, got, err, test.want)
		}
	}
}

func TestAnySelectionIsAscendingWithinTheModelAndLeavesALayer(t *testing.T) {
	for layers := 1; layers <= 24; layers++ {
		for _, strategy := range ByPosition {
			for k := range layers {
				selected, err := Select(strategy, layers, k)
				if err != nil {
					if strategy != AlternateOdd && strategy != AlternateEven || 2*k < layers-1 {
						t.Errorf("%s, %d of %d: %v", strategy, k, layers, err)
					}
					continue
				}
				kept := surgery.Without(layers, selected)
				if len(selected) != k || len(kept) != layers-k || !slices.IsSorted(selected) || len(slices.Compact(slices.Clone(selected))) != k {
					t.Errorf("%s, %d of %d: %v", strategy, k, layers, selected)
				}
			}
		}
	}
}

func TestASelectionThatCannotBeIsRefused(t *testing.T) {
	for _, test := range []struct {
		strategy  Strategy
		layers, k int
		mentions  []string
	}{
		{Top, 6, 6, []string{"6 of 6", "at least one layer stays", "0…5"}}, {Top, 6, -1, []string{"-1 of 6", "0…5"}}, {Bottom, 6, 9, []string{"0…5"}},
		{AlternateOdd, 6, 4, []string{"alternate", "0…3 of 6"}}, {AlternateEven, 5, 3, []string{"0…2 of 5"}}, {Top, 0, 0, []string{"no layers"}},
		{Contribution, 6, 2, []string{"contribution", "by position", "top, bottom"}}, {"middle", 6, 2, []string{"middle", "symmetric"}},
	} {
		_, err := Select(test.strategy, test.layers, test.k)
		for _, text := range test.mentions {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s, %d of %d: %v does not mention %q", test.strategy, test.k, test.layers, err, text)
			}
		}
	}
}

func TestLayersAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string][]int{"": {}, " ": {}, "0": {0}, "9,10, 11": {9, 10, 11}, "3,1": {3, 1}} {
		got, err := ParseLayers(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if again, err := ParseLayers(surgery.FormatLayers(got)); err != nil || !slices.Equal(again, got) {
			t.Errorf("%q: %v, %v", text, again, err)
		}
	}
	for text, mentions := range map[string]string{"a": "9,10,11", "1,,2": "9,10,11", "-1": "9,10,11", "1-3": "9,10,11", "2,2": "layer 2 twice", "99999999999999999999": "9,10,11"} {
		if _, err := ParseLayers(text); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
