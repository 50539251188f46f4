package ganesh2021

import (
	"fmt"
	"math"
	"strings"

	"bertlab/figures/report"
	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/profile"
)

// The thresholds of the claims, fixed beforehand.
const (
	manyParameters = 0.10 // share of the parameters that counts as memory
	noTime         = 0.02 // share of the time that counts as none
	idle           = 0.8  // processors that a pass has at least on a CPU that does nothing else
	follows        = 0.9  // rank correlation from which times follow operations
)

const inFigures = "in figures without numbers"

// Claims are the paper's, with verdicts.
func (r edition) Claims() ([]experiment.Claim, error) {
	return []experiment.Claim{
		r.claimSize(), r.timed(r.claimComputation()), r.timed(r.claimAttention()), r.timed(r.claimLength()), r.timed(r.claimEmbedding()),
		r.timed(r.claimProportion()), r.claimMemory(),
	}, nil
}

// processors is how many processors the process had, on average, in the whole pass of the cell where it had the fewest; 0 where
// that is not known, as on a GPU.
func (r *Result) processors() float64 {
	if r.Device == GPU {
		return 0
	}
	fewest := 0.0
	for _, cell := range r.Profile.Cells {
		if had := cell.ProcessorSeconds.Median / cell.Seconds.Median; had > 0 && (fewest == 0 || had < fewest) {
			fewest = had
		}
	}
	return fewest
}

// timed is a claim about time, which is left open where the machine did other work: a pass on a CPU that is not kept waiting has
// at least one processor.
func (r edition) timed(claim experiment.Claim) experiment.Claim {
	claim.Explanation += r.F(" Open where the machine was busy with other work, so that the process had less than %g of a processor in a pass.", idle)
	if had := r.processors(); had > 0 && had < idle {
		claim.Verdict = report.CannotTell
		claim.Measured = r.F("the machine was busy, the process had as little as %.2f of a processor; %s", had, claim.Measured)
	}
	return claim
}

// claimSize: the feed-forward networks hold the most parameters.
func (r edition) claimSize() experiment.Claim {
	share := func(p profile.Parameters, c profile.Component) float64 {
		return float64(p.Of(c)) / float64(p.WithoutHead)
	}
	largest := profile.FeedForward
	for _, c := range profile.Components {
		if c != profile.Head && r.Profile.Parameters.Of(c) > r.Profile.Parameters.Of(largest) {
			largest = c
		}
	}
	own, base := r.Profile.Parameters, r.Counted.Parameters
	return experiment.Claim{Text: r.T("The feed-forward networks hold more parameters than any other component."),
		Paper:       r.F("%s; BERT-base by its shape: %s", r.T(inFigures), percent(share(base, profile.FeedForward))),
		Measured:    r.F("%s of %s; embeddings %s. BERT-base: %s, embeddings %s", percent(share(own, profile.FeedForward)), millions(r.Printer, own.WithoutHead), percent(share(own, profile.Embedding)), percent(share(base, profile.FeedForward)), percent(share(base, profile.Embedding))),
		Verdict:     experiment.When(largest == profile.FeedForward),
		Explanation: r.F("Exact counts, so there is no interval. The verdict is on %s, whose largest component is: %s. The narrower the model, the more of it is its table of words.", r.Config.Model, r.Name(largest.String())),
	}
}

