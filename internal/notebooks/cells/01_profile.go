package cells

import (
	"fmt"

	"bertlab/papers/ganesh2021"
	"bertlab/papers/notebook"
)

var profile = notebook.Of(ganesh2021.Experiment)

// MostToGain computes how much faster the pass would be without each component.
func MostToGain() {
	cells := profile.Result().Profile.Cells
	cell := cells[len(cells)-1]
	lines := []string{fmt.Sprintf("%d × %d", cell.Batch, cell.Length)}
	for _, part := range cell.Components {
		lines = append(lines, fmt.Sprintf("%s: %.2f×", notebook.Words().Name(part.Component.String()), 1/(1-part.TimeShare)))
	}
	notebook.List(lines...)
}

// AttentionByLength lists attention's shares of operations and of time.
func AttentionByLength() {
	var lines []string
	for _, cell := range profile.Result().Profile.Cells {
		if part := cell.Part("attention"); part != nil {
			lines = append(lines, fmt.Sprintf("%d × %d: %.1f %%, %.1f %%", cell.Batch, cell.Length, 100*part.MACShare, 100*part.TimeShare))
		}
	}
	notebook.List(lines...)
}

// OperationsPerSecond lists how many billion operations a second each component does.
func OperationsPerSecond() {
	cells := profile.Result().Profile.Cells
	var lines []string
	for _, part := range cells[len(cells)-1].Components {
		if part.MACs > 0 {
			lines = append(lines, fmt.Sprintf("%s: %.1f", notebook.Words().Name(part.Component.String()), float64(part.MACs)/part.Seconds.Median/1e9))
		}
	}
	notebook.List(lines...)
}
