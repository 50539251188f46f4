package experiment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// ModelStep is a [Step] that makes a model, which is kept in the store's folder of that name and loaded from there when the
// step is remembered. Training under way keeps its state in [Store.Checkpoint] until then. A step whose model is gone or cannot be read is run again. The
// caller closes the model. What run returns is not closed: it may share the file of the model that it was made from.
func ModelStep[T any](s *Store, name string, run func() (*gbert.Model, T, error)) (*gbert.Model, T, error) {
	dir := s.Dir(name)
	load := func() (*gbert.Model, T, error) {
		result, err := Step(s, name, func() (T, error) {
			model, result, err := run()
			if err != nil {
				return result, err
			}
			if err := model.Save(dir, gbert.Float32); err != nil {
				return result, err
			}
			return result, finetune.RemoveCheckpoint(s.Checkpoint(name))
		})
		if err != nil {
			return nil, result, err
		}
		model, err := gbert.Load(dir)
		return model, result, err
	}
	if _, err := gbert.ReadConfig(dir); err != nil {
		if err := s.forget(name); err != nil {
			var zero T
			return nil, zero, err
		}
		return load()
	}
	model, result, err := load()
	if model == nil && err != nil && s.remembers(name) { // the step went well, so it is the folder that does not load
		if err := s.forget(name); err != nil {
			return nil, result, err
		}
		return load()
	}
	return model, result, err
}

// Checkpoint is a folder for the state of the training of a [ModelStep].
func (s *Store) Checkpoint(name string) string { return s.Dir(name + "-checkpoint") }

func (s *Store) remembers(name string) bool {
	_, err := os.Stat(s.path(name))
	return err == nil
}

// forget makes a step run again.
func (s *Store) forget(name string) error {
	if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("experiment: %w", err)
	}
	return nil
}
