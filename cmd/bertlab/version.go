package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"bertlab/gbert/backend"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "Print the version of the program, its commit where the build knows it, and the versions of the modules that compute.",
		Example: "  bertlab version --json",
		Args:    cobra.NoArgs,
		RunE: a.begin(func(*cobra.Command, []string) error {
			versions := backend.Versions()
			return a.print(versions, func(w io.Writer) {
				fmt.Fprintf(w, "bertlab\t%s\n", version())
				for _, name := range slices.Sorted(maps.Keys(versions)) {
					switch name {
					case "bertlab", "commit", "go", "platform": // in the first line
					default:
						fmt.Fprintf(w, "%s\t%s\n", name, versions[name])
					}
				}
			})
		}),
	}
}
