package main

import (
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Show what is installed and what would be used",
		Long: `Show what is installed and what would be used: Go, module versions, backend, device and plugin, the notebook kernel, caches, the
default model and data. It does not use the network and answers within a second.`,
		Example: `  bertlab doctor
  bertlab doctor --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			document := a.Examine(command.Context(), a.model)
			return a.print(document, func(w io.Writer) { show.Health(w, document) })
		}),
	}
}
