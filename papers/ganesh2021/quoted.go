package ganesh2021

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/techniques/profile"
)

// QuotedTable holds what the paper's figures show, which have no numbers, against the numbers here.
func (r edition) QuotedTable() *figures.Table {
	p, _ := r.subject()
	cell := largestCell(p)
	parameters := func(c profile.Component) float64 {
		return float64(p.Parameters.Of(c)) / float64(p.Parameters.WithoutHead)
	}
	part := func(of func(*profile.Part) float64) func(profile.Component) float64 {
		return func(c profile.Component) float64 {
			if own := cell.Part(c); own != nil {
				return of(own)
			}
			return 0
		}
	}
	macs, times := part(func(p *profile.Part) float64 { return p.MACShare }), part(func(p *profile.Part) float64 { return p.TimeShares.Median })
	most := func(share func(profile.Component) float64) string {
		first := largestBut(profile.Head, share)
		return fmt.Sprintf("%s, %s", r.Name(first.String()), percent(share(first)))
	}
	feedForward := r.Name(profile.FeedForward.String())
	row := func(what, says, here string) experiment.Quoted {
		return experiment.Quoted{What: what, Says: says, Place: r.T("figures without numbers"), Here: here}
	}
	return experiment.QuotedTable(r.Printer, r.F("The paper: BERT-base, bars without numbers. Here: %s, batch × tokens %s.", r.subjectName(p), cellName(cell)), []experiment.Quoted{
		row(r.T("component with the most parameters"), feedForward, most(parameters)),
		row(r.T("component with the most operations"), feedForward, most(macs)),
		row(r.T("component that takes the most time"), feedForward, most(times)),
		row(r.T("operations of the embeddings"), r.T("none"), percent(macs(profile.Embedding))),
		row(r.T("time of the embeddings"), r.T("next to none"), percent(times(profile.Embedding))),
		row(r.T("attention's share of the time against its share of the operations"), r.T("above it, most so on the GPU"),
			r.F("%s against %s", percent(times(profile.Attention)), percent(macs(profile.Attention)))),
	})
}

// largestCell is the one of the most tokens, of several the longest.
func largestCell(p *profile.Profile) *profile.Cell {
	best := &p.Cells[0]
	for i := range p.Cells {
		c := &p.Cells[i]
		if a, b := c.Batch*c.Length, best.Batch*best.Length; a > b || a == b && c.Length > best.Length {
			best = c
		}
	}
	return best
}

// subjectName names the model of a profile.
func (r edition) subjectName(p *profile.Profile) string {
	if p == r.Base {
		return r.T("BERT-base with random weights")
	}
	return r.Config.Model
}
