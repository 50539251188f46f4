package hao2019

import (
	"fmt"
	"math"
	"strings"

	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// The thresholds of the claims, fixed before the numbers were seen; with [Tolerance].
const (
	smoothRise     = 0.05 // of the descent: what a way that is called smooth may climb
	consistentRho  = 0.5  // Spearman's ρ above which two surfaces are called consistent
	orthogonalFrom = 80   // degrees from which two directions are called nearly orthogonal
)

// Claims are the paper's statements with the numbers measured here.
func (r edition) Claims() ([]experiment.Claim, error) {
	return []experiment.Claim{r.claimWidth(), r.claimSmooth(), r.claimConsistent(), r.claimRollback(), r.claimInvariant(), r.claimOrthogonal()}, nil
}

// learned reports whether a model's training loss is below that of one that knows only the shares of the classes.
func (r *Result) learned(c Curve) bool {
	return c.end()+Tolerance*math.Log(float64(r.Classes)) < r.Prior
}

// howWide tells the width of an optimum, where there is one.
func (r edition) howWide(c Curve) string {
	if !r.learned(c) {
		return r.T("none (nothing learned)")
	}
	return widthText(r.Printer, c)
}

func widthText(say *words.Printer, c Curve) string {
	if c.Open {
		return say.F("at least %s", c.Width.Text("%.2f"))
	}
	return c.Width.Text("%.2f")
}

func (r edition) claimWidth() experiment.Claim {
	claim := experiment.Claim{Text: r.T("From pretrained weights fine-tuning finds a wider optimum than training from scratch."),
		Paper:       r.T("wider and flatter for all four tasks (figures, no number)"),
		Measured:    r.F("width in units of ‖δ₁‖ = %.2f and %.2f: pretrained %s, scratch %s; training loss at the end %.3f and %.3f, of the class shares alone %.3f", r.Fine.Geometry.First, r.Scratch.Geometry.First, r.howWide(r.Fine), r.howWide(r.Scratch), r.Fine.end(), r.Scratch.end(), r.Prior),
		Explanation: r.F("The width is that of the interval of α around 1 in which the training loss is at most %g·ln(classes) above f(1). Holds if the 95 %% interval of the difference (paired bootstrap over training examples) lies above 0. Nothing is decided where a model has not learned (its loss is not %g·ln(classes) below that of the class shares), or where the interval of the model from scratch reaches the end of the curve. It does not include what another training run would change.", Tolerance, Tolerance),
	}
	if r.learned(r.Fine) && r.learned(r.Scratch) {
		claim.Measured += r.F("; difference %s; as distances %.2f and %.2f", r.WidthDifference.Text("%+.2f"), r.Fine.Width.Value*r.Fine.Geometry.First, r.Scratch.Width.Value*r.Scratch.Geometry.First)
	}
	if r.learned(r.Fine) && r.learned(r.Scratch) && !r.Scratch.Open {
		claim.Verdict = experiment.ByInterval(r.WidthDifference.Low, r.WidthDifference.High, 0)
	}
	return claim
}

func (r edition) claimSmooth() experiment.Claim {
	claim := experiment.Claim{Text: r.T("From the pretrained weights the loss goes down smoothly to the fine-tuned ones."),
		Paper:       r.T("a smooth way without bumps, trajectories that go straight down (figures, no number)"),
		Measured:    r.F("on the line from α = 0 to 1 the loss falls by %s nats; the highest climb on the way is %s of that", r.Fine.Drop.Text("%.3f"), r.Fine.Rise.Text("%.3f")),
		Explanation: r.F("Holds if the upper end of the 95 %% interval of the climb (bootstrap over training examples) is below %g of the descent, fails if the lower end is above. Nothing is decided where the interval of the descent includes 0.", smoothRise),
	}
	if r.learned(r.Scratch) {
		claim.Measured += r.F(" (from scratch %s of %.3f nats)", r.Scratch.Rise.Text("%.3f"), r.Scratch.Drop.Value)
	}
	if r.Fine.Drop.Low <= 0 {
		return claim
	}
	return claim.With(experiment.Decide(r.Fine.Rise.High < smoothRise, r.Fine.Rise.Low > smoothRise))
}

func (r edition) claimConsistent() experiment.Claim {
	s := r.Surface
	measured := r.F("Spearman's ρ of training loss and dev error over %d points: %s", len(s.Alpha)*len(s.Beta), s.Consistency.Text("%.2f"))
	if r.ScratchSurface != nil {
		measured += r.F("; from scratch %s", r.ScratchSurface.Consistency.Text("%.2f"))
	}
	return experiment.Claim{Text: r.T("The surfaces of training loss and of the error on other data are consistent."),
		Paper:       r.T("the optima of both lie together (figures, no number)"),
		Measured:    measured,
		Verdict:     experiment.ByInterval(s.Consistency.Low, s.Consistency.High, consistentRho),
		Explanation: r.F("Holds if the 95 %% interval of ρ (bootstrap over training and dev examples; the points are where we looked, no sample) lies above %g.", consistentRho),
	}
}

func (r edition) claimRollback() experiment.Claim {
	low, middle, high := r.Rollback[1], r.Rollback[2], r.Rollback[3]
	claim := experiment.Claim{Text: r.T("Rolling back the low layers costs least."),
		Paper:       r.T("accuracy without the low, middle, high third: MNLI +0.19, −1.83, −53.69; RTE −2.16, −5.41, −28.16; SST-2 −0.35, −0.92, −34.75; MRPC −2.21, −10.05, −12.03 points (recalled)"),
		Measured:    r.F("change of accuracy, points: low %s, middle %s, high %s; low − middle %s, low − high %s; loss %.3f whole, %.3f, %.3f, %.3f", points(low.Change), points(middle.Change), points(high.Change), points(r.LowAgainst[0]), points(r.LowAgainst[1]), r.Rollback[0].Loss, low.Loss, middle.Loss, high.Loss),
		Explanation: r.T("Holds if accuracy with the low layers rolled back is higher than with the middle ones and than with the high ones, both 95 % intervals (paired bootstrap over dev examples) above 0; fails if one lies wholly below 0."),
	}
	overMiddle, overHigh := r.LowAgainst[0], r.LowAgainst[1]
	return claim.With(experiment.Decide(overMiddle.Low > 0 && overHigh.Low > 0, overMiddle.High < 0 || overHigh.High < 0))
}

func points(i stats.Interval) string { return i.Times(100).Text("%+.1f") }

// layerTravel is how far each layer moved in the two fine-tunings, relative to its weights.
func (r *Result) layerTravel() (first, second []float64) {
	for _, g := range r.Geometry {
		if strings.HasPrefix(g.Name, "layer ") {
			first, second = append(first, g.Travel()), append(second, g.OtherTravel())
		}
	}
	return first, second
}

func (r edition) claimInvariant() experiment.Claim {
	first, second := r.layerTravel()
	numbers := make([]float64, len(first))
	for i := range numbers {
		numbers[i] = float64(i)
	}
	claim := experiment.Claim{Text: r.T("The lower layers change least in fine-tuning."),
		Paper:       r.T("the lower layers are more invariant (abstract; from the rollback, no distances)"),
		Explanation: r.T("Spearman's ρ of the layer's number and ‖δ‖/‖θ₀‖, with its 95 % interval by Fisher's transformation over layers, for the fine-tuning on each of the two tasks. Holds if both intervals lie above 0, fails if both lie below or at 0. Adam's steps have much the same size in all weights, which a relative distance shows as well."),
	}
	above, below := 0, 0
	var parts []string
	for i, travel := range [][]float64{first, second} {
		rho := stats.Spearman(numbers, travel)
		interval, err := stats.PearsonInterval(rho, len(travel), 0.95)
		if err != nil { // all distances alike
			parts = append(parts, r.T("undefined"))
			continue
		}
		parts = append(parts, fmt.Sprintf("%s ρ %s", []string{r.Config.Task, r.Config.Other}[i], interval.Text("%+.2f")))
		if interval.Low > 0 {
			above++
		}
		if interval.High <= 0 {
			below++
		}
	}
	claim.Measured = strings.Join(parts, "; ")
	return claim.With(experiment.Decide(above == 2, below == 2))
}

func degrees(cosine float64) float64 {
	return math.Acos(max(-1, min(1, cosine))) * 180 / math.Pi
}

func (r edition) claimOrthogonal() experiment.Claim {
	bound := math.Cos(orthogonalFrom * math.Pi / 180)
	claim := experiment.Claim{Text: r.T("The directions of two tasks are nearly orthogonal."),
		Paper:       r.T("nearly orthogonal, so that they span a plane (no number)"),
		Measured:    r.F("cosine of the directions of %s and %s %s: an angle of %.1f°; two random directions of %d weights: ±%.4f", r.Config.Task, r.Config.Other, r.Cosine.Text("%+.3f"), degrees(r.Cosine.Value), r.Whole.Size, 1/math.Sqrt(float64(r.Whole.Size))),
		Explanation: r.F("Holds if the 95 %% interval of the cosine (bootstrap over the model's weight matrices and vectors) lies within ±%.3f, an angle of %d° or more; fails if it lies wholly outside.", bound, orthogonalFrom),
	}
	return claim.With(experiment.Decide(r.Cosine.Low > -bound && r.Cosine.High < bound, r.Cosine.Low > bound || r.Cosine.High < -bound))
}
