package experiment

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"bertlab/gbert/hub/fetch"
	"bertlab/internal/files"
)

// Store keeps the results of an experiment's steps.
type Store struct {
	// Say is told in a line why a step that seemed to be remembered runs again, and that another process is waited for; [Open] sets it
	// to standard error.
	Say func(line string)

	ctx context.Context // of the experiment; its end ends the waiting
	dir string
}

// Open opens the store of an experiment in a folder. identity is everything that its results depend on: configuration, data,
// model, backend. Another identity is another store. Where ctx ends, no step waits any longer for another process.
func Open(ctx context.Context, dir string, identity any) (*Store, error) {
	text, err := json.Marshal(identity)
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	sum := sha256.Sum256(text)
	store := &Store{
		ctx: ctx,
		dir: filepath.Join(dir, "steps", hex.EncodeToString(sum[:8])),
		Say: func(line string) { fmt.Fprintln(os.Stderr, line) },
	}
	if err := os.MkdirAll(store.dir, 0o755); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	if err := files.Write(filepath.Join(store.dir, "identity.json"), text); err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	return store, nil
}

// Dir is a folder of the store for what a step keeps beside its result, such as a model.
func (s *Store) Dir(name string) string { return filepath.Join(s.dir, name) }

func (s *Store) path(name string) string { return filepath.Join(s.dir, name+".json") }

// stepFile is a step's file: its result, and the SHA-256 of that text.
type stepFile struct {
	SHA256 string          `json:"sha256"`
	Result json.RawMessage `json:"result"`
}

// maxStep bounds a step's file; the largest, with the losses of a surface at all points, have some ten megabytes.
const maxStep = 256 << 20

// Step returns the remembered result of a step, or runs it and remembers what it returns. A step that fails, or is killed, is
// run again the next time. A file that is damaged, or that a version without sums wrote, counts as not remembered. A step that
// another process is at is waited for: processes with parts of a protocol can share a folder.
func Step[T any](s *Store, name string, run func() (T, error)) (T, error) {
	if result, ok, err := remembered[T](s, name, func(string) {}); ok || err != nil {
		return result, err
	}
	unlock, err := s.lock(name)
	if err != nil {
		return *new(T), err
	}
	defer unlock()
	if result, ok, err := remembered[T](s, name, s.Say); ok || err != nil { // another process was at it
		return result, err
	}
	result, err := run()
	if err != nil {
		return result, err
	}
	path := s.path(name)
	text, err := json.Marshal(result)
	if err != nil {
		return result, fmt.Errorf("experiment: %s: %w", path, err)
	}
	whole, err := json.Marshal(stepFile{sumOf(text), text})
	if err == nil {
		err = files.Write(path, whole)
	}
	if err != nil {
		return result, fmt.Errorf("experiment: %s: %w", path, err)
	}
	// What was just computed is read back, so that a first run and a replay see the same numbers.
	var stored T
	if err := json.Unmarshal(text, &stored); err != nil {
		return result, fmt.Errorf("experiment: %s: %w", path, err)
	}
	return stored, nil
}

// lock locks a step against other processes that are at it, which it waits for. A file system without locks does without.
func (s *Store) lock(name string) (unlock func(), err error) {
	unlock, err = fetch.Lock(s.ctx, s.path(name)+".lock", func(string) {
		s.Say(fmt.Sprintf("another process is at the step %s: waiting for its result in %s", name, s.dir))
	})
	if err != nil && s.ctx.Err() == nil {
		return func() {}, nil
	}
	return unlock, err
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// remembered is the result of a step; ok reports whether there is one. say is told of a file that is not taken for one.
func remembered[T any](s *Store, name string, say func(line string)) (result T, ok bool, err error) {
	path := s.path(name)
	text, err := files.Read(path, maxStep)
	if errors.Is(err, fs.ErrNotExist) {
		return result, false, nil
	}
	if err != nil {
		return result, false, fmt.Errorf("experiment: %w", err)
	}
	kept, err := readStep(text)
	if err == nil {
		err = json.Unmarshal(kept, &result)
	}
	if err != nil {
		var none T
		say(fmt.Sprintf("%s %v: its step runs again", path, err))
		return none, false, nil
	}
	return result, true, nil
}

// readStep takes the result out of the text of a step's file.
func readStep(text []byte) (json.RawMessage, error) {
	var file stepFile
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil || file.SHA256 == "" {
		if json.Valid(text) {
			return nil, errors.New("has no sum, as an older version left it, or is damaged")
		}
		return nil, errors.New("is damaged: it is not JSON")
	}
	if got := sumOf(file.Result); got != file.SHA256 || decoder.More() {
		return nil, fmt.Errorf("is damaged: its result has the SHA-256 %s, and %s was written", got, file.SHA256)
	}
	return file.Result, nil
}
