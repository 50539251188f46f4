package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/hub/fetch"
	"bertlab/gbert/saves"
)

// ModelStep is a [Step] that makes a model, which is kept in the store's folder of that name and loaded from there when the
// step is remembered. Training under way keeps its state in [Store.Checkpoint] until then. A step whose model is gone, or is not the
// one that was saved, is run again. The caller closes the model. What run returns is not closed: it may share the file of the model
// that it was made from.
func ModelStep[T any](s *Store, name string, run func() (*gbert.Model, T, error)) (*gbert.Model, T, error) {
	dir := s.Dir(name)
	load := func() (*gbert.Model, T, error) {
		kept, err := Step(s, name, func() (withModel[T], error) {
			model, result, err := run()
			if err != nil {
				return withModel[T]{}, err
			}
			if err := model.Save(dir, gbert.Float32); err != nil {
				return withModel[T]{}, err
			}
			sum, err := folderSum(dir)
			if err != nil {
				return withModel[T]{}, err
			}
			return withModel[T]{result, sum}, finetune.RemoveCheckpoint(s.Checkpoint(name))
		})
		if err != nil {
			return nil, kept.Result, err
		}
		if err := saves.Finish(dir); err != nil {
			return nil, kept.Result, err
		}
		sum, err := folderSum(dir)
		if err != nil {
			return nil, kept.Result, err
		}
		if sum != kept.SHA256 {
			return nil, kept.Result, fmt.Errorf("experiment: the model in %s is not the one that was saved there", dir)
		}
		model, err := gbert.Load(dir)
		return model, kept.Result, err
	}
	if _, err := gbert.ReadConfig(dir); err != nil {
		if s.remembers(name) {
			s.Say(fmt.Sprintf("%v: its step runs again", err))
		}
		if err := s.forget(name); err != nil {
			var zero T
			return nil, zero, err
		}
		return load()
	}
	model, result, err := load()
	if model == nil && err != nil && s.remembers(name) { // the step went well, so it is the folder that does not load
		s.Say(fmt.Sprintf("%v: its step runs again", err))
		if err := s.forget(name); err != nil {
			return nil, result, err
		}
		return load()
	}
	return model, result, err
}

// withModel is what is remembered of a step that made a model: its result and the sum of the model's files.
type withModel[T any] struct {
	Result T      `json:"result"`
	SHA256 string `json:"model_sha256"`
}

// folderSum is a SHA-256 over the names and contents of a folder's plain files.
func folderSum(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("experiment: %w", err)
	}
	all := sha256.New()
	for _, entry := range entries { // in the order of their names
		if !entry.Type().IsRegular() {
			continue
		}
		sum, err := fetch.SHA256(filepath.Join(dir, entry.Name()))
		if err != nil {
			return "", fmt.Errorf("experiment: %w", err)
		}
		fmt.Fprintf(all, "%q %s\n", entry.Name(), sum)
	}
	return hex.EncodeToString(all.Sum(nil)), nil
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
