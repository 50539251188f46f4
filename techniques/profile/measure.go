package profile

import (
	"context"
	"runtime"
	"time"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/stats"
)

// Measure profiles a model on a backend: for each batch size and length it compiles the whole pass and each component by itself,
// counts, and times all of them in turn.
func Measure(ctx context.Context, b compute.Backend, m *gbert.Model, o Options) (*Profile, error) {
	profiles, err := MeasureInTurn(ctx, b, []*gbert.Model{m}, o)
	if err != nil {
		return nil, err
	}
	return profiles[0], nil
}

// MeasureInTurn profiles several models as [Measure] does, and times them in turn within each round, so that what else the machine does
// falls on all alike. Lengths must be such that each model reads them.
func MeasureInTurn(ctx context.Context, b compute.Backend, models []*gbert.Model, o Options) ([]*Profile, error) {
	o, err := o.checked(models)
	if err != nil {
		return nil, err
	}
	profiles, devices := make([]*Profile, len(models)), make([]*device, len(models))
	for i, m := range models {
		profiles[i] = &Profile{Pass: Pass, Layers: m.Config.NumHiddenLayers, Parameters: CountParameters(m), Threads: runtime.NumCPU()}
		devices[i] = newDevice(b, m)
		defer devices[i].close()
	}
	callSeconds, err := devices[0].callTime()
	if err != nil {
		return nil, err
	}
	err = o.eachCell(ctx, func(batch, length int) error {
		cells, err := measureCells(ctx, devices, batch, length, callSeconds, o)
		for i, cell := range cells {
			profiles[i].CallSeconds, profiles[i].Cells = callSeconds, append(profiles[i].Cells, *cell)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return profiles, nil
}

// callRounds are those in which the time of a call is taken.
const callRounds = 50

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
		times = append(times, took.time.Seconds())
	}
	return stats.Median(times), nil
}

// measureCells profiles the models of the devices at one batch size and length.
func measureCells(ctx context.Context, devices []*device, batch, length int, callSeconds float64, o Options) ([]*Cell, error) {
	cells, passes := make([]*Cell, len(devices)), make([]pass, len(devices))
	for i, d := range devices {
		builder := newBuilder(d.backend, d.model)
		defer builder.close()
		defer d.freeInputs()
		cells[i] = &Cell{Batch: batch, Length: length}
		var err error
		if passes[i], err = d.prepareCell(builder, cells[i]); err != nil {
			return nil, err
		}
	}
	times, err := timeRounds(ctx, passes, callSeconds, o)
	if err != nil {
		return nil, err
	}
	for i, cell := range cells {
		cell.times(times[i])
	}
	return cells, nil
}

// pass is a model's pass, ready to run: as a whole and in parts.
type pass struct {
	whole *call
	parts []*call
}

// prepareCell compiles what a cell needs, and counts.
func (d *device) prepareCell(builder *builder, cell *Cell) (pass, error) {
	whole, err := d.whole(builder, cell)
	if err != nil {
		return pass{}, err
	}
	var parts []*call
	for _, s := range passSteps(d.model, cell.Batch, cell.Length) {
		p, err := builder.compile(s)
		if err != nil {
			return pass{}, err
		}
		c, err := d.prepare(p)
		if err != nil {
			return pass{}, err
		}
		parts = append(parts, c)
	}
	cell.count(d.model, builder, parts)
	return pass{whole, parts}, nil
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

// series are the times of all rounds, in seconds.
type series struct {
	time, processors []float64
}

func (s *series) add(time, processors float64) {
	s.time, s.processors = append(s.time, time), append(s.processors, processors)
}

// rounds are the times of a model.
type rounds struct {
	whole series
	parts map[Component]*series
}

// timeRounds times the models' whole passes and all their components in turn.
func timeRounds(ctx context.Context, passes []pass, callSeconds float64, o Options) ([]*rounds, error) {
	times := make([]*rounds, len(passes))
	for i := range times {
		times[i] = &rounds{parts: map[Component]*series{}}
	}
	return times, o.rounds(ctx, func(warmUp bool) error {
		for i, p := range passes {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := times[i].add(p, callSeconds, warmUp); err != nil {
				return err
			}
		}
		return nil
	})
}

// add runs a pass once as a whole and once in parts, and adds the times unless they are those of a warm-up.
func (r *rounds) add(p pass, callSeconds float64, warmUp bool) error {
	whole, err := p.whole.run()
	if err != nil {
		return err
	}
	sums := map[Component]elapsed{}
	for _, c := range p.parts {
		took, err := c.run()
		if err != nil {
			return err
		}
		sum := sums[c.program.step.component]
		sum.time += max(0, took.time-time.Duration(callSeconds*float64(time.Second)))
		sum.processors += took.processors
		sums[c.program.step.component] = sum
	}
	if warmUp {
		return nil
	}
	r.whole.add(whole.time.Seconds(), whole.processors.Seconds())
	for component, sum := range sums {
		if r.parts[component] == nil {
			r.parts[component] = &series{}
		}
		r.parts[component].add(sum.time.Seconds(), sum.processors.Seconds())
	}
	return nil
}

// times fills in the times.
func (cell *Cell) times(r *rounds) {
	whole := r.whole.time
	cell.Repeats, cell.Seconds, cell.ProcessorSeconds = len(whole), summary(whole), summary(r.whole.processors)
	sums := make([]float64, len(whole))
	for i := range cell.Components {
		part := &cell.Components[i]
		times := r.parts[part.Component]
		part.Seconds, part.ProcessorSeconds = summary(times.time), summary(times.processors)
		cell.SumSeconds += part.Seconds.Median
		cell.ProcessorSum += part.ProcessorSeconds.Median
		for j, seconds := range times.time {
			sums[j] += seconds
		}
	}
	cell.Remainder = cell.Seconds.Median - cell.SumSeconds
	left := make([]float64, len(whole))
	for i := range left {
		left[i] = share(whole[i]-sums[i], whole[i])
	}
	cell.RemainderShare = summary(left)
	for i := range cell.Components {
		part := &cell.Components[i]
		part.TimeShare = share(part.Seconds.Median, cell.SumSeconds)
		shares := make([]float64, len(sums))
		for j, seconds := range r.parts[part.Component].time {
			shares[j] = share(seconds, sums[j])
		}
		part.TimeShares = summary(shares)
	}
}

// share is a part of a whole; 0 of nothing.
func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

func summary(values []float64) Spread {
	q := stats.Quartiles(values)
	return Spread{Median: q.Value, Low: q.Low, High: q.High}
}
