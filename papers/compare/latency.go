package compare

import (
	"fmt"
	"time"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// Latency is the time of a forward pass of one batch. All times are seconds.
type Latency struct {
	Batch int `json:"batch"`
	// Seconds is the median of Samples, Low and High their quartiles.
	Seconds float64   `json:"seconds"`
	Low     float64   `json:"low"`
	High    float64   `json:"high"`
	Samples []float64 `json:"samples"`
	// Speed is the original's time divided by this model's of the same round, the median; SpeedLow and SpeedHigh its quartiles.
	Speed     float64 `json:"speed"`
	SpeedLow  float64 `json:"speed_low"`
	SpeedHigh float64 `json:"speed_high"`
}

// times times all models in turn.
func (w *work) times() error {
	store, err := w.store("latency", map[string]any{
		"batches": w.o.Batches, "length": w.length(), "repeats": w.o.Repeats, "machine": w.result.Provenance.Machine, "data": w.result.Provenance.Data,
	}, w.list...)
	if err != nil {
		return err
	}
	for _, size := range w.o.Batches {
		all, err := experiment.Step(store, fmt.Sprintf("batch-%d", size), func() ([][]float64, error) { return w.timeBatch(size) })
		if err != nil {
			return err
		}
		if len(all) != len(w.list) {
			return fmt.Errorf("%d models were timed at batch %d, %d are compared", len(all), size, len(w.list))
		}
		for i, samples := range all {
			ratios := make([]float64, len(samples))
			for k := range samples {
				ratios[k] = all[0][k] / samples[k]
			}
			seconds, speed := stats.Quartiles(samples), stats.Quartiles(ratios)
			w.result.Models[i].Latency = append(w.result.Models[i].Latency, Latency{
				Batch: size, Seconds: seconds.Value, Low: seconds.Low, High: seconds.High, Samples: samples,
				Speed: speed.Value, SpeedLow: speed.Low, SpeedHigh: speed.High,
			})
		}
	}
	return nil
}

// sampleTime is how long one sample should take at least: several passes of a fast model.
const sampleTime = 40 * time.Millisecond

// timeBatch gives each model's samples, one a round. Only the models of one batch size are on the device at a time.
func (w *work) timeBatch(size int) ([][]float64, error) {
	stage := fmt.Sprintf("timing batches of %d", size)
	prepared, err := w.prepared(w.list[0])
	if err != nil {
		return nil, err
	}
	sessions := make([]*gbert.Session, len(w.list))
	batches := make([]*gbert.Batch, len(w.list))
	passes := make([]int, len(w.list))
	for i, c := range w.list {
		if sessions[i], err = gbert.NewSession(w.env.Backend, c.model); err != nil {
			return nil, err
		}
		defer sessions[i].Close()
		batches[i] = experiment.FilledBatch(prepared.Encodings, size, w.length(), c.model.Config.PadTokenID)
		for range 3 { // compiles and warms up
			began := time.Now()
			if _, err := sessions[i].BatchLogits(batches[i], nil); err != nil {
				return nil, fmt.Errorf("%s: %w", c.entry.Name, err)
			}
			passes[i] = max(1, int(sampleTime/max(time.Since(began), time.Microsecond)))
		}
		w.env.Report(experiment.Progress{Stage: stage, Done: 0, Total: w.o.Repeats, Detail: "compiling " + c.entry.Name})
	}
	samples := make([][]float64, len(w.list))
	for round := range w.o.Repeats {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		for k := range w.list {
			i := (round + k) % len(w.list)
			began := time.Now()
			for range passes[i] {
				if _, err := sessions[i].BatchLogits(batches[i], nil); err != nil {
					return nil, err
				}
			}
			samples[i] = append(samples[i], time.Since(began).Seconds()/float64(passes[i]))
		}
		w.env.Report(experiment.Progress{Stage: stage, Done: round + 1, Total: w.o.Repeats})
	}
	return samples, nil
}
