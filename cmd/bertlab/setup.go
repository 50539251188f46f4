package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/gbert/task"
)

// setupDocument is what setup prints.
type setupDocument struct {
	Backend *backend.Choice `json:"backend"`
	Model   *hub.Resolved   `json:"model"`
	Task    string          `json:"task"`
	Data    []*task.Dataset `json:"data"` // train and dev
	// Runtime is ONNX Runtime's library, where it was asked for.
	Runtime *backend.Plugin `json:"onnxruntime,omitempty"`
}

func (a *app) setupCommand() *cobra.Command {
	var runtime bool
	command := &cobra.Command{
		Use:   "setup",
		Short: "Fetch the backend, the model and the data",
		Long: `Fetch what is missing: the backend's plugin, a model and a task's data; without flags, the default ones, with which every command
works. What is already there stays as it is. --onnxruntime also fetches ONNX Runtime, which --runtime onnx needs.`,
		Example: `  bertlab setup
  bertlab setup --model bert-base-uncased --task sst2 --backend xla:cuda
  bertlab setup --onnxruntime`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			document, err := a.setup(command.Context(), runtime)
			if err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				fmt.Fprintf(w, "backend\t%s\n", document.Backend)
				fmt.Fprintf(w, "model\t%s (%s)\n", document.Model.Dir, document.Model.Source)
				for _, data := range document.Data {
					fmt.Fprintf(w, "data\t%s\n", data)
				}
				if document.Runtime != nil {
					fmt.Fprintf(w, "ONNX Runtime\t%s %s\n", document.Runtime.Path, document.Runtime.Version)
				}
			})
		}),
	}
	command.Flags().BoolVar(&runtime, "onnxruntime", false, "also fetch ONNX Runtime")
	return command
}

// setup tries everything, so that one missing thing does not keep the others away.
func (a *app) setup(ctx context.Context, runtime bool) (*setupDocument, error) {
	t, err := workbench.LookupTask(a.task, nil, a.data != "")
	if err != nil {
		return nil, err
	}
	document := &setupDocument{Task: t.Name}
	var problems []error
	a.Meter.Say("backend")
	if document.Backend, err = backend.Setup(ctx, backend.Options{
		Name: a.Backend, Progress: a.Meter.Bytes, Log: func(line string) { a.Meter.Say("%s", line) },
	}); err != nil {
		problems = append(problems, err)
	}
	if runtime {
		a.Meter.Say("ONNX Runtime")
		library, err := backend.ONNXRuntime(ctx, backend.Options{Progress: a.Meter.Bytes, Log: func(line string) { a.Meter.Say("%s", line) }})
		if err != nil {
			problems = append(problems, err)
		} else {
			document.Runtime = &library
		}
	}
	a.Meter.Say("model")
	if document.Model, err = a.Hub().Model(ctx, a.model); err != nil {
		problems = append(problems, err)
	}
	a.Meter.Say("data of %s", t.Name)
	for _, split := range []string{"train", "dev"} {
		data, err := a.Load(ctx, t, split, a.data)
		if err != nil {
			problems = append(problems, err)
			break
		}
		document.Data = append(document.Data, data)
	}
	return document, errors.Join(problems...)
}
