package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/jupyter"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/papers/experiment"
	"bertlab/papers/notebook/site"
)

// labDocument is what lab prints after a run without a browser.
type labDocument struct {
	Notebook string            `json:"notebook"`
	Out      string            `json:"out"`            // the notebook with its outputs
	Page     string            `json:"page,omitempty"` // the same as HTML
	Versions map[string]string `json:"versions"`       // of Jupyter's packages
	Seconds  float64           `json:"seconds"`        // of the run, without the setup
}

type labFlags struct {
	execute, html string
	site          string
	quick         bool
	timeout       time.Duration
}

func (a *app) labCommand() *cobra.Command {
	var f labFlags
	command := &cobra.Command{
		Use:   "lab [folder]",
		Short: "Open JupyterLab on the notebooks, or run one",
		Long: `Open JupyterLab on the notebooks (or another folder) with the Go kernel. JupyterLab and the kernel are set up first
if they are missing. With --execute one notebook is run without a browser and written with its outputs to --out, or in place. --site writes all notebooks, with
the outputs that they hold, as pages that need no server and no network, with an index in each language; nothing is run for it.`,
		Example: `  bertlab lab
  bertlab lab --execute notebooks/02_heads.ipynb --quick --out heads.ipynb
  bertlab lab notebooks --site pages`,
		Args: cobra.MaximumNArgs(1),
		RunE: a.begin(func(command *cobra.Command, args []string) error {
			if f.execute != "" && len(args) > 0 {
				return call.Wrongf("give a folder to open or a notebook to --execute, not both")
			}
			if f.site != "" {
				if f.execute != "" || f.html != "" {
					return call.Wrongf("--site makes pages of what the notebooks hold: it goes without --execute and --html")
				}
				return a.site(args, f.site)
			}
			if f.execute == "" && (f.html != "" || a.out != "" || a.json) {
				return call.Wrongf("--json, --html and --out need --execute NOTEBOOK")
			}
			if f.execute != "" && !output.IsFile(f.execute) {
				return fmt.Errorf("there is no notebook %s", f.execute)
			}
			environment, err := jupyter.Setup(command.Context(), jupyter.Options{Log: func(line string) { a.Meter.Say("%s", line) }})
			if err != nil {
				return err
			}
			if f.execute == "" {
				folder := filepath.Join(environment.Module, "notebooks")
				if len(args) > 0 {
					folder = args[0]
				}
				return environment.Open(command.Context(), folder, a.notebookVariables(f.quick, ""))
			}
			document, err := a.execute(command.Context(), environment, &f)
			if err != nil {
				return err
			}
			return a.print(document, func(w io.Writer) {
				fmt.Fprintf(w, "notebook\t%s\n", document.Out)
				fmt.Fprintf(w, "time\t%.1f s\n", document.Seconds)
			})
		}),
	}
	flags := command.Flags()
	flags.String("out", "", "notebook with the outputs, for --execute (default: the notebook itself)")
	a.writes(flags, output.Target{Flag: "out", Kind: output.File, Endings: []string{".ipynb"}})
	a.writes(flags, output.Target{Flag: "html", Kind: output.File, Endings: []string{".html"}})
	flags.StringVar(&f.execute, "execute", "", "run this notebook without a browser")
	flags.StringVar(&f.html, "html", "", "also write the notebook's outputs as one HTML page")
	flags.StringVar(&f.site, "site", "", "write all notebooks of the folder as pages into this folder")
	a.writes(flags, output.Target{Flag: "site", Kind: output.Folder})
	flags.BoolVar(&f.quick, "quick", false, "run notebooks in their quick mode (BERTLAB_QUICK=1)")
	flags.DurationVar(&f.timeout, "timeout", time.Hour, "stop a notebook that takes longer (0: never)")
	return command
}

// site writes notebooks as pages.
func (a *app) site(args []string, dir string) error {
	var folder string
	if len(args) > 0 {
		folder = args[0]
	} else {
		module, err := jupyter.FindModule()
		if err != nil {
			return err
		}
		folder = filepath.Join(module, "notebooks")
	}
	paths, err := site.Write(folder, dir)
	if err != nil {
		return err
	}
	return a.print(map[string]any{"site": paths[len(paths)-1], "files": paths}, func(w io.Writer) { fmt.Fprintf(w, "site\t%s\npages\t%d\n", paths[len(paths)-1], len(paths)) })
}

func (a *app) execute(ctx context.Context, environment *jupyter.Environment, f *labFlags) (*labDocument, error) {
	began := time.Now()
	document := &labDocument{Notebook: f.execute, Out: a.out, Page: f.html, Versions: environment.Versions}
	if document.Out == "" {
		document.Out = f.execute
	}
	if err := os.MkdirAll(filepath.Dir(document.Out), 0o755); err != nil {
		return nil, err
	}
	a.Meter.Say("running %s", f.execute)
	if err := environment.Execute(ctx, f.execute, a.out, f.timeout, a.notebookVariables(f.quick, f.execute)); err != nil {
		return nil, err
	}
	if f.html != "" {
		if err := environment.HTML(ctx, document.Out, f.html); err != nil {
			return nil, err
		}
	}
	document.Seconds = time.Since(began).Seconds()
	return document, nil
}

// notebookVariables are the environment variables that the flags mean to a notebook, or to all of them.
func (a *app) notebookVariables(quick bool, notebook string) []string {
	var variables []string
	if quick {
		variables = append(variables, "BERTLAB_QUICK=1")
	}
	if strings.HasSuffix(notebook, experiment.KoreanNotebook) {
		variables = append(variables, experiment.LanguageVariable+"="+string(experiment.Korean))
	}
	if a.Backend != "" {
		variables = append(variables, "GOMLX_BACKEND="+a.Backend)
	}
	return variables
}
