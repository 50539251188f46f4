package notebook

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"

	"bertlab/papers/experiment"
)

// memoryVariable is the environment variable that holds the job of a cell's process which measures memory and does nothing else.
const memoryVariable = "BERTLAB_MEMORY_JOB"

// serveMemory ends a process that was started to measure memory.
func serveMemory() {
	text := os.Getenv(memoryVariable)
	if text == "" {
		return
	}
	var job experiment.MemoryJob
	check(json.Unmarshal([]byte(text), &job))
	memory := Must(experiment.MeasureMemory(context.Background(), job))
	fmt.Println(string(Must(json.Marshal(memory))))
	os.Exit(0)
}

// childMemory measures memory in a process of the cell's own program, which comes to [serveMemory] before anything else.
func childMemory(ctx context.Context, job experiment.MemoryJob) (*experiment.Memory, error) {
	return experiment.OwnMemory(job, func(program, text string) *exec.Cmd {
		command := exec.CommandContext(ctx, program)
		command.Env = append(os.Environ(), memoryVariable+"="+text)
		return command
	})
}
