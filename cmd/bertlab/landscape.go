package main

import (
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/techniques/landscape"
)

type landscapeFlags struct {
	dataFlags
	workbench.Exploring
}

func (a *app) landscapeCommand() *cobra.Command {
	var f landscapeFlags
	command := &cobra.Command{
		Use:   "landscape",
		Short: "Measure the loss around a fine-tuned model",
		Long: `Measure the loss and the error on the line from the model --from (θ₀, before fine-tuning) to the model --to (θ₁, after it), or, with
--other (θ₂, fine-tuned on another data set), over the plane θ₀ + αδ₁ + βδ₂, δ₂ rescaled to the length of δ₁ = θ₁ − θ₀. The head is that of
θ₁ everywhere. θ₀ and θ₁ themselves are measured too, whether or not the grid meets them.

With --out FILE each finished point is kept in FILE.points.jsonl: if the command is stopped, by Ctrl-C or a kill, the same command picks up
where it left off.`,
		Example: `  bertlab landscape --from all-MiniLM-L6-v2 --to movies --grid 81 --range -1,3 --figure curve.svg
  bertlab landscape --from all-MiniLM-L6-v2 --to movies --other tweets --grid 41 --range -1,2 --task movies --out surface.json --turn surface.html`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			resumes := a.out != ""
			if a.resumes.Store(resumes); resumes {
				f.Journal = a.out + ".points.jsonl"
			}
			document, err := a.Explore(command.Context(), &f.Exploring, f.take(a), a.model)
			if err == nil {
				err = draw(f.Figure, func() (*figures.Figure, error) { return show.LandscapeMap(document) })
			}
			if err == nil && f.Turn != "" {
				err = show.LandscapePage(f.Turn, document)
			}
			if err == nil {
				err = a.keep(document)
			}
			if err == nil && resumes {
				err = landscape.RemoveJournal(f.Journal)
			}
			return a.finish(document, err, func(w io.Writer) { show.Landscape(w, document) })
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.From, "from", "", "folder or name of the model before fine-tuning, θ₀")
	flags.StringVar(&f.To, "to", "", "folder of the model after fine-tuning, with its head, θ₁")
	flags.StringVar(&f.Other, "other", "", "folder of the model fine-tuned on another data set, θ₂, for a surface")
	flags.IntVar(&f.Grid, "grid", 41, "points along each axis")
	flags.StringVar(&f.Span, "range", "-1,2", "from where to where α and β go")
	flags.StringVar(&f.Part, "part", "whole", "what moves, the rest staying at θ₁: "+call.List(landscape.PartNames))
	a.figureFlag(flags, &f.Figure, "curve or contours")
	flags.StringVar(&f.Turn, "turn", "", "write a page with the surface, to be turned by hand, into this file (.html)")
	a.writes(flags, output.Target{Flag: "turn", Kind: output.File, Endings: []string{".html"}})
	a.outFile(flags)
	f.addSplit(flags, "dev")
	f.addDevices(flags)
	f.add(flags)
	f.Examples, f.MaxLength = 256, 32
	flags.Lookup("examples").DefValue, flags.Lookup("max-length").DefValue = "256", "32"
	return command
}
