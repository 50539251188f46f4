package show

import (
	"fmt"
	"slices"
	"time"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// Outlook says what is still to be done.
func Outlook(o experiment.Outlook) string {
	return fmt.Sprintf("%d of %d steps to do, about %s one after another, %s at least with many shards, up to %s of memory",
		o.Missing, o.Count, roughly(o.Seconds), roughly(o.Longest), roughSize(o.Memory))
}

func roughly(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

func roughSize(bytes int64) string { return fmt.Sprintf("%.1f GB", float64(bytes)/(1<<30)) }

// StepTable lists steps, longest first on a level.
func StepTable(steps []experiment.Planned) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{{Name: "level"}, {Name: "step"}, {Name: "state"}, {Name: "time"}, {Name: "memory"}}}
	ordered := slices.Clone(steps)
	slices.SortStableFunc(ordered, func(x, y experiment.Planned) int { return x.Level - y.Level })
	for _, s := range ordered {
		state, memory := "to do", "about "+roughSize(s.Memory)
		took := "about " + roughly(s.Seconds)
		if s.Done {
			state, memory, took = "done", roughSize(s.Memory), roughly(s.Seconds)
		}
		table.Rows = append(table.Rows, []any{s.Level, s.Title.English, state, took, memory})
	}
	return table
}
