package compare

import (
	"fmt"
	"math"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// Excerpt lists some of the models beside the original, in the order asked: what changes, and what is saved as a part of the
// original's. Models that were not compared are left out.
func (c *Comparison) Excerpt(say *words.Printer, names ...string) *figures.Table {
	last := len(c.Batches) - 1
	t := experiment.NewTable(say, "", c.caption(say), []figures.Column{
		{Name: say.T("model")}, {Name: say.T("what was done")}, {Name: say.Name(c.Metric), Format: "%.3f"}, {Name: say.T("change"), Unit: say.T("points")},
		{Name: say.T("parameters"), Unit: "%", Format: "%.0f"}, {Name: say.T("file"), Unit: "%", Format: "%.0f"}, {Name: say.T("operations"), Unit: "%", Format: "%.0f"},
		{Name: say.F("speed at %d", c.Batches[last]), Format: "%.2f×"},
	})
	original := c.Models[0]
	for _, name := range append([]string{original.Name}, names...) {
		m, ok := c.Find(name)
		if !ok {
			continue
		}
		change := ""
		if m.Against != nil {
			change = points(m.Against.Metric, -1)
		}
		t.Rows = append(t.Rows, []any{
			m.Name, m.Title.In(experiment.Language(say.Tag())), m.Score, change, 100 * float64(m.Parameters) / float64(original.Parameters),
			100 * float64(m.Sizes.Stored) / float64(original.Sizes.Stored), 100 * float64(m.MACs) / float64(original.MACs), m.Latency[last].Speed,
		})
	}
	return t
}

// constraint is one thing that is scarce.
type constraint struct {
	name, unit string
	// takes is what a model takes of it, part the same as a part of the original's; infinite where it is not shown to be less.
	takes, part func(m *Measurement) float64
	untrained   bool
}

// constraints are what [Comparison.ConstraintTable] asks for. Times are held against the original's round by round, as they were taken: two
// medians differ by what else the machine did, too.
func (c *Comparison) constraints(say *words.Printer) []constraint {
	original := &c.Models[0]
	plain := func(name, unit string, takes func(m *Measurement) float64, untrained bool) constraint {
		return constraint{name, unit, takes, func(m *Measurement) float64 { return takes(m) / takes(original) }, untrained}
	}
	timed := func(name string, i int, untrained bool) constraint {
		part := func(m *Measurement) float64 {
			if m == original {
				return 1
			}
			speed := stats.MedianOf(m.Latency[i].Speeds(original.Latency[i]))
			if speed.Low > 1 {
				return 1 / speed.Value
			}
			return math.Inf(1)
		}
		return constraint{name, "%.2f ms", func(m *Measurement) float64 { return 1000 * m.Latency[i].Seconds }, part, untrained}
	}
	stored := func(m *Measurement) float64 { return float64(m.Sizes.Stored) / 1e6 }
	list := []constraint{plain(say.T("space on disk"), "%.1f MB", stored, false), plain(say.T("space on disk, without retraining"), "%.1f MB", stored, true)}
	for i, batch := range c.Batches {
		list = append(list, timed(say.F("time at batch %d", batch), i, false))
	}
	list = append(list,
		timed(say.T("time at the largest batch, without retraining"), len(original.Latency)-1, true),
		plain(say.T("operations"), say.T("%.0f million"), func(m *Measurement) float64 { return float64(m.MACs) / 1e6 }, false))
	if original.Memory != nil {
		list = append(list, plain(say.T("memory of the process"), "%.0f MB", (*Measurement).memoryMB, false))
	}
	return list
}

// ConstraintTable answers which model to take when one thing is scarce: of the models whose metric surely falls by at most drop,
// the one that takes least of it; of time only one that is surely faster than the original. Without retraining, only models that were not
// trained again are asked.
func (c *Comparison) ConstraintTable(say *words.Printer, drop float64) *figures.Table {
	t := experiment.NewTable(say, say.T("Which model to choose when one thing is scarce"),
		c.caption(say)+" "+say.F("Only models that lose at most %.0f points with a probability of %.0f %% (paired bootstrap). Times: share of the original's, round by round, median; another model is named only where the 95 %% interval of that is below 100 %%.", 100*drop, 100*Sure), []figures.Column{{Name: say.T("what is scarce")}, {Name: say.T("model")}, {Name: say.T("takes")}, {Name: say.T("of the original's"), Unit: "%", Format: "%.0f"}, {Name: say.T("change"), Unit: say.T("points")}})
	for _, want := range c.constraints(say) {
		best := &c.Models[0]
		for i := range c.Models[1:] {
			m := &c.Models[i+1]
			if m.DropWithin(drop) >= Sure && !(want.untrained && c.mayBeRetrained(m)) && want.part(m) < want.part(best) {
				best = m
			}
		}
		change := ""
		if best.Against != nil {
			change = points(best.Against.Metric, -1)
		}
		t.Rows = append(t.Rows, []any{want.name, best.Name, fmt.Sprintf(want.unit, want.takes(best)), 100 * want.part(best), change})
	}
	return t
}

// mayBeRetrained says that a model was trained after it was made smaller, or that nobody knows.
func (c *Comparison) mayBeRetrained(m *Measurement) bool {
	return !c.isOriginal(m) && (m.Retrained == nil || *m.Retrained)
}

// memoryMB is the peak of a process with the model alone, in millions of bytes; infinite where it was not measured.
func (m *Measurement) memoryMB() float64 {
	if m.Memory == nil {
		return math.Inf(1)
	}
	return float64(m.Memory.Peak) / 1e6
}
