package experiment

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"bertlab/internal/files"
	"bertlab/papers/experiment/words"
	"bertlab/papers/records"
)

// Recording is a run of an experiment that is kept with the program: its protocol, its result, and what its steps returned. It has no
// models. Who asks for the same protocol gets the result without model, data or network; of another protocol those steps are computed
// that the recording does not have. Recordings are only read: what a user computes lies in a folder of the user's own, which comes first.
//
// A run of many hours may be recorded before it is complete: it has no result then, and whoever runs its protocol, on whatever machine,
// computes the steps that are missing, and anew those models that they read.
type Recording struct {
	Format     int       `json:"format"`
	Experiment string    `json:"experiment"`
	Recorded   time.Time `json:"recorded"`
	// Fields is a hash of the fields that results had: a program whose results have others does not read it.
	Fields   string          `json:"fields"`
	Protocol json.RawMessage `json:"protocol"`
	// Result is that of the experiment; of a run that is not complete it has the provenance alone.
	Result json.RawMessage `json:"result"`
	// Missing counts the steps that had no result yet.
	Missing int `json:"missing,omitempty"`
	// Steps are the steps' files by id.
	Steps map[string]json.RawMessage `json:"steps"`
	// Sum is the SHA-256 of all the rest.
	Sum string `json:"sum"`
}

// recordingFormat is that of the files of recordings.
const recordingFormat = 1

// recordingEnding ends the names of their files, which begin with the experiment's name.
const recordingEnding = ".json.zst"

// maxRecordingBytes bounds what is read of a recording, packed and unpacked.
const (
	maxRecordingBytes = 64 << 20
	maxUnpackedBytes  = 1 << 30
)

