package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"bertlab/gbert/backend"
	"bertlab/papers/experiment/shard"
)

// Part is what a shard did of an experiment.
type Part struct {
	shard.Shard
	// Steps are those of the whole plan, Own those that are dealt to the shard, Computed those that it computed itself: others may have
	// done its steps, and it those of others.
	Steps    int `json:"steps"`
	Own      int `json:"own"`
	Computed int `json:"computed"`
}

// ReproducePart does a shard's part of an experiment, which the environment names, and publishes nothing. It is a [shard.ErrOtherWork] where the
// folder's shards are at something else.
func ReproducePart(ctx context.Context, env *Environment, p Paper, r Request) (*Part, error) {
	s := env.Sharing
	name, _ := p.About()
	begun, err := shard.Begun(BoardFolder(env.Dir), name)
	if err != nil {
		return nil, err
	}
	work := shard.Work{Of: s.Of, Request: r.words(), Backend: *env.Choice, Versions: ComputeVersions(backend.Versions()), Machine: Machine()}
	if begun != nil && begun.Of != s.Of { // before anything is computed that says which steps there are
		if err := shard.Begin(BoardFolder(env.Dir), name, work); err != nil {
			return nil, err
		}
	}
	plan, err := p.PlanFor(ctx, env, r)
	if err != nil {
		return nil, err
	}
	work.Plan = plan.Fingerprint()
	if err := shard.Begin(BoardFolder(env.Dir), name, work); err != nil {
		return nil, err
	}
	if err := plan.Run(ctx); err != nil {
		return nil, err
	}
	part := &Part{Shard: s.Shard, Steps: len(plan.nodes), Computed: plan.computed}
	for _, owner := range plan.owners {
		if owner == s.Index {
			part.Own++
		}
	}
	return part, nil
}

// words is a request as shards compare it.
func (r Request) words() string {
	protocol := r.Protocol
	r.Protocol = nil
	text, _ := json.Marshal(r) // it has plain fields alone
	if len(protocol) > 0 {
		return fmt.Sprintf("%s with a protocol of SHA-256 %.8x", text, sha256.Sum256(protocol))
	}
	return string(text)
}

// Gather publishes an experiment whose steps are all remembered, and computes nothing: it needs no device of the kind that computed them.
// Missing steps are a [MissingError].
func Gather(ctx context.Context, env *Environment, p Paper, r Request) (*Outcome, error) {
	name, _ := p.About()
	work, err := shard.Begun(BoardFolder(env.Dir), name)
	if err != nil {
		return nil, err
	}
	own := *env
	own.Recall, own.Sharing = true, nil
	if work != nil {
		own.Choice, own.Machine = &work.Backend, work.Machine
	}
	done, err := p.Reproduce(ctx, &own, r)
	if missing := (*MissingError)(nil); errors.As(err, &missing) {
		missing.explain(ctx, &own, p, r, work)
	}
	if err != nil {
		return nil, err
	}
	return done, shard.End(BoardFolder(env.Dir), name)
}

// explain adds whose the missing steps are, as far as that is known, and why so many may be missing.
func (e *MissingError) explain(ctx context.Context, env *Environment, p Paper, r Request, work *shard.Work) {
	if work == nil {
		e.Why = fmt.Sprintf("no shard has begun this experiment in the folder %s", env.Dir)
		return
	}
	plan, err := p.PlanFor(ctx, env, r)
	if err != nil { // a step that says which further steps there are is missing: whoever comes first does it
		return
	}
	now := *work
	now.Plan, now.Request, now.Versions = plan.Fingerprint(), r.words(), ComputeVersions(backend.Versions())
	e.Why = now.Against(*work)
	owners := plan.deal(work.Of)
	for i := range e.Steps {
		e.Steps[i].Shard = shard.Shard{Index: owners[e.Steps[i].ID], Of: work.Of}.String()
	}
}
