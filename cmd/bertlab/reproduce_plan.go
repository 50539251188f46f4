package main

import (
	"context"
	"fmt"
	"io"

	"bertlab/cmd/bertlab/internal/show"
	"bertlab/papers/experiment"
)

// plan lists the steps of the papers with about what they take.
func (a *app) plan(ctx context.Context, chosen []experiment.Paper, r experiment.Request) error {
	env, done, err := a.Laboratory(ctx, a.place())
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
			fmt.Fprintf(w, "%s\n\n%s\n", f.Title, show.StepTable(f.Steps).Text())
			fmt.Fprintf(w, "%s: %s\n%s", f.Name, show.Outlook(f.Outlook), map[bool]string{false: "\n"}[i == len(forecasts)-1])
		}
		if all := experiment.SumOf(forecasts); len(forecasts) > 1 {
			fmt.Fprintf(w, "all: %s\n", show.Outlook(all))
		}
	})
}
