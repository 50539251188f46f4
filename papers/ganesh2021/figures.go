package ganesh2021

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/profile"
)

// Figures are the shares of the parts, then how they change with the length.
func (r edition) Figures() []experiment.Drawing {
	return []experiment.Drawing{
		{Name: "shares", Build: r.ShareBars, Caption: r.T("The share of each component in parameters, operations, activation memory and time, side by side.")},
		{Name: "base", Build: r.BaseBars, Caption: r.T("The paper's model, BERT-base, counted from its shape.")},
		{Name: "attention", Build: r.AttentionBars, Caption: r.T("Attention's share of the time beside its share of the operations, by length.")},
		{Name: "scatter", Build: r.ShareScatter, Caption: r.T("Each component's share of the time against its share of the operations.")},
		{Name: "length", Build: r.LengthBars, Caption: r.T("The time of one token, by component: attention grows with the length, the linear maps do not.")},
		{Name: "grid", Build: r.GridHeatmap, Caption: r.T("The time of one token over batch sizes and lengths.")},
		{Name: "memory", Build: r.MemoryBars, Caption: r.T("Memory of the pass: weights, what inference needs besides them, and what training would keep.")},
	}
}

// caption names model, machine and what else matters under a figure.
func (r edition) caption(extra string) string {
	return fmt.Sprintf("%s, %s, %s; %s", r.Config.Model, r.Provenance.Backend, r.Provenance.TimedIn(r.Printer), extra)
}

const pass = "full encoder with pooler, no padding"

// A column is a stacked bar: a number for each component.
type column struct {
	name, total string
	of          func(profile.Component) float64
}

// stack makes the series of stacked bars: the components that have something in one of the columns. A head goes with the pooler.
func stack(say *words.Printer, columns []column) (groups, totals []string, series []figures.BarSeries) {
	for _, c := range columns {
		groups, totals = append(groups, c.name), append(totals, c.total)
	}
	for _, component := range profile.Components {
		if component == profile.Head {
			continue
		}
		s := figures.BarSeries{Name: say.Name(component.String())}
		any := false
		for _, c := range columns {
			v := c.of(component)
			if component == profile.Pooler {
				v += c.of(profile.Head)
			}
			s.Values, any = append(s.Values, v), any || v > 0
		}
		if any {
			series = append(series, s)
		}
	}
	return groups, totals, series
}

func parameterColumn(say *words.Printer, p profile.Parameters) column {
	return column{say.T("parameters"), amount(float64(p.Total)), func(c profile.Component) float64 { return float64(p.Of(c)) }}
}

// partColumn is a number of each part of a cell.
func partColumn(name, total string, cell *profile.Cell, of func(*profile.Part) float64) column {
	return column{name, total, func(c profile.Component) float64 {
		if part := cell.Part(c); part != nil {
			return of(part)
		}
		return 0
	}}
}

func macsOf(p *profile.Part) float64        { return float64(p.MACs) }
func activationsOf(p *profile.Part) float64 { return float64(p.ActivationBytes) }
func secondsOf(p *profile.Part) float64     { return p.Seconds.Median }

// ShareBars show the share of each component in parameters, operations, activations and time, side by side.
func (r edition) ShareBars() (*figures.Figure, error) {
	lengths := r.lengths()
	middle, long := r.middle(), lengths[len(lengths)-1]
	one, many := r.batches()[0], r.largest()
	cell := r.Profile.Cell(many, middle)
	perExample := func(c *profile.Cell) string { return r.F("%sMACs", amount(float64(c.MACs)/float64(c.Batch))) }
	columns := []column{
		parameterColumn(r.Printer, r.Profile.Parameters),
		partColumn(r.F("operations, %d tokens", middle), perExample(cell), cell, macsOf),
		partColumn(r.F("activations, %d tokens", middle), amount(float64(cell.ActivationBytes)/float64(cell.Batch))+"B", cell, activationsOf),
	}
	for _, place := range [][2]int{{one, middle}, {many, middle}, {many, long}} {
		c := r.Profile.Cell(place[0], place[1])
		columns = append(columns, partColumn(r.F("time, batch %d, %d tokens", c.Batch, c.Length), seconds(r.Printer, c.Seconds.Median), c, secondsOf))
	}
	groups, totals, series := stack(r.Printer, columns)
	embedding := float64(r.Profile.Parameters.Of(profile.Embedding)) / float64(r.Profile.Parameters.Total)
	ffn := 0.0
	if part := cell.Part(profile.FeedForward); part != nil {
		ffn = part.TimeShare
	}
	return figures.StackedBars(figures.StackedOptions{Frame: r.Sized(9.5, 5.4, r.F("At batch %d and %d tokens feed-forward networks take %.0f %% of the time; embeddings hold %.0f %% of the parameters", many, middle, 100*ffn, 100*embedding),
		"", "",
		r.caption(r.F("%s; operations and activations of one example; time: medians of separate executables; above the bars: that of the whole pass", r.T(pass)))),
		Groups: groups, Totals: totals, Series: series, Shares: true,
	})
}

