package jupyter

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// pythonEnviron is this process's environment without the variables that would make a Python load another one's packages
// or pip install elsewhere than into its own environment.
func pythonEnviron() []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		switch name {
		case "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PIP_TARGET", "PIP_PREFIX", "PIP_USER":
			return true
		}
		return false
	})
	return append(env, "PYTHONNOUSERSITE=1", "PIP_USER=0")
}

// run runs a Python to its end and returns what it printed on both streams.
func run(ctx context.Context, python string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, python, args...)
	cmd.Env = pythonEnviron()
	terminateOnCancel(cmd)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// terminateOnCancel makes the end of the command's context a request to end, and ten seconds later an order.
func terminateOnCancel(cmd *exec.Cmd) {
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
}

// lastLines is the end of a program's output, for an error message.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
