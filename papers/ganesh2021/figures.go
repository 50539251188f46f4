package ganesh2021

import (
	"fmt"
	"math"
	"slices"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/techniques/profile"
)

// figures are the experiment's figures in the order of the report.
func (r *Result) figures() []experiment.Drawing {
	return []experiment.Drawing{
		{Name: "shares", Build: r.ShareBars, Caption: experiment.Text{
			English: "The share of each component in parameters, operations, activation memory and time, side by side.",
			Korean:  "파라미터, 연산량, 활성값 메모리, 실행 시간에서 각 구성 요소가 차지하는 비중.",
		}},
		{Name: "base", Build: r.BaseBars, Caption: experiment.Text{
			English: "The paper's model, BERT-base, counted from its shape.",
			Korean:  "논문의 모델인 BERT-base를 구조만으로 계산한 파라미터와 연산량의 비중.",
		}},
		{Name: "attention", Build: r.AttentionBars, Caption: experiment.Text{
			English: "Attention's share of the time beside its share of the operations, by length.",
			Korean:  "문장 길이에 따른 어텐션의 시간 비중과 연산량 비중.",
		}},
		{Name: "scatter", Build: r.ShareScatter, Caption: experiment.Text{
			English: "Each component's share of the time against its share of the operations.",
			Korean:  "구성 요소별 연산량 비중(가로)과 시간 비중(세로). 직선 위쪽이면 연산량에 비해 시간이 많이 든다.",
		}},
		{Name: "length", Build: r.LengthBars, Caption: experiment.Text{
			English: "The time of one token, by component: attention grows with the length, the linear maps do not.",
			Korean:  "토큰 하나를 처리하는 시간을 구성 요소별로 나눈 것. 어텐션은 문장 길이에 따라 늘지만 선형 변환은 그렇지 않다.",
		}},
		{Name: "grid", Build: r.GridHeatmap, Caption: experiment.Text{
			English: "The time of one token over batch sizes and lengths.",
			Korean:  "배치 크기와 문장 길이에 따른 토큰당 시간.",
		}},
		{Name: "memory", Build: r.MemoryBars, Caption: experiment.Text{
			English: "Memory of the pass: weights, what inference needs beside them, and what training would keep.",
			Korean:  "순전파의 메모리: 가중치, 추론에 추가로 필요한 메모리, 학습이라면 보관해야 하는 활성값.",
		}},
	}
}

// caption names model, machine and what else matters under a figure.
func (r *Result) caption(extra string) string {
	return fmt.Sprintf("%s, %s, %s; %s", r.Config.Model, r.Provenance.Backend, r.Provenance.Machine, extra)
}

const pass = "full encoder with pooler, no padding"

// A column is a stacked bar: a number for each component.
type column struct {
	name, total string
	of          func(profile.Component) float64
}

