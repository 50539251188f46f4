package sharing

import (
	"math"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/techniques/heads"
)

func TestTieRefusesWhatCannotBeShared(t *testing.T) {
	model := classifier(t, 4, 1)
	uneven, err := surgery.RemoveHeads(model, heads.Set{1: {0}})
	if err != nil {
		t.Fatal(err)
	}
	swapped, err := surgery.RemoveHeads(model, heads.Set{0: {0}, 1: {1}})
	if err != nil {
		t.Fatal(err)
	}
	ranks := classifier(t, 4, 2)
	factor(t, ranks, 0, gbert.FFNIn, 2)
	factor(t, ranks, 1, gbert.FFNIn, 3)
	form := classifier(t, 4, 2)
	factor(t, form, 1, gbert.Key, 2)
	narrow := classifier(t, 4, 2)
	narrow.Config.Layers[3].IntermediateSize = 5
	set(t, narrow, gbert.WeightName(3, gbert.FFNIn), []int{5, 8}, make([]float32, 40))
	set(t, narrow, gbert.BiasName(3, gbert.FFNIn), []int{5}, make([]float32, 5))
	set(t, narrow, gbert.WeightName(3, gbert.FFNOut), []int{8, 5}, make([]float32, 40))
	broken := classifier(t, 4, 2)
	set(t, broken, gbert.BiasName(2, gbert.FFNIn), []int{12}, slices.Repeat([]float32{float32(math.NaN())}, 12))
	for name, test := range map[string]struct {
		model    *gbert.Model
		options  Options
		mentions []string
	}{
		"too many groups":     {model, Options{Groups: 5}, []string{"5 groups", "1…4"}},
		"negative groups":     {model, Options{Groups: -1}, []string{"1…4"}},
		"unknown what":        {model, Options{What: "embeddings"}, []string{"embeddings", "attention", "ffn"}},
		"unknown init":        {model, Options{Init: "last"}, []string{"last", "first", "mean", "best"}},
		"numbers of heads":    {uneven, Options{What: Attention}, []string{"layers 0 and 1", "[0 1]", "[1]"}},
		"other heads":         {swapped, Options{}, []string{"layers 0 and 1", "same heads"}},
		"ranks":               {ranks, Options{What: FFN, Groups: 2}, []string{"ffn_in", "rank 2", "rank 3"}},
		"forms":               {form, Options{}, []string{"key", "dense", "factored of rank 2"}},
		"intermediate sizes":  {narrow, Options{Groups: 2}, []string{"layers 2 and 3", "12 and 5"}},
		"mean of factors":     {mixed(t), Options{Init: Mean}, []string{"value", "first", "best"}},
		"weights that are no": {broken, Options{}, []string{"layer 2", "finite"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Tie(test.model, test.options)
			if err == nil {
				t.Fatal("no error")
			}
			for _, mention := range test.mentions {
				if !strings.Contains(err.Error(), mention) {
					t.Errorf("%q does not mention %q", err, mention)
				}
			}
		})
	}
	if _, _, err := Tie(uneven, Options{What: FFN}); err != nil {
		t.Errorf("other heads hinder sharing of the feed-forward network: %v", err)
	}
	if _, _, err := Tie(narrow, Options{What: Attention}); err != nil {
		t.Errorf("another intermediate size hinders sharing of attention: %v", err)
	}
	if _, err := Split(3, 4); err == nil || !strings.Contains(err.Error(), "1…3") {
		t.Errorf("%v", err)
	}
}
