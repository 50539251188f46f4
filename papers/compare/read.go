package compare

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"bertlab/internal/files"
)

// maxFileBytes is how long a file with a comparison may be.
const maxFileBytes = 64 << 20

// ErrNone says that there is no comparison yet.
var ErrNone = errors.New("there are no measurements")

// Read finds a comparison: in a file, or in a folder's compare.json or recipes.json, of which the one counts that was begun later. A file
// of the recipes' experiment holds one under the key comparison. Without any the error is [ErrNone].
func Read(path string) (*Comparison, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("compare: %s: %w", path, ErrNone)
	case err != nil:
		return nil, fmt.Errorf("compare: %w", err)
	case info.IsDir():
		return latest(path)
	}
	text, err := files.Read(path, maxFileBytes)
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	var inside struct {
		Comparison *Comparison `json:"comparison"`
	}
	c := &Comparison{}
	err = json.Unmarshal(text, &inside)
	if err == nil {
		err = json.Unmarshal(text, c)
	}
	if err != nil {
		return nil, fmt.Errorf("compare: %s is not a comparison: %w", path, err)
	}
	if inside.Comparison != nil {
		c = inside.Comparison
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("compare: %s: %w", path, err)
	}
	c.File = path
	return c, nil
}

// latest reads the comparison of a folder that was begun last.
func latest(dir string) (latest *Comparison, err error) {
	for _, name := range []string{"compare.json", "recipes.json"} {
		c, err := Read(filepath.Join(dir, name))
		switch {
		case errors.Is(err, ErrNone):
		case err != nil:
			return nil, err
		case latest == nil || c.Provenance.Began.After(latest.Provenance.Began):
			latest = c
		}
	}
	if latest == nil {
		return nil, fmt.Errorf("compare: %s: %w", dir, ErrNone)
	}
	return latest, nil
}

// check reports a comparison that was read and is none.
func (c *Comparison) check() error {
	if len(c.Models) == 0 || len(c.Batches) == 0 {
		return errors.New("no models that were compared are in it")
	}
	for i, m := range c.Models {
		switch {
		case len(m.Latency) != len(c.Batches):
			return fmt.Errorf("%q has times of %d batch sizes, of %d", m.Name, len(m.Latency), len(c.Batches))
		case i > 0 && m.Against == nil:
			return fmt.Errorf("%q is not held against the original", m.Name)
		case m.Sizes.Stored < 0 || math.IsNaN(m.Score):
			return fmt.Errorf("%q has no size or no score", m.Name)
		}
	}
	return nil
}
