package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"bertlab/gbert"
	"bertlab/gbert/saves"
)

// checkpointFolder is where a training run keeps its state, in the folder of its result.
const checkpointFolder = ".checkpoint"

// modelFiles are the files that make a folder a model.
var modelFiles = []string{
	"config.json", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
	"tokenizer.json", "tokenizer_config.json", "vocab.txt", "spiece.model",
}

// targetFlags say how a model is written.
type targetFlags struct {
	overwrite bool
	float16   bool

	// keep: --out holds a model, and the state of a run that may have saved it and was killed before it could say so. It is replaced
	// by none but its equal.
	keep bool
}

func (t *targetFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&t.overwrite, "overwrite", false, "replace the model that --out holds")
	flags.BoolVar(&t.float16, "float16", false, "write the weights in half precision")
}

func (t *targetFlags) precision() gbert.Precision {
	if t.float16 {
		return gbert.Float16
	}
	return gbert.Float32
}

// checkTarget makes sure that --out names a folder in which a model can be written without losing one. source is the folder of
// the model that is read. goesOn says whether a run whose state lies in that folder may have been killed right after it saved its
// model; nil where there are no such runs.
func (a *app) checkTarget(source string, t *targetFlags, goesOn func(state string) bool) error {
	if a.out == "" {
		return wrongCallf("name the folder for the model with --out")
	}
	info, err := os.Stat(a.out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return wrongCallf("--out %s is a file; a folder for the model was expected", a.out)
	}
	if err := saves.Finish(a.out); err != nil {
		return err
	}
	if from, err := os.Stat(source); err == nil && os.SameFile(from, info) {
		return wrongCallf("--out %s is the folder of the model that is read; name another one", a.out)
	}
	state := filepath.Join(a.out, checkpointFolder)
	left, err := os.Lstat(state)
	stateful := err == nil
	if stateful && !left.IsDir() {
		return wrongCallf("%s is no folder, which no run leaves there: remove it", state)
	}
	i := slices.IndexFunc(modelFiles, func(name string) bool { return exists(filepath.Join(a.out, name)) })
	if t.overwrite || i < 0 {
		return nil
	}
	if t.keep = stateful && goesOn != nil && goesOn(state); t.keep {
		return nil
	}
	hint := ""
	if stateful && goesOn != nil {
		hint = ", which goes on with the run whose state is in " + checkpointFolder
	}
	return wrongCallf("--out %s holds a model already (%s): name another folder, or replace it with --overwrite%s", a.out, modelFiles[i], hint)
}

// save writes a model to --out, unless that holds a model which must not be replaced by another.
func (a *app) save(t *targetFlags, write func(dir string) error) error {
	if !t.keep {
		return write(a.out)
	}
	same, err := saves.Holds(a.out, write)
	if err != nil || same {
		return err
	}
	return wrongCallf("--out %s holds another model than this run's: replace it with --overwrite; nothing is computed again", a.out)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