// BaseBars show the shares of BERT-base by its shape.
func (r edition) BaseBars() (*figures.Figure, error) {
	columns := []column{parameterColumn(r.Printer, r.Counted.Parameters)}
	for _, l := range r.Counted.Lengths {
		columns = append(columns, column{r.F("operations, %d tokens", l.Length), r.F("%sMACs", amount(float64(l.Encoder))), func(c profile.Component) float64 { return float64(l.Components[c]) }})
	}
	groups, totals, series := stack(r.Printer, columns)
	return figures.StackedBars(figures.StackedOptions{Frame: r.Frame(r.T("In BERT-base the feed-forward networks are the largest part"),
		"", "", r.T("BERT-base from its shape: linear maps, Q·Kᵀ and probabilities · V of one example; above the bars: the encoder without the pooler")),
		Groups: groups, Totals: totals, Series: series, Shares: true,
	})
}

// AttentionBars hold attention's share of the time against its share of the operations, by length. The figure is nil for a model
// without attention.
func (r edition) AttentionBars() (*figures.Figure, error) {
	batch := r.largest()
	macs, times := figures.BarSeries{Name: r.T("share of the operations")}, figures.BarSeries{Name: r.T("share of the time")}
	var groups []string
	last := 0.0
	for _, length := range r.lengths() {
		part := r.Profile.Cell(batch, length).Part(profile.Attention)
		if part == nil {
			continue
		}
		groups = append(groups, fmt.Sprint(length))
		macs.Add(100*part.MACShare, math.NaN(), math.NaN())
		s := part.TimeShares
		times.Add(100*s.Median, 100*s.Low, 100*s.High)
		last = s.Median / part.MACShare
	}
	if groups == nil {
		return nil, nil
	}
	title := r.F("At %s tokens attention takes %.1f times its share of the operations", groups[len(groups)-1], last)
	return figures.Bars(figures.BarsOptions{Frame: r.Frame(title,
		r.T("tokens"), r.T("attention: share of the whole, %"), r.caption(r.F("batch %d; whiskers: quartiles of the rounds", batch))),
		Groups: groups, Series: []figures.BarSeries{macs, times}, Format: "%.1f",
	})
}

// ShareScatter holds the share of the time of each component that multiplies against its share of the operations. The pooler, which
// reads one token, is left out.
func (r edition) ShareScatter() (*figures.Figure, error) {
	batch := r.largest()
	var x, y []float64
	var labels []string
	for _, length := range r.lengths() {
		for _, part := range r.Profile.Cell(batch, length).Components {
			if part.MACs == 0 || part.Component == profile.Pooler {
				continue
			}
			x, y = append(x, 100*part.MACShare), append(y, 100*part.TimeShare)
			labels = append(labels, fmt.Sprintf("%s, %d", r.Name(part.Component.String()), length))
		}
	}
	return figures.Scatter(figures.ScatterOptions{Frame: r.Sized(8, 5.4, r.T("Above the line a component takes more of the time than of the operations"),
		r.T("share of the operations, %"), r.T("share of the time, %"), r.caption(r.F("batch %d; a point is a component at a length in tokens", batch))),
		X: x, Y: y, Labels: labels, Outliers: len(labels), Lines: figures.IdentityLine, XRange: fromZero(x), YRange: fromZero(y),
	})
}

// fromZero is a range from zero that leaves some room.
func fromZero(values []float64) figures.Range {
	if len(values) == 0 {
		return figures.Range{}
	}
	return figures.Range{Min: 0, Max: 1.1 * slices.Max(values)}
}

// LengthBars show the time of a token by component, for each length.
func (r edition) LengthBars() (*figures.Figure, error) {
	batch := r.largest()
	var columns []column
	var first, last float64
	for i, length := range r.lengths() {
		cell := r.Profile.Cell(batch, length)
		micro := 1e6 / float64(batch*length)
		columns = append(columns, partColumn(fmt.Sprint(length), fmt.Sprintf("%.0f µs", micro*cell.SumSeconds), cell, func(p *profile.Part) float64 { return micro * p.Seconds.Median }))
		if part := cell.Part(profile.Attention); part != nil {
			if last = micro * part.Seconds.Median; i == 0 {
				first = last
			}
		}
	}
	groups, totals, series := stack(r.Printer, columns)
	lengths := r.lengths()
	title := r.T("The time of a token by the length of its text")
	if first > 0 {
		title = r.F("A token's attention takes %.1f times as long at %d tokens as at %d", last/first, lengths[len(lengths)-1], lengths[0])
	}
	return figures.StackedBars(figures.StackedOptions{Frame: r.Frame(title,
		r.T("tokens in the text"), r.T("time of a token, µs"), r.caption(r.F("batch %d; medians of separate executables", batch))),
		Groups: groups, Totals: totals, Series: series, Format: "%.0f",
	})
}

