package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/techniques/landscape"
)

// landscapeDocument is what landscape prints. Its model is θ₁.
type landscapeDocument struct {
	From  *workbench.ModelInfo `json:"from"`
	Other *workbench.ModelInfo `json:"other,omitempty"`
	*landscape.Surface
	// Cosine is that of the angle between the directions, before one is rescaled.
	Cosine *float64 `json:"cosine,omitempty"`
	Figure string   `json:"figure,omitempty"`
	Turn   string   `json:"turn,omitempty"`
	workbench.Provenance
}

type landscapeFlags struct {
	dataFlags
	from, to, other string
	grid            int
	span            string
	part            string
	figure, turn    string
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
			a.resumes = a.out != ""
			document, err := a.landscape(command.Context(), &f)
			if err != nil {
				return err
			}
			return a.print(document, document.human)
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.from, "from", "", "folder or name of the model before fine-tuning, θ₀")
	flags.StringVar(&f.to, "to", "", "folder of the model after fine-tuning, with its head, θ₁")
	flags.StringVar(&f.other, "other", "", "folder of the model fine-tuned on another data set, θ₂, for a surface")
	flags.IntVar(&f.grid, "grid", 41, "points along each axis")
	flags.StringVar(&f.span, "range", "-1,2", "from where to where α and β go")
	flags.StringVar(&f.part, "part", "whole", "what moves, the rest staying at θ₁: "+call.List(landscape.PartNames))
	a.figureFlag(flags, &f.figure, "curve or contours")
	flags.StringVar(&f.turn, "turn", "", "write a page with the surface, to be turned by hand, into this file (.html)")
	a.writes(flags, output.Target{Flag: "turn", Kind: output.File, Endings: []string{".html"}})
	a.outFile(flags)
	f.addSplit(flags, "dev")
	f.add(flags)
	f.Examples, f.MaxLength = 256, 32
	flags.Lookup("examples").DefValue, flags.Lookup("max-length").DefValue = "256", "32"
	return command
}

// check reports a wrong call and gives the grid.
func (f *landscapeFlags) check() (landscape.Grid, error) {
	var none landscape.Grid
	if f.from == "" || f.to == "" {
		return none, call.Wrongf("name the model before fine-tuning with --from and the one after it with --to")
	}
	if f.grid < 2 || f.grid > landscape.LargestGrid {
		return none, call.Wrongf("--grid %d: 2 to %d points are possible", f.grid, landscape.LargestGrid)
	}
	if err := call.Choose("part", f.part, landscape.PartNames...); err != nil {
		return none, err
	}
	low, high, err := landscape.ParseRange(f.span)
	if err != nil {
		return none, call.Wrongf("--range %s: %w", f.span, err)
	}
	if f.turn != "" && f.other == "" {
		return none, call.Wrongf("--turn %s: only a surface can be turned, and that needs --other", f.turn)
	}
	if f.other == "" {
		return landscape.Line(low, high, f.grid), nil
	}
	return landscape.Plane(low, high, f.grid), nil
}

func (a *app) landscape(ctx context.Context, f *landscapeFlags) (*landscapeDocument, error) {
	grid, err := f.check()
	if err != nil {
		return nil, err
	}
	if a.model != "" {
		return nil, call.Wrongf("--model does not go with landscape: name the models with --from, --to and --other")
	}
	document := &landscapeDocument{Figure: f.figure, Turn: f.turn}
	var space landscape.Space
	if err := f.fill(a); err != nil {
		return nil, err
	}
	if space.From, document.From, err = a.OpenModel(ctx, f.from); err != nil {
		return nil, err
	}
	defer space.From.Close()
	if f.other != "" {
		if space.Other, document.Other, err = a.OpenModel(ctx, f.other); err != nil {
			return nil, err
		}
		defer space.Other.Close()
	}
	b, err := a.Open(ctx, f.to, &f.Reading, nil)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	space.To = b.Loaded
	e, err := landscape.Open(b.Compute, space, b.Prepared)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	journal := ""
	if a.out != "" {
		journal = a.out + ".points.jsonl"
	}
	if document.Surface, err = e.Sweep(ctx, grid, landscape.PartNamed(b.Loaded.Config, f.part), journal, a.Meter.Count("measuring the landscape", "points")); err != nil {
		return nil, err
	}
	if space.Other != nil {
		cosine := document.Geometry.Cosine()
		document.Cosine = &cosine
	}
	document.Provenance = b.Stamp()
	if err := document.draw(f); err != nil {
		return nil, err
	}
	if err := a.keep(document); err != nil {
		return nil, err
	}
	if journal == "" {
		return document, nil
	}
	return document, landscape.RemoveJournal(journal)
}

// draw makes the figures that were asked for.
func (d *landscapeDocument) draw(f *landscapeFlags) error {
	if f.figure != "" {
		drawing, err := show.Landscape(d.Surface, d.Caption())
		if err == nil {
			err = drawing.Save(f.figure)
		}
		if err != nil {
			return err
		}
	}
	if f.turn == "" {
		return nil
	}
	page, err := show.LandscapePage(d.Surface, d.Caption())
	if err != nil {
		return err
	}
	return output.WriteFile(f.turn, []byte(page))
}

// human prints the ends, the lowest point and, for a line, the curve.
func (d *landscapeDocument) human(w io.Writer) {
	set := d.Sets[0]
	fmt.Fprintf(w, "moves\t%s, ‖δ₁‖ = %.3f, ‖δ₁‖/‖θ₀‖ = %.4f\n", d.Part.Name, d.Geometry.First, d.Geometry.Travel())
	if d.Cosine != nil {
		fmt.Fprintf(w, "directions\tcosine %+.4f, ‖δ₂‖ = %.3f before it is rescaled\n", *d.Cosine, d.Geometry.Second)
	}
	fmt.Fprintf(w, "at θ₀\tloss %.4f, error %.4f\n", set.Start.Loss, set.Start.Error)
	fmt.Fprintf(w, "at θ₁\tloss %.4f, error %.4f\n", set.End.Loss, set.End.Error)
	best, at := d.Lowest(0)
	fmt.Fprintf(w, "lowest\tloss %.4f at α = %g, β = %g\n", best, at.Alpha, at.Beta)
	if set.Overflow > 0 {
		fmt.Fprintf(w, "overflow\tat %d points, counted as %.1f nats\n", set.Overflow, landscape.LargestLoss)
	}
	if len(d.Beta) == 0 {
		fmt.Fprintf(w, "\n%s\n", show.LandscapeTable(d.Surface).Text())
	}
	printProvenance(w, d.Provenance)
}
