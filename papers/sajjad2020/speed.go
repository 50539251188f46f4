package sajjad2020

import (
	"context"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/experiment"
	"bertlab/techniques/layerdrop"
)

// measureSpeed times the whole model, and models without their top layers, in turn.
func (r *run) measureSpeed(ctx context.Context) (*Speed, error) {
	length := min(r.config.SpeedLength, r.pretrained.Config.MaxPositionEmbeddings)
	speed := &Speed{Length: length, Repeats: r.config.SpeedRepeats}
	start, err := r.pretrained.WithClassifier(2, nil, 1)
	if err != nil {
		return nil, err
	}
	var sessions []*gbert.Session
	drops := append([]int{0}, r.config.Drops...)
	for _, k := range drops {
		dropped, err := layerdrop.Select(layerdrop.Top, r.result.Layers, k)
		if err != nil {
			return nil, err
		}
		model, err := layerdrop.Drop(start, dropped)
		if err != nil {
			return nil, err
		}
		session, err := gbert.NewSession(r.env.Backend, model)
		if err != nil {
			return nil, err
		}
		defer session.Close()
		sessions = append(sessions, session)
	}
	for i, size := range r.config.SpeedBatches {
		batch, err := speed.batch(ctx, r.result.Clock, sessions, drops, size)
		if err != nil {
			return nil, err
		}
		speed.Batches = append(speed.Batches, batch)
		r.env.Report(experiment.Progress{Stage: "speed with layers dropped", Done: i + 1, Total: len(r.config.SpeedBatches)})
	}
	return speed, nil
}

// batch times all models at one batch size: embeddings alone, sentence vectors, a classifier.
func (s *Speed) batch(ctx context.Context, clock experiment.Clock, sessions []*gbert.Session, drops []int, size int) (SpeedBatch, error) {
	rows, index := make([]tokenizer.Encoding, size), make([]int, size)
	for i := range rows { // what the tokens are does not matter for the time
		rows[i], index[i] = tokenizer.Encoding{IDs: make([]int32, s.Length), Types: make([]int32, s.Length)}, i
	}
	batch := gbert.PadBatch(rows, index, size, []int{s.Length}, 0)
	passes := []func() error{func() error { return vectors(sessions[0], batch, "embeddings", 0) }}
	for _, session := range sessions {
		layers := session.Model().Config.NumHiddenLayers
		passes = append(passes, func() error { return vectors(session, batch, "encoder", layers) }, func() error {
			_, err := session.BatchLogits(batch, nil)
			return err
		})
	}
	times, err := experiment.InTurn(ctx, s.Repeats, passes...)
	if err != nil {
		return SpeedBatch{}, err
	}
	seconds := func(pass int, clock experiment.Clock) []float64 {
		list := make([]float64, s.Repeats)
		for i := range list {
			list[i] = clock.Seconds(times[pass][i])
		}
		return list
	}
	median := func(list []float64) float64 { return task.Quantile(list, 0.5) }
	result := SpeedBatch{Size: size, Embeddings: median(seconds(0, clock))}
	whole := seconds(1, clock)
	for i, k := range drops {
		shares := seconds(1+2*i, clock)
		for j := range shares {
			shares[j] = (shares[j] - result.Embeddings) / (whole[j] - result.Embeddings)
		}
		result.Models = append(result.Models, SpeedModel{
			K: k, Seconds: median(seconds(1+2*i, experiment.Wall)), Classifier: median(seconds(2+2*i, experiment.Wall)),
			Share: median(shares), Low: task.Quantile(shares, 0.25), High: task.Quantile(shares, 0.75),
			MACs: sessions[i].Model().Config.MACs(s.Length, true).Total(),
		})
	}
	return result, nil
}

// vectors computes the sentence vectors of a batch, the mean over the positions after some layers.
func vectors(session *gbert.Session, batch *gbert.Batch, name string, layers int) error {
	program, err := session.Program("sajjad2020."+name, func(begin func(gbert.Taps) *gbert.Forward, inputs []*Node) []*Node {
		forward, in := begin(gbert.Taps{}), gbert.InputNodes(inputs)
		x := forward.Layers(0, layers, forward.Embed(in), gbert.AttentionBias(in.Mask), false, nil)
		return []*Node{Add(ReduceMean(x, 1), MulScalar(ReduceMean(in.Mask, 1, 0), 0))} // the mask is an input that must be read
	})
	if err != nil {
		return err
	}
	inputs := gbert.BatchInputs(batch)
	outputs, err := program.Run(inputs...)
	gbert.Free(inputs)
	if err == nil {
		gbert.Free(outputs)
	}
	return err
}
