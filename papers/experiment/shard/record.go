package shard

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bertlab/gbert/backend"
	"bertlab/internal/files"
)

// Work is what all shards of one experiment in one folder have in common.
type Work struct {
	// Of is the number of shards.
	Of int `json:"of"`
	// Plan is a hash of all steps.
	Plan string `json:"plan"`
	// Request is what was asked for, in words.
	Request string `json:"request"`
	// Backend and Versions compute, on machines of one kind.
	Backend  backend.Choice    `json:"backend"`
	Versions map[string]string `json:"versions"`
	Machine  string            `json:"machine"`
}

// ErrOtherWork is the error of a shard that is at other work than those which were in the folder before.
var ErrOtherWork = errors.New("the folder holds the shards of other work")

// Begin says what the shards of an experiment in a folder do. The first one decides; it is an [ErrOtherWork], which says what differs,
// for another to do something else.
func Begin(dir, name string, w Work) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("shard: %w", err)
	}
	text, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("shard: %w", err)
	}
	path := workPath(dir, name)
	got, err := appear(path, text)
	if err != nil {
		return err
	}
	var first Work
	if err := json.Unmarshal(got, &first); err != nil {
		return fmt.Errorf("%s is damaged (%w): remove it if no shard is running", path, err)
	}
	if different := w.Against(first); different != "" {
		return fmt.Errorf("%w: %s. Gather it first, take another folder with --out, or remove %s to begin anew: steps that fit are used again", ErrOtherWork, different, path)
	}
	return nil
}

// Against says how work differs from what was begun; "": not.
func (w Work) Against(first Work) string {
	versions := func(w Work) string { text, _ := json.Marshal(w.Versions); return string(text) } // strings always marshal
	for _, pair := range []struct{ what, now, then string }{
		{"the number of shards", fmt.Sprint(w.Of), fmt.Sprint(first.Of)},
		{"the backend", w.Backend.Name, first.Backend.Name},
		{"the versions of what computes", versions(w), versions(first)},
		{"the request", w.Request, first.Request},
		{"the kind of machine, on which measured times depend,", w.Machine, first.Machine},
	} {
		if pair.now != pair.then && (w.Plan != first.Plan || w.Of != first.Of) {
			return fmt.Sprintf("%s is %s here and was %s", pair.what, pair.now, pair.then)
		}
	}
	if w.Plan != first.Plan {
		return "the steps are others: model, data or version of bertlab have changed"
	}
	return ""
}

// Begun is what the shards of an experiment in a folder do; nil: none was begun.
func Begun(dir, name string) (*Work, error) {
	path := workPath(dir, name)
	text, err := files.Read(path, maxWork)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	w := new(Work)
	if err := json.Unmarshal(text, w); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w): remove it if no shard is running", path, err)
	}
	return w, nil
}

// End forgets what the shards of an experiment did.
func End(dir, name string) error {
	if err := os.Remove(workPath(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("shard: %w", err)
	}
	return nil
}

const maxWork = 1 << 16

func workPath(dir, name string) string { return filepath.Join(dir, "work-"+name+".json") }

// appear makes a file appear whole, unless there is one, and returns what the file holds: of several that try, the first decides. It
// needs no lock: making a link fails where the name is taken. Where there are no links, the last one decides.
func appear(path string, text []byte) ([]byte, error) {
	if got, err := files.Read(path, maxWork); err == nil {
		return got, nil
	}
	own := path + "." + strings.ToLower(rand.Text())
	if err := os.WriteFile(own, text, 0o644); err != nil {
		return nil, fmt.Errorf("shard: %w", err)
	}
	defer os.Remove(own)
	if err := os.Link(own, path); err != nil && !errors.Is(err, fs.ErrExist) {
		if err := files.Write(path, text); err != nil {
			return nil, fmt.Errorf("shard: %w", err)
		}
	}
	got, err := files.Read(path, maxWork)
	if err != nil {
		return nil, fmt.Errorf("shard: %w", err)
	}
	return got, nil
}
