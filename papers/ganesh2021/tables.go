package ganesh2021

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/profile"
)

// ParameterTable lists the parameters of the model and of BERT-base.
func (r edition) ParameterTable() *figures.Table {
	own, base := r.Profile.Parameters, r.Counted.Parameters
	t := r.NewTable(r.T("Parameters"), r.T("Embeddings with their LayerNorm; a weight that several layers use counts once. "), []figures.Column{
		{Name: r.T("component")}, {Name: r.Config.Model, Format: "%d"}, {Name: r.T("share"), Format: "%.1f %%"}, {Name: "BERT-base", Format: "%d"}, {Name: r.T("share"), Format: "%.1f %%"},
	})
	switch file := own.File; {
	case file == nil:
		t.Caption += r.T("The model's file does not hold a value for each parameter, so it could not be counted.")
	case file.Agrees:
		t.Caption += r.F("The model's file holds the same number of values: %d.", file.Values)
	default:
		t.Caption += r.F("The model's file holds %d values: this does not agree.", file.Values)
	}
	for _, c := range profile.Components {
		if a, b := own.Of(c), base.Of(c); a > 0 || b > 0 {
			t.Rows = append(t.Rows, []any{r.Name(c.String()), a, 100 * float64(a) / float64(own.Total), b, 100 * float64(b) / float64(base.Total)})
		}
	}
	t.Rows = append(t.Rows, []any{r.T("all"), own.Total, 100.0, base.Total, 100.0})
	return t
}

// BaseTable lists the operations of BERT-base.
func (r edition) BaseTable() *figures.Table {
	t := r.NewTable(r.T("Operations of BERT-base, one example"),
		r.T("Multiply-accumulates of the linear maps, Q·Kᵀ and probabilities · V, in millions. 'Encoder' is what is usually quoted; the pooler is a component of its own."), []figures.Column{{Name: r.T("component")}})
	for _, l := range r.Counted.Lengths {
		t.Columns = append(t.Columns, figures.Column{Name: r.F("%d tokens", l.Length), Unit: r.T("million MACs"), Format: "%.1f"}, figures.Column{Name: r.T("share"), Format: "%.1f %%"})
	}
	for _, c := range profile.Components {
		row := []any{r.Name(c.String())}
		some := false
		for _, l := range r.Counted.Lengths {
			row = append(row, float64(l.Components[c])/1e6, 100*float64(l.Components[c])/float64(l.Total))
			some = some || l.Components[c] > 0
		}
		if some {
			t.Rows = append(t.Rows, row)
		}
	}
	row := []any{r.T("encoder, without the pooler")}
	for _, l := range r.Counted.Lengths {
		row = append(row, float64(l.Encoder)/1e6, 100*float64(l.Encoder)/float64(l.Total))
	}
	t.Rows = append(t.Rows, row)
	return t
}

// CountTable holds the counts of the pass against each other, and says what memory it takes.
func CountTable(say *words.Printer, title string, p *profile.Profile) *figures.Table {
	t := experiment.NewTable(say, title,
		say.T("MACs by formula, as counted in the compiled graph, and half of the operations by XLA's own analysis, which counts softmax, activation and sums, too. Memory: XLA's account of the compiled pass, and the peak of the process."), []figures.Column{
			{Name: say.T("batch")}, {Name: say.T("tokens")}, {Name: say.T("formula"), Unit: say.T("million MACs"), Format: "%.2f"}, {Name: say.T("graph"), Unit: say.T("million MACs"), Format: "%.2f"}, {Name: say.T("XLA / 2"), Unit: say.T("million"), Format: "%.2f"},
			{Name: say.T("scratch and results"), Unit: say.T("MB"), Format: "%.1f"}, {Name: say.T("process"), Unit: say.T("MB"), Format: "%.0f"},
		})
	for i := range p.Cells {
		c := &p.Cells[i]
		var xla, scratch, peak any
		if c.Cost != nil {
			xla = c.Cost.Flops / 2e6
		}
		if m := c.Memory.Program; m != nil {
			scratch = float64(m.Temporary+m.Outputs) / 1e6
		}
		if c.Memory.HostPeak > 0 {
			peak = float64(c.Memory.HostPeak) / 1e6
		}
		t.Rows = append(t.Rows, []any{c.Batch, c.Length, float64(c.MACs) / 1e6, float64(c.GraphMACs) / 1e6, xla, scratch, peak})
	}
	return t
}

