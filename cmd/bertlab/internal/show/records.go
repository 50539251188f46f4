package show

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// Records lists records of experiments.
func Records(list []experiment.ListedRecording) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{{Name: "paper"}, {Name: "recorded"}, {Name: "model"}, {Name: "steps"}, {Name: "took"}, {Name: "on"}}}
	for _, r := range list {
		if r.Refused != "" {
			table.Rows = append(table.Rows, []any{r.Experiment, "not usable", "", "", "", r.Refused})
			continue
		}
		took := time.Duration(r.Seconds * float64(time.Second)).Round(time.Minute)
		table.Rows = append(table.Rows, []any{r.Experiment, r.Recorded.Format(time.DateOnly), r.Model, RecordedSteps(r.Steps, r.Missing), took.String(), r.Machine})
	}
	return table
}

// RecordedSteps says how many steps a record has, and of how many.
func RecordedSteps(steps, missing int) string {
	if missing > 0 {
		return fmt.Sprintf("%d of %d", steps, steps+missing)
	}
	return fmt.Sprint(steps)
}

// Verified lists the steps of records that were computed again, by their papers.
func Verified(papers map[string][]experiment.Verified) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{{Name: "paper"}, {Name: "step"}, {Name: "outcome"}, {Name: "largest difference"}, {Name: "at"}}}
	for _, name := range slices.Sorted(maps.Keys(papers)) {
		for _, v := range papers[name] {
			outcome := "differs"
			switch {
			case v.Same:
				outcome = "same bytes"
			case v.Within:
				outcome = "within the tolerance"
			}
			if v.Remade {
				outcome += " (its model came out otherwise)"
			}
			table.Rows = append(table.Rows, []any{name, v.Title.English, outcome, fmt.Sprintf("%.2g", v.Difference), v.At})
		}
	}
	return table
}

// Claims lists a paper's claims with what became of them.
func Claims(claims []experiment.Claim) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{{Name: "verdict"}, {Name: "claim"}, {Name: "measured"}}}
	for _, c := range claims {
		table.Rows = append(table.Rows, []any{c.Verdict, c.Text, c.Measured})
	}
	return table
}
