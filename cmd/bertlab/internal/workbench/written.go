package workbench

import (
	"context"
	"os"
	"path/filepath"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert"
	"bertlab/gbert/safetensors"
)

// Written says which model a command wrote, and from which one it was made.
type Written struct {
	Out        string            `json:"out"`
	Model      *ModelInfo        `json:"model"` // the one that was read
	Parameters int               `json:"parameters"`
	SHA256     string            `json:"sha256"`
	Precision  gbert.Precision   `json:"precision"`
	Bytes      int64             `json:"bytes"` // of the file with the weights
	Plain      bool              `json:"plain"` // an ordinary Hugging Face BERT
	Compact    bool              `json:"compact,omitempty"`
	Graphs     map[string]int64  `json:"graphs,omitempty"` // of ONNX: bytes, by name
	History    []gbert.Operation `json:"history,omitempty"`
}

// Destination says where a model is written, and in which number format.
type Destination struct {
	Out       string // the folder
	Precision gbert.Precision
}

// Save writes a model made from the one that info describes.
func (d Destination) Save(model *gbert.Model, info *ModelInfo) (*Written, error) {
	return d.saveWith(model.Save, model, info)
}

// saveWith is Save with a method of the model that writes it.
func (d Destination) saveWith(save func(dir string, precision gbert.Precision) error, model *gbert.Model, info *ModelInfo) (*Written, error) {
	if err := save(d.Out, d.Precision); err != nil {
		return nil, err
	}
	return d.describe(safetensors.WeightsName, model, info)
}

// describe says which model was written; weights is the file with its weights.
func (d Destination) describe(weights string, model *gbert.Model, info *ModelInfo) (*Written, error) {
	file, err := os.Stat(filepath.Join(d.Out, weights))
	if err != nil {
		return nil, err
	}
	sum, err := model.Fingerprint()
	if err != nil {
		return nil, err
	}
	return &Written{
		Out: d.Out, Model: info, Parameters: model.NumParameters(), SHA256: sum, Precision: d.Precision,
		Bytes: file.Size(), Plain: model.Config.IsPlain(), History: model.Config.History,
	}, nil
}

// reread calls look with the model that the destination's folder holds now.
func (d Destination) reread(look func(written *gbert.Model) error) error {
	written, err := gbert.Load(d.Out)
	if err != nil {
		return err
	}
	defer written.Close()
	return look(written)
}

// ErrNoModel is the answer to a call that names no model where it must.
var ErrNoModel = call.Wrongf("name the model with --model")

// OpenSource opens a model by its name or folder, which must be given, for a command that makes it smaller. The caller closes it.
func (t *Tools) OpenSource(ctx context.Context, name string) (*gbert.Model, *ModelInfo, error) {
	if name == "" {
		return nil, nil, ErrNoModel
	}
	return t.OpenModel(ctx, name)
}
