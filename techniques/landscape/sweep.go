package landscape

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"bertlab/gbert/finetune"
)

// Surface is a sweep's result.
type Surface struct {
	// Part is what moved, Geometry its directions.
	Part     Part     `json:"part"`
	Geometry Geometry `json:"geometry"`
	Grid
	// Sets are the data sets, in the order of [Open].
	Sets []SetSurface `json:"sets"`
}

// SetSurface is a surface of one data set. Tables have one row for each β (one row on a line) and one column for each α.
type SetSurface struct {
	Task     string `json:"task"`
	Split    string `json:"split"`
	Examples int    `json:"examples"`
	// Loss is the mean loss in nats, Error the share of wrong classes.
	Loss  [][]float64 `json:"loss"`
	Error [][]float64 `json:"error"`
	// Start and End are θ₀ and θ₁ themselves, whether or not the grid meets them. θ₀ has the fine-tuned head.
	Start Measure `json:"start"`
	End   Measure `json:"end"`
	// Overflow is the number of points of the grid at which an example overflowed (see [Measure]).
	Overflow int `json:"overflow_points,omitempty"`
	// Points are the grid's measures with each example's own loss, row by row.
	Points []Measure `json:"-"`
}

// Sweep moves a part over a grid and evaluates all sets at each point. progress, if not nil, is told how many points are done.
//
// With a journal, a file of the caller's choice, each point is written down when it is done, and a sweep that was killed goes on
// after the last one. The journal of a finished sweep gives its result again without computing anything; another sweep's is an
// error.
func (e *Explorer) Sweep(ctx context.Context, grid Grid, part Part, journalPath string, progress func(done, total int)) (*Surface, error) {
	if err := grid.check(); err != nil {
		return nil, err
	}
	if e.space.Other == nil && len(grid.Beta) > 0 {
		return nil, fmt.Errorf("landscape: a surface needs a second direction: give the space the model of another data set, or sweep a line")
	}
	if err := part.check(e.space.To.Config.NumHiddenLayers); err != nil {
		return nil, err
	}
	geometry, err := e.space.part(part)
	if err != nil {
		return nil, err
	}
	points := grid.points()
	log, err := openJournal(journalPath, e.sweepIdentity(grid, part), len(points), e.examples())
	if err != nil {
		return nil, err
	}
	defer log.close()
	if err := e.sweep(ctx, points, part, log, progress); err != nil {
		return nil, err
	}
	surface := &Surface{Part: part, Geometry: geometry, Grid: grid}
	for k, set := range e.sets {
		surface.Sets = append(surface.Sets, grid.surface(log.done, k, SetSurface{
			Task: set.prepared.Dataset.Task.Name, Split: set.prepared.Dataset.Split, Examples: set.prepared.Dataset.Len(),
		}))
	}
	return surface, nil
}

// sweep evaluates the points that are not in the journal.
func (e *Explorer) sweep(ctx context.Context, points []Point, part Part, log *journal, progress func(done, total int)) error {
	var missing []int
	for i := range points {
		if log.done[i] == nil {
			missing = append(missing, i)
		}
	}
	done := len(points) - len(missing)
	if progress != nil {
		progress(done, len(points))
	}
	if len(missing) == 0 {
		return nil
	}
	devices := append([]*Explorer{e}, e.others...)
	if err := finetune.Deal(ctx, devices, len(devices), func(_ *Explorer, i int) error { return devices[i].Move(part) }); err != nil {
		return err
	}
	var mu sync.Mutex
	return finetune.Deal(ctx, devices, len(missing), func(on *Explorer, k int) error {
		i := missing[k]
		measures, err := on.At(ctx, points[i])
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if err := log.write(i, measures); err != nil {
			return err
		}
		done++
		if progress != nil {
			progress(done, len(points))
		}
		return nil
	})
}

// surface arranges one set's measures on the grid.
func (g Grid) surface(points [][]Measure, set int, s SetSurface) SetSurface {
	s.Start, s.End = points[0][set], points[1][set]
	i := ends
	for range g.rows() {
		loss, wrong := make([]float64, len(g.Alpha)), make([]float64, len(g.Alpha))
		for k := range g.Alpha {
			m := points[i][set]
			loss[k], wrong[k] = m.Loss, m.Error
			if m.Overflow > 0 {
				s.Overflow++
			}
			s.Points = append(s.Points, m)
			i++
		}
		s.Loss, s.Error = append(s.Loss, loss), append(s.Error, wrong)
	}
	return s
}

func (e *Explorer) examples() []int {
	counts := make([]int, len(e.sets))
	for k, set := range e.sets {
		counts[k] = set.prepared.Dataset.Len()
	}
	return counts
}

// used are the numbers of the sets that are evaluated.
func (e *Explorer) used() []int {
	var numbers []int
	for _, set := range e.sets {
		numbers = append(numbers, slices.Index(e.all, set))
	}
	return numbers
}

func (e *Explorer) sweepIdentity(grid Grid, part Part) string {
	text, err := json.Marshal(map[string]any{"explorer": e.identity, "grid": grid, "part": part, "sets": e.used(), "backend": e.backend.Name()})
	if err != nil { // plain numbers and names
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
