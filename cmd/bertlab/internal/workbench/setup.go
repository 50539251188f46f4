package workbench

import (
	"context"
	"errors"

	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/gbert/task"
)

// Fetched says what commands find on this machine from now on.
type Fetched struct {
	Backend *backend.Choice `json:"backend"`
	Model   *hub.Resolved   `json:"model"`
	Task    string          `json:"task"`
	Data    []*task.Dataset `json:"data"` // train and dev
	// Runtime is ONNX Runtime's library, where it was asked for.
	Runtime *backend.Plugin `json:"onnxruntime,omitempty"`
}

// Setup fetches what is missing of a backend, a model and a task's data, and with runtime ONNX Runtime. It tries everything, so that one
// missing thing does not keep the others away.
func (t *Tools) Setup(ctx context.Context, model, name, data string, runtime bool) (*Fetched, error) {
	of, err := LookupTask(name, nil, data != "")
	if err != nil {
		return nil, err
	}
	fetched := &Fetched{Task: of.Name}
	var problems []error
	options := backend.Options{Name: t.Backend, Progress: t.Meter.Bytes, Log: t.log}
	t.Meter.Say("backend")
	if fetched.Backend, err = backend.Setup(ctx, options); err != nil {
		problems = append(problems, err)
	}
	if runtime {
		t.Meter.Say("ONNX Runtime")
		library, err := backend.ONNXRuntime(ctx, backend.Options{Progress: t.Meter.Bytes, Log: t.log})
		if err != nil {
			problems = append(problems, err)
		} else {
			fetched.Runtime = &library
		}
	}
	t.Meter.Say("model")
	if fetched.Model, err = t.Hub().Model(ctx, model); err != nil {
		problems = append(problems, err)
	}
	t.Meter.Say("data of %s", of.Name)
	for _, split := range []string{"train", "dev"} {
		set, err := t.Load(ctx, of, split, data)
		if err != nil {
			problems = append(problems, err)
			break
		}
		fetched.Data = append(fetched.Data, set)
	}
	return fetched, errors.Join(problems...)
}
