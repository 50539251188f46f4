package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

type adviseFlags struct {
	from, latency, size, retrain, runtime string
	batch                                 int
	drop                                  float64
}

func (a *app) adviseCommand() *cobra.Command {
	var f adviseFlags
	command := &cobra.Command{
		Use:   "advise",
		Short: "Recommend a compressed model within limits, from measurements",
		Long: `Say which of the measured models stays within limits of latency, size and loss of accuracy, and how certain that is. The answer comes
from what bertlab compare and bertlab reproduce recipes left in the folder --from, never from a table of rules; of compare.json and
recipes.json there the one counts that was begun later, and the answer names it. The probability that the drop is within the limit
comes from a bootstrap, latency is judged by its samples. Of the models that fit, it names the one with the smallest file if --max-drop
is given, otherwise the one that loses least.

Where models were compared in several runtimes (bertlab compare --runtimes xla,onnx,onnx-int8), a model in a runtime is one candidate, and
the answer within each runtime is said as well, for what is fast or small in one is not in another; --runtime asks about one alone.`,
		Example: `  bertlab advise --max-size 40MB --max-drop 2 --retrain yes
  bertlab advise --runtime onnx-int8 --max-latency 2ms
  bertlab advise --max-latency 5ms --batch 1 --retrain no --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			advice, err := f.advise(command.Flags().Changed("max-drop"))
			if err != nil {
				return err
			}
			if here := experiment.Machine(); here != advice.Machine && advice.Limits.Latency > 0 {
				a.Meter.Warn("the times were measured on %s, this is %s: measure here before you rely on them", advice.Machine, here)
			}
			return a.print(advice, func(w io.Writer) {
				fmt.Fprintln(w, advice.Table(words.English).Text())
				fmt.Fprintln(w, advised(advice.Best, advice.Certain))
				for _, within := range advice.Runtimes {
					fmt.Fprintf(w, "in %s\t%s\n", within.Runtime, strings.Replace(advised(within.Best, within.Certain), "\t", " ", 1))
				}
				fmt.Fprintln(w, advice.Why.English)
				fmt.Fprintln(w, advice.Next.English)
				fmt.Fprintf(w, "from\t%s\n", advice.From)
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.from, "from", "results", "folder or file with measurements")
	flags.StringVar(&f.latency, "max-latency", "", "longest time for a batch, such as 5ms")
	flags.IntVar(&f.batch, "batch", 0, "batch size that --max-latency refers to (default: the smallest that was timed)")
	flags.StringVar(&f.size, "max-size", "", "largest weights file, such as 40MB or 500kB")
	flags.Float64Var(&f.drop, "max-drop", 0, "how many points (hundredths) the metric may fall at most, such as 2")
	flags.StringVar(&f.runtime, "runtime", "", "only models that this runtime computed: "+strings.Join(workbench.Runtimes, ", ")+" (default: all that were measured)")
	flags.StringVar(&f.retrain, "retrain", "yes", "whether the model may be trained after it was made smaller: yes or no")
	return command
}

// advised says which model to take; best is empty where none fits.
func advised(best string, certain bool) string {
	switch {
	case best == "":
		return "none fits"
	case certain:
		return "take\t" + best
	}
	return "perhaps\t" + best
}

func (f *adviseFlags) advise(dropped bool) (*compare.Advice, error) {
	l := compare.Limits{Batch: f.batch, Runtime: compare.Runtime(f.runtime)}
	err := call.Choose("retrain", f.retrain, "yes", "no")
	if err == nil && f.runtime != "" {
		err = call.Choose("runtime", f.runtime, workbench.Runtimes...)
	}
	if err != nil {
		return nil, err
	}
	l.Retrain = f.retrain == "yes"
	if f.latency != "" {
		if l.Latency, err = time.ParseDuration(f.latency); err != nil || l.Latency <= 0 {
			return nil, call.Wrongf("--max-latency %s: a time above 0 was expected, such as 5ms or 0.2s", f.latency)
		}
	}
	if f.size != "" {
		if l.Size, err = call.ParseSize(f.size); err != nil {
			return nil, call.Wrongf("--max-size %s: %v", f.size, err)
		}
	}
	if dropped {
		if !(f.drop > -100 && f.drop < 100) {
			return nil, call.Wrongf("--max-drop %g: points between -100 and 100 were expected", f.drop)
		}
		drop := f.drop / 100
		l.Drop = &drop
	}
	comparison, err := compare.Read(f.from)
	if errors.Is(err, compare.ErrNone) {
		return nil, fmt.Errorf("%w: measure first, with\n  bertlab reproduce recipes --quick --out %s\nor, for models of your own,\n  bertlab compare ORIGINAL MODEL… --task TASK --out %s", err, f.from, f.from)
	}
	if err != nil {
		return nil, err
	}
	advice, err := comparison.Advise(l)
	if errors.Is(err, compare.ErrRuntime) {
		return nil, call.Wrongf("--runtime %s: %w; measure there with bertlab compare --runtimes %s", f.runtime, err, f.runtime)
	}
	if err != nil {
		return nil, call.Wrongf("--batch %d: %w", f.batch, err)
	}
	return advice, nil
}
