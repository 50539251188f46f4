package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

func (a *app) compareCommand() *cobra.Command {
	var c workbench.Comparing
	command := &cobra.Command{
		Use:   "compare ORIGINAL MODEL…",
		Short: "Put models side by side: accuracy, size, operations, time, memory",
		Long: `Put models side by side on the same examples, on this machine, in one run: the task's metric with its interval, parameters, the
file's size, operations, the time of a batch at several sizes, and the peak memory of a process with this model alone. The first
model is the original; each of the others is tested against it on paired examples.

Results, figures and a report go to the folder --out (default: results). Measurements are kept there; bertlab advise
uses them.

With --runtimes xla,onnx,onnx-int8 each model stands there once in each runtime: in ONNX Runtime as export --onnx writes it, and with
--int8. Its file is the graph then, and the peak memory is that of XLA alone. The original in the first runtime is what all others are
held against.`,
		Example: `  bertlab compare movies small smaller --task movies --out results
  bertlab compare original pruned --task sst2 --data dev.tsv --batches 1,32 --repeats 50 --json`,
		Args:        cobra.MinimumNArgs(2),
		Annotations: map[string]string{readsArguments: "the model"},
		RunE: a.resume(func(command *cobra.Command, args []string) error {
			if err := c.Check(); err != nil {
				return err
			}
			if a.model != "" {
				return call.Wrongf("--model %s: name the models after compare, the original first", a.model)
			}
			document, err := a.Compare(command.Context(), args, &c, a.task, a.data, a.out)
			return a.finish(document, err, func(w io.Writer) {
				fmt.Fprintln(w, document.Table(words.English).Text())
				fmt.Fprintf(w, "report\t%s\n", document.Report)
			})
		}),
	}
	flags := command.Flags()
	a.outFolder(flags)
	flags.IntVar(&c.Examples, "examples", 0, "number of dev examples (0: all)")
	flags.IntSliceVar(&c.Batches, "batches", []int{1, 8, 32}, "batch sizes at which models are timed")
	flags.IntVar(&c.Length, "length", 64, "tokens of the timed rows")
	flags.IntVar(&c.Repeats, "repeats", 15, "how often each model is timed")
	flags.BoolVar(&c.LabelsByNumber, "labels-by-number", false, "match the classes of models and data by their numbers, whatever their names")
	flags.StringSliceVar(&c.Names, "runtimes", []string{workbench.XLA}, "runtimes in which each model is judged and timed: "+strings.Join(workbench.Runtimes, ", "))
	flags.BoolVar(&c.NoMemory, "no-memory", false, "do not measure peak memory")
	return command
}

// measureMemoryCommand is what compare runs in a process of its own, once a model.
func (a *app) measureMemoryCommand() *cobra.Command {
	return &cobra.Command{
		Use:   workbench.MemoryCommand + " JOB",
		Short: "Print the peak memory of this process with one model, for compare",
		Long: `Open a backend, load a model, pass one batch through it, and print the peak resident memory of this process. bertlab compare runs
it once a model, because the peak of a process never falls again. JOB is a JSON document.`,
		Example: `  bertlab measure-memory '{"dir": "movies", "backend": "xla:cpu", "batch": 32, "length": 64}'`,
		Hidden:  true,
		Args:    cobra.ExactArgs(1),
		RunE: a.begin(func(command *cobra.Command, args []string) error {
			var job experiment.MemoryJob
			decoder := json.NewDecoder(strings.NewReader(args[0]))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&job); err != nil {
				return call.Wrongf("the job %q: %v", args[0], err)
			}
			if info, err := os.Stat(job.Dir); err != nil || !info.IsDir() {
				return call.Wrongf("the job's model %q is not a folder", job.Dir)
			}
			memory, err := experiment.MeasureMemory(command.Context(), job)
			if err != nil {
				return err
			}
			return output.JSON(a.stdout, memory)
		}),
	}
}
