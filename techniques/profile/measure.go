package profile

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/stat"

	"bertlab/gbert"
	"bertlab/gbert/backend"
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
	callRounds   = 50
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

// Measure profiles a model on a backend: for each batch size and length it compiles the whole pass and each component by itself,
// counts, and times all of them in turn.
func Measure(ctx context.Context, b compute.Backend, m *gbert.Model, o Options) (*Profile, error) {
	o, err := o.normal(m.Config)
	if err != nil {
		return nil, err
	}
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	p := &Profile{Pass: Pass, Layers: m.Config.NumHiddenLayers, Parameters: CountParameters(m), Threads: runtime.NumCPU()}
	d := newDevice(b, m)
	defer d.close()
	if p.CallSeconds, err = d.callTime(); err != nil {
		return nil, err
	}
	total := len(o.Batches) * len(o.Lengths)
	for _, batch := range o.Batches {
		for _, length := range o.Lengths {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if o.Progress != nil {
				o.Progress(len(p.Cells), total, batch, length)
			}
			cell, err := d.cell(ctx, batch, length, p.CallSeconds, o)
			if err != nil {
				return nil, fmt.Errorf("batch %d, length %d: %w", batch, length, err)
			}
			p.Cells = append(p.Cells, *cell)
		}
	}
	if o.Progress != nil {
		o.Progress(total, total, 0, 0)
	}
	return p, nil
}

// callTime is what a call costs that computes as good as nothing, in seconds.
func (d *device) callTime() (float64, error) {
	builder := newBuilder(d.backend, d.model)
	defer builder.close()
	defer d.freeInputs()
	empty, err := builder.compile(nothing())
	if err != nil {
		return 0, err
	}
	call, err := d.prepare(empty)
	if err != nil {
		return 0, err
	}
	var times []float64
	for range callRounds {
		took, err := call.run()
		if err != nil {
			return 0, err
		}
		times = append(times, took.Seconds())
	}
	return quantile(times, 0.5), nil
}

// cell profiles one batch size and length.
func (d *device) cell(ctx context.Context, batch, length int, callSeconds float64, o Options) (*Cell, error) {
	builder := newBuilder(d.backend, d.model)
	defer builder.close()
	defer d.freeInputs()
	cell := &Cell{Batch: batch, Length: length}
	whole, err := d.whole(builder, cell)
	if err != nil {
		return nil, err
	}
	var calls []*call
	for _, s := range passSteps(d.model, batch, length) {
		p, err := builder.compile(s)
		if err != nil {
			return nil, err
		}
		c, err := d.prepare(p)
		if err != nil {
			return nil, err
		}
		calls = append(calls, c)
	}
	cell.count(d.model, builder, calls)
	r, err := timeRounds(ctx, whole, calls, callSeconds, o)
	if err != nil {
		return nil, err
	}
	cell.times(r)
	return cell, nil
}

// whole compiles the whole pass, runs it once, and says what memory it took.
func (d *device) whole(builder *builder, cell *Cell) (*call, error) {
	p, err := builder.compile(wholePass(d.model, cell.Batch, cell.Length))
	if err != nil {
		return nil, err
	}
	c, err := d.prepare(p)
	if err != nil {
		return nil, err
	}
	cell.GraphMACs, cell.Cost, cell.CompileSeconds = p.products.macs, p.cost, p.compiled.Seconds()
	for _, name := range p.weights {
		values := 4
		for _, dim := range builder.shapes[name] {
			values *= dim
		}
		cell.Memory.WeightBytes += values
	}
	backend.ReleaseMemory()
	known := resetHostPeak()
	before, _ := hostMemory()
	if _, err := c.run(); err != nil {
		return nil, err
	}
	if _, peak := hostMemory(); known {
		cell.Memory.HostBefore, cell.Memory.HostPeak = before, peak
	}
	cell.Memory.Program, cell.Memory.Device = p.memory, backend.MemoryOfDevice(d.backend)
	return c, nil
}

