package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bertlab/papers/experiment/shard"
)

// Sharing is one process's part in plans that several processes compute in one folder, on one machine or on many. Its board is where
// they say what they are at; see the package shard.
//
// Each step is dealt to one shard, which does it unless another needed it before that: a shard that has nothing of its own to do and
// stands on a step that nobody alive is at, does that step itself. Where somebody is at it, it waits for the step's file.
type Sharing struct {
	shard.Shard
	Board *shard.Board
}

// BoardFolder is where the processes that share a folder of results say what they are at; see [shard.Join].
func BoardFolder(dir string) string { return filepath.Join(stepsFolder(dir), "shards") }

// Fingerprint is a hash of the plan's steps: two plans with the same one have the same steps.
func (p *Plan) Fingerprint() string {
	ids := make([]string, len(p.nodes))
	for i, n := range p.nodes {
		ids[i] = n.id
	}
	slices.Sort(ids)
	sum := sha256.Sum256([]byte(strings.Join(ids, "\n")))
	return hex.EncodeToString(sum[:12])
}

// deal says of each step which of n shards does it.
func (p *Plan) deal(n int) map[string]int {
	steps := make([]shard.Step, len(p.nodes))
	for i, n := range p.nodes {
		steps[i] = shard.Step{ID: n.id, Level: n.level}
	}
	return shard.Deal(steps, n)
}

// runShare computes the steps that are dealt to this shard.
func (p *Plan) runShare(ctx context.Context) error {
	p.owners = p.deal(p.env.Sharing.Of)
	var own []*node
	for _, n := range p.nodes {
		if p.owners[n.id] == p.env.Sharing.Index {
			own = append(own, n)
		}
	}
	return p.run(ctx, own)
}

// share computes the steps that are asked for, and what they stand on, beside other processes that do the same.
func (p *Plan) share(ctx context.Context, goals []*node, began time.Time) error {
	board := p.env.Sharing.Board
	defer func() { _ = board.At("") }() // whoever waits sees the step's file
	var wanted []*node
	seen := map[*node]bool{}
	for _, n := range goals {
		wanted = append(wanted, n.standing(seen)...)
	}
	pause := newPause(p)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		missing, err := p.refresh(wanted)
		if err != nil || len(missing) == 0 {
			return err
		}
		next, who := p.next(missing)
		if next == nil {
			if err := pause.wait(ctx, who); err != nil {
				return err
			}
			continue
		}
		if taken, err := p.take(ctx, next); err != nil {
			return err
		} else if !taken || next.record != nil {
			continue
		}
		pause.over()
		w := &Worker{plan: p, step: next, place: place{number: len(wanted) - len(missing) + 1, of: len(wanted), began: began}}
		if _, err := p.restoreAndCompute(ctx, next, w); err != nil {
			return err
		}
		p.release(wanted)
	}
}

// refresh reads what other processes have remembered since, and lists the steps that are missing.
func (p *Plan) refresh(wanted []*node) (missing []*node, err error) {
	if p.err != nil {
		return nil, p.err
	}
	for _, n := range wanted {
		if n.accept(); n.record == nil {
			if err := p.look(n); err != nil {
				return nil, err
			}
		}
		if n.record == nil {
			missing = append(missing, n)
		} else {
			p.watch(n)
		}
	}
	return missing, nil
}

// next is the step to do now: one of those that are asked for if it can be done, else one that they stand on, and none at which somebody
// is. Of the latter one, who says what is waited for.
func (p *Plan) next(missing []*node) (next *node, who map[int]*node) {
	busy := map[*node]int{}
	for index, step := range p.env.Sharing.Board.Others() {
		if n := p.byID[step]; n != nil {
			busy[n] = index
		}
	}
	who = map[int]*node{}
	for _, n := range missing {
		if index, ok := busy[n]; ok {
			who[index] = n
			continue
		}
		ready := !slices.ContainsFunc(n.needs, func(needed *node) bool { return needed.record == nil })
		if ready && (next == nil || p.dealtToMe(n) && !p.dealtToMe(next)) {
			next = n
		}
	}
	return next, who
}

func (p *Plan) dealtToMe(n *node) bool {
	owner, dealt := p.owners[n.id]
	return dealt && owner == p.env.Sharing.Index
}

// settling is how long a process that takes another's step waits to see whether it was the only one.
const settling = 200 * time.Millisecond

// take says on the board that this process is at a step. It is false where another one is too, and goes before: the one that the step
// was dealt to, or the one with the lower number. Where a mount shows that too late, both do the step, and no harm is done.
func (p *Plan) take(ctx context.Context, n *node) (bool, error) {
	s := p.env.Sharing
	if err := s.Board.At(n.id); err != nil {
		return false, err
	}
	if p.dealtToMe(n) {
		return true, p.look(n) // somebody may have ended it since, and gone on
	}
	if err := sleep(ctx, settling); err != nil {
		return false, err
	}
	for index, step := range s.Board.Others() {
		if step == n.id && (index < s.Index || p.owners[n.id] == index && p.owners != nil) {
			return false, s.Board.At("")
		}
	}
	return true, p.look(n)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// pause is the wait for other processes.
type pause struct {
	plan  *Plan
	began time.Time // zero: none goes on
	next  time.Duration
}

// The first and the longest time between two looks at what others have done.
const (
	firstLook   = 100 * time.Millisecond
	longestLook = 2 * time.Second
)

func newPause(p *Plan) *pause { return &pause{plan: p, next: firstLook} }

func (w *pause) over() { w.began, w.next = time.Time{}, firstLook }

// wait waits until others may have done something, and says for whom.
func (w *pause) wait(ctx context.Context, who map[int]*node) error {
	s := w.plan.env.Sharing
	if w.began.IsZero() {
		w.began = time.Now()
		if err := s.Board.At(""); err != nil {
			return err
		}
	}
	var parts []string
	for _, index := range slices.Sorted(maps.Keys(who)) {
		parts = append(parts, fmt.Sprintf("%s (shard %d/%d)", who[index].title.English, index, s.Of))
	}
	w.plan.env.Report(Progress{Stage: "waiting for " + strings.Join(parts, ", "), Elapsed: time.Since(w.began)})
	defer func() { w.next = min(2*w.next, longestLook) }()
	return sleep(ctx, w.next)
}

// MissingError says which steps are missing where nothing is to be computed.
type MissingError struct {
	Steps []Planned `json:"steps"`
	// Why is what explains that, where something does.
	Why string `json:"why,omitempty"`
}

func (e *MissingError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "missing steps: %d", len(e.Steps))
	if e.Why != "" {
		fmt.Fprintf(&text, " (%s)", e.Why)
	}
	for _, s := range e.Steps {
		fmt.Fprintf(&text, "\n  %s  %s", s.ID, s.Title.English)
		if s.Shard != "" {
			fmt.Fprintf(&text, " (shard %s)", s.Shard)
		}
	}
	return text.String()
}

// complete reports the steps that are not remembered.
func (p *Plan) complete(nodes []*node) error {
	var missing []Planned
	for _, n := range nodes {
		if n.record == nil {
			missing = append(missing, n.planned())
		} else {
			p.watch(n)
		}
	}
	if missing != nil {
		return &MissingError{Steps: missing}
	}
	return nil
}
