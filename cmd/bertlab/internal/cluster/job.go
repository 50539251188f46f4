package cluster

import (
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"bertlab/papers/experiment"
)

// Job is a reproduction in shards.
type Job struct {
	// Name is that of the job, a label of DNS.
	Name string
	// Arguments are those of bertlab reproduce, but for --out and what says which part is done.
	Arguments []string
	// Out is the folder for results, which all tasks see.
	Out string
	// Tasks is the number of shards, Parallel how many run at once.
	Tasks, Parallel int
	// Time is the limit of a task, Memory what it takes in bytes, Processors how many it computes on, GPUs how many it gets.
	Time             time.Duration
	Memory           int64
	Processors, GPUs int
	// Why says where time and memory come from.
	Why string
}

// maxTasks bounds the tasks: each is a shard.
const maxTasks = 1000

// Check says what is wrong with the job, in the words of the flags.
func (j *Job) Check() error {
	switch {
	case j.Tasks < 1 || j.Tasks > maxTasks:
		return fmt.Errorf("--tasks %d: from 1 to %d were expected", j.Tasks, maxTasks)
	case j.Parallel < 1 || j.Parallel > j.Tasks:
		return fmt.Errorf("--parallel %d: from 1 to the %d tasks were expected", j.Parallel, j.Tasks)
	case j.Processors < 1:
		return fmt.Errorf("--cpus %d: at least 1 is needed", j.Processors)
	case j.GPUs < 0:
		return fmt.Errorf("--gpus %d: 0 or more were expected", j.GPUs)
	case !label.MatchString(j.Name) || len(j.Name) > 40:
		return fmt.Errorf("--name %q: at most 40 small letters, digits and hyphens were expected, beginning with a letter", j.Name)
	case j.Time < time.Minute:
		return fmt.Errorf("--time %v: at least a minute is needed", j.Time)
	case j.Memory < 1<<28:
		return fmt.Errorf("--memory: at least 256 MB are needed")
	case strings.ContainsAny(j.Out, "\n\r%"):
		return fmt.Errorf("--out %q: a path without line breaks and %% was expected", j.Out)
	}
	return nil
}

// label is a name that Kubernetes takes for everything.
var label = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)

// Expect fills in time and memory from a forecast: a task does its part of all steps, or, where that is longer, the longest chain of them;
// twice that, since machines differ, and tasks that are stopped at the limit are put back.
func (j *Job) Expect(o experiment.Outlook) {
	seconds := max(o.Seconds/float64(j.Tasks), o.Longest)
	if j.Time == 0 {
		j.Time = max(10*time.Minute, time.Duration(math.Ceil(2*seconds/60))*time.Minute)
	}
	if j.Memory == 0 {
		j.Memory = max(2, int64(math.Ceil(1.5*float64(o.Memory)/(1<<30)))) << 30
	}
	j.Why = fmt.Sprintf("%d of %d steps are to be done: about %s one after another, the longest chain of them %s, up to %.1f GB of memory",
		o.Missing, o.Count, round(o.Seconds), round(o.Longest), float64(o.Memory)/(1<<30))
}

func round(seconds float64) time.Duration {
	return time.Duration(math.Ceil(seconds)) * time.Second
}

// clean is a path as it is written into scripts.
func clean(path string) string { return filepath.ToSlash(filepath.Clean(path)) }
