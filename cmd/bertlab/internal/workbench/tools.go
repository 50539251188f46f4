package workbench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/gomlx/compute"

	"bertlab/cmd/bertlab/internal/meter"
	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/papers/experiment"
)

// Tools are what all commands share.
type Tools struct {
	Meter   *meter.Meter
	Backend string // its name; empty: the best there is
	Seed    uint64 // of everything random
	Records string // folder with records of experiments; empty: those that the program was built with
	Again   bool   // no record counts
	// Devices lists the devices of the backend, which a process of its own starts for that; nil: they are not listed.
	Devices func(ctx context.Context) ([]backend.Device, error)
}

// Recordings are the records of experiments; nil: none counts.
func (t *Tools) Recordings() *experiment.Recordings {
	if t.Again {
		return nil
	}
	if t.Records != "" {
		return experiment.NewRecordings(os.DirFS(t.Records))
	}
	return experiment.KeptRecordings()
}

// Hub finds models and data by name.
func (t *Tools) Hub() *hub.Client {
	return hub.New(hub.Options{Progress: t.Meter.Bytes, Log: t.log})
}

func (t *Tools) log(line string) { t.Meter.Say("%s", line) }

// ModelInfo says which model a result is about.
type ModelInfo struct {
	hub.Resolved
	SHA256     string            `json:"sha256"` // of configuration and weights, see gbert's Fingerprint
	Parameters int               `json:"parameters"`
	Labels     int               `json:"labels"`
	History    []gbert.Operation `json:"history,omitempty"`
}

// OpenModel finds and loads a model by its folder or name. The caller closes it.
func (t *Tools) OpenModel(ctx context.Context, name string) (*gbert.Model, *ModelInfo, error) {
	found, err := t.Hub().Model(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	model, err := gbert.Load(found.Dir)
	if err != nil {
		return nil, nil, err
	}
	for _, note := range model.Notes() {
		t.Meter.Warn("%s: %s", found.Dir, note)
	}
	if err := model.CheckFinite(); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", found.Dir, err), model.Close())
	}
	sum, err := model.Fingerprint()
	if err != nil {
		return nil, nil, errors.Join(err, model.Close())
	}
	return model, &ModelInfo{
		Resolved: *found, SHA256: sum, Parameters: model.NumParameters(), Labels: model.NumLabels(), History: model.Config.History,
	}, nil
}

// OpenBackend opens the backend. The caller finalizes it.
func (t *Tools) OpenBackend(ctx context.Context) (compute.Backend, *backend.Choice, error) {
	b, choice, err := backend.Open(ctx, backend.Options{Name: t.Backend, Progress: t.Meter.Bytes, Log: t.log})
	if err != nil {
		return nil, nil, err
	}
	if choice.Warning != "" {
		t.Meter.Warn("warning: %s", choice.Warning)
	}
	return b, choice, nil
}

// Environment opens the backend for an experiment that remembers its steps in a folder. done closes it.
func (t *Tools) Environment(ctx context.Context, dir string) (_ *experiment.Environment, done func(), err error) {
	b, choice, err := t.OpenBackend(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &experiment.Environment{
		Backend: b, Choice: choice, Hub: t.Hub(), Dir: dir, Progress: t.Meter.Stage, Note: t.once(), Recordings: t.Recordings(),
	}, b.Finalize, nil
}

// once warns with each line the first time that it comes: steps that judge models on the same examples have the same to say of them.
func (t *Tools) once() func(line string) {
	var said sync.Map
	return func(line string) {
		if _, twice := said.LoadOrStore(line, true); !twice {
			t.Meter.Warn("%s", line)
		}
	}
}
