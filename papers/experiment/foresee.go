package experiment

import (
	"context"
	"errors"
)

// Outlook is about what the missing steps of a plan take.
type Outlook struct {
	// Count is the number of all steps, Missing of those that are to be done.
	Count   int `json:"count"`
	Missing int `json:"missing"`
	// Seconds are those of all missing steps, one after another; Longest those of the longest chain of steps that stand on one another,
	// which no number of shards makes shorter.
	Seconds float64 `json:"seconds"`
	Longest float64 `json:"longest_seconds"`
	// Memory is the most that a step takes, in bytes.
	Memory int64 `json:"memory"`
}

// Forecast is about what an experiment will take.
type Forecast struct {
	Name  string    `json:"name"`
	Title string    `json:"title"`
	Steps []Planned `json:"steps"`
	Outlook
}

// Foresee estimates what experiments will take: from what steps of the same kind took in the folder, and for those that it has not seen from
// the operations of their models and examples, at the pace of this machine. Steps that two experiments share count once, with the first.
func Foresee(ctx context.Context, env *Environment, papers []Paper, r Request) ([]Forecast, error) {
	own := *env
	own.Recall, own.Sharing, own.Foresight = true, nil, true
	pace := 0.0
	measure := func() (float64, error) {
		if pace > 0 {
			return pace, nil
		}
		var err error
		pace, err = Pace(ctx, own.Backend)
		return pace, err
	}
	counted := map[string]bool{}
	var list []Forecast
	for _, p := range papers {
		name, title := p.About()
		plan, err := p.PlanFor(ctx, &own, r)
		if err != nil {
			return nil, errors.Join(errors.New(name), err)
		}
		f := Forecast{Name: name, Title: title}
		if f.Steps, err = plan.estimate(measure); err != nil {
			return nil, err
		}
		f.Outlook = plan.outlook(f.Steps, counted)
		list = append(list, f)
	}
	return list, nil
}

// outlook adds up the missing steps that are not counted yet, and counts them.
func (p *Plan) outlook(steps []Planned, counted map[string]bool) Outlook {
	o := Outlook{Count: len(steps)}
	ends := map[*node]float64{}
	for i, n := range p.nodes {
		for _, needed := range n.needs {
			ends[n] = max(ends[n], ends[needed])
		}
		if steps[i].Done || counted[n.id] {
			continue
		}
		counted[n.id] = true
		ends[n] += steps[i].Seconds
		o.Missing++
		o.Seconds, o.Longest, o.Memory = o.Seconds+steps[i].Seconds, max(o.Longest, ends[n]), max(o.Memory, steps[i].Memory)
	}
	return o
}

// SumOf adds up several forecasts.
func SumOf(list []Forecast) (all Outlook) {
	for _, f := range list {
		all.Count, all.Missing, all.Seconds = all.Count+f.Count, all.Missing+f.Missing, all.Seconds+f.Seconds
		all.Longest, all.Memory = max(all.Longest, f.Longest), max(all.Memory, f.Memory)
	}
	return all
}
