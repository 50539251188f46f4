package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/papers/experiment"
)

func (a *app) recordsCommand() *cobra.Command {
	command := group(&cobra.Command{
		Use:   "records",
		Short: "Runs by full protocols that come with the program",
		Long: `Runs by full protocols that come with the program: reproduce and the notebooks show them without computing anything. They hold the
protocol, the result and what each step returned, but no models.`,
		Example: `  bertlab records list
  bertlab records verify heads --minutes 10`,
	}, a.recordsListCommand(), a.recordsVerifyCommand(), a.recordsWriteCommand())
	command.PersistentFlags().StringVar(&a.Records, "records", "", "folder with records (default: those of the program)")
	return command
}

func (a *app) recordsListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Name the records, with their machine and how long they took", Args: cobra.NoArgs,
		Long:    "Name the records: paper, day, model, number of steps, how long they took, and on which machine. A file that cannot be used is named with the reason.",
		Example: "  bertlab records list",
		RunE: a.begin(func(*cobra.Command, []string) error {
			list := a.Recordings().List()
			return a.print(list, func(w io.Writer) { fmt.Fprint(w, show.Records(list).Text()) })
		}),
	}
}

func (a *app) recordsVerifyCommand() *cobra.Command {
	var minutes float64
	command := &cobra.Command{
		Use: "verify [paper…]", Short: "Compute a random sample of recorded steps again, and compare",
		Long: `Compute a random sample of recorded steps again, and compare what they return. --minutes is what they took when they were recorded,
together with the models that they need, for each paper; --seed draws them. On the same processor with the same versions every byte is
the same; elsewhere numbers may differ by rounding, which training can enlarge. The exit status is 1 if one is not within a thousandth.`,
		Example: "  bertlab records verify heads --minutes 10",
		RunE: a.begin(func(command *cobra.Command, args []string) error {
			if minutes <= 0 {
				return call.Wrongf("--minutes %v: more than 0 are needed", minutes)
			}
			names := args
			if len(names) == 0 {
				names = a.Recordings().Names()
			}
			if len(names) == 0 {
				return errors.New("there is no record to verify")
			}
			chosen, err := workbench.ChoosePapers(a.papers, names)
			if err != nil {
				return err
			}
			return a.verifyRecords(command.Context(), chosen, time.Duration(minutes*float64(time.Minute)))
		}),
	}
	command.Flags().Float64Var(&minutes, "minutes", 10, "how long the steps took, at most")
	return command
}

func (a *app) verifyRecords(ctx context.Context, chosen []experiment.Paper, budget time.Duration) error {
	document, differ, err := a.Verify(ctx, chosen, a.place(), budget)
	if err != nil {
		return err
	}
	if err := a.print(document, func(w io.Writer) { fmt.Fprint(w, show.Verified(document).Text()) }); err != nil {
		return err
	}
	if differ > 0 {
		return fmt.Errorf("%d steps do not return what is on record", differ)
	}
	return nil
}

func (a *app) recordsWriteCommand() *cobra.Command {
	var asked requestFlags
	var from, into string
	var unfinished, overwrite bool
	command := &cobra.Command{
		Use: "write paper", Short: "Write a run down as a record", Args: cobra.ExactArgs(1),
		Long: `Write a run that is complete in the folder --results down as a record, in the folder --into. The other flags ask for the run, as in
reproduce.

With --unfinished a run is written down that is not complete. It goes on on any machine, with reproduce --records and the folder: the steps
that are missing are computed there, and again the models that they read, since records have none.`,
		Example: `  bertlab records write heads --results results --into papers/records/runs
  bertlab records write movement --results results --unfinished --into half`,
		RunE: a.begin(func(command *cobra.Command, args []string) error {
			chosen, err := workbench.ChoosePapers(a.papers, args)
			if err != nil {
				return err
			}
			r, err := a.request(command.Flags(), &asked, chosen)
			if err != nil {
				return err
			}
			env, done, err := a.Laboratory(command.Context(), a.place())
			if err != nil {
				return err
			}
			defer done()
			env.Dir = from
			recording, err := chosen[0].Record(command.Context(), env, r, unfinished)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			path, err := recording.Write(into, overwrite)
			if err != nil {
				return err
			}
			written := struct {
				Record  string `json:"record"`
				Steps   int    `json:"steps"`
				Missing int    `json:"missing,omitempty"`
			}{path, len(recording.Steps), recording.Missing}
			return a.print(written, func(w io.Writer) {
				fmt.Fprintf(w, "record\t%s\nsteps\t%s\n", path, show.RecordedSteps(written.Steps, written.Missing))
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar(&from, "results", "results", "folder with the run")
	asked.add(flags)
	flags.BoolVar(&unfinished, "unfinished", false, "write down what there is of a run that is not complete")
	flags.BoolVar(&overwrite, "overwrite", false, "replace a record of another protocol, or one with more steps")
	flags.StringVar(&into, "into", "records", "folder for the record")
	a.writes(flags, output.Target{Flag: "into", Kind: output.Folder})
	return command
}
