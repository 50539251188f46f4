package compare

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
)

// Limits are what a model may take and lose. A field's zero value sets no limit, but for Retrain.
type Limits struct {
	// Latency is the most that a batch of Batch rows may take; Batch 0: the smallest that was timed.
	Latency time.Duration `json:"latency_ns,omitempty"`
	Batch   int           `json:"batch,omitempty"`
	// Size is the most bytes that the file of weights may have, as stored.
	Size int64 `json:"size,omitempty"`
	// Drop is the most that the metric may fall by against the original, such as 0.01; nil: no limit.
	Drop *float64 `json:"drop,omitempty"`
	// Retrain says that a model may be trained after it was made smaller.
	Retrain bool `json:"retrain"`
	// Runtime is what computes; empty: any that was measured.
	Runtime Runtime `json:"runtime,omitempty"`
}

// Sure is the probability from which on a model is said to keep to a limit, and 1−Sure the one up to which it is said not to.
const Sure = 0.95

// Candidate is a model held against limits.
type Candidate struct {
	Name    string  `json:"name"`
	Runtime Runtime `json:"runtime"`
	// Drop is the measured drop of the metric with its 95 % interval, Within the probability by the bootstrap that it is within the
	// limit; 1 without a limit.
	Drop     float64 `json:"drop"`
	DropLow  float64 `json:"drop_low"`
	DropHigh float64 `json:"drop_high"`
	Within   float64 `json:"probability_drop_within_limit"`
	// Seconds is the median time, InTime the share of the timed samples that were within the limit; 1 without a limit.
	Seconds float64 `json:"seconds"`
	InTime  float64 `json:"share_of_samples_in_time"`
	Bytes   int64   `json:"bytes"`
	// Fits says whether it keeps to all limits: yes, no or unsure. Against names the limits that it breaks, or may break.
	Fits    string   `json:"fits"`
	Against []string `json:"against,omitempty"`
	// RetrainingUnknown says that nobody knows whether it was trained after it was made smaller.
	RetrainingUnknown bool `json:"retraining_unknown,omitempty"`
}

// What a candidate's Fits says.
const (
	Fits      = "yes"
	FitsNot   = "no"
	FitsMaybe = "unsure"
)

// Advice is an answer from measurements.
type Advice struct {
	Limits Limits `json:"limits"`
	// Best is the model to take; empty when none fits. Certain says that it fits surely.
	Best    string `json:"best,omitempty"`
	Certain bool   `json:"certain"`
	// Candidates are all models, best first.
	Candidates []Candidate `json:"candidates"`
	// Runtimes have the answer within each runtime, in the order in which they were measured; none where there is one runtime.
	Runtimes []RuntimeAdvice `json:"runtimes,omitempty"`
	// Why says by which rule, How sure the answer is, and Next what to do about it.
	Why  experiment.Text `json:"why"`
	Next experiment.Text `json:"next"`
	// Examples, Machine and Task say what the answer rests on.
	Task     string `json:"task"`
	Metric   string `json:"metric"`
	Examples int    `json:"examples"`
	Machine  string `json:"machine"`
	Batch    int    `json:"batch"`
	// From is the file with the measurements; empty where they were not read from one.
	From string `json:"from,omitempty"`
}

// RuntimeAdvice is the model to take where a runtime computes; see [Advice].
type RuntimeAdvice struct {
	Runtime Runtime `json:"runtime"`
	Best    string  `json:"best,omitempty"`
	Certain bool    `json:"certain"`
}

