package heads

import (
	"math"
	"testing"

	"bertlab/gbert/tokenizer"
)

func TestALookSumsToOneAndKnowsWhichHeadsAreGone(t *testing.T) {
	session := session(t, classifier(t, 2, 1))
	config := session.Model().Config
	text := tokenizer.Encoding{IDs: []int32{2, 5, 6, 7, 3}, Types: make([]int32, 5)}
	whole, err := Look(session, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	gone := Set{}
	for _, h := range All(config) {
		if h.Layer == 0 {
			gone[0] = append(gone[0], h.Head)
		}
	}
	mask, err := gone.Mask(config)
	if err != nil {
		t.Fatal(err)
	}
	masked, err := Look(session, text, mask)
	if err != nil {
		t.Fatal(err)
	}
	for l := range whole {
		sum := 0.0
		for token := range whole[l] {
			sum += whole[l][token]
		}
		if math.Abs(sum-1) > 1e-5 || len(whole[l]) != len(text.IDs) {
			t.Errorf("layer %d attends to %v, in all %g", l, whole[l], sum)
		}
	}
	if !math.IsNaN(masked[0][0]) || math.IsNaN(masked[1][0]) || masked[1][1] == whole[1][1] {
		t.Errorf("without the heads of layer 0: %v, with them %v", masked, whole)
	}
}
