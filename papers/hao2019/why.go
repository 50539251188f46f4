package hao2019

import "fmt"

// Why are the numbers by which the narrative says what a surface shows and what not: in how many dimensions the weights lie, how many points
// of the plane were looked at and on how many examples, and how far the training was from the line at most.
func (r edition) Why() map[string]any {
	off := 0.0
	for _, w := range r.Runs[0].Way {
		off = max(off, w.Orthogonal)
	}
	return map[string]any{
		"dimensions": r.Whole.Size, "points": len(r.Surface.Alpha) * len(r.Surface.Beta), "shown": r.Surface.Sets[0].Examples,
		"off": fmt.Sprintf("%.2f", off), "angle": fmt.Sprintf("%.0f", degrees(r.Whole.Cosine())), "climb": fmt.Sprintf("%.1f", 100*r.Fine.Rise.Value),
		"away": fmt.Sprintf("%.2f", r.Whole.First), "whole": fmt.Sprintf("%.1f", r.Whole.Norm),
	}
}
