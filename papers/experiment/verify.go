package experiment

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"
)

// VerifyOptions say how much of a recording is computed again.
type VerifyOptions struct {
	Request Request
	// Seed draws the steps; Budget is the time that all of them took when they were recorded, with the models that they need.
	Seed   uint64
	Budget time.Duration
	// Tolerance is how far a number may be from the recorded one, relative to the larger of the two and 1: another processor rounds
	// otherwise. 0: 1e-3.
	Tolerance float64
}

// Verified is a step of a recording that was computed again.
type Verified struct {
	Step  string `json:"step"`
	Title Text   `json:"title"`
	// Same is true where each byte is the same, Within where each number is within the tolerance. Difference is the largest, relative to
	// the larger of the two numbers and 1, and At where it is.
	Same       bool    `json:"same"`
	Within     bool    `json:"within"`
	Difference float64 `json:"difference"`
	At         string  `json:"at,omitempty"`
	// Remade is true where a model that the step needs came out otherwise than it was, by another processor or another version.
	Remade  bool    `json:"remade,omitempty"`
	Seconds float64 `json:"seconds"`
}

// Verify computes a random sample of the steps of the experiment's recording again, in a folder that is removed after it, and compares
// what they return. Times are no results in this sense; steps that measure them are not drawn.
func (e *Experiment[C, R]) Verify(ctx context.Context, env *Environment, o VerifyOptions) ([]Verified, error) {
	r, err := env.Recordings.Of(e.Name)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("there is no record of %s", e.Name)
	}
	var c C
	if err := json.Unmarshal(r.Protocol, &c); err != nil {
		return nil, fmt.Errorf("the record of %s: %w", e.Name, err)
	}
	own := *env
	if own.Dir, err = os.MkdirTemp("", "bertlab-verify-"); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	defer os.RemoveAll(own.Dir)
	plan, _, err := e.plan(ctx, &own, c)
	if err != nil {
		return nil, err
	}
	if err := plan.recall(); err != nil {
		return nil, err
	}
	var done []Verified
	changed := map[*node]bool{} // models that came out otherwise
	for _, n := range plan.sample(o) {
		v, err := plan.again(ctx, n, o, changed)
		if err != nil {
			return done, err
		}
		done = append(done, v)
	}
	if len(done) == 0 {
		return nil, fmt.Errorf("no step of %s, with the models that it needs, takes less than %v, or the record was made with other versions or another backend", e.Name, o.Budget)
	}
	return done, nil
}

// sample draws steps that are recorded and no times, as many as fit the budget.
func (p *Plan) sample(o VerifyOptions) []*node {
	var able []*node
	for _, n := range p.nodes {
		if n.record != nil && !n.timed {
			able = append(able, n)
		}
	}
	random := rand.New(rand.NewPCG(o.Seed, 1))
	random.Shuffle(len(able), func(i, j int) { able[i], able[j] = able[j], able[i] })
	left := o.Budget.Seconds()
	made := map[*node]bool{} // models
	var drawn []*node
	for _, n := range able {
		models := map[*node]bool{}
		n.remade(models)
		cost := n.record.Seconds
		for m := range models {
			if !made[m] && m != n {
				cost += m.record.Seconds
			}
		}
		if cost > left {
			continue
		}
		left -= cost
		for m := range models {
			made[m] = true
		}
		drawn = append(drawn, n)
	}
	slices.SortStableFunc(drawn, func(a, b *node) int { return a.level - b.level })
	return drawn
}

// remade collects the models that have to be made before the step can be computed.
func (n *node) remade(models map[*node]bool) {
	for _, needed := range n.needs {
		if needed.weights != nil && !models[needed] {
			models[needed] = true
			needed.remade(models)
		}
	}
}

// again computes a step that has a result, and compares the two.
func (p *Plan) again(ctx context.Context, n *node, o VerifyOptions, changed map[*node]bool) (Verified, error) {
	v := Verified{Step: n.id, Title: n.title}
	want := n.record
	w := &Worker{plan: p, step: n, place: place{number: 1, of: 1, began: time.Now()}}
	for _, needed := range n.needs {
		if needed.weights == nil {
			continue
		}
		for again := true; again; { // what came out otherwise is remembered, and found the next time
			var err error
			if again, err = p.restore(ctx, needed, w); err != nil {
				return v, err
			}
			changed[needed] = changed[needed] || again
		}
		v.Remade = v.Remade || changed[needed]
	}
	result, seconds, err := p.do(ctx, n, w)
	if err != nil {
		return v, err
	}
	v.Seconds = seconds
	v.Same = bytes.Equal(result, want.Result)
	changed[n] = changed[n] || n.weights != nil && !n.sameModel(&record{Result: result})
	var got, before any
	if err := json.Unmarshal(result, &got); err != nil {
		return v, err
	}
	if err := json.Unmarshal(want.Result, &before); err != nil {
		return v, err
	}
	v.Difference, v.At = differ(got, before, "")
	v.Within = v.Difference <= cmp.Or(o.Tolerance, 1e-3)
	return v, nil
}

// differ is the largest difference between the numbers of two decoded documents, relative to the larger one and 1, and where it is; texts
// or shapes that differ are infinitely far apart. Fields about times are left out, and fingerprints of models, which say only that two are
// not the same to the bit.
func differ(a, b any, at string) (difference float64, where string) {
	worst := func(d float64, place string) {
		if d > difference {
			difference, where = d, place
		}
	}
	switch a := a.(type) {
	case float64:
		if b, ok := b.(float64); ok {
			return math.Abs(a-b) / max(math.Abs(a), math.Abs(b), 1), at
		}
		return math.Inf(1), at
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return math.Inf(1), at
		}
		for key, value := range a {
			other, ok := b[key]
			if !ok {
				return math.Inf(1), at + "." + key
			}
			if timed(key) || key == "sha256" {
				continue
			}
			worst(differ(value, other, at+"."+key))
		}
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return math.Inf(1), at
		}
		for i := range a {
			worst(differ(a[i], b[i], fmt.Sprintf("%s[%d]", at, i)))
		}
	default:
		if a != b {
			return math.Inf(1), at
		}
	}
	return difference, where
}

// timed reports whether a field's name says that it is a time.
func timed(key string) bool {
	key = strings.ToLower(key)
	return strings.Contains(key, "seconds") || strings.Contains(key, "clock") || strings.Contains(key, "time")
}
