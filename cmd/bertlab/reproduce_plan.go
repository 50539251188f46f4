package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// plan lists the steps of the papers with about what they take.
func (a *app) plan(ctx context.Context, chosen []experiment.Paper, r experiment.Request) error {
	env, done, err := a.laboratory(ctx)
	if err != nil {
		return err
	}
	defer done()
	forecasts, err := experiment.Foresee(ctx, env, chosen, r)
	if err != nil {
		return err
	}
	return a.print(forecasts, func(w io.Writer) {
		for i, f := range forecasts {
			fmt.Fprintf(w, "%s\n\n%s\n", f.Title, stepTable(f.Steps).Text())
			fmt.Fprintf(w, "%s: %s\n%s", f.Name, forecastLine(f.Outlook), map[bool]string{false: "\n"}[i == len(forecasts)-1])
		}
		if all := experiment.SumOf(forecasts); len(forecasts) > 1 {
			fmt.Fprintf(w, "all: %s\n", forecastLine(all))
		}
	})
}

// forecastLine says what is still to be done.
func forecastLine(o experiment.Outlook) string {
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

// stepTable lists steps, longest first on a level.
func stepTable(steps []experiment.Planned) *figures.Table {
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