// claimComputation: the feed-forward networks take the most operations and the most time.
func (r edition) claimComputation() experiment.Claim {
	verdict := report.Holds
	var times []string
	low, high := math.Inf(1), 0.0
	for _, cell := range r.Profile.Cells {
		ffn := cell.Part(profile.FeedForward)
		if ffn == nil {
			return experiment.Claim{Text: r.T(computationText), Paper: r.T(inFigures), Measured: r.T("the model has no feed-forward networks")}
		}
		for _, part := range cell.Components {
			if part.Component == profile.FeedForward {
				continue
			}
			switch {
			case part.MACs > ffn.MACs, part.Seconds.Low > ffn.Seconds.High:
				verdict = report.DoesNotHold
			case part.Seconds.High >= ffn.Seconds.Low && verdict == report.Holds:
				verdict = report.CannotTell
			}
		}
		low, high = min(low, ffn.MACShare), max(high, ffn.MACShare)
		times = append(times, fmt.Sprintf("%s (%s)", percent(ffn.TimeShare), cellName(&cell)))
	}
	return experiment.Claim{Text: r.T(computationText), Paper: r.T(inFigures),
		Measured:    r.F("of the operations %s to %s; of the time %s", percent(low), percent(high), strings.Join(times, ", ")),
		Verdict:     verdict,
		Explanation: r.T("Holds if at every batch size and length no other component has more operations, and the quartiles of no other component's time reach those of the feed-forward networks; fails if another has more operations, or its quartiles are wholly above."),
	}
}

const (
	computationText = "The feed-forward networks take the most operations and the most time."
)

// excess is by how much a component's share of the time exceeds its share of the operations: the median and the quartiles.
func excess(p *profile.Part) profile.Spread {
	return profile.Spread{Median: p.TimeShares.Median - p.MACShare, Low: p.TimeShares.Low - p.MACShare, High: p.TimeShares.High - p.MACShare}
}

// claimAttention: attention takes more of the time than of the operations.
func (r edition) claimAttention() experiment.Claim {
	claim := experiment.Claim{Text: r.T("Attention (Q·Kᵀ, softmax, probabilities · V) takes more of the time than of the operations."),
		Paper:       r.F("%s; most so on the GPU", r.T(inFigures)),
		Explanation: r.T("Holds if at every batch size and length the lower quartile of the share of time over the rounds is above the share of operations; fails if at one of them the upper quartile is below."),
	}
	var parts []string
	claim.Verdict = report.Holds
	for _, cell := range r.Profile.Cells {
		part := cell.Part(profile.Attention)
		if part == nil {
			claim.Verdict, claim.Measured = report.CannotTell, r.T("the model has no attention")
			return claim
		}
		e := excess(part)
		switch experiment.ByInterval(e.Low, e.High, 0) {
		case report.DoesNotHold:
			claim.Verdict = report.DoesNotHold
		case report.CannotTell:
			if claim.Verdict == report.Holds {
				claim.Verdict = report.CannotTell
			}
		}
		parts = append(parts, r.F("%s: %s of the time [%s, %s], %s of the operations", cellName(&cell), percent(part.TimeShares.Median), percent(part.TimeShares.Low), percent(part.TimeShares.High), percent(part.MACShare)))
	}
	claim.Measured = strings.Join(parts, "; ")
	return claim
}

// claimLength: what attention takes beyond its share of the operations grows with the length.
func (r edition) claimLength() experiment.Claim {
	claim := experiment.Claim{Text: r.T("What attention takes of the time beyond its share of the operations grows with the length."),
		Paper:       r.T(inFigures),
		Explanation: r.T("Compared are the shortest and the longest texts at each batch size. Holds if the lower quartile of the excess at the longest is above the upper quartile at the shortest for every batch size; fails if for one of them it is the other way round."),
	}
	lengths := r.lengths()
	short, long := lengths[0], lengths[len(lengths)-1]
	var parts []string
	claim.Verdict = report.Holds
	for _, batch := range r.batches() {
		a, b := r.Profile.Cell(batch, short).Part(profile.Attention), r.Profile.Cell(batch, long).Part(profile.Attention)
		if a == nil || b == nil {
			claim.Verdict, claim.Measured = report.CannotTell, r.T("the model has no attention")
			return claim
		}
		from, to := excess(a), excess(b)
		switch {
		case to.High < from.Low:
			claim.Verdict = report.DoesNotHold
		case to.Low <= from.High && claim.Verdict == report.Holds:
			claim.Verdict = report.CannotTell
		}
		parts = append(parts, r.F("batch %d: %s [%s] at %d tokens, %s [%s] at %d", batch, points(from.Median), interval(from), short, points(to.Median), interval(to), long))
	}
	claim.Measured = r.F("excess in points, %s", strings.Join(parts, "; "))
	return claim
}

