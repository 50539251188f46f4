package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/pflag"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/shard"
)

// sharingFlags say which part of the papers is done.
type sharingFlags struct {
	shard    string
	gather   bool
	plan     bool
	patience time.Duration
}

func (s *sharingFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&s.shard, "shard", "", "do this part of the steps, i/n from 0/n on, and no report (default: that of the Slurm array or Kubernetes Indexed Job; 0/1: all)")
	flags.BoolVar(&s.gather, "gather", false, "compute nothing: make the reports of what the shards have done, or name what is missing and end with status 3")
	flags.BoolVar(&s.plan, "plan", false, "compute nothing: list the steps, with about how many seconds and how much memory each takes")
	flags.DurationVar(&s.patience, "patience", 45*time.Second, "a shard of which nothing is heard for so long counts as dead: what others need of it they do themselves")
}

// shardOf is the part that is asked for, by flags or by the scheduler; nil: all.
func (a *app) shardOf(s *sharingFlags) (*shard.Found, error) {
	if s.gather || s.plan {
		if s.shard != "" || s.gather && s.plan {
			return nil, call.Wrongf("--gather, --plan and --shard: give one of them")
		}
		return nil, nil
	}
	if s.patience < time.Second {
		return nil, call.Wrongf("--patience %v: at least a second is needed", s.patience)
	}
	found, err := shard.Find(s.shard, os.Getenv, experiment.BoardFolder(a.out))
	if err != nil {
		return nil, call.Wrap(err)
	}
	if found != nil && found.Of == 1 {
		found = nil
	}
	return found, nil
}

// shard does a shard's part of the papers.
func (a *app) shard(ctx context.Context, chosen []experiment.Paper, r experiment.Request, part *shard.Found, patience time.Duration) error {
	parts, err := a.DoShard(ctx, chosen, r, a.place(), part, patience)
	return a.finish(parts, err, func(w io.Writer) {
		for _, name := range workbench.NamesOf(chosen) {
			p := parts[name]
			fmt.Fprintf(w, "%s\tshard %s: %d of %d steps, %d computed here\n", name, p.Shard, p.Own, p.Steps, p.Computed)
		}
	})
}