// Advise answers from what was measured. Of the models that fit surely it takes the smallest file when a limit of the drop is
// given, and the one that loses least otherwise; of equals, the faster. When none is sure, it takes the one that is most probable
// to fit, and says so.
func (c *Comparison) Advise(l Limits) (*Advice, error) {
	if l.Batch == 0 {
		l.Batch = slices.Min(c.Batches)
	}
	if !slices.Contains(c.Batches, l.Batch) {
		return nil, fmt.Errorf("compare: no time was measured at batch %d: choose from %v", l.Batch, c.Batches)
	}
	if l.Drop != nil && math.IsNaN(*l.Drop) || l.Size < 0 || l.Latency < 0 {
		return nil, fmt.Errorf("compare: limits of the drop, the size and the latency must be numbers, the latter two not negative")
	}
	a := &Advice{Limits: l, Task: c.Task, Metric: c.Metric, Examples: c.Examples, Machine: c.Provenance.Machine, Batch: l.Batch, From: c.File}
	var measured []Runtime
	for i := range c.Models {
		m := &c.Models[i]
		if !slices.Contains(measured, m.runtime()) {
			measured = append(measured, m.runtime())
		}
		if l.Runtime == "" || l.Runtime == m.runtime() {
			a.Candidates = append(a.Candidates, m.against(l, c.isOriginal(m)))
		}
	}
	if len(a.Candidates) == 0 {
		return nil, fmt.Errorf("compare: %w %s: choose from %v", ErrRuntime, l.Runtime, measured)
	}
	slices.SortStableFunc(a.Candidates, func(x, y Candidate) int { return compareCandidates(x, y, l) })
	best := a.Candidates[0]
	a.Best, a.Certain = best.answer()
	if len(measured) > 1 && l.Runtime == "" {
		a.Runtimes = a.byRuntime(measured)
	}
	a.explain(best)
	return a, nil
}

// ErrRuntime says that advice was asked for a runtime in which nothing was measured.
var ErrRuntime = errors.New("nothing was measured in the runtime")

// byRuntime are the answers within each of the runtimes: of the candidates, which are sorted, the first.
func (a *Advice) byRuntime(runtimes []Runtime) (answers []RuntimeAdvice) {
	for _, r := range runtimes {
		i := slices.IndexFunc(a.Candidates, func(c Candidate) bool { return c.Runtime == r })
		one := RuntimeAdvice{Runtime: r}
		one.Best, one.Certain = a.Candidates[i].answer()
		answers = append(answers, one)
	}
	return answers
}

// answer is the candidate's name where it may fit, and whether it fits surely.
func (c *Candidate) answer() (name string, certain bool) {
	if c.Fits == FitsNot {
		return "", false
	}
	return c.Name, c.Fits == Fits
}

// runtime is what computed.
func (m *Measurement) runtime() Runtime { return cmp.Or(m.Runtime, XLA) }

// isOriginal says whether a model is the original, in whatever runtime: it was not made smaller, so nothing was trained after that.
func (c *Comparison) isOriginal(m *Measurement) bool {
	return m.Against == nil || m.SHA256 != "" && m.SHA256 == c.Models[0].SHA256
}

// against holds a model against limits.
func (m *Measurement) against(l Limits, original bool) Candidate {
	c := Candidate{Name: m.Name, Runtime: m.runtime(), Bytes: m.Sizes.Stored, Within: 1, InTime: 1, RetrainingUnknown: m.Retrained == nil && !original}
	if m.Against != nil {
		c.Drop, c.DropLow, c.DropHigh = m.Against.Metric.Value, m.Against.Metric.Low, m.Against.Metric.High
	}
	fits := Fits
	worse := func(to, limit string) {
		if fits != FitsNot {
			fits = to
		}
		c.Against = append(c.Against, limit)
	}
	judge := func(probability float64, limit string) {
		switch {
		case probability <= 1-Sure || math.IsNaN(probability):
			worse(FitsNot, limit)
		case probability < Sure:
			worse(FitsMaybe, limit)
		}
	}
	latency, _ := m.At(l.Batch)
	if c.Seconds = latency.Seconds; l.Latency > 0 {
		within := 0
		for _, sample := range latency.Samples {
			if sample <= l.Latency.Seconds() {
				within++
			}
		}
		c.InTime = float64(within) / float64(max(len(latency.Samples), 1))
		judge(c.InTime, "latency")
	}
	if l.Size > 0 && m.Sizes.Stored > l.Size {
		worse(FitsNot, "size")
	}
	if l.Drop != nil {
		c.Within = m.DropWithin(*l.Drop)
		judge(c.Within, "drop")
	}
	if !l.Retrain && !original {
		switch {
		case m.Retrained == nil:
			worse(FitsMaybe, "retrain")
		case *m.Retrained:
			worse(FitsNot, "retrain")
		}
	}
	c.Fits = fits
	return c
}

