package show

import (
	"fmt"

	"bertlab/figures"
	"bertlab/techniques/profile"
)

// Profile has a table of the components' parameters and, for each batch size and length, one of what they take. baseline may be nil.
func Profile(p, baseline *profile.Profile) []*figures.Table {
	tables := []*figures.Table{parameters(p, baseline)}
	for i := range p.Cells {
		var other *profile.Cell
		if baseline != nil {
			other = &baseline.Cells[i]
		}
		tables = append(tables, cellTable(&p.Cells[i], other))
	}
	return tables
}

func parameters(p, baseline *profile.Profile) *figures.Table {
	table := &figures.Table{Columns: []figures.Column{{Name: "component"}, {Name: "parameters"}, {Name: "share", Format: "%.1f %%"}}}
	if baseline != nil {
		table.Columns = append(table.Columns, figures.Column{Name: "baseline"})
	}
	add := func(name string, of func(*profile.Profile) int) {
		n, before := of(p), 0
		row := []any{name, n, 100 * float64(n) / float64(p.Parameters.Total)}
		if baseline != nil {
			before = of(baseline)
			row = append(row, before)
		}
		if n > 0 || before > 0 {
			table.Rows = append(table.Rows, row)
		}
	}
	for _, component := range profile.Components {
		add(component.String(), func(p *profile.Profile) int { return p.Parameters.Of(component) })
	}
	add("all", func(p *profile.Profile) int { return p.Parameters.Total })
	return table
}

// cellTable lists the components at one batch size and length; baseline may be nil.
func cellTable(cell, baseline *profile.Cell) *figures.Table {
	const mega = 1e6
	t := &figures.Table{
		Title: fmt.Sprintf("batch %d, length %d", cell.Batch, cell.Length),
		Columns: []figures.Column{
			{Name: "component"}, {Name: "operations", Unit: "million MACs", Format: "%.1f"}, {Name: "share", Format: "%.1f %%"},
			{Name: "activations", Unit: "MB", Format: "%.2f"}, {Name: "time", Unit: "ms", Format: "%.3f"}, {Name: "quartiles"}, {Name: "share", Format: "%.1f %%"},
		},
	}
	if baseline != nil {
		t.Columns = append(t.Columns, figures.Column{Name: "baseline", Unit: "ms", Format: "%.3f"}, figures.Column{Name: "faster", Format: "%.2f×"})
	}
	add := func(name string, macs, activations int, time profile.Spread, macShare, timeShare any, before float64) {
		row := []any{name, float64(macs) / mega, macShare, float64(activations) / mega, 1000 * time.Median, fmt.Sprintf("%.3f to %.3f", 1000*time.Low, 1000*time.High), timeShare}
		if baseline != nil {
			row = append(row, 1000*before, before/time.Median)
		}
		t.Rows = append(t.Rows, row)
	}
	for _, part := range cell.Components {
		before := 0.0
		if baseline != nil {
			if other := baseline.Part(part.Component); other != nil {
				before = other.Seconds.Median
			}
		}
		add(part.Component.String(), part.MACs, part.ActivationBytes, part.Seconds, 100*part.MACShare, 100*part.TimeShare, before)
	}
	before := 0.0
	if baseline != nil {
		before = baseline.Seconds.Median
	}
	add("whole pass", cell.MACs, cell.ActivationBytes, cell.Seconds, nil, nil, before)
	t.Caption = fmt.Sprintf("%d rounds. The components' times add up to %.3f ms; %.1f %% [%.1f, %.1f] of the whole pass remains. Compilation: %.1f s, not timed.",
		cell.Repeats, 1000*cell.SumSeconds, 100*cell.RemainderShare.Median, 100*cell.RemainderShare.Low, 100*cell.RemainderShare.High, cell.CompileSeconds)
	if m := cell.Memory.Program; m != nil {
		t.Caption += fmt.Sprintf(" Memory by XLA: %.1f MB of inputs and weights, %.1f MB of results, %.1f MB of scratch.", float64(m.Arguments)/mega, float64(m.Outputs)/mega, float64(m.Temporary)/mega)
	}
	if cell.Memory.HostPeak > 0 {
		t.Caption += fmt.Sprintf(" The process: %.0f MB, at its fullest %.0f MB.", float64(cell.Memory.HostBefore)/mega, float64(cell.Memory.HostPeak)/mega)
	}
	return t
}

// Passes has a table of the components' parameters, and one of the whole pass at each batch size and length. baseline may be nil.
func Passes(p, baseline *profile.Passes) []*figures.Table {
	const mega = 1e6
	of := func(p *profile.Passes) *profile.Profile {
		if p == nil {
			return nil
		}
		return &profile.Profile{Parameters: p.Parameters}
	}
	t := &figures.Table{
		Title: "whole pass",
		Columns: []figures.Column{
			{Name: "batch"}, {Name: "length"}, {Name: "operations", Unit: "million MACs", Format: "%.1f"}, {Name: "time", Unit: "ms", Format: "%.3f"}, {Name: "quartiles"},
			{Name: "rounds"}, {Name: "memory", Unit: "MB", Format: "%.0f"},
		},
		Caption: fmt.Sprintf("Memory: the process at its fullest in a pass. The graph was written and opened in %.1f s, not timed.", p.OpenSeconds),
	}
	if baseline != nil {
		t.Columns = append(t.Columns, figures.Column{Name: "baseline", Unit: "ms", Format: "%.3f"}, figures.Column{Name: "faster", Format: "%.2f×"})
	}
	for i, c := range p.Cells {
		row := []any{
			c.Batch, c.Length, float64(c.MACs) / mega, 1000 * c.Seconds.Median, fmt.Sprintf("%.3f to %.3f", 1000*c.Seconds.Low, 1000*c.Seconds.High),
			c.Repeats, nil,
		}
		if c.HostPeak > 0 {
			row[6] = float64(c.HostPeak) / mega
		}
		if baseline != nil {
			before := baseline.Cells[i].Seconds.Median
			row = append(row, 1000*before, before/c.Seconds.Median)
		}
		t.Rows = append(t.Rows, row)
	}
	return []*figures.Table{parameters(of(p), of(baseline)), t}
}
