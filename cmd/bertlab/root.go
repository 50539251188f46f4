package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/meter"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert/backend"
	"bertlab/papers"
	"bertlab/papers/experiment"
)

// app is one call of the program: its streams, its global flags, and what the commands know of each other.
type app struct {
	workbench.Tools
	stdin          io.Reader
	stdout, stderr io.Writer
	flags          *pflag.FlagSet // of the command
	started        bool           // the call was understood and the command has begun
	resumes        atomic.Bool    // the command resumes when it is repeated

	json, quiet bool
	model       string
	task        string
	data        string
	out         string

	papers  []experiment.Paper
	targets map[*pflag.FlagSet][]output.Target // of each command's flags, what it writes
}

func newApp(stdout, stderr io.Writer) *app {
	return &app{
		Tools: workbench.Tools{Meter: meter.New(stderr)}, stdin: os.Stdin, stdout: stdout, stderr: stderr, papers: papers.All(), targets: map[*pflag.FlagSet][]output.Target{},
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "bertlab",
		Short: "A laboratory for compressing BERT",
		Long: `A laboratory for compressing BERT: what can be taken out of the model, what that costs in accuracy, and what it saves.

The result goes to standard output, with --json as one JSON document; everything else goes to standard error. The exit status
is 0 for success, 2 for a wrong call, 1 for a failure, 3 where reproduce --gather misses steps, and 130 after Ctrl-C (143: SIGTERM).`,
		Example: `  bertlab setup
  bertlab reproduce heads --quick
  bertlab finetune --task movies --out movies
  bertlab heads importance --model movies`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(*cobra.Command, []string) {
			if a.quiet {
				a.Meter.Silence()
			}
		},
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = true
	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.BoolVar(&a.json, "json", false, "print the result as one JSON document")
	flags.BoolVar(&a.quiet, "quiet", false, "show no progress")
	flags.Uint64Var(&a.Seed, "seed", 1, "seed of everything random")
	flags.StringVar(&a.Backend, "backend", "", "what computes: xla:cpu, xla:cuda or go (default: GOMLX_BACKEND, else the best there is)")
	flags.StringVar(&a.model, "model", "", "folder or name of a model (default: all-MiniLM-L6-v2)")
	flags.StringVar(&a.task, "task", "", "task of the data (default: the task that the model was fine-tuned on, else movies)")
	flags.StringVar(&a.data, "data", "", "file or folder with the data (default: the task's own, from the caches or the network)")
	root.AddCommand(
		a.setupCommand(), a.doctorCommand(), a.finetuneCommand(), a.evalCommand(), a.predictCommand(), a.headsCommand(), a.layersCommand(), a.movementCommand(),
		a.tuckerCommand(), a.shareCommand(), a.vocabularyCommand(), a.landscapeCommand(), a.profileCommand(), a.exportCommand(), a.reproduceCommand(), a.recordsCommand(), a.labCommand(), a.versionCommand(),
		a.quantiseCommand(), a.recipeCommand(), a.compareCommand(), a.adviseCommand(), a.measureMemoryCommand(), a.listDevicesCommand(), a.clusterCommand(),
	)
	return root
}

// group is a command that only holds others.
func group(command *cobra.Command, children ...*cobra.Command) *cobra.Command {
	names := make([]string, len(children))
	for i, child := range children {
		names[i] = child.Name()
	}
	command.Args = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return fmt.Errorf("unknown command %q for %q: choose one of %s%s", args[0], command.CommandPath(), call.List(names), call.Meant(args[0], names))
	}
	command.RunE = func(*cobra.Command, []string) error {
		return fmt.Errorf("%s needs a command: %s", command.Name(), call.List(names))
	}
	command.AddCommand(children...)
	return command
}

// flagError adds to an error of a flag that is not known those that may have been meant.
func flagError(command *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	var names []string
	command.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	for i, name := range call.Nearest(unknown.GetSpecifiedName(), names) {
		err = fmt.Errorf("%w%s--%s", err, map[bool]string{true: "; did you mean ", false: " or "}[i == 0], name)
	}
	return err
}

// begin wraps a command's work: what fails before it is a wrong call, and so is a target that cannot be written. Arguments that are read
// are named by the command's annotation.
func (a *app) begin(work func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		a.started = true
		flags := command.Flags()
		a.flags = flags
		if out := flags.Lookup("out"); out != nil {
			a.out = out.Value.String()
		}
		var inputs []output.Input
		for _, name := range []string{"data", "train", "dev", "model", "from", "to", "other", "baseline"} {
			flag := flags.Lookup(name)
			if flag == nil {
				continue
			}
			paths := []string{flag.Value.String()}
			if several, ok := flag.Value.(pflag.SliceValue); ok {
				paths = several.GetSlice()
			}
			for _, path := range paths {
				inputs = append(inputs, output.Input{Name: "--" + name, Path: path})
			}
		}
		if what := command.Annotations[readsArguments]; what != "" {
			for _, path := range args {
				inputs = append(inputs, output.Input{Name: what + " " + path, Path: path})
			}
		}
		if err := output.Check(flags, a.targets[flags], inputs, func(line string) { a.Meter.Warn("%s", line) }); err != nil {
			return call.Wrap(err)
		}
		if a.Records != "" {
			if info, err := os.Stat(a.Records); err != nil || !info.IsDir() {
				return call.Wrongf("--records %s is no folder", a.Records)
			}
		}
		return work(command, args)
	}
}

// resume is begin for work that resumes where it was stopped.
func (a *app) resume(work func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return a.begin(func(command *cobra.Command, args []string) error {
		a.resumes.Store(true)
		return work(command, args)
	})
}

// readsArguments annotates a command whose arguments are files or folders that it reads, with what they are.
const readsArguments = "reads arguments"

// writes says of a flag that it names what the command writes.
func (a *app) writes(flags *pflag.FlagSet, t output.Target) {
	a.targets[flags] = append(a.targets[flags], t)
}

// outFile adds --out for a command whose result may be kept in a file.
func (a *app) outFile(flags *pflag.FlagSet) {
	flags.String("out", "", "also write the result to this file, as one JSON document")
	a.writes(flags, output.Target{Flag: "out", Kind: output.File})
}

// outFolder adds --out for a command that leaves several files.
func (a *app) outFolder(flags *pflag.FlagSet) {
	flags.String("out", "results", "folder for results, figures and reports; earlier results in it are used again")
	a.writes(flags, output.Target{Flag: "out", Kind: output.Folder})
}

// figureFlag adds a flag for a figure.
func (a *app) figureFlag(flags *pflag.FlagSet, path *string, what string) {
	flags.StringVar(path, "figure", "", "draw "+what+" into this file (.png, .svg, .pdf)")
	a.writes(flags, output.Target{Flag: "figure", Kind: output.File, Endings: []string{".png", ".svg", ".pdf"}})
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
