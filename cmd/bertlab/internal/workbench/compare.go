package workbench

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/recipes"
)

// Compared are models side by side, and the files that say so.
type Compared struct {
	*compare.Comparison
	Report string   `json:"report"`
	Files  []string `json:"files"`
}

// Comparing says how models are put side by side. Its fields are those of the flags.
type Comparing struct {
	compare.Options
	NoMemory bool
	Names    []string // of runtimes
}

// Check completes the options, and reports what is wrong with flags.
func (c *Comparing) Check() error {
	switch {
	case c.Examples < 0:
		return call.Wrongf("--examples %d: give a number above 0, or 0 for all", c.Examples)
	case c.Length < 3:
		return call.Wrongf("--length %d: at least 3 tokens are needed", c.Length)
	case c.Repeats < 1:
		return call.Wrongf("--repeats %d: at least 1 is needed", c.Repeats)
	}
	for _, runtime := range c.Names {
		if err := call.Choose("runtimes", runtime, Runtimes...); err != nil {
			return err
		}
		if slices.Contains(c.Runtimes, compare.Runtime(runtime)) {
			return call.Wrongf("--runtimes: %s is named twice", runtime)
		}
		c.Runtimes = append(c.Runtimes, compare.Runtime(runtime))
	}
	if err := c.Options.Check(); err != nil {
		return call.Wrongf("--batches: %w", err)
	}
	return nil
}

// entriesOf are models by their folders, each with a name of its own.
func entriesOf(models []string) []compare.Entry {
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
	return entries
}

// Compare puts models, by their folders, side by side on a task's data, and leaves files in the folder out.
func (t *Tools) Compare(ctx context.Context, models []string, c *Comparing, name, data, out string) (*Compared, error) {
	o, entries := c.Options, entriesOf(models)
	of, err := t.taskOf(ctx, models[0], name, data)
	if err != nil {
		return nil, err
	}
	o.Task, o.Data = of.Name, data
	env, done, err := t.Environment(ctx, out)
	if err != nil {
		return nil, err
	}
	defer done()
	if !c.NoMemory {
		env.Memory = childMemory
	}
	comparison, err := compare.Run(ctx, env, entries, o)
	if err != nil {
		return nil, err
	}
	for _, m := range comparison.Models {
		if m.Truncated > 0 {
			t.Meter.Warn("%s: %d of the %d examples are longer than it reads and were cut", m.Name, m.Truncated, comparison.Examples)
		}
	}
	files, err := comparison.Publication().Write(out)
	if err != nil {
		return nil, err
	}
	return &Compared{comparison, files[len(files)-1], files}, nil
}

// taskOf is the task of a name, or else the one that the original was fine-tuned on.
func (t *Tools) taskOf(ctx context.Context, original, name, data string) (*task.Task, error) {
	if name != "" {
		return LookupTask(name, nil, data != "")
	}
	found, err := t.Hub().Model(ctx, original)
	if err != nil {
		return nil, err
	}
	model, err := gbert.Load(found.Dir)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	return LookupTask("", model, data != "")
}

// MemoryCommand is the command of which Compare runs one process a model.
const MemoryCommand = "measure-memory"

// childMemory measures a model's memory in a process of its own.
func childMemory(ctx context.Context, job experiment.MemoryJob) (*experiment.Memory, error) {
	return experiment.OwnMemory(job, func(program, text string) *exec.Cmd {
		return exec.CommandContext(ctx, program, MemoryCommand, text)
	})
}