// count fills in what needs no time.
func (cell *Cell) count(m *gbert.Model, builder *builder, calls []*call) {
	macs := CountMACs(m, cell.Batch, cell.Length)
	parts := map[Component]*Part{}
	for _, c := range calls {
		p := c.program
		part := parts[p.step.component]
		if part == nil {
			part = &Part{Component: p.step.component, MACs: macs[p.step.component]}
			parts[part.Component] = part
		}
		part.Executables++
		part.GraphMACs += p.products.macs
		part.ActivationBytes += p.products.bytes + p.kept
		if p.memory != nil {
			part.WorkingBytes = max(part.WorkingBytes, p.memory.Temporary+p.memory.Outputs)
		}
		if p.cost != nil {
			if part.Cost == nil {
				part.Cost = &backend.ProgramCost{}
			}
			part.Cost.Flops += p.cost.Flops
			part.Cost.Transcendentals += p.cost.Transcendentals
			part.Cost.BytesAccessed += p.cost.BytesAccessed
		}
	}
	for _, component := range Components {
		if part := parts[component]; part != nil {
			cell.Components = append(cell.Components, *part)
			cell.MACs += part.MACs
			cell.ActivationBytes += part.ActivationBytes
		}
	}
	for i := range cell.Components {
		cell.Components[i].MACShare = share(float64(cell.Components[i].MACs), float64(cell.MACs))
	}
	for _, p := range builder.programs {
		cell.ComponentCompileSeconds += p.compiled.Seconds()
	}
	cell.ComponentCompileSeconds -= cell.CompileSeconds
}

// rounds are the times of all rounds in seconds.
type rounds struct {
	whole []float64
	parts map[Component][]float64
}

// timeRounds times the whole pass and all components in turn.
func timeRounds(ctx context.Context, whole *call, calls []*call, callSeconds float64, o Options) (*rounds, error) {
	r := &rounds{parts: map[Component][]float64{}}
	var began time.Time
	for round := -warmUp; round < o.Repeats; round++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if round == 0 {
			began = time.Now()
		}
		if o.CellTime > 0 && round >= fewestRounds && time.Since(began) > o.CellTime {
			break
		}
		took, err := whole.run()
		if err != nil {
			return nil, err
		}
		sums := map[Component]float64{}
		for _, c := range calls {
			took, err := c.run()
			if err != nil {
				return nil, err
			}
			sums[c.program.step.component] += max(0, took.Seconds()-callSeconds)
		}
		if round < 0 {
			continue
		}
		r.whole = append(r.whole, took.Seconds())
		for component, seconds := range sums {
			r.parts[component] = append(r.parts[component], seconds)
		}
	}
	return r, nil
}

// times fills in the times.
func (cell *Cell) times(r *rounds) {
	cell.Repeats, cell.Seconds = len(r.whole), summary(r.whole)
	for i := range cell.Components {
		part := &cell.Components[i]
		part.Seconds = summary(r.parts[part.Component])
		cell.SumSeconds += part.Seconds.Median
	}
	for i := range cell.Components {
		cell.Components[i].TimeShare = share(cell.Components[i].Seconds.Median, cell.SumSeconds)
	}
	cell.Remainder = cell.Seconds.Median - cell.SumSeconds
	left := make([]float64, len(r.whole))
	for i, whole := range r.whole {
		sum := 0.0
		for _, seconds := range r.parts {
			sum += seconds[i]
		}
		left[i] = share(whole-sum, whole)
	}
	cell.RemainderShare = summary(left)
}

// share is a part of a whole; 0 of nothing.
func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

func summary(values []float64) Spread {
	return Spread{Median: quantile(values, 0.5), Low: quantile(values, 0.25), High: quantile(values, 0.75)}
}

// quantile is the q-quantile of values, by linear interpolation between order statistics.
func quantile(values []float64, q float64) float64 {
	return stat.Quantile(q, stat.LinInterp, slices.Sorted(slices.Values(values)), nil)
}
