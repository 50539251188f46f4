package cells

import (
	"fmt"

	"bertlab/papers/lan2020"
	"bertlab/papers/notebook"
)

var sharing = notebook.Of(lan2020.Experiment)

// CountByHand counts the parameters of an encoder by the formula.
func CountByHand() {
	hidden, intermediate, groups := 768, 3072, 12
	attention := 4*(hidden*hidden+hidden) + 2*hidden
	ffn := 2*hidden*intermediate + intermediate + hidden + 2*hidden
	notebook.List(fmt.Sprintf("%d · (%d + %d) = %d", groups, attention, ffn, groups*(attention+ffn)))
}

// SumOfLosses lists what each way of sharing changes the accuracy by.
func SumOfLosses() {
	var lines []string
	for _, t := range sharing.Result().Runs {
		if t.Variant != (lan2020.Scheme{}) {
			lines = append(lines, fmt.Sprintf("%s, %d: %+.1f [%+.1f, %+.1f]", t.Variant.In(notebook.Words()), t.Seed, 100*t.Difference, 100*t.Low, 100*t.High))
		}
	}
	notebook.List(lines...)
}

// SmallestTable looks for the smallest word table whose error stays below a bound.
func SmallestTable() {
	r, bound := sharing.Result(), 0.5
	for i, e := range r.Errors {
		if e <= bound {
			notebook.List(fmt.Sprintf("E = %d: %.3f; %d → %d", i+1, e, r.Vocab*r.Hidden, (r.Vocab+r.Hidden)*(i+1)))
			return
		}
	}
}
