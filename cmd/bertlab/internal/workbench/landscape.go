package workbench

import (
	"context"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/techniques/landscape"
)

// Landscape is the loss around a fine-tuned model, θ₁.
type Landscape struct {
	From  *ModelInfo `json:"from"`
	Other *ModelInfo `json:"other,omitempty"`
	*landscape.Surface
	// Cosine is that of the angle between the directions, before one is rescaled.
	Cosine *float64 `json:"cosine,omitempty"`
	Figure string   `json:"figure,omitempty"`
	Turn   string   `json:"turn,omitempty"`
	Provenance
}

// Exploring says where the loss is measured. Its fields are those of the flags.
type Exploring struct {
	From, To, Other string // folders or names of θ₀, θ₁ and, for a surface, θ₂
	Grid            int    // points along each axis
	Span            string // from where to where
	Part            string // what moves
	Figure, Turn    string // files for a figure and for a page to be turned

	// Journal is the file where each finished point is kept, so that the work goes on where it was stopped; empty: none is kept.
	Journal string
}

// grid reports a wrong call and gives the grid.
func (e *Exploring) grid() (landscape.Grid, error) {
	var none landscape.Grid
	if e.From == "" || e.To == "" {
		return none, call.Wrongf("name the model before fine-tuning with --from and the one after it with --to")
	}
	if e.Grid < 2 || e.Grid > landscape.LargestGrid {
		return none, call.Wrongf("--grid %d: 2 to %d points are possible", e.Grid, landscape.LargestGrid)
	}
	if err := call.Choose("part", e.Part, landscape.PartNames...); err != nil {
		return none, err
	}
	low, high, err := landscape.ParseRange(e.Span)
	if err != nil {
		return none, call.Wrongf("--range %s: %w", e.Span, err)
	}
	if e.Turn != "" && e.Other == "" {
		return none, call.Wrongf("--turn %s: only a surface can be turned, and that needs --other", e.Turn)
	}
	if e.Other == "" {
		return landscape.Line(low, high, e.Grid), nil
	}
	return landscape.Plane(low, high, e.Grid), nil
}

// Explore measures the loss on the line between two models, or over the plane of three. named is what --model names, which has no place here.
func (t *Tools) Explore(ctx context.Context, e *Exploring, r *Reading, named string) (*Landscape, error) {
	grid, err := e.grid()
	if err != nil {
		return nil, err
	}
	if named != "" {
		return nil, call.Wrongf("--model does not go with landscape: name the models with --from, --to and --other")
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	done := &Landscape{Figure: e.Figure, Turn: e.Turn}
	var space landscape.Space
	if space.From, done.From, err = t.OpenModel(ctx, e.From); err != nil {
		return nil, err
	}
	defer space.From.Close()
	if e.Other != "" {
		if space.Other, done.Other, err = t.OpenModel(ctx, e.Other); err != nil {
			return nil, err
		}
		defer space.Other.Close()
	}
	b, err := t.Open(ctx, e.To, r, nil)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	space.To = b.Loaded
	explorer, err := landscape.OpenAcross(b.Devices, space, b.Prepared)
	if err != nil {
		return nil, err
	}
	defer explorer.Close()
	if done.Surface, err = explorer.Sweep(ctx, grid, landscape.PartNamed(b.Loaded.Config, e.Part), e.Journal, t.Meter.Count("measuring the landscape", "points")); err != nil {
		return nil, err
	}
	if space.Other != nil {
		cosine := done.Geometry.Cosine()
		done.Cosine = &cosine
	}
	done.Provenance = b.Stamp()
	return done, nil
}
