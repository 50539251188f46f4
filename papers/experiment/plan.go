package experiment

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/backend"
)

// Plan is an experiment as a graph of steps: each step names what it reads, and is remembered under that. A change of the protocol
// computes again what reads what was changed, and what stands on that; all the rest is found. Experiments that ask for the same step
// in one folder share it.
type Plan struct {
	// Watch is told of each step, by its id, once its result is there, computed or remembered; may be nil.
	Watch func(id string)

	env   *Environment
	store *stepStore
	nodes []*node // a step after all that it stands on
	byID  map[string]*node
	err   error // the first step that could not be added
	puts  []func() error

	models   map[*node]*gbert.Model
	sessions []openSession
	watched  map[*node]bool
	owners   map[string]int // of each step, by its id, the shard that it was dealt to; nil: not dealt
	computed int            // steps that were computed, not remembered
}

// Environment is what the plan's steps are computed in.
func (p *Plan) Environment() *Environment { return p.env }

// NewPlan begins a plan whose results are remembered below the environment's folder.
func NewPlan(env *Environment) *Plan {
	said := map[string]bool{} // files are looked at more than once
	say := func(format string, args ...any) {
		if line := fmt.Sprintf(format, args...); !said[line] {
			said[line] = true
			env.Report(Progress{Stage: line})
		}
	}
	return &Plan{env: env, store: &stepStore{dir: stepsFolder(env.Dir), below: env.Recordings, say: say}, byID: map[string]*node{}, models: map[*node]*gbert.Model{}, watched: map[*node]bool{}}
}

// computes is what computes, as far as numbers depend on it: backend and versions.
func (e *Environment) computes() map[string]any {
	return map[string]any{"backend": e.Choice.Name, "versions": ComputeVersions(backend.Versions())}
}

// add puts a step into the plan, or finds it there.
func (p *Plan) add(n *node, version int, in any, cost func(*gbert.Config) Cost) *node {
	if err := n.identify(version, p.env.computes(), in); err != nil {
		p.err = errors.Join(p.err, err)
		return n
	}
	for _, needed := range n.needs {
		if p.byID[needed.id] != needed {
			p.err = errors.Join(p.err, fmt.Errorf("experiment: the step %q stands on a step of another plan", n.name))
			return n
		}
	}
	if known, ok := p.byID[n.id]; ok {
		return known
	}
	n.reckon(in, cost)
	p.nodes = append(p.nodes, n)
	p.byID[n.id] = n
	return n
}

// Collect has a function called when all steps are done, which puts results of steps into the experiment's. Functions are called in the
// order in which they were added.
func (p *Plan) Collect(put func() error) { p.puts = append(p.puts, put) }

// Study is what a paper's steps are added with: the plan, the protocol, and the result that tells of them. A paper embeds it beside what
// its steps share, such as a seed.
type Study[C, R any] struct {
	*Plan
	Config *C
	Result *R
}

// Keep puts a step's result into a field of the experiment's when all steps are done.
func Keep[Out any](p *Plan, field *Out, step *Node[Out]) {
	p.Collect(func() error {
		*field = step.Result()
		return nil
	})
}

// Append adds a step's result to a list of the experiment's when all steps are done.
func Append[Out any](p *Plan, list *[]Out, step *Node[Out]) {
	p.Collect(func() error {
		*list = append(*list, step.Result())
		return nil
	})
}

// Tell appends to a list of the experiment's what told says of steps' results when all steps are done.
func Tell[T any](p *Plan, list *[]T, told func() T) {
	p.Collect(func() error {
		*list = append(*list, told())
		return nil
	})
}

// collect calls what is to be called when all steps are done.
func (p *Plan) collect() error {
	for _, put := range p.puts {
		if err := put(); err != nil {
			return err
		}
	}
	return nil
}

// Planned is a step as [Plan.Steps] lists it.
type Planned struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Title Text   `json:"title"`
	Level int    `json:"level"`
	// Done is true where the result is remembered; Seconds is then how long it took, and Memory the most that its process took, in
	// bytes. [Foresee] says about how much both will be where it is not.
	Done    bool    `json:"done"`
	Seconds float64 `json:"seconds,omitempty"`
	Memory  int64   `json:"memory,omitempty"`
	// Shard is the one that a missing step was dealt to, where several processes share the plan.
	Shard string `json:"shard,omitempty"`
}

