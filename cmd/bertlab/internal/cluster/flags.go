package cluster

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"bertlab/cmd/bertlab/internal/call"
)

// Flags are those of all schedulers.
type Flags struct {
	Job
	memory string
}

// Add adds the flags.
func (f *Flags) Add(flags *pflag.FlagSet) {
	flags.IntVar(&f.Tasks, "tasks", 4, "number of shards")
	flags.IntVar(&f.Parallel, "parallel", 0, "how many of them run at once (default: all)")
	flags.DurationVar(&f.Time, "time", 0, "limit of a task, such as 2h (default: twice what it is expected to take)")
	flags.StringVar(&f.memory, "memory", "", "memory of a task, such as 8GB (default: half more than it is expected to take)")
	flags.IntVar(&f.Processors, "cpus", 2, "processors of a task")
	flags.IntVar(&f.GPUs, "gpus", 0, "GPUs of a task")
	flags.StringVar(&f.Name, "name", "bertlab", "name of the job")
	flags.StringVar(&f.Out, "out", "results", "folder for results, which all tasks see")
}

// Complete makes the job of the flags, but for time and memory that were not given, and says what is wrong with it. Papers are the
// arguments of the call.
func (f *Flags) Complete(flags *pflag.FlagSet, papers []string) (err error) {
	if f.memory != "" {
		if f.Memory, err = call.ParseSize(f.memory); err != nil {
			return fmt.Errorf("--memory %s: %w", f.memory, err)
		}
	}
	if !flags.Changed("parallel") {
		f.Parallel = f.Tasks
	}
	f.Arguments = append(append([]string{}, papers...), requested(flags)...)
	given := f.Job
	if !flags.Changed("time") {
		given.Time = time.Hour
	}
	if f.memory == "" {
		given.Memory = 1 << 30
	}
	return given.Check()
}

// requested are the flags that a reproduction is called with, but for its protocol.
func requested(flags *pflag.FlagSet) (words []string) {
	for _, name := range []string{"quick", "seeds", "seed", "model", "task", "data", "backend"} {
		switch flag := flags.Lookup(name); {
		case flag == nil || !flag.Changed:
		case flag.Value.Type() == "bool":
			words = append(words, "--"+name+"="+strconv.FormatBool(flag.Value.String() == "true"))
		default:
			words = append(words, "--"+name, flag.Value.String())
		}
	}
	return words
}
