package movement

import (
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
)

// zero clears the units of a part of a weight.
func zero(t *testing.T, m *gbert.Model, name string, where func(row, column int) bool) {
	t.Helper()
	values, shape, err := m.Weight(name)
	if err != nil {
		t.Fatal(err)
	}
	columns, changed := len(values)/shape[0], slices.Clone(values)
	for i := range changed {
		if where(i/columns, i%columns) {
			changed[i] = 0
		}
	}
	set(t, m, name, shape, changed)
}

func TestModelWithoutEmptyNeuronsAndHeadsEqualsTheMaskedOne(t *testing.T) {
	for _, act := range gbert.Activations() {
		t.Run(act, func(t *testing.T) {
			m := classifier(t, 2, act).Clone()
			// Neurons without an input keep a bias; others have no output.
			zero(t, m, gbert.WeightName(0, gbert.FFNIn), func(row, _ int) bool { return row == 1 || row == 5 })
			zero(t, m, gbert.WeightName(0, gbert.FFNOut), func(_, column int) bool { return column == 2 })
			zero(t, m, gbert.WeightName(0, gbert.Value), func(row, _ int) bool { return row/4 == 0 })
			zero(t, m, gbert.WeightName(0, gbert.AttentionOutput), func(_, column int) bool { return column/4 == 2 })
			// Zero queries mean attention to all alike: such a head stays. All neurons of the layer go.
			zero(t, m, gbert.WeightName(1, gbert.Query), func(row, _ int) bool { return row/4 == 1 })
			zero(t, m, gbert.WeightName(1, gbert.FFNIn), func(int, int) bool { return true })
			smaller := check[*gbert.Model](t)(RemoveEmpty(m))
			if l := smaller.Config.Layers; !slices.Equal(l[0].Heads, []int{1}) || l[0].IntermediateSize != 5 || len(l[1].Heads) != 3 || l[1].IntermediateSize != 0 {
				t.Fatalf("left: %+v", l)
			}
			d := sentences(12)
			if gap := apart(logits(t, m, d), logits(t, smaller, d)); gap > 1e-5 {
				t.Errorf("the logits differ by %g", gap)
			}
			if gap := apart(logits(t, m, d), logits(t, classifier(t, 2, act), d)); gap < 1e-3 {
				t.Errorf("the logits of the unmasked model differ by %g only", gap)
			}
		})
	}
}

func TestLayerWithoutHeadsAndNeuronsStaysComputable(t *testing.T) {
	m := classifier(t, 2, "gelu").Clone()
	for _, role := range []gbert.Role{gbert.AttentionOutput, gbert.FFNOut} {
		zero(t, m, gbert.WeightName(1, role), func(int, int) bool { return true })
	}
	smaller := check[*gbert.Model](t)(RemoveEmpty(m))
	if l := smaller.Config.Layers[1]; len(l.Heads) != 0 || l.IntermediateSize != 0 {
		t.Fatalf("left: %+v", l)
	}
	d := sentences(12)
	if gap := apart(logits(t, m, d), logits(t, smaller, d)); gap > 1e-5 {
		t.Errorf("the logits differ by %g", gap)
	}
	again := check[*gbert.Model](t)(RemoveEmpty(smaller))
	if again.NumParameters() != smaller.NumParameters() {
		t.Error("a second removal found something")
	}
}

func TestPrunedHeadsAndNeuronsAreRemovedForReal(t *testing.T) {
	m := classifier(t, 2, "gelu")
	o := Options{Kind: Magnitude, Attention: Granularity{Unit: Head}, FFN: Granularity{Unit: Neuron}, Remaining: 0.5}
	masked := check[*gbert.Model](t)(Prune(m, o))
	smaller := check[*gbert.Model](t)(RemoveEmpty(masked))
	for _, l := range smaller.Config.Layers {
		if len(l.Heads) != 1 || l.IntermediateSize != 4 {
			t.Errorf("left: %+v", l)
		}
	}
	d := sentences(12)
	if gap := apart(logits(t, masked, d), logits(t, smaller, d)); gap > 1e-5 {
		t.Errorf("the logits differ by %g", gap)
	}
	a, b := check[*Remaining](t)(Count(masked)), check[*Remaining](t)(Count(smaller))
	if a.Kept != b.Kept || a.Total != b.Total || a.Kept != 2*(4*12*4+2*4*12) {
		t.Errorf("%d of %d weights in the masked model, %d of %d in the smaller one", a.Kept, a.Total, b.Kept, b.Total)
	}
	// A smaller model can be pruned again.
	if _, err := Prune(smaller, Options{Kind: Magnitude, Attention: Granularity{Unit: None}, FFN: Granularity{Unit: Neuron}, Remaining: 0.5}); err != nil {
		t.Error(err)
	}
}

func TestPruningASharedMapIsRefused(t *testing.T) {
	tied := classifier(t, 2, "gelu").Clone()
	tied.Share(1, gbert.FFNIn, 0)
	if _, err := New(tied, Options{Remaining: 0.5}); err == nil || !strings.Contains(err.Error(), "layer 1") || !strings.Contains(err.Error(), "tied") {
		t.Errorf("pruning a tied map: %v", err)
	}
}
