package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert/backend"
	"bertlab/internal/files"
	"bertlab/papers/experiment"
)

func (a *app) reproduceCommand() *cobra.Command {
	var names bool
	var asked requestFlags
	var sharing sharingFlags
	var list strings.Builder
	for _, p := range a.papers {
		name, title := p.About()
		fmt.Fprintf(&list, "\n  %-10s %s", name, title)
	}
	command := &cobra.Command{
		Use:   "reproduce [paper…]",
		Short: "Run the experiments of papers, from data to figures",
		Long: `Run the experiments of papers, all of them or those that are named, and write results, figures and HTML reports, in English and
Korean, to the folder --out (default: results). Without a name, all are run, and index.html leads to them: every claim with its
verdict, and the models of the recipes side by side. A run that was stopped resumes. Of a paper whose full protocol is on record, the
record is shown at once, without model, data or network; --again repeats the run.

Several processes, on one machine or on many, may share the work in one folder: each is a --shard, and --gather makes the reports
when all have ended. See docs/cluster.md. Papers:` + "\n" + list.String(),
		Example: `  bertlab reproduce heads --quick
  bertlab reproduce layers --quick --seeds 3
  bertlab reproduce movement --protocol docs/protocols/movement-sst2.json --out results/movement-sst2
  bertlab reproduce --out results
  bertlab reproduce --quick --plan
  bertlab reproduce heads --shard 0/4
  bertlab reproduce heads --gather`,
		RunE: a.resume(func(command *cobra.Command, args []string) error {
			chosen, err := choosePapers(a.papers, args)
			if err != nil {
				return err
			}
			if names {
				return a.listPapers(chosen)
			}
			r, err := a.request(command.Flags(), &asked, chosen)
			if err != nil {
				return err
			}
			do := reproduction(a.replayed)
			switch part, err := a.shardOf(&sharing); {
			case err != nil:
				return err
			case sharing.gather:
				do = func(p experiment.Paper, ctx context.Context, open opening, r experiment.Request) (*experiment.Outcome, error) {
					env, err := open()
					if err != nil {
						return nil, err
					}
					return experiment.Gather(ctx, env, p, r)
				}
			case sharing.plan:
				return a.plan(command.Context(), chosen, r)
			case part != nil:
				return a.shard(command.Context(), chosen, r, part, sharing.patience)
			}
			chapters, err := a.reproduce(command.Context(), chosen, r, do)
			document := map[string]any{}
			for _, c := range chapters {
				document[c.Name] = c.Outcome
			}
			if len(args) == 0 && len(chapters) > 0 { // also when one of them failed
				index, failed := experiment.WriteIndex(a.out, chapters)
				if err = errors.Join(err, failed); failed == nil {
					document["index"] = index[len(index)-1]
				}
			}
			if err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				for _, c := range chapters {
					fmt.Fprintf(w, "%s\n\n%s\n", c.Title, claimTable(c.Claims).Text())
					fmt.Fprintf(w, "report\t%s\n", c.Report)
				}
				if len(args) == 0 {
					fmt.Fprintf(w, "all\t%s\n", document["index"])
				}
			})
		}),
	}
	a.outFolder(command.Flags())
	command.Flags().BoolVar(&names, "list", false, "name the papers, one a line, and run nothing")
	asked.add(command.Flags())
	command.Flags().StringVar(&a.Records, "records", "", "folder with records (default: those of the program)")
	command.Flags().BoolVar(&a.Again, "again", false, "compute what is on record, too")
	sharing.add(command.Flags())
	return command
}

// requestFlags are what of a protocol is asked for.
type requestFlags struct {
	quick    bool
	runs     int
	protocol string
}

func (r *requestFlags) add(flags *pflag.FlagSet) {
	flags.IntVar(&r.runs, "seeds", 0, "repeat with so many seeds from the first one on, where a paper has several (default: its protocol's)")
	flags.StringVar(&r.protocol, "protocol", "", "JSON file whose fields replace those of the paper's protocol (they are under \"config\" in its result)")
	flags.BoolVar(&r.quick, "quick", false, "fewer examples and seeds: minutes on two cores")
}

// request is what is asked of the papers.
func (a *app) request(flags *pflag.FlagSet, asked *requestFlags, chosen []experiment.Paper) (r experiment.Request, err error) {
	if flags.Changed("seeds") && asked.runs < 1 {
		return r, call.Wrongf("--seeds %d: at least 1 run is needed", asked.runs)
	}
	r = experiment.Request{Quick: asked.quick, Runs: asked.runs, Model: a.model, Task: a.task, Data: a.data}
	if flags.Changed("seed") {
		r.Seed = &a.Seed
	}
	if asked.protocol != "" {
		if len(chosen) != 1 {
			return r, call.Wrongf("--protocol goes with one paper, not with %d", len(chosen))
		}
		r.Protocol, err = files.Read(asked.protocol, maxProtocol)
	}
	return r, err
}

