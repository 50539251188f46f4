package wang2022

import "fmt"

// Why are the numbers by which the narrative says why the error does not tell the accuracy: of the pairs of forms with equally many
// parameters that learned again in the same way, in how many the one with the smaller error is right less often; and for the model with the
// smallest error that was not trained again what it loses.
func (r edition) Why() map[string]any {
	pairs, against := 0, 0
	for _, pair := range r.rivals() {
		a, b := r.of(pair[0]), r.of(pair[1])
		if len(a) == 0 || len(b) == 0 {
			continue
		}
		pairs++
		if mean(a) < mean(b) {
			against++
		}
	}
	numbers := map[string]any{"pairs": pairs, "against": against, "ranks": 3*against < pairs, "broken": false}
	for _, form := range r.Config.Forms {
		for _, ratio := range r.Config.Ratios {
			c := cell{form, ratio, None}
			if d, ok := r.against(c); ok && !r.learned(c) {
				numbers["broken"], numbers["form"], numbers["part"] = true, string(form), 100*ratio
				numbers["error"], numbers["lost"] = fmt.Sprintf("%.0f", 100*r.meanError(form, ratio)), d.Points()
			}
		}
		if numbers["broken"] == true {
			break
		}
	}
	return numbers
}
