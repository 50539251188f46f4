package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/recipes"
)

type compareFlags struct {
	options  compare.Options
	noMemory bool
	runtimes []string
}

// compareDocument is what compare prints.
type compareDocument struct {
	*compare.Comparison
	Report string   `json:"report"`
	Files  []string `json:"files"`
}

func (a *app) compareCommand() *cobra.Command {
	var f compareFlags
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
			document, err := a.compare(command.Context(), args, &f)
			if err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				fmt.Fprintln(w, document.Table(words.English).Text())
				fmt.Fprintf(w, "report\t%s\n", document.Report)
			})
		}),
	}
	flags := command.Flags()
	a.outFolder(flags)
	flags.IntVar(&f.options.Examples, "examples", 0, "number of dev examples (0: all)")
	flags.IntSliceVar(&f.options.Batches, "batches", []int{1, 8, 32}, "batch sizes at which models are timed")
	flags.IntVar(&f.options.Length, "length", 64, "tokens of the timed rows")
	flags.IntVar(&f.options.Repeats, "repeats", 15, "how often each model is timed")
	flags.BoolVar(&f.options.LabelsByNumber, "labels-by-number", false, "match the classes of models and data by their numbers, whatever their names")
	flags.StringSliceVar(&f.runtimes, "runtimes", []string{workbench.XLA}, "runtimes in which each model is judged and timed: "+strings.Join(workbench.Runtimes, ", "))
	flags.BoolVar(&f.noMemory, "no-memory", false, "do not measure peak memory")
	return command
}

func (a *app) compare(ctx context.Context, models []string, f *compareFlags) (*compareDocument, error) {
	o := f.options
	switch {
	case o.Examples < 0:
		return nil, call.Wrongf("--examples %d: give a number above 0, or 0 for all", o.Examples)
	case o.Length < 3:
		return nil, call.Wrongf("--length %d: at least 3 tokens are needed", o.Length)
	case o.Repeats < 1:
		return nil, call.Wrongf("--repeats %d: at least 1 is needed", o.Repeats)
	}
	for _, runtime := range f.runtimes {
		if err := call.Choose("runtimes", runtime, workbench.Runtimes...); err != nil {
			return nil, err
		}
		if slices.Contains(o.Runtimes, compare.Runtime(runtime)) {
			return nil, call.Wrongf("--runtimes: %s is named twice", runtime)
		}
		o.Runtimes = append(o.Runtimes, compare.Runtime(runtime))
	}
	if err := o.Check(); err != nil {
		return nil, call.Wrongf("--batches: %w", err)
	}
	if a.model != "" {
		return nil, call.Wrongf("--model %s: name the models after compare, the original first", a.model)
	}
	entries := make([]compare.Entry, len(models))
	names := map[string]bool{}
	for i, model := range models {
		name := filepath.Base(model)
		for k := 2; names[name]; k++ {
			name = fmt.Sprintf("%s (%d)", filepath.Base(model), k)
		}
		names[name] = true
		entries[i] = compare.Entry{Name: name, Dir: model}
		if record, err := recipes.ReadRecord(model); err == nil && record != nil {
			entries[i].Retrained = &record.Retrained
		}
	}
	t, err := workbench.LookupTask(a.task, nil, a.data != "")
	if err != nil {
		return nil, err
	}
	o.Task, o.Data = t.Name, a.data
	env, done, err := a.Environment(ctx, a.out)
	if err != nil {
		return nil, err
	}
	defer done()
	if !f.noMemory {
		env.Memory = childMemory
	}
	comparison, err := compare.Run(ctx, env, entries, o)
	if err != nil {
		return nil, err
	}
	for _, m := range comparison.Models {
		if m.Truncated > 0 {
			a.Meter.Warn("%s: %d of the %d examples are longer than it reads and were cut", m.Name, m.Truncated, comparison.Examples)
		}
	}
	files, err := comparison.Publication().Write(a.out)
	if err != nil {
		return nil, err
	}
	return &compareDocument{comparison, files[len(files)-1], files}, nil
}

// memoryCommand is the command of which compare runs one process a model.
const memoryCommand = "measure-memory"

// childMemory measures a model's memory in a process of its own.
func childMemory(ctx context.Context, job experiment.MemoryJob) (*experiment.Memory, error) {
	text, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return experiment.ChildMemory(exec.CommandContext(ctx, program, memoryCommand, string(text)))
}

// measureMemoryCommand is what compare runs in a process of its own, once a model.
func (a *app) measureMemoryCommand() *cobra.Command {
	return &cobra.Command{
		Use:   memoryCommand + " JOB",
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