// stack makes the series of stacked bars: the components that have something in one of the columns. A head goes with the pooler.
func stack(columns []column) (groups, totals []string, series []figures.BarSeries) {
	for _, c := range columns {
		groups, totals = append(groups, c.name), append(totals, c.total)
	}
	for _, component := range profile.Components {
		if component == profile.Head {
			continue
		}
		s := figures.BarSeries{Name: component.String()}
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

func parameterColumn(p profile.Parameters) column {
	return column{"parameters", amount(float64(p.Total)), func(c profile.Component) float64 { return float64(p.Of(c)) }}
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
func (r *Result) ShareBars() (*figures.Figure, error) {
	lengths := r.lengths()
	middle, long := r.middle(), lengths[len(lengths)-1]
	one, many := r.batches()[0], r.largest()
	cell := r.Profile.Cell(many, middle)
	perExample := func(c *profile.Cell) string { return amount(float64(c.MACs)/float64(c.Batch)) + "MACs" }
	columns := []column{
		parameterColumn(r.Profile.Parameters),
		partColumn(fmt.Sprintf("operations, %d tokens", middle), perExample(cell), cell, macsOf),
		partColumn(fmt.Sprintf("activations, %d tokens", middle), amount(float64(cell.ActivationBytes)/float64(cell.Batch))+"B", cell, activationsOf),
	}
	for _, place := range [][2]int{{one, middle}, {many, middle}, {many, long}} {
		c := r.Profile.Cell(place[0], place[1])
		columns = append(columns, partColumn(fmt.Sprintf("time, batch %d, %d tokens", c.Batch, c.Length), seconds(c.Seconds.Median), c, secondsOf))
	}
	groups, totals, series := stack(columns)
	embedding := float64(r.Profile.Parameters.Of(profile.Embedding)) / float64(r.Profile.Parameters.Total)
	ffn := 0.0
	if part := cell.Part(profile.FeedForward); part != nil {
		ffn = part.TimeShare
	}
	return figures.StackedBars(figures.StackedOptions{
		Frame: figures.Frame{
			Title:   fmt.Sprintf("Feed-forward networks take %.0f %% of the time, embeddings %.0f %% of the parameters", 100*ffn, 100*embedding),
			Caption: r.caption(pass + "; operations and activations of one example; time: medians of executables of their own, over the bars that of the whole pass"),
			Size:    figures.Size{Width: 9.5, Height: 5.4},
		},
		Groups: groups, Totals: totals, Series: series, Shares: true,
	})
}

// BaseBars show the shares of BERT-base by its shape.
func (r *Result) BaseBars() (*figures.Figure, error) {
	columns := []column{parameterColumn(r.Counted.Parameters)}
	for _, l := range r.Counted.Lengths {
		columns = append(columns, column{fmt.Sprintf("operations, %d tokens", l.Length), amount(float64(l.Encoder)) + "MACs", func(c profile.Component) float64 { return float64(l.Components[c]) }})
	}
	groups, totals, series := stack(columns)
	return figures.StackedBars(figures.StackedOptions{
		Frame: figures.Frame{
			Title:   "In BERT-base the feed-forward networks are the largest part",
			Caption: "BERT-base from its shape: linear maps, Q·Kᵀ and probabilities · V of one example; over the bars the encoder without the pooler",
		},
		Groups: groups, Totals: totals, Series: series, Shares: true,
	})
}

// AttentionBars hold attention's share of the time against its share of the operations, by length. The figure is nil for a model
// without attention.
func (r *Result) AttentionBars() (*figures.Figure, error) {
	batch := r.largest()
	macs, times := figures.BarSeries{Name: "share of the operations"}, figures.BarSeries{Name: "share of the time"}
	var groups []string
	last := 0.0
	for _, length := range r.lengths() {
		part := r.Profile.Cell(batch, length).Part(profile.Attention)
		if part == nil {
			continue
		}
		groups = append(groups, fmt.Sprint(length))
		macs.Values, macs.Lo, macs.Hi = append(macs.Values, 100*part.MACShare), append(macs.Lo, math.NaN()), append(macs.Hi, math.NaN())
		s := part.TimeShares
		times.Values, times.Lo, times.Hi = append(times.Values, 100*s.Median), append(times.Lo, 100*s.Low), append(times.Hi, 100*s.High)
		last = s.Median / part.MACShare
	}
	if groups == nil {
		return nil, nil
	}
	title := fmt.Sprintf("At %s tokens attention takes %.1f times its share of the operations", groups[len(groups)-1], last)
	return figures.Bars(figures.BarsOptions{
		Frame:  figures.Frame{Title: title, XLabel: "tokens", YLabel: "attention: share of the whole, %", Caption: r.caption(fmt.Sprintf("batch %d; whiskers: quartiles of the rounds", batch))},
		Groups: groups, Series: []figures.BarSeries{macs, times}, Format: "%.1f",
	})
}

// ShareScatter holds the share of the time of each component that multiplies against its share of the operations. The pooler, which
// reads one token, is left out.
func (r *Result) ShareScatter() (*figures.Figure, error) {
	batch := r.largest()
	var x, y []float64
	var labels []string
	for _, length := range r.lengths() {
		for _, part := range r.Profile.Cell(batch, length).Components {
			if part.MACs == 0 || part.Component == profile.Pooler {
				continue
			}
			x, y = append(x, 100*part.MACShare), append(y, 100*part.TimeShare)
			labels = append(labels, fmt.Sprintf("%s, %d", part.Component, length))
		}
	}
	return figures.Scatter(figures.ScatterOptions{
		Frame: figures.Frame{
			Title:  "Above the line a component takes more of the time than of the operations",
			XLabel: "share of the operations, %", YLabel: "share of the time, %",
			Caption: r.caption(fmt.Sprintf("batch %d; a point is a component at a length in tokens", batch)),
			Size:    figures.Size{Width: 8, Height: 5.4},
		},
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
func (r *Result) LengthBars() (*figures.Figure, error) {
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
	groups, totals, series := stack(columns)
	lengths := r.lengths()
	title := "The time of a token by the length of its text"
	if first > 0 {
		title = fmt.Sprintf("A token's attention takes %.1f times as long at %d tokens as at %d", last/first, lengths[len(lengths)-1], lengths[0])
	}
	return figures.StackedBars(figures.StackedOptions{
		Frame: figures.Frame{
			Title:  title,
			XLabel: "tokens in the text", YLabel: "time of a token, µs", Caption: r.caption(fmt.Sprintf("batch %d; medians of executables of their own", batch)),
		},
		Groups: groups, Totals: totals, Series: series, Format: "%.0f",
	})
}

// GridHeatmap shows the time of a token over batch sizes and lengths.
func (r *Result) GridHeatmap() (*figures.Figure, error) {
	var rows, columns []string
	var values [][]float64
	best, worst := math.Inf(1), 0.0
	var bestCell, worstCell *profile.Cell
	for _, length := range r.lengths() {
		columns = append(columns, fmt.Sprint(length))
	}
	for _, batch := range r.batches() {
		rows = append(rows, fmt.Sprint(batch))
		var row []float64
		for _, length := range r.lengths() {
			cell := r.Profile.Cell(batch, length)
			v := 1e6 * cell.Seconds.Median / float64(batch*length)
			if v < best {
				best, bestCell = v, cell
			}
			if v > worst {
				worst, worstCell = v, cell
			}
			row = append(row, v)
		}
		values = append(values, row)
	}
	return figures.Heatmap(figures.HeatmapOptions{
		Frame: figures.Frame{
			Title:  fmt.Sprintf("A token costs %.1f times as much at %s as at %s", worst/best, cellName(worstCell), cellName(bestCell)),
			XLabel: "tokens in the text", YLabel: "batch size", Caption: r.caption("batch × length; " + pass + "; medians of the whole pass"),
			Size: figures.Size{Width: 7, Height: 3.6},
		},
		Values: values, Rows: rows, Columns: columns, Legend: "time of a token, µs", Format: "%.0f",
	})
}

// MemoryBars show the memory of the pass over the grid: weights, and what else it needs at its fullest.
func (r *Result) MemoryBars() (*figures.Figure, error) {
	weights, working := figures.BarSeries{Name: "weights"}, figures.BarSeries{Name: "scratch memory and results"}
	kept := figures.BarSeries{Name: "more, if all activations are kept for training"}
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
	return figures.StackedBars(figures.StackedOptions{
		Frame: figures.Frame{
			Title:  fmt.Sprintf("Beside the weights inference needs %.0f MB at %s, training at least %.0f MB", working.Values[last], groups[last], working.Values[last]+kept.Values[last]),
			XLabel: "batch × tokens", YLabel: "memory, MB", Caption: r.caption("weights and scratch memory by XLA's account of the compiled pass; activations of all layers by formula"),
			Size: figures.Size{Width: 9, Height: 4.8},
		},
		Groups: groups, Series: []figures.BarSeries{weights, working, kept}, Format: "%.0f",
	})
}