// compareCandidates puts the better candidate first: of those that do not fit, the one that breaks the fewest limits.
func compareCandidates(x, y Candidate, l Limits) int {
	rank := map[string]int{Fits: 0, FitsMaybe: 1, FitsNot: 2}
	if d := rank[x.Fits] - rank[y.Fits]; d != 0 {
		return d
	}
	less := func(a, b float64) int {
		switch {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	}
	var keys [][2]float64
	switch {
	case x.Fits != Fits:
		keys = [][2]float64{{float64(len(x.Against)), float64(len(y.Against))}, {-x.Within * x.InTime, -y.Within * y.InTime}, {x.Drop, y.Drop}}
	case l.Drop != nil:
		keys = [][2]float64{{float64(x.Bytes), float64(y.Bytes)}}
	default:
		keys = [][2]float64{{x.Drop, y.Drop}, {float64(x.Bytes), float64(y.Bytes)}}
	}
	for _, key := range append(keys, [2]float64{x.Seconds, y.Seconds}) {
		if d := less(key[0], key[1]); d != 0 {
			return d
		}
	}
	return 0
}

// explain says why and what next.
func (a *Advice) explain(best Candidate) {
	a.Why, a.Next = told(func(say *words.Printer) string { return a.why(best, say) }), told(func(say *words.Printer) string { return a.next(best, say) })
}

// told is a text in all languages.
func told(in func(say *words.Printer) string) experiment.Text {
	return experiment.Text{English: in(words.English), Korean: in(words.Korean)}
}

// against names the limits that a candidate breaks, or may break.
func (c *Candidate) against(say *words.Printer) string {
	names := make([]string, len(c.Against))
	for i, limit := range c.Against {
		names[i] = say.Name(limit)
	}
	return strings.Join(names, ", ")
}

// why says by which rule the answer was found.
func (a *Advice) why(best Candidate, say *words.Printer) string {
	against := best.against(say)
	switch {
	case best.Fits == FitsMaybe:
		return say.F("No model fits surely. %s is the most probable: %.0f %% that its drop is within the limit, %.0f %% of the timed samples in time. Unsure: %s.", best.Name, 100*best.Within, 100*best.InTime, against)
	case best.Fits == FitsNot:
		return say.F("No model that was measured fits. The nearest is %s; it breaks: %s.", best.Name, against)
	case a.Limits.Drop != nil:
		return say.T("Of the models that fit, the one with the smallest file.")
	}
	return say.T("Of the models that fit, the one that loses least.")
}

// next says what to do about the answer.
func (a *Advice) next(best Candidate, say *words.Printer) string {
	switch best.Fits {
	case Fits:
		return say.F("The probability that the drop is within the limit is %.0f %% by the bootstrap over %d examples; %.0f %% of the timed samples were in time. Another training run would change the numbers too: repeat with other seeds before relying on it.", 100*best.Within, a.Examples, 100*best.InTime)
	case FitsMaybe:
		return say.T("To be surer: compare again on more examples (bertlab compare without --examples) and on a quiet machine (--repeats 50).")
	}
	return say.T("Write a recipe that takes more of what is broken (size: float16, factorise-embedding, compact; latency: drop-layers, movement of heads and neurons; drop: distil longer), run it with bertlab recipe, and compare again.")
}

// Table lists the candidates.
func (a *Advice) Table(say *words.Printer) *figures.Table {
	t := experiment.NewTable(say, say.T("Models checked against the limits"),
		say.F("%s, %d test examples; times at batch %d on %s. P: probability that the drop is within the limit.", a.Task, a.Examples, a.Batch, experiment.Provenance{Machine: a.Machine}.MachineIn(say)), []figures.Column{
			{Name: say.T("model")}, {Name: say.T("fits")}, {Name: say.T("drop"), Unit: say.T("points")}, {Name: "P", Format: "%.2f"},
			{Name: say.T("time"), Unit: "ms", Format: "%.2f"}, {Name: say.T("in time"), Format: "%.2f"}, {Name: say.T("file"), Unit: "MB", Format: "%.1f"}, {Name: say.T("against it")},
		})
	fits := map[string]string{Fits: say.T("yes"), FitsNot: say.T("no"), FitsMaybe: say.T("unsure")}
	for _, c := range a.Candidates {
		t.Rows = append(t.Rows, []any{
			c.Name, fits[c.Fits], fmt.Sprintf("%+.1f [%+.1f, %+.1f]", 100*c.Drop, 100*c.DropLow, 100*c.DropHigh), c.Within, 1000 * c.Seconds, c.InTime, float64(c.Bytes) / 1e6, c.against(say),
		})
	}
	return t
}
