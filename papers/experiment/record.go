package experiment

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"bertlab/internal/files"
)

// recordVersion is that of the files of steps. Files of another version count as not there.
const recordVersion = 1

// maxRecordBytes bounds what is read of a step's file.
const maxRecordBytes = 1 << 30

// record is a step's file: its result, and what that result was made of.
type record struct {
	Version int             `json:"version"`
	Step    string          `json:"step"`
	Inputs  json.RawMessage `json:"inputs"`
	// On are the sums of the results that the step stands on, in the order of its inputs.
	On      []string `json:"on,omitempty"`
	Seconds float64  `json:"seconds"`
	// Work is what the step was reckoned to take, in operations, and Memory the most that its process took, in bytes: what steps like it
	// will take is estimated from them.
	Work   float64 `json:"work,omitempty"`
	Memory int64   `json:"memory,omitempty"`
	// Machine is the one that did the step; see [Machine]. Older files do not say it.
	Machine string          `json:"machine,omitempty"`
	Result  json.RawMessage `json:"result"`
	// Sum is the SHA-256 of all the rest.
	Sum string `json:"sum"`

	made string // sum, once computed
}

// sum is what the steps that stand on this one remember of it: a hash of its contents but for the time that it took.
func (r *record) sum() string {
	if r.made == "" {
		r.made = r.hash("")
	}
	return r.made
}

// seal is a hash of all the contents.
func (r *record) seal() string {
	more := strconv.FormatFloat(r.Seconds, 'g', -1, 64)
	if r.Work != 0 || r.Memory != 0 { // older files have neither
		more += fmt.Sprintf("\n%s\n%d", strconv.FormatFloat(r.Work, 'g', -1, 64), r.Memory)
	}
	if r.Machine != "" {
		more += "\n" + strconv.Quote(r.Machine)
	}
	return r.hash(more)
}

func (r *record) hash(more string) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "%d\n%q\n%s\n%q\n%s\n%s", r.Version, r.Step, r.Inputs, r.On, r.Result, more)
	return hex.EncodeToString(hash.Sum(nil))
}

// stepStore keeps the results of steps in a folder, a file a step.
type stepStore struct {
	dir string
	// below has what the folder has not.
	below *Recordings
	// say is told of files that do not count.
	say func(format string, args ...any)
}

func (s *stepStore) path(n *node) string { return filepath.Join(s.dir, n.id+".json") }

// folder is where a step keeps what it makes beside its result.
func (s *stepStore) folder(n *node) string { return filepath.Join(s.dir, n.id) }

// read is what is remembered of a step, in the folder or, if nothing is there that counts, among the recordings; nil if nothing is.
func (s *stepStore) read(n *node) (*record, error) {
	r, err := s.own(n)
	if r != nil || err != nil {
		return r, err
	}
	if r = s.below.step(n.id); r == nil || r.Step != n.name || !bytes.Equal(r.Inputs, n.inputs) {
		return nil, nil
	}
	return r, nil
}

// own is what the folder remembers of a step; nil if nothing is. Whether the results that it stands on are still the same is for the caller
// to see. A file that is damaged or of another version is named, and counts as not there.
func (s *stepStore) own(n *node) (*record, error) {
	path := s.path(n)
	text, err := files.Read(path, maxRecordBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, files.ErrTooLarge):
		s.say("%s is larger than %d MB and is not used: the step is done again", path, maxRecordBytes>>20)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("experiment: %w", err)
	}
	var r record
	switch err := json.Unmarshal(text, &r); {
	case err != nil:
		s.say("%s is damaged (%v): the step is done again", path, err)
	case r.Version != recordVersion:
		s.say("%s has the format %d, and this program reads %d: the step is done again", path, r.Version, recordVersion)
	case r.Step != n.name || !bytes.Equal(r.Inputs, n.inputs):
		s.say("%s belongs to another step (%s): the step is done again", path, r.Step)
	case r.Sum != r.seal():
		s.say("%s is damaged (its SHA-256 is another): the step is done again", path)
	default:
		return &r, nil
	}
	return nil, nil
}

// write remembers a step. Two processes that write the same step do no harm: each file appears whole, and the last one stays.
func (s *stepStore) write(n *node, r *record) error {
	r.Version, r.Step, r.Inputs = recordVersion, n.name, n.inputs
	r.Sum = r.seal()
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("experiment: %s: %w", n.name, err)
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("experiment: %w", err)
	}
	if err := files.Write(s.path(n), text); err != nil {
		return fmt.Errorf("experiment: %w", err)
	}
	return nil
}
