package hao2019

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// What counts, fixed before the numbers were seen; with [Tolerance].
const (
	wider          = 0.1   // of the direction's length, for an optimum that is wider
	smoothRise     = 0.05  // of the descent: what a way that is called smooth may climb
	consistentRho  = 0.5   // Spearman's ρ above which two surfaces are called consistent
	better         = 0.005 // of accuracy
	ordered        = 0.2   // of a rank correlation
	orthogonalFrom = 80    // degrees from which two directions are called nearly orthogonal
)

// Claims are the paper's statements with the numbers measured here.
func (r edition) Claims() ([]experiment.Claim, error) {
	return experiment.Judge(r.Printer, r.width(), r.smooth(), r.consistent(), r.rollback(), r.invariant(), r.orthogonal()), nil
}

// learned reports whether a model's training loss is below that of one that knows only the shares of the classes.
func (r *Result) learned(c Curve) bool {
	return c.end()+r.tolerance() < r.Prior
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

// differences is by how much the optimum is wider with each seed.
func (r *Result) differences() []float64 {
	return append([]float64{r.WidthDifference.Value}, experiment.Each(r.More, func(more Width) float64 { return more.Difference })...)
}

// widths is by how much the optimum is wider, over the seeds and the training examples.
func (r *Result) widths() stats.Effect {
	examples := stats.Effect{Interval: r.WidthDifference, Seeds: 1 + len(r.More)}
	if len(r.More) == 0 {
		return examples
	}
	examples.Interval = stats.Interval{Low: r.WidthDifference.Low - r.WidthDifference.Value, High: r.WidthDifference.High - r.WidthDifference.Value}
	return stats.OverSeeds(r.differences()).Minus(examples)
}

// widthsBySeed says the two widths with the seed whose curves are drawn, and the differences with all.
func (r edition) widthsBySeed() string {
	first := r.F("with seed %d, width in units of ‖δ₁‖ = %.2f and %.2f: pretrained %s, scratch %s; training loss at the end %.3f and %.3f, of the class shares alone %.3f", r.Config.Seed, r.Fine.Geometry.First, r.Scratch.Geometry.First, r.howWide(r.Fine), r.howWide(r.Scratch), r.Fine.end(), r.Scratch.end(), r.Prior)
	if len(r.More) == 0 {
		return first
	}
	each := experiment.Each(r.differences(), func(d float64) string { return strings.Replace(fmt.Sprintf("%+.3f", d), "-", "−", 1) })
	return experiment.Caption(r.F("the differences by seed: %s", strings.Join(each, ", ")), first)
}

func (r edition) width() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("From pretrained weights fine-tuning finds a wider optimum than training from scratch."),
		Paper:    r.T("wider and flatter for all four tasks (figures, no number)"),
		Estimand: r.F("width of the interval of α around 1 in which the training loss is at most %g·ln(classes) above f(1), from pretrained weights minus from scratch, mean over the trainings with %s", Tolerance, r.Seeds(r.Config.seeds())),
		Rule:     experiment.Superior(wider, experiment.Plain), Training: true, Over: r.T("seeds and training examples"),
		Evidence: experiment.One(r.widths()),
		Also:     r.widthsBySeed(),
	}
	unknown := !r.learned(r.Fine) || !r.learned(r.Scratch)
	open := r.Scratch.Open
	for _, more := range r.More {
		unknown, open = unknown || !more.Learned, open || more.Open
	}
	switch {
	case unknown:
		s.Open = r.F("a model has not learned: its loss is not %g·ln(classes) below that of the class shares", Tolerance)
	case open:
		s.Open = r.T("the interval of the model from scratch reaches the end of the curve")
	}
	return s
}

func (r edition) smooth() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("From the pretrained weights the loss goes down smoothly to the fine-tuned ones."),
		Paper:    r.T("a smooth way without bumps, trajectories that go straight down (figures, no number)"),
		Estimand: r.F("highest climb on the line from α = 0 to 1 against the descent, of the fine-tuning with seed %d, over training examples", r.Config.Seed),
		Rule:     experiment.NoMore(smoothRise, experiment.Share),
		Evidence: experiment.One(stats.Effect{Interval: r.Fine.Rise, Examples: r.Config.Examples}),
		Also:     r.F("the loss falls by %s nats", r.Fine.Drop.Text("%.3f")),
	}
	if r.learned(r.Scratch) {
		s.Also += r.F(" (from scratch %s of %.3f nats)", r.Scratch.Rise.Text("%.3f"), r.Scratch.Drop.Value)
	}
	if r.Fine.Drop.Low <= 0 {
		s.Open = r.T("the interval of the descent includes 0")
	}
	return s
}

func (r edition) consistent() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("The surfaces of training loss and of the error on other data are consistent."),
		Paper:    r.T("the optima of both lie together (figures, no number)"),
		Estimand: r.F("Spearman's ρ of training loss and dev error over %d points around the fine-tuning with seed %d, over training and dev examples", len(r.Surface.Alpha)*len(r.Surface.Beta), r.Config.Seed),
		Rule:     experiment.NoLess(consistentRho, experiment.Plain),
		Evidence: experiment.One(stats.Effect{Interval: r.Surface.Consistency}),
	}
	if r.ScratchSurface != nil {
		s.Also = r.F("from scratch %s", r.ScratchSurface.Consistency.Text("%.2f"))
	}
	return s
}

