package main

import (
	"io"

	"github.com/spf13/cobra"

	"bertlab/gbert/backend"
)

// app is one call of the program: its streams and its global flags.
type app struct {
	stdout, stderr io.Writer
	meter          *meter
	started        bool // the call was understood and the command has begun

	json, quiet bool
	seed        uint64
	backend     string
	model       string
	task        string
	data        string
	out         string
}

func newApp(stdout, stderr io.Writer) *app {
	return &app{stdout: stdout, stderr: stderr, meter: newMeter(stderr)}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "bertlab",
		Short: "A laboratory for compressing BERT",
		Long: `A laboratory for compressing BERT: what can be taken out of the model, what it costs in accuracy, and what is gained.

The result goes to standard output, with --json as one JSON document; all else goes to standard error. The exit status is 0
for success, 2 for a wrong call, 1 for a failure, and 130 where Ctrl-C ended the work.`,
		Example: `  bertlab setup
  bertlab reproduce heads --quick
  bertlab finetune --task movies --out movies
  bertlab heads importance --model movies`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(*cobra.Command, []string) {
			if a.quiet {
				a.meter.Silence()
			}
		},
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.BoolVar(&a.json, "json", false, "print the result as one JSON document")
	flags.BoolVar(&a.quiet, "quiet", false, "show no progress")
	flags.Uint64Var(&a.seed, "seed", 1, "seed of everything random")
	flags.StringVar(&a.backend, "backend", "", "what computes: xla:cpu, xla:cuda or go (default: GOMLX_BACKEND, else the best there is)")
	flags.StringVar(&a.model, "model", "", "folder or name of a model (default: all-MiniLM-L6-v2)")
	flags.StringVar(&a.task, "task", "", "task of the data (default: the task that the model was fine-tuned on, else movies)")
	flags.StringVar(&a.data, "data", "", "file or folder with the data (default: the task's own, from the caches or the network)")
	flags.StringVar(&a.out, "out", "", "where the result goes")
	root.AddCommand(
		a.setupCommand(), a.doctorCommand(), a.finetuneCommand(), a.evalCommand(), a.headsCommand(), a.layersCommand(), a.movementCommand(), a.tuckerCommand(), a.shareCommand(), a.landscapeCommand(), a.profileCommand(),
		a.exportCommand(), a.reproduceCommand(), a.labCommand(), a.versionCommand(),
		a.recipeCommand(),
		a.compareCommand(), a.adviseCommand(), a.measureMemoryCommand(),
	)
	return root
}

// begin wraps a command's work: what fails before it is a wrong call.
func (a *app) begin(work func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		a.started = true
		if err := spareInputs(command.Flags()); err != nil {
			return err
		}
		return work(command, args)
	}
}

func version() string {
	versions := backend.Versions()
	version := versions["bertlab"]
	if version == "" {
		version = "(devel)"
	}
	if commit := versions["commit"]; commit != "" {
		version += " " + commit[:min(12, len(commit))]
	}
	return version + " " + versions["go"] + " " + versions["platform"]
}
