package workbench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/gbert/backend"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/shard"
)

// NamesOf are the papers' names on the command line.
func NamesOf(list []experiment.Paper) []string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i], _ = p.About()
	}
	return names
}

// ChoosePapers gives the papers of the names, all of them without names.
func ChoosePapers(all []experiment.Paper, names []string) ([]experiment.Paper, error) {
	if len(names) == 0 {
		return all, nil
	}
	known := NamesOf(all)
	var chosen []experiment.Paper
	for _, name := range names {
		i := slices.Index(known, name)
		if i < 0 {
			return nil, call.Wrongf("no paper is called %q: choose from %s%s", name, call.List(known), call.Meant(name, known))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// Place is where papers are reproduced: the folder of their results, and the task that was named in place of their own, if any.
type Place struct{ Out, Task string }

// Laboratory opens what papers are reproduced in. done closes it.
func (t *Tools) Laboratory(ctx context.Context, p Place) (_ *experiment.Environment, done func(), err error) {
	if p.Task != "" {
		if _, err := LookupTask(p.Task, nil, false); err != nil {
			return nil, nil, err
		}
	}
	env, done, err := t.Environment(ctx, p.Out)
	if err == nil {
		env.Memory = childMemory
	}
	return env, done, err
}

// Reproduce runs papers on one backend, or with gather publishes what shards have computed of them. One that fails does not keep the others
// from being run: its error is in its chapter, and returned at the end.
func (t *Tools) Reproduce(ctx context.Context, chosen []experiment.Paper, r experiment.Request, in Place, gather bool) ([]experiment.Chapter, error) {
	var env *experiment.Environment // opened by the first paper that computes
	closing := func() {}
	defer func() { closing() }()
	open := func() (_ *experiment.Environment, err error) {
		if env == nil {
			opened, done, failed := t.Laboratory(ctx, in)
			if failed != nil {
				return nil, failed
			}
			env, closing = opened, done
		}
		return env, nil
	}
	var chapters []experiment.Chapter
	var failures []error
	for i, p := range chosen {
		name, title := p.About()
		t.Meter.Say("%s (%d of %d): %s", name, i+1, len(chosen), title)
		result, err := t.reproduce(ctx, p, r, in, gather, open)
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
			if ctx.Err() != nil {
				return nil, err
			}
			t.Meter.Warn("%v", err)
			result = &experiment.Outcome{Err: err}
			failures = append(failures, err)
		}
		chapters = append(chapters, experiment.Chapter{Name: name, Title: title, Outcome: result})
	}
	if env == nil {
		return chapters, errors.Join(failures...)
	}
	if c := backend.Compiled(env.Backend); c.Programs+c.Loaded > 0 {
		t.Meter.Say("compiled %d programs and read %d of earlier runs in %.0f s, used them %d times again", c.Programs, c.Loaded, c.Time.Seconds(), c.Reused)
	}
	return chapters, errors.Join(failures...)
}

// reproduce gathers a paper; or publishes what is on record of it, and computes it where nothing is. open opens what that is done in.
func (t *Tools) reproduce(ctx context.Context, p experiment.Paper, r experiment.Request, in Place, gather bool, open func() (*experiment.Environment, error)) (*experiment.Outcome, error) {
	if !gather {
		if result, err := t.replay(p, r, in); result != nil || err != nil {
			return result, err
		}
	}
	env, err := open()
	if err != nil {
		return nil, err
	}
	if gather {
		return experiment.Gather(ctx, env, p, r)
	}
	return p.Reproduce(ctx, env, r)
}

// replay publishes what is on record of a paper; nil: nothing that can be used is.
func (t *Tools) replay(p experiment.Paper, r experiment.Request, in Place) (*experiment.Outcome, error) {
	result, err := p.Replay(in.Out, t.Recordings(), r)
	var refused *experiment.RefusedRecording
	switch {
	case errors.As(err, &refused):
		t.Meter.Warn("%v: the paper is computed", err)
		return nil, nil
	case err != nil:
		return nil, err
	case result != nil:
		t.Meter.Say("this is the record of %s; --again computes it here, which took %s there", result.Recorded.Format(time.DateOnly), result.Took().Round(time.Minute))
		return result, nil
	}
	steps, missing, err := p.OnRecord(t.Recordings(), r)
	if missing > 0 {
		t.Meter.Say("%d of the %d steps are on record; the others are computed, and the models that they read", steps, steps+missing)
	}
	return nil, err
}

// DoShard does a shard's part of papers. One that fails does not keep the others from being done.
func (t *Tools) DoShard(ctx context.Context, chosen []experiment.Paper, r experiment.Request, in Place, part *shard.Found, patience time.Duration) (map[string]*experiment.Part, error) {
	env, done, err := t.Laboratory(ctx, in)
	if err != nil {
		return nil, err
	}
	defer done()
	board, err := shard.Join(experiment.BoardFolder(in.Out), part.Shard, shard.Patience{Silence: patience})
	if err != nil {
		return nil, err
	}
	defer board.Leave()
	env.Sharing = &experiment.Sharing{Shard: part.Shard, Board: board}
	t.Meter.Say("shard %s, by %s", part, part.From)
	parts := map[string]*experiment.Part{}
	var failures []error
	for i, p := range chosen {
		name, title := p.About()
		t.Meter.Say("%s (%d of %d): %s", name, i+1, len(chosen), title)
		if parts[name], err = experiment.ReproducePart(ctx, env, p, r); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", name, err))
			if ctx.Err() != nil {
				break
			}
		}
	}
	return parts, errors.Join(failures...)
}

// Verify computes a random sample of the recorded steps of papers again. differ counts those that do not return what is on record.
func (t *Tools) Verify(ctx context.Context, chosen []experiment.Paper, in Place, budget time.Duration) (verified map[string][]experiment.Verified, differ int, err error) {
	env, done, err := t.Laboratory(ctx, in)
	if err != nil {
		return nil, 0, err
	}
	defer done()
	verified = map[string][]experiment.Verified{}
	for _, p := range chosen {
		name, _ := p.About()
		if verified[name], err = p.Verify(ctx, env, experiment.VerifyOptions{Seed: t.Seed, Budget: budget}); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", name, err)
		}
		for _, v := range verified[name] {
			if !v.Within {
				differ++
			}
		}
	}
	return verified, differ, nil
}
