package layerdrop

import (
	"fmt"
	"slices"
	"testing"

	"bertlab/gbert"
	"bertlab/internal/tiny"
)

// tied is a classifier in which layers share all their weights with those that are given, or, if they are negative, their query alone.
func tied(t *testing.T, holders ...int) *gbert.Model {
	t.Helper()
	m := classifier(t, len(holders), 4)
	for layer, holder := range holders {
		roles := gbert.TieRoles
		if holder < 0 {
			holder, roles = -holder-1, []gbert.Role{gbert.Query}
		}
		if holder == layer {
			continue
		}
		for _, role := range roles {
			m.Share(layer, role, holder)
		}
	}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	return m
}

// anonymous is the fingerprint of a model that does not tell where its layers come from.
func anonymous(t *testing.T, m *gbert.Model) string {
	t.Helper()
	m.Config.History = nil
	for l := range m.Config.Layers {
		m.Config.Layers[l].Origin = l
	}
	return tiny.Fingerprint(t, m)
}

func TestSetsOfLayersAreCanonicallyEqualExactlyIfTheyLeaveTheSameModel(t *testing.T) {
	for _, holders := range [][]int{{0, 1, 2, 3, 4}, {0, 0, 0, 0, 0}, {0, 0, 2, 2, 0}, {0, 1, 1, -1, -2}, {0, 1, 0, 1, 4}} {
		m := tied(t, holders...)
		canonical := map[string]string{} // of a model
		for bits := range 1<<len(holders) - 1 {
			var dropped []int
			for l := len(holders) - 1; l >= 0; l-- {
				if bits>>l&1 == 1 {
					dropped = append(dropped, l)
				}
			}
			got := Canonical(m.Config, dropped)
			if len(got) != len(dropped) || !slices.IsSorted(got) {
				t.Fatalf("%v: %v of %v", holders, got, dropped)
			}
			model, text := anonymous(t, drop(t, m, dropped...)), fmt.Sprint(got)
			if anonymous(t, drop(t, m, got...)) != model {
				t.Errorf("%v: without %v and without %v are two models", holders, dropped, got)
			}
			if known, ok := canonical[model]; ok && known != text {
				t.Errorf("%v: without %v is the model without %s, not without %s", holders, dropped, known, text)
			}
			canonical[model] = text
		}
	}
}

func TestInAModelOfLayersOfTheirOwnEverySetIsItself(t *testing.T) {
	m := classifier(t, 4, 1)
	if got := Canonical(m.Config, []int{3, 1}); !slices.Equal(got, []int{1, 3}) {
		t.Error(got)
	}
	shared := tied(t, 0, 0, 0, 0)
	if got := Canonical(shared.Config, []int{0, 1}); !slices.Equal(got, []int{2, 3}) {
		t.Error(got)
	}
}
