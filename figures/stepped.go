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

// SteppedOptions are a grid of cells of which ever more become empty, with a number at each step: one slider goes through the steps, a
// list chooses among series.
type SteppedOptions struct {
	// Frame has the title, which describes the whole to readers who cannot see it, and the names of columns (XLabel) and rows (YLabel),
	// which count from 0.
	Frame
	// Values are those of the cells, [rows][columns]; NaN: there is no such cell. The colour follows them.
	Values  [][]float64
	Palette Palette
	// Step names what the steps differ in, Measure the number.
	Step, Measure string
	Series        []SteppedSeries
	// Begin is the step that is shown first.
	Begin int
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
	// Empty are the cells that are empty, row and column.
	Empty [][2]int
}

// Interactive is the grid as a piece of HTML with a slider beside the curve of the numbers. As that of [SurfaceOptions.Interactive] it
// needs no network and no server, shows nothing where scripts are not run, and is the same bytes for the same options.
func (o SteppedOptions) Interactive() (string, error) {
	if err := o.check(); err != nil {
		return "", fmt.Errorf("figures: %w", err)
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, row := range o.Values {
		for _, v := range row {
			if finite(v) {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	cells, values := make([][]*json.Number, len(o.Values)), make([][]string, len(o.Values))
	for i, row := range o.Values {
		cells[i], values[i] = make([]*json.Number, len(row)), make([]string, len(row))
		for j, v := range row {
			if finite(v) {
				n := short((v - low) / max(high-low, 1e-300))
				cells[i][j], values[i][j] = &n, fmt.Sprintf("%.3g", v)
			}
		}
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
	part := func(r Range, v float64) json.Number { return short((span(r, v) + 1) / 2) }
	var series []map[string]any
	for _, s := range o.Series {
		steps := []map[string]any{}
		for _, p := range s.Steps {
			empty := p.Empty
			if empty == nil {
				empty = [][2]int{}
			}
			steps = append(steps, map[string]any{"at": part(across, p.At), "height": part(up, p.Measured), "label": Minus(clean(p.Label)), "empty": empty})
		}
		series = append(series, map[string]any{"name": clean(s.Name), "steps": steps})
	}
	ticks := func(r Range) [][2]any {
		out := [][2]any{}
		for _, t := range r.ticks(5, nil) {
			out = append(out, [2]any{part(r, t.at), t.label})
		}
		return out
	}
	var palette [][3]uint8
	for i := range 17 {
		c := o.Palette.at(float64(i) / 16)
		palette = append(palette, [3]uint8{c.R, c.G, c.B})
	}
	data := map[string]any{
		"cells": cells, "values": values, "palette": palette, "series": series, "ticks": ticks(up), "places": ticks(across), "begin": o.Begin,
		"xlabel": clean(o.XLabel), "ylabel": clean(o.YLabel), "step": clean(o.Step), "measure": clean(o.Measure), "alt": clean(o.Title),
		"none": o.say("no value"), "choose": o.say("series"),
	}
	return scripted("stepped", o.Title, steppedScript, data)
}

// check says what is wrong with the options.
func (o SteppedOptions) check() error {
	if len(o.Values) == 0 || len(o.Values[0]) == 0 {
		return errors.New("a grid in steps needs cells")
	}
	for _, row := range o.Values {
		if len(row) != len(o.Values[0]) {
			return fmt.Errorf("a grid in steps has rows of %d and of %d cells", len(o.Values[0]), len(row))
		}
	}
	if len(o.Series) == 0 {
		return errors.New("a grid in steps needs a series")
	}
	for _, s := range o.Series {
		if len(s.Steps) == 0 {
			return fmt.Errorf("the series %q has no steps", s.Name)
		}
		for _, p := range s.Steps {
			if !finite(p.At) || !finite(p.Measured) {
				return fmt.Errorf("the series %q has a step at %v with %v", s.Name, p.At, p.Measured)
			}
			for _, cell := range p.Empty {
				if cell[0] < 0 || cell[0] >= len(o.Values) || cell[1] < 0 || cell[1] >= len(o.Values[0]) {
					return fmt.Errorf("the series %q empties the cell %v of a grid of %d × %d", s.Name, cell, len(o.Values), len(o.Values[0]))
				}
			}
		}
	}
	return nil
}
