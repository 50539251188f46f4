package compare

import (
	"fmt"

	"bertlab/figures"
	"bertlab/papers/experiment"
)

// Excerpt lists some of the models beside the original, in the order asked: what changes, and what is saved as a part of the
// original's. Models that were not compared are left out.
func (c *Comparison) Excerpt(lang experiment.Language, names ...string) *figures.Table {
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	last := len(c.Batches) - 1
	t := &figures.Table{
		Caption: c.caption(lang),
		Columns: []figures.Column{
			{Name: in("model", "모델")}, {Name: in("what was done", "한 일")}, {Name: c.Metric, Format: "%.3f"}, {Name: in("change", "변화"), Unit: in("points", "%p")},
			{Name: in("parameters", "파라미터"), Unit: "%", Format: "%.0f"}, {Name: in("file", "파일"), Unit: "%", Format: "%.0f"}, {Name: in("operations", "연산량"), Unit: "%", Format: "%.0f"},
			{Name: fmt.Sprintf(in("speed at %d", "속도(배치 %d)"), c.Batches[last]), Format: "%.2f×"},
		},
	}
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
			m.Name, m.Title.In(lang), m.Score, change, 100 * float64(m.Parameters) / float64(original.Parameters),
			100 * float64(m.Sizes.Stored) / float64(original.Sizes.Stored), 100 * float64(m.MACs) / float64(original.MACs), m.Latency[last].Speed,
		})
	}
	return t
}

// ConstraintTable answers which model to take when one thing is scarce: of the models whose metric surely falls by at most drop,
// the one that takes least of it. Without retraining, only models that were not trained again are asked.
func (c *Comparison) ConstraintTable(lang experiment.Language, drop float64) *figures.Table {
	in := func(english, korean string) string { return experiment.Text{English: english, Korean: korean}.In(lang) }
	t := &figures.Table{
		Title: in("What to take when one thing is scarce", "한 가지가 부족할 때 고를 모델"),
		Caption: c.caption(lang) + " " + fmt.Sprintf(in("Only models that lose at most %.0f points with a probability of %.0f %% (paired bootstrap).",
			"%.0f%%p 이내로 잃을 확률이 %.0f%% 이상인 모델만(대응 부트스트랩)."), 100*drop, 100*Sure),
		Columns: []figures.Column{{Name: in("what is scarce", "부족한 것")}, {Name: in("model", "모델")}, {Name: in("takes", "소요")}, {Name: in("of the original's", "원본 대비"), Unit: "%", Format: "%.0f"}, {Name: in("change", "변화"), Unit: in("points", "%p")}},
	}
	type constraint struct {
		name      string
		unit      string
		value     func(m *Measurement) float64
		untrained bool
	}
	list := []constraint{
		{in("space on disk", "저장 공간"), "%.1f MB", func(m *Measurement) float64 { return float64(m.Sizes.Stored) / 1e6 }, false},
		{in("space on disk, without retraining", "저장 공간, 재학습 없이"), "%.1f MB", func(m *Measurement) float64 { return float64(m.Sizes.Stored) / 1e6 }, true},
	}
	for i, batch := range c.Batches {
		list = append(list, constraint{fmt.Sprintf(in("time at batch %d", "시간(배치 %d)"), batch), "%.2f ms", func(m *Measurement) float64 { return 1000 * m.Latency[i].Seconds }, false})
	}
	list = append(list,
		constraint{in("time at the largest batch, without retraining", "가장 큰 배치의 시간, 재학습 없이"), "%.2f ms", func(m *Measurement) float64 { return 1000 * m.Latency[len(m.Latency)-1].Seconds }, true},
		constraint{in("operations", "연산량"), in("%.0f million", "%.0f백만"), func(m *Measurement) float64 { return float64(m.MACs) / 1e6 }, false})
	if c.Models[0].Memory != nil {
		list = append(list, constraint{in("memory of the process", "프로세스 메모리"), "%.0f MB", func(m *Measurement) float64 { return float64(m.Memory.Peak) / 1e6 }, false})
	}
	for _, want := range list {
		best := &c.Models[0]
		for i := range c.Models[1:] {
			m := &c.Models[i+1]
			if m.DropWithin(drop) >= Sure && !(want.untrained && (m.Retrained == nil || *m.Retrained)) && want.value(m) < want.value(best) {
				best = m
			}
		}
		change := ""
		if best.Against != nil {
			change = points(best.Against.Metric, -1)
		}
		t.Rows = append(t.Rows, []any{want.name, best.Name, fmt.Sprintf(want.unit, want.value(best)), 100 * want.value(best) / want.value(&c.Models[0]), change})
	}
	return t
}
