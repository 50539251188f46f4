package compare

import (
	"fmt"
	"math"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// caption says what was compared.
func (c *Comparison) caption(lang experiment.Language) string {
	return fmt.Sprintf(experiment.Text{
		English: "%s, %d test examples; operations and times for rows of %d tokens; %s, %s.",
		Korean:  "과제 %s, 테스트 예제 %d개; 연산량과 시간은 토큰 %d개 기준; %s, %s.",
	}.In(lang), c.Task, c.Examples, c.Length, c.Provenance.Backend, c.Provenance.Machine)
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
func (c *Comparison) Table(lang experiment.Language) *figures.Table {
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	t := &figures.Table{
		Title: in("What is kept and what is saved", "무엇을 지키고 무엇을 아꼈는가"),
		Caption: c.caption(lang) + " " + in(
			"Change: of the metric against the original, 95 % interval by the paired bootstrap; p: McNemar's exact test. Speed: the original's time divided by the model's, median of the rounds. Memory: peak of a process with this model alone.",
			"변화: 원본 대비 평가 지표의 변화와 대응 부트스트랩 95% 신뢰 구간, p: McNemar 정확 검정. 속도: 원본의 시간을 모델의 시간으로 나눈 값의 중앙값. 메모리: 이 모델만 올린 프로세스의 최대 상주 메모리."),
		Columns: []figures.Column{
			{Name: in("model", "모델")}, {Name: c.Metric, Format: "%.3f"}, {Name: "95 %"}, {Name: in("change", "변화"), Unit: in("points", "%p")}, {Name: "p", Format: "%.3f"},
			{Name: in("parameters", "파라미터"), Unit: in("millions", "백만"), Format: "%.2f"}, {Name: in("file", "파일"), Unit: "MB", Format: "%.1f"},
			{Name: in("operations", "연산량"), Unit: in("millions", "백만 MAC"), Format: "%.0f"},
		},
	}
	for _, batch := range c.Batches {
		t.Columns = append(t.Columns, figures.Column{Name: fmt.Sprintf(in("speed at %d", "속도(배치 %d)"), batch), Format: "%.2f×"})
	}
	t.Columns = append(t.Columns, figures.Column{Name: in("memory", "메모리"), Unit: "MB", Format: "%.0f"})
	for _, m := range c.Models {
		row := []any{m.Name, m.Score, fmt.Sprintf("%.3f–%.3f", m.Low, m.High), "", nil, float64(m.Parameters) / 1e6, float64(m.Sizes.Stored) / 1e6, float64(m.MACs) / 1e6}
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
func (c *Comparison) SizeTable(lang experiment.Language) *figures.Table {
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	t := &figures.Table{
		Title:   in("Files of weights", "가중치 파일의 크기"),
		Caption: in("As float32 with all zeros, as the recipe stores it, and that after gzip.", "0을 모두 포함한 float32, 레시피가 저장한 형식, 그리고 그것을 gzip으로 압축한 크기."),
		Columns: []figures.Column{
			{Name: in("model", "모델")}, {Name: "float32", Unit: "MB", Format: "%.1f"}, {Name: in("as stored", "저장 형식"), Unit: "MB", Format: "%.1f"}, {Name: "gzip", Unit: "MB", Format: "%.1f"},
			{Name: in("largest difference of a logit", "로짓의 최대 차이"), Format: "%.2g"},
		},
	}
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
func (c *Comparison) TimeTable(lang experiment.Language) *figures.Table {
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	t := &figures.Table{
		Title: in("Time of a batch", "배치 하나의 시간"),
		Caption: fmt.Sprintf(in("Rows of %d tokens; median and quartiles of %d rounds in which all models were timed in turn; %s.",
			"토큰 %d개짜리 입력; 모든 모델을 번갈아 %d번씩 잰 시간의 중앙값과 사분위수; %s."), c.Length, c.Repeats, c.Provenance.Machine),
		Columns: []figures.Column{{Name: in("model", "모델")}},
	}
	for _, batch := range c.Batches {
		t.Columns = append(t.Columns, figures.Column{Name: fmt.Sprintf(in("batch %d", "배치 %d"), batch), Unit: "ms", Format: "%.2f"}, figures.Column{Name: in("quartiles", "사분위수")})
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
func (c *Comparison) PairTable(lang experiment.Language) *figures.Table {
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	t := &figures.Table{
		Title:   in("Models held against each other", "모델끼리의 비교"),
		Caption: in("First minus second, 95 % interval by the paired bootstrap.", "첫째에서 둘째를 뺀 값, 대응 부트스트랩 95% 신뢰 구간."),
		Columns: []figures.Column{
			{Name: in("first", "첫째")}, {Name: in("second", "둘째")}, {Name: c.Metric, Unit: in("points", "%p")}, {Name: in("loss", "손실"), Unit: "nats"}, {Name: "p", Format: "%.3f"},
		},
	}
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
