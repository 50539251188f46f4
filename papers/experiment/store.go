package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2"
)

// Store keeps the results of an experiment's steps.
type Store struct {
	dir string
}

// Open opens the store of an experiment in a folder. identity is everything that its results depend on: configuration, data,
// model, backend. Another identity is another store.
func Open(dir string, identity any) (*Store, error) {
	text, err := json.Marshal(identity)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	sum := sha256.Sum256(text)
	store := &Store{dir: filepath.Join(dir, "steps", hex.EncodeToString(sum[:8]))}
	if err := os.MkdirAll(store.dir, 0o755); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	return store, renameio.WriteFile(filepath.Join(store.dir, "identity.json"), text, 0o644)
}

// Dir is a folder of the store for what a step keeps beside its result, such as a model.
func (s *Store) Dir(name string) string { return filepath.Join(s.dir, name) }

func (s *Store) path(name string) string { return filepath.Join(s.dir, name+".json") }

// Step returns the remembered result of a step, or runs it and remembers what it returns. A step that fails, or is killed, is
// run again the next time. A file that cannot be read counts as not remembered. A step that another process is at is waited for:
// processes with parts of a protocol can share a folder.
func Step[T any](s *Store, name string, run func() (T, error)) (T, error) {
	if result, ok, err := remembered[T](s, name); ok || err != nil {
		return result, err
	}
	lock := flock.New(s.path(name) + ".lock")
	if lock.Lock() == nil { // a file system without locks does without
		defer func() { _ = lock.Unlock() }()
		if result, ok, err := remembered[T](s, name); ok || err != nil {
			return result, err
		}
	}
	result, err := run()
	if err != nil {
		return result, err
	}
	path := s.path(name)
	text, err := json.Marshal(result)
	if err != nil {
		return result, fmt.Errorf("experiment: %s: %w", name, err)
	}
	if err := renameio.WriteFile(path, text, 0o644); err != nil {
		return result, fmt.Errorf("experiment: %w", err)
	}
	// What was just computed is read back, so that a first run and a replay see the same numbers.
	var stored T
	if err := json.Unmarshal(text, &stored); err != nil {
		return result, fmt.Errorf("experiment: %s: %w", name, err)
	}
	return stored, nil
}

// remembered is the result of a step; ok reports whether there is one.
func remembered[T any](s *Store, name string) (result T, ok bool, err error) {
	text, err := os.ReadFile(s.path(name))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			return result, false, fmt.Errorf("experiment: %w", err)
		}
		return result, false, nil
	}
	if string(text) == "null" || json.Unmarshal(text, &result) != nil {
		var none T
		return none, false, nil
	}
	return result, true, nil
}
