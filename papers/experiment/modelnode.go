package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/hub/fetch"
	"bertlab/papers/experiment/words"
)

// ModelSource is a model among the inputs of a step: a [Pretrained] one, or one that a step makes, a [ModelNode].
type ModelSource interface {
	// modelOf is the model, which the plan has opened for the worker's step.
	modelOf(w *Worker) *gbert.Model
	// key tells models apart while a plan runs.
	key() any
	fingerprint() string
}

// Fingerprint is that of a model; of one that a step makes it is there when the step's result is.
func Fingerprint(m ModelSource) string { return m.fingerprint() }

// Pretrained is a model that stood before the experiment.
type Pretrained struct {
	Model *gbert.Model
	// SHA256 is its fingerprint.
	SHA256 string
	// Dir is the folder that it was found in; empty where nobody asks.
	Dir string
}

// MarshalJSON writes what stands for the model among a step's inputs: its fingerprint.
func (p *Pretrained) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"model": p.SHA256})
}

func (p *Pretrained) modelOf(*Worker) *gbert.Model { return p.Model }
func (p *Pretrained) key() any                     { return p }
func (p *Pretrained) fingerprint() string          { return p.SHA256 }

// ModelDefinition is a [Definition] of steps that make a model, which is kept in the store beside what is known of it.
type ModelDefinition[In, Out any] struct {
	Name    string
	Version int
	Title   func(say *words.Printer, in In) string
	// Transient is true for a model that is quickly made again and the same each time: it is not kept in the store, and made anew where
	// a step that needs it is not remembered.
	Transient bool
	// Save writes the model to a folder; nil: as float32. The steps that read the model get it as it was written.
	Save func(in In, model *gbert.Model, dir string) error
	// Folder is where the model is kept, seen from the environment's folder; nil: beside the step's result.
	Folder func(In) string
	// Cost says what a step takes; see [Definition].
	Cost func(in In, c *gbert.Config) Cost
	// Run makes the model. Training keeps its state in the worker's [Worker.Checkpointed] folder until the step is done.
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
	// Files are the SHA-256 of the files beside the weights, by name, such as that of the vocabulary.
	Files map[string]string `json:"files,omitempty"`
}

// modelState says that a step makes a model, and where.
type modelState struct {
	transient bool // its weights may lie in the file of the model that it was made from
	folder    string
}

// madeOf is what is remembered of a model but for what its step knows.
func (n *node) madeOf(result json.RawMessage) (m made[json.RawMessage], err error) {
	if err = json.Unmarshal(result, &m); err != nil {
		err = fmt.Errorf("experiment: %s: %w", n.name, err)
	}
	return m, err
}

// Of is the step of a plan that runs the definition on the given inputs.
func (d *ModelDefinition[In, Out]) Of(p *Plan, in In) *ModelNode[Out] {
	n := &node{name: d.Name, title: said(func(say *words.Printer) string { return d.Title(say, in) })}
	n.weights = &modelState{transient: d.Transient}
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
		if err := d.save(in, model, n.weights.folder); err != nil {
			return nil, err
		}
		saved, sum, err := p.load(n)
		if err != nil {
			return nil, err
		}
		p.models[n] = saved
		files, err := sumsBeside(n.weights.folder)
		if err != nil {
			return nil, err
		}
		return json.Marshal(made[Out]{SHA256: sum, Known: known, Files: files})
	}
	added := p.add(n, d.Version, in, costOf(d.Cost, in))
	added.weights.folder = p.store.folder(added)
	if d.Folder != nil {
		added.weights.folder = filepath.Join(p.env.Dir, d.Folder(in))
	}
	return &ModelNode[Out]{node: added}
}

// save writes the model to its folder.
func (d *ModelDefinition[In, Out]) save(in In, model *gbert.Model, dir string) error {
	if d.Save != nil {
		return d.Save(in, model, dir)
	}
	return model.Save(dir, gbert.Float32)
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

func (n *ModelNode[Out]) key() any            { return n.node }
func (n *ModelNode[Out]) fingerprint() string { return n.SHA256() }

// Folder is where the model is kept; a transient one is not.
func (n *ModelNode[Out]) Folder() string { return n.weights.folder }

func (n *ModelNode[Out]) modelOf(w *Worker) *gbert.Model {
	model, ok := w.plan.models[n.node]
	if !ok {
		panic(fmt.Sprintf("experiment: the model of the step %q was asked for by the step %q, whose inputs do not name it", n.name, w.step.name))
	}
	return model
}

// restore makes sure that the model of a step is open. A model that is gone, or is not the one that is remembered, is made anew;
// changed is true where it came out otherwise than it was.
func (p *Plan) restore(ctx context.Context, n *node, w *Worker) (changed bool, err error) {
	if p.models[n] != nil {
		return false, nil
	}
	want, err := n.madeOf(n.record.Result)
	if err != nil {
		return false, err
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
	got, err := n.madeOf(result)
	if err != nil {
		return false, err
	}
	if got.SHA256 == want.SHA256 { // the same model: what is known of it, such as how long it took, stays as it was
		return false, p.store.removeCheckpoints(n)
	}
	return true, p.remember(n, &record{Result: result, Seconds: seconds, On: before.On, Machine: p.env.machine()})
}

// closeModel closes the model of a step, if the plan opened it from a file of its own.
func (p *Plan) closeModel(n *node) {
	if !n.weights.transient {
		_ = p.models[n].Close() // it was only read
	}
	delete(p.models, n)
}

// With gives the model of a step to a function, after which it is closed. The step is computed if it is not remembered; a model that is
// gone is made again.
func (p *Plan) With(ctx context.Context, model ModelSource, use func(*gbert.Model) error) error {
	step, ok := model.(interface{ base() *node })
	if !ok {
		return use(model.(*Pretrained).Model)
	}
	n := step.base()
	if err := p.run(ctx, n.standing(map[*node]bool{})); err != nil {
		return err
	}
	defer p.close()
	if _, err := p.restore(ctx, n, &Worker{plan: p, step: n, place: place{number: len(p.nodes), of: len(p.nodes), began: time.Now()}}); err != nil {
		return err
	}
	return use(p.models[n])
}

// open loads the model of a step from its folder, if it is the one that is remembered.
func (p *Plan) open(n *node, want made[json.RawMessage]) error {
	model, got, err := p.load(n)
	if err != nil {
		return err
	}
	files, err := sumsBeside(n.weights.folder)
	changed := err != nil || got != want.SHA256
	for name, sum := range want.Files {
		changed = changed || files[name] != sum
	}
	if changed {
		_ = model.Close() // it was only read
		return fmt.Errorf("experiment: %s holds another model than is remembered", n.weights.folder)
	}
	p.models[n] = model
	return nil
}

// load loads the model of a step from its folder, with its fingerprint.
func (p *Plan) load(n *node) (*gbert.Model, string, error) {
	model, err := gbert.Load(n.weights.folder)
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

// sumsBeside are the SHA-256 of a folder's plain files, by name, but for those of weights.
func sumsBeside(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	sums := map[string]string{}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || filepath.Ext(entry.Name()) == ".safetensors" {
			continue
		}
		if sums[entry.Name()], err = fetch.SHA256(filepath.Join(dir, entry.Name())); err != nil {
			return nil, fmt.Errorf("experiment: %w", err)
		}
	}
	return sums, nil
}
