package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"bertlab/figures"
	"bertlab/papers/experiment"
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
}

// Sure is the probability from which on a model is said to keep to a limit, and 1−Sure the one up to which it is said not to.
const Sure = 0.95

// Candidate is a model held against limits.
type Candidate struct {
	Name string `json:"name"`
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
	// Why says by which rule, How sure the answer is, and Next what to do about it.
	Why  experiment.Text `json:"why"`
	Next experiment.Text `json:"next"`
	// Examples, Machine and Task say what the answer rests on.
	Task     string `json:"task"`
	Metric   string `json:"metric"`
	Examples int    `json:"examples"`
	Machine  string `json:"machine"`
	Batch    int    `json:"batch"`
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
	a := &Advice{Limits: l, Task: c.Task, Metric: c.Metric, Examples: c.Examples, Machine: c.Provenance.Machine, Batch: l.Batch}
	for i := range c.Models {
		a.Candidates = append(a.Candidates, c.Models[i].against(l))
	}
	slices.SortStableFunc(a.Candidates, func(x, y Candidate) int { return compareCandidates(x, y, l) })
	best := a.Candidates[0]
	if best.Fits != FitsNot {
		a.Best, a.Certain = best.Name, best.Fits == Fits
	}
	a.explain(best)
	return a, nil
}

// against holds a model against limits.
func (m *Measurement) against(l Limits) Candidate {
	c := Candidate{Name: m.Name, Bytes: m.Sizes.Stored, Within: 1, InTime: 1, RetrainingUnknown: m.Retrained == nil && m.Against != nil}
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
	if !l.Retrain && m.Against != nil {
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
	rule := experiment.Text{English: "Of the models that fit, the one that loses least.", Korean: "조건을 만족하는 모델 가운데 가장 적게 잃는 것."}
	if a.Limits.Drop != nil {
		rule = experiment.Text{English: "Of the models that fit, the one with the smallest file.", Korean: "조건을 만족하는 모델 가운데 파일이 가장 작은 것."}
	}
	number := func(format experiment.Text, args ...any) experiment.Text {
		return experiment.Text{English: fmt.Sprintf(format.English, args...), Korean: fmt.Sprintf(format.Korean, args...)}
	}
	switch best.Fits {
	case Fits:
		a.Why = rule
		a.Next = number(experiment.Text{
			English: "The probability that the drop is within the limit is %.0f %% by the bootstrap over %d examples; %.0f %% of the timed samples were in time. Another training run would change the numbers too: repeat with other seeds before relying on it.",
			Korean:  "하락 폭이 한도 안에 있을 확률은 부트스트랩(예제 %[2]d개)으로 %.0[1]f%%이고, 잰 시간의 %.0[3]f%%가 제한 안에 들었다. 학습을 다시 하면 수치가 달라질 수 있으니 다른 시드로 반복해 확인하라.",
		}, 100*best.Within, a.Examples, 100*best.InTime)
	case FitsMaybe:
		a.Why = number(experiment.Text{
			English: "No model fits surely. %s is the most probable: %.0f %% that its drop is within the limit, %.0f %% of the timed samples in time. Unsure: %s.",
			Korean:  "확실히 만족하는 모델은 없다. %s 모델이 가장 유력하다: 하락 폭이 한도 안일 확률 %.0f%%, 제한 안에 든 시간 측정 %.0f%%. 불확실한 조건: %s.",
		}, best.Name, 100*best.Within, 100*best.InTime, strings.Join(best.Against, ", "))
		a.Next = experiment.Text{
			English: "To be surer: compare again on more examples (bertlab compare without --examples) and on a quiet machine (--repeats 50).",
			Korean:  "더 확실히 하려면: 더 많은 예제로(bertlab compare에서 --examples 없이), 조용한 장비에서(--repeats 50) 다시 비교하라.",
		}
	default:
		a.Why = number(experiment.Text{
			English: "No model that was measured fits. The nearest is %s; it breaks: %s.",
			Korean:  "측정한 모델 중 조건을 만족하는 것이 없다. 가장 가까운 것은 %s이며, 어긋나는 조건: %s.",
		}, best.Name, strings.Join(best.Against, ", "))
		a.Next = experiment.Text{
			English: "Write a recipe that takes more of what is broken (size: float16, factorise-embedding, compact; latency: drop-layers, movement of heads and neurons; drop: distil longer), run it with bertlab recipe, and compare again.",
			Korean:  "어긋나는 조건을 더 줄이는 레시피를 써서(크기: float16, factorise-embedding, compact; 지연 시간: drop-layers, 헤드·뉴런 movement; 하락 폭: 더 긴 distil) bertlab recipe로 실행하고 다시 비교하라.",
		}
	}
}

// Table lists the candidates.
func (a *Advice) Table(lang experiment.Language) *figures.Table {
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	t := &figures.Table{
		Title: in("Models held against the limits", "조건에 비추어 본 모델"),
		Caption: fmt.Sprintf(in("%s, %d test examples; times at batch %d on %s. P: probability that the drop is within the limit.",
			"과제 %s, 테스트 예제 %d개; 시간은 배치 %d, %s. P: 하락 폭이 한도 안에 있을 확률."), a.Task, a.Examples, a.Batch, a.Machine),
		Columns: []figures.Column{
			{Name: in("model", "모델")}, {Name: in("fits", "만족")}, {Name: in("drop", "하락"), Unit: in("points", "%p")}, {Name: "P", Format: "%.2f"},
			{Name: in("time", "시간"), Unit: "ms", Format: "%.2f"}, {Name: in("in time", "제한 안"), Format: "%.2f"}, {Name: in("file", "파일"), Unit: "MB", Format: "%.1f"}, {Name: in("against it", "걸리는 조건")},
		},
	}
	words := map[string]string{Fits: in("yes", "예"), FitsNot: in("no", "아니요"), FitsMaybe: in("unsure", "불확실")}
	for _, c := range a.Candidates {
		t.Rows = append(t.Rows, []any{
			c.Name, words[c.Fits], fmt.Sprintf("%+.1f [%+.1f, %+.1f]", 100*c.Drop, 100*c.DropLow, 100*c.DropHigh), c.Within, 1000 * c.Seconds, c.InTime, float64(c.Bytes) / 1e6, strings.Join(c.Against, ", "),
		})
	}
	return t
}
