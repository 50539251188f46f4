package profile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bertlab/gbert"
)

// Options say what is measured. The zero value is one example of 128 tokens, or of what the model can read.
type Options struct {
	// Batches and Lengths span the grid; nil: 1, and 128 or the longest that the model reads.
	Batches, Lengths []int
	// Repeats is the number of timed rounds of a cell; 0: 15. Before them two rounds warm up.
	Repeats int
	// CellTime ends the rounds of a cell early, once it is over and three are done; 0: never.
	CellTime time.Duration
	// Progress is told of each cell before it is measured, and of the end; may be nil.
	Progress func(done, total int, batch, length int)
}

const (
	warmUp       = 2
	fewestRounds = 3
)

// normal fills in what is not said, and reports what cannot be measured.
func (o Options) normal(c *gbert.Config) (Options, error) {
	if o.Batches == nil {
		o.Batches = []int{1}
	}
	if o.Lengths == nil {
		o.Lengths = []int{min(128, c.MaxPositionEmbeddings)}
	}
	if o.Repeats == 0 {
		o.Repeats = 15
	}
	o.Batches, o.Lengths = slices.Clone(o.Batches), slices.Clone(o.Lengths)
	for _, list := range []*[]int{&o.Batches, &o.Lengths} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	switch {
	case len(o.Batches) == 0 || o.Batches[0] < 1:
		return o, fmt.Errorf("profile: batch sizes %v: wanted one at least, each 1 or more", o.Batches)
	case len(o.Lengths) == 0 || o.Lengths[0] < 1 || o.Lengths[len(o.Lengths)-1] > c.MaxPositionEmbeddings:
		return o, fmt.Errorf("profile: lengths %v: wanted one at least, each 1…%d, the positions that the model has embeddings for", o.Lengths, c.MaxPositionEmbeddings)
	case o.Repeats < 1:
		return o, fmt.Errorf("profile: %d repeats: wanted 1 at least", o.Repeats)
	}
	return o, nil
}

// checked is normal for several models, of which each must read the lengths.
func (o Options) checked(models []*gbert.Model) (Options, error) {
	if len(models) == 0 {
		return o, errors.New("profile: no model to measure")
	}
	shortest := models[0].Config
	for _, m := range models {
		if err := m.Check(); err != nil {
			return o, fmt.Errorf("profile: %w", err)
		}
		if m.Config.MaxPositionEmbeddings < shortest.MaxPositionEmbeddings {
			shortest = m.Config
		}
	}
	return o.normal(shortest)
}

// eachCell measures the grid, cell by cell, and tells how far it is.
func (o Options) eachCell(ctx context.Context, measure func(batch, length int) error) error {
	done, all := 0, len(o.Batches)*len(o.Lengths)
	for _, batch := range o.Batches {
		for _, length := range o.Lengths {
			if err := ctx.Err(); err != nil {
				return err
			}
			if o.Progress != nil {
				o.Progress(done, all, batch, length)
			}
			if err := measure(batch, length); err != nil {
				return fmt.Errorf("batch %d, length %d: %w", batch, length, err)
			}
			done++
		}
	}
	if o.Progress != nil {
		o.Progress(all, all, 0, 0)
	}
	return nil
}

// rounds runs the rounds of a cell: those that warm up, and as many as the options say.
func (o Options) rounds(ctx context.Context, round func(warmUp bool) error) error {
	var began time.Time
	for n := -warmUp; n < o.Repeats; n++ {
		if n == 0 {
			began = time.Now()
		}
		if o.CellTime > 0 && n >= fewestRounds && time.Since(began) > o.CellTime {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := round(n < 0); err != nil {
			return err
		}
	}
	return nil
}