// maxProtocol bounds a protocol's file.
const maxProtocol = 1 << 20

// listPapers names papers.
func (a *app) listPapers(chosen []experiment.Paper) error {
	names := namesOf(chosen)
	return a.print(names, func(w io.Writer) { fmt.Fprintln(w, strings.Join(names, "\n")) })
}

// namesOf are the papers' names on the command line.
func namesOf(list []experiment.Paper) []string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i], _ = p.About()
	}
	return names
}

// An opening opens what papers are reproduced in, the first time that it is asked.
type opening func() (*experiment.Environment, error)

// reproduction does a paper, as [experiment.Paper.Reproduce] does.
type reproduction func(p experiment.Paper, ctx context.Context, open opening, r experiment.Request) (*experiment.Outcome, error)

// laboratory is what papers are reproduced in.
func (a *app) laboratory(ctx context.Context) (*experiment.Environment, func(), error) {
	if a.task != "" {
		if _, err := workbench.LookupTask(a.task, nil, false); err != nil {
			return nil, nil, err
		}
	}
	env, done, err := a.Environment(ctx, a.out)
	if err == nil {
		env.Memory = childMemory
	}
	return env, done, err
}

// reproduce runs the papers on one backend. One that fails does not keep the others from being run: its error is in its chapter, and
// returned at the end.
func (a *app) reproduce(ctx context.Context, chosen []experiment.Paper, r experiment.Request, do reproduction) ([]experiment.Chapter, error) {
	var env *experiment.Environment // opened by the first paper that computes
	closing := func() {}
	defer func() { closing() }()
	open := func() (*experiment.Environment, error) {
		var err error
		if env == nil {
			if opened, done, failed := a.laboratory(ctx); failed != nil {
				err = failed
			} else {
				env, closing = opened, done
			}
		}
		return env, err
	}
	var chapters []experiment.Chapter
	var failures []error
	for i, p := range chosen {
		name, title := p.About()
		a.Meter.Say("%s (%d of %d): %s", name, i+1, len(chosen), title)
		result, err := do(p, ctx, open, r)
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			if ctx.Err() != nil {
				return nil, err
			}
			a.Meter.Warn("%v", err)
			result = &experiment.Outcome{Err: err}
			failures = append(failures, err)
		}
		chapters = append(chapters, experiment.Chapter{Name: name, Title: title, Outcome: result})
	}
	if env == nil {
		return chapters, errors.Join(failures...)
	}
	if c := backend.Compiled(env.Backend); c.Programs+c.Loaded > 0 {
		a.Meter.Say("compiled %d programs and read %d of earlier runs in %.0f s, used them %d times again", c.Programs, c.Loaded, c.Time.Seconds(), c.Reused)
	}
	return chapters, errors.Join(failures...)
}

// replayed publishes what is on record of a paper; where nothing is, it computes the paper.
func (a *app) replayed(p experiment.Paper, ctx context.Context, open opening, r experiment.Request) (*experiment.Outcome, error) {
	result, err := p.Replay(a.out, a.Recordings(), r)
	var refused *experiment.RefusedRecording
	switch {
	case errors.As(err, &refused):
		a.Meter.Warn("%v: the paper is computed", err)
	case err != nil:
		return nil, err
	case result != nil:
		a.Meter.Say("this is the record of %s; --again computes it here, which took %s there", result.Recorded.Format(time.DateOnly), result.Took().Round(time.Minute))
		return result, nil
	}
	env, err := open()
	if err != nil {
		return nil, err
	}
	return p.Reproduce(ctx, env, r)
}

// claimTable lists a paper's claims with what became of them.
func claimTable(claims []experiment.Claim) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{{Name: "verdict"}, {Name: "claim"}, {Name: "measured"}}}
	for _, c := range claims {
		table.Rows = append(table.Rows, []any{c.Verdict, c.Text, c.Measured})
	}
	return table
}

// choosePapers gives the papers of the names, all of them without names.
func choosePapers(all []experiment.Paper, names []string) ([]experiment.Paper, error) {
	if len(names) == 0 {
		return all, nil
	}
	known := namesOf(all)
	var chosen []experiment.Paper
	for _, name := range names {
		i := slices.Index(known, name)
		if i < 0 {
			return nil, call.Wrongf("no paper is called %q: choose from %s%s", name, call.List(known), call.Meant(name, known))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}
