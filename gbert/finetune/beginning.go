package finetune

import (
	"maps"
	"os"
	"path/filepath"
)

// A beginning is the state of a run after those of its first steps that others of its kind take alike, see [Method.Beginning]: one file
// in [Options.Beginnings], of the form of a checkpoint and named by all that these steps depend on. It saves time, and nothing else
// stands on it: one that cannot be read or written is passed over.
type beginning struct {
	path, fingerprint string
	until             int // steps
}

// openBeginning goes on from a beginning that another run has left, unless the run is past it.
func (r *run) openBeginning() error {
	o := r.options
	if o.Beginnings == "" || o.Method == nil || o.Method.Beginning == nil || o.AfterStep != nil || r.dev != nil {
		return nil
	}
	until, alike := o.Method.Beginning(r.steps())
	if until < 1 || until >= r.steps() || r.state.Step >= until {
		return nil
	}
	method := *o.Method
	method.Arguments = map[string]any{"beginning": until, "alike": alike}
	fingerprint, err := r.fingerprint(&method)
	if err != nil {
		return err
	}
	b := &beginning{filepath.Join(o.Beginnings, fingerprint+".safetensors"), fingerprint, until}
	r.beginning = b
	if r.state.Step > 0 { // of its own checkpoint
		return nil
	}
	file, reached, err := r.openState(b.path, b.fingerprint)
	if err != nil {
		return nil
	}
	defer file.Close()
	if reached.Step != until {
		return nil
	}
	if err := r.take(file, reached); err != nil {
		return err
	}
	r.beginning = nil
	return nil
}

// leaveBeginning keeps the state for others, once it is that of the whole beginning.
func (r *run) leaveBeginning() {
	b := r.beginning
	if b == nil || r.state.Step != b.until {
		return
	}
	r.beginning = nil
	if err := r.saveState(b.path, b.fingerprint); err != nil {
		_ = os.Remove(b.path) // it only saves time
	}
}

// Without is a method's arguments without some, for a [Method.Beginning] that does not depend on these.
func Without(arguments map[string]any, names ...string) map[string]any {
	rest := maps.Clone(arguments)
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}
