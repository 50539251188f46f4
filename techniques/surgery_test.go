package techniques

import (
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/techniques/heads"
	"bertlab/techniques/sharing"
	"bertlab/techniques/tucker"
)

// What surgery makes of a banked model computes what it makes of its dense copy.
func TestSurgeryOnABankIsThatOnItsMatrices(t *testing.T) {
	removeHeads := func(set heads.Set) func(m *gbert.Model) (*gbert.Model, error) {
		return func(m *gbert.Model) (*gbert.Model, error) { return surgery.RemoveHeads(m, set) }
	}
	removeNeurons := func(neurons map[int][]int) func(m *gbert.Model) (*gbert.Model, error) {
		return func(m *gbert.Model) (*gbert.Model, error) { return surgery.RemoveNeurons(m, neurons) }
	}
	drop := func(layers ...int) func(m *gbert.Model) (*gbert.Model, error) {
		return func(m *gbert.Model) (*gbert.Model, error) { return surgery.DropLayers(m, layers) }
	}
	tieTo := func(what sharing.What, init sharing.Init) func(m *gbert.Model) (*gbert.Model, error) {
		return func(m *gbert.Model) (*gbert.Model, error) {
			tied, _, err := sharing.Tie(m, sharing.Options{What: what, Groups: 1, Init: init})
			return tied, err
		}
	}
	same := map[int][]int{0: {1, 9}, 1: {1, 9}, 2: {1, 9}}
	for name, steps := range map[string][]func(m *gbert.Model) (*gbert.Model, error){
		"heads":                {removeHeads(heads.Set{0: {0}, 2: {1}})},
		"all heads of a layer": {removeHeads(heads.Set{1: {0, 1, 2, 3}})},
		"heads twice":          {removeHeads(heads.Set{1: {0}}), removeHeads(heads.Set{1: {1}})},
		"neurons":              {removeNeurons(map[int][]int{0: {0, 3, 11}, 2: {8, 9, 10, 11}})},
		"neurons twice":        {removeNeurons(map[int][]int{0: {0, 3, 11}}), removeNeurons(map[int][]int{0: {0, 5}})},
		"all neurons":          {removeNeurons(map[int][]int{1: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}})},
		"a layer":              {drop(1)},
		"all of it":            {removeNeurons(map[int][]int{2: {4, 8}}), drop(0), removeHeads(heads.Set{1: {1}})},
		"tied to the first":    {tieTo(sharing.All, sharing.First)},
		"tied to the best":     {tieTo(sharing.FFN, sharing.Best)},
		"tied, then cut":       {tieTo(sharing.All, sharing.First), removeHeads(heads.Set{0: {1}, 1: {1}, 2: {1}}), drop(0)},
		"cut alike, then tied": {removeNeurons(same), tieTo(sharing.FFN, sharing.First), drop(0, 1)},
	} {
		for form, o := range map[string]tucker.BankOptions{
			"mixed": {LayerRank: 7, Rank: 5}, "full": {Core: gbert.FullCore, Rank: 4}, "diagonal": {Core: gbert.DiagonalCore, Rank: 6},
			"attention alone": {LayerRank: 3, Rank: 3, Roles: gbert.LayerRoles[:4]}, "W_out alone": {Core: gbert.FullCore, Rank: 4, Roles: []gbert.Role{gbert.FFNOut}},
		} {
			t.Run(name+", "+form, func(t *testing.T) {
				o.Sweeps = 1
				low, _ := bank(t, classifier(t, 3, 1), o)
				dense, err := low.Dense()
				if err != nil {
					t.Fatal(err)
				}
				for _, step := range steps {
					if low, err = step(low); err != nil {
						t.Fatal(err)
					}
					if dense, err = step(dense); err != nil {
						t.Fatal(err)
					}
				}
				if d := apart(logits(t, low), logits(t, dense)); d > 1e-5 {
					t.Errorf("logits differ by %g", d)
				}
				again, err := low.Dense()
				if err != nil {
					t.Fatal(err)
				}
				if d := apart(logits(t, low), logits(t, again)); d > 1e-5 {
					t.Errorf("the dense copy differs by %g", d)
				}
			})
		}
	}
}

func TestRemovedHeadsAndNeuronsOfABankAreNotComputed(t *testing.T) {
	low, _ := bank(t, classifier(t, 1, 1), tucker.BankOptions{Core: gbert.FullCore, Rank: 4})
	before := low.Config.MACs(8, false)
	cut, err := surgery.RemoveHeads(low, heads.Set{0: {1}})
	if err != nil {
		t.Fatal(err)
	}
	if cut, err = surgery.RemoveNeurons(cut, map[int][]int{0: {0, 1, 2, 3}}); err != nil {
		t.Fatal(err)
	}
	after := cut.Config.MACs(8, false)
	if after.QueryKeyValue >= before.QueryKeyValue || after.AttentionOutput >= before.AttentionOutput || after.FeedForward >= before.FeedForward {
		t.Errorf("operations %+v became %+v", before, after)
	}
}
