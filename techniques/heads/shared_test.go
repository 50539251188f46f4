package heads

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/internal/tiny"
)

// sharing is a model of 4 layers: 0, 2 and 3 share all of their attention, 1 none.
func sharing(t testing.TB) *gbert.Model {
	model := classifier(t, 4, 11)
	for _, layer := range []int{2, 3} {
		for _, role := range surgery.AttentionRoles {
			model.Share(layer, role, 0)
		}
	}
	return model
}

func TestLayersThatShareAnyAttentionMapAreAGroup(t *testing.T) {
	some := classifier(t, 4, 11)
	some.Share(1, gbert.Query, 3) // 3 holds the map, and
	some.Share(2, gbert.Value, 3)
	norms := classifier(t, 2, 11)
	norms.Share(1, gbert.FFNIn, 0) // no attention
	for name, c := range map[string]struct {
		model *gbert.Model
		want  string
	}{
		"a BERT":              {classifier(t, 3, 1), "[[0] [1] [2]]"},
		"all roles":           {sharing(t), "[[0 2 3] [1]]"},
		"one role each":       {some, "[[0] [1 2 3]]"},
		"feed-forward alone":  {norms, "[[0] [1]]"},
		"without layers":      {classifier(t, 0, 1), "[]"},
		"two in other places": {tied(t), "[[0 1] [2]]"},
	} {
		if got := fmt.Sprint(surgery.Sharing(c.model.Config, surgery.AttentionRoles...)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestHeadsOfAGroupAreRankedByTheSumOfWhatTheyContribute(t *testing.T) {
	c := sharing(t).Config
	importance := &Importance{
		Raw:        [][]float64{{4, 1, 0}, {3, 4, 0}, {0, 1, 9}, {0, 1, 0}},
		Normalized: [][]float64{{.9, .1, 0}, {.6, .8, 0}, {0, .1, .9}, {0, 1, 0}},
	}
	// Of the group: 4, 3, 9 by their norm 10.3; of layer 1 as they are.
	want := "1:2 0:1 2:1 3:1 0:0 2:0 3:0 1:0 1:1 0:2 2:2 3:2"
	ranking := RankByImportance(c, importance)
	if got := strings.Trim(fmt.Sprint(ranking), "[]"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for count, want := range map[int]string{
		0: "", 1: "1:2", 2: "1:2", 3: "0:1;1:2;2:1;3:1", 4: "0:1;1:2;2:1;3:1", 5: "0:1;1:2;2:1;3:1",
		6: "0:0,1;1:2;2:0,1;3:0,1", 8: "0:0,1;1:0,2;2:0,1;3:0,1", 12: "0:0,1,2;1:0,1,2;2:0,1,2;3:0,1,2",
	} {
		if got := First(c, ranking, count).String(); got != want {
			t.Errorf("%d heads: %q, want %q", count, got, want)
		}
	}
}

func TestOfABERTExactlyTheFirstHeadsOfARankingAreTaken(t *testing.T) {
	c := classifier(t, 3, 4).Config
	ranking := RankAtRandom(c, 9)
	for count := range len(ranking) + 1 {
		if got, want := First(c, ranking, count).String(), NewSet(ranking[:count]...).String(); got != want {
			t.Errorf("%d: %s, want %s", count, got, want)
		}
	}
}

func TestARandomRankingKeepsTheHeadsOfAGroupTogether(t *testing.T) {
	c := sharing(t).Config
	for seed := range uint64(20) {
		ranking := RankAtRandom(c, seed)
		for count := range len(ranking) + 1 {
			set := First(c, ranking, count)
			if err := surgery.CheckShared(c, set); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if d := set.Len() - count; d < -1 || d > 1 {
				t.Errorf("seed %d: %d heads for %d", seed, set.Len(), count)
			}
		}
		if slices.Equal(ranking, All(c)) && seed > 2 {
			t.Errorf("seed %d: the heads stand in their order", seed)
		}
	}
}

func TestPartOfAGroupsHeadsIsRefusedWithTheSetThatWouldDo(t *testing.T) {
	model := sharing(t)
	for text, want := range map[string]string{
		"0:1":     "heads: layers 0, 2 and 3 share their attention: remove the same heads from all of them, with 0:1 also 2:1;3:1",
		"2:0;3:0": "layers 2, 3 and 0 share their attention: remove the same heads from all of them, with 2:0;3:0 also 0:0",
		"0:0;2:1": "remove the same heads from all of them, with 0:0 also 2:0;3:0",
	} {
		set, err := ParseSet(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := surgery.RemoveHeads(model, set); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	d := sentences(6, 2)
	for _, text := range []string{"1:0,2", "0:1;2:1;3:1", "0:0,1,2;2:0,1,2;3:0,1,2;1:1"} {
		set, err := ParseSet(text)
		if err != nil {
			t.Fatal(err)
		}
		smaller, err := surgery.RemoveHeads(model, set)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		mask, err := set.Mask(model.Config)
		if err != nil {
			t.Fatal(err)
		}
		want := logits(t, session(t, model), prepare(t, model, d, 3), mask)
		if apart := tiny.Apart(tiny.Logits(t, smaller, d), want); apart > 1e-5 {
			t.Errorf("%s: the logits differ by %g from the masked model's", text, apart)
		}
	}
}

func TestAShareOfTheHeadsIsRoundedAndIsOneAtLeast(t *testing.T) {
	of := func(layers, each int) *gbert.Config {
		config := *classifier(t, 1, 1).Config
		layer := config.Layers[0]
		layer.Heads = nil
		for head := range each {
			layer.Heads = append(layer.Heads, head)
		}
		config.Layers = slices.Repeat([]gbert.LayerShape{layer}, layers)
		return &config
	}
	for _, c := range []struct {
		layers, each int
		fraction     float64
		want         int
	}{
		{4, 2, 0.1, 1}, {4, 2, 0.0625, 1}, {4, 2, 1, 8}, {4, 2, 0.4, 3}, {6, 12, 0.3, 22}, {6, 12, 0.333, 24}, {12, 12, 0.333, 48}, {12, 12, 0.34, 49},
	} {
		config := of(c.layers, c.each)
		if set, err := FirstShare(config, All(config), c.fraction); set.Len() != c.want || err != nil {
			t.Errorf("%g of %d×%d heads are %d, %v; want %d", c.fraction, c.layers, c.each, set.Len(), err, c.want)
		}
	}
	for _, c := range []struct {
		config   *gbert.Config
		fraction float64
		mentions string
	}{
		{of(4, 2), 0.01, "0.01 of the model's 8 heads is less than half a head"},
		{of(4, 0), 0.5, "no heads"},
		{sharing(t).Config, 0.1, "heads is 1, less than half of those that go together"},
	} {
		if set, err := FirstShare(c.config, All(c.config), c.fraction); err == nil || !strings.Contains(err.Error(), c.mentions) {
			t.Errorf("%v, %v; %q was expected", set, err, c.mentions)
		}
	}
}
