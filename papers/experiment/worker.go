package experiment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// stepsFolder is where the steps of a folder of results are remembered.
func stepsFolder(dir string) string { return filepath.Join(dir, "steps") }

// Worker is what a step computes with. It gives no data: those are in the step's inputs.
type Worker struct {
	plan  *Plan
	step  *node
	place place
	part  string // of the step's training
}

// place is where a step stands in its plan.
type place struct {
	number, of int
	began      time.Time
	left       time.Duration // for the rest of the plan; 0: not known
}

// Backend computes.
func (w *Worker) Backend() compute.Backend { return w.plan.env.Backend }

// Environment is the experiment's.
func (w *Worker) Environment() *Environment { return w.plan.env }

// Clock tells how long the backend computes.
func (w *Worker) Clock() Clock { return w.plan.env.Clock() }

// Separate is the worker for one of several trainings of the step, which have their checkpoints by themselves.
func (w *Worker) Separate(name string) *Worker {
	part := *w
	part.part = "-" + name
	return &part
}

// Checkpoint is a folder for the state of the step's training, which goes on there after a kill. It is removed when the step is done.
func (w *Worker) Checkpoint() string { return w.plan.store.folder(w.step) + checkpointSuffix + w.part }

// Checkpointed gives a training the folder for its state, where it goes on after a kill. Where another process is at the same training,
// this one has its state in a folder of its own: that a step is done twice is harmless.
func (w *Worker) Checkpointed(train func(dir string) error) error {
	err := train(w.Checkpoint())
	if !errors.Is(err, finetune.ErrCheckpointInUse) {
		return err
	}
	own, err := os.MkdirTemp(w.plan.store.dir, filepath.Base(w.Checkpoint())+"-")
	if err != nil {
		return fmt.Errorf("experiment: %w", err)
	}
	return train(own)
}

// checkpointSuffix ends the names of folders of checkpoints, but for the name of one of several trainings.
const checkpointSuffix = "-checkpoint"

// Partial is a file or folder for what the step has done so far beside a training, by name, such as the points of a surface: it goes on
// there after a kill. It is removed when the step is done.
func (w *Worker) Partial(name string) string {
	return w.plan.store.folder(w.step) + partialSuffix + name
}

// partialSuffix stands in names of files and folders between a step and what is partly done.
const partialSuffix = "-partial-"

// removeCheckpoints removes the checkpoints of a step that is done, and what was partly done of it.
func (s *stepStore) removeCheckpoints(n *node) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // nothing is there where a step was recorded and its model is not kept
		return fmt.Errorf("experiment: %w", err)
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), n.id+checkpointSuffix) {
			if err := finetune.RemoveCheckpoint(filepath.Join(s.dir, entry.Name())); err != nil {
				return err
			}
		}
		if strings.HasPrefix(entry.Name(), n.id+partialSuffix) {
			if err := os.RemoveAll(filepath.Join(s.dir, entry.Name())); err != nil {
				return fmt.Errorf("experiment: %w", err)
			}
		}
	}
	return nil
}

// beginnings is the folder in which trainings leave what others begin with too, until the plan is done; see [finetune.Options].
func (s *stepStore) beginnings() string { return filepath.Join(s.dir, "beginnings") }

// Progress is a progress function for the whole step.
func (w *Worker) Progress() func(done, total int) {
	return func(done, total int) { w.report(done, total, "") }
}

// Part is a progress function for a part of the step, which is named.
func (w *Worker) Part(name string) func(done, total int) {
	return func(done, total int) { w.report(done, total, name) }
}

func (w *Worker) report(done, total int, detail string) {
	w.plan.env.Report(Progress{
		Stage: w.step.title.English, Title: w.step.title, Done: done, Total: total, Detail: detail,
		Step: w.place.number, Steps: w.place.of, Elapsed: time.Since(w.place.began), Left: w.place.left,
	})
}

// Model is a model that is among the step's inputs; the plan has opened it, and closes it. Of another model it panics.
func (w *Worker) Model(source ModelSource) *gbert.Model { return source.modelOf(w) }

// openSessions is how many models a plan holds on the device at once, so that steps about the same model share what was uploaded
// and compiled.
const openSessions = 2

type openSession struct {
	key     any
	session *gbert.Session
}

// Session is a session of a model that is among the step's inputs. The plan closes it.
func (w *Worker) Session(source ModelSource) (*gbert.Session, error) {
	p := w.plan
	for i, open := range p.sessions {
		if open.key == source.key() {
			p.sessions = append(append(p.sessions[:i:i], p.sessions[i+1:]...), open) // the last one used is the last one closed
			return open.session, nil
		}
	}
	if len(p.sessions) == openSessions {
		p.sessions[0].session.Close()
		p.sessions = p.sessions[1:]
	}
	session, err := gbert.NewSession(p.env.Backend, w.Model(source))
	if err != nil {
		return nil, err
	}
	p.sessions = append(p.sessions, openSession{source.key(), session})
	return session, nil
}

// Train fine-tunes a model as [finetune.Train] does, with its checkpoint beside the step, and reports it; o.Progress,
// o.CheckpointDir and o.Beginnings are the worker's.
func (w *Worker) Train(ctx context.Context, model *gbert.Model, train, dev *task.Dataset, o finetune.Options) (*finetune.Result, Training, error) {
	var done Training
	o.Progress, o.Beginnings = w.Training(&done.Clock), w.plan.store.beginnings()
	var result *finetune.Result
	err := w.Checkpointed(func(dir string) (err error) {
		o.CheckpointDir = dir
		result, err = finetune.Train(ctx, w.Backend(), model, train, dev, o)
		return err
	})
	if err != nil {
		return nil, done, err
	}
	done.describe(result)
	w.plan.env.noteTraining(result, model, train, dev)
	return result, done, nil
}

// Training is a progress function for a training run that is the step, or a part of it; the clock gets its steps' times.
func (w *Worker) Training(clock *StepClock) func(finetune.Progress) {
	clock.begin()
	return func(p finetune.Progress) {
		clock.tick(p.Phase)
		w.report(p.Step, p.Steps, trainingDetail(p))
	}
}
