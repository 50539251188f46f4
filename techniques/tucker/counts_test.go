package tucker

import (
	"math"
	"testing"
)

func TestThePapersModelsAreCountedAsPrinted(t *testing.T) {
	counts := Counts()
	if len(counts) != len(printed) || counts[0].Counted != 86_041_344 {
		t.Errorf("%+v", counts)
	}
	for _, c := range counts {
		if off := float64(c.Counted)/1e6 - c.Printed; math.Abs(off) > 0.1 {
			t.Errorf("%s: %d parameters counted, %.1f million printed", c.Name, c.Counted, c.Printed)
		}
	}
}