// seal is a hash of all but the sum.
func (r *Recording) seal() (string, error) {
	open := *r
	open.Sum = ""
	text, err := json.Marshal(open) // maps in the order of their keys
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

// Write leaves the recording in a folder, under the experiment's name. Unless it is to overwrite what is there, it takes the place of one of
// the same protocol alone, and one of a run that is not complete not of one that has more steps.
func (r *Recording) Write(dir string, overwrite bool) (path string, err error) {
	if there, err := readRecording(os.DirFS(dir), r.Experiment); err == nil && !overwrite {
		switch {
		case !bytes.Equal(there.Protocol, r.Protocol):
			return "", fmt.Errorf("experiment: the record in %s is of another protocol (%d steps; this run has %d): give another folder, or replace it with --overwrite", dir, len(there.Steps), len(r.Steps))
		case r.Missing > 0 && len(there.Steps) > len(r.Steps):
			return "", fmt.Errorf("experiment: the record in %s has %d steps, more than the %d of this run: go on from it with --records, give another folder, or replace it with --overwrite", dir, len(there.Steps), len(r.Steps))
		}
	}
	if r.Sum, err = r.seal(); err != nil {
		return "", fmt.Errorf("experiment: %w", err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("experiment: %w", err)
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return "", fmt.Errorf("experiment: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("experiment: %w", err)
	}
	path = filepath.Join(dir, r.Experiment+recordingEnding)
	if err := files.Write(path, encoder.EncodeAll(text, nil)); err != nil {
		return "", fmt.Errorf("experiment: %w", err)
	}
	return path, nil
}

// RefusedRecording says why a recording is not used.
type RefusedRecording struct{ File, Why string }

func (r *RefusedRecording) Error() string { return fmt.Sprintf("the record %s %s", r.File, r.Why) }

// readRecording reads the recording of an experiment. An error names the file and what is wrong with it.
func readRecording(fsys fs.FS, name string) (*Recording, error) {
	file := name + recordingEnding
	packed, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	refused := func(format string, args ...any) (*Recording, error) {
		return nil, &RefusedRecording{file, fmt.Sprintf(format, args...)}
	}
	if len(packed) > maxRecordingBytes {
		return refused("is larger than %d MB", maxRecordingBytes>>20)
	}
	decoder, err := zstd.NewReader(bytes.NewReader(packed), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return refused("is damaged: %v", err)
	}
	defer decoder.Close()
	text, err := io.ReadAll(io.LimitReader(decoder, maxUnpackedBytes))
	if err != nil {
		return refused("is damaged: %v", err)
	}
	r := new(Recording)
	if err := json.Unmarshal(text, r); err != nil {
		return refused("is damaged: %v", err)
	}
	if r.Format != recordingFormat {
		return refused("has the format %d, and this program reads %d", r.Format, recordingFormat)
	}
	if sum, err := r.seal(); err != nil || sum != r.Sum {
		return refused("is damaged: its SHA-256 is another")
	}
	if r.Experiment != name {
		return refused("is one of the experiment %q", r.Experiment)
	}
	return r, nil
}

// Recordings are those that a program was built with, or those of a folder. Nil has none.
type Recordings struct {
	fsys fs.FS

	mu     sync.Mutex
	read   map[string]*Recording
	failed map[string]error
	steps  map[string]*record
}

// NewRecordings are the recordings among the files of a folder.
func NewRecordings(fsys fs.FS) *Recordings {
	return &Recordings{fsys: fsys, read: map[string]*Recording{}, failed: map[string]error{}}
}

// KeptRecordings are those that the program was built with.
var KeptRecordings = sync.OnceValue(func() *Recordings { return NewRecordings(records.Files) })

// Names are those of the experiments that have a recording, sorted.
func (rs *Recordings) Names() []string {
	if rs == nil {
		return nil
	}
	found, err := fs.Glob(rs.fsys, "*"+recordingEnding)
	if err != nil {
		return nil // the pattern is right
	}
	for i, name := range found {
		found[i] = strings.TrimSuffix(name, recordingEnding)
	}
	slices.Sort(found)
	return found
}

// ListedRecording is what a recording is of.
type ListedRecording struct {
	Experiment string    `json:"experiment"`
	Recorded   time.Time `json:"recorded,omitzero"`
	Model      string    `json:"model,omitempty"`
	Machine    string    `json:"machine,omitempty"`
	Seconds    float64   `json:"seconds,omitempty"` // that the steps took
	Steps      int       `json:"steps,omitempty"`
	Missing    int       `json:"missing,omitempty"` // steps of a run that is not complete
	// Refused is why the file cannot be used.
	Refused string `json:"refused,omitempty"`
}

// List says what there is, sorted by the experiments' names; a file that cannot be used is listed with the reason.
func (rs *Recordings) List() []ListedRecording {
	list := []ListedRecording{}
	for _, name := range rs.Names() {
		entry := ListedRecording{Experiment: name}
		var result struct{ Provenance Provenance }
		switch r, err := rs.Of(name); {
		case err != nil:
			entry.Refused = err.Error()
		case json.Unmarshal(r.Result, &result) != nil:
			entry.Refused = "its result has no provenance"
		default:
			p := result.Provenance
			entry = ListedRecording{Experiment: name, Recorded: r.Recorded, Model: p.Model, Machine: p.MachineIn(words.English), Seconds: p.Seconds, Steps: len(r.Steps), Missing: r.Missing}
		}
		list = append(list, entry)
	}
	return list
}

// Of is the recording of an experiment; nil: it has none. It is an error if the file is damaged, foreign or of another format.
func (rs *Recordings) Of(name string) (*Recording, error) {
	if rs == nil {
		return nil, nil
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.of(name)
}

func (rs *Recordings) of(name string) (*Recording, error) {
	if r, ok := rs.read[name]; ok {
		return r, rs.failed[name]
	}
	r, err := readRecording(rs.fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		r, err = nil, nil
	}
	rs.read[name], rs.failed[name] = r, err
	return r, err
}

// step is what a step returned in any of the recordings; nil: none has it. Recordings that cannot be read have none; who asks for one
// of them by name is told.
func (rs *Recordings) step(id string) *record {
	if rs == nil {
		return nil
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.steps == nil {
		rs.steps = map[string]*record{}
		for _, name := range rs.Names() {
			r, err := rs.of(name)
			if err != nil || r == nil {
				continue
			}
			var result struct{ Provenance Provenance }
			_ = json.Unmarshal(r.Result, &result) // the machine is not known then
			for id, text := range r.Steps {
				step := new(record)
				if err := json.Unmarshal(text, step); err == nil && step.Version == recordVersion && step.Sum == step.seal() {
					if step.Machine == "" { // recorded before steps said it
						step.Machine = result.Provenance.Machine
						step.Sum = step.seal()
					}
					_ = step.sum() // now, and not in several plans at once
					rs.steps[id] = step
				}
			}
		}
	}
	return rs.steps[id]
}

// fieldsOf is a hash of the fields that a result has, by their names in JSON and their types, but for what is never taken from a
// recording: the claims, which are judged again, and the protocol, which is compared as a whole.
func fieldsOf(result reflect.Type) string {
	hash := sha256.New()
	writeFields(hash, result, map[reflect.Type]bool{reflect.TypeFor[[]Claim](): true, reflect.TypeFor[Provenance](): true})
	return hex.EncodeToString(hash.Sum(nil)[:12])
}

func writeFields(w io.Writer, t reflect.Type, seen map[reflect.Type]bool) {
	if seen[t] {
		fmt.Fprint(w, "*;")
		return
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		fmt.Fprint(w, "[")
		writeFields(w, t.Elem(), seen)
	case reflect.Map:
		fmt.Fprint(w, "map ", t.Key().Kind())
		writeFields(w, t.Elem(), seen)
	case reflect.Struct:
		seen[t] = true
		fmt.Fprint(w, "{")
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Tag.Get("json") == "-" || f.Tag.Get("json") == "config" || !f.IsExported() && !f.Anonymous {
				continue
			}
			fmt.Fprint(w, f.Name, " ", f.Tag.Get("json"), " ")
			writeFields(w, f.Type, seen)
		}
		fmt.Fprint(w, "}")
		delete(seen, t)
	default:
		fmt.Fprint(w, t.Kind(), ";")
	}
}

// Recorded is the result of a protocol as it was recorded, with the claims as they are judged now; nil: the protocol has no recording, or
// one that is not complete. It is an error if a recording cannot be used, because it is damaged, foreign, or of a program whose results had other fields.
func (e *Experiment[C, R]) Recorded(rs *Recordings, c C) (*R, error) {
	r, err := e.recordingOf(rs, c)
	if r == nil || err != nil || r.Missing > 0 {
		return nil, err
	}
	if r.Fields != fieldsOf(reflect.TypeFor[R]()) {
		return nil, &RefusedRecording{e.Name + recordingEnding, "is of a program whose results had other fields"}
	}
	result := new(R)
	if err := json.Unmarshal(r.Result, result); err != nil {
		return nil, &RefusedRecording{e.Name + recordingEnding, "does not fit the experiment: " + err.Error()}
	}
	h := headOf(result)
	h.provenance.Recorded = r.Recorded
	*h.claims, err = e.judged(result)
	return result, err
}

// recordingOf is the recording of a protocol; nil: there is none.
func (e *Experiment[C, R]) recordingOf(rs *Recordings, c C) (*Recording, error) {
	r, err := rs.Of(e.Name)
	if r == nil || err != nil {
		return nil, err
	}
	if err := e.Check(&c); err != nil {
		return nil, err
	}
	protocol, err := json.Marshal(c)
	if err != nil || !bytes.Equal(protocol, r.Protocol) {
		return nil, err
	}
	return r, nil
}

// OnRecord says how many steps of the protocol that is asked for are recorded, and how many are missing of a run that is not complete; 0 and
// 0 where none is. It is an error if the recording cannot be used; see [Experiment.Recorded].
func (e *Experiment[C, R]) OnRecord(rs *Recordings, request Request) (steps, missing int, err error) {
	c, err := e.Protocol(request)
	if err != nil {
		return 0, 0, err
	}
	r, err := e.recordingOf(rs, c)
	if r == nil || err != nil {
		return 0, 0, err
	}
	_, err = e.Recorded(rs, c)
	return len(r.Steps), r.Missing, err
}

// Record makes a recording of a run in the environment's folder, which must be complete unless an unfinished one is asked for.
func (e *Experiment[C, R]) Record(ctx context.Context, env *Environment, request Request, unfinished bool) (*Recording, error) {
	c, err := e.Protocol(request)
	if err != nil {
		return nil, err
	}
	r, err := e.RecordRun(ctx, env, c, unfinished)
	if err != nil {
		return nil, err
	}
	for _, text := range []json.RawMessage{r.Protocol, r.Result} {
		if at := bytes.Index(text, []byte(`:"/`)); at >= 0 {
			return nil, fmt.Errorf("the run names a folder of this machine (…%.60s…): ask for models and data by name", text[at:])
		}
	}
	return r, nil
}

// RecordRun is [Experiment.Record] for a protocol, whatever folders of this machine it names.
func (e *Experiment[C, R]) RecordRun(ctx context.Context, env *Environment, c C, unfinished bool) (*Recording, error) {
	own := *env
	own.Recall, own.Foresight = true, unfinished
	plan, result, err := e.plan(ctx, &own, c)
	if missing := (*MissingError)(nil); errors.As(err, &missing) {
		return nil, notComplete(missing.Steps[0].Title)
	}
	if err != nil {
		return nil, err
	}
	if err := plan.recall(); err != nil {
		return nil, err
	}
	r := &Recording{Format: recordingFormat, Experiment: e.Name, Recorded: time.Now().UTC().Truncate(time.Second), Fields: fieldsOf(reflect.TypeFor[R]()), Steps: map[string]json.RawMessage{}}
	seconds := 0.0
	for _, n := range plan.nodes {
		switch {
		case n.record != nil:
			seconds += n.record.Seconds
			if r.Steps[n.id], err = json.Marshal(n.record); err != nil {
				return nil, err
			}
		case unfinished:
			r.Missing++
		default:
			return nil, notComplete(n.title)
		}
	}
	if len(r.Steps) == 0 {
		return nil, errors.New("no step has a result yet: there is nothing to record")
	}
	h := headOf(result)
	h.provenance.Seconds = seconds
	h.provenance.Machine, h.provenance.Timed = plan.machines()
	if r.Protocol, err = json.Marshal(c); err != nil {
		return nil, err
	}
	if r.Missing > 0 {
		r.Result, err = json.Marshal(map[string]any{"provenance": h.provenance})
		return r, err
	}
	if err := plan.collect(); err != nil {
		return nil, err
	}
	r.Result, err = json.Marshal(result)
	return r, err
}

func notComplete(missing Text) error {
	return fmt.Errorf("the step %q has no result yet: only a run that is complete can be recorded, unless --unfinished is asked for", missing.English)
}

// Replay publishes what was recorded of the protocol that is asked for; nil: there is no recording of it. A result of the user's own that
// lies in the folder is never replaced: of the same protocol it is what the user wants, and of another one it is an error.
func (e *Experiment[C, R]) Replay(dir string, rs *Recordings, request Request) (*Outcome, error) {
	c, err := e.Protocol(request)
	if err != nil {
		return nil, err
	}
	result, err := e.Recorded(rs, c)
	if result == nil || err != nil {
		return nil, err
	}
	path := filepath.Join(dir, e.Name+".json")
	switch own, err := e.own(path); {
	case err != nil:
		return nil, err
	case own == nil:
		return e.Publish(dir, result)
	default:
		mine, err := json.Marshal(own)
		if err != nil {
			return nil, err
		}
		asked, err := json.Marshal(c)
		if err == nil && !bytes.Equal(mine, asked) {
			err = fmt.Errorf("%s is a result of your own by another protocol, which a record does not replace: give another folder with --out, or --again to compute", path)
		}
		return nil, err
	}
}

// own is the protocol of a result in a folder that was computed there, not taken from a recording; nil: there is none.
func (e *Experiment[C, R]) own(path string) (*C, error) {
	text, err := files.Read(path, maxUnpackedBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("experiment: %w", err)
	}
	var there struct {
		Config     C          `json:"config"`
		Provenance Provenance `json:"provenance"`
	}
	if err := json.Unmarshal(text, &there); err != nil {
		return nil, fmt.Errorf("%s is no result of %s, and is not replaced: give another folder with --out", path, e.Name)
	}
	if !there.Provenance.Recorded.IsZero() {
		return nil, nil
	}
	return &there.Config, nil
}
