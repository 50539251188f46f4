package compare

import (
	"fmt"
	"math"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// caption says what was compared.
func (c *Comparison) caption(say *words.Printer) string {
	return say.F("%s, %d test examples; operations and times for rows of %d tokens; %s, %s.", c.Task, c.Examples, c.Length, c.Provenance.Backend, c.Provenance.TimedIn(say))
}

// unbroken has no place where a line could break.
var unbroken = strings.NewReplacer("-", "−", " ", "\u00a0")

// points writes a difference of metrics in points with its interval, in one piece that no line breaks.
func points(r stats.Estimate, sign float64) string {
	low, high := sign*r.Low, sign*r.High
	if low > high {
		low, high = high, low
	}
	return unbroken.Replace(fmt.Sprintf("%+.1f [%+.1f, %+.1f]", 100*sign*r.Value+0, 100*low+0, 100*high+0))
}

// Table lists all models: what they can, what they take, and how they differ from the original.
func (c *Comparison) Table(say *words.Printer) *figures.Table {
	t := experiment.NewTable(say, say.T("What is kept and what is saved"),
		c.caption(say)+" "+say.T("Change: of the metric against the original, 95 % interval by the paired bootstrap; p: McNemar's exact test. Speed: the original's time divided by the model's, median of the rounds. Memory: peak of a process with this model alone."), []figures.Column{
			{Name: say.T("model")}, {Name: say.Name(c.Metric), Format: "%.3f"}, {Name: "95 %"}, {Name: say.T("change"), Unit: say.T("points")}, {Name: "p", Format: "%.3f"},
			{Name: say.T("parameters"), Unit: say.T("millions"), Format: "%.2f"}, {Name: say.T("file"), Unit: "MB", Format: "%.1f"},
			{Name: say.T("operations"), Unit: say.T("millions"), Format: "%.0f"},
		})
	for _, batch := range c.Batches {
		t.Columns = append(t.Columns, figures.Column{Name: say.F("speed at %d", batch), Format: "%.2f×"})
	}
	t.Columns = append(t.Columns, figures.Column{Name: say.T("memory"), Unit: "MB", Format: "%.0f"})
	for _, m := range c.Models {
		row := []any{m.Name, m.Score, unbroken.Replace(fmt.Sprintf("[%.3f, %.3f]", m.Low, m.High)), "", nil, float64(m.Parameters) / 1e6, float64(m.Sizes.Stored) / 1e6, float64(m.MACs) / 1e6}
		if m.Against != nil {
			row[3] = points(m.Against.Metric, -1)
			if m.Against.McNemar != nil {
				row[4] = m.Against.McNemar.P
			}
		}
		for _, l := range m.Latency {
			row = append(row, l.Speed)
		}
		var memory any
		if m.Memory != nil {
			memory = float64(m.Memory.Peak) / 1e6
		}
		t.Rows = append(t.Rows, append(row, memory))
	}
	return t
}

// SizeTable lists what the files of weights take.
func (c *Comparison) SizeTable(say *words.Printer) *figures.Table {
	t := experiment.NewTable(say, say.T("Files of weights"),
		say.T("As float32 with all zeros, as the recipe stores it, and that after gzip."), []figures.Column{
			{Name: say.T("model")}, {Name: "float32", Unit: "MB", Format: "%.1f"}, {Name: say.T("as stored"), Unit: "MB", Format: "%.1f"}, {Name: "gzip", Unit: "MB", Format: "%.1f"},
			{Name: say.T("largest difference of a logit"), Format: "%.2g"},
		})
	for i, m := range c.Models {
		var logits any = m.Logits
		if i == 0 || m.Logits < 0 {
			logits = nil
		}
		t.Rows = append(t.Rows, []any{m.Name, float64(m.Sizes.Float32) / 1e6, float64(m.Sizes.Stored) / 1e6, float64(m.Sizes.Gzip) / 1e6, logits})
	}
	return t
}

// TimeTable lists the time of a batch, median and quartiles.
func (c *Comparison) TimeTable(say *words.Printer) *figures.Table {
	t := experiment.NewTable(say, say.T("Time of a batch"),
		say.F("Rows of %d tokens; median and quartiles of %d rounds in which all models were timed in turn; %s.", c.Length, c.Repeats, c.Provenance.TimedIn(say)), []figures.Column{{Name: say.T("model")}})
	for _, batch := range c.Batches {
		t.Columns = append(t.Columns, figures.Column{Name: say.F("batch %d", batch), Unit: "ms", Format: "%.2f"}, figures.Column{Name: say.T("quartiles")})
	}
	for _, m := range c.Models {
		row := []any{m.Name}
		for _, l := range m.Latency {
			row = append(row, 1000*l.Seconds, fmt.Sprintf("%.2f–%.2f", 1000*l.Low, 1000*l.High))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// PairTable lists the further pairs.
func (c *Comparison) PairTable(say *words.Printer) *figures.Table {
	t := experiment.NewTable(say, say.T("Models compared in pairs"),
		say.T("First minus second, 95 % interval by the paired bootstrap."), []figures.Column{
			{Name: say.T("first")}, {Name: say.T("second")}, {Name: say.Name(c.Metric), Unit: say.T("points")}, {Name: say.T("loss"), Unit: say.T("nats")}, {Name: "p", Format: "%.3f"},
		})
	for _, p := range c.Pairs {
		var test any
		if p.McNemar != nil {
			test = p.McNemar.P
		}
		t.Rows = append(t.Rows, []any{p.A, p.B, points(p.Metric, 1), fmt.Sprintf("%+.4f [%+.4f, %+.4f]", p.Loss.Value, p.Loss.Low, p.Loss.High), test})
	}
	return t
}

// Find gives a model by name.
func (c *Comparison) Find(name string) (*Measurement, bool) {
	for i := range c.Models {
		if c.Models[i].Name == name {
			return &c.Models[i], true
		}
	}
	return nil, false
}

// Each gives several models by name; false where one of them was not compared.
func (c *Comparison) Each(names ...string) (list []*Measurement, ok bool) {
	for _, name := range names {
		m, ok := c.Find(name)
		if !ok {
			return nil, false
		}
		list = append(list, m)
	}
	return list, true
}

// At is the latency at a batch size.
func (m *Measurement) At(batch int) (Latency, bool) {
	for _, l := range m.Latency {
		if l.Batch == batch {
			return l, true
		}
	}
	return Latency{}, false
}

// DropWithin is the probability, by the bootstrap, that the metric falls by no more than limit against the original; 1 for the
// original itself, NaN where nothing was drawn.
func (m *Measurement) DropWithin(limit float64) float64 {
	if m.Against == nil {
		return 1
	}
	if len(m.Drops) == 0 {
		return math.NaN()
	}
	within := 0
	for _, drop := range m.Drops {
		if drop <= limit+1e-9 {
			within++
		}
	}
	return float64(within) / float64(len(m.Drops))
}
