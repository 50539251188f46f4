package wang2022

import (
	"context"
	"fmt"
	"time"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/experiment"
	"bertlab/techniques/tucker"
)

// measureSpeed times a decomposed model beside the whole one, a classifier on full batches.
func (s *seedRun) measureSpeed(ctx context.Context, small *gbert.Model) (Speed, error) {
	s.env.Report(experiment.Progress{Stage: "timing models"})
	whole, err := s.wholeSession()
	if err != nil {
		return Speed{}, err
	}
	session, err := gbert.NewSession(s.env.Backend, small)
	if err != nil {
		return Speed{}, err
	}
	defer session.Close()
	length := min(s.config.SpeedLength, small.Config.MaxPositionEmbeddings)
	words := tokenizer.Encoding{IDs: make([]int32, length), Types: make([]int32, length)} // which words does not matter for the time
	batch := experiment.FilledBatch([]tokenizer.Encoding{words}, s.config.SpeedBatch, length, small.Config.PadTokenID)
	time, err := experiment.ComparePair(ctx, whole, session, batch, s.config.SpeedRepeats)
	if err != nil {
		return Speed{}, err
	}
	before, after := s.whole.Config.BatchMACs(batch.Rows, length, true), small.Config.BatchMACs(batch.Rows, length, true)
	return Speed{Time: time, MACRatio: float64(before.Total()) / float64(after.Total())}, nil
}

// measureMaps times single linear maps, dense and factored at parts of the break-even rank, on a batch of the speed's size.
func (r *run) measureMaps(ctx context.Context) ([]MapSpeed, error) {
	dense, err := gbert.NewSession(r.env.Backend, r.pretrained)
	if err != nil {
		return nil, err
	}
	defer dense.Close()
	d, wide := r.pretrained.Config.HiddenSize, r.pretrained.Config.IntermediateSize
	var list []MapSpeed
	for _, role := range []gbert.Role{gbert.Query, gbert.FFNIn, gbert.FFNOut} {
		out, in := d, d
		switch role {
		case gbert.FFNIn:
			out = wide
		case gbert.FFNOut:
			in = wide
		}
		even := tucker.BreakEvenRank(out, in)
		for _, part := range r.config.LayerRanks {
			m := MapSpeed{Role: string(role), Out: out, In: in, BreakEven: even, Part: part, Rank: min(max(1, int(part*float64(even))), d)}
			r.env.Report(experiment.Progress{Stage: "timing linear maps", Detail: fmt.Sprintf("%s, rank %d", role, m.Rank)})
			low, _, err := tucker.Factorise(ctx, r.pretrained, tucker.FactoriseOptions{Rank: m.Rank, Roles: []gbert.Role{role}, SVD: tucker.SVDOptions{Method: tucker.Randomised}})
			if err != nil {
				return nil, err
			}
			if err := r.timeMap(ctx, dense, low, role, &m); err != nil {
				return nil, err
			}
			list = append(list, m)
		}
	}
	return list, nil
}

// timeMap times the maps of a role of all layers, one after the other on the same input, dense and factored in turn.
func (r *run) timeMap(ctx context.Context, dense *gbert.Session, low *gbert.Model, role gbert.Role, m *MapSpeed) error {
	factored, err := gbert.NewSession(r.env.Backend, low)
	if err != nil {
		return err
	}
	defer factored.Close()
	tokens := r.config.SpeedBatch * r.config.SpeedLength
	values := make([]float32, tokens*m.In)
	for i := range values {
		values[i] = float32(i%17) / 17
	}
	x := tensors.FromFlatDataAndDimensions(values, tokens, m.In)
	defer x.MustFinalizeAll()
	pass := func(session *gbert.Session) (float64, error) {
		program, err := session.Program("wang2022."+string(role), func(begin func(gbert.Taps) *gbert.Forward, inputs []*Node) []*Node {
			forward := begin(gbert.Taps{})
			corner := ScalarZero(inputs[0].Graph(), inputs[0].DType()) // what is read back, to wait for the rest
			results := []*Node{corner}
			for layer := range r.pretrained.Config.NumHiddenLayers {
				y := forward.Linear(layer, role, inputs[0])
				corner = Add(corner, Reshape(Slice(y, AxisElem(0), AxisElem(0))))
				results = append(results, y)
			}
			results[0] = corner
			return results
		})
		if err != nil {
			return 0, err
		}
		began := time.Now()
		outputs, err := program.Run(x)
		if err != nil {
			return 0, err
		}
		tensors.MustCopyFlatData[float32](outputs[0])
		seconds := time.Since(began).Seconds()
		gbert.Free(outputs)
		return seconds, nil
	}
	var first, second, ratios []float64
	for repeat := -2; repeat < 3*r.config.SpeedRepeats; repeat++ { // two rounds compile and warm up
		if err := ctx.Err(); err != nil {
			return err
		}
		a, err := pass(dense)
		if err != nil {
			return err
		}
		b, err := pass(factored)
		if err != nil {
			return err
		}
		if repeat >= 0 {
			first, second, ratios = append(first, a), append(second, b), append(ratios, a/b)
		}
	}
	m.Dense, m.Factored = task.Quantile(first, 0.5), task.Quantile(second, 0.5)
	m.Ratio, m.Low, m.High = task.Quantile(ratios, 0.5), task.Quantile(ratios, 0.25), task.Quantile(ratios, 0.75)
	m.MACs = r.pretrained.Config.NumHiddenLayers * tokens * m.Out * m.In
	m.MACRatio = float64(m.Out*m.In) / float64(m.Rank*(m.Out+m.In))
	return nil
}
