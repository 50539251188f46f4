package main

import (
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/show"
)

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
			document, err := a.Setup(command.Context(), a.model, a.task, a.data, runtime)
			return a.finish(document, err, func(w io.Writer) { show.Fetched(w, document) })
		}),
	}
	command.Flags().BoolVar(&runtime, "onnxruntime", false, "also fetch ONNX Runtime")
	return command
}
