package figures

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

//go:embed stepped.js
var steppedScript string

// SteppedOptions are a grid of cells that changes in steps, with a number at each step: one slider goes through the steps, and a list, or a
// second slider, chooses among series.
type SteppedOptions struct {
	// Frame has the title, which describes the whole to readers who cannot see it, and the names of columns (XLabel) and rows (YLabel).
	Frame
	// Values are those of the cells, [rows][columns]; NaN: there is no such cell. The colour follows them, by Scale.
	Values  [][]float64
	Palette Palette
	Scale   Scale
	// Rows and Columns name the lines of the grid; nil: 0, 1, 2, …
	Rows, Columns []string
	// Legend says what the cells' values are.
	Legend string
	// Step names what the steps differ in, Measure the number. Places name the steps where these are no numbers: At then counts from 0.
	Step, Measure string
	Places        []string
	Series        []SteppedSeries
	// Across names what the series differ in where they are in an order: a slider goes through them in place of a list. Its names are theirs.
	Across string
	// Begin is the step that is shown first, First the series.
	Begin, First int
}

// SteppedSeries are the steps of one way to go.
type SteppedSeries struct {
	Name  string
	Steps []SteppedCells
}

// SteppedCells is a step.
type SteppedCells struct {
	// At is where it stands on the axis of steps, Measured the number.
	At, Measured float64
	// Label is what is said of it in a line.
	Label string
	// Empty are the cells that are empty, Marked those with a frame, row and column.
	Empty, Marked [][2]int
	// Values are those of the cells at this step; nil: the grid's.
	Values [][]float64
}

// Interactive is the grid as a piece of HTML with a slider beside the curve of the numbers. As that of [SurfaceOptions.Interactive] it
// needs no network and no server, shows nothing where scripts are not run, and is the same bytes for the same options.
func (o SteppedOptions) Interactive() (string, error) {
	if err := o.check(); err != nil {
		return "", fmt.Errorf("figures: %w", err)
	}
	var at, measured []float64
	for _, s := range o.Series {
		for _, p := range s.Steps {
			at, measured = append(at, p.At), append(measured, p.Measured)
		}
	}
	across, _ := extent(at)
	up, _ := extent(measured)
	across, up = across.widen(), up.widen().pad(0.04)
	cells, values := o.cells(o.Values, o.extent())
	data := map[string]any{
		"cells": cells, "values": values, "palette": o.colours(), "series": o.steps(across, up), "ticks": marksOf(up), "places": o.places(across),
		"begin": o.Begin, "first": o.First, "rows": cleaned(o.Rows), "columns": cleaned(o.Columns), "legend": clean(o.Legend), "across": clean(o.Across),
		"xlabel": clean(o.XLabel), "ylabel": clean(o.YLabel), "step": clean(o.Step), "measure": clean(o.Measure), "alt": clean(o.Title),
		"none": o.say("no value"), "choose": o.say("series"),
	}
	return scripted("stepped", o.Title, steppedScript, data)
}

// partOf is where a value stands in a range, from 0 to 1.
func partOf(r Range, v float64) json.Number { return short((span(r, v) + 1) / 2) }

// marksOf are the ticks of a range with their places in it.
func marksOf(r Range) [][2]any {
	out := [][2]any{}
	for _, t := range r.ticks(5, nil) {
		out = append(out, [2]any{partOf(r, t.at), t.label})
	}
	return out
}

// places are the names of the steps on their axis.
func (o SteppedOptions) places(across Range) [][2]any {
	if o.Places == nil {
		return marksOf(across)
	}
	out := [][2]any{}
	for i, name := range o.Places {
		out = append(out, [2]any{partOf(across, float64(i)), clean(name)})
	}
	return out
}

// steps are the series for the script.
func (o SteppedOptions) steps(across, up Range) []map[string]any {
	var series []map[string]any
	all := o.extent()
	for _, s := range o.Series {
		steps := []map[string]any{}
		for _, p := range s.Steps {
			step := map[string]any{"at": partOf(across, p.At), "height": partOf(up, p.Measured), "label": Minus(clean(p.Label))}
			if len(p.Empty) > 0 {
				step["empty"] = p.Empty
			}
			if len(p.Marked) > 0 {
				step["marked"] = p.Marked
			}
			if p.Values != nil {
				step["cells"], step["values"] = o.cells(p.Values, all)
			}
			steps = append(steps, step)
		}
		series = append(series, map[string]any{"name": clean(s.Name), "steps": steps})
	}
	return series
}

