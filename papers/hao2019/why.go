package hao2019

import (
	"fmt"
	"maps"
)

// Why are the numbers by which the narrative says what a surface shows and what not: in how many dimensions the weights lie, how many points
// of the plane were looked at and on how many examples, and how far the training was from the line at most. Beside them, which of the two
// optima is wider and which errs less.
func (r edition) Why() map[string]any {
	off := 0.0
	for _, w := range r.Runs[0].Way {
		off = max(off, w.Orthogonal)
	}
	numbers := map[string]any{
		"dimensions": r.Whole.Size, "points": len(r.Surface.Alpha) * len(r.Surface.Beta), "shown": r.Surface.Sets[0].Examples,
		"off": fmt.Sprintf("%.2f", off), "angle": fmt.Sprintf("%.0f", degrees(r.Whole.Cosine())), "climb": fmt.Sprintf("%.1f", 100*r.Fine.Rise.Value),
		"away": fmt.Sprintf("%.2f", r.Whole.First), "whole": fmt.Sprintf("%.1f", r.Whole.Norm), "seed": r.Config.Seed,
	}
	maps.Copy(numbers, r.flatness())
	return numbers
}

// flatness holds the optimum from scratch against the fine-tuned one, by width and by error on dev; "compared" is false where one of the two
// is not known.
func (r edition) flatness() map[string]any {
	fine, scratch := r.Fine, r.Scratch
	if r.ScratchSurface == nil || !r.learned(fine) || !r.learned(scratch) {
		return map[string]any{"compared": false}
	}
	own, other := r.Surface.Sets[1].End.Error, r.ScratchSurface.Sets[1].End.Error
	wider := scratch.Width.Value > fine.Width.Value
	return map[string]any{
		"compared": true, "scratchIsWider": wider, "inBothUnits": wider == (scratch.Width.Value*scratch.Geometry.First > fine.Width.Value*fine.Geometry.First),
		"fineWidth": widthText(r.Printer, fine), "scratchWidth": widthText(r.Printer, scratch),
		"fineError": fmt.Sprintf("%.1f", 100*own), "scratchError": fmt.Sprintf("%.1f", 100*other), "judged": r.Surface.Sets[1].Examples,
		"asThePaper": own != other && wider == (other < own), "reverse": own != other && wider == (other > own),
	}
}
