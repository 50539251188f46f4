package finetune

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/gofrs/flock"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert/safetensors"
	"bertlab/gbert/task"
	"bertlab/internal/files"
)

// A checkpoint is one safetensors file, replaced as a whole: the trained weights (w/), their moments (m/, v/), and in the
// metadata the state and a fingerprint of the run. The best epoch's weights stand in a file of their own, named by the epoch,
// which the state refers to; it is written before the checkpoint that refers to it. Both hold the sum of what they say, and are
// refused when it is wrong.
type checkpoint struct {
	dir         string
	fingerprint string
	lock        *flock.Flock
}

const (
	checkpointName = "checkpoint.safetensors"
	lockName       = "lock"
)

// checkpointPrefixes name a parameter's value and moments in a checkpoint, in the order of parameter.tensors.
var checkpointPrefixes = []string{"w/", "m/", "v/"}

func bestName(epoch int) string { return fmt.Sprintf("best-%03d.safetensors", epoch) }

// fingerprint identifies what a run computes with a method: options, examples and starting weights.
func (r *run) fingerprint(method *Method) (string, error) {
	examples, err := r.train.Sum()
	if err != nil {
		return "", err
	}
	identity := map[string]any{"options": r.options, "train": examples}
	if r.train.Task.Kind == task.Spans {
		identity["answers"] = r.train.Task.Answers.Filled()
	}
	if method != nil {
		identity["method"] = method.identity()
	}
	weights, err := r.model.Fingerprint()
	if err != nil {
		return "", err
	}
	identity["model"] = weights
	if r.dev != nil {
		if identity["dev"], err = r.dev.Sum(); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(identity)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// ErrCheckpointInUse says that another run is at work in the checkpoint's folder.
var ErrCheckpointInUse = errors.New("another run is using the checkpoint folder")

// lockCheckpoint keeps other runs away from a checkpoint's folder. It does not wait: a run takes hours. On a file system without locks
// there is none: checkpoints are replaced as a whole, so that two runs which compute the same do each other no harm.
func lockCheckpoint(dir string) (*flock.Flock, error) {
	path := filepath.Join(dir, lockName)
	if err := files.Check(path); err != nil { // opening a pipe to lock it would wait
		return nil, err
	}
	for range 10 { // a run that ends removes the file, perhaps between its being opened and locked here
		lock := flock.New(path)
		locked, err := lock.TryLock()
		switch {
		case lacksLocks(err):
			return nil, nil
		case err != nil:
			return nil, err
		case !locked:
			return nil, fmt.Errorf("%w %s", ErrCheckpointInUse, dir)
		}
		again := flock.New(path)
		if free, err := again.TryLock(); err == nil && !free {
			return lock, nil // what lies there is what this run holds
		}
		_, _ = again.Unlock(), lock.Unlock() // locks of files that are gone
	}
	return nil, fmt.Errorf("other runs come and go in the checkpoint folder %s", dir)
}

// lacksLocks reports whether an error says that the file system has no locks.
func lacksLocks(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.ENOLCK)
}

// unlock ends a lock; nil: there is none.
func unlock(lock *flock.Flock) {
	if lock != nil {
		_ = lock.Unlock() // it goes with the process anyway
	}
}

// sweepCheckpoint removes the temporary files of killed runs; the caller's lock says that none is at work.
func sweepCheckpoint(dir string) {
	for _, pattern := range []string{"." + checkpointName + "[0-9]*", ".best-*.safetensors[0-9]*"} {
		left, _ := files.Match(dir, pattern) // what cannot be listed stays
		for _, file := range left {
			_ = os.Remove(file) // it only takes room
		}
	}
}

// openCheckpoint prepares the checkpoint folder and goes on from what lies there.
func (r *run) openCheckpoint() error {
	dir := r.options.CheckpointDir
	if dir == "" {
		return nil
	}
	fingerprint, err := r.fingerprint(r.options.Method)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("finetune: %w", err)
	}
	lock, err := lockCheckpoint(dir)
	if err != nil {
		return fmt.Errorf("finetune: %w", err)
	}
	if lock != nil {
		sweepCheckpoint(dir)
	}
	r.checkpoint = &checkpoint{dir: dir, fingerprint: fingerprint, lock: lock}
	if err := r.restore(); err != nil {
		r.closeCheckpoint()
		return fmt.Errorf("finetune: %w", err)
	}
	return nil
}