// extent is that of all values, in the scale.
func (o SteppedOptions) extent() Range {
	r := Range{math.Inf(1), math.Inf(-1)}
	add := func(table [][]float64) {
		for _, row := range table {
			for _, v := range row {
				if v = o.Scale.of(v); finite(v) {
					r.Min, r.Max = min(r.Min, v), max(r.Max, v)
				}
			}
		}
	}
	add(o.Values)
	for _, s := range o.Series {
		for _, p := range s.Steps {
			add(p.Values)
		}
	}
	return r
}

// cells are the places of values in the range of all, nil where there is none, and the values as they are told.
func (o SteppedOptions) cells(table [][]float64, all Range) (cells [][]*json.Number, values [][]string) {
	cells, values = make([][]*json.Number, len(table)), make([][]string, len(table))
	for i, row := range table {
		cells[i], values[i] = make([]*json.Number, len(row)), make([]string, len(row))
		for j, v := range row {
			if at := o.Scale.of(v); finite(at) {
				n := short((at - all.Min) / max(all.Max-all.Min, 1e-300))
				cells[i][j], values[i][j] = &n, fmt.Sprintf("%.3g", v)
			}
		}
	}
	return cells, values
}

// colours are those of the palette in equal steps.
func (o SteppedOptions) colours() (list [][3]uint8) {
	for i := range 17 {
		c := o.Palette.at(float64(i) / 16)
		list = append(list, [3]uint8{c.R, c.G, c.B})
	}
	return list
}

func cleaned(names []string) []string {
	var list []string
	for _, name := range names {
		list = append(list, clean(name))
	}
	return list
}

// check says what is wrong with the options.
func (o SteppedOptions) check() error {
	if len(o.Values) == 0 || len(o.Values[0]) == 0 {
		return errors.New("a grid in steps needs cells")
	}
	rows, columns := len(o.Values), len(o.Values[0])
	if o.Rows != nil && len(o.Rows) != rows || o.Columns != nil && len(o.Columns) != columns {
		return fmt.Errorf("a grid in steps of %d × %d has names for %d × %d", rows, columns, len(o.Rows), len(o.Columns))
	}
	if len(o.Series) == 0 {
		return errors.New("a grid in steps needs a series")
	}
	if o.First < 0 || o.First >= len(o.Series) {
		return fmt.Errorf("a grid in steps begins with series %d of %d", o.First, len(o.Series))
	}
	if err := sized(o.Values, rows, columns); err != nil {
		return err
	}
	for _, s := range o.Series {
		if len(s.Steps) == 0 {
			return fmt.Errorf("the series %q has no steps", s.Name)
		}
		for _, p := range s.Steps {
			err := p.check(rows, columns)
			if err == nil && o.Places != nil && (p.At < 0 || p.At > float64(len(o.Places)-1)) {
				err = fmt.Errorf("has a step at %g, and there are names for %d from 0", p.At, len(o.Places))
			}
			if err != nil {
				return fmt.Errorf("the series %q %w", s.Name, err)
			}
		}
	}
	return nil
}

// check says what is wrong with a step of a grid.
func (p SteppedCells) check(rows, columns int) error {
	if !finite(p.At) || !finite(p.Measured) {
		return fmt.Errorf("has a step at %v with %v", p.At, p.Measured)
	}
	for _, cell := range append(append([][2]int{}, p.Empty...), p.Marked...) {
		if cell[0] < 0 || cell[0] >= rows || cell[1] < 0 || cell[1] >= columns {
			return fmt.Errorf("empties or marks the cell %v of a grid of %d × %d", cell, rows, columns)
		}
	}
	if p.Values != nil {
		return sized(p.Values, rows, columns)
	}
	return nil
}

// sized reports a table of another size.
func sized(table [][]float64, rows, columns int) error {
	if len(table) != rows {
		return fmt.Errorf("has rows of another number than %d: %d", rows, len(table))
	}
	for _, row := range table {
		if len(row) != columns {
			return fmt.Errorf("has rows of %d and of %d cells", columns, len(row))
		}
	}
	return nil
}
