package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/techniques/landscape"
)

// landscapeDocument is what landscape prints. Its model is θ₁.
type landscapeDocument struct {
	From  *modelInfo `json:"from"`
	Other *modelInfo `json:"other,omitempty"`
	*landscape.Surface
	// Cosine is that of the angle between the directions, before one is rescaled.
	Cosine *float64 `json:"cosine,omitempty"`
	Figure string   `json:"figure,omitempty"`
	Turn   string   `json:"turn,omitempty"`
	provenance
}

type landscapeFlags struct {
	dataFlags
	from, to, other string
	grid            int
	span            string
	part            string
	figure, turn    string
}

// landscapeParts are the names of what can move.
var landscapeParts = []string{"whole", "low", "middle", "high", "embeddings"}

func (a *app) landscapeCommand() *cobra.Command {
	var f landscapeFlags
	command := &cobra.Command{
		Use:   "landscape",
		Short: "Measure the loss around a fine-tuned model",
		Long: `Measure the loss and the error on the line from the model --from (θ₀, before fine-tuning) to the model --to (θ₁, after it), or, with
--other (θ₂, fine-tuned on another data set), over the plane θ₀ + αδ₁ + βδ₂, δ₂ rescaled to the length of δ₁ = θ₁ − θ₀. The head is that of
θ₁ everywhere. θ₀ and θ₁ themselves are measured too, whether or not the grid meets them.

With --out FILE each point is kept in FILE.points.jsonl when it is done: a command that was stopped, by Ctrl-C or a kill, goes on there when
it is repeated.`,
		Example: `  bertlab landscape --from all-MiniLM-L6-v2 --to movies --grid 81 --range -1,3 --figure curve.svg
  bertlab landscape --from all-MiniLM-L6-v2 --to movies --other tweets --grid 41 --range -1,2 --task movies --out surface.json --turn surface.html`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			document, err := a.landscape(command.Context(), &f)
			if errors.Is(err, context.Canceled) && a.out != "" {
				return fmt.Errorf("%w; repeat the command to go on", err)
			}
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
	flags.IntVar(&f.grid, "grid", 41, "points on each axis")
	flags.StringVar(&f.span, "range", "-1,2", "from where to where α and β go")
	flags.StringVar(&f.part, "part", "whole", "what moves, the rest staying at θ₁: "+strings.Join(landscapeParts, ", "))
	flags.StringVar(&f.figure, "figure", "", "draw curve or contours into this file (.png, .svg, .pdf)")
	flags.StringVar(&f.turn, "turn", "", "write a page with the surface, to be turned by hand, into this file (.html)")
	f.addSplit(flags)
	f.add(flags)
	f.examples, f.maxLength = 256, 32
	flags.Lookup("examples").DefValue, flags.Lookup("max-length").DefValue = "256", "32"
	return command
}

// check reports a wrong call and gives the grid.
func (f *landscapeFlags) check() (landscape.Grid, error) {
	var none landscape.Grid
	if f.from == "" || f.to == "" {
		return none, wrongCallf("name the model before fine-tuning with --from and the one after it with --to")
	}
	if f.grid < 2 || f.grid > landscape.LargestGrid {
		return none, wrongCallf("--grid %d: 2 to %d points are possible", f.grid, landscape.LargestGrid)
	}
	if !slices.Contains(landscapeParts, f.part) {
		return none, wrongCallf("--part %s: choose one of %s", f.part, strings.Join(landscapeParts, ", "))
	}
	first, second, ok := strings.Cut(f.span, ",")
	low, err1 := strconv.ParseFloat(strings.TrimSpace(first), 64)
	high, err2 := strconv.ParseFloat(strings.TrimSpace(second), 64)
	if !ok || err1 != nil || err2 != nil || !(low < high && math.Abs(low) <= landscape.Farthest && math.Abs(high) <= landscape.Farthest) {
		return none, wrongCallf("--range %s: two ascending numbers from −%g to %g were expected, such as -1,2", f.span, landscape.Farthest, landscape.Farthest)
	}
	if err := checkFigure(f.figure); err != nil {
		return none, err
	}
	if f.turn != "" && (f.other == "" || !strings.HasSuffix(strings.ToLower(f.turn), ".html")) {
		return none, wrongCallf("--turn %s: a surface, which needs --other, and a file that ends in .html were expected", f.turn)
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
		return nil, wrongCallf("--model does not go with landscape: name the models with --from, --to and --other")
	}
	document := &landscapeDocument{Figure: f.figure, Turn: f.turn}
	var space landscape.Space
	open := func(name string) (*gbert.Model, *modelInfo, error) {
		a.model = name
		return a.openModel(ctx)
	}
	if space.From, document.From, err = open(f.from); err != nil {
		return nil, err
	}
	defer space.From.Close()
	if f.other != "" {
		if space.Other, document.Other, err = open(f.other); err != nil {
			return nil, err
		}
		defer space.Other.Close()
	}
	a.model = f.to
	b, err := a.openBench(ctx, &f.dataFlags, nil)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	space.To = b.model
	e, err := landscape.Open(b.backend, space, b.prepared)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	journal := ""
	if a.out != "" {
		journal = a.out + ".points.jsonl"
	}
	if document.Surface, err = e.Sweep(ctx, grid, partOf(b.model.Config, f.part), journal, a.meter.Count("measuring the landscape", "points")); err != nil {
		return nil, err
	}
	if space.Other != nil {
		cosine := document.Geometry.Cosine()
		document.Cosine = &cosine
	}
	document.provenance = b.stamp()
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

func partOf(c *gbert.Config, name string) landscape.Part {
	for _, part := range landscape.Thirds(c) {
		if part.Name == name {
			return part
		}
	}
	if name == "embeddings" {
		return landscape.Part{Name: name, Embeddings: true}
	}
	return landscape.Whole(c)
}

// draw makes the figures that were asked for.
func (d *landscapeDocument) draw(f *landscapeFlags) error {
	set := d.Sets[0]
	frame := figures.Frame{Title: "The loss around the fine-tuned model", XLabel: "α, from --from to --to", YLabel: "β, along --other", Caption: caption(d.provenance)}
	if set.Overflow > 0 {
		frame.Caption += fmt.Sprintf("; overflow at %d points counts as %.0f nats", set.Overflow, landscape.LargestLoss)
	}
	marks := []figures.Mark{{X: 1, Label: "fine-tuned"}, {Label: "before"}}
	if f.figure != "" {
		var drawing *figures.Figure
		var err error
		if len(d.Beta) == 0 {
			frame.YLabel = "loss, nats"
			drawing, err = figures.Curves(figures.CurvesOptions{
				Frame: frame, Curves: []figures.Curve{{Name: "loss", X: d.Alpha, Y: set.Loss[0]}},
				VLines: []figures.Reference{{Value: 0, Label: "before"}, {Value: 1, Label: "fine-tuned"}},
			})
		} else {
			drawing, err = figures.Contour(figures.ContourOptions{Frame: frame, X: d.Alpha, Y: d.Beta, Values: positive(set.Loss), Scale: figures.Log, Legend: "loss, nats", Marks: marks})
		}
		if err != nil {
			return err
		}
		if err := drawing.Save(f.figure); err != nil {
			return err
		}
	}
	if f.turn == "" {
		return nil
	}
	page, err := figures.SurfaceOptions{Frame: frame, X: d.Alpha, Y: d.Beta, Values: positive(set.Loss), Scale: figures.Log, ZLabel: "loss, nats, logarithmic", Marks: marks}.InteractivePage("")
	if err != nil {
		return err
	}
	return writeFile(f.turn, []byte(page))
}

// positive lifts losses of 0, which have no logarithm, to a millionth of a nat.
func positive(table [][]float64) [][]float64 {
	lifted := make([][]float64, len(table))
	for j, row := range table {
		for _, v := range row {
			lifted[j] = append(lifted[j], math.Max(v, 1e-6))
		}
	}
	return lifted
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
	best, at := math.Inf(1), landscape.Point{}
	for j, row := range set.Loss {
		for i, v := range row {
			if v < best {
				best, at = v, landscape.Point{Alpha: d.Alpha[i]}
				if len(d.Beta) > 0 {
					at.Beta = d.Beta[j]
				}
			}
		}
	}
	fmt.Fprintf(w, "lowest\tloss %.4f at α = %g, β = %g\n", best, at.Alpha, at.Beta)
	if set.Overflow > 0 {
		fmt.Fprintf(w, "overflow\tat %d points, counted as %.1f nats\n", set.Overflow, landscape.LargestLoss)
	}
	if len(d.Beta) == 0 {
		table := &figures.Table{Columns: []figures.Column{{Name: "α", Format: "%.3f"}, {Name: "loss", Format: "%.4f"}, {Name: "error", Format: "%.4f"}}}
		for i, a := range d.Alpha {
			table.Rows = append(table.Rows, []any{a, set.Loss[0][i], set.Error[0][i]})
		}
		fmt.Fprintf(w, "\n%s\n", table.Text())
	}
	printProvenance(w, d.provenance)
}