func (r *run) closeCheckpoint() {
	if r.checkpoint != nil {
		unlock(r.checkpoint.lock)
	}
}

func (r *run) restore() error {
	path := filepath.Join(r.checkpoint.dir, checkpointName)
	file, restored, err := r.openState(path, r.checkpoint.fingerprint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if errors.Is(err, errOtherRun) {
		return fmt.Errorf("%w; delete the folder to begin anew, or repeat that run's options to go on with it", err)
	}
	if err != nil {
		return fmt.Errorf("%w; delete the folder to begin anew", err)
	}
	defer file.Close()
	if restored.Best > 0 && r.options.Keep == KeepBest && restored.Best < r.options.Epochs {
		if r.best, err = r.readBest(restored.Best); err != nil {
			return err
		}
	}
	if err := r.take(file, restored); err != nil {
		return fmt.Errorf("%w; delete the folder to begin anew", err)
	}
	return nil
}

var errOtherRun = errors.New("it belongs to a run with another model, data or options")

// openState opens a file of [run.saveState], and changes nothing of the run yet. The caller closes it.
func (r *run) openState(path, fingerprint string) (file *safetensors.File, reached state, err error) {
	opened, err := safetensors.Open(path)
	if err != nil {
		return nil, reached, err
	}
	defer func() {
		if err != nil {
			opened.Close()
			err = fmt.Errorf("%s: %w", path, err)
		}
	}()
	if err := verifySum(opened); err != nil {
		return nil, reached, err
	}
	metadata := opened.Metadata()
	if metadata["fingerprint"] != fingerprint {
		return nil, reached, errOtherRun
	}
	if err := json.Unmarshal([]byte(metadata["state"]), &reached); err != nil {
		return nil, reached, err
	}
	if err := reached.check(r.options.Epochs, r.perEpoch, r.dev != nil); err != nil {
		return nil, reached, err
	}
	for _, p := range r.stepper.trained {
		for i := range p.tensors() {
			if _, err := checkpointTensor(opened, checkpointPrefixes[i]+p.spec.Name, p.spec.Shape); err != nil {
				return nil, reached, err
			}
		}
	}
	return opened, reached, nil
}

// take goes on from an opened state.
func (r *run) take(file *safetensors.File, reached state) error {
	for _, p := range r.stepper.trained {
		for i, target := range p.tensors() {
			values, err := checkpointValues(file, checkpointPrefixes[i]+p.spec.Name, p.spec.Shape)
			if err != nil {
				return err
			}
			(*target).MustFinalizeAll()
			*target = tensors.FromFlatDataAndDimensions(values, p.spec.Shape...)
		}
	}
	r.state, r.resumed = reached, true
	return nil
}

// check reports a state that no run of so many epochs and steps an epoch can be in.
func (s *state) check(epochs, perEpoch int, evaluated bool) error {
	done := len(s.Epochs)
	if done > epochs || s.Step < done*perEpoch || s.Step > min(done+1, epochs)*perEpoch || s.Best < min(done, 1) || s.Best > done {
		return fmt.Errorf("the checkpoint is at step %d after %d epochs, the best of which is %d; the run has %d epochs of %d steps", s.Step, done, s.Best, epochs, perEpoch)
	}
	for _, epoch := range s.Epochs {
		if (epoch.Dev != nil) != evaluated {
			return fmt.Errorf("the checkpoint's epoch %d lacks its evaluation, or has one too much", epoch.Number)
		}
	}
	return nil
}

func checkpointTensor(file *safetensors.File, name string, shape []int) (safetensors.Tensor, error) {
	tensor, ok := file.Tensor(name)
	if !ok || !slices.Equal(tensor.Shape, shape) {
		return tensor, fmt.Errorf("the checkpoint has no tensor %q of shape %v", name, shape)
	}
	return tensor, nil
}

func checkpointValues(file *safetensors.File, name string, shape []int) ([]float32, error) {
	tensor, err := checkpointTensor(file, name, shape)
	if err != nil {
		return nil, err
	}
	return tensor.Copy()
}

func (r *run) readBest(epoch int) (map[string][]float32, error) {
	path := filepath.Join(r.checkpoint.dir, bestName(epoch))
	file, err := safetensors.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w; delete the folder to begin anew", err)
	}
	defer file.Close()
	if err := verifySum(file); err != nil {
		return nil, fmt.Errorf("%s: %w; delete the folder to begin anew", path, err)
	}
	best := map[string][]float32{}
	for _, p := range r.stepper.trained {
		values, err := checkpointValues(file, p.spec.Name, p.spec.Shape)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; delete the folder to begin anew", path, err)
		}
		best[p.spec.Name] = values
	}
	return best, nil
}