func (r edition) rollback() experiment.Statement {
	low, middle, high := r.Rollback[1], r.Rollback[2], r.Rollback[3]
	against := func(name string, i stats.Interval) experiment.Evidence {
		return experiment.That(name, stats.Effect{Interval: i, Examples: len(low.Right)})
	}
	return experiment.Statement{
		Text:     r.T("Rolling back the low layers costs least."),
		Paper:    r.T("change of accuracy with the low, middle, high third set back: MNLI +0.19, −1.83, −53.69; RTE −2.16, −5.41, −28.16; SST-2 −0.35, −0.92, −34.75; MRPC −2.21, −10.05, −12.03 points (recalled)"),
		Estimand: r.F("accuracy with the low layers rolled back minus with the middle and with the high ones, of the fine-tuning with seed %d, over dev examples", r.Config.Seed),
		Rule:     experiment.Superior(better, experiment.Points).Each(),
		Evidence: []experiment.Evidence{against(r.T("low − middle"), r.LowAgainst[0]), against(r.T("low − high"), r.LowAgainst[1])},
		Also:     r.F("change of accuracy, points: low %s, middle %s, high %s; loss %.3f whole, %.3f, %.3f, %.3f", points(low.Change), points(middle.Change), points(high.Change), r.Rollback[0].Loss, low.Loss, middle.Loss, high.Loss),
	}
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

func (r edition) invariant() experiment.Statement {
	first, second := r.layerTravel()
	numbers := make([]float64, len(first))
	for i := range numbers {
		numbers[i] = float64(i)
	}
	s := experiment.Statement{
		Text:     r.F("In the fine-tunings with seed %d the lower layers change least.", r.Config.Seed),
		Paper:    r.T("the lower layers are more invariant (abstract; from the rollback, no distances)"),
		Estimand: r.F("Spearman's ρ of a layer's number and ‖δ‖/‖θ₀‖, over layers (Fisher's transformation), of the fine-tuning on each of the two tasks with seed %d", r.Config.Seed),
		Rule:     experiment.Superior(ordered, experiment.Plain).Each(),
		Missing:  r.T("all layers move alike"),
		Note:     strings.TrimSpace(r.spread(first, second) + " " + r.second()),
	}
	for i, travel := range [][]float64{first, second} {
		if interval, err := stats.PearsonInterval(stats.Spearman(numbers, travel), len(travel), 0.95); err == nil { // but where all distances are alike
			s.Evidence = append(s.Evidence, experiment.That([]string{r.Config.Task, r.Config.Other}[i], stats.Effect{Interval: interval}))
		}
	}
	return s
}

// spread says how far the layers' distances are from each other: Adam leaves them little room.
func (r edition) spread(first, second []float64) string {
	if len(first) == 0 || !(slices.Min(first) > 0 && slices.Min(second) > 0) {
		return ""
	}
	times := func(travel []float64) float64 { return slices.Max(travel) / slices.Min(travel) }
	return r.F("Adam makes steps of much the same size in all weights: relative to its length, the layer that moves most moves %.2f times as far as the one that moves least on %s, and %.2f times on %s. Which of them moves most says little about what it learned.", times(first), r.Config.Task, times(second), r.Config.Other)
}

// shares are the losses of models that know only the shares of the classes, by the whole training sets of second tasks.
var shares = map[string]float64{"mrpc": entropy(2474.0 / 3668)}

// entropy is that of two classes.
func entropy(p float64) float64 { return -p*math.Log(p) - (1-p)*math.Log(1-p) }

// sharesOfOther is that loss of the protocol's second task, where it is known.
func (r *Result) sharesOfOther() (loss float64, known bool) {
	if c := r.Config; c.OtherExamples != 0 || c.OtherData != "" {
		return 0, false
	}
	loss, known = shares[r.Config.Other]
	return loss, known
}

// second says how much was learned on the second task, from whose training δ₂ is.
func (r edition) second() string {
	if len(r.Runs) < 2 {
		return ""
	}
	m := r.Runs[1]
	if loss, known := r.sharesOfOther(); known {
		return r.F("δ₂ is of %s: epochs %d, steps %d, mean training loss of the last epoch %.3f, where the shares of the classes alone give %.3f. The less was learned there, the less the order of its layers and its direction say.", m.Task, r.Config.Epochs, m.Steps, m.TrainLoss, loss)
	}
	return r.F("δ₂ is of %s: epochs %d, steps %d, mean training loss of the last epoch %.3f. The less was learned there, the less the order of its layers and its direction say.", m.Task, r.Config.Epochs, m.Steps, m.TrainLoss)
}

func degrees(cosine float64) float64 {
	return math.Acos(max(-1, min(1, cosine))) * 180 / math.Pi
}

func (r edition) orthogonal() experiment.Statement {
	return experiment.Statement{
		Text:     r.T("The directions of two tasks are nearly orthogonal."),
		Paper:    r.T("nearly orthogonal, so that they span a plane (no number)"),
		Estimand: r.F("cosine of the directions of %s and %s with seed %d, over the model's weight matrices and vectors; the margin is an angle of %d°", r.Config.Task, r.Config.Other, r.Config.Seed, orthogonalFrom),
		Rule:     experiment.Equivalent(math.Cos(orthogonalFrom*math.Pi/180), experiment.Plain),
		Evidence: experiment.One(stats.Effect{Interval: r.Cosine}),
		Also:     r.F("an angle of %.1f°; two random directions of %d weights: ±%.4f", degrees(r.Cosine.Value), r.Whole.Size, 1/math.Sqrt(float64(r.Whole.Size))),
		Note:     r.second(),
	}
}