// claimEmbedding: embeddings cost memory and no time.
func (r edition) claimEmbedding() experiment.Claim {
	parameters := float64(r.Profile.Parameters.Of(profile.Embedding)) / float64(r.Profile.Parameters.WithoutHead)
	low, high := math.Inf(1), math.Inf(-1)
	verdict := experiment.When(parameters >= manyParameters)
	for _, cell := range r.Profile.Cells {
		s := cell.Part(profile.Embedding).TimeShares
		low, high = min(low, s.Median), max(high, s.Median)
		switch {
		case s.Low >= noTime:
			verdict = report.DoesNotHold
		case s.High >= noTime && verdict == report.Holds:
			verdict = report.CannotTell
		}
	}
	return experiment.Claim{Text: r.T("Embeddings cost memory and no time."), Paper: r.F("a look-up without operations; %s", r.T(inFigures)),
		Measured:    r.F("%s of the parameters; of the time %s to %s by batch size and length", percent(parameters), percent2(low), percent2(high)),
		Verdict:     verdict,
		Explanation: r.F("Holds if they are at least %s of the parameters and the upper quartile of their share of time is below %s at every batch size and length; fails if they are less, or a lower quartile is not below.", percent(manyParameters), percent(noTime)),
	}
}

// claimProportion: on a CPU the times of components follow their operations.
func (r edition) claimProportion() experiment.Claim {
	claim := experiment.Claim{Text: r.T("On a CPU the times of the components follow their operations."),
		Paper:       r.T(inFigures),
		Explanation: r.F("Spearman's rank correlation between operations and median times over the components that multiply, at each batch size and length. Holds if the least is at least %g; fails if the greatest is below. Components are few, so there is no interval.", follows),
	}
	p := r.Profile
	if r.Device == GPU {
		p = r.Other
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, cell := range p.Cells {
		var macs, times []float64
		for _, part := range cell.Components {
			if part.MACs > 0 {
				macs, times = append(macs, float64(part.MACs)), append(times, part.Seconds.Median)
			}
		}
		rho := stats.Spearman(macs, times)
		if math.IsNaN(rho) {
			claim.Measured = r.T("too few components multiply")
			return claim
		}
		low, high = min(low, rho), max(high, rho)
	}
	claim.Measured = r.F("rank correlation %.2f to %.2f", low, high)
	return claim.With(experiment.Decide(low >= follows, high < follows))
}

// claimMemory: a GPU takes more memory than a CPU.
func (r edition) claimMemory() experiment.Claim {
	claim := experiment.Claim{Text: r.T("The same pass takes more memory on a GPU than on a CPU."),
		Paper:       r.T(inFigures),
		Explanation: r.T("Compared is what XLA's compiled program needs on its device: weights, inputs, results and scratch memory. Holds if it is more on the GPU at every batch size and length, fails if it is at none."),
	}
	if r.Device != GPU || r.Other == nil {
		claim.Measured = r.F("there is no GPU here: %s", r.Provenance.Backend)
		return claim
	}
	more := 0
	var parts []string
	for i := range r.Profile.Cells {
		gpu, cpu := r.Profile.Cells[i].Memory.Program, r.Other.Cells[i].Memory.Program
		if gpu == nil || cpu == nil {
			claim.Measured = r.T("the backend does not say")
			return claim
		}
		if gpu.Total() > cpu.Total() {
			more++
		}
		parts = append(parts, r.F("%s: %.1f and %.1f MB", cellName(&r.Profile.Cells[i]), float64(gpu.Total())/1e6, float64(cpu.Total())/1e6))
	}
	claim.Measured = r.F("GPU and CPU, %s", strings.Join(parts, "; "))
	switch more {
	case len(r.Profile.Cells):
		claim.Verdict = report.Holds
	case 0:
		claim.Verdict = report.DoesNotHold
	}
	return claim
}
