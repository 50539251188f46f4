package ganesh2021

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/profile"
)

// What counts, fixed beforehand.
const (
	more    = 0.01 // share of the time that one component takes beyond another, or beyond its operations
	noTime  = 0.02 // share of the time that counts as none
	follows = 0.9  // rank correlation from which times follow operations
)

const inFigures = "in figures without numbers"

// Claims are the paper's, with verdicts. They are about BERT-base, and judged on it alone: the narrower a model, the more of it are its
// embeddings.
func (r edition) Claims() ([]experiment.Claim, error) {
	return experiment.Judge(r.Printer, r.size(), r.computation(), r.attention(), r.length(), r.embedding(), r.proportion(), r.memory()), nil
}

// isBase reports whether a profile is that of a BERT-base, by its parameters.
func (r *Result) isBase(p *profile.Profile) bool {
	return p != nil && p.Parameters.WithoutHead == r.Counted.Parameters.WithoutHead
}

// subject is the profile on which claims are judged, and why nothing can be decided on it; empty: it is that of a BERT-base.
func (r edition) subject() (p *profile.Profile, open string) {
	switch {
	case r.Base != nil:
		return r.Base, ""
	case r.isBase(r.Profile):
		return r.Profile, ""
	}
	return r.Profile, r.F("the claim is about BERT-base; this is %s", r.Config.Model)
}

// processors is how many processors the process had in the whole pass of a cell; 0 where that is not known, as on a GPU.
func (r *Result) processors(c *profile.Cell) float64 {
	if r.Device == GPU {
		return 0
	}
	return c.ProcessorSeconds.Median / c.Seconds.Median
}

// timed is evidence of a median of a cell's rounds, less a number.
func (r *Result) timed(name string, c *profile.Cell, s profile.Spread, less float64) experiment.Evidence {
	effect := stats.MedianOfQuartiles(stats.Interval{Value: s.Median - less, Low: s.Low - less, High: s.High - less}, c.Repeats)
	return experiment.Evidence{Name: name, Effect: effect, Timed: true, Processors: r.processors(c)}
}

// statement is one about times of the subject.
func (r edition) statement(s experiment.Statement) (experiment.Statement, *profile.Profile) {
	p, open := r.subject()
	s.Open = open
	if s.Paper == "" {
		s.Paper = r.T(inFigures)
	}
	s.Missing = r.T("The model has no such component.")
	return s, p
}

// largestBut is the component with the most of something, but for one.
func largestBut(one profile.Component, of func(profile.Component) float64) profile.Component {
	others := slices.DeleteFunc(slices.Clone(profile.Components), func(c profile.Component) bool { return c == one || c == profile.Head })
	return slices.MaxFunc(others, func(a, b profile.Component) int { return cmp.Compare(of(a), of(b)) })
}

// size: the feed-forward networks hold the most parameters.
func (r edition) size() experiment.Statement {
	share := func(p profile.Parameters) func(profile.Component) float64 {
		return func(c profile.Component) float64 { return float64(p.Of(c)) / float64(p.WithoutHead) }
	}
	base, own := share(r.Counted.Parameters), share(r.Profile.Parameters)
	largest := largestBut(profile.FeedForward, base)
	return experiment.Statement{
		Text:     r.T("The feed-forward networks hold more parameters than any other component."),
		Paper:    r.T(inFigures),
		Estimand: r.T("share of BERT-base's parameters in the feed-forward networks minus that in the largest other component, counted"),
		Rule:     experiment.Superior(0, experiment.Points),
		Evidence: []experiment.Evidence{{Effect: stats.Counted(base(profile.FeedForward) - base(largest)), First: base(profile.FeedForward), Second: base(largest)}},
		Also: r.F("largest other: %s; %s: %s, embeddings %s of %s", r.Name(largest.String()), r.Config.Model,
			percent(own(profile.FeedForward)), percent(own(profile.Embedding)), millions(r.Printer, r.Profile.Parameters.WithoutHead)),
	}
}

// computation: the feed-forward networks take the most operations and the most time.
func (r edition) computation() experiment.Statement {
	s, p := r.statement(experiment.Statement{
		Text:     r.T("The feed-forward networks take the most operations and the most time."),
		Estimand: r.T("share of the feed-forward networks minus that of the largest other component, of the operations and of the time, at each batch size and length"),
		Rule:     experiment.Superior(more, experiment.Points).Each(),
	})
	var times []string
	for i := range p.Cells {
		cell := &p.Cells[i]
		ffn := cell.Part(profile.FeedForward)
		if ffn == nil {
			return s
		}
		get := func(of func(*profile.Part) float64) func(profile.Component) float64 {
			return func(c profile.Component) float64 {
				if part := cell.Part(c); part != nil {
					return of(part)
				}
				return 0
			}
		}
		macs := get(func(p *profile.Part) float64 { return p.MACShare })
		other := cell.Part(largestBut(profile.FeedForward, get(func(p *profile.Part) float64 { return p.TimeShares.Median })))
		s.Evidence = append(s.Evidence, experiment.That(r.F("operations, %s", cellName(cell)), stats.Counted(ffn.MACShare-macs(largestBut(profile.FeedForward, macs)))))
		if other != nil {
			first, second := r.timed("", cell, ffn.TimeShares, 0), r.timed("", cell, other.TimeShares, 0)
			first.Name, first.Effect = r.F("time, %s", cellName(cell)), first.Minus(second.Effect)
			s.Evidence = append(s.Evidence, first)
		}
		times = append(times, fmt.Sprintf("%s (%s)", percent(ffn.TimeShares.Median), cellName(cell)))
	}
	s.Also = r.F("share of the time: %s", strings.Join(times, ", "))
	return s
}