// Steps lists the steps, each after those that it stands on, and which of them are remembered.
func (p *Plan) Steps() ([]Planned, error) {
	if err := p.recall(); err != nil {
		return nil, err
	}
	list := make([]Planned, len(p.nodes))
	for i, n := range p.nodes {
		list[i] = n.planned()
	}
	return list, nil
}

// machines names those that did the steps, the one that took the most time first, and of these the ones that took times, unless they are
// the same; where no step says it, that of the environment.
func (p *Plan) machines() (all, timed string) {
	name := func(counts func(n *node) bool) string {
		took := map[string]float64{}
		for _, n := range p.nodes {
			if n.record == nil || n.record.Machine == "" || !counts(n) {
				continue
			}
			// A step that was recorded before steps said it has the machines of its run.
			of := strings.Split(n.record.Machine, machineSeparator)
			for _, machine := range of {
				took[machine] += n.record.Seconds / float64(len(of))
			}
		}
		names := slices.Sorted(maps.Keys(took))
		slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(took[b], took[a]) })
		return strings.Join(names, machineSeparator)
	}
	all = cmp.Or(name(func(*node) bool { return true }), p.env.machine())
	if timed = name(func(n *node) bool { return n.timed }); timed == all {
		timed = ""
	}
	return all, timed
}

func (n *node) planned() Planned {
	s := Planned{ID: n.id, Name: n.name, Title: n.title, Level: n.level}
	if n.record != nil {
		s.Done, s.Seconds = true, n.record.Seconds
	}
	return s
}

// recall reads what is remembered. A step counts as done if it stands on the results that the other steps have now.
func (p *Plan) recall() error {
	if p.err != nil {
		return p.err
	}
	for _, n := range p.nodes {
		if n.remembered != nil {
			n.accept()
		} else if err := p.look(n); err != nil {
			return err
		}
	}
	return nil
}

// look reads what is remembered of a step, by this process or another.
func (p *Plan) look(n *node) error {
	r, err := p.store.read(n)
	if err != nil {
		return err
	}
	n.remembered = r
	n.accept()
	return nil
}

// accept makes what is remembered of a step its result, if it was made of the present results of the steps that it stands on.
func (n *node) accept() {
	n.record = nil
	if n.remembered == nil || len(n.remembered.On) != len(n.needs) {
		return
	}
	for i, needed := range n.needs {
		if needed.record == nil || needed.record.sum() != n.remembered.On[i] {
			return
		}
	}
	n.record = n.remembered
}

// Run computes the steps whose results are not remembered, one after another, and remembers each as it is done. A run that was
// stopped goes on with the step that it was at; training goes on from its last checkpoint. As a shard, see [Sharing], it computes those
// steps alone that are dealt to it, and what they stand on.
func (p *Plan) Run(ctx context.Context) error {
	if p.env.Sharing == nil {
		return p.run(ctx, p.nodes)
	}
	return p.runShare(ctx)
}

// Now computes a step, and what it stands on, before the plan is whole: for a result that says which further steps there are. The
// sooner such a step is done the better, since a plan is only checked as far as it is known.
func (n *Node[Out]) Now(ctx context.Context, p *Plan) (result Out, err error) {
	if n.guess != nil && p.env.Foresight {
		if err := p.recall(); err != nil || n.record == nil {
			return *n.guess, err
		}
	}
	if err := p.run(ctx, n.standing(map[*node]bool{})); err != nil {
		return result, err
	}
	return n.Result(), nil
}

// standing lists the step after all that it stands on.
func (n *node) standing(seen map[*node]bool) []*node {
	if seen[n] {
		return nil
	}
	seen[n] = true
	var list []*node
	for _, needed := range n.needs {
		list = append(list, needed.standing(seen)...)
	}
	return append(list, n)
}

// run computes those of the given steps whose results are not remembered.
func (p *Plan) run(ctx context.Context, nodes []*node) error {
	defer p.close()
	began := time.Now()
	if p.env.Sharing != nil {
		return p.share(ctx, nodes, began)
	}
	for {
		if err := p.recall(); err != nil {
			return err
		}
		if p.env.Recall {
			return p.complete(nodes)
		}
		again, err := p.pass(ctx, nodes, began)
		if err != nil || !again {
			return err
		}
	}
}

