package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/safetensors"
)

// modelDocument is what commands print that write a model.
type modelDocument struct {
	Out        string               `json:"out"`
	Model      *workbench.ModelInfo `json:"model"` // the one that was read
	Parameters int                  `json:"parameters"`
	SHA256     string               `json:"sha256"`
	Precision  gbert.Precision      `json:"precision"`
	Bytes      int64                `json:"bytes"` // of the file with the weights
	Plain      bool                 `json:"plain"` // an ordinary Hugging Face BERT
	Compact    bool                 `json:"compact,omitempty"`
	History    []gbert.Operation    `json:"history,omitempty"`
}

// saveModel writes a model made from the one that info describes to the folder --out.
func (a *app) saveModel(model *gbert.Model, info *workbench.ModelInfo, t *targetFlags) (*modelDocument, error) {
	return a.saveModelWith(model.Save, model, info, t)
}

// saveModelWith is saveModel with a method of the model that writes it.
func (a *app) saveModelWith(save func(dir string, precision gbert.Precision) error, model *gbert.Model, info *workbench.ModelInfo, t *targetFlags) (*modelDocument, error) {
	if err := save(a.out, t.precision()); err != nil {
		return nil, err
	}
	file, err := os.Stat(filepath.Join(a.out, safetensors.WeightsName))
	if err != nil {
		return nil, err
	}
	sum, err := model.Fingerprint()
	if err != nil {
		return nil, err
	}
	return &modelDocument{
		Out: a.out, Model: info, Parameters: model.NumParameters(), SHA256: sum, Precision: t.precision(),
		Bytes: file.Size(), Plain: model.Config.IsPlain(), History: model.Config.History,
	}, nil
}

func (d *modelDocument) human(w io.Writer) {
	fmt.Fprintf(w, "model\t%s\n", d.Out)
	fmt.Fprintf(w, "parameters\t%s, %.1f %% of %s\n", figures.Count(d.Parameters), 100*float64(d.Parameters)/float64(d.Model.Parameters), figures.Count(d.Model.Parameters))
	fmt.Fprintf(w, "weights\t%.2f MB\n", float64(d.Bytes)/1e6)
}

func (a *app) exportCommand() *cobra.Command {
	var target targetFlags
	var dense, compact bool
	command := &cobra.Command{
		Use:   "export",
		Short: "Write a model for other programs",
		Long: `Write a model to the folder --out. With --dense a compressed model becomes a plain Hugging Face BERT that computes the same function:
zeros for removed heads, products for factors, copies for tied layers. Python's transformers loads it. An ALBERT becomes an ALBERT
with a group for each layer, since no BERT computes the same function. With --compact the zeros of sparse matrices are left out of
the file; only bertlab reads such a file. Export it again without --compact to have the zeros back.`,
		Example: `  bertlab export --dense --model pruned --out plain
  bertlab export --compact --float16 --model sparse --out small`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if dense && compact {
				return call.Wrongf("--dense is for other programs, which do not read what --compact writes; give one of them")
			}
			model, info, err := a.openSource(command.Context())
			if err != nil {
				return err
			}
			defer model.Close()
			written := model
			if dense {
				if written, err = model.Dense(); err != nil {
					return err
				}
			}
			save := written.Save
			if compact {
				save = written.SaveCompact
			}
			document, err := a.saveModelWith(save, written, info, &target)
			if err != nil {
				return err
			}
			document.Compact, document.Plain = compact, document.Plain && !compact
			return a.print(document, document.human)
		}),
	}
	command.Flags().BoolVar(&dense, "dense", false, "as a plain Hugging Face BERT")
	command.Flags().BoolVar(&compact, "compact", false, "without the zeros of sparse matrices, for bertlab alone")
	target.add(a, command.Flags(), nil)
	target.addPrecision(command.Flags())
	return command
}