// SumTable holds the times of the components against that of the whole pass.
func SumTable(say *words.Printer, title string, p *profile.Profile) *figures.Table {
	t := experiment.NewTable(say, title,
		say.F("Remainder: the whole pass minus the sum of its components, round by round, with quartiles; negative where the whole pass fuses what the components cannot, or where each call waits for busy processors. Processor time is that of all threads together, which is steadier on a busy machine. %d threads; the cost of a call, %.0f µs, is subtracted.", p.Threads, 1e6*p.CallSeconds), []figures.Column{
			{Name: say.T("batch")}, {Name: say.T("tokens")}, {Name: say.T("whole"), Unit: say.T("ms"), Format: "%.1f"}, {Name: say.T("quartiles")}, {Name: say.T("sum"), Unit: say.T("ms"), Format: "%.1f"}, {Name: say.T("remainder"), Unit: "%"}, {Name: say.T("within 10 %")},
			{Name: say.T("processor time"), Unit: say.T("ms"), Format: "%.1f"}, {Name: say.T("processor time of the components"), Unit: say.T("ms"), Format: "%.1f"}, {Name: say.T("processors used"), Format: "%.2f"}, {Name: say.T("rounds")}, {Name: say.T("compilation"), Unit: "s", Format: "%.1f"},
		})
	for i := range p.Cells {
		c := &p.Cells[i]
		left := c.RemainderShare
		t.Rows = append(t.Rows, []any{
			c.Batch, c.Length, 1000 * c.Seconds.Median, say.F("%.1f to %.1f", 1000*c.Seconds.Low, 1000*c.Seconds.High), 1000 * c.SumSeconds,
			fmt.Sprintf("%s [%s]", points(left.Median), interval(left)), left.Median > -0.1 && left.Median < 0.1,
			1000 * c.ProcessorSeconds.Median, 1000 * c.ProcessorSum, c.ProcessorSeconds.Median / c.Seconds.Median, c.Repeats, c.CompileSeconds,
		})
	}
	return t
}

// ComponentTable lists all components at all batch sizes and lengths.
func ComponentTable(say *words.Printer, title string, p *profile.Profile) *figures.Table {
	t := experiment.NewTable(say, title, say.T("Time: median and quartiles of the rounds. Activations are all results that training would keep."), []figures.Column{
		{Name: say.T("batch")}, {Name: say.T("tokens")}, {Name: say.T("component")}, {Name: say.T("operations"), Unit: say.T("million MACs"), Format: "%.2f"}, {Name: say.T("share"), Format: "%.1f %%"},
		{Name: say.T("activations"), Unit: say.T("MB"), Format: "%.2f"}, {Name: say.T("time"), Unit: say.T("ms"), Format: "%.3f"}, {Name: say.T("quartiles")}, {Name: say.T("share"), Format: "%.1f %%"},
		{Name: say.T("speed"), Unit: say.T("GMACs/s"), Format: "%.0f"},
	})
	for i := range p.Cells {
		c := &p.Cells[i]
		for _, part := range c.Components {
			var speed any
			if part.MACs > 0 && part.Seconds.Median > 0 {
				speed = float64(part.MACs) / part.Seconds.Median / 1e9
			}
			t.Rows = append(t.Rows, []any{
				c.Batch, c.Length, say.Name(part.Component.String()), float64(part.MACs) / 1e6, 100 * part.MACShare, float64(part.ActivationBytes) / 1e6,
				1000 * part.Seconds.Median, say.F("%.3f to %.3f", 1000*part.Seconds.Low, 1000*part.Seconds.High), 100 * part.TimeShare, speed,
			})
		}
	}
	return t
}

// Tables are the counts and times of the parts; those of the CPU beside a GPU, and of BERT-base, where they were measured.
func (r edition) Tables() ([]experiment.NamedTable, error) {
	list := []experiment.NamedTable{
		{Name: "parameters", Table: r.ParameterTable()}, {Name: "protocol", Table: r.Config.Table(r.Printer)}, {Name: "quoted", Table: r.QuotedTable()},
		{Name: "base-operations", Table: r.BaseTable()}, {Name: "counts", Table: CountTable(r.Printer, r.T("Do the counts agree?"), r.Profile)},
		{Name: "sums", Table: SumTable(r.Printer, r.T("Do the parts add up?"), r.Profile)}, {Name: "components", Table: ComponentTable(r.Printer, r.T("All components"), r.Profile)},
		{Name: "components-cpu"}, {Name: "base-counts"}, {Name: "base-sums"}, {Name: "base-components"},
	}
	cpu, base := &list[7], list[8:]
	if r.Other != nil {
		cpu.Table = ComponentTable(r.Printer, r.T("All components on the CPU"), r.Other)
	}
	if r.Base != nil {
		base[0].Table, base[1].Table = CountTable(r.Printer, r.T("BERT-base: do the counts agree?"), r.Base), SumTable(r.Printer, r.T("BERT-base: do the parts add up?"), r.Base)
		base[2].Table = ComponentTable(r.Printer, r.T("BERT-base: all components"), r.Base)
	}
	return list, nil
}

// Table lists the grid; the paper gives none.
func (c Config) Table(say *words.Printer) *figures.Table {
	list := func(numbers []int) string {
		if len(numbers) == 0 {
			return say.T("counted, not timed")
		}
		return words.List(numbers)
	}
	return experiment.ProtocolTable(say, say.T("the paper"), [][]any{
		{say.T("model"), c.Model, "BERT-base"},
		{say.T("batch sizes"), list(c.Batches), "–"},
		{say.T("lengths"), list(c.Lengths), "–"},
		{say.T("timed rounds"), say.F("%d, or %g s", c.Repeats, c.CellSeconds), "–"},
		{say.T("BERT-base, batch sizes"), list(c.BaseBatches), "–"},
		{say.T("BERT-base, lengths"), list(c.BaseLengths), "–"},
	})
}