// excess is by how much attention's share of the time exceeds its share of the operations; false without attention.
func (r *Result) excess(name string, cell *profile.Cell) (experiment.Evidence, bool) {
	part := cell.Part(profile.Attention)
	if part == nil {
		return experiment.Evidence{}, false
	}
	return r.timed(name, cell, part.TimeShares, part.MACShare), true
}

// attention takes more of the time than of the operations.
func (r edition) attention() experiment.Statement {
	s, p := r.statement(experiment.Statement{
		Text:     r.T("Attention (Q·Kᵀ, softmax, probabilities · V) takes more of the time than of the operations."),
		Paper:    r.F("%s; most so on the GPU", r.T(inFigures)),
		Estimand: r.T("attention's share of the time minus its share of the operations, at each batch size and length"),
		Rule:     experiment.Superior(more, experiment.Points).Each(),
	})
	for i := range p.Cells {
		if e, ok := r.excess(cellName(&p.Cells[i]), &p.Cells[i]); ok {
			s.Evidence = append(s.Evidence, e)
		}
	}
	return s
}

// length: what attention takes beyond its share of the operations grows with the length.
func (r edition) length() experiment.Statement {
	s, p := r.statement(experiment.Statement{
		Text:     r.T("What attention takes of the time beyond its share of the operations grows with the length."),
		Estimand: r.T("attention's share of the time minus its share of the operations, at the longest texts minus at the shortest, for each batch size"),
		Rule:     experiment.Superior(more, experiment.Points).Each(),
	})
	ends := map[int][2]*profile.Cell{} // the shortest and the longest of each batch size
	var batches []int
	for i := range p.Cells {
		cell := &p.Cells[i]
		pair, ok := ends[cell.Batch]
		if !ok {
			pair, batches = [2]*profile.Cell{cell, cell}, append(batches, cell.Batch)
		}
		if cell.Length < pair[0].Length {
			pair[0] = cell
		}
		if cell.Length > pair[1].Length {
			pair[1] = cell
		}
		ends[cell.Batch] = pair
	}
	for _, batch := range batches {
		short, long := ends[batch][0], ends[batch][1]
		name := r.F("batch %d, %d and %d tokens", batch, short.Length, long.Length)
		from, ok := r.excess(name, short)
		to, also := r.excess(name, long)
		if !ok || !also || short.Length == long.Length {
			continue
		}
		to.Effect = to.Minus(from.Effect)
		to.Processors = min(to.Processors, from.Processors)
		s.Evidence = append(s.Evidence, to)
	}
	return s
}

// embedding costs memory and no time.
func (r edition) embedding() experiment.Statement {
	s, p := r.statement(experiment.Statement{
		Text:     r.T("Embeddings cost memory and no time."),
		Paper:    r.F("a look-up without operations; %s", r.T(inFigures)),
		Estimand: r.T("the embeddings' share of the time at each batch size and length"),
		Rule:     experiment.NoMore(noTime, experiment.Share).Each(),
	})
	for i := range p.Cells {
		if part := p.Cells[i].Part(profile.Embedding); part != nil {
			s.Evidence = append(s.Evidence, r.timed(cellName(&p.Cells[i]), &p.Cells[i], part.TimeShares, 0))
		}
	}
	s.Also = r.F("%s of the parameters", percent(float64(p.Parameters.Of(profile.Embedding))/float64(p.Parameters.WithoutHead)))
	return s
}

// proportion: on a CPU the times of components follow their operations.
func (r edition) proportion() experiment.Statement {
	s, p := r.statement(experiment.Statement{
		Text:     r.T("On a CPU the times of the components follow their operations."),
		Estimand: r.T("Spearman's rank correlation of operations and median times over the components that multiply, at each batch size and length; interval: whatever the medians are within theirs"),
		Rule:     experiment.NoLess(follows, experiment.Plain).Each(),
	})
	if r.Device == GPU {
		s.Open = r.T("computed on a GPU")
	}
	for i := range p.Cells {
		cell := &p.Cells[i]
		var macs []float64
		var times []stats.Effect
		for _, part := range cell.Components {
			if part.MACs > 0 {
				macs, times = append(macs, float64(part.MACs)), append(times, r.timed("", cell, part.Seconds, 0).Effect)
			}
		}
		if rho := stats.SpearmanWithin(macs, times); !math.IsNaN(rho.Value) {
			s.Evidence = append(s.Evidence, experiment.Evidence{Name: cellName(cell), Effect: rho, Timed: true, Processors: r.processors(cell)})
		}
	}
	return s
}

// memory: a GPU takes more memory than a CPU.
func (r edition) memory() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("The same pass takes more memory on a GPU than on a CPU."),
		Paper:    r.T(inFigures),
		Estimand: r.T("memory that XLA's compiled program needs on its device (weights, inputs, results, scratch), on the GPU against the CPU, at each batch size and length"),
		Rule:     experiment.Superior(0, experiment.Ratio).Each(),
		Missing:  r.F("there is no GPU here: %s", r.Provenance.Backend),
	}
	if r.Device != GPU || r.Other == nil {
		return s
	}
	if !r.isBase(r.Profile) {
		s.Open = r.F("the claim is about BERT-base; this is %s", r.Config.Model)
	}
	s.Missing = r.T("the backend does not say")
	for i := range r.Profile.Cells {
		gpu, cpu := r.Profile.Cells[i].Memory.Program, r.Other.Cells[i].Memory.Program
		if gpu != nil && cpu != nil {
			s.Evidence = append(s.Evidence, experiment.That(cellName(&r.Profile.Cells[i]), stats.Counted(float64(gpu.Total())/float64(cpu.Total()))))
		}
	}
	return s
}
