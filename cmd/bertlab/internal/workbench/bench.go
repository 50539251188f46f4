package workbench

import (
	"context"
	"fmt"
	"time"

	"github.com/gomlx/compute"

	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// Provenance says what a result was computed from and with.
type Provenance struct {
	Model     *ModelInfo        `json:"model"`
	Task      string            `json:"task"`
	Data      *task.Dataset     `json:"data"`
	MaxLength int               `json:"max_length"`
	Truncated int               `json:"truncated,omitempty"` // examples that are longer, and were cut
	BatchSize int               `json:"batch_size"`
	Seed      uint64            `json:"seed"`
	Backend   *backend.Choice   `json:"backend"`
	Runtime   *Runtime          `json:"runtime,omitempty"` // that computed in place of the backend
	Versions  map[string]string `json:"versions"`
	Seconds   float64           `json:"seconds"` // of the whole command
}

// Caption names model, task, examples and seed under a figure.
func (p Provenance) Caption() string {
	return fmt.Sprintf("%s, %s, n = %s, seed %d", p.Model.Name, p.Task, figures.Count(p.Data.Len()), p.Seed)
}

// Bench is a model with its data on a backend.
type Bench struct {
	Provenance
	Loaded   *gbert.Model
	Compute  compute.Backend
	Devices  gbert.Devices // those that compute
	Session  *gbert.Session
	Runner   finetune.Runner // the session, or the runtime that was asked for
	Prepared *finetune.Prepared
	began    time.Time
	close    func() // of the runtime
}

// Open opens what evaluating commands need: a model by its folder or name, and data. check, if not nil, sees the model before the data
// are read.
func (t *Tools) Open(ctx context.Context, name string, r *Reading, check func(*gbert.Model) error) (_ *Bench, err error) {
	b := &Bench{began: time.Now()}
	if err := r.Check(); err != nil {
		return nil, err
	}
	if r.Task != "" {
		if _, err := LookupTask(r.Task, nil, false); err != nil {
			return nil, err
		}
	}
	var info *ModelInfo
	if b.Loaded, info, err = t.OpenModel(ctx, name); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	if check != nil {
		if err := check(b.Loaded); err != nil {
			return nil, err
		}
	}
	data, err := t.dataFor(ctx, b.Loaded, info, r)
	if err != nil {
		return nil, err
	}
	subject, shown := b.Loaded, data
	if r.singles {
		subject = b.Loaded.WithoutHead()
		if data, err = single(data); err != nil {
			return nil, err
		}
	}
	var choice *backend.Choice
	if b.Compute, choice, err = t.OpenBackend(ctx); err != nil {
		return nil, err
	}
	length := t.length(r, data.Task.Kind, b.Loaded)
	if b.Prepared, err = finetune.Prepare(b.Compute, subject, data, length, r.Batch, max(r.Passes, 1)); err != nil {
		return nil, err
	}
	if b.Devices, err = r.together(b.Compute, choice); err != nil {
		return nil, err
	}
	if b.Session, err = gbert.NewSessionAcross(b.Devices, subject); err != nil {
		return nil, err
	}
	var used *Runtime
	if b.Runner, used, b.close, err = t.runner(ctx, b.Session, r.Runtime); err != nil {
		return nil, err
	}
	cut := b.Prepared.Cut()
	t.sayCut("", cut, data, b.Loaded, length)
	b.Provenance = Provenance{
		Model: info, Task: data.Task.Name, Data: shown, MaxLength: length, Truncated: cut, BatchSize: b.Prepared.BatchSize(), Seed: t.Seed,
		Backend: choice, Runtime: used, Versions: backend.Versions(),
	}
	return b, nil
}

// dataFor reads the data for a model that judges them.
func (t *Tools) dataFor(ctx context.Context, model *gbert.Model, info *ModelInfo, r *Reading) (*task.Dataset, error) {
	of, err := LookupTask(r.Task, model, r.Data != "")
	if err != nil {
		return nil, err
	}
	if of, err = r.taskFor(of, model, r.Task != ""); err != nil {
		return nil, err
	}
	if err := checkHead(model, info, of, r.Headless); err != nil {
		return nil, err
	}
	if !r.named(of) {
		r.Columns.Labels = finetune.LabelsOf(model)
	}
	data, err := t.load(ctx, r, of, r.Split, r.Data, r.Examples)
	if err != nil {
		return nil, err
	}
	t.notePairs(model, data)
	if r.Headless {
		return data, nil
	}
	if err := finetune.CheckHead(model, data.Task); err != nil {
		return nil, err
	}
	return t.match(model, data, r.Columns.LabelsByNumber)
}

// checkHead reports a model whose head is for another kind of tasks, and how to train one.
func checkHead(model *gbert.Model, info *ModelInfo, t *task.Task, headless bool) error {
	head, want := model.Head(), finetune.HeadFor(t.Kind)
	if head == want || headless {
		return nil
	}
	has := "has no classification head"
	if model.Outputs() > 0 || want != gbert.SequenceHead {
		has = fmt.Sprintf("has a head for %s, and the task %s needs one for %s", head, t.Name, want)
	}
	return fmt.Errorf("%s %s; train one: bertlab finetune --model %s --task %s --out DIR", info.Dir, has, info.Name, t.Name)
}

// Stamp is the provenance with the time that the command took so far.
func (b *Bench) Stamp() Provenance {
	p := b.Provenance
	p.Seconds = time.Since(b.began).Seconds()
	return p
}

// Close frees what Open opened.
func (b *Bench) Close() {
	if b.close != nil {
		b.close()
	}
	if b.Session != nil {
		b.Session.Close()
	}
	if b.Compute != nil {
		b.Compute.Finalize()
	}
	_ = b.Loaded.Close() // it was only read
}
