package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"bertlab/gbert"
	"bertlab/papers/experiment/words"
)

// ModelSource is a model among the inputs of a step: a [Pretrained] one, or one that a step makes, a [ModelNode].
type ModelSource interface {
	// modelOf opens the model; the plan closes it.
	modelOf(ctx context.Context, w *Worker) (*gbert.Model, error)
	// key tells models apart while a plan runs.
	key() any
}

// Pretrained is a model that stood before the experiment.
type Pretrained struct {
	Model *gbert.Model
	// SHA256 is its fingerprint.
	SHA256 string
}

// MarshalJSON writes what stands for the model among a step's inputs: its fingerprint.
func (p *Pretrained) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"model": p.SHA256})
}

func (p *Pretrained) modelOf(context.Context, *Worker) (*gbert.Model, error) { return p.Model, nil }
func (p *Pretrained) key() any                                               { return p }

// ModelDefinition is a [Definition] of steps that make a model, which is kept in the store beside what is known of it.
type ModelDefinition[In, Out any] struct {
	Name    string
	Version int
	Title   func(say *words.Printer, in In) string
	// Transient is true for a model that is quickly made again and the same each time: it is not kept in the store, and made anew where
	// a step that needs it is not remembered.
	Transient bool
	// Run makes the model. Training keeps its state in the worker's [Worker.Checkpoint] until the step is done.
	Run func(ctx context.Context, w *Worker, in In) (*gbert.Model, Out, error)
}

// ModelNode is a step that makes a model.
type ModelNode[Out any] struct {
	*node
	value *made[Out]
}

// made is what is remembered of a model: its fingerprint, and what the step knows of it.
type made[Out any] struct {
	SHA256 string `json:"sha256"`
	Known  Out    `json:"known"`
}

// modelState says that a step makes a model, and how its record names the model's fingerprint.
type modelState struct {
	fingerprint func(json.RawMessage) (string, error)
	transient   bool // its weights may lie in the file of the model that it was made from
}

// Of is the step of a plan that runs the definition on the given inputs.
func (d *ModelDefinition[In, Out]) Of(p *Plan, in In) *ModelNode[Out] {
	n := &node{name: d.Name, title: said(func(say *words.Printer) string { return d.Title(say, in) })}
	n.weights = &modelState{transient: d.Transient, fingerprint: func(result json.RawMessage) (string, error) {
		var m made[Out]
		err := json.Unmarshal(result, &m)
		return m.SHA256, err
	}}
	n.compute = func(ctx context.Context, w *Worker) (json.RawMessage, error) {
		model, known, err := d.Run(ctx, w, in)
		if err != nil {
			return nil, err
		}
		if d.Transient {
			sum, err := model.Fingerprint()
			if err != nil {
				return nil, err
			}
			p.models[n] = model
			return json.Marshal(made[Out]{SHA256: sum, Known: known})
		}
		if err := model.Save(p.store.folder(n), gbert.Float32); err != nil {
			return nil, err
		}
		saved, sum, err := p.load(n)
		if err != nil {
			return nil, err
		}
		p.models[n] = saved
		return json.Marshal(made[Out]{SHA256: sum, Known: known})
	}
	return &ModelNode[Out]{node: p.add(n, d.Version, in)}
}

// Result is what the step knows of the model that it made; see [Node.Result].
func (n *ModelNode[Out]) Result() Out { return n.made().Known }

// SHA256 is the model's fingerprint; see [Node.Result].
func (n *ModelNode[Out]) SHA256() string { return n.made().SHA256 }

func (n *ModelNode[Out]) made() *made[Out] {
	if n.value == nil {
		whole := &Node[made[Out]]{node: n.node}
		value := whole.Result()
		n.value = &value
	}
	return n.value
}

func (n *ModelNode[Out]) key() any { return n.node }

func (n *ModelNode[Out]) modelOf(_ context.Context, w *Worker) (*gbert.Model, error) {
	model, ok := w.plan.models[n.node]
	if !ok {
		return nil, fmt.Errorf("the model of the step %q was asked for by a step whose inputs do not name it", n.name)
	}
	return model, nil
}

// restore makes sure that the model of a step is open. A model that is gone, or is not the one that is remembered, is made anew;
// changed is true where it came out otherwise than it was.
func (p *Plan) restore(ctx context.Context, n *node, w *Worker) (changed bool, err error) {
	if p.models[n] != nil {
		return false, nil
	}
	want, err := n.weights.fingerprint(n.record.Result)
	if err != nil {
		return false, fmt.Errorf("experiment: %s: %w", n.name, err)
	}
	if p.open(n, want) == nil {
		return false, nil
	}
	own := &Worker{plan: p, step: n, place: w.place}
	for _, needed := range n.needs {
		if needed.weights == nil {
			continue
		}
		if changed, err := p.restore(ctx, needed, own); err != nil || changed {
			return changed, err
		}
	}
	before := n.record
	result, seconds, err := p.do(ctx, n, own)
	if err != nil {
		return false, err
	}
	got, err := n.weights.fingerprint(result)
	if err != nil {
		return false, fmt.Errorf("experiment: %s: %w", n.name, err)
	}
	if got == want { // the same model: what is known of it, such as how long it took, stays as it was
		return false, p.store.removeCheckpoints(n)
	}
	return true, p.remember(n, &record{Result: result, Seconds: seconds, On: before.On})
}

// closeModel closes the model of a step, if the plan opened it from a file of its own.
func (p *Plan) closeModel(n *node) {
	if !n.weights.transient {
		_ = p.models[n].Close() // it was only read
	}
	delete(p.models, n)
}

// Open loads the model of a step, which is computed if it is not remembered; a model that is gone is made again. The caller closes it.
func (p *Plan) Open(ctx context.Context, step interface{ base() *node }) (*gbert.Model, error) {
	n := step.base()
	if n.weights == nil {
		return nil, fmt.Errorf("experiment: the step %q makes no model", n.name)
	}
	if err := p.run(ctx, n.standing(map[*node]bool{})); err != nil {
		return nil, err
	}
	defer p.close()
	if _, err := p.restore(ctx, n, &Worker{plan: p, step: n, place: place{number: 1, of: 1, began: time.Now()}}); err != nil {
		return nil, err
	}
	model := p.models[n]
	delete(p.models, n)
	return model, nil
}

// open loads the model of a step from its folder, if it is the one with the given fingerprint.
func (p *Plan) open(n *node, want string) error {
	model, got, err := p.load(n)
	if err != nil {
		return err
	}
	if got != want {
		_ = model.Close() // it was only read
		return fmt.Errorf("experiment: %s holds another model than is remembered", p.store.folder(n))
	}
	p.models[n] = model
	return nil
}

// load loads the model of a step from its folder, with its fingerprint.
func (p *Plan) load(n *node) (*gbert.Model, string, error) {
	model, err := gbert.Load(p.store.folder(n))
	if err != nil {
		return nil, "", err
	}
	sum, err := model.Fingerprint()
	if err != nil {
		_ = model.Close() // it was only read
		return nil, "", err
	}
	return model, sum, nil
}
