package compare

import "bertlab/stats"

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
	// Processors is how many processors the process had, the fewer of the original's and this model's medians; 0 where the system does not
	// tell.
	Processors float64 `json:"processors,omitempty"`
}

// Speeds are the original's times divided by this model's, round by round.
func (l Latency) Speeds(original Latency) []float64 {
	ratios := make([]float64, min(len(l.Samples), len(original.Samples)))
	for i := range ratios {
		ratios[i] = original.Samples[i] / l.Samples[i]
	}
	return ratios
}

// timings are the samples of all models at a batch size, [models][rounds], the original's first, and the processors that each had.
type timings struct {
	Samples    [][]float64 `json:"samples"`
	Processors []float64   `json:"processors"`
}

// latency is that of model i.
func latency(size int, t timings, i int) Latency {
	l := Latency{Batch: size, Samples: t.Samples[i], Processors: min(t.Processors[0], t.Processors[i])}
	seconds, speed := stats.Quartiles(l.Samples), stats.Quartiles(l.Speeds(Latency{Samples: t.Samples[0]}))
	l.Seconds, l.Low, l.High = seconds.Value, seconds.Low, seconds.High
	l.Speed, l.SpeedLow, l.SpeedHigh = speed.Value, speed.Low, speed.High
	return l
}