func (r *run) saveCheckpoint() error {
	if r.checkpoint == nil {
		return nil
	}
	if err := r.saveState(filepath.Join(r.checkpoint.dir, checkpointName), r.checkpoint.fingerprint); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	old, _ := files.Match(r.checkpoint.dir, "best-*.safetensors")
	for _, file := range old {
		if filepath.Base(file) != bestName(r.state.Best) {
			_ = os.Remove(file) // a left-over only costs space
		}
	}
	return nil
}

// saveState writes what a run needs to go on, and a fingerprint of which runs may.
func (r *run) saveState(path, fingerprint string) error {
	var entries []safetensors.Entry
	var state []*tensors.Tensor
	for _, p := range r.stepper.trained {
		for i, tensor := range p.tensors() {
			entries = append(entries, safetensors.Entry{Name: checkpointPrefixes[i] + p.spec.Name, Shape: p.spec.Shape, DType: safetensors.F32})
			state = append(state, *tensor)
		}
	}
	text, err := json.Marshal(r.state)
	if err != nil {
		return err
	}
	metadata := map[string]string{"state": string(text), "steps": strconv.Itoa(r.steps()), "fingerprint": fingerprint}
	return readInPlace(state, func(values [][]float32) error { // weights and moments together are three models: too much for a copy
		for i := range entries {
			entries[i].Values = values[i]
		}
		return writeSummed(path, entries, metadata)
	})
}

func (r *run) saveBest() error {
	if r.checkpoint == nil {
		return nil
	}
	var entries []safetensors.Entry
	for _, p := range r.stepper.trained {
		entries = append(entries, safetensors.Entry{Name: p.spec.Name, Shape: p.spec.Shape, DType: safetensors.F32, Values: r.best[p.spec.Name]})
	}
	if err := writeSummed(filepath.Join(r.checkpoint.dir, bestName(r.state.Best)), entries, nil); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// RemoveCheckpoint deletes a finished run's checkpoint folder, once its result is saved: only the files that a run writes,
// and the folder if nothing else is in it. A folder that another run uses by now is left to that.
func RemoveCheckpoint(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	lock, err := lockCheckpoint(dir)
	if err != nil {
		return nil
	}
	defer unlock(lock)
	if lock != nil {
		sweepCheckpoint(dir)
	}
	best, err := files.Match(dir, "best-*.safetensors")
	if err != nil {
		return fmt.Errorf("finetune: %w", err)
	}
	for _, file := range append(best, filepath.Join(dir, checkpointName), filepath.Join(dir, lockName)) {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("finetune: %w", err)
		}
	}
	_ = os.Remove(dir) // stays when the user keeps something there
	return nil
}

// Finished reports whether a folder holds the checkpoint of a run that took all its steps, so that its result may have been saved. A
// folder without a checkpoint, or with one that cannot be read, holds none.
func Finished(dir string) bool {
	file, err := safetensors.Open(filepath.Join(dir, checkpointName))
	if err != nil {
		return false
	}
	defer file.Close()
	metadata := file.Metadata()
	var reached state
	if json.Unmarshal([]byte(metadata["state"]), &reached) != nil {
		return false
	}
	steps, err := strconv.Atoi(metadata["steps"])
	return err == nil && reached.Step >= steps
}