// crowded is the part of the processors that the process had elsewhere up to which a cell counts as timed beside other work.
const crowded = 0.6

// beside are the cells of the model's profile that had few processors, and the most that any had.
func (r edition) beside() (few map[*profile.Cell]bool, most float64) {
	cells := r.Profile.Cells
	for i := range cells {
		most = max(most, r.processors(&cells[i]))
	}
	few = map[*profile.Cell]bool{}
	for i := range cells {
		if n := r.processors(&cells[i]); n > 0 && n < crowded*most {
			few[&cells[i]] = true
		}
	}
	return few, most
}

// GridHeatmap shows the time of a token over batch sizes and lengths. Cells with few processors are marked, and the title is not about them.
func (r edition) GridHeatmap() (*figures.Figure, error) {
	few, most := r.beside()
	var values [][]float64
	var marks [][]bool
	var names []string // of the cells with few processors
	best, worst, least := math.Inf(1), 0.0, math.Inf(1)
	var bestCell, worstCell *profile.Cell
	for _, batch := range r.batches() {
		var row []float64
		var marked []bool
		for _, length := range r.lengths() {
			cell := r.Profile.Cell(batch, length)
			v := 1e6 * cell.Seconds.Median / float64(batch*length)
			row, marked = append(row, v), append(marked, few[cell])
			if few[cell] {
				names, least = append(names, cellName(cell)), min(least, r.processors(cell))
				continue
			}
			if v < best {
				best, bestCell = v, cell
			}
			if v > worst {
				worst, worstCell = v, cell
			}
		}
		values, marks = append(values, row), append(marks, marked)
	}
	extra := r.F("batch × length; %s; medians of the whole pass", r.T(pass))
	if len(names) > 0 {
		extra = experiment.Caption(extra, r.F("%s: the process had as little as %.2f processors there, elsewhere up to %.2f, so the title leaves these out", strings.Join(names, ", "), least, most))
	} else {
		marks = nil
	}
	return figures.Heatmap(figures.HeatmapOptions{Frame: r.Sized(7, 3.6, r.F("A token costs %.1f times as much at %s as at %s", worst/best, cellName(worstCell), cellName(bestCell)),
		r.T("tokens in the text"), r.T("batch size"), r.caption(extra)),
		Values: values, Rows: figures.Texts(r.batches()), Columns: figures.Texts(r.lengths()), Legend: r.T("time of a token, µs"), Format: "%.0f",
		Marks: marks, MarkLabel: r.T("fewer processors"),
	})
}

// MemoryBars show the memory of the pass over the grid: weights, and what else it needs at its fullest.
func (r edition) MemoryBars() (*figures.Figure, error) {
	weights, working := figures.BarSeries{Name: r.T("weights")}, figures.BarSeries{Name: r.T("scratch memory and results")}
	kept := figures.BarSeries{Name: r.T("more, if all activations are kept for training")}
	var groups []string
	for _, batch := range r.batches() {
		for _, length := range r.lengths() {
			cell := r.Profile.Cell(batch, length)
			w, s := float64(cell.Memory.WeightBytes)/1e6, 0.0
			if m := cell.Memory.Program; m != nil {
				s = float64(m.Temporary+m.Outputs) / 1e6
			}
			groups = append(groups, cellName(cell))
			weights.Values, working.Values = append(weights.Values, w), append(working.Values, s)
			kept.Values = append(kept.Values, math.Max(0, float64(cell.ActivationBytes)/1e6-s))
		}
	}
	last := len(groups) - 1
	return figures.StackedBars(figures.StackedOptions{Frame: r.Sized(9, 4.8, r.F("Besides the weights, inference needs %.0f MB at %s, training at least %.0f MB", working.Values[last], groups[last], working.Values[last]+kept.Values[last]),
		r.T("batch × tokens"), r.T("memory, MB"),
		r.caption(r.T("weights and scratch memory by XLA's account of the compiled pass; activations of all layers by formula"))),
		Groups: groups, Series: []figures.BarSeries{weights, working, kept}, Format: "%.0f",
	})
}
