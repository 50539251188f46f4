package jupyter

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Open runs JupyterLab on a folder in the foreground, on this process's terminal, until the user ends it or ctx ends. It
// prints the address with its token, and opens a browser where there is one. New notebooks get the Go kernel, and all of
// them the variables, each NAME=value.
func (e *Environment) Open(ctx context.Context, notebooks string, variables []string) error {
	root, err := filepath.Abs(notebooks)
	if err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	if info, err := os.Stat(root); err != nil {
		return fmt.Errorf("jupyter: %w: name a folder with notebooks", err)
	} else if !info.IsDir() {
		return fmt.Errorf("jupyter: %s is not a folder: name the folder of the notebook", notebooks)
	}
	args := []string{
		"-m", "jupyterlab",
		"--ServerApp.root_dir=" + root,
		"--MultiKernelManager.default_kernel_name=" + KernelName,
		"--log-level=WARN",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--allow-root") // containers; JupyterLab refuses otherwise
	}
	e.log("opening JupyterLab on " + root + " (end it with Ctrl-C)")
	cmd := exec.CommandContext(ctx, e.Python, args...)
	cmd.Env = e.environ(variables...)
	cmd.Dir = root
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	terminateOnCancel(cmd)
	if err := cmd.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("jupyter: JupyterLab ended: %w", err)
	}
	return nil
}