// pass computes what is missing. again is true where a model had to be made anew and came out otherwise than it was remembered, so
// that what stood on it counts no more.
func (p *Plan) pass(ctx context.Context, nodes []*node, began time.Time) (again bool, err error) {
	missing := 0
	var spent float64
	for _, n := range p.nodes {
		if n.record == nil {
			missing++
		}
	}
	known, done := len(p.nodes)-missing, 0
	for _, n := range nodes {
		n.accept()
		if n.record == nil { // another process may have done it since
			if err := p.look(n); err != nil {
				return false, err
			}
		}
		if n.record != nil {
			p.watch(n)
			continue
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
		w := &Worker{plan: p, step: n, place: place{number: known + done + 1, of: len(p.nodes), began: began}}
		if done > 0 {
			w.place.left = time.Duration(spent / float64(done) * float64(missing-done) * float64(time.Second))
		}
		if again, err := p.restoreAndCompute(ctx, n, w); err != nil || again {
			return again, err
		}
		spent += n.record.Seconds
		done++
		p.release(nodes)
	}
	if done == missing {
		_ = os.RemoveAll(p.store.beginnings()) // it only takes room
	}
	return false, nil
}

// restoreAndCompute does a step with the models that it needs; see [Plan.pass] for again.
func (p *Plan) restoreAndCompute(ctx context.Context, n *node, w *Worker) (again bool, err error) {
	for _, needed := range n.needs {
		if needed.weights == nil {
			continue
		}
		if changed, err := p.restore(ctx, needed, w); err != nil || changed {
			return changed, err
		}
	}
	if err := p.compute(ctx, n, w); err != nil {
		return false, err
	}
	p.computed++
	p.watch(n)
	return false, nil
}

// watch says once that a step's result is there.
func (p *Plan) watch(n *node) {
	if p.Watch != nil && !p.watched[n] {
		p.watched[n] = true
		p.Watch(n.id)
	}
}

// release closes the models that no step needs which is still to be computed.
func (p *Plan) release(nodes []*node) {
	needed := map[*node]bool{}
	for _, n := range nodes {
		if n.record == nil {
			for _, m := range n.standing(map[*node]bool{}) {
				needed[m] = true
			}
		}
	}
	for n := range p.models {
		if needed[n] {
			continue
		}
		p.sessions = slices.DeleteFunc(p.sessions, func(open openSession) bool {
			if open.key == any(n) {
				open.session.Close()
				return true
			}
			return false
		})
		p.closeModel(n)
	}
}

// compute does a step and remembers its result.
func (p *Plan) compute(ctx context.Context, n *node, w *Worker) error {
	result, seconds, err := p.do(ctx, n, w)
	if err != nil {
		return err
	}
	r := &record{Result: result, Seconds: seconds, Work: n.expects().work, Memory: peakResident(), Machine: p.env.machine()}
	for _, needed := range n.needs {
		r.On = append(r.On, needed.record.sum())
	}
	// Of a step that another process has done meanwhile that result stays, on which its further steps stand: two measurements of a time
	// are two results.
	if err := p.look(n); err != nil {
		return err
	}
	if n.record != nil && n.sameModel(r) {
		return p.store.removeCheckpoints(n)
	}
	return p.remember(n, r)
}

// sameModel reports whether a step that makes a model has made the one that is remembered. Other steps make none.
func (n *node) sameModel(r *record) bool {
	if n.weights == nil {
		return true
	}
	got, err := n.madeOf(r.Result)
	want, failed := n.madeOf(n.record.Result)
	return err == nil && failed == nil && got.SHA256 == want.SHA256
}

// do runs a step's function; it took so many seconds.
func (p *Plan) do(ctx context.Context, n *node, w *Worker) (result json.RawMessage, seconds float64, err error) {
	resetPeak()
	started := time.Now()
	w.report(0, 0, "")
	result, err = n.compute(ctx, w)
	if err != nil {
		return nil, 0, &StepError{ID: n.id, Title: n.title, Err: err}
	}
	return result, time.Since(started).Seconds(), nil
}

// StepError says which step failed.
type StepError struct {
	ID    string // of the step
	Title Text
	Err   error
}

func (e *StepError) Error() string { return e.Title.English + ": " + e.Err.Error() }

// Unwrap is what the step's function returned.
func (e *StepError) Unwrap() error { return e.Err }

// remember keeps a step's result, and forgets the state of its training.
func (p *Plan) remember(n *node, r *record) error {
	if err := p.store.write(n, r); err != nil {
		return err
	}
	n.remembered, n.record = r, r
	return p.store.removeCheckpoints(n)
}

// close releases models and sessions.
func (p *Plan) close() {
	for _, open := range p.sessions {
		open.session.Close()
	}
	p.sessions = nil
	for n := range p.models {
		p.closeModel(n)
	}
}
