package hao2019

import (
	"context"
	"fmt"
	"strings"

	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/techniques/landscape"
)

// space is the plane around a trained model: from its start, and to the model of the other task where there is one.
func (r *run) space(name string) (landscape.Space, error) {
	kind, other := "pretrained", fineOther
	if name == scratch {
		kind, other = "random", scratchOther
	}
	start, err := r.start(kind, r.train)
	return landscape.Space{From: start, To: r.models[name], Other: r.models[other]}, err
}

// explorer is opened when it is first needed. Its sets are the training examples and the dev examples.
func (r *run) explorer(name string) (*landscape.Explorer, error) {
	if e, ok := r.explorers[name]; ok {
		return e, nil
	}
	space, err := r.space(name)
	if err != nil {
		return nil, err
	}
	var sets []*finetune.Prepared
	for _, d := range []*task.Dataset{r.fit, r.check} {
		set, err := r.prepareSet(d)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	e, err := landscape.Open(r.env.Backend, space, sets...)
	if err != nil {
		return nil, err
	}
	r.explorers[name] = e
	return e, nil
}

// sweep moves a part of a model over a grid, with a journal that is removed when finish has made a step's result of it.
func sweep[T any](ctx context.Context, r *run, stage, model string, grid landscape.Grid, part landscape.Part, sets []int, finish func(*landscape.Surface) (T, error)) (T, error) {
	step := strings.ReplaceAll(stage, " ", "-")
	journal := r.store.Dir(step + ".points.jsonl")
	result, err := experiment.Step(r.store, step, func() (T, error) {
		var none T
		e, err := r.explorer(model)
		if err != nil {
			return none, err
		}
		if err := e.Use(sets...); err != nil {
			return none, err
		}
		surface, err := e.Sweep(ctx, grid, part, journal, r.env.Stage(stage))
		if err != nil {
			return none, err
		}
		return finish(surface)
	})
	if err != nil {
		return result, err
	}
	return result, landscape.RemoveJournal(journal)
}

// line is a swept line with its examples' losses, as it is remembered.
type line struct {
	Surface *landscape.Surface `json:"surface"`
	Losses  [][]float64        `json:"losses"`
}

func (r *run) curves(ctx context.Context) error {
	c := r.config
	grid := landscape.Line(c.CurveRange[0], c.CurveRange[1], c.CurvePoints)
	for _, s := range []struct {
		name string
		to   *Curve
	}{{fine, &r.result.Fine}, {scratch, &r.result.Scratch}} {
		swept, err := sweep(ctx, r, "curve of "+s.name, s.name, grid, landscape.Whole(r.pretrained.Config), []int{0}, func(s *landscape.Surface) (line, error) {
			return line{s, examples(s.Sets[0], false)}, nil
		})
		if err != nil {
			return err
		}
		if *s.to, err = r.result.describe(swept.Surface, swept.Losses); err != nil {
			return err
		}
	}
	var err error
	r.result.WidthDifference, err = r.result.widthDifference(r.result.Fine, r.result.Scratch)
	return err
}

// examples are the losses, or the errors, of a surface's examples: [point][example].
func examples(s landscape.SetSurface, wrong bool) [][]float64 {
	table := make([][]float64, len(s.Points))
	for i, m := range s.Points {
		table[i] = make([]float64, len(m.Losses))
		for k, loss := range m.Losses {
			table[i][k] = float64(loss)
			if wrong {
				table[i][k] = float64(m.Wrong[k] - '0')
			}
		}
	}
	return table
}

func (r *run) surfaces(ctx context.Context) error {
	grid := landscape.Plane(r.config.SurfaceRange[0], r.config.SurfaceRange[1], r.config.SurfacePoints)
	for _, s := range []struct {
		name string
		to   **Surface
	}{{fine, &r.result.Surface}, {scratch, &r.result.ScratchSurface}} {
		if s.name == scratch && !r.config.ScratchSurface {
			continue
		}
		surface, err := sweep(ctx, r, "surface of "+s.name, s.name, grid, landscape.Whole(r.pretrained.Config), nil, func(s *landscape.Surface) (*Surface, error) {
			agreement, err := consistency(examples(s.Sets[0], false), examples(s.Sets[1], true))
			return &Surface{s, agreement.finite()}, err
		})
		if err != nil {
			return err
		}
		*s.to = surface
	}
	return nil
}

// parts are the surfaces on which low, middle or high layers move alone.
func (r *run) parts(ctx context.Context) error {
	grid := landscape.Plane(r.config.SurfaceRange[0], r.config.SurfaceRange[1], r.config.PartPoints)
	for _, part := range landscape.Thirds(r.pretrained.Config) {
		surface, err := sweep(ctx, r, "surface of the "+part.Name+" layers", fine, grid, part, []int{0}, func(s *landscape.Surface) (*landscape.Surface, error) { return s, nil })
		if err != nil {
			return err
		}
		r.result.Parts = append(r.result.Parts, surface)
	}
	return nil
}

// rollback judges the fine-tuned model, and with each part set back, on the dev examples.
func (r *run) rollback(ctx context.Context) error {
	config := r.pretrained.Config
	parts := append([]landscape.Part{{Name: "none"}}, landscape.Thirds(config)...)
	parts = append(parts, landscape.Part{Name: "embeddings", Embeddings: true}, landscape.Whole(config))
	measured, err := experiment.Step(r.store, "rollback", func() ([]landscape.Measure, error) {
		space, err := r.space(fine)
		if err != nil {
			return nil, err
		}
		set, err := r.prepareSet(r.dev)
		if err != nil {
			return nil, err
		}
		e, err := landscape.Open(r.env.Backend, landscape.Space{From: space.From, To: space.To}, set)
		if err != nil {
			return nil, err
		}
		defer e.Close()
		var list []landscape.Measure
		for i, part := range parts {
			var found []landscape.Measure
			if part.Name == "none" {
				found, err = e.At(ctx, landscape.Point{Alpha: 1})
			} else {
				found, err = e.Rollback(ctx, part)
			}
			if err != nil {
				return nil, err
			}
			list = append(list, found[0])
			r.env.Report(experiment.Progress{Stage: "rollback of layers", Done: i + 1, Total: len(parts)})
		}
		return list, nil
	})
	if err != nil {
		return err
	}
	if len(measured) != len(parts) {
		return fmt.Errorf("%d of %d models with layers rolled back are remembered", len(measured), len(parts))
	}
	for i, part := range parts {
		row, err := judge(part, measured[i], measured[0])
		if err != nil {
			return err
		}
		r.result.Rollback = append(r.result.Rollback, row)
	}
	low := r.result.Rollback[1]
	for _, other := range r.result.Rollback[2:4] {
		difference, err := paired(low.Right, other.Right)
		if err != nil {
			return err
		}
		r.result.LowAgainst = append(r.result.LowAgainst, difference)
	}
	return nil
}

// judge compares a rolled back model with the whole one.
func judge(part landscape.Part, m, whole landscape.Measure) (Rollback, error) {
	row := Rollback{Name: part.Name, Layers: part.Layers(), Accuracy: 1 - m.Error, Loss: m.Loss, Right: right(m)}
	change, err := paired(row.Right, right(whole))
	if err != nil {
		return row, err
	}
	test, err := task.McNemar(marks(row.Right), marks(right(whole)))
	row.Change, row.P = change, test.P
	return row, err
}

// right turns the marks of wrong examples over.
func right(m landscape.Measure) string {
	text := []byte(m.Wrong)
	for i, c := range text {
		text[i] = '0' + '1' - c
	}
	return string(text)
}

func marks(right string) []bool {
	list := make([]bool, len(right))
	for i := range list {
		list[i] = right[i] == '1'
	}
	return list
}

// paired is the difference of two models' accuracy on the same examples.
func paired(a, b string) (Estimate, error) {
	if len(a) != len(b) {
		return Estimate{}, fmt.Errorf("%d and %d examples are no pairs", len(a), len(b))
	}
	return bootstrap(len(a), func(rows []int) float64 {
		sum := 0
		for _, i := range rows {
			sum += int(a[i]) - int(b[i])
		}
		return float64(sum) / float64(len(rows))
	})
}

// geometry measures the two directions of fine-tuning.
func (r *run) geometry(context.Context) error {
	type measured struct{ Units, Weights []landscape.Geometry }
	g, err := experiment.Step(r.store, "geometry", func() (measured, error) {
		space, err := r.space(fine)
		if err != nil {
			return measured{}, err
		}
		var m measured
		if m.Units, err = space.Geometries(); err != nil {
			return m, err
		}
		m.Weights, err = space.WeightGeometries()
		return m, err
	})
	if err != nil {
		return err
	}
	r.result.Geometry, r.result.Whole = g.Units, landscape.Sum("whole", g.Units)
	r.result.Cosine, err = cosine(g.Weights)
	return err
}
