package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bertlab/gbert"
)

// modelDocument is what commands print that write a model.
type modelDocument struct {
	Out        string            `json:"out"`
	Model      *modelInfo        `json:"model"` // the one that was read
	Parameters int               `json:"parameters"`
	SHA256     string            `json:"sha256"`
	Precision  gbert.Precision   `json:"precision"`
	Plain      bool              `json:"plain"` // an ordinary Hugging Face BERT
	History    []gbert.Operation `json:"history,omitempty"`
}

// saveModel writes a model made from the one that info describes to the folder --out.
func (a *app) saveModel(model *gbert.Model, info *modelInfo, t *targetFlags) (*modelDocument, error) {
	if err := model.Save(a.out, t.precision()); err != nil {
		return nil, err
	}
	sum, err := model.Fingerprint()
	if err != nil {
		return nil, err
	}
	return &modelDocument{
		Out: a.out, Model: info, Parameters: model.NumParameters(), SHA256: sum, Precision: t.precision(),
		Plain: model.Config.IsPlain(), History: model.Config.History,
	}, nil
}

func (d *modelDocument) human(w io.Writer) {
	fmt.Fprintf(w, "model\t%s\n", d.Out)
	fmt.Fprintf(w, "parameters\t%d, %.1f %% of %d\n", d.Parameters, 100*float64(d.Parameters)/float64(d.Model.Parameters), d.Model.Parameters)
}

func (a *app) exportCommand() *cobra.Command {
	var target targetFlags
	var dense bool
	command := &cobra.Command{
		Use:   "export",
		Short: "Write a model for other programs",
		Long: `Write a model to the folder --out. With --dense a compressed model becomes a plain Hugging Face BERT that computes the same:
zeros for removed heads, products for factors, copies for tied layers. Python's transformers loads it.`,
		Example: `  bertlab export --dense --model pruned --out plain`,
		Args:    cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if a.model == "" {
				return wrongCallf("name the model with --model")
			}
			if err := a.checkTarget(a.model, &target, false); err != nil {
				return err
			}
			model, info, err := a.openModel(command.Context())
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
			document, err := a.saveModel(written, info, &target)
			if err != nil {
				return err
			}
			return a.print(document, document.human)
		}),
	}
	command.Flags().BoolVar(&dense, "dense", false, "as a plain Hugging Face BERT")
	target.add(command.Flags())
	return command
}
