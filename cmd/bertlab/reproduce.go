package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
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
			chosen, err := workbench.ChoosePapers(a.papers, args)
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
			switch part, err := a.shardOf(&sharing); {
			case err != nil:
				return err
			case sharing.plan:
				return a.plan(command.Context(), chosen, r)
			case part != nil:
				return a.shard(command.Context(), chosen, r, part, sharing.patience)
			}
			chapters, err := a.Reproduce(command.Context(), chosen, r, a.place(), sharing.gather)
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
					fmt.Fprintf(w, "%s\n\n%s\n", c.Title, show.Claims(c.Claims).Text())
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
		if r.Protocol, err = files.Read(asked.protocol, maxProtocol); err != nil {
			return r, err
		}
		if err := chosen[0].Accepts(r); err != nil {
			return r, call.Wrongf("--protocol %s: %w", asked.protocol, err)
		}
	}
	return r, nil
}

// maxProtocol bounds a protocol's file.
const maxProtocol = 1 << 20

// listPapers names papers.
func (a *app) listPapers(chosen []experiment.Paper) error {
	names := workbench.NamesOf(chosen)
	return a.print(names, func(w io.Writer) { fmt.Fprintln(w, strings.Join(names, "\n")) })
}

// place is where papers are reproduced.
func (a *app) place() workbench.Place { return workbench.Place{Out: a.out, Task: a.task} }
