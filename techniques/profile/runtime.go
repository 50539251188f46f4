package profile

import (
	"context"
	"fmt"
	"math/rand/v2"
	goruntime "runtime"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/ort"
)

// Passes are the whole pass of a model in ONNX Runtime, which fuses across components and tells nothing of them: parameters and
// operations are by component, times are not.
type Passes struct {
	// Pass says what is counted and timed; see the constant.
	Pass       string     `json:"pass"`
	Layers     int        `json:"layers"`
	Parameters Parameters `json:"parameters"`
	Threads    int        `json:"threads"`
	// OpenSeconds is how long it took to write the graph and to open it, which optimises it; it is not part of any other time.
	OpenSeconds float64    `json:"open_seconds"`
	Cells       []PassCell `json:"cells"`
}

// PassCell is the pass at one batch size and length; see [Cell].
type PassCell struct {
	Batch  int `json:"batch"`
	Length int `json:"length"`
	MACs   int `json:"macs"` // by formula
	// Repeats are the timed rounds. Seconds hold the copies of inputs and outputs, too.
	Repeats          int    `json:"repeats"`
	Seconds          Spread `json:"seconds"`
	ProcessorSeconds Spread `json:"processor_seconds"`
	// HostBefore and HostPeak are as in [Memory].
	HostBefore int64 `json:"host_before,omitempty"`
	HostPeak   int64 `json:"host_peak,omitempty"`
}

// opened is a model in ONNX Runtime.
type opened struct {
	session *ort.Session
	model   *gbert.Model
	passes  *Passes
	times   series
}

// MeasureONNX times the whole pass of models in ONNX Runtime, in turn within each round, on the graphs that the options of runtime make
// of them. It also names the library. Lengths must be such that each model reads them.
func MeasureONNX(ctx context.Context, models []*gbert.Model, runtime ort.Options, o Options) (_ []*Passes, library backend.Plugin, err error) {
	if o, err = o.checked(models); err != nil {
		return nil, library, err
	}
	all := make([]*opened, len(models))
	for i, m := range models {
		began := time.Now()
		bare := m.WithoutHead()
		session, err := ort.Open(ctx, bare, runtime)
		if err != nil {
			return nil, library, fmt.Errorf("profile: %w", err)
		}
		defer session.Close()
		library = session.Library
		all[i] = &opened{session: session, model: bare, passes: &Passes{
			Pass: Pass, Layers: m.Config.NumHiddenLayers, Parameters: CountParameters(m), Threads: goruntime.NumCPU(), OpenSeconds: time.Since(began).Seconds(),
		}}
	}
	err = o.eachCell(ctx, func(batch, length int) error { return timePasses(ctx, all, batch, length, o) })
	if err != nil {
		return nil, library, err
	}
	passes := make([]*Passes, len(all))
	for i, each := range all {
		passes[i] = each.passes
	}
	return passes, library, nil
}

// timePasses adds the cell of a batch size and length to all models.
func timePasses(ctx context.Context, all []*opened, batch, length int, o Options) error {
	inputs := make([]*gbert.Batch, len(all))
	for i, each := range all {
		inputs[i] = wholeBatch(each.model.Config, batch, length)
		cell := PassCell{Batch: batch, Length: length, MACs: total(CountMACs(each.model, batch, length))}
		backend.ReleaseMemory()
		known := resetHostPeak()
		before, _ := hostMemory()
		if _, err := each.session.Run(inputs[i]); err != nil {
			return err
		}
		if _, peak := hostMemory(); known {
			cell.HostBefore, cell.HostPeak = before, peak
		}
		each.passes.Cells, each.times = append(each.passes.Cells, cell), series{}
	}
	err := o.rounds(ctx, func(warmUp bool) error {
		for i, each := range all {
			processors, began := processorTime(), time.Now()
			if _, err := each.session.Run(inputs[i]); err != nil {
				return err
			}
			if took := time.Since(began); !warmUp {
				each.times.add(took.Seconds(), (processorTime() - processors).Seconds())
			}
		}
		return nil
	})
	for _, each := range all {
		cell := &each.passes.Cells[len(each.passes.Cells)-1]
		cell.Repeats, cell.Seconds, cell.ProcessorSeconds = len(each.times.time), summary(each.times.time), summary(each.times.processors)
	}
	return err
}

// wholeBatch is a batch without padding, of token ids of the whole vocabulary; see [device.values].
func wholeBatch(c *gbert.Config, rows, length int) *gbert.Batch {
	n := rows * length
	rng := rand.New(rand.NewPCG(uint64(n), uint64(len(idsInput))))
	b := &gbert.Batch{Rows: rows, Length: length, IDs: make([]int32, n), Types: make([]int32, n), Mask: make([]float32, n)}
	for i := range n {
		b.IDs[i], b.Mask[i] = rng.Int32N(int32(c.VocabSize)), 1
	}
	for row := range rows {
		b.Index = append(b.Index, row)
	}
	return b
}

func total(macs map[Component]int) (sum int) {
	for _, n := range macs {
		sum += n
	}
	return sum
}
