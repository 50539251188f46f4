package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/gbert/backend"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Show what is installed and what would be used",
		Long: `Show what is installed and what would be used: Go, module versions, backend, device and plugin, the notebook kernel, caches, the
default model and data. The backend's devices are listed by a process of its own. It does not use the network, and answers within a
second; where a GPU has to be started, within some.`,
		Example: `  bertlab doctor
  bertlab doctor --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			a.Devices = a.childDevices
			document := a.Examine(command.Context(), a.model)
			return a.print(document, func(w io.Writer) { show.Health(w, document) })
		}),
	}
}

// devicesCommand is the command that doctor runs in a process of its own.
const devicesCommand = "list-devices"

// childDevices lists the devices of the backend in a process of its own.
func (a *app) childDevices(ctx context.Context) (list []backend.Device, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var out, say bytes.Buffer
	command := exec.CommandContext(ctx, program, devicesCommand, "--backend", a.Backend)
	command.Stdout, command.Stderr = &out, &say
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%w %s", err, strings.Join(strings.Fields(say.String()), " "))
	}
	return list, json.Unmarshal(out.Bytes(), &list)
}

// listDevicesCommand is what doctor runs in a process of its own.
func (a *app) listDevicesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   devicesCommand,
		Short: "Print the backend's devices, for doctor",
		Long: `Start the backend and print its devices as JSON: number, kind, and memory where the plugin tells it. bertlab doctor runs it in a
process of its own, because a plugin that cannot be started may end it.`,
		Example: "  bertlab list-devices --backend xla:cpu",
		Hidden:  true,
		Args:    cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			list, err := a.ListDevices(command.Context())
			if err != nil {
				return err
			}
			return output.JSON(a.stdout, list)
		}),
	}
}
